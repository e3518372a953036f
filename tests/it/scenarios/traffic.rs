//! The pane that shows what went over the wire.

use std::time::Duration;

use hobnob::app::traffic::{BYTE_LIMIT, Pane, RECORD_LIMIT};
use hobnob::event::{BrowseEvent, ChatEvent, Event, Fault, MouseAction, TransferEvent};

use super::{LIN, MIA, SERVER, STRANGER};
use crate::support::screen::{Screen, file, finished, started};

/// The rows of the pane, below its title.
#[track_caller]
fn pane(screen: &Screen) -> Vec<String> {
    let rows = screen.rows();
    let title = rows.iter().position(|row| row.starts_with("─ Traffic")).expect("no pane");
    let footer = usize::from(rows.len() >= 12);
    rows[title + 1..rows.len() - footer].iter().map(|row| row.trim_end().to_owned()).collect()
}

#[track_caller]
fn last(screen: &Screen) -> String {
    pane(screen).into_iter().rfind(|row| !row.is_empty()).expect("nothing in the pane")
}

#[test]
fn f4_opens_it_beside_the_tab_and_closes_it_and_so_does_esc() {
    let mut screen = Screen::new(80, 24);
    screen.hears(LIN, "hello");
    let before = screen.rows();
    for close in ["f4", "esc"] {
        screen.press("f4");
        assert!(screen.shows("─ Traffic ─") && screen.shows("┌ Message "));
        assert_eq!(screen.caret(), None);
        screen.press(close);
        assert_eq!(screen.rows(), before);
    }
    screen.press("f3 f4");
    assert!(screen.shows("─ Traffic ─") && screen.shows("No file server is open"));
}

#[test]
fn a_message_can_be_written_while_it_is_open() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen.press("f4");
    screen.type_text("lost");
    screen.press("tab");
    let id = screen.sends("hello, lin");
    assert!(
        last(&screen).contains("→ out  UDP  192.168.1.5:7890          10 B  [waits] hello, lin"),
        "{}",
        last(&screen)
    );
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    assert!(last(&screen).ends_with("10 B  hello, lin"));
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    assert!(last(&screen).contains("← in   ICMP 192.168.1.5:7890"), "{}", last(&screen));
    assert!(last(&screen).contains("came back: nobody"));
    // Round through the panes of the tab.
    screen.press("tab tab tab");
    assert_eq!(screen.state.traffic.pane, Pane::Focused);
}

#[test]
fn on_a_small_screen_it_takes_the_place_of_the_tab_and_nothing_is_typed_where_it_is_not_seen() {
    let mut screen = Screen::new(40, 10);
    screen.hears(LIN, "hello");
    screen.press("f4");
    assert!(screen.shows("─ Traffic ─") && !screen.shows("Message"));
    screen.hears(LIN, "not seen");
    assert_eq!(screen.state.chat.unread(), 1);
    screen.paste("into the message");
    assert!(!screen.shows("─ Traffic ─") && screen.shows("into the message"));
    assert_eq!(screen.state.chat.unread(), 0);
}

#[test]
fn what_comes_is_shown_with_its_time_its_address_its_length_and_how_it_begins() {
    let mut screen = Screen::new(100, 30);
    screen.press("f4");
    screen.passes(Duration::from_millis(1234));
    screen.hears(LIN, "你好\nlin");
    assert_eq!(
        last(&screen).trim_start(),
        "10:21:01.234 ← in   UDP  192.168.1.5:7890          10 B  你好␊lin"
    );
    screen.hears(STRANGER, "");
    assert!(last(&screen).contains("0 B  (empty datagram)"));
}

#[test]
fn each_datagram_of_a_long_message_is_shown() {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    screen.paste(&"x".repeat(2 * BYTE_LIMIT + 1));
    screen.press("enter f4");
    let (id, _, _) = screen.sent();
    let rows = pane(&screen);
    for (row, said) in rows.iter().zip([
        "1,024 B  [1 of 3, waits] x",
        "1,024 B  [2 of 3, waits] x",
        "1 B  [3 of 3, waits] x",
    ]) {
        assert!(row.contains(said), "{row}");
    }
    screen.is_told(Event::Chat(ChatEvent::Failed(id, Fault::Unreachable)));
    assert!(pane(&screen)[2].contains("1 B  [3 of 3, not sent] x"));
    assert!(last(&screen).contains("· here UDP  192.168.1.5:7890"), "{}", last(&screen));
    assert!(last(&screen).contains("not sent: no way to that machine"));
}

#[test]
fn what_is_not_kept_is_counted_in_one_row() {
    let mut screen = Screen::new(100, 30);
    screen.press("f4");
    let from = LIN.parse().unwrap();
    for count in [1000, 234] {
        screen.is_told(Event::Chat(ChatEvent::Folded(from, count)));
    }
    assert!(last(&screen).contains("192.168.1.5:7890"));
    assert!(last(&screen).contains("1,234 more came and are not kept"));
    screen.is_told(Event::Chat(ChatEvent::Blocked(from, 5)));
    assert!(last(&screen).contains("5 came and were thrown away"));
    screen.is_told(Event::Chat(ChatEvent::Overflowed(6)));
    assert!(last(&screen).contains("· here UDP") && last(&screen).contains("6 came and were lost"));
    assert_eq!(pane(&screen).iter().filter(|row| !row.is_empty()).count(), 3);
}

#[test]
fn a_name_that_leads_nowhere_is_shown_with_what_was_asked() {
    let mut screen = Screen::new(100, 30);
    screen.press("f4 ctrl+l ctrl+u");
    screen.type_text("lin.local:9000");
    screen.press("enter");
    let (request, _) = screen.resolves();
    assert!(last(&screen).contains("→ out  name lin.local:9000"), "{}", last(&screen));
    screen.is_told(Event::Resolved(request, Err(Fault::Unresolved)));
    assert!(last(&screen).contains("← in   name lin.local:9000"), "{}", last(&screen));
    assert!(last(&screen).contains("no address is known for that name"));
}

#[test]
fn the_addresses_of_a_name_are_shown() {
    let mut screen = Screen::new(100, 30);
    screen.press("f4 ctrl+l ctrl+u");
    screen.type_text("lin.local");
    screen.press("enter");
    let (request, _) = screen.resolves();
    screen.is_told(Event::Resolved(request, Ok(vec![LIN.parse().unwrap(), "[::1]:7890".parse().unwrap()])));
    assert!(last(&screen).ends_with("it is 192.168.1.5, ::1"), "{}", last(&screen));
}

#[test]
fn what_servers_are_asked_and_what_they_answer_is_shown() {
    let mut screen = Screen::new(100, 30);
    screen.opens(SERVER, vec![file("a.txt", 1), file("b.txt", 2)]);
    screen.press("f4");
    let rows = pane(&screen);
    assert!(rows[0].contains("→ out  TCP  192.168.1.5:7890                what is in /"), "{}", rows[0]);
    assert!(rows[1].contains("← in   TCP  192.168.1.5:7890                items: 2"), "{}", rows[1]);
    screen.press("tab down enter");
    let (id, _) = screen.fetches().remove(0);
    assert!(last(&screen).contains("send /b.txt"));
    screen.hears_of(id, started(Some(2)));
    screen.hears_of(id, TransferEvent::Progress { bytes: 1 });
    assert!(last(&screen).contains("2 B are coming"));
    let took = Duration::from_millis(70);
    screen.hears_of(id, finished("/x", 2, took));
    assert!(last(&screen).contains("192.168.1.5:7890") && last(&screen).contains("2 B came in 0.070 s"));
    screen.press("r");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Refused)));
    assert!(
        last(&screen).contains("192.168.1.5:7890") && last(&screen).contains("nobody listens on that port")
    );
}

#[test]
fn who_gives_up_waiting_sees_it() {
    let mut screen = Screen::new(100, 30);
    screen.press("f4 ctrl+l ctrl+u");
    screen.type_text("lin.local");
    screen.press("enter esc");
    assert!(last(&screen).contains("· here name lin.local:7890"), "{}", last(&screen));
    assert!(last(&screen).contains("stopped from here"));
}

#[test]
fn it_follows_the_newest_until_one_is_selected() {
    let mut screen = Screen::new(80, 24);
    screen.press("f4");
    for n in 1..=20 {
        screen.hears(LIN, format!("record {n}."));
    }
    assert!(last(&screen).ends_with("record 20."));
    screen.press("up up");
    let before = pane(&screen);
    assert!(before.iter().any(|row| row.starts_with('▌') && row.ends_with("record 19.")));
    for n in 21..=23 {
        screen.hears(LIN, format!("record {n}."));
    }
    assert_eq!(pane(&screen), before);
    assert!(screen.row_containing("Traffic").contains(" ▼ 3 more below "));
    screen.press("end");
    assert!(last(&screen).ends_with("record 23."));
    screen.press("home");
    assert!(pane(&screen)[0].starts_with('▌') && pane(&screen)[0].ends_with("record 1."));
    screen.press("down pagedown pagedown pagedown pagedown pagedown pagedown pagedown pagedown");
    assert!(last(&screen).ends_with("record 23."));
    screen.turn_wheel(MouseAction::ScrollUp, 5, 20);
    assert!(pane(&screen).iter().any(|row| row.starts_with('▌') && row.ends_with("record 21.")));
}

#[test]
fn the_bytes_of_a_selected_datagram_are_shown() {
    let mut screen = Screen::new(80, 24);
    screen.press("f4");
    screen.hears(LIN, b"\x1b[2J \xe4\xbd\xa0 bytes and more");
    screen.press("up");
    assert!(screen.shows("0000 1b 5b 32 4a 20 e4 bd a0  20 62 79 74 65 73 20 61 .[2J ... bytes a"));
    assert!(screen.shows("2026-11-22 10:21:00.000 · ← in UDP · 23 B · 192.168.1.5:7890"));
    screen.press("enter");
    let row = screen.row_containing("0010 6e 64 20 6d 6f 72 65  ");
    assert!(row.trim_end().ends_with("  nd more"), "{row}");
    screen.resize(40, 10);
    assert!(screen.shows("0008 20 62 79 74 65 73 20 61  bytes a"), "{}", screen.rows().join("\n"));
}

#[test]
fn of_a_long_datagram_the_beginning_is_kept_and_that_is_said() {
    let mut screen = Screen::new(200, 60);
    screen.press("f4");
    screen.hears(LIN, vec![b'x'; 65_507]);
    assert!(last(&screen).contains(" 65,507 B  xxx"));
    screen.press("up");
    assert!(screen.shows("Only the first 1,024 of 65,507 B are kept"));
    screen.press("enter end");
    assert!(screen.shows("03f0 78 78"), "{}", screen.rows().join("\n"));
    assert!(!screen.shows("0400 "));
}

#[test]
fn it_can_be_narrowed_down_to_the_peer_in_front() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen.hears(MIA, "from mia");
    screen.hears("192.168.1.5:40000", "from another port");
    screen.hears(LIN, "from lin");
    screen.press("f4 p");
    assert!(screen.shows("─ Traffic · only 192.168.1.5 ─"));
    let rows = pane(&screen);
    assert!(rows[0].ends_with("from another port") && rows[1].ends_with("from lin"));
    screen.press("p");
    assert!(pane(&screen)[0].ends_with("from mia"));
    screen.press("c");
    assert!(screen.shows("Clear this list?"), "{:?}", screen.rows());
    screen.press("c c c enter n");
    assert!(pane(&screen)[0].ends_with("from mia"), "a key that is held down does not answer");
    screen.press("c y");
    assert!(screen.shows("Nothing has come or gone yet"));
}

#[test]
fn only_so_many_records_are_kept_and_the_others_counted() {
    let mut screen = Screen::new(80, 24);
    screen.press("f4");
    for n in 0..RECORD_LIMIT + 7 {
        screen.hears(LIN, format!("record {n}."));
        if n == 10 {
            screen.press("home");
        }
    }
    assert_eq!(screen.state.traffic.log.of(None).count(), RECORD_LIMIT);
    assert!(screen.shows("─ Traffic · 7 older not kept ─"));
    // What was selected is gone: the oldest that is left is in view.
    assert!(pane(&screen)[0].ends_with("record 7."));
}

#[test]
fn a_click_selects_a_record_and_another_one_opens_it() {
    let mut screen = Screen::new(80, 24);
    screen.press("f4 tab");
    screen.hears(LIN, "first");
    screen.hears(LIN, "second");
    let (column, row) = screen.picture().place_of("Traffic");
    screen.click(column, row + 1);
    assert_eq!(screen.state.traffic.pane, Pane::Focused);
    assert!(pane(&screen)[0].starts_with('▌'));
    screen.click(column, row + 1);
    assert!(
        pane(&screen)[0].contains(" · 5 B · ") && pane(&screen).iter().any(|row| row.contains("0000 66 69"))
    );
    screen.press("f2");
    assert_eq!(screen.state.traffic.pane, Pane::Open);
}
