//! What can be done with a message: open its links, copy it, quote it, send it again, look at all that is known of it.

use std::time::Duration;

use hobnob::app::Tab;
use hobnob::app::chat::ChatFocus;
use hobnob::effect::Effect;
use hobnob::event::{BrowseEvent, ChatEvent, Event, Fault, MouseAction};
use hobnob::locale::Language;
use hobnob::text::Clean;
use ratatui::style::Modifier;
use strum::VariantArray;

use super::LIN;
use crate::support::screen::{Screen, file, folder};

const HOSTILE: &[u8] = b"\x1b]8;;http://evil/\x1b\\ok \xff\xfe\r\x00 http://box/a\xe2\x80\xaetxt";

/// Lin is in front and has written this; the newest message is selected.
fn selected(width: u16, height: u16, text: impl AsRef<[u8]>) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.knows(LIN, "lin");
    screen.hears(LIN, "the one before");
    screen.hears(LIN, text);
    screen.press("tab up");
    screen
}

/// Which cells of a row are underlined.
fn underlined(screen: &Screen, row: u16) -> String {
    let picture = screen.picture();
    let cells = (0..screen.state.size.width).filter(|x| {
        let style = picture.style_of(*x, row);
        style.add_modifier.contains(Modifier::UNDERLINED)
    });
    cells.map(|x| picture.symbol_at(x, row)).collect()
}

#[track_caller]
fn opened(screen: &mut Screen) -> String {
    let effects = screen.effects();
    let [Effect::Open(url)] = &effects[..] else { panic!("{effects:?}") };
    url.clone()
}

#[track_caller]
fn copied(screen: &mut Screen) -> Clean {
    let effects = screen.effects();
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    text.clone()
}

#[test]
fn a_link_is_underlined_and_nothing_else_is() {
    let screen = selected(120, 24, "见http://192.168.1.5:7890/a.txt。www.example.org");
    let row = screen.picture().place_of("见").1;
    assert_eq!(underlined(&screen, row), "http://192.168.1.5:7890/a.txt");
    assert_eq!(underlined(&screen, row - 1), "");
}

#[test]
fn a_link_that_goes_on_in_the_next_line_is_underlined_there_too_and_may_be_clicked_there() {
    let url = format!("https://example.org/{}/end", "0123456789".repeat(4));
    let mut screen = selected(60, 16, format!("look at {url} now"));
    let (first, last) = (screen.picture().place_of("https:").1, screen.picture().place_of("end").1);
    assert!(last > first);
    let shown: String = (first..=last).map(|row| underlined(&screen, row)).collect();
    assert_eq!(shown, url);
    screen.click_on("end");
    assert_eq!(opened(&mut screen), url);
}

#[test]
fn the_terminal_hears_of_each_link_where_it_is_to_be_seen() {
    let url = format!("https://example.org/{}/end", "0123456789".repeat(4));
    let mut screen = selected(60, 16, format!("look at {url} now, 见http://box/。"));
    let picture = screen.picture();
    let links = picture.links();
    let (last, others) = links.split_last().unwrap();
    assert_eq!((&*last.0, &*last.1.url), ("http://box/", "http://box/"));
    assert!(others.len() > 1 && others.iter().all(|(_, link)| *link.url == *url && link.id != last.1.id));
    assert!(others.iter().all(|(_, link)| link.id == others[0].1.id));
    assert_eq!(others.iter().map(|(shown, _)| shown.as_str()).collect::<String>(), url);
    for (shown, link) in &links {
        assert_eq!(shown.len(), link.columns.len());
    }
    for keys in ["enter", "f1", "f3"] {
        screen.press(keys);
        assert!(screen.picture().links().is_empty(), "{keys}");
        screen.press(if keys == "f3" { "f2" } else { "esc" });
        assert!(!screen.picture().links().is_empty(), "{keys}");
    }
}

#[test]
fn what_is_wrong_with_an_address_covers_links_too() {
    let mut screen = Screen::new(60, 10);
    screen.knows(LIN, "lin");
    for _ in 0..10 {
        screen.hears(LIN, "http://box/");
    }
    let rows =
        |screen: &Screen| screen.picture().links().iter().map(|(_, link)| link.row).collect::<Vec<_>>();
    let before = rows(&screen);
    screen.press("ctrl+l");
    screen.type_text(":x");
    screen.press("enter");
    let covered = screen.picture().place_of("✗").1;
    assert!(before.contains(&covered) && !rows(&screen).contains(&covered), "{before:?}");
    assert!(rows(&screen).contains(&before[before.len() - 1]));
}

#[test]
fn enter_opens_the_one_link_of_a_message_with_the_program_of_the_system_and_says_so() {
    let mut screen = selected(80, 24, "see https://example.org/a?b=c.");
    assert_eq!(screen.effects(), [], "nothing is opened before it is asked for");
    screen.press("enter");
    assert_eq!(opened(&mut screen), "https://example.org/a?b=c");
    assert!(screen.shows("Given to the system to open: https://example.org/a?b=c"));
    screen.is_told(Event::NotOpened(Fault::Busy));
    assert!(screen.shows("Not opened: too much is waiting already"));
}

#[test]
fn a_folder_of_a_server_opens_in_the_files_tab() {
    let mut screen = selected(80, 24, "http://192.168.1.5:7890/lectures/");
    screen.press("enter");
    let (request, asked) = screen.asks();
    assert_eq!((asked.as_str(), screen.state.tab), ("http://192.168.1.5:7890/lectures/", Tab::Files));
    screen.is_listed(request, &asked, vec![folder("one")]);
    assert!(screen.shows("one"));
}

#[test]
fn a_file_of_a_server_is_selected_in_its_folder_and_downloaded_only_when_asked_for() {
    let mut screen = selected(80, 24, "http://192.168.1.5:7890/lectures/b%20c.txt");
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::IsFile)));
    let (request, around) = screen.asks();
    assert_eq!(around, "http://192.168.1.5:7890/lectures/");
    screen.is_listed(request, &around, vec![file("a.txt", 1), file("b c.txt", 2), file("d.txt", 3)]);
    assert!(screen.row_containing("b c.txt").starts_with('▌'), "{:?}", screen.rows());
    screen.press("enter");
    let fetched = screen.fetches();
    assert_eq!(fetched[0].1.to_string(), "http://192.168.1.5:7890/lectures/b c.txt");
}

#[test]
fn a_file_that_its_folder_does_not_list_is_offered_by_its_name() {
    let mut screen = selected(80, 24, "http://192.168.1.5:7890/hidden.txt");
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::IsFile)));
    let (request, around) = screen.asks();
    screen.is_listed(request, &around, vec![file("a.txt", 1)]);
    assert!(screen.shows("File name  hidden.txt"), "{:?}", screen.rows());
    assert_eq!(screen.effects(), []);
}

#[test]
fn of_several_links_one_is_chosen_with_the_keys_or_the_mouse() {
    let text = "https://a.example/1 http://192.168.1.5:7890/2/ https://c.example/3 https://a.example/1";
    let mut screen = selected(80, 24, text);
    screen.press("enter");
    assert!(screen.shows("Open which link?"));
    screen.press("down down down enter");
    assert_eq!(opened(&mut screen), "https://c.example/3");
    assert!(screen.state.overlay.is_none());
    screen.press("enter up enter");
    assert_eq!(opened(&mut screen), "https://a.example/1");
    screen.press("enter");
    screen.turn_wheel(MouseAction::ScrollDown, 5, 5);
    screen.press("enter");
    assert_eq!(screen.asks().1, "http://192.168.1.5:7890/2/");
    screen.press("f2 enter");
    let (x, y) = screen.picture().place_of("▌ https://a.example/1");
    screen.click(x + 4, y + 2);
    assert_eq!(opened(&mut screen), "https://c.example/3");
    screen.press("enter esc");
    assert_eq!((screen.effects(), screen.state.overlay.is_none()), (Vec::new(), true));
}

#[test]
fn a_click_selects_a_message_and_the_next_one_opens_it() {
    let mut screen = Screen::new(120, 24);
    screen.knows(LIN, "lin");
    screen.hears(LIN, "the one before");
    screen.hears(LIN, "files: http://192.168.1.5:7890/ and more");
    screen.click_on("the one");
    assert!(screen.row_containing("the one before").contains("│▌"));
    screen.click_on("files:");
    assert!(
        screen.row_containing("files:").contains("│▌") && !screen.row_containing("the one").contains("│▌")
    );
    assert_eq!(screen.effects(), []);
    screen.click_on("and more");
    assert_eq!(screen.asks().1, "http://192.168.1.5:7890/");
    screen.press("f2");
    screen.click_on("the one");
    screen.click_on("the one");
    assert!(screen.shows("This message"));
}

#[test]
fn who_types_after_a_click_on_a_message_writes() {
    for text in ["c", "r", "s", "i", "n", "j", "k", "curious "] {
        let mut screen = selected(100, 30, "see http://a.example/ there");
        screen.press("esc");
        screen.click_on("the one");
        screen.type_text(text);
        assert_eq!(screen.state.chat.draft().text(), text);
        assert_eq!((screen.effects(), screen.state.overlay.is_none()), (vec![], true), "{text}");
    }
    let mut screen = selected(100, 30, "see http://a.example/ there");
    screen.press("esc");
    screen.click_on("the one");
    assert!(!screen.rows()[29].contains(" C copy"), "{:?}", screen.rows()[29]);
    // Who walks on from there means the messages.
    screen.press("up down");
    assert!(screen.rows()[29].contains(" C copy"), "{:?}", screen.rows()[29]);
    screen.press("i");
    assert!(screen.state.overlay.is_some());
}

#[test]
fn a_click_on_a_link_opens_just_that_one() {
    let mut screen = selected(80, 24, "你好 https://a.example/1 https://b.example/2");
    screen.click_on("b.example");
    assert_eq!(opened(&mut screen), "https://b.example/2");
    screen.press("esc");
    screen.click_on("://a");
    assert_eq!(opened(&mut screen), "https://a.example/1");
}

#[test]
fn a_message_is_copied_as_it_is_shown_and_that_is_said() {
    let mut screen = selected(80, 24, b"two\nlines \x1b[2J\xff");
    screen.press("c");
    assert_eq!(&*copied(&mut screen), "two\nlines ␛[2J\\xff");
    assert!(!screen.shows("Copied"));
    screen.is_told(Event::Copied);
    assert!(screen.shows("Copied"));
}

#[test]
fn a_quote_stands_on_lines_of_its_own_at_the_caret() {
    let mut screen = selected(80, 24, "one\n\nthree");
    screen.press("r");
    assert_eq!(screen.state.chat.draft().text(), "> one\n>\n> three\n");
    assert_eq!(screen.state.chat.focus, ChatFocus::Composer);
    screen.type_text("yes");
    screen.press("tab r");
    assert_eq!(screen.state.chat.draft().text(), "> one\n>\n> three\nyes\n> one\n>\n> three\n");
}

#[test]
fn a_quote_for_which_there_is_no_room_changes_nothing() {
    let mut screen = selected(80, 24, "x".repeat(60_000));
    screen.press("r tab r tab r");
    assert_eq!(screen.state.chat.draft().text().len(), 2 * 60_003);
    assert!(screen.shows("Too long to paste here"));
}

#[test]
fn keys_act_only_on_a_selected_message_and_else_they_write() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen.hears(LIN, "https://a.example/1");
    screen.press("tab");
    screen.type_text("crisp");
    assert_eq!(screen.state.chat.draft().text(), "crisp");
    assert_eq!(screen.effects(), []);
}

#[test]
fn the_keys_that_do_something_with_the_message_are_named() {
    let screen = selected(100, 24, "https://a.example/1");
    let keys = screen.rows().pop().unwrap();
    assert!(keys.starts_with(" Enter open link   C copy   R quote   I details"), "{keys}");
    let mut screen = selected(100, 24, "nothing to open");
    let id = {
        screen.press("esc");
        screen.sends("refused")
    };
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    screen.press("tab up");
    let keys = screen.rows().pop().unwrap();
    assert!(keys.starts_with(" S send again   C copy   R quote   I details"), "{keys}");
    screen.press("s");
    assert_eq!(screen.sent().2, "refused");
}

#[test]
fn all_that_is_known_of_a_message_is_shown() {
    let mut screen = Screen::new(80, 30);
    screen.knows(LIN, "lin");
    let text = format!("{}你好", "x".repeat(1030));
    let id = screen.sends(&text);
    screen.passes(Duration::from_micros(1_000_250));
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    screen.passes(Duration::from_secs(1));
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    screen.press("tab up i");
    for (label, value) in [
        ("Time", "2026-11-22 10:21:00.000000 +00:00 UTC"),
        ("Direction", "sent from here"),
        ("Peer", "192.168.1.5:7890"),
        ("Name", "lin"),
        ("Size", "1,036 B · datagrams: 2"),
        ("Encoding", "UTF-8"),
        ("To everyone", "no"),
        ("On disk", "saved as number 1"),
        ("State", "2026-11-22 10:21:00.000 sending"),
        ("", "2026-11-22 10:21:01.000 sent"),
        ("", "2026-11-22 10:21:02.000 refused"),
    ] {
        let line = format!("│ {label:13}{value} ");
        assert!(screen.shows(&line), "{line:?} is not on\n{}", screen.rows().join("\n"));
    }
    assert!(screen.shows("0000 78 78"));
    screen.press("end");
    assert!(screen.shows("0400 78 78 78 78 78 78 e4 bd  a0 e5 a5 bd"), "{:?}", screen.rows());
    screen.press("i");
    assert!(screen.state.overlay.is_none());
}

#[test]
fn what_becomes_of_a_message_while_it_is_looked_at_is_shown() {
    let mut screen = Screen::new(80, 30);
    screen.knows(LIN, "lin");
    let id = screen.sends("hello");
    screen.press("tab up i");
    assert!(!screen.shows("now:"));
    screen.is_told(Event::Chat(ChatEvent::Failed(id, Fault::Unreachable)));
    assert!(screen.shows("now: not sent: no way to that machine"), "{:?}", screen.rows());
}

#[test]
fn of_a_message_that_is_not_on_disk_is_said_why_and_what_is_known_here() {
    let mut screen = Screen::new(80, 30);
    screen.knows(LIN, "lin");
    screen.kept.broken = Some(Fault::DiskFull);
    screen.hears(LIN, "lost?");
    screen.press("tab up enter");
    assert!(screen.shows("not saved: the disk is full"), "{:?}", screen.rows());
    assert!(screen.shows("2026-11-22 10:21:00.000 received") && screen.shows("0000 6c 6f 73 74 3f"));
}

#[test]
fn of_messages_that_were_not_kept_their_number_is_shown_and_nothing_is_copied() {
    let mut screen = Screen::new(80, 30);
    screen.knows(LIN, "lin");
    screen.is_told(Event::Chat(ChatEvent::Folded(LIN.parse().unwrap(), 12_345)));
    screen.press("tab up c r");
    assert_eq!((screen.effects(), screen.state.chat.draft().text()), (Vec::new(), ""));
    screen.press("i");
    assert!(screen.row_containing("Not kept").contains("12,345") && !screen.shows("│ 0000 "));
}

#[test]
fn a_hostile_message_is_shown_byte_by_byte_and_its_links_are_what_they_say() {
    let mut screen = selected(80, 30, HOSTILE);
    screen.press("i");
    assert!(screen.shows("0000 1b 5d 38 3b 3b 68 74 74  70 3a 2f 2f 65 76 69 6c .]8;;http://evil"));
    assert!(screen.row_containing("Encoding").contains("not UTF-8"));
    screen.press("i enter");
    assert!(screen.shows("▌ http://evil/") && screen.shows("  http://box/a "), "{:?}", screen.rows());
}

#[test]
fn the_bytes_of_a_message_can_be_read_to_the_last_on_every_screen() {
    for (width, height) in [(40, 10), (80, 24), (200, 60)] {
        let mut screen = selected(width, height, [b'x'; 70].as_slice());
        screen.press("i");
        for _ in 0..20 {
            screen.press("down");
        }
        assert!(
            screen.rows().iter().any(|row| row.contains(" 78 78") && row.contains("0040 ")),
            "{width}x{height}"
        );
        screen.turn_wheel(MouseAction::ScrollUp, 5, 5);
        screen.press("home");
        assert!(screen.shows("Time"));
    }
}

#[test]
fn the_date_of_the_selected_message_is_to_be_seen_on_every_screen() {
    for (width, height) in [(40, 10), (80, 24), (100, 30)] {
        let mut screen = selected(width, height, "hello");
        let bar = screen.rows()[1].clone();
        assert!(bar.contains("lin") && bar.contains("2026-11-22 10:21:00"), "{bar}");
        screen.press("esc");
        let id = screen.sends("refused");
        screen.is_told(Event::Chat(ChatEvent::Refused(id)));
        screen.press("tab up");
        assert!(screen.rows()[1].contains("2026-11-22 10:21:00"), "{:?}", screen.rows()[1]);
    }
    let mut screen = Screen::new(40, 10);
    screen.hears("[fe80::1234:5678:9abc:def0]:51234", "hello");
    screen.press("tab up");
    assert!(screen.rows()[1].starts_with(" To  [fe80:"), "{:?}", screen.rows()[1]);
    assert!(screen.rows()[1].contains("2026-11-22 10:21:00"), "{:?}", screen.rows()[1]);
}

// Screens

type Scene = fn(&mut Screen);

#[track_caller]
fn looks(name: &str, scene: Scene) {
    for language in Language::VARIANTS {
        for (width, height) in [(40, 10), (80, 24), (200, 60)] {
            let mut screen = Screen::speaking(*language, width, height);
            screen.knows(LIN, "lin");
            scene(&mut screen);
            let name = format!("acting_{name}_{language}_{width}x{height}");
            insta::with_settings!({
                omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots",
            }, {
                insta::assert_snapshot!(name.as_str(), screen.picture().as_text());
            });
        }
    }
}

fn with_links(screen: &mut Screen) {
    screen.hears(LIN, "你好");
    screen.hears(
        LIN,
        "讲义在http://192.168.1.5:7890/lectures/，说明见 https://example.org/a/long/path/that/goes/on/in/the/next/line.html。",
    );
    screen.press("tab up");
}

#[test]
fn a_message_with_links_that_is_selected() {
    looks("selected", with_links);
}

#[test]
fn the_links_of_a_message() {
    looks("links", |screen| {
        with_links(screen);
        screen.press("enter down");
    });
}

#[test]
fn the_details_of_a_hostile_message() {
    looks("details", |screen| {
        screen.hears(LIN, HOSTILE);
        screen.press("tab up i");
    });
}

#[test]
fn the_details_of_a_message_that_did_not_go_out() {
    looks("details_failed", |screen| {
        let id = screen.sends("hello");
        screen.passes(Duration::from_millis(1500));
        screen.is_told(Event::Chat(ChatEvent::Failed(id, Fault::Unreachable)));
        screen.press("tab up i");
    });
}
