//! Going on with what an earlier run left.

use std::fs;

use hobnob::effect::{Conflict, Job, Partial};
use hobnob::event::{Anew, Fault, Kept, TransferEvent};
use hobnob::net::fetch::End;
use hobnob::wire::range::Validator;
use tempfile::{TempDir, tempdir};

use super::ranged::{LENGTH, OVERLAP, Script, answer, content, first, part, right, rightly, scripted, whole};
use super::{at, engine, job, read, run};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, field};

const ETAG: &str = "\"one\"";
const HALF: usize = 150_000;

/// A download of which a first run brought the beginning.
struct Begun {
    dir: TempDir,
    server: Server,
    job: Job,
}

/// Breaks off after so many bytes; whoever comes then is served by these scripts.
async fn begun(head: String, bytes: usize, then: Vec<Script>) -> Begun {
    let mut scripts = vec![answer(move |_| [head.as_bytes(), &content()[..bytes]].concat())];
    scripts.extend(then);
    let server = scripted(scripts);
    let dir = tempdir().unwrap();
    let mut job = job(server.source("http://", "/a"), dir.path());
    let (end, told) = run(&engine(PATIENT), &mut job).await;
    let short = Fault::Short { got: bytes as u64, announced: LENGTH as u64 };
    assert_eq!(end, End::Failed(short));
    let TransferEvent::Started { partial, from: 0, anew: None, .. } = &told[0] else { panic!("{told:?}") };
    job.partial = Some(partial.clone());
    server.requests();
    Begun { dir, server, job }
}

impl Begun {
    async fn goes_on(&mut self) -> (End, Vec<TransferEvent>) {
        run(&engine(PATIENT), &mut self.job).await
    }

    /// It is whole and right in the end, whatever happened before.
    #[track_caller]
    fn is_right(&self, end: &End) {
        assert!(matches!(end, End::Finished(_)), "{end:?}");
        assert!(read(&self.dir, "a") == content());
        assert_eq!(names(self.dir.path()), ["a"]);
    }
}

/// From where it went on, and why it did not.
#[track_caller]
fn started(told: &[TransferEvent]) -> (u64, Option<Anew>) {
    let started = told.iter().find_map(|event| match event {
        TransferEvent::Started { from, anew, .. } => Some((*from, *anew)),
        _ => None,
    });
    started.expect("it started")
}

#[tokio::test]
async fn a_file_of_which_a_part_is_in_a_folder_that_is_new_goes_on_too() {
    let head = whole(LENGTH, ETAG);
    let half = answer(move |_| [head.as_bytes(), &content()[..HALF]].concat());
    let server = scripted(vec![half, rightly(ETAG)]);
    let dir = tempdir().unwrap();
    let mut job = job(server.source("http://", "/a"), &dir.path().join("folder"));
    let engine = engine(PATIENT);
    let (_, told) = run(&engine, &mut job).await;
    let TransferEvent::Started { partial, .. } = &told[0] else { panic!("{told:?}") };
    job.partial = Some(partial.clone());
    let (end, told) = run(&engine, &mut job).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert_eq!(started(&told), (HALF as u64, None));
    assert!(read(&dir, "folder/a") == content());
}

#[tokio::test]
async fn what_is_here_is_not_sent_again_but_for_the_end_that_is_compared() {
    let mut begun = begun(whole(LENGTH, ETAG), HALF, vec![rightly(ETAG)]).await;
    let kept = Partial { validator: Validator::from_kept(ETAG), total: Some(LENGTH as u64) };
    assert_eq!(begun.job.partial, Some(kept));
    let there = names(begun.dir.path());
    assert!(there.len() == 1 && there[0].starts_with(".a."), "{there:?}");
    let (end, told) = begun.goes_on().await;
    assert_eq!(started(&told), (HALF as u64, None));
    begun.is_right(&end);
    let asked = begun.server.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(field(&asked[0], "range"), Some(format!("bytes={}-", HALF - OVERLAP)));
    assert_eq!(field(&asked[0], "if-range").as_deref(), Some(ETAG));
}

#[tokio::test]
async fn a_time_that_has_settled_will_do_where_there_is_no_tag() {
    const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    let head = |date: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\nLast-Modified: {CHANGED}\r\nDate: {date}\r\n\r\n"
        )
    };
    let later = head("Sun, 06 Nov 1994 08:49:38 GMT");
    let part = answer(|request| {
        let first = first(request, LENGTH).unwrap();
        let head = part(first, LENGTH, "").replace("ETag: ", "X: ");
        [head.as_bytes(), &content()[first..]].concat()
    });
    let mut begun = begun(later, HALF, vec![part]).await;
    let (end, told) = begun.goes_on().await;
    assert_eq!(started(&told), (HALF as u64, None));
    begun.is_right(&end);
    assert_eq!(field(&begun.server.requests()[0], "if-range").as_deref(), Some(CHANGED));
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_not_kept() {
    for (head, bytes) in [(whole(LENGTH, "W/\"one\""), OVERLAP), (whole(LENGTH, ETAG), OVERLAP)] {
        let begun = begun(head.clone(), bytes, vec![rightly(ETAG)]).await;
        assert!(names(begun.dir.path()).is_empty(), "{head}");
    }
}

/// Fields that do not make a strong validator.
const WEAK: [&str; 4] = [
    "",
    "ETag: W/\"one\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    "ETag: one\r\n",
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
];

fn with(fields: &str, head: &str) -> String {
    head.replace(&format!("ETag: {ETAG}\r\n"), fields)
}

/// Sends the part that is asked for, whatever `If-Range` says.
fn rest(fields: &'static str, content: Vec<u8>) -> Script {
    answer(move |request| match first(request, content.len()) {
        Some(first) => {
            let head = with(fields, &part(first, content.len(), ETAG));
            [head.as_bytes(), &content[first..]].concat()
        }
        None => [with(fields, &whole(content.len(), ETAG)).as_bytes(), &content].concat(),
    })
}

#[tokio::test]
async fn a_weak_or_missing_validator_is_gone_on_with_where_length_date_and_the_last_bytes_agree() {
    for fields in WEAK {
        let head = with(fields, &whole(LENGTH, ETAG));
        let mut begun = begun(head, HALF, vec![rest(fields, content())]).await;
        assert_eq!(names(begun.dir.path()).len(), 1, "{fields}: what came stays");
        assert!(!begun.job.partial.as_ref().unwrap().is_certain(), "{fields}");
        let (end, told) = begun.goes_on().await;
        assert_eq!(started(&told), (HALF as u64, None), "{fields}");
        begun.is_right(&end);
        let asked = begun.server.requests();
        assert_eq!(field(&asked[0], "range"), Some(format!("bytes={}-", HALF - OVERLAP)), "{fields}");
        assert_eq!(field(&asked[0], "if-range"), None, "{fields}");
    }
}

#[tokio::test]
async fn without_a_strong_validator_nothing_may_differ() {
    const DATED: &str = WEAK[1];
    const LATER: &str = "ETag: W/\"one\"\r\nLast-Modified: Mon, 07 Nov 1994 08:49:37 GMT\r\n";
    const OTHER: &str = "ETag: W/\"two\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let mut other = content();
    other[HALF - 1] ^= 1;
    let unsaid = || {
        answer(|request| {
            let head = with(DATED, &part(first(request, LENGTH).unwrap(), LENGTH, ETAG));
            let head = head.replace(&format!("/{LENGTH}"), "/*");
            [head.as_bytes(), &content()[first(request, LENGTH).unwrap()..]].concat()
        })
    };
    for (what, odd, now, content, why) in [
        ("the date", rest(LATER, content()), LATER, content(), Anew::Changed),
        ("the tag", rest(OTHER, content()), OTHER, content(), Anew::Changed),
        ("the last bytes", rest(DATED, other.clone()), DATED, other.clone(), Anew::Differs),
        ("the length is not said", unsaid(), DATED, content(), Anew::NoRanges),
    ] {
        let then = vec![odd, rest(now, content.clone())];
        let mut begun = begun(with(DATED, &whole(LENGTH, ETAG)), HALF, then).await;
        let (end, told) = begun.goes_on().await;
        assert_eq!(started(&told), (0, Some(why)), "{what}");
        assert!(matches!(end, End::Finished(_)), "{what}: {end:?}");
        assert!(read(&begun.dir, "a") == content, "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_go_on_starts_over_and_says_why() {
    let odd = |change: fn(usize) -> (String, usize)| {
        answer(move |request| {
            let (head, from) = change(first(request, LENGTH).unwrap());
            [head.as_bytes(), &content()[from..]].concat()
        })
    };
    let cases: Vec<(&str, Script, Anew, usize)> = vec![
        ("another version", rightly("\"two\""), Anew::Changed, 1),
        ("a weak tag", rightly("W/\"one\""), Anew::Changed, 1),
        ("no ranges", odd(|_| (whole(LENGTH, ETAG), 0)), Anew::NoRanges, 1),
        ("another part", odd(|first| (part(first + 1, LENGTH, ETAG), first + 1)), Anew::NoRanges, 2),
        ("an earlier part", odd(|first| (part(first - 1, LENGTH, ETAG), first - 1)), Anew::NoRanges, 2),
        ("all of it as a part", odd(|_| (part(0, LENGTH, ETAG), 0)), Anew::NoRanges, 2),
        (
            "another length",
            odd(|first| {
                let head = part(first, LENGTH, ETAG);
                (head.replace(&format!("/{LENGTH}"), &format!("/{}", LENGTH + 1)), first)
            }),
            Anew::Changed,
            2,
        ),
        (
            "a part with all of the body",
            odd(|first| {
                let length = format!("Length: {}\r", LENGTH - first);
                (part(first, LENGTH, ETAG).replace(&length, &format!("Length: {LENGTH}\r")), 0)
            }),
            Anew::NoRanges,
            2,
        ),
        ("another tag with the part", odd(|first| (part(first, LENGTH, "\"two\""), first)), Anew::Changed, 2),
        ("other bytes", odd(|first| (part(first, LENGTH, ETAG), first - 1)), Anew::Differs, 2),
        (
            "no such part",
            answer(|_| b"HTTP/1.1 416 No\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n".to_vec()),
            Anew::Changed,
            2,
        ),
        (
            "no part at all",
            answer(|_| b"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
            Anew::NoRanges,
            2,
        ),
        (
            "several parts",
            answer(|_| {
                b"HTTP/1.1 206 P\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: 3\r\n\r\n--x".to_vec()
            }),
            Anew::NoRanges,
            2,
        ),
    ];
    for (what, script, why, questions) in cases {
        let etag = if why == Anew::Changed { "\"two\"" } else { ETAG };
        let mut begun = begun(whole(LENGTH, ETAG), HALF, vec![script, rightly(etag)]).await;
        let (end, told) = begun.goes_on().await;
        assert_eq!(started(&told), (0, Some(why)), "{what}");
        begun.is_right(&end);
        assert_eq!(begun.server.requests().len(), questions, "{what}");
    }
}

#[tokio::test]
async fn a_part_without_a_length_of_its_own_ends_where_it_said() {
    let chunked = answer(|request| {
        let first = first(request, LENGTH).unwrap();
        let head = part(first, LENGTH, ETAG);
        let length = format!("Content-Length: {}", LENGTH - first);
        let mut sent = head.replace(&length, "Transfer-Encoding: chunked").into_bytes();
        let rest = [&content()[first..], b"and more"].concat();
        sent.extend(format!("{:x}\r\n", rest.len()).bytes());
        sent.extend(rest);
        sent.extend(b"\r\n0\r\n\r\n");
        sent
    });
    let mut begun = begun(whole(LENGTH, ETAG), HALF, vec![chunked]).await;
    let (end, told) = begun.goes_on().await;
    assert_eq!(started(&told), (HALF as u64, None));
    begun.is_right(&end);
}

#[tokio::test]
async fn a_file_of_which_all_is_here_is_only_compared() {
    let mut begun = begun(whole(LENGTH, ETAG), LENGTH - 1, vec![rightly(ETAG)]).await;
    let partial = at(&begun.dir, &names(begun.dir.path())[0]);
    fs::write(&partial, content()).unwrap();
    let (end, told) = begun.goes_on().await;
    assert_eq!(started(&told), (LENGTH as u64, None));
    begun.is_right(&end);
}

#[tokio::test]
async fn a_server_that_calls_a_whole_file_unsatisfiable_is_asked_for_its_end() {
    let unsatisfied = answer(|_| {
        format!("HTTP/1.1 416 No\r\nContent-Range: bytes */{LENGTH}\r\nContent-Length: 0\r\n\r\n")
            .into_bytes()
    });
    let mut begun = begun(whole(LENGTH, ETAG), LENGTH - 1, vec![unsatisfied, rightly(ETAG)]).await;
    let partial = at(&begun.dir, &names(begun.dir.path())[0]);
    fs::write(&partial, content()).unwrap();
    let (end, _) = begun.goes_on().await;
    begun.is_right(&end);
    let asked = begun.server.requests();
    assert_eq!(field(&asked[1], "range"), Some(format!("bytes=-{OVERLAP}")));
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn what_is_here_without_being_known_is_not_used() {
    let without_version = Partial { validator: None, total: None };
    for (known, why) in [(None, Anew::Forgotten), (Some(without_version), Anew::NoValidator)] {
        let mut begun = begun(whole(LENGTH, ETAG), HALF, vec![rightly(ETAG)]).await;
        begun.job.partial = known;
        let (end, told) = begun.goes_on().await;
        assert_eq!(started(&told), (0, Some(why)));
        begun.is_right(&end);
        assert_eq!(field(&begun.server.requests()[0], "range"), None);
    }
}

#[tokio::test]
async fn what_is_here_of_another_version_is_gone_before_anybody_hears_of_the_new_one() {
    let two = answer(|request| right(request, &content(), "\"two\"")[..10_000].to_vec());
    let mut begun = begun(whole(LENGTH, ETAG), HALF, vec![two]).await;
    let partial = at(&begun.dir, &names(begun.dir.path())[0]);
    let mut here = Vec::new();
    let report = |event| {
        if matches!(event, TransferEvent::Started { .. }) {
            here.push(fs::metadata(&partial).unwrap().len());
        }
        std::future::ready(())
    };
    let end = engine(PATIENT).fetch(&mut begun.job, std::future::pending(), report).await;
    assert!(matches!(end, End::Failed(Fault::Short { .. })), "{end:?}");
    assert_eq!(here, [0]);
    assert!(names(begun.dir.path()).is_empty());
}

#[tokio::test]
async fn an_earlier_try_survives_a_server_that_is_not_there() {
    let refused = answer(|_| b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".to_vec());
    let mut begun = begun(whole(LENGTH, ETAG), HALF, vec![refused, rightly(ETAG)]).await;
    assert_eq!(begun.goes_on().await.0, End::Failed(Fault::Status(403)));
    let (end, told) = begun.goes_on().await;
    assert_eq!(started(&told), (HALF as u64, None));
    begun.is_right(&end);
}

/// Resuming a file that another program left.
async fn over(there: &[u8], scripts: Vec<Script>) -> (TempDir, Server, End, Vec<TransferEvent>) {
    let server = scripted(scripts);
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "a"), there).unwrap();
    let job = job(server.source("http://", "/a"), dir.path());
    let (end, told) = run(&engine(PATIENT), &mut Job { conflict: Conflict::Resume, ..job }).await;
    (dir, server, end, told)
}

#[tokio::test]
async fn a_file_that_is_there_is_gone_on_with_where_it_is_the_beginning() {
    for (bytes, from) in [(HALF, HALF), (10, 10), (0, 0)] {
        let (dir, _server, end, told) = over(&content()[..bytes], vec![rightly(ETAG)]).await;
        assert!(matches!(end, End::Finished(_)), "{bytes}: {end:?}");
        assert_eq!(started(&told), (from as u64, None), "{bytes}");
        assert!(read(&dir, "a") == content());
        assert_eq!(names(dir.path()), ["a"]);
    }
}

#[tokio::test]
async fn a_file_that_is_there_and_is_not_the_beginning_stays() {
    let mut other = content()[..HALF].to_vec();
    other[HALF - 1] ^= 1;
    let longer = [content(), b"x".to_vec()].concat();
    for there in [other, longer] {
        let (dir, server, end, _) = over(&there, vec![rightly(ETAG)]).await;
        assert_eq!(end, End::Failed(Fault::NotBeginning(at(&dir, "a"))));
        assert!(read(&dir, "a") == there);
        assert_eq!(names(dir.path()), ["a"]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_file_that_is_there_already_is_kept() {
    let (dir, _server, end, _) = over(&content(), vec![rightly(ETAG)]).await;
    assert_eq!(end, End::Kept(at(&dir, "a"), Kept::Same));
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test]
async fn without_ranges_the_whole_file_takes_the_place_of_its_beginning() {
    let all = || answer(|_| right(b"", &content(), ETAG));
    let (dir, _server, end, told) = over(&content()[..HALF], vec![all()]).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert_eq!(started(&told), (0, None));
    assert!(read(&dir, "a") == content());
    let (dir, _server, end, _) = over(b"something else", vec![all()]).await;
    assert_eq!(end, End::Failed(Fault::NotBeginning(at(&dir, "a"))));
    assert_eq!(read(&dir, "a"), b"something else");
}
