//! Downloads: what the keys do to them, what is asked, and what is said of them.

use std::num::NonZeroU64;
use std::time::Duration;

use hobnob::effect::{Conflict, Effect, Partial};
use hobnob::event::{
    Anew, Event, Fault, Finished, Kept, Listing, MouseAction, Proof, RequestId, Sameness, TransferEvent,
    TransferId, WalkEvent,
};
use hobnob::text::clean_line;
use hobnob::wire::digest::DigestField;
use hobnob::wire::range::Validator;
use hobnob::wire::source::Source;

use super::SERVER;
use crate::support::screen::{Screen, file, finished, folder, started};

/// So many files are asked for, at most two of them at once, and the downloads are walked through.
fn steering(files: u64) -> (Screen, Vec<TransferId>) {
    let mut screen = Screen::new(100, 30);
    screen.opens(SERVER, (0..files).map(|n| file(format!("f{n}"), 1_000_000 + n)).collect());
    (0..files).for_each(|_| screen.press("space"));
    screen.press("d tab home");
    let ids = screen.fetches().into_iter().map(|(id, _)| id).collect();
    (screen, ids)
}

/// A folder is asked for and looked through, as far as it has these files.
fn fetching(files: u64) -> (Screen, RequestId, Source, Vec<TransferId>) {
    let mut screen = Screen::new(100, 30);
    screen.opens(SERVER, vec![folder("lectures")]);
    screen.press("d tab");
    let (request, source) = match &screen.effects()[..] {
        [Effect::Walk { request, source, .. }] => (*request, source.clone()),
        other => panic!("no walk: {other:?}"),
    };
    let entries = (0..files).map(|n| file(format!("{n}.pdf"), 1_000_000)).collect();
    let listing = Listing {
        source: source.clone(),
        entries,
        is_cut: false,
        unlisted: hobnob::event::Unlisted::default(),
    };
    screen.is_told(Event::Walk(request, WalkEvent::Found(listing)));
    let ids = screen.fetches().into_iter().map(|(id, _)| id).collect();
    (screen, request, source, ids)
}

fn exists(name: &str) -> TransferEvent {
    TransferEvent::Failed(Fault::exists(format!("/home/lin/Downloads/{name}").into()))
}

/// What becomes of a file that is there already, as it is asked for again.
#[track_caller]
fn asked_again(screen: &mut Screen) -> Vec<Conflict> {
    let conflict = |effect| match effect {
        Effect::Fetch { job, .. } => job.conflict,
        other => panic!("no download: {other:?}"),
    };
    screen.effects().into_iter().map(conflict).collect()
}

fn row(screen: &Screen, name: &str) -> String {
    let rows = screen.rows();
    let rule = rows.iter().position(|row| row.starts_with("─ Transfers")).unwrap();
    rows[rule + 1..].iter().find(|row| row.contains(&format!(" {name} "))).unwrap().clone()
}

#[test]
fn one_download_is_paused_and_goes_on_while_the_others_are_left_alone() {
    let (mut screen, ids) = steering(2);
    screen.press("p");
    assert_eq!(screen.effects(), [Effect::Pause(ids[0])]);
    assert!(row(&screen, "f0").contains(" stopping "), "it is not paused yet");
    screen.hears_of(ids[0], TransferEvent::Paused);
    assert!(row(&screen, "f0").contains(" paused ") && screen.shows("P goes on"));
    assert!(row(&screen, "f1").contains(" asking "));
    screen.press("space");
    assert_eq!(screen.fetches()[0].1.path.last(), b"f0");
}

#[test]
fn all_are_paused_with_one_key_and_go_on_with_the_same() {
    let (mut screen, ids) = steering(3);
    screen.press("P");
    assert_eq!(screen.effects(), [Effect::Pause(ids[0]), Effect::Pause(ids[1])]);
    for id in &ids {
        screen.hears_of(*id, TransferEvent::Paused);
    }
    assert!(screen.row_containing("─ Transfers").contains(" paused ↓3 "));
    screen.press("P");
    assert_eq!(screen.fetches().len(), 2);
}

#[test]
fn a_full_disk_stops_all_until_the_user_says_so() {
    let (mut screen, ids) = steering(2);
    screen.hears_of(ids[0], TransferEvent::Failed(Fault::DiskFull));
    assert_eq!(screen.effects(), [Effect::Pause(ids[1])]);
    let heading = screen.row_containing("─ Transfers");
    assert!(
        heading.contains("stopped: the disk is full; make room and try again; Shift+P goes on"),
        "{heading}"
    );
    screen.hears_of(ids[1], TransferEvent::Paused);
    assert!(screen.shows("P go on") && !screen.shows("P pause"), "one key leads there as well");
    screen.press("P");
    assert_eq!(screen.fetches().len(), 2);
    assert!(screen.shows("P pause"));
}

#[test]
fn what_failed_is_tried_again_one_or_all() {
    let (mut screen, ids) = steering(2);
    for id in &ids {
        screen.hears_of(*id, TransferEvent::Failed(Fault::Reset));
    }
    assert!(screen.shows("R tries again"));
    screen.press("r");
    let again = screen.fetches();
    assert_eq!(again[0].1.path.last(), b"f0");
    screen.hears_of(again[0].0, TransferEvent::Failed(Fault::Reset));
    screen.press("R");
    assert_eq!(screen.fetches().len(), 2);
}

#[test]
fn the_order_is_changed_and_the_selection_goes_along() {
    let (mut screen, ids) = steering(4);
    screen.press("end shift+up K");
    let names = ["f0", "f3", "f1", "f2"].map(|name| row(&screen, name));
    let rows = screen.rows();
    assert!(names.is_sorted_by_key(|name| rows.iter().position(|row| row == name)), "{names:?}");
    assert!(row(&screen, "f3").starts_with('▌'), "and it is still selected");
    screen.press("J");
    screen.hears_of(ids[0], finished("/x", 1, Duration::ZERO));
    assert_eq!(screen.fetches()[0].1.path.last(), b"f3", "it is before f2 now");
}

#[test]
fn what_came_is_opened_shown_in_its_folder_or_its_path_copied() {
    let (mut screen, ids) = steering(1);
    screen.press("v");
    assert!(screen.shows("Nothing of f0 is here yet that could be shown"));
    assert_eq!(screen.effects(), []);
    let path = "/home/lin/Downloads/f0 (1)";
    screen.hears_of(ids[0], finished(path, 1000, Duration::ZERO));
    screen.press("enter");
    assert_eq!(screen.effects(), [Effect::OpenFile(path.into())]);
    assert!(screen.shows("Given to the system to open: /home/lin/Downloads/f0 (1)"));
    screen.press("v");
    assert_eq!(screen.effects(), [Effect::Reveal(path.into())]);
    screen.press("y");
    assert_eq!(screen.effects(), [Effect::Copy(clean_line(path.as_bytes()))]);
    screen.click_on("1.0 kB in ");
    assert_eq!(screen.effects(), [Effect::OpenFile(path.into())], "a click on the selected one opens it");
}

#[test]
fn what_may_do_more_than_show_itself_is_opened_after_a_question_that_names_the_program() {
    let (mut screen, ids) = steering(1);
    let path = "/home/lin/Downloads/page.html";
    screen.hears_of(ids[0], finished(path, 1000, Duration::ZERO));
    let asks = |screen: &mut Screen| {
        screen.press("enter");
        assert_eq!(screen.effects(), [Effect::OpenFile(path.into())]);
        screen.is_told(Event::MayRun {
            path: path.into(),
            program: clean_line("Firefox 网页浏览器".as_bytes()),
        });
        assert!(!screen.shows("Given to the system"));
        assert!(screen.shows("page.html may do more than show itself"));
        assert!(screen.shows("Firefox 网页浏览器"));
        // A second Enter has not read the question.
        screen.press("enter");
        assert!(screen.shows("page.html may do more than show itself") && screen.effects().is_empty());
    };
    for no in ["n", "esc"] {
        asks(&mut screen);
        screen.press(no);
        assert_eq!(screen.effects(), []);
        assert!(!screen.shows("may do more"));
    }
    asks(&mut screen);
    screen.press("y");
    assert_eq!(screen.effects(), [Effect::OpenAnyway(path.into())]);
    assert!(screen.shows("Given to the system to open: /home/lin/Downloads/page.html"));
    screen.is_told(Event::NotOpened(Fault::NoDesktop));
    assert!(screen.shows("Not opened: there is no desktop here to open it on"));
}

#[test]
fn the_question_whether_to_open_something_does_not_come_between_what_is_typed() {
    let (mut screen, ids) = steering(1);
    let path = "/home/lin/Downloads/setup.sh";
    screen.hears_of(ids[0], finished(path, 1000, Duration::ZERO));
    screen.press("enter");
    screen.press("f2");
    screen.effects();
    screen.is_told(Event::MayRun { path: path.into(), program: clean_line(b"sh") });
    assert!(screen.shows("setup.sh may do more than show itself, and is not opened"));
    screen.press("y");
    assert!(!screen.effects().iter().any(|effect| matches!(effect, Effect::OpenAnyway(_))));
}

#[test]
fn the_speed_of_all_is_limited_by_what_is_typed() {
    let (mut screen, _) = steering(1);
    screen.press("l");
    assert!(screen.caret().is_some());
    screen.type_text("ten");
    screen.press("enter");
    assert_eq!(screen.effects(), []);
    assert!(screen.shows("That is no speed."));
    screen.press("ctrl+u");
    screen.type_text("10M");
    screen.press("enter");
    assert_eq!(screen.effects(), [Effect::LimitRate(NonZeroU64::new(10_000_000))]);
    assert!(screen.row_containing("─ Transfers").contains("at most 10.0 MB/s"));
    screen.press("l");
    assert!(screen.shows(" 10M "), "it is there to be changed");
    screen.press("ctrl+u enter");
    assert_eq!(screen.effects(), [Effect::LimitRate(None)]);
    assert!(!screen.shows("at most") && screen.caret().is_none());
}

#[test]
fn all_are_cancelled_only_after_a_question() {
    let (mut screen, ids) = steering(3);
    screen.press("X");
    assert!(screen.shows("Cancel all downloads that are not done (3)?"));
    screen.press("n");
    assert_eq!(screen.effects(), []);
    screen.press("X y");
    let effects = screen.effects();
    assert!(ids.iter().all(|id| effects.contains(&Effect::Cancel(*id))), "{effects:?}");
    for id in &ids {
        screen.hears_of(*id, TransferEvent::Cancelled);
    }
    screen.press("c");
    assert!(!screen.shows("Transfers"), "what is done can be cleared away");
}

#[test]
fn a_key_that_is_held_down_overwrites_nothing() {
    let (mut screen, ids) = steering(2);
    screen.hears_of(ids[0], exists("f0"));
    screen.hears_of(ids[1], exists("f1"));
    screen.effects();
    // It opens the question, and is the key of an answer to it, too.
    for _ in 0..40 {
        screen.press("o");
        screen.passes(Duration::from_millis(40));
    }
    assert!(screen.shows("f0 is there already"), "{:?}", screen.rows());
    assert_eq!(screen.effects(), []);
    screen.passes(Duration::from_secs(2));
    for _ in 0..40 {
        screen.press("o");
        screen.passes(Duration::from_millis(40));
    }
    assert_eq!(asked_again(&mut screen), [Conflict::Overwrite], "one answer is one answer");
    screen.press("r");
    assert_eq!(asked_again(&mut screen), [Conflict::Rename]);
}

#[test]
fn a_file_that_is_there_already_is_asked_about_but_never_over_what_one_does() {
    let (mut screen, ids) = steering(1);
    screen.press("tab");
    screen.hears_of(ids[0], exists("f0"));
    assert!(row(&screen, "f0").contains("? f0") && screen.shows("something of that name is there already"));
    assert!(screen.shows("f0 is there already: A decides what becomes of it"), "it is said once");
    assert!(screen.state.overlay.is_none());
    screen.press("down");
    assert!(!screen.shows("f0 is there already:"));
    assert!(screen.row_containing("─ Transfers").contains(" 1 to decide: A "), "and stays to be seen");
    screen.press("a");
    assert!(screen.shows("/home/lin/Downloads/f0 ") && screen.shows(" · 1.0 MB"));
    screen.press("esc");
    assert!(row(&screen, "f0").contains("? f0"), "it waits");
    screen.press("a enter");
    assert_eq!(asked_again(&mut screen), [Conflict::Rename], "what does no harm is selected first");
    assert!(screen.state.overlay.is_none());
}

#[test]
fn while_a_message_is_written_nothing_comes_over_it() {
    let (mut screen, ids) = steering(1);
    screen.press("f2");
    screen.type_text("hello");
    screen.hears_of(ids[0], exists("f0"));
    assert!(screen.shows("f0 is there already: F3 A decides what becomes of it"));
    screen.type_text("o");
    assert!(screen.shows("helloo") && screen.state.overlay.is_none());
    screen.press("f3 a o");
    assert_eq!(asked_again(&mut screen), [Conflict::Overwrite]);
}

#[test]
fn an_answer_can_be_meant_for_all_that_wait() {
    let (mut screen, ids) = steering(2);
    ids.iter().zip(["f0", "f1"]).for_each(|(id, name)| screen.hears_of(*id, exists(name)));
    screen.press("a");
    assert!(screen.shows("others that wait: 1") && screen.shows("[ ] the same for all others"));
    screen.press("space");
    assert!(screen.shows("[x] the same for all others"));
    screen.press("down down enter");
    assert_eq!(asked_again(&mut screen), [Conflict::Skip, Conflict::Skip]);
}

#[test]
fn after_one_answer_the_next_question_comes() {
    let (mut screen, ids) = steering(2);
    ids.iter().zip(["f0", "f1"]).for_each(|(id, name)| screen.hears_of(*id, exists(name)));
    screen.press("a n");
    assert_eq!(asked_again(&mut screen), [Conflict::Newer]);
    assert!(screen.shows("/home/lin/Downloads/f1 "));
    screen.click_on("take what is there for its beginning");
    assert_eq!(asked_again(&mut screen), [Conflict::Resume]);
    assert!(screen.state.overlay.is_none());
}

#[test]
fn a_file_that_goes_on_says_from_where_and_one_that_starts_over_says_why() {
    let (mut screen, ids) = steering(2);
    let partial = Partial { validator: Validator::from_kept("\"one\""), total: Some(1000) };
    screen.hears_of(
        ids[0],
        TransferEvent::Started {
            total: Some(1000),
            from: 430,
            anew: None,
            partial: partial.clone(),
            sameness: Sameness::Certain,
        },
    );
    assert!(screen.shows("goes on from 43%"));
    assert!(screen.shows("into /home/lin/Downloads/f0"));
    screen.hears_of(
        ids[0],
        TransferEvent::Started {
            total: Some(1000),
            from: 0,
            anew: Some(Anew::Changed),
            partial,
            sameness: Sameness::Certain,
        },
    );
    assert!(screen.shows("starts over: the file became another one on the server"));
}

#[test]
fn what_is_tried_again_says_when_and_why() {
    let (mut screen, ids) = steering(1);
    let fault = Fault::Status(503);
    let after = Duration::from_millis(3200);
    screen.hears_of(ids[0], TransferEvent::Retrying { fault, attempt: 2, last: Some(6), after });
    assert!(
        row(&screen, "f0").contains("again in 4 s (try 2 of 6): the server answered with HTTP status 503")
    );
    screen.passes(Duration::from_secs(1));
    screen.is_told(Event::Wake);
    assert!(row(&screen, "f0").contains("again in 3 s (try 2 of 6)"));
    screen.passes(Duration::from_millis(2200));
    screen.is_told(Event::Wake);
    let shown = row(&screen, "f0");
    assert!(shown.contains("asking") && !shown.contains("again in"), "it is under way: {shown}");
}

#[test]
fn a_file_that_is_compared_says_so_and_in_the_end_by_what() {
    let (mut screen, ids) = steering(1);
    screen.hears_of(ids[0], started(Some(1000)));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 1000 });
    screen.hears_of(ids[0], TransferEvent::Verifying { bytes: 250 });
    let shown = row(&screen, "f0");
    assert!(shown.contains(" verifying █") && shown.contains(" 25% "), "{shown}");
    screen.hears_of(ids[0], TransferEvent::Finishing);
    assert!(row(&screen, "f0").contains(" finishing "));
    let proofs = vec![Proof::Answer(DigestField::ReprDigest), Proof::Sums(clean_line(b"SHA256SUMS"))];
    let path = Some("/home/lin/Downloads/f0".into());
    screen.hears_of(
        ids[0],
        TransferEvent::Finished(Finished { path, bytes: 1000, took: Duration::ZERO, proofs, is_page: false }),
    );
    assert!(screen.shows("verified by the server’s checksum, SHA256SUMS · Enter opens it"));
}

#[test]
fn a_file_that_could_not_be_compared_says_so() {
    let (mut screen, ids) = steering(1);
    screen.hears_of(ids[0], started(Some(1000)));
    let sums = clean_line(b"SHA256SUMS");
    screen.hears_of(ids[0], TransferEvent::Unread { sums, fault: Fault::Status(503), is_known: true });
    screen.hears_of(ids[0], finished("/home/lin/Downloads/f0", 1000, Duration::ZERO));
    assert!(screen.shows("not compared with SHA256SUMS: the server answered with HTTP status 503"));
}

#[test]
fn what_was_there_already_and_stays_says_why() {
    let (mut screen, ids) = steering(1);
    screen
        .hears_of(ids[0], TransferEvent::Kept { path: "/home/lin/Downloads/f0".into(), why: Kept::NotNewer });
    let shown = row(&screen, "f0");
    assert!(
        shown.contains("✓ f0 ") && shown.contains("there already, and the server’s is not newer: /home"),
        "{shown}"
    );
}

#[test]
fn of_a_folder_no_total_is_said_before_all_of_it_is_found() {
    let (mut screen, request, _, ids) = fetching(3);
    let shown = row(&screen, "lectures/");
    assert!(shown.contains("listing…") && shown.contains(" files: 0/3+ "), "{shown}");
    screen.hears_of(ids[0], finished("/home/lin/Downloads/lectures/0.pdf", 1_000_000, Duration::ZERO));
    let shown = row(&screen, "lectures/");
    assert!(shown.contains(" files: 1/3+ ") && !shown.contains('%'), "{shown}");
    screen.is_told(Event::Walk(request, WalkEvent::Ended));
    assert!(
        row(&screen, "lectures/").contains(" 33% ") && row(&screen, "lectures/").contains(" files: 1/3 ")
    );
}

#[test]
fn of_a_folder_that_is_selected_the_files_under_way_are_shown_and_its_failures_told() {
    let (mut screen, request, source, ids) = fetching(2);
    screen.is_told(Event::Walk(
        request,
        WalkEvent::Missed(source.at(source.path.join(b"locked/")), Fault::Status(403)),
    ));
    screen.is_told(Event::Walk(request, WalkEvent::Ended));
    screen.hears_of(ids[0], started(Some(1_000_000)));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 500_000 });
    assert!(screen.row_containing("0.pdf").contains(" 50%      500 kB/1.0 MB "));
    let folder = row(&screen, "lectures/");
    assert!(folder.contains(" 1 failed "), "{folder}");
    let (warning, name) = (screen.picture().style_at("1 failed"), screen.picture().style_at("0.pdf"));
    assert_ne!(warning.fg, name.fg, "it is seen");
    screen.hears_of(ids[1], TransferEvent::Failed(Fault::Reset));
    assert!(row(&screen, "lectures/").contains(" 2 failed "));
    screen.press("enter");
    assert!(screen.shows("Under way: 1") && screen.shows("0.pdf · 500 kB/1.0 MB · transferring"));
    assert!(screen.shows("Failed: 2") && screen.shows("the server does not allow it (HTTP 403)"));
    screen.press("end");
    assert!(!screen.shows("Under way"), "what is above is scrolled away");
    screen.press("esc");
    screen.hears_of(ids[0], finished("/x", 1_000_000, Duration::ZERO));
    let shown = row(&screen, "lectures/");
    assert!(
        shown.contains("✗ lectures/ ") && shown.contains("files: 1, 1.0 MB in /home/lin/Downloads/lectures"),
        "{shown}"
    );
}

#[test]
fn while_one_chats_it_is_said_once_what_came_and_what_failed() {
    let (mut screen, ids) = steering(3);
    screen.press("f2");
    screen.hears_of(ids[0], TransferEvent::Failed(Fault::Reset));
    assert!(screen.shows("Downloads that failed: 1; F3 shows why"));
    let third = screen.fetches()[0].0;
    screen.press("left");
    assert!(!screen.shows("shows why"));
    screen.hears_of(ids[1], finished("/x", 1, Duration::ZERO));
    assert!(!screen.shows("Downloads"), "one is still under way");
    screen.hears_of(third, finished("/y", 1, Duration::ZERO));
    assert!(screen.shows("Downloads: 2 here, 1 failed; F3 shows why"));
    screen.press("left");
    screen.passes(Duration::from_secs(1));
    screen.is_told(Event::Wake);
    assert!(!screen.shows("2 here"));
}

#[test]
fn on_the_files_tab_nothing_is_said_that_is_seen_there() {
    let (mut screen, ids) = steering(1);
    screen.hears_of(ids[0], finished("/home/lin/Downloads/f0", 1, Duration::ZERO));
    assert!(!screen.shows("1 file is here"));
}

#[test]
fn nothing_moves_while_the_numbers_change() {
    let (mut screen, ids) = steering(1);
    screen.hears_of(ids[0], started(Some(900_000_000_000)));
    let mut ends = Vec::new();
    let mut bytes = 0;
    for step in [1_u64, 900, 80_000, 7_000_000, 600_000_000, 50_000_000_000, 300_000_000_000] {
        screen.passes(Duration::from_secs(1));
        bytes += step;
        screen.hears_of(ids[0], TransferEvent::Progress { bytes });
        screen.is_told(Event::Wake);
        let at = |text: &str, row: &str| row.find(text).map(|at| row[..at].chars().count());
        let (shown, heading) = (row(&screen, "f0"), screen.row_containing("─ Transfers"));
        ends.push((at("B/s", &shown), at("%", &shown), at("B/s", &heading), at("%", &heading)));
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    let heading = screen.row_containing("─ Transfers");
    assert!(heading.contains('█') && heading.contains(" left "), "{heading}");
}

/// What the box over the screen says.
fn boxed(screen: &Screen) -> Vec<String> {
    let rows = screen.rows().into_iter().filter(|row| row.starts_with('│'));
    rows.map(|row| row.trim_matches(['│', ' ']).to_owned()).filter(|row| !row.is_empty()).collect()
}

#[test]
fn what_is_known_of_a_download_can_be_scrolled_to_its_end_and_no_further() {
    let (mut screen, ids) = steering(3);
    screen.hears_of(ids[0], finished("/home/lin/Downloads/f0", 1000, Duration::from_secs(1)));
    screen.hears_of(ids[1], TransferEvent::Failed(Fault::Reset));
    for _ in 0..3 {
        screen.press("i");
        for _ in 0..9 {
            screen.press("down");
            assert!(!boxed(&screen).is_empty(), "{}", screen.rows().join("\n"));
        }
        screen.press("esc down");
    }
}

#[test]
fn where_less_is_known_of_a_download_by_and_by_the_last_of_it_stays_in_view() {
    let (mut screen, request, _, ids) = fetching(2);
    screen.is_told(Event::Walk(request, WalkEvent::Ended));
    screen.press("i end");
    assert_eq!(boxed(&screen), ["1.pdf · 0 B/1.0 MB · asking"]);
    screen.hears_of(ids[1], finished("/home/lin/Downloads/lectures/1.pdf", 1_000_000, Duration::ZERO));
    assert_eq!(boxed(&screen), ["0.pdf · 0 B/1.0 MB · asking"]);
    screen.hears_of(ids[0], finished("/home/lin/Downloads/lectures/0.pdf", 1_000_000, Duration::ZERO));
    assert_eq!(boxed(&screen), ["files: 2/2 · 2.0 MB", "Under way: 0"]);
}

#[test]
fn on_a_small_screen_all_that_is_known_of_a_download_comes_into_view_by_keys_and_by_the_wheel() {
    let mut screen = Screen::new(40, 10);
    screen.opens(SERVER, vec![file("x".repeat(200), 1000)]);
    screen.press("d tab");
    let id = screen.fetches()[0].0;
    let partial = Partial { validator: None, total: Some(1000) };
    let anew = Some(Anew::Changed);
    screen.hears_of(
        id,
        TransferEvent::Started { total: Some(1000), from: 0, anew, partial, sameness: Sameness::Certain },
    );
    screen.press("i");
    assert!(!screen.shows("into ") && !screen.shows("starts over"));
    screen.press("down down");
    assert!(boxed(&screen)[0].starts_with("into "));
    screen.press("home");
    screen.turn_wheel(MouseAction::ScrollDown, 20, 5);
    assert!(boxed(&screen)[0].starts_with("starts over: "));
    screen.turn_wheel(MouseAction::ScrollUp, 20, 5);
    assert!(boxed(&screen)[0].starts_with("xxx"));
}
