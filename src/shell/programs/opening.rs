//! Opening files that came from others, and showing them in their folder. What only shows itself ([`kind`]) is opened at once;
//! before anything else the user is asked, and told which program it is opened with ([`handler`]). Looks at files only when the user
//! wants one opened.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::{OPENER, not_started};
use crate::event::{Event, Fault};
use crate::text::clean_line;

mod handler;
mod kind;

/// What stands as it is in a `file` URL. A comma would divide the values of an array on the bus.
const NOT_IN_PATHS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Opens a file or a folder with the system's program for that, if all that this does is to show it.
pub(super) async fn open(path: PathBuf) -> Option<Event> {
    let looked = spawn_blocking(move || {
        let path = std::path::absolute(path).map_err(|error| Fault::from_disk(&error))?;
        let seen = look(&path)?;
        Ok::<_, Fault>((path, seen))
    });
    match looked.await.unwrap_or(Err(Fault::Interrupted)) {
        Err(fault) => Some(Event::NotOpened(fault)),
        Ok((path, Seen { only_shows: true, .. })) => open_anyway(path).await,
        // Nothing could be opened after the question.
        Ok(_) if !has_desktop(is_set) => Some(Event::NotOpened(Fault::NoDesktop)),
        Ok((path, Seen { head, .. })) => {
            let program = handler::program(&path, &head).await;
            Some(Event::MayRun { path, program })
        }
    }
}

/// Opens a file or a folder with the system's program for that, whatever it does: the user said so.
pub(super) async fn open_anyway(path: PathBuf) -> Option<Event> {
    tell(Command::new(OPENER).arg(path)).await.err().map(Event::NotOpened)
}

/// Shows a file or a folder in its folder.
pub(super) async fn reveal(path: PathBuf) -> Option<Event> {
    let shown = match std::path::absolute(path) {
        Ok(path) if fs::symlink_metadata(&path).is_ok() => show(&path).await,
        Ok(_) => Err(Fault::Gone),
        Err(error) => Err(Fault::from_disk(&error)),
    };
    shown.err().map(Event::NotOpened)
}

async fn show(path: &Path) -> Result<(), Fault> {
    if cfg!(target_os = "macos") {
        return tell(Command::new(OPENER).arg("-R").arg(path)).await;
    }
    // Programs for folders listen on the bus, and select the file; where none does, its folder opens at least.
    let url = file_url(path);
    let mut ask = Command::new("dbus-send");
    ask.args(["--session", "--print-reply", "--dest=org.freedesktop.FileManager1"])
        .args(["/org/freedesktop/FileManager1", "org.freedesktop.FileManager1.ShowItems"])
        .args([format!("array:string:{url}"), "string:".to_owned()]);
    if tell(&mut ask).await.is_ok() {
        return Ok(());
    }
    tell(Command::new(OPENER).arg(path.parent().unwrap_or(path))).await
}

fn file_url(path: &Path) -> String {
    format!("file://{}", percent_encode(path.as_os_str().as_bytes(), NOT_IN_PATHS))
}

/// Runs a program of the desktop's to its end, and says how that was.
async fn tell(command: &mut Command) -> Result<(), Fault> {
    if !has_desktop(is_set) {
        return Err(Fault::NoDesktop);
    }
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // In a group of its own: what is typed at us is not meant for it.
    let status = command.process_group(0).status().await.map_err(|error| not_started(&program, &error))?;
    if status.success() {
        return Ok(());
    }
    // As shells count them.
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or_default();
    Err(Fault::ProgramFailed(clean_line(program.as_bytes()), code))
}

/// Whether a window would be seen by whoever sits here. `is_set` says whether a variable of the environment is.
fn has_desktop(is_set: impl Fn(&str) -> bool) -> bool {
    if cfg!(target_os = "macos") {
        !is_set("SSH_CONNECTION")
    } else {
        is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
    }
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// What was seen of a file or a folder.
#[derive(Debug)]
struct Seen {
    /// Whether opening it does nothing but show it.
    only_shows: bool,
    /// How it begins; empty where it was not looked into.
    head: Vec<u8>,
}

/// Looks at what is to be opened. A link, a pipe, a device and what may be executed are no files that only show.
fn look(path: &Path) -> Result<Seen, Fault> {
    let failed = |error: &io::Error| {
        let is_gone = error.kind() == io::ErrorKind::NotFound;
        if is_gone { Fault::Gone } else { Fault::from_disk(error) }
    };
    let unseen = |only_shows| Ok(Seen { only_shows, head: Vec::new() });
    let found = fs::symlink_metadata(path).map_err(|error| failed(&error))?;
    if found.is_dir() {
        // There a folder with an ending may be a program.
        return unseen(!cfg!(target_os = "macos") || path.extension().is_none());
    }
    if !found.is_file() {
        return unseen(false);
    }
    // What takes its place meanwhile is neither followed nor waited for.
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| failed(&error))?;
    let found = file.metadata().map_err(|error| failed(&error))?;
    if !found.is_file() {
        return unseen(false);
    }
    let mut head = Vec::new();
    file.take(kind::HEAD).read_to_end(&mut head).map_err(|error| failed(&error))?;
    let is_executable = found.permissions().mode() & 0o111 != 0;
    let name = path.file_name().unwrap_or_default();
    Ok(Seen { only_shows: !is_executable && kind::only_shows(name, &head), head })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_without_a_question_is_a_file_or_a_folder_that_nobody_can_execute() {
        let folder = tempfile::tempdir().unwrap();
        let shows = |name: &str| look(&folder.path().join(name)).map(|seen| seen.only_shows);
        let write = |name: &str, content: &[u8], mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        write("notes.txt", b"hello", 0o644);
        write("notes (1).txt", b"hello", 0o755);
        write("notes (2).txt", b"#!/bin/sh", 0o644);
        write("slides.pdf", b"%PDF-1.7", 0o600);
        assert_eq!(
            ["notes.txt", "notes (1).txt", "notes (2).txt", "slides.pdf"].map(shows),
            [Ok(true), Ok(false), Ok(false), Ok(true)]
        );
        std::os::unix::fs::symlink(folder.path().join("notes.txt"), folder.path().join("link.txt")).unwrap();
        nix::unistd::mkfifo(&folder.path().join("pipe.txt"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::create_dir(folder.path().join("slides")).unwrap();
        assert_eq!(["link.txt", "pipe.txt", "slides"].map(shows), [Ok(false), Ok(false), Ok(true)]);
        assert_eq!(shows("gone"), Err(Fault::Gone));
    }

    #[test]
    fn a_desktop_is_known_by_where_its_windows_go() {
        assert!(!has_desktop(
            |name| name == if cfg!(target_os = "macos") { "SSH_CONNECTION" } else { "TERM" }
        ));
        let seen = |name: &str| name == "WAYLAND_DISPLAY" || name == "DISPLAY";
        assert!(has_desktop(seen));
    }

    #[test]
    fn a_path_becomes_a_url_of_plain_signs_without_commas() {
        let path = Path::new("/home/lin/第 1,2 讲's.pdf");
        assert_eq!(file_url(path), "file:///home/lin/%E7%AC%AC%201%2C2%20%E8%AE%B2%27s.pdf");
    }
}
