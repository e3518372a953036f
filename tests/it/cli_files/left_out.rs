//! What of a folder is not downloaded or listed, and that this is said: links that lead back, pipes, what is not shared, and
//! what has no path of its own.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::naming::Serving;
use super::{Place, code, out, said};
use crate::support::server::{Server, ok};

#[test]
fn a_folder_that_leads_back_into_itself_is_said_once_and_not_followed() {
    let link = r#"[{"name":"a","is_dir":false,"size":5},{"name":"self","is_dir":true,"is_symlink":true}]"#;
    let unsaid = r#"[{"name":"a","type":"file","size":5},{"name":"self","is_dir":true}]"#;
    for (list, brought) in [(link, 1), (unsaid, 2)] {
        let server = Server::http(move |line| match line {
            folder if folder.contains("/ HTTP") => ok("application/json", list),
            _ => ok("text/plain", "hello"),
        });
        let top = format!("http://{}/top/", server.address);
        let output = Place::new().run(&["get", "-r", &top]);
        assert_eq!((code(&output), out(&output).lines().count()), (1, brought), "{list}");
        let said = said(&output);
        let looped = format!("hobnob: {top}{}: this folder has the same content", "self/".repeat(brought));
        assert!(said.len() == 1 && said[0].starts_with(&looped), "{said:?}");
    }
}

#[test]
fn a_pipe_a_link_back_and_what_is_not_shared_are_said_by_ls_and_get() {
    let place = Place::new();
    let share = place.path("share");
    fs::create_dir_all(share.join("sub")).unwrap();
    fs::write(share.join("a.txt"), "a").unwrap();
    fs::write(share.join("sub/b.txt"), "b").unwrap();
    fs::write(share.join(".hidden"), "").unwrap();
    fs::write(share.join("sub/.hidden"), "").unwrap();
    mkfifo(&share.join("pipe"), Mode::S_IRWXU).unwrap();
    symlink(".", share.join("self")).unwrap();
    let server = Serving::with(&place, &share, &[]);
    let top = server.1.clone();
    let listed = place.run(&["ls", &top]);
    assert_eq!(code(&listed), 0);
    let unlisted = |count| {
        format!(
            "hobnob: {top}: {count} things there are not in the server's lists, because it does not share them"
        )
    };
    assert_eq!(said(&listed), [unlisted(1)]);
    let pipe = out(&listed).lines().find(|line| line.starts_with("pipe")).unwrap().to_owned();
    assert!(!pipe.contains("0 B"), "{pipe}");
    let output = place.run(&["get", "-r", &top, "--to", "to"]);
    let told = said(&output);
    assert_eq!((code(&output), out(&output).lines().count()), (1, 2), "{told:?}");
    assert_eq!(told[0], unlisted(2));
    for (name, why) in [("pipe", "neither a file nor a folder"), ("self/", "the same content")] {
        let line = format!("hobnob: {top}{name}: ");
        assert_eq!(
            told.iter().filter(|said| said.starts_with(&line) && said.contains(why)).count(),
            1,
            "{told:?}"
        );
    }
    assert_eq!(told.len(), 3, "{told:?}");
}

#[test]
fn files_that_only_a_query_names_are_counted_and_said() {
    let page = "<a href='x.txt'>x.txt</a><a href='?f=a.txt'>a.txt</a><a href='?f=b.txt'>b.txt</a><a href='?sort=size'>Size</a>";
    let server =
        Server::http(
            move |line| if line.contains("/d/ ") { ok("text/html", page) } else { ok("text/plain", "x") },
        );
    let top = format!("http://{}/d/", server.address);
    let left = format!(
        "hobnob: {top}: files that the list links to by a query alone: 2; they are left out, each can be had by its own address"
    );
    for command in [&["ls"][..], &["ls", "-r"], &["get", "-r"]] {
        let output = Place::new().run(&[command, &[&top]].concat());
        assert_eq!((code(&output), said(&output)), (1, vec![&*left]), "{command:?}");
        assert_eq!(out(&output).lines().count(), 1, "{command:?}");
    }
}
