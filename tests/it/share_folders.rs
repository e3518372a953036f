//! The folders that can be chosen to be shared: the worker, on real folders.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use hobnob::event::{Event, Folders, RequestId, ShareFault};
use hobnob::shell::folders::{FolderWorker, NAMES};
use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

/// A worker, a folder in which it looks, and what is heard.
struct Looking {
    worker: FolderWorker,
    events: Receiver<Event>,
    folder: TempDir,
}

impl Looking {
    fn among(folders: &[&str]) -> Self {
        let folder = tempdir().unwrap();
        for name in folders {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let (events, queue) = channel(1);
        Self { worker: FolderWorker::start(&events), events: queue, folder }
    }

    fn asks(&self, id: u64, folder: &Path, beginning: &str) {
        assert!(self.worker.find(RequestId(id), folder.to_owned(), beginning.to_owned()).is_none());
    }

    async fn hears(&mut self) -> (RequestId, Result<Folders, ShareFault>) {
        match timeout(Duration::from_secs(20), self.events.recv()).await {
            Ok(Some(Event::FoldersFound(request, answer))) => (request, answer),
            other => panic!("{other:?}"),
        }
    }

    /// Those of the folder that begin so.
    async fn finds(&mut self, beginning: &str) -> Vec<String> {
        self.asks(1, self.folder.path(), beginning);
        let (_, answer) = self.hears().await;
        answer.unwrap().names.into_iter().map(|folder| folder.name).collect()
    }
}

#[tokio::test]
async fn folders_and_links_to_folders_are_found_in_the_order_of_their_names() {
    let mut looking = Looking::among(&["n10", "n2", "Nine", "other"]);
    let path = looking.folder.path();
    fs::write(path.join("n-file"), "").unwrap();
    symlink("other", path.join("n-link")).unwrap();
    symlink("n-file", path.join("n-link-to-file")).unwrap();
    symlink("nowhere", path.join("n-link-to-nothing")).unwrap();
    assert_eq!(looking.finds("n").await, ["n-link", "n2", "n10", "Nine"]);
    assert_eq!(looking.finds("").await, ["n-link", "n2", "n10", "Nine", "other"]);
    assert_eq!(looking.finds("x").await, [""; 0]);
}

#[tokio::test]
async fn hidden_folders_are_found_where_the_dot_is_typed_and_only_they() {
    let mut looking = Looking::among(&[".config", ".cache", "c"]);
    assert_eq!(looking.finds("").await, ["c"]);
    assert_eq!(looking.finds(".").await, [".cache", ".config"]);
    assert_eq!(looking.finds(".co").await, [".config"]);
}

#[tokio::test]
async fn what_cannot_be_typed_is_left_out() {
    let mut looking = Looking::among(&["讲义", "a\u{202e}b", "a\nb", "a\x1b[2J"]);
    fs::create_dir(looking.folder.path().join(OsStr::from_bytes(b"a\xff"))).unwrap();
    assert_eq!(looking.finds("").await, ["a\u{202e}b", "讲义"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_said_with_the_system_s_words() {
    let mut looking = Looking::among(&[]);
    let path = looking.folder.path().join("file");
    fs::write(&path, "").unwrap();
    for (folder, words) in [(path.clone(), "Not a directory"), (path.with_extension("x"), "No such file")] {
        looking.asks(1, &folder, "");
        let (_, answer) = looking.hears().await;
        let Err(ShareFault::Folder { path, reason }) = answer else { panic!("{answer:?}") };
        assert_eq!(path, folder);
        assert!(reason.starts_with(words), "{reason}");
    }
}

#[tokio::test]
async fn those_that_are_too_many_are_counted() {
    let mut looking = Looking::among(&[]);
    let path = looking.folder.path().to_owned();
    for n in 0..NAMES + 3 {
        fs::create_dir(path.join(format!("{n}"))).unwrap();
    }
    looking.asks(1, &path, "");
    let (_, answer) = looking.hears().await;
    let found = answer.unwrap();
    assert_eq!((found.names.len(), found.more), (NAMES, 3));
}

#[tokio::test]
async fn the_tilde_is_the_user_s_own_folder() {
    let mut looking = Looking::among(&[]);
    looking.asks(1, Path::new("~/there is no such folder"), "");
    let (_, answer) = looking.hears().await;
    let Err(ShareFault::Folder { path, .. }) = answer else { panic!("{answer:?}") };
    assert!(path.is_absolute() && !path.starts_with("~"), "{path:?}");
}

// On one thread nothing is answered before all of it was asked.
#[tokio::test]
async fn of_several_questions_the_last_is_answered_and_what_is_too_much_comes_back() {
    let mut looking = Looking::among(&["a", "b"]);
    let path = looking.folder.path().to_owned();
    let mut asked = 0;
    let refused = loop {
        asked += 1;
        let beginning = if asked % 2 == 0 { "a" } else { "b" };
        if let Some(refused) = looking.worker.find(RequestId(asked), path.clone(), beginning.to_owned()) {
            break refused;
        }
    };
    assert!(
        matches!(refused, Event::FoldersFound(RequestId(id), Err(ShareFault::Busy)) if id == asked),
        "{refused:?}"
    );
    assert!(asked < 100, "{asked}");
    let (request, answer) = looking.hears().await;
    assert_eq!(request, RequestId(asked - 1));
    assert_eq!(answer.unwrap().names[0].name, if (asked - 1) % 2 == 0 { "a" } else { "b" });
    assert_eq!(looking.finds("a").await, ["a"], "and nothing else came before");
}
