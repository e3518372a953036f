//! Looking at a file before it is downloaded.

use hobnob::effect::Effect;
use hobnob::event::{
    Content, Event, Fault, Listed, MouseAction, Packed, Paint, Preview, RequestId, TextLine,
};
use hobnob::text::clean_line;
use hobnob::wire::Raw;

use super::SERVER;
use crate::support::screen::{Screen, file, folder};

/// A text in lines.
fn text(lines: &[&str]) -> Content {
    let line = |line: &&str| TextLine { text: clean_line(line.as_bytes()), pieces: Vec::new() };
    Content::Text(lines.iter().map(line).collect(), None)
}

fn seen(content: Content) -> Box<Preview> {
    Box::new(Preview { media_type: None, size: Some(10), modified: None, is_whole: true, content })
}

/// A file is looked at: the question.
#[track_caller]
fn looks(screen: &mut Screen) -> RequestId {
    screen.opens(SERVER, vec![file("notes.rs", 10), folder("sub")]);
    screen.press("end i");
    let effects = screen.effects();
    let [Effect::Preview { request, source }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(source.to_string(), "http://192.168.1.5:7890/notes.rs");
    *request
}

#[test]
fn the_long_lines_of_a_text_are_broken_and_it_is_scrolled_through() {
    let mut screen = Screen::new(80, 24);
    let request = looks(&mut screen);
    assert!(screen.shows("asking"));
    let wide = format!("begin {}讲end", "x".repeat(70));
    let lines: Vec<String> = (0..100).map(|n| format!("line {n}")).collect();
    let mut all: Vec<&str> = lines.iter().map(String::as_str).collect();
    all[0] = &wide;
    screen.is_told(Event::Previewed(request, Ok(seen(text(&all)))));
    assert!(screen.shows("begin") && screen.shows("讲end") && screen.shows("text · 10 B"));
    screen.press("end");
    assert!(screen.shows("line 99"));
    let last = screen.row_containing("line 99");
    screen.press("j pagedown");
    assert_eq!(screen.row_containing("line 99"), last, "there is no more");
    screen.press("home");
    assert!(screen.shows("begin"));
    screen.turn_wheel(MouseAction::ScrollDown, 10, 10);
    assert!(!screen.shows("begin") && screen.shows("line 3"));
}

#[test]
fn what_is_at_the_top_of_a_text_stays_there_on_a_screen_of_another_width() {
    let mut screen = Screen::new(80, 24);
    let request = looks(&mut screen);
    let words = |line: u32| (0..30).map(|word| format!("{line}-{word:02} ")).collect::<Vec<_>>().concat();
    let lines: Vec<String> = (10..60).map(words).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    screen.is_told(Event::Previewed(request, Ok(seen(text(&lines)))));
    screen.press("pagedown down");
    let top = |screen: &Screen| screen.rows()[4].chars().skip(2).take(5).collect::<String>();
    let before = top(&screen);
    assert!(before.starts_with("16-"), "{before}");
    screen.resize(50, 20);
    assert!(screen.rows()[4].contains(&before), "{}", screen.rows().join("\n"));
    screen.resize(80, 24);
    assert_eq!(top(&screen), before);
    screen.press("end");
    assert!(screen.shows("59-29"), "no row is out of reach");
}

#[test]
fn the_pieces_of_a_program_have_their_colours() {
    let mut screen = Screen::new(80, 24);
    let request = looks(&mut screen);
    let pieces = vec![(2, Paint::Keyword), (3, Paint::Plain), (7, Paint::Name)];
    let line = TextLine { text: clean_line(b"fn main() {}"), pieces };
    let content = Content::Text(vec![line], Some(clean_line(b"Rust")));
    screen.is_told(Event::Previewed(request, Ok(seen(content))));
    let picture = screen.picture();
    let (x, y) = picture.place_of("fn main() {}");
    let colour = |at: u16| picture.style_of(x + at, y).fg;
    assert!(colour(0) != colour(3) && colour(3) != colour(8) && colour(0) == colour(1));
    assert!(screen.shows("Rust · 10 B"));
}

#[test]
fn what_is_no_text_is_shown_as_what_it_is() {
    for (content, expected) in [
        (Content::Other(Raw(vec![0, 1, 2].into())), "00 01 02"),
        (Content::Picture(clean_line(b"PNG"), (640, 480), Raw(vec![0x89].into())), "PNG 640×480"),
        (Content::Known(clean_line(b"ELF"), Raw(vec![0x7f].into())), "ELF · 10 B"),
        (
            Content::Archive(
                clean_line(b"ZIP"),
                vec![Packed { name: clean_line("讲/1.txt".as_bytes()), size: Some(1_200) }],
                Listed::Whole,
            ),
            "1.2 kB  讲/1.txt",
        ),
        (text(&[]), "There is nothing to be seen of it"),
    ] {
        let mut screen = Screen::new(80, 24);
        let request = looks(&mut screen);
        screen.is_told(Event::Previewed(request, Ok(seen(content))));
        assert!(screen.shows(expected), "{expected}\n{}", screen.rows().join("\n"));
    }
}

#[test]
fn the_files_of_an_archive_are_counted_without_its_folders() {
    let mut screen = Screen::new(80, 24);
    let request = looks(&mut screen);
    let packed =
        ["讲/", "讲/1.txt", "讲/2.txt"].map(|name| Packed { name: clean_line(name.as_bytes()), size: None });
    let archive = Content::Archive(clean_line(b"ZIP"), packed.to_vec(), Listed::Whole);
    screen.is_told(Event::Previewed(request, Ok(seen(archive))));
    assert!(screen.shows("ZIP · files in it: 2 · ") && screen.shows("讲/2.txt"));
}

#[test]
fn what_is_looked_at_is_downloaded_from_there() {
    for key in ["enter", "d"] {
        let mut screen = Screen::new(80, 24);
        let request = looks(&mut screen);
        screen.is_told(Event::Previewed(request, Ok(seen(text(&["a"])))));
        screen.press(key);
        assert_eq!(screen.fetches()[0].1.to_string(), "http://192.168.1.5:7890/notes.rs");
        assert!(!screen.shows("text · 10 B"));
    }
}

#[test]
fn esc_closes_it_and_an_answer_that_is_not_waited_for_is_forgotten() {
    let mut screen = Screen::new(80, 24);
    let request = looks(&mut screen);
    screen.press("esc");
    assert_eq!(screen.effects(), [Effect::Forget(request)]);
    screen.is_told(Event::Previewed(request, Ok(seen(text(&["late"])))));
    assert!(!screen.shows("late"));
    let request = looks(&mut screen);
    screen.is_told(Event::Previewed(request, Err(Fault::Status(404))));
    assert!(screen.shows("HTTP 404"));
    screen.press("esc");
    assert_eq!(screen.effects(), []);
    screen.press("home i");
    assert!(screen.shows("Only files can be looked at"));
}
