//! What lies over the screen about the folder that is shared.

use hobnob::event::ShareEvent;
use hobnob::event::served::{Answer, End, Request};
use hobnob::text::clean_line;

use super::{ALL, looks, talk};
use crate::scenarios::share::{running, served, taking, took, whole};
use crate::support::screen::Screen;

const MIA: &str = "192.168.1.7:50123";
const FAR: &str = "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:40001";

/// Two take something; others did.
fn taken(screen: &mut Screen) {
    talk(screen);
    screen.effects();
    let id = screen.shares(&["192.168.1.20:7890", "[2001:db8::20]:7890"]);
    let plain = Request::Plain(clean_line("讲义/第三讲：套接字编程.pdf".as_bytes()));
    screen.hears_of_share(
        id,
        took(vec![
            whole(MIA, "/", 4_100),
            served(FAR, plain, Answer::File, End::Whole, 12_345_678),
            whole(MIA, "/slides/lecture-01.pdf", 3_145_728),
            served(MIA, Request::Garbled, Answer::Refused, End::Whole, 0),
            whole(FAR, "/a-name-that-is-longer-than-its-column-and-ends-in-something.tar.gz", 1_000),
        ]),
    );
    screen.hears_of_share(
        id,
        taking(vec![
            running(MIA, "/dataset.tar", 1_118_000_000, 2_600_000_000),
            running(FAR, "/课程录像/第一讲.mp4", 40_000_000, 512_000_000),
        ]),
    );
}

#[test]
fn a_folder_that_is_taken_from() {
    looks("share_taken", &ALL, taken);
}

#[test]
fn a_folder_that_is_chosen() {
    looks("share_choosing", &ALL, |screen| {
        talk(screen);
        screen.state.share.offer("/home/lin/slides".as_ref());
        screen.press("ctrl+s");
    });
}

#[test]
fn a_folder_that_nobody_has_taken_anything_from() {
    looks("share_nobody", &ALL, |screen| {
        talk(screen);
        screen.effects();
        screen.shares(&["192.168.1.20:40123"]);
    });
}

#[test]
fn the_address_as_a_code() {
    looks("share_code", &ALL, |screen| {
        taken(screen);
        screen.press("q");
    });
}

#[test]
fn a_share_behind_both_tabs() {
    looks("share_behind_chat", &ALL, |screen| {
        taken(screen);
        screen.press("esc");
    });
    looks("share_behind_files", &ALL, |screen| {
        taken(screen);
        screen.press("f3");
    });
}

#[test]
fn quitting_while_somebody_takes_something() {
    looks("share_quit", &ALL, |screen| {
        taken(screen);
        screen.press("ctrl+q");
    });
}

#[test]
fn a_share_that_was_turned_off() {
    looks("share_off", &ALL, |screen| {
        let id = screen.shares(&["192.168.1.20:7890"]);
        screen.hears_of_share(id, took(vec![whole(MIA, "/notes.pdf", 3_100_000)]));
        screen.press("x");
        screen.hears_of_share(id, ShareEvent::Stopped);
    });
}

#[test]
fn folders_that_what_is_typed_can_be_completed_to() {
    looks("share_completing", &ALL, |screen| {
        talk(screen);
        screen.effects();
        screen.types_folder("~/");
        let many =
            ["Documents", "Downloads", "Music", "Pictures", "Public", "slides", "讲义与作业", "Videos"];
        screen.finds(
            &[&many[..], &["work", "a-name-that-is-longer-than-its-row-on-the-smallest-screen"]].concat(),
        );
        screen.press("tab tab");
    });
}
