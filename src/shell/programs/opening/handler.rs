//! Which program opens a file, to name it before it does: what a shortcut starts itself, or else what the desktop has for the kind
//! of file (`xdg-mime`, the `mimeapps.list` and desktop entry specifications). Asks, and starts nothing.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::OPENER;
use crate::text::{Clean, clean_line};

/// How long the desktop is waited for, each time that it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes of an answer, and of the entry of a program.
const LIMIT: u64 = 64 << 10;
/// The most bytes of the name of a program.
const NAME: usize = 200;

/// The program that opens this file, which begins with these bytes; where the desktop does not say, what it is given to.
pub(super) async fn program(path: &Path, head: &[u8]) -> Clean {
    let name = match value(head, "Exec") {
        Some(command) => Some(command),
        None if cfg!(target_os = "macos") => None,
        None => default_program(path).await,
    };
    let name = name.unwrap_or_else(|| OPENER.as_bytes().to_vec());
    clean_line(&name[..name.len().min(NAME)])
}

async fn default_program(path: &Path) -> Option<Vec<u8>> {
    let kind = answer(&["query", "filetype"], path.as_os_str()).await?;
    let id = answer(&["query", "default"], OsStr::new(&kind)).await?;
    let entry = places().into_iter().flat_map(|place| candidates(&place, &id)).find_map(|path| read(&path));
    entry.and_then(|entry| value(&entry, "Name")).or_else(|| Some(id.trim_end_matches(".desktop").into()))
}

async fn answer(question: &[&str], about: &OsStr) -> Option<String> {
    let mut ask = Command::new("xdg-mime");
    ask.args(question).arg(about).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE, ask.process_group(0).output()).await.ok()?.ok()?;
    let first = String::from_utf8(output.stdout).ok()?.lines().next()?.trim().to_owned();
    (!first.is_empty()).then_some(first)
}

/// Where programs are entered, the user's own first.
fn places() -> Vec<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = set("XDG_DATA_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(set("HOME")?).join(".local/share")));
    let shared = set("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let all = home.into_iter().chain(env::split_paths(&shared));
    all.map(|place| place.join("applications")).collect()
}

/// A dash may stand for a folder: `kde4-dolphin.desktop` is `kde4/dolphin.desktop`.
fn candidates(place: &Path, id: &str) -> Vec<PathBuf> {
    if id.contains('/') {
        return Vec::new();
    }
    [id.to_owned(), id.replacen('-', "/", 1)].iter().map(|name| place.join(name)).collect()
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let mut entry = Vec::new();
    File::open(path).ok()?.take(LIMIT).read_to_end(&mut entry).ok()?;
    Some(entry)
}

/// What the first section of a desktop entry says under this key.
fn value(entry: &[u8], key: &str) -> Option<Vec<u8>> {
    let is_entry = |line: &&[u8]| {
        let line = line.trim_ascii();
        line.eq_ignore_ascii_case(b"[Desktop Entry]") || line.eq_ignore_ascii_case(b"[KDE Desktop Entry]")
    };
    let entry = entry.strip_prefix(b"\xef\xbb\xbf").unwrap_or(entry);
    let mut lines = entry.split(|byte| *byte == b'\n').skip_while(|line| !is_entry(line)).skip(1);
    let found = lines.find_map(|line| {
        let equals = line.iter().position(|byte| *byte == b'=')?;
        let is_key = line[..equals].trim_ascii() == key.as_bytes();
        is_key.then(|| line[equals + 1..].trim_ascii().to_vec())
    });
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_shortcut_the_command_is_named_that_it_starts() {
        let shortcut = b"\xef\xbb\xbf# x\n[Desktop Entry]\r\nName=Photo\nExec = sh -c \"rm -rf ~\"\r\n[Desktop Action a]\nExec=b\n";
        let named = program(Path::new("/nowhere/photo"), shortcut).await;
        assert_eq!(&*named, "sh -c \"rm -rf ~\"");
        let hostile = [b"[Desktop Entry]\nExec=a\x1b]0;b\x07".as_slice(), &[b'x'; 5000]].concat();
        let named = program(Path::new("/nowhere/photo"), &hostile).await;
        assert!(named.starts_with("a␛]0;b␇x") && named.len() <= NAME + 8, "{named:?}");
    }

    #[test]
    fn the_name_of_a_program_is_that_of_its_entry() {
        assert_eq!(value(b"Name=x\n[Desktop Entry]\nName[de]=y\nName=z\n", "Name").unwrap(), b"z");
        assert_eq!(value(b"[Desktop Entry]\nName=\n", "Name"), None);
        assert_eq!(value(b"Name=x", "Name"), None);
        let found = candidates(Path::new("/a"), "kde4-x-y.desktop");
        assert_eq!(found, [PathBuf::from("/a/kde4-x-y.desktop"), PathBuf::from("/a/kde4/x-y.desktop")]);
        assert!(candidates(Path::new("/a"), "../b").is_empty());
    }
}
