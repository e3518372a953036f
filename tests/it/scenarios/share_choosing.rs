//! Typing the folder that is to be shared: Tab completes it among the folders of this machine.

use std::path::Path;

use hobnob::effect::{Effect, ShareOrder};
use hobnob::event::{Event, FolderName, Folders, RequestId, ShareFault};
use hobnob::text::clean_line;

use crate::support::screen::Screen;

pub(crate) fn folder_name(name: &str) -> FolderName {
    FolderName { name: name.to_owned(), shown: clean_line(name.as_bytes()) }
}

impl Screen {
    /// Begins to type a folder to share.
    pub(crate) fn types_folder(&mut self, folder: &str) {
        self.press("ctrl+s ctrl+a ctrl+k");
        self.type_text(folder);
    }

    /// Has what is typed completed: in which folder is looked, and for what.
    #[track_caller]
    fn looks_for(&mut self) -> (RequestId, String, String) {
        self.press("tab");
        let effects = self.effects();
        let [Effect::FindFolders { request, folder, beginning }] = &effects[..] else {
            panic!("{effects:?}")
        };
        (*request, folder.to_str().unwrap().to_owned(), beginning.clone())
    }

    fn is_told_of(&mut self, request: RequestId, names: &[&str], more: usize) {
        let names = names.iter().copied().map(folder_name).collect();
        self.is_told(Event::FoldersFound(request, Ok(Folders { names, more })));
    }

    /// Has what is typed completed where these folders are.
    #[track_caller]
    pub(crate) fn finds(&mut self, names: &[&str]) {
        let (request, ..) = self.looks_for();
        self.is_told_of(request, names, 0);
    }

    /// What stands in the field, shown with its label.
    fn typed(&self) -> String {
        let row = self.row_containing("Folder  ");
        let (_, typed) = row.split_once("Folder  ").unwrap();
        typed.trim_end_matches([' ', '│']).to_owned()
    }
}

#[test]
fn tab_completes_the_only_folder_that_fits_and_then_looks_into_it() {
    for (typed, folder, beginning, name, expected) in [
        ("/home/lin/sl", "/home/lin/", "sl", "slides", "/home/lin/slides/"),
        ("~/讲", "~/", "讲", "讲义 2", "~/讲义 2/"),
        ("sl", ".", "sl", "slides", "slides/"),
        ("/", "/", "", "home", "/home/"),
        ("/DOC", "/", "DOC", "Documents", "/Documents/"),
        ("", ".", "", " a", "./ a/"),
        ("", ".", "", "~", "./~/"),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.types_folder(typed);
        let (request, asked_in, asked_for) = screen.looks_for();
        assert_eq!((&*asked_in, &*asked_for), (folder, beginning), "{typed}");
        screen.is_told_of(request, &[name], 0);
        assert_eq!(screen.typed(), expected);
        let (_, asked_in, asked_for) = screen.looks_for();
        assert_eq!((&*asked_in, &*asked_for), (expected, ""));
    }
}

#[test]
fn what_is_certain_without_looking_is_not_looked_for() {
    for (typed, expected) in [("~", "~/"), ("..", "../"), ("/home/..", "/home/../")] {
        let mut screen = Screen::new(80, 24);
        screen.types_folder(typed);
        screen.press("tab");
        assert_eq!((screen.typed(), screen.effects()), (expected.to_owned(), vec![]));
    }
}

#[test]
fn of_several_what_all_begin_with_is_certain_and_tab_walks_through_them() {
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/s");
    screen.finds(&["slides-1", "slides-2", "slides-10"]);
    assert_eq!(screen.typed(), "/slides-");
    assert!(screen.shows("slides-1/") && screen.shows("slides-2/") && screen.shows("slides-10/"));
    assert!(screen.shows("Whoever reaches this machine"), "what there is to be known stays");
    for (key, expected) in [
        ("tab", "/slides-1/"),
        ("tab", "/slides-2/"),
        ("down", "/slides-10/"),
        ("tab", "/slides-1/"),
        ("up", "/slides-10/"),
        ("up", "/slides-2/"),
    ] {
        screen.press(key);
        assert_eq!((screen.typed(), screen.effects()), (expected.to_owned(), vec![]), "{key}");
    }
    let picture = screen.picture();
    let [taken, other] = ["slides-2/", "slides-1/"].map(|name| {
        let (x, y) = picture.place_of(&format!("│ {name}"));
        picture.style_of(x + 2, y)
    });
    assert_ne!(taken.bg, other.bg, "the one in the field is seen");
    screen.type_text("/");
    assert_eq!(screen.typed(), "/slides-2/", "the slash stands there already");
    assert!(!screen.shows("slides-10/"));
    let (_, folder, beginning) = screen.looks_for();
    assert_eq!((&*folder, &*beginning), ("/slides-2/", ""));
}

#[test]
fn a_folder_that_was_walked_to_is_shared() {
    let mut screen = Screen::new(80, 24);
    screen.types_folder("~/");
    screen.finds(&["a", "b"]);
    screen.press("tab tab enter");
    let effects = screen.effects();
    assert!(
        matches!(&effects[..], [Effect::Share(ShareOrder::Start { folder, .. })] if folder == Path::new("~/b/")),
        "{effects:?}"
    );
    assert!(screen.shows("one moment") && !screen.shows("a/"));
}

#[test]
fn a_further_letter_narrows_them_and_another_tab_completes_what_is_left() {
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/");
    screen.finds(&["music", "slides", "songs"]);
    screen.type_text("s");
    assert!(!screen.shows("music/") && screen.shows("slides/") && screen.shows("songs/"));
    screen.type_text("o");
    assert!(!screen.shows("slides/") && screen.shows("songs/"));
    screen.press("backspace");
    assert!(screen.shows("slides/"), "and one less widens them");
    screen.type_text("o");
    screen.finds(&["songs"]);
    assert_eq!(screen.typed(), "/songs/");
    for edit in ["x", "/"] {
        let mut screen = Screen::new(80, 24);
        screen.types_folder("/");
        screen.finds(&["music", "slides"]);
        screen.type_text(edit);
        assert!(!screen.shows("music/") && !screen.shows("slides/"), "{edit}");
    }
}

#[test]
fn an_answer_to_what_is_typed_no_more_changes_nothing() {
    let later: [fn(&mut Screen); 4] = [
        |screen| screen.type_text("x"),
        |screen| screen.paste("x"),
        |screen| screen.press("backspace"),
        |screen| screen.press("esc ctrl+s"),
    ];
    for later in later {
        let mut screen = Screen::new(80, 24);
        screen.types_folder("/ho");
        let (request, ..) = screen.looks_for();
        assert!(screen.shows("Share a folder · one moment…"));
        screen.press("tab");
        assert_eq!(screen.effects(), [], "once is enough");
        later(&mut screen);
        let rows = screen.rows();
        screen.is_told_of(request, &["home", "hold"], 0);
        screen.is_told(Event::FoldersFound(request, Err(ShareFault::Busy)));
        assert_eq!(screen.rows(), rows);
        assert!(!screen.shows("one moment"));
    }
}

#[test]
fn a_folder_that_cannot_be_read_is_said_and_that_nothing_is_there() {
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/root/");
    let (request, ..) = screen.looks_for();
    let fault = ShareFault::Folder { path: "/root".into(), reason: clean_line(b"Permission denied") };
    screen.is_told(Event::FoldersFound(request, Err(fault)));
    assert!(screen.shows("/root is not a folder that can be read: Permission denied"));
    screen.press("backspace");
    assert!(!screen.shows("Permission denied"));
    screen.finds(&[]);
    assert!(screen.shows("Nothing found"));
    assert_eq!(screen.typed(), "/root");
    screen.type_text("x");
    assert!(!screen.shows("Nothing found"));
}

#[test]
fn where_nobody_can_look_any_more_nothing_is_offered_any_more() {
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/");
    screen.finds(&["music", "slides"]);
    screen.type_text("s");
    let (request, ..) = screen.looks_for();
    screen.is_told(Event::FoldersFound(request, Err(ShareFault::Busy)));
    assert!(!screen.shows("slides/") && screen.shows("/s"));
}

#[test]
fn behind_the_caret_nothing_is_completed() {
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/ho");
    screen.press("left tab");
    assert_eq!((screen.typed(), screen.effects()), ("/ho".to_owned(), vec![]));
}

#[test]
fn of_many_some_are_in_view_and_the_others_are_counted() {
    let names: Vec<String> = (0..30).map(|n| format!("n{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/");
    screen.finds(&names);
    assert_eq!(screen.typed(), "/n");
    assert!(screen.shows("n07/") && !screen.shows("n08/") && screen.shows("not in this list: 22"));
    screen.press("up");
    assert!(screen.shows("n29/ ") && screen.shows("n22/") && !screen.shows("n21/"));

    let mut screen = Screen::new(80, 24);
    screen.types_folder("/");
    let (request, ..) = screen.looks_for();
    screen.is_told_of(request, &names, 5);
    assert_eq!(screen.typed(), "/", "of those that are not known nothing is certain");
    assert!(screen.shows("not in this list: 27"));
    screen.type_text("n");
    assert!(!screen.shows("n00/"), "another of them may fit");
}

#[test]
fn a_hostile_name_does_nothing_to_the_screen_and_is_taken_as_it_is() {
    let hostile = "a\u{202e}b";
    let mut screen = Screen::new(80, 24);
    screen.types_folder("/");
    screen.finds(&[hostile, "c"]);
    // That a picture can be taken says that no cell acts.
    screen.picture().assert_whole();
    screen.press("tab enter");
    let effects = screen.effects();
    let [Effect::Share(ShareOrder::Start { folder, .. })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(folder, Path::new("/a\u{202e}b/"));
}
