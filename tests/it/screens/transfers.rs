//! The pane of the downloads, and what lies over the screen about one of them.

use std::time::Duration;

use hobnob::effect::{Effect, KeptState};
use hobnob::event::{Clash, Event, Facts, Fault, Listing, TransferEvent, WalkEvent};

use super::{ALL, SERVER, looks};
use crate::support::screen::{Screen, file, finished, folder, started};

/// A folder that is still looked through, with a file that failed, and files of every state around it.
fn under_way(screen: &mut Screen) {
    screen.opens(
        SERVER,
        vec![
            folder("课程录像"),
            file("a-name-that-is-longer-than-its-column-and-ends-in-something.tar.gz", 2_600_000_000),
            file("notes.pdf", 3_100_000),
            file("第三讲：套接字编程与网络协议分析.pdf", 12_345_678),
        ],
    );
    screen.press("home down space space space d home d");
    let (mut ids, mut walk) = (Vec::new(), None);
    for effect in screen.effects() {
        match effect {
            Effect::Fetch { id, .. } => ids.push(id),
            Effect::Walk { request, source, .. } => walk = Some((request, source)),
            other => panic!("{other:?}"),
        }
    }
    screen.hears_of(ids[0], started(Some(2_600_000_000)));
    let modified = |at: &str| Some(at.parse().expect("a time"));
    let clash = Clash {
        path: "/home/lin/Downloads/notes.pdf".into(),
        there: Facts { size: Some(2_900_000), modified: modified("2026-10-31T18:00:00Z") },
        comes: Facts { size: None, modified: modified("2026-11-02T09:14:00Z") },
    };
    screen.hears_of(ids[1], TransferEvent::Failed(Fault::Exists(Box::new(clash))));
    screen.fetches().into_iter().for_each(|(id, _)| screen.hears_of(id, TransferEvent::Failed(Fault::Reset)));
    let (request, source) = walk.expect("the folder is looked through");
    let entries = (0..1200).map(|n| file(format!("{n}.mp4"), 40_000)).collect();
    let listing = Listing {
        source: source.clone(),
        entries,
        is_cut: false,
        unlisted: hobnob::event::Unlisted::default(),
    };
    screen.is_told(Event::Walk(request, WalkEvent::Found(listing)));
    let locked = source.at(source.path.join("考试/".as_bytes()));
    screen.is_told(Event::Walk(request, WalkEvent::Missed(locked, Fault::Status(403))));
    let files: Vec<_> = screen.fetches().into_iter().map(|(id, _)| id).collect();
    for (nth, id) in files.iter().enumerate().take(6) {
        screen.hears_of(*id, started(Some(40_000)));
        match nth {
            0 | 1 => screen.hears_of(*id, finished("/x", 40_000, Duration::ZERO)),
            _ => screen.hears_of(*id, TransferEvent::Progress { bytes: 12_000 }),
        }
    }
    let mut bytes = 400_000_000;
    for second in 0..8 {
        screen.passes(Duration::from_secs(1));
        bytes += 40_000_000 + second * second * 3_000_000;
        screen.hears_of(ids[0], TransferEvent::Progress { bytes });
        screen.is_told(Event::Wake);
    }
    screen.press("f2 f3 tab end");
}

#[test]
fn a_folder_under_way_with_the_files_that_run() {
    looks("transfers_folder", &ALL, under_way);
}

#[test]
fn all_that_is_known_of_a_folder() {
    looks("transfers_details", &ALL, |screen| {
        under_way(screen);
        screen.press("i");
    });
}

#[test]
fn a_file_that_is_there_already() {
    looks("transfers_conflict", &ALL, |screen| {
        under_way(screen);
        screen.press("up up a down");
    });
}

#[test]
fn the_limit_that_is_no_speed() {
    looks("transfers_limit", &ALL, |screen| {
        under_way(screen);
        screen.press("l");
        screen.type_text("fast");
        screen.press("enter");
    });
}

#[test]
fn the_question_before_a_download_is_cancelled() {
    looks("confirm_cancel", &ALL, |screen| {
        screen
            .opens(SERVER, vec![file("a-file-with-a-rather-long-name-that-does-not-fit.tar.gz", 5_000_000)]);
        screen.press("d");
        let ids: Vec<_> = screen.fetches().into_iter().map(|(id, _)| id).collect();
        screen.hears_of(ids[0], started(Some(5_000_000)));
        screen.hears_of(ids[0], TransferEvent::Progress { bytes: 2_000_000 });
        screen.press("tab x");
    });
}

#[test]
fn the_question_whether_a_name_that_begins_with_a_dot_is_kept() {
    looks("dot_name", &ALL, |screen| {
        screen.opens(SERVER, vec![file(".bashrc", 3_500), file("notes.pdf", 3_100_000)]);
        screen.press(". home d");
    });
}

#[test]
fn what_was_under_way_when_the_program_crashed() {
    let crashes = |screen: &mut Screen| {
        screen.opens(SERVER, vec![file("a-file-with-a-rather-long-name.tar.gz", 5_000_000)]);
        screen.press("d tab");
        let ids: Vec<_> = screen.fetches().into_iter().map(|(id, _)| id).collect();
        // What rests is not kept anew at the end.
        screen.press("p");
        screen.hears_of(ids[0], TransferEvent::Paused);
        screen.restarts();
        screen.kept.queue.values_mut().for_each(|item| item.state = KeptState::Crashed);
        screen.restarts();
        screen.press("f3 tab");
    };
    looks("crashed", &ALL, crashes);
    for (width, height) in [(40, 10), (80, 24), (200, 60)] {
        let mut screen = Screen::new(width, height);
        crashes(&mut screen);
        assert!(screen.row_containing("crashed").contains("P goes on"), "{:?}", screen.rows());
        screen.press("i");
        assert!(screen.shows("under way when hobnob"), "why it does not go on: {:?}", screen.rows());
    }
}
