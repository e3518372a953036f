//! The real binary, with a data directory of its own where none is named, and nothing of the user's, and where other people's programs are.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// hobnob, about to be started.
pub(crate) struct Program {
    pub(crate) command: Command,
    /// Removed when the program is done with.
    _home: TempDir,
}

impl Program {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
        command.args(arguments);
        if !arguments.contains(&"--data-dir") {
            command.arg("--data-dir").arg(home.path());
        }
        command.env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, _home: home }
    }

    /// Runs to its end.
    pub(crate) fn run(mut self) -> Outcome {
        Outcome::of(&self.command.output().unwrap())
    }
}

/// What a program leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// Where the program is; says that there is none, and that nothing is tested, where that is so.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    if found.is_none() {
        println!("not tested: {name} is not installed");
    }
    found
}
