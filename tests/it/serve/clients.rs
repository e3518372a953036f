//! Other people's clients, where they are installed: each takes from us what it came for.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use hobnob::serve::Answer;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{PATIENT, Running};
use crate::support::program::installed;

/// Long enough to be taken in four parts, and to be stopped in the middle.
const LONG: u32 = 4_000_000;

/// A server with something of everything in its folder, and a folder for a client.
struct Visited {
    server: Running,
    home: TempDir,
}

impl Visited {
    fn start() -> Self {
        let server = Running::start(PATIENT);
        server.write("a.txt", "hello");
        server.write("empty", "");
        server.write("讲义/第 1 讲.txt", "你好");
        server.write("讲义/100%/b&c #1?.txt", "deep");
        server.write("long.bin", (0..LONG).flat_map(u32::to_be_bytes).collect::<Vec<u8>>());
        Self { server, home: tempfile::tempdir().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.server.address)
    }

    fn shared(&self) -> &Path {
        self.server.folder.path()
    }

    /// The client, about to be started in a home of its own, with nothing of the user's.
    fn client(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.home.path()).kill_on_drop(true);
        command.env_clear().env("HOME", self.home.path()).env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its good end.
    async fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let output = self.client(program, arguments).output().await.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        output
    }

    /// What the client has in this folder of its home is what is shared, but for what `of_its_own` names.
    fn assert_has_all(&self, folder: &str, of_its_own: &[&str]) {
        let mut taken = tree(&self.home.path().join(folder));
        taken.retain(|path, _| !of_its_own.iter().any(|own| path.file_name() == Some(OsStr::new(own))));
        let names = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
        let shared = tree(self.shared());
        assert_eq!(names(&taken), names(&shared));
        assert!(taken == shared, "the contents differ");
    }

    fn has_long(&self, name: &str) -> bool {
        fs::read(self.home.path().join(name)).unwrap() == fs::read(self.shared().join("long.bin")).unwrap()
    }

    /// Each answer that has been told so far: how, and how many bytes of it were sent.
    fn told(&mut self) -> Vec<(Answer, u64)> {
        std::iter::from_fn(|| self.server.log.try_recv().ok()).map(|told| (told.answer, told.bytes)).collect()
    }
}

/// All files below, by path.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn stop(child: Child, signal: Signal) -> Output {
    kill(Pid::from_raw(child.id().unwrap().try_into().unwrap()), signal).unwrap();
    child.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn curl_takes_a_file_goes_on_with_one_and_takes_parts_of_one() {
    let Some(curl) = installed("curl") else { return };
    let visited = Visited::start();
    let url = visited.url("%E8%AE%B2%E4%B9%89/%E7%AC%AC%201%20%E8%AE%B2.txt");
    let quiet = ["-q", "--silent", "--show-error", "--fail"];
    assert_eq!(visited.run(&curl, &[&quiet[..], &[&url]].concat()).await.stdout, "你好".as_bytes());
    let long = visited.url("long.bin");
    let part = visited.run(&curl, &[&quiet[..], &["--range", "3-4,8-9", &long]].concat()).await.stdout;
    assert_eq!(String::from_utf8_lossy(&part).matches("Content-Range: bytes ").count(), 2);
    let whole = fs::read(visited.shared().join("long.bin")).unwrap();
    fs::write(visited.home.path().join("long"), &whole[..1_000_000]).unwrap();
    visited.run(&curl, &[&quiet[..], &["-C", "-", "-o", "long", &long]].concat()).await;
    assert!(visited.has_long("long"));
    // What has not changed is not sent again.
    let again = ["--time-cond", "long", "--remote-time", "-o", "long", "--write-out", "%{http_code}", &long];
    visited.run(&curl, &[&quiet[..], &["--remote-time", "-o", "long", &long]].concat()).await;
    assert_eq!(visited.run(&curl, &[&quiet[..], &again].concat()).await.stdout, b"304");
    assert!(visited.has_long("long"));
}

#[tokio::test]
async fn wget_takes_the_folder_and_then_only_what_is_new() {
    let Some(wget) = installed("wget") else { return };
    let mut visited = Visited::start();
    let top = visited.url("");
    let all =
        ["--no-config", "-q", "-r", "-l", "9", "-N", "-np", "-nH", "-e", "robots=off", "-R", "index.html*"];
    let all = [&all[..], &["-P", "all", &top]].concat();
    visited.run(&wget, &all).await;
    visited.assert_has_all("all", &[]);
    visited.told();
    visited.server.write("new.txt", "new");
    visited.run(&wget, &all).await;
    visited.assert_has_all("all", &[]);
    let sent: u64 = visited.told().iter().map(|(_, bytes)| bytes).sum();
    assert!(sent < u64::from(LONG), "what was there already was sent again");
    let whole = fs::read(visited.shared().join("long.bin")).unwrap();
    fs::write(visited.home.path().join("long.bin"), &whole[..1_000_000]).unwrap();
    visited.run(&wget, &["--no-config", "-q", "-c", &visited.url("long.bin")]).await;
    assert!(visited.has_long("long.bin"));
    assert_eq!(visited.told().last(), Some(&(Answer::Status(206), u64::from(LONG) * 4 - 1_000_000)));
}

#[tokio::test]
async fn wget2_takes_the_folder() {
    let Some(wget2) = installed("wget2") else { return };
    let visited = Visited::start();
    let top = visited.url("");
    let all = ["--no-config", "-q", "-r", "-l", "9", "-np", "-nH", "--robots=off", "-P", "all", &top];
    visited.run(&wget2, &all).await;
    visited.assert_has_all("all", &["index.html"]);
}

#[tokio::test]
async fn lftp_mirrors_the_folder() {
    let Some(lftp) = installed("lftp") else { return };
    let visited = Visited::start();
    let script = format!("mirror --parallel=4 {} all", visited.url(""));
    visited.run(&lftp, &["--norc", "-c", &script]).await;
    visited.assert_has_all("all", &[]);
}

#[tokio::test]
async fn rclone_copies_the_folder_and_then_finds_nothing_to_do() {
    let Some(rclone) = installed("rclone") else { return };
    let mut visited = Visited::start();
    let top = visited.url("");
    for again in [false, true] {
        visited.told();
        visited.run(&rclone, &["--config", "/dev/null", "copy", "--http-url", &top, ":http:", "all"]).await;
        visited.assert_has_all("all", &[]);
        let sent: u64 = visited.told().iter().map(|(_, bytes)| bytes).sum();
        assert_eq!(sent < u64::from(LONG), again, "{sent}");
    }
    let output =
        visited.run(&rclone, &["--config", "/dev/null", "lsf", "-R", "--http-url", &top, ":http:"]).await;
    assert!(said(&output).contains("讲义/100%/b&c #1?.txt"), "{}", said(&output));
}

/// aria2, over four connections, about to take `long.bin`.
fn aria2(visited: &Visited, program: &Path, more: &[&str]) -> Command {
    let url = visited.url("long.bin");
    let arguments = ["--no-conf", "--file-allocation=none", "-x4", "-s4", "-k1M", &url];
    visited.client(program, &[&arguments[..], more].concat())
}

/// aria2 is stopped in the middle.
async fn stopped_aria2(visited: &Visited, program: &Path) {
    // Slow enough not to be over before it is stopped.
    let child = aria2(visited, program, &["--max-download-limit=4M", "--disk-cache=0"]).spawn().unwrap();
    let has_begun = || {
        let (mut begin, mut kept) = (vec![0; 100_000], vec![0; 100_000]);
        File::open(visited.shared().join("long.bin")).unwrap().read_exact(&mut begin).unwrap();
        let partial = File::open(visited.home.path().join("long.bin"));
        partial.and_then(|mut file| file.read_exact(&mut kept)).is_ok() && kept == begin
    };
    while !has_begun() {
        visited.server.onlooker.moved().await;
    }
    let output = stop(child, Signal::SIGTERM).await;
    assert!(!output.status.success(), "{}", said(&output));
    assert!(visited.home.path().join("long.bin.aria2").exists(), "{}", said(&output));
}

#[tokio::test]
async fn aria2_takes_a_file_in_four_parts_goes_on_after_it_was_stopped_and_verifies_it() {
    let Some(program) = installed("aria2c") else { return };
    let mut visited = Visited::start();
    stopped_aria2(&visited, &program).await;
    visited.told();
    let output = aria2(&visited, &program, &["-c"]).output().await.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Verification finished successfully"), "{}", said(&output));
    assert!(visited.has_long("long.bin"));
    let told = visited.told();
    let parts = told.iter().filter(|(answer, _)| *answer == Answer::Status(206)).count();
    assert!(parts >= 3, "it was not taken in parts: {told:?}");
}

#[tokio::test]
async fn aria2_notices_by_the_digest_that_what_it_goes_on_with_was_damaged() {
    let Some(program) = installed("aria2c") else { return };
    let visited = Visited::start();
    stopped_aria2(&visited, &program).await;
    let partial = visited.home.path().join("long.bin");
    let mut damaged = fs::read(&partial).unwrap();
    damaged[1000] ^= 1;
    fs::write(&partial, damaged).unwrap();
    let output = aria2(&visited, &program, &["-c"]).output().await.unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("hecksum"), "{}", said(&output));
}

/// What the course's client does: the name is sent once, and what comes is read once, at most 1024 bytes.
async fn course_client(visited: &Visited, name: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(visited.server.address).await.unwrap();
    stream.write_all(name.as_bytes()).await.unwrap();
    let mut received = vec![0; 1024];
    let length = stream.read(&mut received).await.unwrap();
    received.truncate(length);
    received
}

#[tokio::test]
async fn the_course_s_client_gets_what_it_reads_and_nothing_where_there_is_no_such_file() {
    let visited = Visited::start();
    assert_eq!(course_client(&visited, "a.txt").await, b"hello");
    assert_eq!(course_client(&visited, "讲义/第 1 讲.txt").await, "你好".as_bytes());
    assert_eq!(course_client(&visited, "nope.txt").await, b"");
    assert_eq!(course_client(&visited, "empty").await, b"");
    let begin = course_client(&visited, "long.bin").await;
    assert!(!begin.is_empty() && fs::read(visited.shared().join("long.bin")).unwrap().starts_with(&begin));
    // It has left in the middle of the file, and others are served all the same.
    assert_eq!(course_client(&visited, "a.txt").await, b"hello");
}
