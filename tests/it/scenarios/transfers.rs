//! Downloads: which run, how far they are, what became of them.

use std::time::Duration;

use hobnob::effect::Effect;
use hobnob::event::{Event, Fault, Kept, Listing, RequestId, Stage, TransferEvent, TransferId, WalkEvent};

use hobnob::text::clean_line;
use hobnob::wire::source::Source;

use super::{LIN, SERVER};
use crate::support::screen::{Screen, file, finished, folder, started};

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// So many files are asked for; at most two may run at once.
fn downloading(files: u64) -> (Screen, Vec<TransferId>) {
    let mut screen = Screen::new(100, 30);
    screen.opens(SERVER, (0..files).map(|n| file(format!("f{n}"), 1_000_000 + n)).collect());
    (0..files).for_each(|_| screen.press("space"));
    screen.press("d");
    let ids = screen.fetches().into_iter().map(|(id, _)| id).collect();
    (screen, ids)
}

fn whole(path: &str) -> TransferEvent {
    finished(path, 3_100_000, Duration::from_secs(75))
}

/// The row of a download, without its mark and name.
fn row(screen: &Screen, nth: usize) -> String {
    let rows = screen.rows();
    let rule = rows.iter().position(|row| row.starts_with("─ Transfers")).unwrap();
    rows[rule + 1 + nth].clone()
}

#[test]
fn a_download_of_known_length_says_how_far_how_fast_and_how_long() {
    let (mut screen, ids) = downloading(1);
    assert!(row(&screen, 0).contains(" asking "));
    screen.hears_of(ids[0], started(Some(2_600_000_000)));
    assert!(row(&screen, 0).contains("  0%         0 B/2.6 GB "));
    screen.passes(Duration::from_secs(2));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 1_118_000_000 });
    let shown = row(&screen, 0);
    assert!(shown.ends_with(" 43%      1.1 GB/2.6 GB   559 MB/s     0:03 "), "{shown}");
    assert_eq!(shown.chars().filter(|c| "█▏▎▍▌▋▊▉".contains(*c)).count(), 1 + 12, "{shown}");
    assert!(screen.rows()[0].contains("Files ↓1 43%"));
}

#[test]
fn a_download_that_stands_still_says_so() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], started(Some(1_000_000)));
    screen.passes(Duration::from_secs(1));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 500_000 });
    assert!(row(&screen, 0).contains("500 kB/s"));
    for _ in 0..6 {
        screen.passes(Duration::from_secs(1));
        screen.is_told(Event::Wake);
    }
    let shown = row(&screen, 0);
    assert!(shown.contains(" 50%") && shown.contains(" 0 B/s") && !shown.contains(':'), "{shown}");
}

#[test]
fn of_a_download_of_unknown_length_no_percentage_is_ever_said() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], started(None));
    for second in 1..=12 {
        screen.passes(Duration::from_secs(1));
        screen.hears_of(ids[0], TransferEvent::Progress { bytes: second * 8_100_000 });
        let shown = row(&screen, 0);
        assert!(shown.contains(SPINNER) && shown.contains("length not announced"), "{shown}");
        assert!(shown.contains(" 8.1 MB/s") && !screen.shows("%"), "{shown}");
    }
    assert!(row(&screen, 0).contains(" 97.2 MB "));
    screen.hears_of(ids[0], whole("/home/lin/Downloads/f0"));
    assert!(!screen.shows("%"));
}

#[test]
fn the_spinner_turns_while_bytes_come() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], started(None));
    let before = row(&screen, 0);
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 0 });
    assert_ne!(row(&screen, 0), before);
}

#[test]
fn a_finished_download_says_where_the_file_is() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], started(Some(3_100_000)));
    screen.hears_of(ids[0], whole("/home/lin/Downloads/f0 (1)"));
    let shown = row(&screen, 0);
    assert!(shown.contains("✓ f0 ") && shown.contains("3.1 MB in /home/lin/Downloads/f0 (1) "), "{shown}");
    assert!(shown.ends_with(" 1:15 "));
    assert!(!screen.rows()[0].contains('↓'));
}

#[test]
fn a_failed_download_says_why() {
    let (mut screen, ids) = downloading(2);
    screen.hears_of(ids[0], TransferEvent::Failed(Fault::Short { got: 1_000, announced: 2_000_000 }));
    screen.hears_of(ids[1], TransferEvent::Failed(Fault::NothingSent));
    assert!(
        row(&screen, 0).contains("✗ f0 ") && row(&screen, 0).contains("failed: only 1.0 kB of 2.0 MB came")
    );
    assert!(row(&screen, 1).contains("failed: nothing came: no such file, or an empty one"));
}

#[test]
fn no_more_run_at_once_than_may_and_the_next_begins_when_one_ends() {
    let (mut screen, ids) = downloading(4);
    assert_eq!(ids.len(), 2);
    assert!(row(&screen, 2).contains(" waiting ") && row(&screen, 3).contains(" waiting "));
    assert!(screen.rows()[0].contains("Files ↓4"));
    screen.hears_of(ids[1], TransferEvent::Failed(Fault::Reset));
    let third = screen.fetches();
    assert_eq!((third.len(), third[0].1.path.last()), (1, b"f2".to_vec()));
    screen.hears_of(ids[0], whole("/x"));
    assert_eq!(screen.fetches()[0].1.path.last(), b"f3".to_vec());
}

#[test]
fn a_plain_server_is_asked_for_one_file_at_a_time() {
    let mut screen = Screen::new(100, 30);
    screen.press("f3 ctrl+l");
    screen.type_text("plain://192.168.1.5");
    screen.press("enter");
    for name in ["one", "two"] {
        screen.type_text(name);
        screen.press("enter");
    }
    let running = screen.fetches();
    assert_eq!(running.len(), 1, "the other one would hang until the first is done");
    // Another server need not wait for it.
    screen.press("ctrl+l ctrl+a ctrl+k");
    screen.type_text("plain://192.168.1.6/three");
    screen.press("enter enter");
    assert_eq!(screen.fetches()[0].1.path.name(), b"three");
    screen.hears_of(running[0].0, TransferEvent::Cancelled);
    assert_eq!(screen.fetches()[0].1.path.name(), b"two");
}

#[test]
fn a_running_download_is_cancelled_when_nothing_is_left_of_it() {
    let (mut screen, ids) = downloading(1);
    assert!(screen.rows()[29].contains(" X cancel "), "{}", screen.rows()[29]);
    screen.press("x y");
    assert_eq!(screen.effects(), [Effect::Cancel(ids[0])]);
    assert!(!screen.shows("cancelled"), "not before it is true");
    screen.hears_of(ids[0], TransferEvent::Cancelled);
    assert!(row(&screen, 0).contains("cancelled; nothing is left of it"));
    screen.press("x");
    assert!(!screen.shows("Transfers"), "one that is at its end leaves the list");
    assert!(!screen.shows("X cancel"), "there is nothing to be cancelled");
    assert_eq!(screen.effects(), []);
}

#[test]
fn no_key_cancels_a_download_however_long_it_is_held_down() {
    let (mut screen, ids) = downloading(2);
    screen.hears_of(ids[0], started(Some(1000)));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 500 });
    screen.press("tab home");
    for (key, question) in [("x", "500 B of it would be deleted"), ("X", "Cancel all downloads")] {
        for _ in 0..40 {
            screen.press(key);
        }
        screen.press("enter");
        assert!(screen.shows(question), "{:?}", screen.rows());
        assert_eq!(screen.effects(), []);
        screen.press("n");
        assert!(!screen.shows(question), "{:?}", screen.rows());
    }
    screen.press("end x");
    assert!(
        screen.shows("Cancel f1?"),
        "one of which nothing is here is asked about, too: {:?}",
        screen.rows()
    );
    screen.press("n home x y");
    assert_eq!(screen.effects(), [Effect::Cancel(ids[0])]);
}

#[test]
fn what_failed_leaves_the_list_with_what_is_here_of_it_only_after_a_question() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], started(Some(5_000_000)));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 4_000_000 });
    screen.hears_of(ids[0], TransferEvent::Failed(Fault::Reset));
    screen.effects();
    screen.press("tab x x x enter");
    assert!(screen.shows("its partial file"), "{:?}", screen.rows());
    assert!(!screen.effects().iter().any(|effect| matches!(effect, Effect::Discard(_))));
    screen.press("y");
    assert!(screen.effects().iter().any(|effect| matches!(effect, Effect::Discard(_))));
    assert!(!screen.shows("Transfers"));
}

#[test]
fn what_is_cleared_away_comes_back_with_the_same_key() {
    let (mut screen, ids) = downloading(3);
    for (at, id) in ids.iter().enumerate() {
        screen.hears_of(*id, finished(format!("/home/me/f{at}"), 1, Duration::from_secs(1)));
    }
    screen.press("tab c");
    assert!(!screen.shows("Transfers ─") && screen.shows("C brings them back"), "{:?}", screen.rows());
    screen.press("c");
    assert!((0..3).all(|at| row(&screen, at).contains(&format!("f{at}"))), "{:?}", screen.rows());
    screen.press("home x x");
    assert!(row(&screen, 0).contains("f2"), "{:?}", screen.rows());
    screen.press("c");
    assert!((0..3).all(|at| row(&screen, at).contains(&format!("f{at}"))), "{:?}", screen.rows());
}

#[test]
fn a_waiting_download_is_cancelled_without_asking_its_server() {
    let (mut screen, _) = downloading(3);
    screen.press("tab end x y");
    assert_eq!(screen.effects(), []);
    assert!(row(&screen, 2).contains("cancelled"));
}

#[test]
fn the_keys_mean_the_download_that_is_selected() {
    let (mut screen, ids) = downloading(3);
    screen.press("tab home x y");
    assert_eq!(screen.effects(), [Effect::Cancel(ids[0])]);
    screen.click_on("f1  ");
    screen.press("esc");
    let (column, line) = screen.picture().place_of("asking");
    screen.click(column, line + 1);
    screen.press("x y");
    assert_eq!(screen.effects(), [Effect::Cancel(ids[1])]);
}

#[test]
fn late_news_of_a_download_is_dropped() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], TransferEvent::Failed(Fault::DiskFull));
    let before = screen.rows();
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 5 });
    screen.hears_of(ids[0], whole("/x"));
    screen.hears_of(TransferId(u64::MAX), whole("/x"));
    assert_eq!(screen.rows(), before);
}

#[test]
fn downloads_go_on_while_one_chats() {
    let (mut screen, ids) = downloading(1);
    screen.press("f2");
    screen.hears_of(ids[0], started(Some(1000)));
    screen.passes(Duration::from_secs(1));
    screen.hears_of(ids[0], TransferEvent::Progress { bytes: 430 });
    assert!(screen.rows()[0].contains("Files ↓1 43%"));
    screen.hears(LIN, "hello");
    screen.hears_of(ids[0], whole("/x"));
    assert!(!screen.rows()[0].contains('↓') && screen.shows("hello"));
}

#[test]
fn a_download_that_waits_for_a_password_is_told_of_once_wherever_one_is() {
    let (mut screen, ids) = downloading(2);
    screen.press("f2");
    let denied = || {
        let origin = Box::new(Source::parse(SERVER).unwrap().origin());
        TransferEvent::Failed(Fault::Unauthorized { origin, realm: clean_line(b"lab") })
    };
    screen.hears_of(ids[0], denied());
    let said = "http://192.168.1.5:7890 wants a user name and password: F3 A";
    assert!(screen.shows(said));
    screen.hears(LIN, "hello");
    screen.press("left");
    screen.hears_of(ids[1], denied());
    assert!(!screen.shows(said), "it is known");
    screen.press("f3");
    let heading = screen.row_containing("─ Transfers");
    assert!(heading.contains("wants a user name and password: A"), "{heading}");
    screen.press("tab");
    assert!(screen.rows()[29].starts_with(" A sign in "), "{}", screen.rows()[29]);
    screen.press("a");
    assert!(screen.shows("Who are you?"));
}

#[test]
fn the_program_wakes_by_itself_only_while_something_runs() {
    let (mut screen, ids) = downloading(1);
    assert!(screen.state.deadline().is_some());
    screen.hears_of(ids[0], whole("/x"));
    // What is not done any more has to be kept.
    screen.passes(Duration::from_millis(200));
    screen.is_told(Event::Wake);
    assert_eq!(screen.state.deadline(), None);
    assert_eq!(Screen::new(80, 24).state.deadline(), None);
}

#[test]
fn more_downloads_than_there_is_room_for_are_counted_and_walked_through() {
    let (mut screen, _) = downloading(15);
    assert!(screen.row_containing("─ Transfers").contains(" 15 of 15 "));
    assert!(row(&screen, 9).contains("▌  f14 "));
    screen.press("tab home");
    assert!(row(&screen, 0).contains("▌  f0 "));
}

#[test]
fn the_whole_reason_of_a_failure_is_told_when_its_row_is_selected() {
    let (mut screen, ids) = downloading(1);
    screen.hears_of(ids[0], TransferEvent::Failed(Fault::TimedOut(Stage::Connect, Duration::from_secs(10))));
    let whole = "no connection within 10 s; is the machine on, and its firewall open?";
    let told = |screen: &Screen| screen.shows(whole);
    assert!(!told(&screen));
    screen.press("tab");
    assert!(told(&screen));
    screen.press("tab");
    assert!(!told(&screen));
}

/// A folder on the screen, with the folder `slides` selected.
fn before_a_folder() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.opens(SERVER, vec![folder("slides"), file("a", 1_000_000)]);
    screen
}

/// The folder that is just looked through has these files.
fn holds(screen: &mut Screen, names: &[&str]) -> RequestId {
    let effects = screen.effects();
    let walk = effects.iter().find_map(|effect| match effect {
        Effect::Walk { request, source, .. } => Some((*request, source.clone())),
        _ => None,
    });
    let (request, source) = walk.expect("nothing is looked through");
    let entries = names.iter().map(|name| file(name, 1_000_000)).collect();
    let listing = Listing { source, entries, is_cut: false, unlisted: hobnob::event::Unlisted::default() };
    screen.is_told(Event::Walk(request, WalkEvent::Found(listing)));
    request
}

#[test]
fn a_folder_is_downloaded_with_all_that_is_in_it_beside_files_that_are_marked_with_it() {
    let mut screen = before_a_folder();
    screen.press("space space d");
    let request = holds(&mut screen, &["one", "two"]);
    assert!(screen.rows()[0].contains("Files ↓2"));
    let fetched = screen.fetches();
    assert_eq!(fetched[0].1.to_string(), "http://192.168.1.5:7890/slides/one");
    screen.is_told(Event::Walk(request, WalkEvent::Ended));
    screen.hears_of(fetched[0].0, whole("/home/lin/Downloads/slides/one"));
    let two = screen.fetches()[0].0;
    screen.hears_of(two, whole("/home/lin/Downloads/slides/two"));
    assert!(row(&screen, 0).contains("✓ slides"), "{}", row(&screen, 0));
    assert!(screen.rows()[0].contains("Files ↓1"));
}

#[test]
fn what_is_not_done_goes_on_when_the_program_is_started_again() {
    let mut screen = before_a_folder();
    screen.press("space space d");
    let request = holds(&mut screen, &["one"]);
    screen.is_told(Event::Walk(request, WalkEvent::Ended));
    screen.restarts();
    let effects = screen.effects();
    assert!(matches!(&effects[..], [Effect::Fetch { .. }, Effect::Walk { .. }]), "{effects:?}");
    let Some(Effect::Fetch { id, .. }) = effects.first() else { unreachable!() };
    screen.hears_of(*id, whole("/home/lin/Downloads/a"));
    screen.restarts();
    assert!(matches!(&screen.effects()[..], [Effect::Walk { .. }]), "what is done is not downloaded again");
}

#[test]
fn a_download_that_is_asked_for_twice_is_there_once() {
    let (mut screen, _) = downloading(1);
    screen.press("enter enter");
    assert_eq!(screen.effects(), []);
    assert!(screen.rows()[0].contains("Files ↓1"));
}

#[test]
fn where_nothing_can_be_kept_the_user_is_told_that_downloads_would_be_lost() {
    let (mut screen, _) = downloading(1);
    screen.state.files.transfers.kept = false;
    screen.press("ctrl+q");
    assert!(screen.shows("would be lost: 1."));
    // Pressed once too often, Enter destroys nothing.
    screen.press("enter enter");
    assert!(screen.effects().is_empty() && screen.shows("would be lost: 1."));
    screen.press("y");
    assert_eq!(screen.effects(), [Effect::Quit]);
}

#[test]
fn a_name_that_begins_with_a_dot_is_asked_about_once_before_it_comes_into_the_folder_for_downloads() {
    let target = |screen: &Screen| -> Vec<String> {
        screen.state.files.transfers.queue.items().map(|item| item.to.display().to_string()).collect()
    };
    for (keys, expected) in [
        ("y", vec!["/home/lin/Downloads/.bashrc"]),
        ("n", vec!["/home/lin/Downloads/_.bashrc"]),
        ("enter esc", vec![]),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.opens(SERVER, vec![file(".bashrc", 10), file("a.txt", 10)]);
        screen.press(". home");
        for key in ["d", "d", "enter"] {
            screen.press(key);
            assert!(screen.shows(".bashrc begins with a dot"), "{:?}", screen.rows());
            assert_eq!(target(&screen), [""; 0]);
        }
        screen.press(keys);
        assert!(!screen.shows("begins with a dot"), "{:?}", screen.rows());
        assert_eq!(target(&screen), expected);
    }
    // Of several it is asked once, and the others come meanwhile.
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![folder(".ssh"), file(".bashrc", 10), file("a.txt", 10)]);
    screen.press(". home space space space d");
    assert_eq!(target(&screen), ["/home/lin/Downloads/a.txt"]);
    assert!(screen.shows(".ssh and others (1) begin with a dot"), "{:?}", screen.rows());
    screen.press("n");
    let expected = ["a.txt", "_.ssh", "_.bashrc"].map(|name| format!("/home/lin/Downloads/{name}"));
    assert_eq!(target(&screen), expected);
}

#[test]
fn a_file_that_is_here_already_has_one_line_however_often_it_is_asked_for() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![file("a.txt", 10)]);
    for _ in 0..5 {
        screen.press("enter");
        let ids: Vec<_> = screen.fetches().into_iter().map(|(id, _)| id).collect();
        let path = "/home/lin/Downloads/a.txt".into();
        screen.hears_of(ids[0], TransferEvent::Kept { path, why: Kept::Same });
        assert!(screen.shows("─ Transfers"), "{:?}", screen.rows());
        assert_eq!(screen.state.files.transfers.queue.len(), 1);
    }
}
