//! What every screen looks like, in both languages, on the smallest screen and on large ones. The pictures stand in
//! `snapshots/`.

use std::time::Duration;

use hobnob::app::Notice;
use hobnob::app::field::FIELD_LIMIT;
use hobnob::effect::Effect;
use hobnob::event::{
    BrowseEvent, ChatEvent, Content, Event, Fault, Preview, Stage, StoreEvent, TextLine, TransferEvent,
};
use hobnob::locale::Language;
use hobnob::text::clean_line;
use hobnob::view::theme::{Preset, Theme};
use hobnob::wire::Raw;
use hobnob::wire::source::Source;
use ratatui::style::{Color, Modifier};
use strum::VariantArray;

use crate::support::screen::{self, Screen, file, finished, folder, pipe};

mod peers;
mod share;
mod transfers;

const ECHO: &str = "192.168.1.7:7890";
const LIN: &str = "192.168.1.5:7890";
const STRANGER: &str = "[fe80::1234:5678:9abc:def0]:51234";
const SERVER: &str = "http://192.168.1.5:7890/";
const ORDINARY: [(u16, u16); 1] = [(80, 24)];
const ALL: [(u16, u16); 4] = [(40, 10), (80, 24), (100, 30), (200, 60)];

const COMPOSER: [(u16, u16); 3] = [(40, 10), (80, 24), (200, 60)];

/// What has happened so far.
pub(crate) type Scene = fn(&mut Screen);

/// Compares the scene with its snapshots: in each language, on a screen of each size.
#[track_caller]
pub(crate) fn looks(name: &str, sizes: &[(u16, u16)], scene: Scene) {
    for language in Language::VARIANTS {
        for &(width, height) in sizes {
            let mut screen = Screen::speaking(*language, width, height);
            scene(&mut screen);
            let picture = screen.picture();
            let name = format!("{name}_{language}_{width}x{height}");
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name.as_str(), picture.as_text());
            });
            // With a key line, the way to all other keys is on the screen; a notice takes its place for a moment.
            let way = picture.rows().last().unwrap().contains("F1 ");
            let exempt = ["notice", "help", "too_small", "composer_too_long", "composer_first_key"]
                .iter()
                .any(|case| name.starts_with(case));
            assert!(way || height < 12 || exempt, "{name}");
        }
    }
}

// Scenes

fn talk(screen: &mut Screen) {
    screen.knows(LIN, "lin");
    screen.hears(LIN, "你好，文件在服务器上");
    let id = screen.sends("got it, downloading now");
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    screen.passes(Duration::from_mins(1));
    let id = screen.sends("are you there?");
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    let id =
        screen.sends("and now? This one is long enough that it has to go on in a second line, even here.");
    screen.is_told(Event::Chat(ChatEvent::Failed(id, Fault::Unreachable)));
    screen.sends("one more");
}

fn several_peers(screen: &mut Screen) {
    talk(screen);
    screen.knows("192.168.1.9:40001", "图书馆的服务器，二楼");
    screen.hears(ECHO, "hello from nobody you know");
    for n in 0..12 {
        screen.hears("192.168.1.9:40001", format!("{n}"));
    }
    screen.hears(STRANGER, "IPv6 works too");
    screen.hears(LIN, "");
    screen.hears(LIN, b"raw: \xff\xfe");
    screen.type_text("in the middle of a sentence");
}

fn every_script(screen: &mut Screen) {
    screen.knows(LIN, "林小明在图书馆二楼的靠窗座位");
    screen.knows(ECHO, "👨‍👩‍👧‍👦 e\u{301}\u{302} משפחה");
    screen.hears(
        LIN,
        "你好，文件在服务器上：第一讲、第二讲、第三讲都放好了，作业请在星期五之前交到同一个文件夹里。",
    );
    screen.hears(LIN, "👨‍👩‍👧‍👦👍🏽🇩🇪❤️🏴󠁧󠁢󠁳󠁣󠁴󠁿 emoji 👩🏻‍🚀 end");
    screen.hears(LIN, "combining: e\u{301} a\u{308}\u{304} \u{915}\u{94d}\u{937} ก็ ｶﾞ end");
    screen.hears(LIN, "right to left: שלום עולם، مرحبا بالعالم end");
    screen.hears(LIN, "한국어 日本語、ひらがな。 ＦＵＬＬＷＩＤＴＨ ①②③ end");
    screen.hears(ECHO, "👩🏻‍🚀");
    screen.type_text("写到一半的消息：你好，世界👍🏽");
    screen.press("left left");
}

fn scrolled_up(screen: &mut Screen) {
    screen.knows(LIN, "lin");
    for n in 1..=40 {
        screen.hears(LIN, format!("message {n}"));
    }
    screen.press("tab up up");
    for n in 41..=60 {
        screen.hears(LIN, format!("message {n}"));
    }
    screen.press("down down down down");
}

fn lectures(screen: &mut Screen) {
    let entries = vec![
        file("lecture-01.pdf", 3_145_728),
        file("lecture-02.pdf", 2_800_000),
        folder("作业"),
        folder("recordings"),
        file(
            "第三讲：套接字编程与网络协议分析，含课堂练习的参考答案和常见错误说明（2026年秋季修订版）.pdf",
            12_345_678,
        ),
        file(
            "a-very-long-name-that-goes-on-and-on-and-on-until-no-screen-of-any-size-could-show-all-of-it-in-one-row-and-still-has-an-ending-that-tells-what-it-is-so-that-the-middle-is-left-out-and-not-the-end.tar.gz",
            2_600_000_000,
        ),
        file("\u{1b}[2J\u{1b}]0;owned\u{7}evil\r\nforged 100 MB\u{8}.txt", 66),
        file("photo\u{202e}gpj.exe", 17),
        file(b"not utf-8 \xff\xfe.bin", 5),
        file("👨‍👩‍👧‍👦 family.jpg", 1_000),
        file("empty", 0),
        pipe("backup.fifo"),
    ];
    screen.opens("http://192.168.1.5:7890/slides/", entries);
}

fn all_transfers(screen: &mut Screen) {
    lectures(screen);
    screen.state.files.transfers = hobnob::app::transfers::Transfers::new(screen::downloads(5));
    // Everything below the two folders but what is no file.
    screen.press("down down space down space space space space space space space d");
    let started = screen.fetches();
    let id = |nth: usize| started[nth].0;
    screen.hears_of(id(0), screen::started(Some(2_600_000_000)));
    screen.hears_of(id(1), screen::started(None));
    screen.hears_of(id(2), screen::started(Some(12_345_678)));
    screen.passes(Duration::from_secs(2));
    screen.hears_of(id(0), TransferEvent::Progress { bytes: 1_100_000_000 });
    screen.hears_of(id(1), TransferEvent::Progress { bytes: 12_400_000 });
    let path = "/home/lin/Downloads/第三讲：套接字编程与网络协议分析.pdf";
    screen.hears_of(id(2), finished(path, 3_100_000, Duration::from_secs(75)));
    screen.hears_of(id(3), TransferEvent::Failed(Fault::TimedOut(Stage::Body, Duration::from_secs(30))));
    screen.hears_of(id(4), TransferEvent::Cancelled);
}

fn plain_server(screen: &mut Screen) {
    screen.press("f3 ctrl+l");
    screen.type_text("192.168.1.5");
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Plain));
}

fn plain_server_with_names(screen: &mut Screen) {
    plain_server(screen);
    screen.effects();
    for name in ["notes.pdf", "第一讲.pdf", "a/b.txt", "asked for", "waits"] {
        screen.type_text(name);
        screen.press("enter");
        let fetched = screen.fetches();
        let Some((id, _)) = fetched.first() else { continue };
        let file = name.rsplit('/').next().unwrap();
        let path = format!("/home/lin/Downloads/{file}");
        if name != "asked for" {
            let took = Duration::from_secs(1);
            screen.hears_of(*id, finished(path, 12_345, took));
        }
    }
    screen.press("down down");
}

fn traffic(screen: &mut Screen) {
    screen.knows(LIN, "lin");
    screen.hears(LIN, "你好，文件在服务器上");
    let id = screen.sends("got it");
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    screen.passes(Duration::from_millis(1234));
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    screen.paste(&"很长的消息".repeat(100));
    screen.press("enter");
    screen.is_told(Event::Chat(ChatEvent::Folded(STRANGER.parse().unwrap(), 12_345)));
    screen.is_told(Event::Chat(ChatEvent::Overflowed(678)));
    screen.effects();
    screen.opens(SERVER, vec![file("a", 1)]);
    screen.press("f2 ctrl+l ctrl+u");
    screen.type_text("lin.local");
    screen.press("enter");
    let (request, _) = screen.resolves();
    screen.is_told(Event::Resolved(request, Err(Fault::Unresolved)));
    screen.press("esc");
    screen.hears(STRANGER, "\u{1b}[2J\u{1b}]0;owned\u{7} gpj.\u{202e}exe a\u{200b}b\r\nforged");
    screen.hears(LIN, b"not utf-8: \xff\xfe");
    screen.hears(ECHO, "x".repeat(65_507));
    screen.press("f4");
}

// Chat

#[test]
fn chat_without_anybody() {
    looks("chat_without_anybody", &ALL, |_| {});
}

#[test]
fn chat_before_the_first_word() {
    looks("chat_before_the_first_word", &ORDINARY, |screen| screen.knows(LIN, "lin"));
}

#[test]
fn chat_with_one_peer() {
    looks("chat_with_one_peer", &[(40, 10), (40, 24), (80, 24)], talk);
}

#[test]
fn chat_with_several_peers() {
    looks("chat_with_several_peers", &ALL, several_peers);
}

#[test]
fn chat_in_every_script() {
    looks("chat_in_every_script", &[(40, 10), (63, 16), (80, 24), (100, 30)], every_script);
}

#[test]
fn chat_scrolled_up_with_more_below() {
    looks("chat_scrolled_up", &[(40, 10), (80, 24)], scrolled_up);
}

#[test]
fn chat_with_a_long_draft() {
    looks("chat_with_a_long_draft", &[(40, 10), (80, 24)], |screen| {
        screen.knows(LIN, "lin");
        screen.paste(&"The quick brown fox 你好 ".repeat(60));
        screen.press("alt+enter alt+enter");
        screen.type_text("last line");
    });
}

#[test]
fn chat_with_a_draft_that_is_too_long() {
    looks("composer_too_long", &COMPOSER, |screen| {
        screen.knows(LIN, "lin");
        screen.paste(&"很长的消息。".repeat(4_000));
        screen.press("enter");
    });
}

#[test]
fn chat_with_a_draft_of_several_datagrams() {
    looks("composer_datagrams", &COMPOSER, |screen| {
        screen.knows(LIN, "lin");
        screen.paste(&"one, two, ".repeat(110));
        screen.press("left left");
    });
}

#[test]
fn chat_with_pasted_lines() {
    looks("composer_paste", &COMPOSER, |screen| {
        screen.knows(LIN, "lin");
        screen.paste("fn main() {\n    println!(\"你好\");\n}\n\x1b[2J\n\n\none more line, and a long one, to see where it ends on a small screen\nthe end");
    });
}

#[test]
fn chat_with_more_pasted_lines_than_there_is_room_for() {
    looks("composer_long_paste", &COMPOSER, |screen| {
        screen.knows(LIN, "lin");
        screen.paste(&"一行\n".repeat(300));
    });
}

#[test]
fn chat_before_the_second_of_two_keys() {
    looks("composer_first_key", &COMPOSER, |screen| {
        screen.knows(LIN, "lin");
        screen.type_text("draft");
        screen.press("ctrl+x");
    });
}

#[test]
fn chat_with_a_wrong_address() {
    looks("chat_with_a_wrong_address", &[(40, 10), (80, 24)], |screen| {
        talk(screen);
        screen.press("ctrl+l ctrl+u");
        screen.type_text("192.168.1.7:70000");
        screen.press("enter");
    });
}

#[test]
fn chat_while_a_name_is_resolved() {
    looks("chat_resolving", &[(40, 10), (80, 24)], |screen| {
        screen.press("ctrl+l");
        screen.type_text("a-machine-with-a-long-name.example.org");
        screen.press("enter");
    });
}

#[test]
fn chat_with_a_name_that_has_no_address() {
    looks("chat_unresolved", &[(40, 10), (80, 24)], |screen| {
        screen.press("ctrl+l");
        screen.type_text("nowhere.invalid");
        screen.press("enter");
        let (request, _) = screen.resolves();
        screen.is_told(Event::Resolved(request, Err(Fault::Unresolved)));
    });
}

// Files

#[test]
fn files_before_any_server() {
    looks("files_before_any_server", &[(40, 10), (80, 24)], |screen| screen.press("f3"));
}

#[test]
fn files_while_a_server_is_asked() {
    looks("files_asking", &[(40, 10), (80, 24)], |screen| {
        screen.press("f3 ctrl+l");
        screen.type_text("192.168.1.5");
        screen.press("enter");
    });
}

#[test]
fn files_in_a_folder() {
    looks("files_in_a_folder", &ALL, lectures);
}

#[test]
fn files_deep_below_the_top_and_a_path_that_is_typed() {
    looks("files_deep", &COMPOSER, |screen| {
        let deep = "http://192.168.1.5:7890/lectures/2026/autumn/网络编程/week 12/handouts/";
        screen.opens(deep, vec![folder("pictures"), folder(".git"), file("notes.txt", 1200)]);
    });
    looks("files_path", &COMPOSER, |screen| {
        lectures(screen);
        screen.press(":");
        screen.type_text("lec");
    });
}

#[test]
fn files_with_bookmarks() {
    looks("files_bookmarks", &COMPOSER, |screen| {
        lectures(screen);
        screen.press("b end b");
        screen.press("home down");
    });
    looks("go_to_bookmarks", &COMPOSER, |screen| {
        lectures(screen);
        screen.press("b");
        screen.opens("http://192.168.1.5:7890/slides/recordings/2026/", Vec::new());
        screen.press("ctrl+g");
    });
}

#[test]
fn files_of_a_server_that_wants_to_know_who_asks() {
    looks("sign_in", &COMPOSER, |screen| {
        lectures(screen);
        screen.press("enter");
        let (request, _) = screen.asks();
        let origin = Box::new(Source::parse(SERVER).unwrap().origin());
        let realm = clean_line("讲义, for students of the autumn term".as_bytes());
        let fault = Fault::Unauthorized { origin, realm };
        screen.is_told(Event::Browse(request, BrowseEvent::Failed(fault)));
        screen.type_text("林");
        screen.press("tab");
        screen.type_text("geheim");
    });
}

#[test]
fn files_that_are_looked_at() {
    fn look(screen: &mut Screen, content: Content, is_whole: bool) {
        screen.opens(SERVER, vec![file("第一讲.py", 1_200)]);
        screen.press("i");
        let Some(Effect::Preview { request, .. }) = screen.effects().pop() else {
            panic!("nothing is asked")
        };
        let (media_type, modified) = (Some(clean_line(b"text/x-python")), None);
        let seen = Preview { media_type, size: Some(1_200), modified, is_whole, content };
        screen.is_told(Event::Previewed(request, Ok(Box::new(seen))));
    }
    looks("preview_text", &COMPOSER, |screen| {
        let lines = [
            "# 套接字 👩🏻‍🚀",
            "import socket",
            "",
            "def main():",
            "    print('你好，世界')  # a comment that goes on and on and on",
        ];
        let line = |line: &str| TextLine { text: clean_line(line.as_bytes()), pieces: Vec::new() };
        look(screen, Content::Text(lines.map(line).to_vec(), Some(clean_line(b"Python"))), true);
    });
    looks("preview_bytes", &COMPOSER, |screen| {
        let bytes = Raw((0..=255).collect::<Vec<u8>>().into());
        look(screen, Content::Picture(clean_line(b"PNG"), (1920, 1080), bytes), false);
    });
}

#[test]
fn files_while_the_next_folder_is_asked_for() {
    looks("files_asking_for_the_next", &ORDINARY, |screen| {
        lectures(screen);
        screen.press("enter");
    });
}

#[test]
fn files_filtered() {
    looks("files_filtered", &[(40, 10), (80, 24)], |screen| {
        lectures(screen);
        screen.press("/");
        screen.type_text("LECT");
    });
}

#[test]
fn files_filtered_to_nothing() {
    looks("files_filtered_to_nothing", &[(40, 10), (80, 24)], |screen| {
        lectures(screen);
        screen.press("/");
        screen.type_text("第四讲");
        screen.press("enter");
    });
}

#[test]
fn files_marked_and_sorted_by_size() {
    looks("files_marked_and_sorted", &ORDINARY, |screen| {
        lectures(screen);
        screen.press("s down down space space");
    });
}

#[test]
fn files_in_an_empty_folder() {
    looks("files_empty", &ORDINARY, |screen| screen.opens(SERVER, Vec::new()));
}

#[test]
fn files_of_a_server_that_does_not_answer() {
    looks("files_failed", &[(40, 10), (80, 24)], |screen| {
        screen.press("f3 ctrl+l");
        screen.type_text("192.168.1.5");
        screen.press("enter");
        let (request, _) = screen.asks();
        let fault = Fault::TimedOut(Stage::Connect, Duration::from_secs(10));
        screen.is_told(Event::Browse(request, BrowseEvent::Failed(fault)));
    });
}

#[test]
fn files_of_a_plain_server() {
    looks("files_plain", &[(40, 10), (80, 24)], plain_server);
}

#[test]
fn files_of_a_plain_server_that_was_used_before() {
    looks("files_plain_with_names", &ALL, plain_server_with_names);
}

#[test]
fn files_with_transfers_in_every_state() {
    looks("files_with_transfers", &ALL, all_transfers);
}

#[test]
fn files_with_the_transfers_in_focus() {
    looks("files_with_transfers_in_focus", &ORDINARY, |screen| {
        all_transfers(screen);
        screen.press("tab home");
    });
}

#[test]
fn files_with_a_wrong_address() {
    looks("files_with_a_wrong_address", &ORDINARY, |screen| {
        lectures(screen);
        screen.press("ctrl+l ctrl+u");
        screen.type_text("ftp://192.168.1.5/");
        screen.press("enter");
    });
}

// What went over the wire

const THREE: [(u16, u16); 3] = [(40, 10), (80, 24), (200, 60)];

#[test]
fn the_traffic_before_there_is_any() {
    looks("traffic_before_there_is_any", &ORDINARY, |screen| screen.press("f4"));
}

#[test]
fn the_traffic() {
    looks("traffic", &THREE, traffic);
}

#[test]
fn the_traffic_with_a_hostile_datagram_selected() {
    looks("traffic_with_one_selected", &THREE, |screen| {
        traffic(screen);
        screen.press("up up up");
    });
}

#[test]
fn one_hostile_datagram_of_the_traffic_to_the_last_byte() {
    looks("traffic_details", &THREE, |screen| {
        traffic(screen);
        screen.press("up up up enter");
    });
}

#[test]
fn the_traffic_below_a_folder() {
    looks("traffic_below_files", &ORDINARY, |screen| {
        traffic(screen);
        screen.press("f3 f4 f4 p");
    });
}

// What lies over them

#[test]
fn help() {
    looks("help", &ALL, |screen| {
        several_peers(screen);
        screen.press("f1");
    });
}

#[test]
fn the_end_of_the_help() {
    looks("help_at_its_end", &[(40, 10), (80, 24)], |screen| {
        screen.press("f1 end");
    });
}

#[test]
fn going_to_a_peer_or_a_server() {
    looks("go_to", &[(40, 10), (80, 24)], |screen| {
        every_script(screen);
        lectures(screen);
        screen.press("ctrl+g down");
    });
}

#[test]
fn going_to_an_address_that_is_new() {
    looks("go_to_something_new", &ORDINARY, |screen| {
        several_peers(screen);
        screen.press("ctrl+g");
        screen.type_text("192.168.1.77");
    });
}

#[test]
fn leaving_downloads_behind() {
    looks("quit_with_downloads", &[(40, 10), (80, 24)], |screen| {
        all_transfers(screen);
        screen.press("ctrl+q");
    });
}

#[test]
fn notices() {
    let cases: [(&str, Scene); 8] = [
        ("notice_no_peer", |screen| {
            screen.type_text("to whom?");
            screen.press("enter");
        }),
        ("notice_not_a_file", |screen| {
            lectures(screen);
            screen.press("/");
            screen.type_text("fifo");
            screen.press("enter space");
        }),
        ("notice_too_long_to_paste", |screen| screen.paste(&"x".repeat(FIELD_LIMIT + 1))),
        ("notice_how_to_quit", |screen| screen.press("ctrl+c")),
        ("notice_port_taken", |screen| {
            screen.state.notice = Some(Notice::PortTaken { wanted: 7890, got: 40123 });
        }),
        ("notice_not_remembered", |screen| {
            screen.is_told(Event::Store(StoreEvent::Failed(Fault::DiskFull)));
        }),
        ("notice_queue_elsewhere", |screen| {
            screen.state.notice = Some(Notice::QueueElsewhere);
        }),
        ("notice_socket_down", |screen| {
            screen.is_told(Event::Chat(ChatEvent::Down(Fault::Unreachable)));
        }),
    ];
    for (name, scene) in cases {
        looks(name, &[(40, 10), (80, 24)], scene);
    }
}

#[test]
fn a_screen_that_is_too_small_says_so_politely() {
    for size in [(39, 9), (20, 4), (200, 9), (39, 60)] {
        looks("too_small", &[size], several_peers);
    }
    for (width, height) in [(0, 0), (1, 1), (0, 10), (3, 2)] {
        Screen::new(width, height).picture();
    }
}

// Colours

fn theme(preset: Preset) -> Theme {
    preset.theme().unwrap()
}

#[test]
fn what_is_selected_unread_or_wrong_stands_out_in_every_theme() {
    for preset in Preset::VARIANTS {
        let theme = theme(*preset);
        let mut screen = Screen::new(100, 30);
        several_peers(&mut screen);
        screen.wear(theme.clone());
        let picture = screen.picture();
        assert_eq!(picture.style_at("refused").fg, theme.error.fg, "{preset:?}");
        assert_eq!(picture.style_at("not sent").fg, theme.error.fg, "{preset:?}");
        let selected = picture.style_at("▌lin");
        assert!(selected.bg.is_some_and(|bg| bg != Color::Reset) || is_reversed(selected), "{preset:?}");
        assert_eq!(picture.style_at("图").bg, Some(Color::Reset), "{preset:?}");
        screen.press("f3");
        assert_eq!(screen.picture().style_at("●").fg, theme.unread.fg, "{preset:?}");
    }
}

#[test]
fn the_selected_file_stands_out_in_every_theme() {
    for preset in Preset::VARIANTS {
        let mut screen = Screen::new(100, 30);
        lectures(&mut screen);
        screen.wear(theme(*preset));
        let picture = screen.picture();
        let (selected, other) = (picture.style_at("recordings"), picture.style_at("lecture-01"));
        assert_ne!((selected.bg, is_reversed(selected)), (other.bg, is_reversed(other)), "{preset:?}");
    }
}

fn is_reversed(style: ratatui::style::Style) -> bool {
    style.add_modifier.contains(Modifier::REVERSED)
}

#[test]
fn without_colour_nothing_is_coloured_and_the_selection_is_still_to_be_seen() {
    for preset in Preset::VARIANTS {
        let mut screen = Screen::new(100, 30);
        all_transfers(&mut screen);
        screen.press("home down");
        screen.wear(theme(*preset).without_colour());
        let picture = screen.picture();
        assert!(picture.colours().is_empty(), "{preset:?}: {:?}", picture.colours());
        let reversed = |text| is_reversed(picture.style_at(text));
        assert_eq!((reversed("recordings"), reversed("作业")), (true, false), "{preset:?}");
    }
}
