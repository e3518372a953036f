//! What is asked of a server beyond its listing: sizes and times of files in view, sizes of folders.

use std::time::Duration;

use hobnob::effect::Effect;
use hobnob::event::{Event, Facts, Fault, Listing, RequestId, WalkEvent};
use hobnob::wire::listing::Entry;
use hobnob::wire::source::Source;

use super::SERVER;
use crate::support::screen::{Screen, file, folder};

const STILL: Duration = Duration::from_millis(150);

/// As a server lists it that says neither sizes nor times.
fn bare(name: &str) -> Entry {
    Entry { size: None, modified: None, ..file(name, 0) }
}

fn many(screen: &mut Screen) {
    screen.opens(SERVER, (0..100).map(|n| bare(&format!("file {n:02}"))).collect());
}

/// Nothing happens for so long.
fn waits(screen: &mut Screen, time: Duration) {
    screen.passes(time);
    screen.is_told(Event::Wake);
}

/// The one question that was asked: the names of the files.
#[track_caller]
fn asked(screen: &mut Screen) -> (RequestId, Vec<String>) {
    let effects = screen.effects();
    let [Effect::Fill { request, files }] = &effects[..] else { panic!("{effects:?}") };
    let name = |source: &Source| String::from_utf8(source.path.last()).unwrap();
    (*request, files.iter().map(name).collect())
}

fn facts(size: u64) -> Facts {
    Facts { size: Some(size), modified: Some("2026-11-02T09:14:00Z".parse().unwrap()) }
}

#[test]
fn only_files_in_view_are_asked_about_and_only_when_the_view_stands_still() {
    let mut screen = Screen::new(80, 10);
    many(&mut screen);
    assert!(screen.state.deadline().is_some());
    waits(&mut screen, STILL / 2);
    assert_eq!(screen.effects(), []);
    screen.press("pagedown pagedown");
    waits(&mut screen, STILL * 3 / 4);
    assert_eq!(screen.effects(), [], "it was moved meanwhile");
    waits(&mut screen, STILL / 4);
    let (request, files) = asked(&mut screen);
    let rows = screen.rows();
    assert_eq!(files.len(), 7);
    assert!(files.iter().all(|name| rows.iter().any(|row| row.contains(name.as_str()))), "{files:?}");
    assert_eq!(screen.state.deadline(), None, "then nothing wakes it");

    screen.is_told(Event::Filled(request, 1, facts(1_200)));
    let row = screen.row_containing(&files[1]);
    assert!(row.contains("1.2 kB") && row.contains("2026-11-02"), "{row}");
    assert!(screen.rows()[1].contains(" ≥1.2 kB "));
}

#[test]
fn the_sum_of_sizes_is_no_more_exact_than_they_are() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![bare("a"), bare("b")]);
    assert!(screen.rows()[1].ends_with(" HTTP · items: 2 "), "{}", screen.rows()[1]);
    waits(&mut screen, STILL);
    let (request, _) = asked(&mut screen);
    screen.is_told(Event::Filled(request, 0, facts(1_200)));
    assert!(screen.rows()[1].ends_with(" HTTP · items: 2 · ≥1.2 kB "), "{}", screen.rows()[1]);
    screen.is_told(Event::Filled(request, 1, facts(800)));
    assert!(screen.rows()[1].ends_with(" HTTP · items: 2 · 2.0 kB "), "{}", screen.rows()[1]);
}

#[test]
fn a_list_is_sorted_by_the_sizes_that_come_and_the_cursor_stays_on_its_file() {
    let mut screen = Screen::new(80, 24);
    let server = format!("{SERVER}x/");
    screen.opens(&server, vec![bare("a"), bare("b"), bare("c")]);
    screen.press("s");
    waits(&mut screen, STILL);
    let (request, files) = asked(&mut screen);
    assert_eq!(files, ["a", "b", "c"]);
    let names = |screen: &Screen| -> Vec<String> {
        screen.rows()[3..7]
            .iter()
            .map(|row| row.chars().take(6).collect::<String>().trim().to_owned())
            .collect()
    };
    screen.is_told(Event::Filled(request, 2, facts(3_000)));
    assert_eq!(names(&screen), ["../", "▌  a", "b", "c"], "nothing moves while more is to come");
    screen.is_told(Event::Filled(request, 1, Facts::default()));
    screen.is_told(Event::Filled(request, 0, facts(2_000)));
    assert_eq!(names(&screen), ["../", "c", "▌  a", "b"]);
    waits(&mut screen, STILL);
    assert_eq!(screen.effects(), []);
}

#[test]
fn who_stands_on_the_way_out_stays_there_when_the_list_is_sorted_anew() {
    let mut screen = Screen::new(80, 24);
    screen.opens(&format!("{SERVER}x/"), vec![bare("a"), bare("b")]);
    screen.press("s home");
    waits(&mut screen, STILL);
    let (request, _) = asked(&mut screen);
    screen.is_told(Event::Filled(request, 0, facts(1)));
    screen.is_told(Event::Filled(request, 1, facts(2)));
    assert!(screen.rows()[3].starts_with("▌  ../") && screen.rows()[4].starts_with("   b "));
}

#[test]
fn nothing_is_asked_twice_and_what_scrolled_away_is_forgotten() {
    let mut screen = Screen::new(80, 10);
    many(&mut screen);
    waits(&mut screen, STILL);
    let (first, files) = asked(&mut screen);
    screen.is_told(Event::Filled(first, 0, facts(1)));
    screen.is_told(Event::Filled(first, 1, Facts::default()));
    screen.press("pagedown up up up");
    screen.press("down down down down down down");
    waits(&mut screen, STILL);
    let (second, more) = asked(&mut screen);
    assert!(more.iter().all(|name| !files.contains(name)), "{more:?}");
    screen.press("end");
    waits(&mut screen, STILL);
    let effects = screen.effects();
    assert_eq!(effects[..2], [Effect::Forget(first), Effect::Forget(second)]);
    assert!(matches!(effects[2], Effect::Fill { .. }));
    screen.is_told(Event::Filled(second, 0, facts(9)));
    screen.press("home");
    waits(&mut screen, STILL);
    let effects = screen.effects();
    let [Effect::Forget(_), Effect::Fill { files: again, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(again.len(), 5, "what was answered is not asked for again, not even what nothing is known of");
    assert!(!screen.shows("9 B"), "a late answer changes nothing");
}

#[test]
fn what_is_left_of_an_answered_question_is_not_forgotten() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![bare("a"), file("known", 3), folder("sub")]);
    waits(&mut screen, STILL);
    let (request, files) = asked(&mut screen);
    assert_eq!(files, ["a"]);
    screen.is_told(Event::Filled(request, 0, facts(7)));
    screen.press("home enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![file("x", 1)]);
    waits(&mut screen, STILL);
    assert_eq!(screen.effects(), []);
}

#[test]
fn another_folder_ends_the_questions_about_the_one_before() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![bare("a"), folder("sub")]);
    waits(&mut screen, STILL);
    let (asked, _) = asked(&mut screen);
    screen.press("home z");
    let effects = screen.effects();
    let [Effect::Walk { request: walk, .. }] = effects[..] else { panic!("{effects:?}") };
    screen.press("enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![]);
    assert_eq!(screen.effects(), [Effect::Forget(asked), Effect::Forget(walk)]);
}

fn found(screen: &mut Screen, request: RequestId, entries: Vec<Entry>) {
    let source = Source::parse("http://192.168.1.5:7890/sub/").unwrap();
    let listing = Listing { source, entries, is_cut: false, unlisted: hobnob::event::Unlisted::default() };
    screen.is_told(Event::Walk(request, WalkEvent::Found(listing)));
}

#[test]
fn the_size_of_a_folder_grows_while_it_is_walked_through() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![file("a", 1), folder("sub")]);
    screen.press("z");
    let effects = screen.effects();
    let [Effect::Walk { request, source, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(source.to_string(), "http://192.168.1.5:7890/sub/");
    assert!(screen.row_containing("sub/").contains("≥0 B…"));
    screen.press("z");
    assert_eq!(screen.effects(), [], "it is asked for already");
    found(&mut screen, *request, vec![file("x", 1_000_000), folder("y")]);
    found(&mut screen, *request, vec![file("z", 500_000)]);
    assert!(screen.row_containing("sub/").contains("≥1.5 MB…"));
    screen.is_told(Event::Walk(*request, WalkEvent::Ended));
    assert!(screen.row_containing("sub/").contains("  1.5 MB "));
    screen.press("end z");
    assert!(screen.shows("That is no folder"));
}

#[test]
fn of_a_folder_that_is_not_listed_at_all_it_is_said_why_and_no_size() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![folder("sub")]);
    screen.press("z");
    let effects = screen.effects();
    let [Effect::Walk { request, source, .. }] = &effects[..] else { panic!("{effects:?}") };
    screen.is_told(Event::Walk(*request, WalkEvent::Missed(source.clone(), Fault::Status(500))));
    assert!(screen.shows("The size of the folder is not known: "));
    screen.is_told(Event::Walk(*request, WalkEvent::Ended));
    assert!(!screen.row_containing("sub/").contains(" B"), "{}", screen.row_containing("sub/"));
    screen.press("z");
    assert_eq!(screen.effects().len(), 1, "it can be tried again");
}

#[test]
fn what_could_not_be_looked_into_and_what_was_stopped_may_be_more() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![folder("sub")]);
    for stopped in [false, true] {
        screen.press("z");
        let effects = screen.effects();
        let [Effect::Walk { request, source, .. }] = &effects[..] else { panic!("{effects:?}") };
        found(&mut screen, *request, vec![file("x", 2_000)]);
        if stopped {
            screen.press("esc");
            assert_eq!(screen.effects(), [Effect::Forget(*request)]);
        } else {
            let missed = WalkEvent::Missed(source.clone(), Fault::Status(403));
            screen.is_told(Event::Walk(*request, missed));
            screen.is_told(Event::Walk(*request, WalkEvent::Ended));
        }
        assert!(screen.row_containing("sub/").contains(" ≥2.0 kB "), "{}", screen.row_containing("sub/"));
        found(&mut screen, *request, vec![file("late", 2_000)]);
        assert!(screen.row_containing("sub/").contains(" ≥2.0 kB "));
    }
}
