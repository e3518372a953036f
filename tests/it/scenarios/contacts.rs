//! The list of peers, and what the user wants of each: walking, names, pinned, muted, blocked, forgotten, everyone; and
//! addresses that are typed half.

use std::net::SocketAddr;
use std::time::Duration;

use hobnob::effect::Effect;
use hobnob::event::{ChatEvent, Event};
use hobnob::view::theme::{Preset, Theme};
use hobnob::wire::peer::Peer;
use ratatui::style::Modifier;

use super::{LIN, MIA, STRANGER};
use crate::support::screen::Screen;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Lin is in front, Mia wrote before, a stranger after her.
fn with_three() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    screen.knows(MIA, "mia");
    for (from, text) in [(LIN, "from lin"), (MIA, "from mia"), (STRANGER, "from nobody")] {
        screen.passes(Duration::from_mins(1));
        screen.hears(from, text);
    }
    screen
}

/// What the column of peers shows, without what is empty.
fn list(screen: &Screen) -> Vec<String> {
    let rows = screen.rows();
    let column = rows[2..].iter().map_while(|row| row.split_once('│').map(|(column, _)| column.trim_end()));
    column.filter(|row| !row.is_empty()).map(str::to_owned).collect()
}

fn front(screen: &Screen) -> String {
    screen.rows()[1].clone()
}

fn floods(screen: &mut Screen, from: &str) {
    screen.is_told(Event::Chat(ChatEvent::Folded(address(from), 1000)));
}

#[test]
fn tab_goes_from_the_message_to_the_conversation_to_the_peers_and_back() {
    let mut screen = with_three();
    assert!(screen.caret().is_some());
    screen.press("tab tab");
    assert!(screen.caret().is_none() && list(&screen).iter().any(|row| row.starts_with("▌lin")));
    screen.press("tab");
    assert!(screen.caret().is_some());
    screen.press("tab tab esc");
    assert!(screen.caret().is_some());
    let mut nobody = Screen::new(100, 30);
    nobody.press("tab tab");
    assert!(nobody.caret().is_some(), "there is no list to walk through");
}

#[test]
fn walking_through_the_list_changes_nothing_until_enter() {
    let mut screen = with_three();
    screen.press("tab tab");
    let before = list(&screen);
    screen.press("home");
    let selected = list(&screen).into_iter().find(|row| row.starts_with('▌')).unwrap();
    assert!(selected.contains("10.0.0.9"), "{selected}");
    assert!(list(&screen).iter().any(|row| row.starts_with("›lin")), "{:?}", list(&screen));
    assert!(front(&screen).contains(LIN));
    screen.hears(MIA, "more");
    assert!(list(&screen).iter().any(|row| row.starts_with("▌10.0.0.9")), "whoever comes does not move it");
    screen.press("enter");
    assert!(front(&screen).contains(STRANGER) && screen.caret().is_some());
    assert_eq!(before.len(), list(&screen).len());
}

#[test]
fn the_list_says_when_a_peer_was_heard_last_as_far_as_there_is_room() {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    screen.knows(MIA, "mia");
    screen.hears(LIN, "hello");
    assert_eq!(list(&screen)[0].split_whitespace().collect::<Vec<_>>(), ["▌lin", "10:21"]);
    assert!(list(&screen).iter().any(|row| row.trim() == "mia"), "never heard: nothing is said");
    for (hours, shown) in [(23, "Sun"), (24 * 5, "Sun"), (24, "11-22"), (24 * 365, "2026-11-22")] {
        screen.passes(Duration::from_hours(hours));
        screen.press("alt+1");
        assert!(list(&screen)[0].ends_with(&format!(" {shown}")), "{shown}: {:?}", list(&screen));
    }
    screen.hears("192.168.100.155:40123", "x");
    assert!(screen.shows(" 192.168.…5:40123 1 "), "the name goes before the time: {:?}", list(&screen));
}

#[test]
fn a_filter_shows_whom_it_fits_best_by_name_and_address() {
    let mut screen = with_three();
    screen.press("tab tab /");
    screen.type_text("ia");
    assert_eq!(list(&screen)[0], "/ia");
    assert!(list(&screen)[1].starts_with("▌mia"), "{:?}", list(&screen));
    assert_eq!(list(&screen).len(), 3);
    assert_eq!(screen.caret(), Some((3, 2)));
    screen.press("ctrl+u");
    screen.type_text("10.0.0.9");
    assert!(list(&screen)[1].starts_with("▌10.0.0.9"), "{:?}", list(&screen));
    screen.press("ctrl+u");
    screen.type_text("nobody at all");
    assert_eq!(list(&screen)[1..], [" Nothing found"]);
    screen.press("enter");
    assert!(front(&screen).contains(LIN));
    screen.press("esc");
    assert!(list(&screen).iter().any(|row| row.starts_with("▌lin")), "{:?}", list(&screen));
    screen.press("/");
    screen.paste("mia");
    screen.press("enter");
    assert!(front(&screen).contains(MIA));
    screen.type_text("hello");
    assert!(screen.shows("│ hello"));
}

#[test]
fn on_a_narrow_screen_the_list_takes_the_place_of_the_messages_and_what_comes_is_unread() {
    let mut screen = Screen::new(40, 12);
    screen.knows(LIN, "lin");
    screen.hears(LIN, "hello");
    assert!(screen.shows("hello"));
    screen.press("tab tab");
    assert!(!screen.shows("hello") && screen.rows()[2].starts_with("▌lin"), "{:?}", screen.rows());
    screen.hears(LIN, "unseen");
    assert!(screen.shows("Chat ●1") && screen.rows()[2].ends_with(" 1 "));
    screen.press("enter");
    assert!(screen.shows("unseen") && !screen.shows("●"));
}

#[test]
fn other_ports_of_a_machine_stand_below_the_first_and_are_not_mixed() {
    let mut screen = with_three();
    screen.hears("192.168.1.6:54321", "from another port");
    screen.knows("192.168.1.6:9000", "mia's other");
    screen.passes(Duration::from_mins(1));
    screen.hears(MIA, "the newest");
    let rows = list(&screen);
    let mia = rows.iter().position(|row| row.starts_with(" mia ")).unwrap();
    assert_eq!(rows[mia + 1], "  192.168.1.6:7890");
    assert!(rows[mia + 2].starts_with(" └ :54321 "), "{rows:?}");
    assert_eq!(rows[mia + 3..mia + 5], [" └ mia's other", "    :9000"]);
    screen.click_on(":54321");
    assert!(front(&screen).starts_with(" To  192.168.1.6:54321 "));
    assert!(screen.shows("from another port") && !screen.shows("from mia"));
}

#[test]
fn a_peer_is_given_a_name_that_outlives_the_program_and_an_empty_one_takes_it_away() {
    let mut screen = with_three();
    screen.press("alt+1 tab tab n");
    assert!(screen.caret().is_some());
    screen.type_text(" 图书馆 ");
    screen.press("enter");
    assert!(list(&screen).iter().any(|row| row.starts_with("▌图书馆")), "{:?}", list(&screen));
    screen.restarts();
    assert!(list(&screen).iter().any(|row| row.contains("图书馆")), "{:?}", list(&screen));
    screen.press("ctrl+l ctrl+u");
    screen.type_text("图书馆");
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  图书馆 10.0.0.9:40123 "), "no resolver, whatever the port");
    assert_eq!(screen.effects(), []);
    screen.press("alt+p enter ctrl+u");
    screen.type_text(" \u{3000}");
    screen.press("enter esc");
    assert!(front(&screen).starts_with(" To  10.0.0.9:40123 "), "{}", front(&screen));
}

#[test]
fn a_name_that_another_peer_has_is_pointed_out_and_a_name_of_nothing_visible_is_shown() {
    let mut screen = with_three();
    screen.press("alt+p n ctrl+u");
    screen.type_text("mia");
    screen.press("enter");
    assert!(screen.shows("192.168.1.6:7890 is called mia too"), "{:?}", screen.rows());
    screen.press("enter ctrl+u");
    screen.type_text("\u{200b}\u{2062}");
    screen.press("enter esc");
    assert!(front(&screen).starts_with(" To  <U+200B><U+2062> 192.168.1.5:7890 "), "{}", front(&screen));
}

#[test]
fn a_name_that_suddenly_has_another_address_is_pointed_out_and_the_two_stay_apart() {
    let mut screen = with_three();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("lin:7891");
    screen.press("enter");
    let (request, _) = screen.resolves();
    screen.is_told(Event::Resolved(request, Ok(vec![address("10.6.6.6:7891")])));
    assert!(screen.shows("lin was 192.168.1.5:7890 until now; this is 10.6.6.6:7891"), "{:?}", screen.rows());
    assert!(front(&screen).contains("10.6.6.6:7891") && !screen.shows("from lin"));
    screen.hears("10.6.6.6:7891", "it is me");
    screen.press("esc");
    let before = list(&screen);
    assert_eq!(before.iter().filter(|row| row.contains("lin ")).count(), 2, "{before:?}");
    screen.press("ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter");
    assert!(screen.shows("from lin") && !screen.shows("it is me"));
}

#[test]
fn the_name_that_the_user_gave_stays_where_the_address_is_typed_by_another() {
    let mut screen = with_three();
    screen.press("alt+p n ctrl+u");
    screen.type_text("my lin");
    screen.press("enter esc ctrl+l ctrl+u");
    screen.type_text("library");
    screen.press("enter");
    let (request, _) = screen.resolves();
    screen.is_told(Event::Resolved(request, Ok(vec![address(LIN)])));
    assert!(front(&screen).starts_with(" To  my lin 192.168.1.5:7890 "));
}

#[test]
fn a_pinned_peer_stays_at_the_top_and_a_muted_one_is_not_counted() {
    let mut screen = with_three();
    screen.press("tab tab p");
    assert!(list(&screen)[0].starts_with("▌↑ lin"), "{:?}", list(&screen));
    screen.hears(MIA, "more");
    assert!(list(&screen)[0].starts_with("▌↑ lin") && screen.shows("Chat ●3"));
    screen.press("end m");
    let muted = list(&screen).iter().find(|row| row.starts_with('▌')).cloned().unwrap();
    assert!(muted.contains("~ "), "{muted}");
    screen.press("esc");
    let style = screen.picture().style_at("2 │");
    assert!(screen.shows("Chat ●"), "{:?} {style:?}", list(&screen));
    screen.restarts();
    assert!(screen.shows("↑ lin") && screen.shows("~ "), "{:?}", list(&screen));
}

#[test]
fn what_is_muted_is_dim_and_alt_a_passes_it_by() {
    let mut screen = with_three();
    screen.press("alt+2");
    assert!(front(&screen).contains(MIA) || front(&screen).contains(STRANGER));
    screen.press("alt+m");
    assert!(screen.shows("is muted; Alt+M takes that back"), "{:?}", screen.rows());
    let muted = front(&screen);
    screen.press("ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter");
    let from = if muted.contains(MIA) { MIA } else { STRANGER };
    let counted = screen.state.chat.unread();
    screen.hears(from, "again");
    screen.hears(from, "and again");
    assert_eq!((screen.state.chat.unread(), screen.state.chat.unread_for_title()), (counted, counted));
    let theme = Preset::Dark.theme().unwrap();
    assert_eq!(screen.picture().style_at("2 │").fg, theme.dim.fg);
    screen.press("alt+a alt+a alt+a");
    assert_ne!(front(&screen)[..20], muted[..20]);
}

#[test]
fn a_count_can_be_left_out_of_the_title_of_the_window_alone() {
    let mut screen = with_three();
    screen.press("alt+p down down down down down down");
    assert!(screen.row_containing("Count in the title").contains("▌"));
    screen.press("space esc");
    screen.press("alt+down");
    screen.hears(LIN, "unread");
    let chat = &screen.state.chat;
    assert_eq!(chat.unread(), chat.unread_for_title() + 1);
}

#[test]
fn whoever_is_blocked_is_thrown_away_by_the_network_and_counted_until_it_is_not() {
    let mut screen = with_three();
    screen.press("alt+k y");
    assert!(screen.shows("lin is blocked; for a minute Alt+K brings back"), "{:?}", screen.rows());
    screen.passes(Duration::from_mins(1));
    screen.is_told(Event::Wake);
    assert_eq!(screen.effects(), [Effect::Block(vec![address(LIN)])]);
    screen.hears(LIN, "on its way already");
    screen.is_told(Event::Chat(ChatEvent::Blocked(address(LIN), 1234)));
    assert!(!screen.shows("on its way") && front(&screen).contains("blocked: 1,235 not kept"));
    assert!(list(&screen).iter().any(|row| row.starts_with("▌✗ lin")), "{:?}", list(&screen));
    screen.restarts();
    assert_eq!(screen.effects(), [Effect::Block(vec![address(LIN)])], "also in the next run");
    screen.press("ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter alt+k");
    assert_eq!(screen.effects(), [Effect::Block(vec![])]);
    screen.hears(LIN, "here again");
    assert!(screen.shows("here again"));
}

#[test]
fn how_much_was_thrown_away_is_kept_in_the_conversation_when_a_peer_is_not_blocked_any_more() {
    let mut screen = with_three();
    screen.press("alt+k y");
    screen.is_told(Event::Chat(ChatEvent::Blocked(address(LIN), 1234)));
    screen.press("alt+k");
    assert!(
        screen.shows("lin is not blocked any more") && screen.shows("… 1,234 more"),
        "{:?}",
        screen.rows()
    );
    screen.restarts();
    screen.press("ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter");
    assert!(screen.shows("… 1,234 more"), "{:?}", screen.rows());
}

fn blocks(screen: &mut Screen) -> bool {
    screen.passes(Duration::from_mins(2));
    screen.is_told(Event::Wake);
    screen.effects().contains(&Effect::Block(vec![address(LIN)]))
}

#[test]
fn the_key_that_blocks_asks_however_often_it_is_pressed() {
    let mut screen = with_three();
    for _ in 0..40 {
        screen.press("alt+k");
    }
    assert!(screen.shows("Block lin?") && screen.shows("Y yes"), "{:?}", screen.rows());
    screen.press("enter enter");
    screen.hears(LIN, "still heard");
    assert!(!blocks(&mut screen), "neither that key nor Enter is an answer");
    screen.press("n");
    assert!(!screen.shows("Block lin?") && screen.shows("still heard"), "{:?}", screen.rows());
}

#[test]
fn whoever_goes_on_typing_after_the_key_that_blocks_writes_and_blocks_nobody() {
    let mut screen = with_three();
    // Esc and a word right behind it: most terminals send the first two as Alt+K.
    screen.press("alt+k");
    screen.type_text("ey, yes");
    screen.press("enter");
    screen.hears(LIN, "still heard");
    assert!(screen.shows("still heard") && screen.shows("ey, yes"), "{:?}", screen.rows());
    assert!(!blocks(&mut screen));
    // The list of peers, and what is set for one, ask as well.
    for keys in ["tab tab b", "n esc alt+p b", "n space"] {
        screen.press(keys);
        assert!(screen.shows("Block lin?"), "{keys}: {:?}", screen.rows());
    }
    screen.press("n space enter");
    assert!(!blocks(&mut screen));
    screen.press("y");
    assert!(blocks(&mut screen));
    screen.press("space");
    assert_eq!(
        screen.effects(),
        [Effect::Block(vec![])],
        "back again, nothing is lost, and nothing is asked"
    );
}

#[test]
fn what_comes_within_a_minute_of_blocking_comes_back_when_that_is_undone() {
    let mut screen = with_three();
    screen.press("tab tab b y");
    for n in 1..=5 {
        screen.hears(LIN, format!("meanwhile {n}"));
        screen.passes(Duration::from_secs(10));
    }
    assert!(!screen.shows("meanwhile"), "{:?}", screen.rows());
    let said = "blocked: 5 held back · Alt+K within a minute shows them";
    assert!(front(&screen).contains(said), "{}", front(&screen));
    assert_eq!(screen.notifications(), []);
    screen.press("esc alt+k");
    for n in 1..=5 {
        assert!(screen.shows(&format!("meanwhile {n}")), "{:?}", screen.rows());
    }
    assert!(!screen.shows("… ") && !blocks(&mut screen), "{:?}", screen.rows());
    screen.restarts();
    screen.press("ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter");
    assert!(screen.shows("meanwhile 1") && screen.shows("meanwhile 5"), "they are kept as any others");
}

#[test]
fn what_is_held_back_has_a_bound_and_the_rest_is_counted() {
    let mut screen = with_three();
    screen.press("alt+k y");
    for n in 0..1_010 {
        screen.hears(LIN, format!("number {n}."));
    }
    screen.is_told(Event::Chat(ChatEvent::Folded(address(LIN), 100)));
    let said = "blocked: 1,000 held back · 110 not kept";
    assert!(front(&screen).contains(said), "{}", front(&screen));
    assert!(!screen.shows("sends too much"), "a flood of a blocked peer is no news");
    screen.press("alt+k");
    assert!(screen.shows("number 999.") && screen.shows("… 110 more"), "{:?}", screen.rows());
}

#[test]
fn what_is_held_back_is_not_kept_after_the_minute_and_the_header_says_so() {
    let mut screen = with_three();
    screen.press("alt+k y");
    assert!(front(&screen).contains("blocked: 0 held back"), "{}", front(&screen));
    screen.hears(LIN, "meanwhile");
    screen.passes(Duration::from_mins(1));
    screen.is_told(Event::Wake);
    let header = front(&screen);
    assert!(header.contains("blocked: 1 not kept") && !header.contains("held back"), "{header}");
}

#[test]
fn what_was_held_back_is_not_lost_when_the_program_ends_within_the_minute() {
    let mut screen = with_three();
    screen.press("alt+k y");
    screen.hears(LIN, "the last words");
    screen.restarts();
    screen.press("ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter");
    assert!(screen.shows("the last words"), "{:?}", screen.rows());
}

#[test]
fn a_flood_is_pointed_out_once_and_the_keys_are_about_who_floods() {
    let mut screen = with_three();
    screen.type_text("typing");
    floods(&mut screen, MIA);
    assert!(screen.shows("mia sends too much: Alt+M mutes, Alt+K blocks it"), "{:?}", screen.rows());
    screen.press("alt+k");
    assert!(screen.shows("Block mia?"), "{:?}", screen.rows());
    screen.press("y");
    assert!(screen.shows("mia is blocked"), "{:?}", screen.rows());
    assert!(screen.shows("│ typing"));
    screen.press("alt+k");
    assert!(
        screen.shows("mia is not blocked any more"),
        "the key undoes it wherever one is: {:?}",
        screen.rows()
    );
    screen.press("x");
    floods(&mut screen, STRANGER);
    assert!(screen.shows("10.0.0.9:40123 sends too much"));
    screen.press("x");
    for _ in 0..200 {
        screen.passes(Duration::from_secs(1));
        floods(&mut screen, STRANGER);
    }
    assert!(!screen.shows("sends too much"), "it is one flood");
    screen.passes(Duration::from_mins(2));
    floods(&mut screen, STRANGER);
    assert!(screen.shows("sends too much"));
    screen.press("alt+m");
    assert!(screen.shows("10.0.0.9:40123 is muted"));
    screen.passes(Duration::from_mins(2));
    screen.press("x");
    floods(&mut screen, STRANGER);
    assert!(!screen.shows("sends too much"), "who is muted is not announced");
}

#[test]
fn a_peer_is_forgotten_after_a_question_and_is_a_stranger_when_it_writes_again() {
    let mut screen = with_three();
    (0..1233).for_each(|n| screen.hears(LIN, format!("{n}")));
    screen.press("tab tab x");
    assert!(
        screen.shows("Forget lin with its name and all its messages") && screen.shows("(1,234)?"),
        "{:?}",
        screen.rows()
    );
    screen.press("n");
    assert!(front(&screen).contains(LIN) && !screen.shows("(1,234)"));
    screen.press("x y");
    assert!(!screen.shows("lin ") && !front(&screen).contains(LIN), "{:?}", screen.rows());
    assert!(screen.caret().is_none(), "the list still has the focus");
    screen.press("ctrl+l ctrl+u");
    screen.type_text("192.168.1.5");
    assert!(!screen.shows("192.168.1.5:7890"), "its address is not offered any more: {}", front(&screen));
    screen.press("esc");
    screen.restarts();
    assert!(!screen.shows("192.168.1.5"), "{:?}", list(&screen));
    screen.hears(LIN, "me again");
    screen.press("alt+a");
    assert!(front(&screen).starts_with(" To  192.168.1.5:7890 ") && screen.shows("me again"));
    assert!(!screen.shows("1232"));
}

#[test]
fn the_last_peer_can_be_forgotten_too() {
    let mut screen = Screen::new(100, 30);
    screen.hears(LIN, "hello");
    screen.press("alt+p x x x enter");
    assert!(screen.shows("This cannot be undone"), "that needs its own key: {:?}", screen.rows());
    screen.press("y");
    assert!(screen.shows("Nobody to talk to yet"), "{:?}", screen.rows());
    assert!(screen.state.chat.conversations.is_empty());
    screen.press("alt+p");
    assert!(screen.shows("There is nobody"));
}

#[test]
fn everyone_is_a_goal_from_the_start_and_a_conversation_of_its_own() {
    let mut screen = Screen::new(100, 30);
    screen.press("ctrl+g");
    assert!(screen.shows("everyone:7890"));
    screen.type_text("everyone");
    assert_eq!(screen.rows().iter().filter(|row| row.contains("everyone:7890")).count(), 1);
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  everyone:7890 "));
    assert!(front(&screen).contains("everyone on these networks"));
    screen.type_text("who is there?");
    screen.press("enter");
    let effects = screen.effects();
    let [Effect::Send { to: Peer::Broadcast(7890), text, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text, "who is there?");
    screen.hears(LIN, "I am");
    assert!(screen.shows("who is there?") && !screen.shows("I am"), "it stands under its sender");
    screen.press("ctrl+l ctrl+u");
    screen.type_text("everyone:9000");
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  everyone:9000 "));
    screen.press("alt+p");
    assert!(screen.shows("Stays at the top") && !screen.shows("Blocked:"), "nobody hears from everyone");
    screen.press("esc alt+k");
    assert_eq!(screen.effects(), []);
    screen.restarts();
    assert!(screen.shows("everyone:7890") && screen.shows("everyone:9000"));
}

#[test]
fn a_name_and_an_address_complete_with_tab_one_after_the_other() {
    let mut screen = with_three();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("MI");
    assert!(front(&screen).starts_with(" To  MIa"), "{}", front(&screen));
    assert_eq!(screen.caret(), Some((7, 1)), "the caret stays behind what was typed");
    assert_eq!(screen.picture().style_at("a:7890").fg, Preset::Dark.theme().unwrap().dim.fg);
    screen.press("tab enter");
    let (request, endpoint) = screen.resolves();
    assert_eq!(endpoint.to_string(), "mia:7890", "only a name of the user's needs no resolver");
    screen.is_told(Event::Resolved(request, Ok(vec![address(MIA)])));
    screen.press("ctrl+l ctrl+u");
    screen.type_text("192");
    let mut seen = Vec::new();
    for _ in 0..3 {
        screen.press("tab");
        seen.push(screen.state.chat.bar.field.text().to_owned());
    }
    assert_eq!(seen, [MIA, LIN, MIA]);
    screen.press("enter");
    assert!(front(&screen).contains(MIA));
    screen.press("ctrl+l ctrl+u");
    screen.type_text("eve");
    screen.press("right");
    assert_eq!(screen.state.chat.bar.field.text(), "everyone");
    screen.press("tab");
    assert!(screen.caret().unwrap().1 > 1, "nothing else begins like it: Tab goes on to the next pane");
}

#[test]
fn without_colour_the_selected_peer_and_the_marks_are_still_to_be_seen() {
    let mut screen = with_three();
    screen.wear(Theme::without_colour(Preset::Dark.theme().unwrap()));
    screen.press("tab tab m b y p");
    assert!(list(&screen)[0].starts_with("▌↑~✗ lin"), "{:?}", list(&screen));
    assert!(screen.picture().style_at("↑~✗ lin").add_modifier.contains(Modifier::REVERSED));
    assert!(screen.picture().colours().is_empty());
}

#[test]
fn a_hostile_name_keeps_the_list_and_the_settings_whole() {
    for name in ["\u{1b}[2J", "\u{202e}evil", "│┌─┐", &"宽".repeat(500), "👨‍👩‍👧‍👦\u{301}", "ﷺ﷽"]
    {
        for (width, height) in [(40, 10), (60, 12), (100, 30)] {
            let mut screen = Screen::new(width, height);
            screen.hears(LIN, "hello");
            screen.press("alt+p n");
            screen.paste(name);
            screen.picture();
            screen.press("enter");
            assert!(screen.shows("┐"), "{:?}", screen.rows());
            screen.press("x");
            assert!(screen.shows("Y yes"), "{name:?} {width}: {:?}", screen.rows());
            screen.press("n esc tab tab p m b");
            screen.picture();
            screen.press("/");
            screen.paste(name);
            screen.picture();
        }
    }
}

#[test]
fn a_stranger_who_was_muted_does_not_give_way_to_a_thousand_others() {
    let mut screen = Screen::new(100, 30);
    screen.hears(STRANGER, "buy this");
    screen.press("alt+m");
    screen.hears(LIN, "hello");
    screen.press("alt+a");
    for n in 0..1003_u32 {
        screen.hears(&format!("10.1.{}.{}:7890", n / 250, n % 250), "spam");
    }
    let mut open = screen.state.chat.conversations.iter();
    let kept = open.find(|open| open.peer().to_string() == STRANGER).expect("the muted one is still there");
    assert!(kept.contact.muted);
}
