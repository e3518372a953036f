//! The beginning of a file, to be looked at before it is downloaded.

use std::io::Write;
use std::sync::mpsc::channel;

use hobnob::event::{Content, Fault, Listed, Preview};
use hobnob::net::browse::{Highlighting, preview};

use crate::support::server::{Server, client, field, ok, send};

const LIMIT: usize = 1 << 20;

async fn look(server: &Server, path: &str) -> Result<Preview, Fault> {
    preview(&server.source("http://", path), &client(), &Highlighting::at_most(1)).await
}

fn lines(preview: &Preview) -> Vec<&str> {
    let Content::Text(lines, _) = &preview.content else { panic!("{:?}", preview.content) };
    lines.iter().map(|line| &*line.text).collect()
}

#[tokio::test]
async fn a_small_text_is_seen_whole_from_a_server_that_sends_no_parts() {
    let server = Server::http(|_| ok("text/plain", "one\r\n二"));
    let seen = look(&server, "/a.txt").await.unwrap();
    assert_eq!((lines(&seen), seen.is_whole, seen.size), (vec!["one", "二"], true, Some(8)));
    assert_eq!(seen.media_type.as_deref(), Some("text/plain"));
    let request = String::from_utf8(server.requests().remove(0)).unwrap();
    assert!(request.to_lowercase().contains("range: bytes=0-1048575\r\n"), "{request}");
}

#[tokio::test]
async fn of_a_large_file_no_more_is_read_than_its_beginning() {
    let (closed, is_closed) = channel();
    let server = Server::new(move |_, mut stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n";
        let mut sent = stream.write_all(head.as_bytes());
        while sent.is_ok() {
            sent = stream.write_all(&vec![b'x'; 1 << 16]);
        }
        closed.send(()).unwrap();
    });
    let seen = look(&server, "/large").await.unwrap();
    is_closed.recv().unwrap();
    assert_eq!((seen.is_whole, seen.size), (false, Some(9_000_000_000)));
    let Content::Text(lines, _) = seen.content else { panic!("{:?}", seen.content) };
    assert!(lines.iter().map(|line| line.text.len()).sum::<usize>() <= LIMIT);
}

#[tokio::test]
async fn of_a_part_it_is_known_how_large_the_whole_is() {
    let server = Server::http(|_| {
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4000\r\nContent-Length: 4\r\n\
         Connection: close\r\n\r\nabc\n"
            .to_owned()
    });
    let seen = look(&server, "/a").await.unwrap();
    assert_eq!((lines(&seen), seen.is_whole, seen.size), (vec!["abc"], false, Some(4000)));
}

#[tokio::test]
async fn an_empty_file_is_asked_for_without_a_part() {
    let mut asked = 0;
    let server = Server::http(move |_| {
        asked += 1;
        let refused = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */0\r\n\
                       Content-Length: 0\r\nConnection: close\r\n\r\n";
        if asked == 1 { refused.to_owned() } else { ok("text/plain", "") }
    });
    let seen = look(&server, "/empty").await.unwrap();
    assert_eq!((seen.is_whole, seen.size), (true, Some(0)));
}

#[tokio::test]
async fn a_refusal_is_said() {
    let server = Server::http(|_| "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned());
    assert_eq!(look(&server, "/a").await.unwrap_err(), Fault::Status(404));
}

/// A ZIP archive of stored files: their names and sizes. What its end says of its directory is changed before it is written.
fn zip(files: &[(String, usize)], lie: impl FnOnce(&mut [u32; 3])) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, size) in files {
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let sizes = u32::try_from(*size).unwrap().to_le_bytes().repeat(2);
        archive.extend([b"PK\x03\x04", &[0; 14][..], &sizes, &length, &[0; 2], name.as_bytes()].concat());
        archive.extend(vec![b'x'; *size]);
        directory.extend([b"PK\x01\x02", &[0; 16][..], &sizes, &length, &[0; 16], name.as_bytes()].concat());
    }
    let count = u32::try_from(files.len()).unwrap();
    let mut said = [count, directory.len().try_into().unwrap(), archive.len().try_into().unwrap()];
    lie(&mut said);
    let [count, length, at] = said.map(u32::to_le_bytes);
    archive.extend(directory);
    archive.extend([b"PK\x05\x06", &[0; 4][..], &count[..2], &count[..2], &length, &at, &[0; 2]].concat());
    archive
}

/// A server that sends parts of this file, whose tag is another one each time where it `changes`.
fn in_parts(file: Vec<u8>, changes: bool) -> Server {
    let mut nth = 0;
    Server::new(move |request, stream| {
        let range = field(request, "range").unwrap();
        let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let last = last.parse().unwrap_or(usize::MAX);
        let (first, last) = match first.parse::<usize>() {
            Ok(first) => (first, last.min(file.len() - 1)),
            Err(_) => (file.len() - last.min(file.len()), file.len() - 1),
        };
        nth += usize::from(changes);
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nETag: \"{nth}\"\r\nContent-Range: bytes {first}-{last}/{}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            file.len(),
            (last + 1).saturating_sub(first),
        );
        send(stream, &[head.as_bytes(), file.get(first..=last).unwrap_or_default()].concat());
    })
}

async fn packed(server: &Server) -> (Vec<(String, Option<u64>)>, Listed) {
    let seen = look(server, "/a.zip").await.unwrap();
    assert!(!seen.is_whole);
    let Content::Archive(_, entries, listed) = seen.content else { panic!("{:?}", seen.content) };
    (entries.iter().map(|entry| (entry.name.to_string(), entry.size)).collect(), listed)
}

/// Three files that are larger together than what is read of one.
fn three() -> Vec<(String, usize)> {
    ["a", "讲/b", "c"].map(|name| (name.to_owned(), 600_000)).to_vec()
}

#[tokio::test]
async fn what_is_in_a_large_archive_is_read_at_its_end() {
    let server = in_parts(zip(&three(), |_| {}), false);
    let (names, listed) = packed(&server).await;
    let wanted: Vec<_> = three().into_iter().map(|(name, size)| (name, Some(size as u64))).collect();
    assert_eq!((names, listed), (wanted, Listed::Whole));
    let asked: Vec<_> = server.requests().iter().map(|request| field(request, "range").unwrap()).collect();
    assert_eq!(asked, ["bytes=0-1048575", "bytes=-1048576"]);
}

#[tokio::test]
async fn of_an_archive_with_more_files_than_anybody_looks_at_only_the_first_are_read() {
    let many: Vec<_> = (0..60_000).map(|n| (format!("{n:05}"), 0)).collect();
    let file = zip(&many, |_| {});
    let length = file.len();
    let server = in_parts(file, false);
    let (names, listed) = packed(&server).await;
    assert_eq!((names.len(), &*names[0].0, listed), (10_000, "00000", Listed::Beginning));
    let at = 60_000 * 35;
    let asked: Vec<_> = server.requests().iter().map(|request| field(request, "range").unwrap()).collect();
    assert_eq!(asked[2..], [format!("bytes={at}-{}", at + LIMIT - 1)]);
    assert!(length > at + LIMIT, "the directory is longer than what is read");
}

#[tokio::test]
async fn an_archive_whose_end_lies_is_not_called_known_to_its_end() {
    let lies: [fn(&mut [u32; 3]); 5] = [
        |said| said[0] = 2,
        |said| said[1] += 1,
        |said| said[2] = 0,
        |said| said[2] = u32::MAX - 1,
        |said| said[2] += 3,
    ];
    for lie in lies {
        let (names, listed) = packed(&in_parts(zip(&three(), lie), false)).await;
        assert_eq!(listed, Listed::Beginning);
        assert!(matches!(names.len(), 2 | 3) && names[0].0 == "a", "{names:?}");
    }
}

#[tokio::test]
async fn the_end_of_another_version_is_not_taken_for_that_of_the_one_that_was_begun() {
    let (names, listed) = packed(&in_parts(zip(&three(), |_| {}), true)).await;
    assert_eq!((names.len(), listed), (2, Listed::Beginning));
}

#[tokio::test]
async fn of_a_large_archive_from_a_server_that_sends_no_parts_the_beginning_is_read() {
    let file = zip(&three(), |_| {});
    let server = Server::new(move |_, stream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", file.len());
        send(stream, &[head.as_bytes(), &file].concat());
    });
    let (names, listed) = packed(&server).await;
    assert_eq!((names.len(), listed), (2, Listed::Beginning));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_text_too_many_at_the_same_time_is_not_highlighted() {
    let server = Server::http(|_| ok("text/plain", "fn main() {}"));
    let source = server.source("http://", "/a.rs");
    let seen = preview(&source, &client(), &Highlighting::at_most(0)).await.unwrap();
    let Content::Text(lines, language) = seen.content else { panic!("{:?}", seen.content) };
    assert_eq!((&*lines[0].text, language), ("fn main() {}", None));
}
