//! Programs that do the same work in turns.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::TIMES;

/// A command line.
pub(super) fn command<const N: usize>(program: &str, arguments: [impl AsRef<OsStr>; N]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A program that takes part.
pub(super) struct Runner {
    name: String,
    command: Command,
}

impl Runner {
    /// What is measured.
    pub(super) fn hobnob(command: Command) -> Self {
        Self::named("hobnob", command)
    }

    pub(super) fn named(name: &str, command: Command) -> Self {
        Self { name: name.to_owned(), command }
    }
}

/// What a program took.
struct Taken {
    time: Duration,
    kibibytes: u64,
}

/// Who does the work the fastest.
pub(super) struct Race {
    title: String,
    to: PathBuf,
    work: f64,
    unit: &'static str,
    runners: Vec<Runner>,
}

impl Race {
    /// So much `work`, counted in `unit`, that ends up in the folder `to`.
    pub(super) fn new(title: &str, to: &Path, work: f64, unit: &'static str) -> Self {
        Self { title: title.to_owned(), to: to.to_path_buf(), work, unit, runners: Vec::new() }
    }

    pub(super) fn add(mut self, runner: Runner) -> Self {
        self.runners.push(runner);
        self
    }

    /// Adds a program, if it is installed.
    pub(super) fn add_if_there(self, program: &str, command: impl FnOnce(&str) -> Command) -> Self {
        let there = Command::new(program).arg("--version").output().is_ok();
        if there { self.add(Runner::named(program, command(program))) } else { self }
    }

    /// Lets each do it, in turns, and prints what they took. `check` looks whether the work was done.
    pub(super) fn run(mut self, check: impl Fn(&Path)) {
        let mut taken: Vec<Vec<Taken>> = self.runners.iter().map(|_| Vec::new()).collect();
        for _ in 0..TIMES {
            for (runner, taken) in self.runners.iter_mut().zip(&mut taken) {
                let _ = fs::remove_dir_all(&self.to);
                fs::create_dir(&self.to).expect("a folder");
                taken.push(run(&mut runner.command));
                check(&self.to);
            }
        }
        let _ = fs::remove_dir_all(&self.to);
        println!("\n{}", self.title);
        let medians: Vec<_> = taken.iter_mut().map(|taken| median(taken).time.as_secs_f64()).collect();
        for ((runner, taken), seconds) in self.runners.iter().zip(&taken).zip(&medians) {
            let most = taken.iter().map(|taken| taken.kibibytes).max().unwrap_or_default() / 1024;
            let (rate, times) = (self.work / seconds, seconds / medians[0]);
            println!(
                "  {:<14} {seconds:>8.3} s  {rate:>9.0} {}  {times:>6.2}x as long  {most:>5} MiB at most",
                runner.name, self.unit
            );
        }
    }
}

fn median(taken: &mut [Taken]) -> &Taken {
    taken.sort_by_key(|taken| taken.time);
    &taken[taken.len() / 2]
}

/// Runs it to its end, which has to be a good one.
fn run(command: &mut Command) -> Taken {
    let begun = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    // Until there is nothing to be read any more.
    let memory = thread::spawn(move || {
        let mut most = 0;
        while let Some(kibibytes) = most_memory(&status) {
            most = most.max(kibibytes);
            thread::sleep(Duration::from_millis(20));
        }
        most
    });
    let ended = child.wait().expect("it ends");
    let time = begun.elapsed();
    assert!(ended.success(), "{command:?}: {ended}");
    Taken { time, kibibytes: memory.join().expect("its memory") }
}

/// The most memory of its own that a process had so far, in KiB.
fn most_memory(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
