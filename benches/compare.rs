//! How fast downloads are beside other programs, in the same run and at the same work: prints the ratios, and fails
//! nobody.
//!
//! `cargo bench --bench compare` measures with whatever of curl, wget2, aria2, rclone and lftp is installed, against
//! nginx, Caddy and a plain server of its own, all on loopback. `cargo bench --bench compare -- big many` measures only
//! these; there are
//!
//! - `big`: one file of 2 GiB from nginx into memory (`/dev/shm`);
//! - `many`: 10,000 files of 4 KiB in 100 folders from Caddy into memory;
//! - `disk`: the same onto the disk that temporary files are on;
//! - `far`: 400 files of 4 KiB from nginx over a round trip of 50 ms, in network namespaces that it makes (as root, with
//!   `tc netem`), or else through a relay that takes that long;
//! - `ours`: hobnob from hobnob, whose server says digests, beside hobnob from Caddy and nginx, which say none: 10,000 files of
//!   4 KiB, and one of 2 GiB, which is another one for the server each time, and then the same one;
//! - `serve`: one file of 2 GiB in memory from hobnob, nginx and Caddy to curl, and to a program that reads a bare socket;
//! - `plain`: 1 GiB from a server that speaks the plain protocol as the course's does.
//!
//! Programs take turns; what is printed of each is the median, and the most memory that it took.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement is printed, or there is none"
)]
#![expect(clippy::disallowed_methods, reason = "what takes how long is the question")]

#[path = "compare/far.rs"]
mod far;
#[path = "compare/race.rs"]
mod race;
#[path = "compare/relay.rs"]
mod relay;
#[path = "compare/servers.rs"]
mod servers;

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use race::{Race, Runner, command};
use servers::{caddy, hobnob, nginx, plain};
use tempfile::TempDir;

/// The program that is measured.
const HOBNOB: &str = env!("CARGO_BIN_EXE_hobnob");
/// Each is measured so often.
const TIMES: usize = 5;

fn main() {
    let known = ["big", "many", "disk", "far", "ours", "serve", "plain"];
    // Cargo adds one of its own.
    let asked: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(unknown) = asked.iter().find(|asked| !known.contains(&asked.as_str())) {
        panic!("there is no {unknown}: {}", known.join(", "));
    }
    for race in known.into_iter().filter(|name| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        match race {
            "big" => big(),
            "many" => many(&memory()),
            "disk" => many(&tempfile::tempdir().expect("a temporary folder")),
            "far" => far::race(),
            "ours" => ours(),
            "serve" => serve(),
            _ => slow_protocol(),
        }
    }
}

/// A folder that is in memory.
fn memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").expect("a folder in memory")
}

/// A file of so many mebibytes that cannot be compressed.
fn write_big(path: &Path, mebibytes: u64) {
    let mut file = File::create(path).expect("a file");
    let mut block = vec![0_u8; 1 << 20];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for number in 0..mebibytes {
        for chunk in block.as_chunks_mut::<8>().0 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *chunk = (state ^ number).to_le_bytes();
        }
        file.write_all(&block).expect("room for it");
    }
}

/// So many files of 4 KiB in each of so many folders.
fn write_small(root: &Path, folders: usize, files: usize) {
    for folder in 0..folders {
        let dir = root.join(format!("folder{folder:03}"));
        fs::create_dir(&dir).expect("a folder");
        for file in 0..files {
            let text = format!("{folder} {file} ");
            let content: Vec<u8> = text.bytes().cycle().take(4096).collect();
            fs::write(dir.join(format!("file{file:03}.txt")), content).expect("a file");
        }
    }
}

fn big() {
    let data = memory();
    let root = data.path().join("root");
    fs::create_dir(&root).expect("a folder");
    write_big(&root.join("big"), 2048);
    let Some(server) = nginx(data.path(), &root) else { return };
    let url = server.url("big");
    let to = data.path().join("to");
    let into = |dir: &Path| dir.join("big").display().to_string();
    let file = into(&to);
    Race::new("2 GiB from nginx into memory", &to, 2048.0, "MiB/s")
        .add(Runner::hobnob(command(HOBNOB, ["get", &url, "-o", &file])))
        .add_if_there("curl", |curl| command(curl, ["--silent", "--fail", "--output", &file, &url]))
        .add_if_there("wget2", |wget2| command(wget2, ["--quiet", "--output-document", &file, &url]))
        .add_if_there("aria2c", |aria2c| {
            command(aria2c, ["--quiet", "--file-allocation=none", "--dir", &shown(&to), &url])
        })
        .run(|dir| same_length(&dir.join("big"), 2048 << 20));
}

fn many(data: &TempDir) {
    let root = data.path().join("root");
    fs::create_dir(&root).expect("a folder");
    write_small(&root, 100, 100);
    let Some(server) = caddy(data.path(), &root) else { return };
    let url = server.url("");
    let to = data.path().join("to");
    let race = Race::new("10,000 files of 4 KiB in 100 folders from Caddy", &to, 10_000.0, "files/s");
    whole_folder(race, &url, &shown(&to), |command| command).run(|dir| assert_eq!(count(dir), 10_000));
}

/// Lets everybody take a whole folder, eight files at once where that can be said. `wrap` says how a command is run.
fn whole_folder(race: Race, url: &str, dir: &str, wrap: impl Fn(Command) -> Command) -> Race {
    race.add(Runner::hobnob(wrap(command(HOBNOB, ["get", "--recursive", url, "--to", dir]))))
        .add_if_there("rclone", |rclone| {
            let at_once = ["--transfers=8", "--checkers=8"];
            wrap(command(
                rclone,
                ["copy", "--quiet", at_once[0], at_once[1], "--http-url", url, ":http:", dir],
            ))
        })
        .add_if_there("lftp", |lftp| wrap(command(lftp, ["-c", &format!("mirror --parallel=8 {url} {dir}")])))
        .add_if_there("wget2", |wget2| {
            let whole = ["--quiet", "--recursive", "--no-parent", "--max-threads=8"];
            let mut command = command(wget2, whole);
            command.args(["--directory-prefix", dir, url]);
            wrap(command)
        })
}

/// From our own server, which says digests, and from others, which say none.
fn ours() {
    let data = memory();
    let root = data.path().join("root");
    fs::create_dir_all(root.join("small")).expect("a folder");
    write_small(&root.join("small"), 100, 100);
    write_big(&root.join("big"), 2048);
    let to = data.path().join("to");
    let (Some(own), Some(caddy)) = (hobnob(&root), caddy(data.path(), &root)) else { return };
    let whole =
        |url: &str| command(HOBNOB, ["get", "--recursive", &format!("{url}small/"), "--to", &shown(&to)]);
    Race::new("10,000 files of 4 KiB in 100 folders to hobnob", &to, 10_000.0, "files/s")
        .add(Runner::named("from Caddy", whole(&caddy.url(""))))
        .add(Runner::named("from hobnob", whole(&own.url(""))))
        .run(|dir| assert_eq!(count(dir), 10_000));
    let Some(nginx) = nginx(data.path(), &root) else { return };
    let one = |url: &str| command(HOBNOB, ["get", url, "-o", &shown(&to.join("big"))]);
    // Its digest is forgotten when its time is another one.
    let afresh = |url: &str| {
        let script = format!(
            "touch {}; exec {HOBNOB} get {url} -o {}",
            shown(&root.join("big")),
            shown(&to.join("big"))
        );
        command("bash", ["-c", &script])
    };
    Race::new("2 GiB to hobnob", &to, 2048.0, "MiB/s")
        .add(Runner::named("from nginx", one(&nginx.url("big"))))
        .add(Runner::named("first time", afresh(&own.url("big"))))
        .add(Runner::named("from hobnob", one(&own.url("big"))))
        .run(|dir| same_length(&dir.join("big"), 2048 << 20));
}

/// Who is served the fastest, by whom.
fn serve() {
    let data = memory();
    let root = data.path().join("root");
    fs::create_dir(&root).expect("a folder");
    write_big(&root.join("big"), 2048);
    let to = data.path().join("to");
    let servers = [
        ("hobnob", hobnob(&root)),
        ("nginx", nginx(data.path(), &root)),
        ("Caddy", caddy(data.path(), &root)),
    ];
    let there = || servers.iter().filter_map(|(name, server)| Some((name, server.as_ref()?)));
    let nowhere = |_: &Path| {};
    let mut by_curl = Race::new("2 GiB to curl", &to, 2048.0, "MiB/s");
    let mut by_cat = Race::new("2 GiB to a bare socket", &to, 2048.0, "MiB/s");
    for (name, server) in there() {
        let curl = ["--silent", "--fail", "--output", "/dev/null", &server.url("big")];
        by_curl = by_curl.add(Runner::named(name, command("curl", curl)));
        let request = "GET /big HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n";
        by_cat = by_cat.add(Runner::named(name, bare(server.address(), request, "/dev/null")));
    }
    if let Some((_, server)) = there().find(|(name, _)| **name == "hobnob") {
        // A selector of Gopher (RFC 1436) is a line, and the answer the bytes and the end: the plain protocol.
        let url = format!("gopher://{}/0big", server.address());
        let curl = ["--silent", "--fail", "--output", "/dev/null", &url];
        by_curl = by_curl.add(Runner::named("hobnob, plain", command("curl", curl)));
        by_cat = by_cat.add(Runner::named("hobnob, plain", bare(server.address(), "big", "/dev/null")));
    }
    by_curl.run(nowhere);
    by_cat.run(nowhere);
}

/// Sends a request and takes all that comes, with no program between that does more.
fn bare(server: SocketAddr, request: &str, to: &str) -> Command {
    let (host, port) = (server.ip(), server.port());
    let script = format!("exec 3<>/dev/tcp/{host}/{port}; printf '{request}' >&3; exec cat <&3 >{to}");
    command("bash", ["-c", &script])
}

fn slow_protocol() {
    let data = memory();
    let root = data.path().join("root");
    fs::create_dir(&root).expect("a folder");
    write_big(&root.join("big"), 1024);
    let Some(server) = plain(&root) else { return };
    let to = data.path().join("to");
    let file = shown(&to.join("big"));
    let address = server.address();
    Race::new("1 GiB over the plain protocol into memory", &to, 1024.0, "MiB/s")
        .add(Runner::hobnob(command(HOBNOB, ["get", &format!("plain://{address}/big"), "-o", &file])))
        .add(Runner::named("a bare socket", bare(address, "big", &file)))
        .run(|dir| same_length(&dir.join("big"), 1 << 30));
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn same_length(path: &Path, bytes: u64) {
    assert_eq!(fs::metadata(path).expect("the file").len(), bytes);
}

/// Files below a folder, without those that a program made for itself.
fn count(dir: &Path) -> usize {
    let mut waiting: Vec<PathBuf> = vec![dir.to_path_buf()];
    let mut files = 0;
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "txt") {
                files += 1;
            }
        }
    }
    files
}
