//! The programs of others that run at the user's wish: those that open a URL or a file, and the editor. Owns how they are
//! started, waited for and ended; must never let a shell see what a peer wrote.

use std::env;
use std::fs::File;
use std::future::pending;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::app::field::FIELD_LIMIT;
use crate::event::{Event, Fault, system_words};
use crate::text::clean_line;

mod opening;

/// What opens a URL in the way that the user's desktop is set up.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
/// POSIX's own editor, where the user names none.
const EDITOR: &str = "vi";
/// What has no place in a URL (RFC 3986, section 2), as it stands.
const NOT_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The programs that run.
#[derive(Debug, Default)]
pub(super) struct Programs {
    openers: JoinSet<Option<Event>>,
    editor: Option<Editor>,
}

impl Programs {
    /// Opens a URL. What does not begin with `http://` or `https://` is not opened.
    pub(super) fn open(&mut self, url: &str) -> Result<(), Fault> {
        let target = target(url).ok_or(Fault::NotForOpening)?;
        let mut command = Command::new(OPENER);
        command.arg(target).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // In a group of its own: what is typed at us is not meant for it.
        let mut child = command.process_group(0).spawn().map_err(|error| not_started(OPENER, &error))?;
        self.openers.spawn(async move {
            let status = child.wait().await.ok().filter(|status| !status.success())?;
            // As shells count them.
            let code = status.code().or_else(|| Some(128 + status.signal()?))?;
            Some(Event::NotOpened(Fault::ProgramFailed(clean_line(OPENER.as_bytes()), code)))
        });
        Ok(())
    }

    /// Opens a file or a folder; where that may do more than show it, the user is asked first.
    pub(super) fn open_file(&mut self, path: PathBuf) {
        self.openers.spawn(opening::open(path));
    }

    /// Opens a file or a folder about which the user was asked.
    pub(super) fn open_anyway(&mut self, path: PathBuf) {
        self.openers.spawn(opening::open_anyway(path));
    }

    /// Shows a file or a folder in its folder.
    pub(super) fn reveal(&mut self, path: PathBuf) {
        self.openers.spawn(opening::reveal(path));
    }

    /// Lets the user's editor change a text. The terminal is the editor's until [`Programs::next`] says what became of it.
    pub(super) fn edit(&mut self, text: String) -> Result<(), Fault> {
        if self.is_editing() {
            return Err(Fault::Busy);
        }
        let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| env::var(name).ok());
        let words = named.map(|command| command.trim().to_owned()).find(|command| !command.is_empty());
        self.editor = Some(Editor::start(words.as_deref().unwrap_or(EDITOR), text)?);
        Ok(())
    }

    /// Whether the terminal is the editor's.
    pub(super) fn is_editing(&self) -> bool {
        self.editor.is_some()
    }

    /// Waits for what becomes of a program. Cancel safe; never ends where none runs.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                status = ended(self.editor.as_mut()) => if let Some(editor) = self.editor.take() {
                    return Event::Edited(editor.outcome(status));
                },
                Some(opened) = self.openers.join_next() => if let Ok(Some(event)) = opened {
                    return event;
                },
            }
        }
    }

    /// Ends the editor. What it was about to change is left as it was.
    pub(super) async fn end(&mut self) {
        if let Some(mut editor) = self.editor.take() {
            editor.end().await;
        }
    }
}

async fn ended(editor: Option<&mut Editor>) -> io::Result<ExitStatus> {
    match editor {
        Some(editor) => editor.child.wait().await,
        None => pending().await,
    }
}

/// What may be given to another program, or to the terminal, as a link: `http` or `https`, in printable ASCII.
fn target(url: &str) -> Option<String> {
    let is = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (is("http://") || is("https://")).then(|| utf8_percent_encode(url, NOT_IN_URLS).to_string())
}

fn not_started(program: &str, error: &io::Error) -> Fault {
    Fault::NotStarted(clean_line(program.as_bytes()), system_words(error))
}

/// The user's editor, at work on a text.
#[derive(Debug)]
struct Editor {
    program: String,
    child: Child,
    /// Nobody else may read it.
    file: NamedTempFile,
    text: String,
}

impl Editor {
    /// Starts it. `command` is taken apart into words as a shell does it, and nothing more.
    fn start(command: &str, text: String) -> Result<Self, Fault> {
        let mut words = shlex::split(command).unwrap_or_default().into_iter();
        let unusable = || not_started(command, &io::ErrorKind::InvalidInput.into());
        let program = words.next().ok_or_else(unusable)?;
        let written = |error: io::Error| Fault::from_disk(&error);
        let mut file =
            tempfile::Builder::new().prefix("hobnob-").suffix(".txt").tempfile().map_err(written)?;
        file.write_all(text.as_bytes()).map_err(written)?;
        let child = Command::new(&program).args(words).arg(file.path()).spawn();
        let child = child.map_err(|error| not_started(&program, &error))?;
        Ok(Self { program, child, file, text })
    }

    /// What it left: the text as it was, where it says that it failed. What is of no use as a text is not thrown away.
    fn outcome(self, status: io::Result<ExitStatus>) -> Result<String, Fault> {
        match status {
            Ok(status) if !status.success() => return Ok(self.text),
            Err(error) => return Err(not_started(&self.program, &error)),
            Ok(_) => {}
        }
        // An editor may put another file in its place, so that only the name is the same.
        let bytes = read(self.file.path()).map_err(|error| Fault::from_disk(&error))?;
        let is_too_long = bytes.strip_suffix(b"\n").unwrap_or(&bytes).len() > FIELD_LIMIT;
        match String::from_utf8(bytes) {
            Ok(text) if !is_too_long => return Ok(text),
            Ok(_) | Err(_) => {}
        }
        let (_, path) = self.file.keep().map_err(|error| Fault::from_disk(&error.error))?;
        let limit = FIELD_LIMIT as u64;
        Err(if is_too_long { Fault::EditedTooLong { path, limit } } else { Fault::EditedNotText(path) })
    }

    async fn end(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.filter(|id| *id > 0) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            let _ = self.child.wait().await;
        }
    }
}

/// As much of a file as may be of use, and enough more to tell.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FIELD_LIMIT as u64 + 2).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_opened_and_only_in_plain_signs() {
        for (url, expected) in [
            ("http://127.0.0.1:7890/a%20b", Some("http://127.0.0.1:7890/a%20b")),
            ("HTTPS://example.org/?q=a&b;c#d", Some("HTTPS://example.org/?q=a&b;c#d")),
            (
                "http://example.org/你\u{1b}]0;a\u{7}`b` $(c)",
                Some("http://example.org/%E4%BD%A0%1B]0;a%07%60b%60%20$(c)"),
            ),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
            ("--version", None),
            ("httpx://example.org", None),
            ("", None),
        ] {
            assert_eq!(target(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn an_editor_without_a_program_is_said_to_be_of_no_use() {
        for command in ["'unbalanced", "''", "/nowhere/at-all --wait"] {
            let started = Editor::start(command, String::new());
            assert!(matches!(started, Err(Fault::NotStarted(..))), "{command}: {started:?}");
        }
    }
}
