//! Saying who one is to a server that wants to know.

use hobnob::effect::Effect;
use hobnob::event::{BrowseEvent, Event, Fault, RequestId};
use hobnob::text::clean_line;
use hobnob::wire::credentials::Credentials;
use hobnob::wire::source::Source;

use super::SERVER;
use crate::support::screen::{Screen, file};

fn unauthorized(screen: &mut Screen, request: RequestId) {
    let origin = Box::new(Source::parse(SERVER).unwrap().origin());
    let fault = Fault::Unauthorized { origin, realm: clean_line("讲义".as_bytes()) };
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(fault)));
}

/// The server asks who it is.
fn asked() -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.press("f3 ctrl+l");
    screen.type_text(SERVER);
    screen.press("enter");
    let (request, _) = screen.asks();
    unauthorized(&mut screen, request);
    screen
}

/// What was said to which server, and what was asked of it then.
#[track_caller]
fn said(screen: &mut Screen) -> (Option<Credentials>, RequestId) {
    let effects = screen.effects();
    let [Effect::Authorize { origin, credentials }, Effect::Browse { request, source }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((origin, source.to_string().as_str()), (&source.origin(), SERVER));
    (credentials.clone(), *request)
}

fn credentials(user: &str, password: &str) -> Option<Credentials> {
    Credentials::new(user.to_owned(), password.to_owned())
}

#[test]
fn the_user_is_asked_and_then_the_server_once_more() {
    let mut screen = asked();
    assert!(screen.shows("wants a user name") && screen.shows("“讲义”"));
    assert!(screen.shows("Without https"));
    screen.type_text("lin");
    screen.press("tab");
    screen.type_text("geheim 密");
    assert!(screen.shows("••••••••") && !screen.shows("geheim"));
    let (x, y) = screen.picture().place_of("••••••••");
    assert_eq!(screen.caret(), Some((x + 8, y)));
    screen.press("home");
    assert_eq!(screen.caret(), Some((x, y)));
    assert!(!format!("{:?}", screen.state).contains("geheim"));
    screen.press("enter");
    let (told, request) = said(&mut screen);
    assert!(told == credentials("lin", "geheim 密"));
    assert!(!screen.shows("wants a user name"));
    screen.is_listed(request, SERVER, vec![file("secret.txt", 1)]);
    assert!(screen.shows("secret.txt"));
    screen.restarts();
    assert_eq!(screen.effects(), [], "nobody asked to remember it");
}

#[test]
fn a_whole_address_that_is_typed_as_a_path_is_taken_as_in_the_address_bar() {
    let mut screen = Screen::new(80, 24);
    screen.opens("http://box/", vec![file("a", 1)]);
    screen.press(":");
    screen.type_text("http://lin:geheim@192.168.1.5:7890/");
    screen.press("enter");
    let (told, request) = said(&mut screen);
    assert!(told == credentials("lin", "geheim"));
    screen.is_listed(request, SERVER, vec![file("secret.txt", 1)]);
    assert!(screen.shows("secret.txt") && !screen.shows("geheim"));
    assert!(!format!("{:?}", screen.state).contains("geheim"), "not even as what was typed last");
    screen.press(":");
    screen.type_text("ftp://lin:geheim@box/");
    screen.press("enter");
    assert_eq!(screen.effects(), []);
    assert!(screen.shows("hobnob does not speak “ftp”"), "where it is typed, as long as it stays");
    screen.press("backspace");
    assert!(!screen.shows("hobnob does not speak"));
    screen.press("esc");
    assert!(!format!("{:?}", screen.state).contains("geheim"));
}

#[test]
fn a_wrong_password_is_said_and_asked_for_again() {
    let mut screen = asked();
    screen.type_text("lin");
    screen.press("enter");
    screen.type_text("wrong");
    screen.press("enter");
    let (_, request) = said(&mut screen);
    unauthorized(&mut screen, request);
    assert!(screen.shows("Not accepted."));
    assert!(screen.shows("lin") && !screen.shows("•"), "the name stays, the password does not");
    screen.type_text("right");
    screen.press("enter");
    assert!(said(&mut screen).0 == credentials("lin", "right"));
}

#[test]
fn esc_gives_up_and_says_what_failed() {
    let mut screen = asked();
    screen.type_text("lin");
    screen.press("esc");
    assert_eq!(screen.effects(), []);
    assert!(screen.shows("R tries again"));
    screen.press("r");
    let (request, _) = screen.asks();
    unauthorized(&mut screen, request);
    assert!(!screen.shows("Not accepted"), "nothing was said yet");
}

#[test]
fn what_cannot_be_sent_is_said_before_it_is_sent() {
    let mut screen = asked();
    screen.type_text("a:b");
    screen.press("enter enter");
    assert_eq!(screen.effects(), []);
    assert!(screen.shows("cannot be sent"));
}

#[test]
fn what_is_remembered_is_said_from_the_start_and_can_be_forgotten() {
    let mut screen = asked();
    screen.type_text("lin");
    screen.press("tab");
    screen.type_text("geheim");
    screen.press("tab");
    assert_eq!(screen.caret(), None);
    screen.type_text(" ");
    assert!(screen.shows("[x] Remember it"));
    screen.press("enter");
    let (_, request) = said(&mut screen);
    screen.is_listed(request, SERVER, vec![]);
    screen.restarts();
    let effects = screen.effects();
    let [Effect::Authorize { origin, credentials: told }] = &effects[..] else { panic!("{effects:?}") };
    assert!(*origin == Source::parse(SERVER).unwrap().origin() && *told == credentials("lin", "geheim"));

    screen.press("f3 ctrl+g");
    screen.type_text("http");
    screen.press("delete delete delete enter");
    assert!(screen.shows("Forget http://") && screen.shows("with its password"), "{:?}", screen.rows());
    assert_eq!(screen.effects(), [], "it is asked first");
    screen.press("n delete y");
    let effects = screen.effects();
    let [Effect::Authorize { credentials: None, .. }] = &effects[..] else { panic!("{effects:?}") };
    screen.restarts();
    assert_eq!(screen.effects(), []);
}

#[test]
fn who_looks_elsewhere_is_not_disturbed() {
    let mut screen = Screen::new(80, 24);
    screen.press("f3 ctrl+l");
    screen.type_text(SERVER);
    screen.press("enter f2");
    let (request, _) = screen.asks();
    unauthorized(&mut screen, request);
    assert!(!screen.shows("wants a user name"));
    screen.type_text("hello");
    screen.press("f3");
    assert!(screen.shows("R tries again"));
}

#[test]
fn each_row_can_be_clicked() {
    let mut screen = asked();
    screen.click_on("Remember it");
    assert!(screen.shows("[x] Remember it"));
    screen.click_on("Password");
    screen.type_text("x");
    assert!(screen.shows("•"));
    screen.click_on("User name ");
    screen.type_text("lin");
    assert!(screen.shows("lin"));
}
