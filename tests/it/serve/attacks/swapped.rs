//! A link that leads into the folder at one moment and out of it at the next.

use std::fs::{remove_file, rename};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use super::{BesideSecrets, SECRET, holds};

const SWAPS: u32 = 10_000;

/// Lets `link` lead to the one and to the other in turn, until `is_over`; never is there no such link.
fn swap(link: &Path, [inside, outside]: [&str; 2], swaps: &AtomicU32, is_over: &AtomicBool) {
    let next = link.with_extension("next");
    while !is_over.load(Ordering::Relaxed) {
        for target in [outside, inside] {
            symlink(target, &next).unwrap();
            rename(&next, link).unwrap();
            swaps.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn a_link_that_is_swapped_ten_thousand_times_never_leads_out() {
    let server = BesideSecrets::start();
    let shared = server.folder.path().join("shared");
    let (swaps, is_over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let swapping: Vec<_> = [("file", ["a.txt", "../secret.txt"]), ("folder", ["sub", "../outside"])]
        .into_iter()
        .map(|(link, targets)| {
            let (link, swaps, is_over) = (shared.join(link), Arc::clone(&swaps), Arc::clone(&is_over));
            symlink(targets[0], &link).unwrap();
            thread::spawn(move || swap(&link, targets, &swaps, &is_over))
        })
        .collect();
    let (mut given, mut refused) = (0, 0);
    // Both happen: otherwise nothing was seen of the swapping.
    while swaps.load(Ordering::Relaxed) < SWAPS || given == 0 || refused == 0 {
        for name in ["file", "folder/a.txt"] {
            for request in [name.to_owned(), format!("GET /{name} HTTP/1.0\r\n\r\n")] {
                let answer = server.exchange(request.as_bytes()).await;
                assert!(!holds(&answer, SECRET), "{request}: {}", answer.escape_ascii());
                if answer.ends_with(b"inside") || answer.ends_with(b"inside too") {
                    given += 1;
                } else {
                    refused += 1;
                }
            }
        }
        let list = server.ask("GET", "/folder/", "Accept: application/json\r\n").await;
        assert!(matches!(list.status, 200 | 404), "{list:?}");
    }
    is_over.store(true, Ordering::Relaxed);
    for thread in swapping {
        thread.join().unwrap();
    }
    assert_eq!(server.plain(b"file").await, b"inside");
    remove_file(shared.join("file")).unwrap();
}
