//! A folder taken as a whole, and unpacked by the programs that people have.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use hobnob::serve::End;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PATIENT, Running, rest, whole};

/// Unpacks with each program that is installed, and looks at what came out.
fn unpack(archive: &[u8], look: impl Fn(&Path)) {
    let kept = tempfile::NamedTempFile::new().unwrap();
    fs::write(kept.path(), archive).unwrap();
    for program in ["tar", "bsdtar"] {
        let out = tempfile::tempdir().unwrap();
        let unpacked = Command::new(program)
            .env("LC_ALL", "C.UTF-8")
            .args(["-x", "-f"])
            .arg(kept.path())
            .arg("-C")
            .arg(out.path())
            .output();
        let Ok(done) = unpacked else {
            println!("skipped: there is no {program} here");
            continue;
        };
        assert!(done.status.success(), "{program}: {done:?}");
        look(out.path());
    }
}

#[tokio::test]
async fn it_holds_what_is_in_the_folder_under_every_name_and_with_every_byte() {
    let server = Running::start(PATIENT);
    let long = "long".repeat(50);
    let exact = OsStr::from_bytes(b"\xff\xfe\n1.txt");
    let content: Vec<u8> = (0..700_001_u32).map(|number| number.to_le_bytes()[1]).collect();
    server.write("讲义/a.txt", "12345");
    server.write("讲义/empty", "");
    server.write("讲义/big.bin", &content);
    server.write(&format!("讲义/{long}/{long}/deep.txt"), "deep");
    server.write("讲义/.hidden", "hidden");
    fs::create_dir(server.folder.path().join("讲义/nothing in it")).unwrap();
    fs::write(server.folder.path().join("讲义").join(exact), "exact").unwrap();
    let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    fs::File::open(server.folder.path().join("讲义/a.txt")).unwrap().set_modified(date).unwrap();

    let taken = server.get("/%E8%AE%B2%E4%B9%89/?archive=tar").await;
    assert_eq!(taken.header("content-type"), Some("application/x-tar"));
    let disposition = taken.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"__.tar\"; filename*=UTF-8''%E8%AE%B2%E4%B9%89"));
    unpack(&taken.body, |out| {
        let folder = out.join("讲义");
        assert_eq!(fs::read(folder.join("a.txt")).unwrap(), b"12345");
        assert_eq!(fs::metadata(folder.join("a.txt")).unwrap().modified().unwrap(), date);
        assert_eq!(fs::read(folder.join("empty")).unwrap(), b"");
        assert!(fs::read(folder.join("big.bin")).unwrap() == content);
        assert_eq!(fs::read(folder.join(&long).join(&long).join("deep.txt")).unwrap(), b"deep");
        assert_eq!(fs::read(folder.join(exact)).unwrap(), b"exact");
        assert!(folder.join("nothing in it").is_dir());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 6, "nothing hidden");
    });
}

#[tokio::test]
async fn it_holds_what_links_lead_to_but_nothing_from_outside_and_it_ends() {
    let server = Running::start(PATIENT);
    server.write("top/a.txt", "a");
    server.write("beside/b.txt", "b");
    let top = server.folder.path().join("top");
    symlink("a.txt", top.join("link.txt")).unwrap();
    symlink("../beside", top.join("beside")).unwrap();
    symlink("/etc", top.join("etc")).unwrap();
    symlink("../..", top.join("out")).unwrap();
    symlink("nowhere", top.join("nowhere")).unwrap();
    symlink(".", top.join("round")).unwrap();
    symlink("../top", server.folder.path().join("beside/back")).unwrap();
    mkfifo(&top.join("pipe"), Mode::S_IRWXU).unwrap();
    let taken = server.get("/top/?archive=tar").await;
    unpack(&taken.body, |out| {
        let mut names: Vec<_> =
            fs::read_dir(out.join("top")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.txt", "beside", "link.txt"]);
        assert_eq!(fs::read(out.join("top/link.txt")).unwrap(), b"a");
        assert!(!out.join("top/link.txt").is_symlink());
        assert_eq!(fs::read(out.join("top/beside/b.txt")).unwrap(), b"b");
        assert_eq!(fs::read_dir(out.join("top/beside")).unwrap().count(), 1);
    });
}

#[tokio::test]
async fn the_shared_folder_itself_goes_by_its_own_name() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "a");
    let name = server.folder.path().file_name().unwrap().to_str().unwrap();
    let taken = server.get("/?archive=tar").await;
    let disposition = taken.header("content-disposition").unwrap();
    assert!(disposition.contains(&format!("filename=\"{name}.tar\"")), "{disposition}");
    unpack(&taken.body, |out| assert_eq!(fs::read(out.join(name).join("a.txt")).unwrap(), b"a"));
    assert_eq!(server.get("/?archive=rar").await.status, 400);
}

#[tokio::test]
async fn one_of_a_folder_that_goes_too_deep_for_the_system_does_not_look_whole() {
    let mut server = Running::start(PATIENT);
    let name = "d".repeat(250);
    let mut folder = Dir::open_ambient_dir(server.folder.path(), ambient_authority()).unwrap();
    // A path may have 4096 bytes on Linux, and fewer elsewhere.
    for _ in 0..17 {
        folder.create_dir(&name).unwrap();
        folder = folder.open_dir(&name).unwrap();
    }
    folder.write("a.txt", "lost").unwrap();
    let mut client = server.connect().await;
    client
        .write_all(b"GET /?archive=tar HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let body = rest(&mut client).await;
    assert!(!body.ends_with(b"\r\n0\r\n\r\n"), "{} bytes look whole", body.len());
    assert_eq!(server.log.recv().await.unwrap().end, End::BrokenOff);
}

#[tokio::test]
async fn one_with_a_file_that_became_shorter_does_not_look_whole() {
    let mut server = Running::start(PATIENT);
    server.write_long("a.bin");
    server.write("b.txt", "b");
    let mut client = server.connect().await;
    client
        .write_all(b"GET /?archive=tar HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut begun = [0; 4096];
    client.read_exact(&mut begun).await.unwrap();
    fs::File::create(server.folder.path().join("a.bin")).unwrap();
    let body = rest(&mut client).await;
    assert!(!body.ends_with(b"\r\n0\r\n\r\n") && whole(&body).is_none());
    assert_eq!(server.log.recv().await.unwrap().end, End::BrokenOff);
}

#[tokio::test]
async fn one_that_breaks_off_ends_with_a_reset_for_who_could_not_tell_otherwise() {
    let mut server = Running::start(PATIENT);
    server.write_long("a.bin");
    let mut client = server.connect().await;
    client.write_all(b"GET /?archive=tar HTTP/1.0\r\n\r\n").await.unwrap();
    client.read_exact(&mut [0; 4096]).await.unwrap();
    fs::File::create(server.folder.path().join("a.bin")).unwrap();
    let read = client.read_to_end(&mut Vec::new()).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.log.recv().await.unwrap().end, End::BrokenOff);
}
