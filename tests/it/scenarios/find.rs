//! Finding words: in the conversation in front, and in all of them.

use std::time::Duration;

use hobnob::event::{Event, Fault, MouseAction};
use hobnob::text::clean_line;
use hobnob::view::theme::{Preset, Theme};
use ratatui::style::{Modifier, Style};
use strum::VariantArray;

use super::{LIN, MIA, STRANGER};
use crate::screens::looks;
use crate::support::screen::Screen;

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (200, 60)];
/// On a screen of 80 by 24: the line above the composer, and where its text begins.
const ROW: u16 = 19;
const COLUMN: u16 = 7;

/// 400 messages of one peer, a few of another and of a stranger.
fn talk(screen: &mut Screen) {
    screen.knows(LIN, "lin");
    screen.knows(MIA, "米娅");
    for n in 1..=400 {
        screen.passes(Duration::from_mins(1));
        let text = match n {
            20 => "first lecture: see server".to_owned(),
            150 => "讲义在服务器上，第一讲和第二讲".to_owned(),
            396 => "is the Lecture\nat nine?".to_owned(),
            _ => format!("message {n}"),
        };
        screen.hears(LIN, text);
    }
    screen.hears(MIA, "你好，讲义呢？");
    screen.passes(Duration::from_hours(30));
    let long = "so much was said before anybody came to the point, ".repeat(3);
    screen.hears(STRANGER, format!("{long}and that is: no lecture today. {long}"));
    screen.press("alt+1");
}

fn talked() -> Screen {
    let mut screen = Screen::new(80, 24);
    talk(&mut screen);
    to_lin(&mut screen);
    screen
}

fn to_lin(screen: &mut Screen) {
    for _ in 0..3 {
        if screen.rows()[1].contains("lin") {
            return;
        }
        screen.press("alt+down");
    }
    panic!("{:?}", screen.rows());
}

fn finds(text: &str) -> Screen {
    let mut screen = talked();
    screen.press("ctrl+f");
    screen.type_text(text);
    screen
}

#[track_caller]
fn line(screen: &Screen) -> String {
    screen.rows()[usize::from(ROW)].trim_end().to_owned()
}

#[track_caller]
fn selected(screen: &Screen) -> String {
    let row = screen.row_containing("│▌");
    row.split('│').nth(1).unwrap().trim_end().to_owned()
}

#[test]
fn what_is_typed_is_found_at_once_and_the_newest_is_shown_first() {
    let mut screen = finds("lec");
    assert!(
        line(&screen).starts_with(" Find  lec ") && line(&screen).ends_with(" 1 of 2"),
        "{}",
        line(&screen)
    );
    assert!(selected(&screen).ends_with("is the Lecture"), "{}", selected(&screen));
    screen.press("up");
    assert!(line(&screen).ends_with(" 2 of 2"), "{}", line(&screen));
    assert!(selected(&screen).contains("first lecture: see server"));
    assert!(screen.shows("2026-11-22 10:41:00"), "the date of what is selected: {:?}", screen.rows()[1]);
    screen.press("up");
    assert!(line(&screen).ends_with(" 2 of 2"), "there is nothing older");
    screen.press("down");
    assert!(selected(&screen).ends_with("is the Lecture"));
}

#[test]
fn one_and_two_characters_of_chinese_are_found() {
    for typed in ["讲", "讲义", "二讲", "SERVER"] {
        let screen = finds(typed);
        assert!(line(&screen).ends_with(" 1 of 1"), "{typed}: {}", line(&screen));
    }
    assert!(selected(&finds("二讲")).contains("讲义在服务器上"));
}

#[test]
fn all_words_have_to_be_there_in_any_order() {
    assert!(line(&finds("server first")).ends_with(" 1 of 1"));
    assert!(line(&finds("server second")).ends_with(" Nothing found"));
}

#[test]
fn nothing_is_asked_for_nothing_and_nothing_found_is_said() {
    let mut screen = talked();
    screen.kept.held = Some(Vec::new());
    screen.press("ctrl+f");
    screen.type_text(" .");
    assert!(line(&screen).ends_with(" Nothing found"), "there is no word in it");
    screen.press("ctrl+u");
    assert_eq!(screen.kept.held.as_ref().map(Vec::len), Some(0));
    assert_eq!(line(&screen), " Find  Type words that a message has");
    screen.type_text("x");
    assert!(line(&screen).ends_with(" searching…"));
    // Neither a blank nor moving the caret makes another search of it.
    screen.press("space left right");
    assert_eq!(screen.kept.held.as_ref().map(Vec::len), Some(1));
}

#[test]
fn a_late_answer_is_to_nothing_that_is_looked_for_now() {
    let mut screen = talked();
    screen.kept.held = Some(Vec::new());
    screen.press("ctrl+f");
    screen.type_text("le");
    let [late, right] = <[_; 2]>::try_from(screen.kept.held.take().unwrap()).unwrap();
    screen.is_told(Event::Store(late.clone()));
    assert!(line(&screen).ends_with(" searching…"));
    screen.is_told(Event::Store(right.clone()));
    assert!(line(&screen).ends_with(" 1 of 2"));
    screen.press("up");
    screen.is_told(Event::Store(late));
    screen.is_told(Event::Store(right.clone()));
    assert!(line(&screen).ends_with(" 2 of 2"));
    screen.press("esc esc");
    screen.is_told(Event::Store(right));
    assert!(!screen.shows("Find ") && screen.shows("message 400"));
}

#[test]
fn what_is_found_is_marked_and_what_is_not_is_not() {
    let screen = finds("lecture");
    let picture = screen.picture();
    let found = Preset::Dark.theme().unwrap().found;
    for text in ["Lecture", "cture"] {
        assert_eq!(picture.style_at(text).bg, found.bg, "{text}");
    }
    assert_ne!(picture.style_at("is the Lect").bg, found.bg);
    assert_ne!(picture.style_at("at nine").bg, found.bg);
}

#[test]
fn a_match_stands_out_in_every_theme_and_without_colour_even_where_it_is_selected() {
    let presets = Preset::VARIANTS.iter().map(|preset| preset.theme().unwrap());
    let themes: Vec<Theme> = presets.flat_map(|theme| [theme.clone(), theme.without_colour()]).collect();
    for theme in themes {
        let mut screen = finds("lecture");
        screen.wear(theme.clone());
        let picture = screen.picture();
        let looks = |style: Style| (style.fg, style.bg, style.add_modifier);
        let (found, beside) = (picture.style_at("Lecture"), picture.style_at("is the Lecture"));
        assert_ne!(looks(found), looks(beside), "{:?}", theme.found);
        assert!(found.add_modifier.contains(Modifier::UNDERLINED));
        screen.press("up");
        let found = screen.picture().style_at("lecture: see");
        assert_ne!(looks(found), looks(screen.picture().style_at(": see server")));
    }
}

#[test]
fn a_match_that_goes_on_in_the_next_line_is_marked_in_both() {
    let mut screen = Screen::new(40, 12);
    screen.knows(LIN, "lin");
    screen.hears(LIN, format!("{}好，{}", "你".repeat(11), "x".repeat(30)));
    screen.press("ctrl+f");
    screen.type_text("你好 xxx");
    let (picture, bg) = (screen.picture(), Preset::Dark.theme().unwrap().found.bg);
    assert!(screen.shows("1 of 1"), "{:?}", screen.rows());
    assert_eq!(picture.style_at("好").bg, bg);
    assert_eq!(picture.style_at("xxx").bg, bg);
}

#[test]
fn the_walk_reads_on_where_what_was_read_ends() {
    let mut screen = finds("message");
    assert!(line(&screen).ends_with(" 1 of 397"));
    (1..397).for_each(|_| screen.press("up"));
    assert!(line(&screen).ends_with(" 397 of 397"), "{}", line(&screen));
    assert!(selected(&screen).ends_with("message 1"), "{}", selected(&screen));
}

#[test]
fn a_walk_that_is_faster_than_the_store_goes_on_when_it_answers() {
    let mut screen = finds("message");
    screen.kept.held = Some(Vec::new());
    (1..300).for_each(|_| screen.press("up"));
    assert!(line(&screen).ends_with(" 256 of 397"), "{}", line(&screen));
    let [answer] = <[_; 1]>::try_from(screen.kept.held.take().unwrap()).unwrap();
    screen.is_told(Event::Store(answer));
    assert!(line(&screen).ends_with(" 257 of 397"), "{}", line(&screen));
}

#[test]
fn who_reads_further_back_finds_what_is_above_first() {
    let mut screen = talked();
    screen.press("tab home");
    screen.press("ctrl+f");
    screen.type_text("message");
    assert!(line(&screen).ends_with(" 382 of 397"), "{}", line(&screen));
    assert!(selected(&screen).ends_with("message 16"), "{}", selected(&screen));
    screen.press("ctrl+u");
    screen.type_text("nine");
    assert!(line(&screen).ends_with(" 1 of 1"), "there is none above: {}", line(&screen));
}

#[test]
fn letters_are_typed_until_enter_and_walk_from_then_on() {
    let mut screen = finds("n");
    assert!(line(&screen).starts_with(" Find  n "));
    screen.press("ctrl+u");
    screen.type_text("lecture");
    screen.press("enter");
    assert_eq!(screen.caret(), None);
    screen.press("n");
    assert!(line(&screen).ends_with(" 2 of 2"), "{}", line(&screen));
    screen.press("N");
    assert!(line(&screen).ends_with(" 1 of 2"));
    assert!(screen.rows().last().unwrap().starts_with(" N older   Shift+N newer "));
    screen.press("n ctrl+f");
    screen.type_text("s");
    assert!(line(&screen).starts_with(" Find  lectures "), "{}", line(&screen));
    assert!(screen.state.chat.draft().is_empty(), "nothing of it went into the message");
    screen.press("esc");
    screen.type_text("n");
    assert_eq!(screen.state.chat.draft().text(), "n");
}

#[test]
fn escape_leaves_the_view_where_it_is_and_once_more_goes_back_to_the_newest() {
    let mut screen = finds("first");
    assert!(screen.shows("message 21") && !screen.shows("message 400"));
    screen.press("esc");
    assert!(
        !screen.shows(" Find ") && screen.shows("message 21") && screen.shows("▼"),
        "{:?}",
        screen.rows()
    );
    let (found, picture) = (Preset::Dark.theme().unwrap().found.bg, screen.picture());
    assert_ne!(picture.style_at("first lecture").bg, found);
    assert_eq!(screen.caret(), Some((2, 21)), "in the message");
    screen.press("esc");
    assert!(screen.shows("message 400") && !screen.shows("▼"));
}

#[test]
fn of_a_long_message_the_line_that_was_found_is_shown() {
    let mut screen = talked();
    let lines = |word: &str| (1..=100).map(|n| format!("{word} {n}")).collect::<Vec<_>>().join("\n");
    screen.hears(LIN, format!("{}\nthe needle\n{}", lines("hay"), lines("straw")));
    (1..=300).for_each(|n| screen.hears(LIN, format!("later {n}")));
    screen.press("ctrl+f");
    screen.type_text("needle");
    assert!(
        screen.shows("the needle") && screen.shows("hay 100") && screen.shows("straw 1 "),
        "{:?}",
        screen.rows()
    );
}

#[test]
fn from_a_hit_far_back_end_returns_to_the_newest() {
    let mut screen = finds("first");
    screen.press("enter end");
    assert!(screen.shows("message 400") && !screen.shows("▼"), "{:?}", screen.rows());
    screen.press("n");
    assert!(selected(&screen).contains("first lecture"), "and the walk goes on: {}", selected(&screen));
}

#[test]
fn the_caret_stands_in_what_is_looked_for() {
    let mut screen = talked();
    screen.press("ctrl+f");
    assert_eq!(screen.caret(), Some((COLUMN, ROW)));
    screen.type_text("讲义 a");
    assert_eq!(screen.caret(), Some((COLUMN + 6, ROW)));
    screen.press("alt+b ctrl+b");
    assert_eq!(screen.caret(), Some((COLUMN + 4, ROW)));
    screen.press("ctrl+a ctrl+k ctrl+y");
    assert_eq!(screen.caret(), Some((COLUMN + 6, ROW)));
    screen.press("ctrl+f");
    assert_eq!(screen.caret(), Some((2 + 6, 3)), "in the list of all");
    let (column, row) = screen.picture().place_of("讲义 a");
    assert_eq!((column, row), (2, 3));
}

#[test]
fn another_message_that_has_it_is_counted_when_it_is_kept() {
    let mut screen = finds("lecture");
    screen.hears(LIN, "which lecture?");
    screen.hears(LIN, "never mind");
    screen.hears(MIA, "a lecture");
    assert!(line(&screen).ends_with(" 2 of 3"), "{}", line(&screen));
    screen.press("down");
    assert!(selected(&screen).ends_with("which lecture?") && line(&screen).ends_with(" 1 of 3"));
}

#[test]
fn a_store_that_cannot_be_searched_is_said_and_asked_again() {
    let mut screen = talked();
    screen.kept.unsearchable = Some(Fault::Disk(clean_line(b"bad block")));
    screen.press("ctrl+f");
    screen.type_text("lecture");
    assert!(line(&screen).ends_with(" Cannot be searched"), "{}", line(&screen));
    assert!(
        screen.shows("The messages cannot be searched: the disk says: bad block"),
        "{:?}",
        screen.rows().last()
    );
    screen.press("ctrl+f");
    assert!(screen.shows("the disk says: bad block"), "{:?}", screen.rows());
    screen.kept.unsearchable = None;
    screen.press("enter");
    assert!(screen.shows("1 of 3"), "{:?}", screen.rows());
}

#[test]
fn another_conversation_has_nothing_to_do_with_the_search() {
    let mut screen = finds("lecture");
    screen.press("alt+down");
    assert!(!screen.shows(" Find "), "{:?}", screen.rows());
    screen.type_text("x");
    assert_eq!(screen.state.chat.draft().text(), "x");
}

#[test]
fn ctrl_f_is_the_same_everywhere_and_alt_f_is_still_a_word() {
    let mut screen = talked();
    screen.type_text("one two");
    screen.press("ctrl+a alt+f");
    assert_eq!(screen.caret(), Some((5, 21)));
    screen.press("ctrl+f");
    assert_eq!(screen.caret(), Some((COLUMN, ROW)));
    screen.press("esc f3 ctrl+f");
    assert!(screen.shows(" Find "), "also from the files");
    screen.press("esc ctrl+l ctrl+f");
    assert_eq!(screen.caret(), Some((COLUMN, ROW)), "also from the address");
    screen.press("f1 ctrl+f");
    assert!(screen.shows(" Find ") && !screen.shows("Keys"), "{:?}", screen.rows());
}

#[test]
fn pasted_words_are_looked_for_as_well() {
    let mut screen = finds("");
    screen.paste("first\nlecture\n");
    assert!(line(&screen).starts_with(" Find  first lecture ") && line(&screen).ends_with(" 1 of 1"));
    screen.press("ctrl+f ctrl+u");
    screen.paste("讲义");
    assert!(screen.shows("1 of 2"), "{:?}", screen.rows());
}

#[test]
fn the_wheel_walks_on_the_line_and_a_click_types_there() {
    let mut screen = finds("lecture");
    screen.press("enter");
    screen.turn_wheel(MouseAction::ScrollUp, 30, ROW);
    assert!(line(&screen).ends_with(" 2 of 2"));
    screen.turn_wheel(MouseAction::ScrollDown, 30, ROW);
    assert!(line(&screen).ends_with(" 1 of 2"));
    screen.click(30, ROW);
    assert_eq!(screen.caret(), Some((COLUMN + 7, ROW)));
}

fn everywhere() -> Screen {
    let mut screen = finds("lecture");
    screen.press("ctrl+f");
    screen
}

#[test]
fn twice_searches_all_conversations_newest_first() {
    let screen = everywhere();
    let rows = screen.rows();
    assert!(rows[3].contains("lecture") && rows[3].contains("1 of 3"), "{:?}", rows[3]);
    assert!(rows[4].contains("▌ 2026-11-23 23:01  10.0.0.9:40123"), "{:?}", rows[4]);
    assert!(rows[4].contains("no lecture today"), "{:?}", rows[4]);
    assert!(rows[5].contains("2026-11-22 16:57  lin ") && rows[5].contains("is the Lecture at nine?"));
    assert!(rows[6].contains("2026-11-22 10:41  lin ") && rows[6].contains("first lecture: see"));
    let found = Preset::Dark.theme().unwrap().found.bg;
    let picture = screen.picture();
    assert_eq!(picture.style_at("lecture today").bg, found);
    assert_eq!(picture.style_at("Lecture at nine").bg, found);
    assert_ne!(picture.style_at("at nine").bg, found);
}

#[test]
fn a_hit_is_opened_where_it_is_and_the_search_goes_on_there() {
    let mut screen = everywhere();
    screen.press("alt+down");
    assert!(!screen.rows()[1].contains("lin"), "another one is in front");
    screen.press("ctrl+f ctrl+f");
    screen.type_text("lecture");
    screen.press("down down enter");
    assert!(screen.rows()[1].contains("lin"), "{:?}", screen.rows()[1]);
    assert!(selected(&screen).contains("first lecture: see"), "{}", selected(&screen));
    assert!(line(&screen).ends_with(" 2 of 2"), "{}", line(&screen));
    screen.press("N");
    assert!(selected(&screen).ends_with("is the Lecture"));
    screen.press("esc esc");
    assert!(screen.shows("message 400"));
}

#[test]
fn escape_leaves_the_list_and_ctrl_f_goes_back_to_the_conversation() {
    let mut screen = everywhere();
    screen.press("esc");
    assert!(!screen.shows("Find") && screen.rows()[1].contains("lin"));
    let mut screen = everywhere();
    screen.press("ctrl+f");
    assert!(line(&screen).starts_with(" Find  lecture ") && line(&screen).ends_with(" 1 of 2"));
}

#[test]
fn the_list_is_walked_by_pages_and_by_the_wheel_and_reads_on() {
    let mut screen = talked();
    screen.press("ctrl+f ctrl+f");
    screen.type_text("message");
    assert!(screen.shows("1 of 397"), "{:?}", screen.rows());
    screen.press("pagedown");
    assert!(screen.shows("18 of 397"), "{:?}", screen.rows());
    screen.turn_wheel(MouseAction::ScrollDown, 40, 10);
    assert!(screen.shows("19 of 397"));
    screen.press("up pageup");
    assert!(screen.shows("1 of 397"));
    (0..30).for_each(|_| screen.press("pagedown"));
    assert!(screen.shows("397 of 397"), "{:?}", screen.rows());
    screen.press("enter");
    assert!(selected(&screen).ends_with("message 1"), "{}", selected(&screen));
}

#[test]
fn a_click_opens_a_hit_and_beside_the_list_does_nothing() {
    let mut screen = everywhere();
    screen.click(40, 15);
    assert!(screen.shows("1 of 3"));
    screen.click_on("first lecture");
    assert!(selected(&screen).contains("first lecture"), "{:?}", screen.rows());
}

#[test]
fn what_is_not_at_hand_is_opened_as_well() {
    let mut screen = talked();
    screen.state.chat = hobnob::app::chat::Chat::default();
    screen.press("ctrl+f");
    screen.type_text("first");
    assert!(screen.shows("1 of 1") && screen.shows(LIN), "{:?}", screen.rows());
    screen.press("enter");
    assert!(selected(&screen).contains("first lecture: see"), "{:?}", screen.rows());
}

#[test]
fn what_was_found_looks_like_this() {
    looks("find", &SIZES, |screen| {
        talk(screen);
        to_lin(screen);
        screen.press("ctrl+f");
        screen.type_text("lec");
    });
    looks("find_walking", &SIZES, |screen| {
        talk(screen);
        to_lin(screen);
        screen.press("ctrl+f");
        screen.type_text("讲");
        screen.press("enter");
    });
    looks("find_nothing", &SIZES, |screen| {
        talk(screen);
        screen.press("ctrl+f");
        screen.type_text("讲台");
    });
}

#[test]
fn what_was_found_everywhere_looks_like_this() {
    looks("find_everywhere", &SIZES, |screen| {
        talk(screen);
        screen.press("ctrl+f ctrl+f");
        screen.type_text("讲");
        screen.press("ctrl+u");
        screen.type_text("lecture");
        screen.press("down");
    });
    looks("find_everywhere_nothing", &SIZES, |screen| {
        talk(screen);
        screen.press("ctrl+f ctrl+f");
        screen.type_text("讲台");
    });
    looks("find_everywhere_in_chinese", &[(40, 10), (80, 24)], |screen| {
        talk(screen);
        screen.press("ctrl+f ctrl+f");
        screen.type_text("讲义");
    });
}
