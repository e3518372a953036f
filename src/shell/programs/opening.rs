//! Opening files that came from others, and showing them in their folder. Owns what is never opened, for opening it could
//! run it; looks at files only when the user wants one opened.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::{OPENER, not_started};
use crate::event::{Event, Fault};
use crate::text::clean_line;

/// Endings of what a desktop runs, or asks other programs to run, when it is opened.
const RUNNABLE: [&str; 44] = [
    "action",
    "apk",
    "app",
    "appimage",
    "bash",
    "bat",
    "bin",
    "cmd",
    "com",
    "command",
    "cpl",
    "deb",
    "desktop",
    "dmg",
    "exe",
    "fileloc",
    "flatpakref",
    "hta",
    "inetloc",
    "jar",
    "js",
    "jse",
    "lnk",
    "mobileconfig",
    "msi",
    "pif",
    "pkg",
    "pl",
    "ps1",
    "py",
    "pyw",
    "rb",
    "reg",
    "rpm",
    "run",
    "scf",
    "scpt",
    "scr",
    "sh",
    "terminal",
    "url",
    "vbs",
    "webloc",
    "workflow",
];
/// How programs begin: a script, and those of Linux, Windows and macOS.
const BEGINNINGS: [&[u8]; 8] = [
    b"#!",
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
];
/// What stands as it is in a `file` URL. A comma would divide the values of an array on the bus.
const NOT_IN_PATHS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Opens a file or a folder with the system's program for that. What may be a program is shown in its folder instead.
pub(super) async fn open(path: PathBuf) -> Option<Event> {
    let looked = spawn_blocking(move || {
        let path = std::path::absolute(path).map_err(|error| Fault::from_disk(&error))?;
        let runs = is_runnable(&path)?;
        Ok::<_, Fault>((path, runs))
    });
    match looked.await.unwrap_or(Err(Fault::Interrupted)) {
        Err(fault) => Some(Event::NotOpened(fault)),
        Ok((path, false)) => tell(Command::new(OPENER).arg(path)).await.err().map(Event::NotOpened),
        Ok((path, true)) => Some(match show(&path).await {
            Ok(()) => Event::RevealedInstead(path),
            Err(fault) => Event::NotOpened(fault),
        }),
    }
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
    if !has_desktop(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
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

/// Whether opening it could run what somebody else wrote. A link, a pipe or a device counts as that, too.
fn is_runnable(path: &Path) -> Result<bool, Fault> {
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let found = fs::symlink_metadata(path)
        .map_err(|error| if missing(&error) { Fault::Gone } else { Fault::from_disk(&error) })?;
    let ending = path.extension().map(OsStr::to_ascii_lowercase);
    if ending.is_some_and(|ending| RUNNABLE.iter().any(|known| ending == **known)) {
        return Ok(true);
    }
    if found.is_dir() {
        return Ok(false);
    }
    if !found.is_file() || found.permissions().mode() & 0o111 != 0 {
        return Ok(true);
    }
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4).read_to_end(&mut beginning));
    read.map_err(|error| Fault::from_disk(&error))?;
    Ok(BEGINNINGS.iter().any(|known| beginning.starts_with(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_run_is_known_by_its_name_its_rights_and_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let runs = |name: &str, content: &[u8], mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            is_runnable(&path)
        };
        for (name, content, mode, expected) in [
            ("notes.pdf", &b"%PDF"[..], 0o644, false),
            ("empty", b"", 0o644, false),
            ("page.html", b"<html>", 0o644, false),
            ("notes.PDF.Desktop", b"", 0o644, true),
            ("setup.exe", b"", 0o644, true),
            ("notes (1).pdf", b"%PDF", 0o755, true),
            ("photo.jpg", b"#!/bin/sh", 0o644, true),
            ("photo (1).jpg", b"\x7fELF\x02", 0o644, true),
            ("photo (2).jpg", b"MZ", 0o644, true),
        ] {
            assert_eq!(runs(name, content, mode), Ok(expected), "{name}");
        }
        let link = folder.path().join("link.pdf");
        std::os::unix::fs::symlink(folder.path().join("notes.pdf"), &link).unwrap();
        assert_eq!(is_runnable(&link), Ok(true));
        assert_eq!(is_runnable(folder.path()), Ok(false));
        assert_eq!(is_runnable(&folder.path().join("gone")), Err(Fault::Gone));
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
