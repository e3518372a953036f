//! Files that clients put into the folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hobnob::serve::{Access, Answer, End, Limits, Request, Uploads, Way};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::spawn_blocking;

use super::{PATIENT, Response, Running, rest};
use crate::support::files::names;

const UPLOADS: Uploads = Uploads { overwrite: false, limit: None, keep_free: 0 };

fn taking(uploads: Uploads) -> Running {
    Running::with(Access { uploads: Some(uploads), ..Access::default() })
}

impl Running {
    async fn put(&self, path: &str, headers: &str, body: impl AsRef<[u8]>) -> Response {
        let body = body.as_ref();
        let headers = format!("{headers}Content-Length: {}\r\n", body.len());
        self.send("PUT", path, &headers, body).await
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Response {
        let mut stream = self.connect().await;
        let host = self.address;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // One that is refused may not be read to its end.
        let _ = stream.write_all(body).await;
        Response::read(&rest(&mut stream).await)
    }

    /// Sends files as a browser does.
    async fn post(&self, path: &str, headers: &str, files: &[(&str, &[u8])]) -> Response {
        let mut body = b"--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nno file\r\n".to_vec();
        for (name, content) in files {
            let head =
                format!("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), content, b"\r\n"].concat());
        }
        body.extend(b"--XX--\r\n");
        let length = body.len();
        let headers = format!(
            "{headers}Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {length}\r\n"
        );
        self.send("POST", path, &headers, &body).await
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }
}

#[tokio::test]
async fn a_file_that_is_put_is_there_when_it_is_answered() {
    let mut server = taking(UPLOADS);
    server.write("讲义/old", "");
    let content = vec![7; 3_000_000];
    let response = server.put("/%E8%AE%B2%E4%B9%89/a%20b.bin", "", &content).await;
    assert_eq!((response.status, response.header("location")), (201, Some("/%E8%AE%B2%E4%B9%89/a%20b.bin")));
    assert!(server.read("讲义/a b.bin") == content);
    assert_eq!(names(&server.folder.path().join("讲义")), ["a b.bin", "old"]);
    let told = server.log.recv().await.unwrap();
    assert_eq!((told.answer, told.received), (Answer::Status(201), 3_000_000));
    assert_eq!(server.put("/empty", "", "").await.status, 201);
    assert_eq!(server.read("empty"), b"");
}

#[tokio::test]
async fn nothing_is_put_where_that_is_not_allowed() {
    let server = Running::start(PATIENT);
    for method in ["PUT", "POST"] {
        let response = server.send(method, "/a", "Content-Length: 1\r\n", b"x").await;
        assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    }
    let server = taking(UPLOADS);
    let response = server.ask("DELETE", "/a", "").await;
    assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD, OPTIONS, PUT, POST")));
    assert_eq!(server.names(), [""; 0]);
}

#[tokio::test]
async fn several_texts_are_put_over_one_connection() {
    let server = taking(UPLOADS);
    let mut client = server.connect().await;
    let put = |name: &str, rest: &str| {
        format!(
            "PUT /{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n{rest}\r\n\nb\nc\n\nd\n\n\n"
        )
    };
    let all = put("a", "") + &put("b", "") + &put("c", "Connection: close\r\n");
    client.write_all(all.as_bytes()).await.unwrap();
    let answers = String::from_utf8(rest(&mut client).await).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 201 Created").count(), 3, "{answers}");
    assert_eq!(server.names(), ["a", "b", "c"]);
    assert_eq!(server.read("b"), b"\nb\nc\n\nd\n\n\n");
}

#[tokio::test]
async fn a_file_that_is_there_is_kept_unless_it_may_be_replaced() {
    let server = taking(UPLOADS);
    server.write("a", "old");
    assert_eq!(server.put("/a", "", "new").await.status, 409);
    assert_eq!(server.read("a"), b"old");
    let server = taking(Uploads { overwrite: true, ..UPLOADS });
    server.write("a", "old");
    let response = server.put("/a", "", "new").await;
    assert_eq!((response.status, response.header("content-length")), (204, None));
    assert_eq!(server.read("a"), b"new");
    assert_eq!(server.names(), ["a"]);
}

#[tokio::test]
async fn what_a_client_makes_a_condition_is_respected() {
    let server = taking(Uploads { overwrite: true, ..UPLOADS });
    for (path, condition, status) in [
        ("/a", "If-None-Match: *", 412),
        ("/a", "If-None-Match: \"another\", TAG", 412),
        ("/a", "If-None-Match: \"another\"", 204),
        ("/a", "If-Match: \"another\"", 412),
        ("/a", "If-Match: \"another\", TAG", 204),
        ("/a", "If-Match: *", 204),
        ("/a", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 412),
        ("/a", "If-Unmodified-Since: SECOND", 204),
        ("/b", "If-Match: *", 412),
        ("/b", "If-Match: TAG", 412),
        ("/b", "If-None-Match: *", 201),
        ("/c", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 201),
    ] {
        server.write("a", "old");
        let there = server.ask("HEAD", "/a", "").await;
        let condition = condition.replace("TAG", there.header("etag").unwrap());
        let condition = condition.replace("SECOND", there.header("last-modified").unwrap());
        let response = server.put(path, &format!("{condition}\r\n"), "new").await;
        assert_eq!(response.status, status, "{path} {condition}");
        assert_eq!(server.read("a"), if status == 204 { b"new" } else { b"old" }, "{condition}");
    }
}

#[tokio::test]
async fn a_condition_is_judged_again_when_the_upload_has_come() {
    let server = taking(Uploads { overwrite: true, ..UPLOADS });
    server.write("a", "old");
    let tag = server.get("/a").await.header("etag").unwrap().to_owned();
    let mut slow = server.connect().await;
    let head = format!(
        "PUT /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\nIf-Match: {tag}\r\n\
        Expect: 100-continue\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.read_exact(&mut [0; 25]).await.unwrap();
    assert_eq!(server.put("/a", "", "meanwhile").await.status, 204);
    slow.write_all(b"slow").await.unwrap();
    assert_eq!(Response::read(&rest(&mut slow).await).status, 412);
    assert_eq!(server.read("a"), b"meanwhile");
}

#[tokio::test]
async fn where_nothing_may_be_replaced_no_condition_is_asked() {
    let server = taking(UPLOADS);
    server.write("a", "old");
    for condition in ["If-None-Match: *", "If-Match: *"] {
        let response = server.put("/a", &format!("{condition}\r\n"), "new").await;
        assert_eq!(response.status, 409, "{condition}");
    }
}

#[tokio::test]
async fn who_sends_all_of_what_is_refused_hears_why() {
    let server = taking(Uploads { limit: Some(9_000_000), ..UPLOADS });
    server.write("there", "old");
    let (large, too_large) = (vec![b'x'; 8_000_000], vec![b'x'; 16_000_000]);
    for _ in 0..4 {
        assert_eq!(server.put("/there", "", &large).await.status, 409);
        assert_eq!(server.put("/a", "", &too_large).await.status, 413);
    }
    let response = server.post("/", "", &[("there", &large)]).await;
    assert_eq!((response.status, response.text()), (409, "409 Conflict: there\n"));
}

#[tokio::test]
async fn names_that_lead_out_or_to_what_is_hidden_are_refused() {
    let server = taking(UPLOADS);
    server.write("sub/x", "");
    for path in [
        "/../x",
        "/%2e%2e/x",
        "/%2e%2e%2fx",
        "/sub/%2e%2e/%2e%2e/x",
        "/.hidden",
        "/sub/.git/x",
        "/..%5cx",
        "/a%00b",
        "/sub/../../x",
        "/%2ehobnob-upload-1-1",
    ] {
        assert_eq!(server.put(path, "", "x").await.status, 403, "{path}");
    }
    for name in ["../x", "sub/y", ".hidden", "..", ".", "/etc/x", "..\\x"] {
        assert_eq!(server.post("/", "", &[(name, b"x")]).await.status, 403, "{name}");
    }
    assert_eq!(server.names(), ["sub"]);
    assert!(!server.folder.path().join("../x").exists());
    for (path, status) in [("/a%5cb", 201), ("//b", 201), ("/sub/.././c", 201), ("/sub//x", 409)] {
        assert_eq!(server.put(path, "", "x").await.status, status, "{path}");
    }
    assert_eq!(server.names(), ["a\\b", "b", "c", "sub"]);
}

#[tokio::test]
async fn only_a_file_is_ever_replaced_and_no_folder_made() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let server = taking(Uploads { overwrite: true, ..UPLOADS });
    server.write("folder/x", "");
    let shared = server.folder.path();
    symlink(outside.path().join("secret"), shared.join("link")).unwrap();
    symlink(outside.path().join("new"), shared.join("nowhere")).unwrap();
    symlink("folder/x", shared.join("inside")).unwrap();
    symlink(outside.path(), shared.join("out")).unwrap();
    for (path, status) in [
        ("/folder", 409),
        ("/folder/", 409),
        ("/", 409),
        ("/link", 409),
        ("/nowhere", 409),
        ("/inside", 409),
        ("/nope/x", 409),
        ("/folder/x/y", 409),
        ("/out/x", 403),
    ] {
        assert_eq!(server.put(path, "", "x").await.status, status, "{path}");
    }
    assert_eq!(names(outside.path()), ["secret"]);
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(server.names(), ["folder", "inside", "link", "nowhere", "out"]);
    assert_eq!(names(&shared.join("folder")), ["x"]);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let mut server = taking(UPLOADS);
    let body = vec![b'x'; 1_000_000];
    for sent in [0, 1, 4096, 262_144, 700_000, 999_999] {
        let mut client = server.connect().await;
        client
            .write_all(b"PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            .await
            .unwrap();
        client.write_all(&body[..sent]).await.unwrap();
        drop(client);
        let told = server.log.recv().await.unwrap();
        assert_eq!((told.answer, told.received), (Answer::Status(400), sent as u64), "{told:?}");
        assert_eq!(server.names(), [""; 0], "{sent}");
    }
    for end in ["5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\nx\r\n"] {
        let mut client = server.connect().await;
        let head = "PUT /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.write_all(format!("{head}{end}").as_bytes()).await.unwrap();
        drop(client);
        assert_eq!(server.log.recv().await.unwrap().answer, Answer::Status(400));
        assert_eq!(server.names(), [""; 0], "{end:?}");
    }
}

#[tokio::test]
async fn an_upload_that_the_server_cuts_off_leaves_nothing() {
    let access = Access { uploads: Some(UPLOADS), ..Access::default() };
    let limits = Limits { grace: Duration::from_millis(30), ..PATIENT };
    let mut server = Running::sharing(tempfile::tempdir().unwrap(), limits, access, None);
    let mut client = server.connect().await;
    let head =
        "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    // With this the partial file is there.
    client.read_exact(&mut [0; 25]).await.unwrap();
    assert_eq!(server.names().len(), 1);
    client.write_all(b"hello").await.unwrap();
    while server.onlooker.running(1).0.first().is_none_or(|one| one.bytes < 5) {
        server.onlooker.moved().await;
    }
    server.stop.send(()).unwrap();
    server.task.await.unwrap();
    let told = server.log.recv().await.unwrap();
    assert_eq!((told.answer, told.end, told.received), (Answer::Unanswered, End::CutOff, 5));
    assert_eq!(names(server.folder.path()), [""; 0]);
}

#[tokio::test]
async fn whoever_looks_on_sees_an_upload_while_it_comes_and_no_longer() {
    let mut server = taking(UPLOADS);
    for (length, total) in [("Content-Length: 10", Some(10)), ("Transfer-Encoding: chunked", None)] {
        let mut client = server.connect().await;
        let head = format!("PUT /a%20{} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n", total.is_some());
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(if total.is_some() { b"hello" } else { b"5\r\nhello\r\n" }).await.unwrap();
        while server.onlooker.running(1).0.first().is_none_or(|one| one.bytes < 5) {
            server.onlooker.moved().await;
        }
        let (running, count) = server.onlooker.running(9);
        let [one] = &running[..] else { panic!("{running:?}") };
        assert_eq!((count, one.peer, one.way), (1, client.local_addr().unwrap(), Way::In));
        assert_eq!((one.bytes, one.total), (5, total));
        assert!(matches!(&one.request, Request::Http { path, .. } if path.starts_with("/a ")), "{one:?}");
        client.write_all(if total.is_some() { b"hello" } else { b"5\r\nhello\r\n0\r\n\r\n" }).await.unwrap();
        let told = server.log.recv().await.unwrap();
        assert_eq!((told.answer, told.received), (Answer::Status(201), 10));
        assert_eq!(server.onlooker.running(9), (vec![], 0));
    }
}

#[tokio::test]
async fn who_sends_nothing_for_too_long_is_given_up() {
    let access = Access { uploads: Some(UPLOADS), ..Access::default() };
    let limits = Limits { stall: Duration::from_millis(30), ..PATIENT };
    let server = Running::sharing(tempfile::tempdir().unwrap(), limits, access, None);
    let mut client = server.connect().await;
    client.write_all(b"PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhello").await.unwrap();
    assert_eq!(Response::read(&rest(&mut client).await).status, 408);
    assert_eq!(server.names(), [""; 0]);
}

#[tokio::test]
async fn of_two_uploads_of_one_name_one_wins_as_a_whole() {
    let server = taking(UPLOADS);
    let (ones, twos) = (vec![1; 2_000_000], vec![2; 2_000_000]);
    let (first, second) = tokio::join!(server.put("/a", "", &ones), server.put("/a", "", &twos));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let there = server.read("a");
    assert!(there == ones || there == twos);
    assert_eq!(server.names(), ["a"]);
}

#[tokio::test]
async fn the_second_of_two_uploads_that_run_at_once_comes_too_late() {
    let server = taking(UPLOADS);
    let mut slow = server.connect().await;
    let head = "PUT /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.read_exact(&mut [0; 25]).await.unwrap();
    assert_eq!(server.put("/a", "", "fast").await.status, 201);
    slow.write_all(b"slow").await.unwrap();
    assert_eq!(Response::read(&rest(&mut slow).await).status, 409);
    assert_eq!(server.read("a"), b"fast");
    assert_eq!(server.names(), ["a"]);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_whether_its_length_is_announced_or_not() {
    let server = taking(Uploads { limit: Some(1000), ..UPLOADS });
    assert_eq!(server.put("/fits", "", vec![b'x'; 1000]).await.status, 201);
    assert_eq!(server.put("/a", "", vec![b'x'; 1001]).await.status, 413);
    let chunked = format!("3e8\r\n{}\r\n1\r\ny\r\n0\r\n\r\n", "x".repeat(1000));
    let response = server.send("PUT", "/a", "Transfer-Encoding: chunked\r\n", chunked.as_bytes()).await;
    assert_eq!(response.status, 413);
    assert_eq!(server.post("/", "", &[("a", &[b'x'; 1001])]).await.status, 413);
    assert_eq!(server.names(), ["fits"]);
}

#[tokio::test]
async fn the_last_room_of_the_disk_is_not_taken() {
    let server = taking(Uploads { keep_free: u64::MAX, ..UPLOADS });
    assert_eq!(server.put("/a", "", "x").await.status, 507);
    assert_eq!(server.post("/", "", &[("a", b"x")]).await.status, 507);
    assert_eq!(server.names(), [""; 0]);
    // What is announced counts before it comes.
    let server = taking(UPLOADS);
    let head = "Content-Length: 9000000000000000000\r\n";
    assert_eq!(server.send("PUT", "/a", head, b"").await.status, 507);
    assert_eq!(server.names(), [""; 0]);
}

#[tokio::test]
async fn what_is_no_whole_file_is_refused() {
    let server = taking(UPLOADS);
    assert_eq!(server.put("/a", "Content-Range: bytes 0-0/2\r\n", "x").await.status, 400);
    assert_eq!(server.put("/a", "Content-Encoding: gzip\r\n", "x").await.status, 415);
    assert_eq!(server.put(&format!("/{}", "x".repeat(256)), "", "x").await.status, 400);
    assert_eq!(server.send("POST", "/", "Content-Length: 3\r\n", b"a=b").await.status, 415);
    assert_eq!(server.names(), [""; 0]);
}

#[tokio::test]
async fn a_form_puts_its_files_into_the_folder_and_leads_back_to_it() {
    let server = taking(UPLOADS);
    server.write("sub/there", "old");
    let files: [(&str, &[u8]); 3] = [("a.txt", b"a\r\n--X\r\n"), ("讲义.bin", &vec![7; 500_000]), ("", b"")];
    let response = server.post("/sub/", "", &files).await;
    assert_eq!((response.status, response.header("location")), (303, Some("/sub/")));
    assert_eq!(response.text(), "201 Created: a.txt\n201 Created: 讲义.bin\n");
    assert_eq!(server.read("sub/a.txt"), b"a\r\n--X\r\n");
    assert!(server.read("sub/讲义.bin") == vec![7; 500_000]);
    let response = server.post("/sub/", "", &[("b", b"b"), ("there", b"new"), ("c", b"c")]).await;
    let said = "201 Created: b\n409 Conflict: there\n201 Created: c\n";
    assert_eq!((response.status, response.text()), (409, said));
    assert_eq!(server.read("sub/there"), b"old");
    for path in ["/sub/there", "/sub", "/nope/"] {
        assert_eq!(server.post(path, "", &[("x", b"x")]).await.status, 409, "{path}");
    }
    assert_eq!(names(&server.folder.path().join("sub")), ["a.txt", "b", "c", "there", "讲义.bin"]);
}

#[tokio::test]
async fn each_file_of_a_form_is_stored_or_refused_by_itself_and_the_answer_names_them_all() {
    let server = taking(Uploads { limit: Some(6_000_000), ..UPLOADS });
    server.write("there", "old");
    let (large, too_large) = (vec![b'x'; 6_000_000], vec![b'y'; 9_000_000]);
    let long = "n".repeat(256);
    // What is refused may be longer than what the parser may keep.
    let files: [(&str, &[u8]); 8] = [
        ("a", b"a"),
        ("there", &large),
        (".hidden", b"x"),
        ("big", &too_large),
        ("../x", b"x"),
        (&long, b"x"),
        ("a", b"again"),
        ("<b>&", b"last"),
    ];
    let expected = [201, 409, 403, 413, 403, 400, 409, 201];
    let response = server.post("/", "", &files).await;
    let statuses: Vec<u16> = response.text().lines().map(|line| line[..3].parse().unwrap()).collect();
    assert_eq!((response.status, &statuses[..]), (413, &expected[..]), "{}", response.text());
    assert_eq!(server.names(), ["<b>&", "a", "there"]);
    assert_eq!((server.read("a"), server.read("there")), (b"a".to_vec(), b"old".to_vec()));

    let json = server.post("/", "Accept: application/json\r\n", &files).await;
    assert_eq!((json.status, json.header("content-type")), (413, Some("application/json")));
    let report: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    let named: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(named, files.map(|(name, _)| name));
    assert_eq!(report["files"][7], serde_json::json!({"name": "<b>&", "status": 409, "stored": false}));
    assert_eq!(report["complete"], true);

    for (language, word, back) in [("en", "too large", "Back"), ("zh-CN", "文件过大", "返回")] {
        let accepts = format!("Accept: text/html,*/*;q=0.8\r\nAccept-Language: {language}\r\n");
        let page = server.post("/", &accepts, &files).await;
        assert_eq!((page.status, page.header("content-type")), (413, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("content-language"), Some(&language[..2]));
        let text = page.text();
        assert!(text.contains(word) && text.contains(back) && text.contains("<a href=\"./\">"), "{text}");
        assert!(text.contains("&lt;b&gt;&amp;") && !text.contains("<b>"), "{text}");
        assert_eq!(text.matches("<tr").count(), files.len(), "{text}");
    }
}

#[tokio::test]
async fn a_form_that_is_stored_whole_is_said_in_json_too_and_a_disk_that_is_full_stops_only_what_needs_room()
{
    let server = taking(UPLOADS);
    let json = server.post("/", "Accept: application/json\r\n", &[("a", b"a"), ("b", b"b")]).await;
    assert_eq!(json.status, 201);
    assert_eq!(
        json.text(),
        r#"{"files":[{"name":"a","status":201,"stored":true},{"name":"b","status":201,"stored":true}],"complete":true}"#
    );
    let server = taking(Uploads { keep_free: u64::MAX, ..UPLOADS });
    let response = server.post("/", "", &[("a", b"x"), ("b", b"x"), ("..", b"x")]).await;
    assert_eq!(response.status, 507);
    assert_eq!(
        response.text(),
        "507 Insufficient Storage: a\n507 Insufficient Storage: b\n403 Forbidden: ..\n"
    );
}

#[tokio::test]
async fn of_a_form_that_breaks_off_it_is_said_what_is_stored_and_that_the_rest_is_not_known() {
    let server = taking(UPLOADS);
    let part = |name: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n")
    };
    let body = format!("{}whole\r\n{}half", part("a"), part("b"));
    let kind = "Content-Type: multipart/form-data; boundary=XX\r\n";
    let headers = format!("{kind}Accept: text/html\r\nContent-Length: {}\r\n", body.len());
    let page = server.send("POST", "/", &headers, body.as_bytes()).await;
    assert_eq!(page.status, 400);
    assert!(
        page.text().contains(">a</td><td>stored<") && page.text().contains(">b</td><td>not stored"),
        "{page:?}"
    );
    assert!(page.text().contains("The rest of the form was not read"), "{page:?}");
    assert_eq!(server.names(), ["a"]);
    for (path, headers) in [("/nope/", ""), ("/", "Origin: https://evil.example\r\n")] {
        let page = server.post(path, &format!("{headers}Accept: text/html\r\n"), &[("c", b"c")]).await;
        assert!(matches!(page.status, 403 | 409) && page.text().contains("<a href=\"./\">"), "{page:?}");
    }
}

#[tokio::test]
async fn of_a_form_that_is_cut_off_the_answer_names_what_is_stored_and_what_broke_off() {
    let server = taking(UPLOADS);
    for (at, framing, names) in
        [(0, "Content-Length: 100000\r\n", ["a0", "b0"]), (1, "Transfer-Encoding: chunked\r\n", ["a1", "b1"])]
    {
        let part = |name: &str, content: &str| {
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
            )
        };
        let body = part(names[0], "whole") + &part(names[1], &"half".repeat(10_000));
        let body = if at == 1 { format!("{:x}\r\n{body}\r\n", body.len()) } else { body };
        let kind = "Content-Type: multipart/form-data; boundary=XX\r\nAccept: application/json\r\n";
        let mut client = server.connect().await;
        let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{kind}{framing}\r\n{body}");
        client.write_all(request.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let told = Response::read(&rest(&mut client).await);
        assert_eq!(told.status, 400, "{told:?}");
        let expected = format!(
            r#"{{"files":[{{"name":"{}","status":201,"stored":true}},{{"name":"{}","status":400,"stored":false,"broke_off":true}}],"complete":false,"status":400}}"#,
            names[0], names[1]
        );
        assert_eq!(told.text(), expected);
        assert!(!server.names().contains(&names[1].to_owned()), "{:?}", server.names());
    }
}

#[tokio::test]
async fn a_form_stores_under_the_name_that_it_has_whatever_bytes_that_is() {
    let server = taking(UPLOADS);
    let mut body = Vec::new();
    for name in [&b"a\\b"[..], b"C:\\dir\\c.txt", b"end\\", b"\xc4\xe3.txt"] {
        body.extend(
            [b"--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"", name, b"\"\r\n\r\nx\r\n"]
                .concat(),
        );
    }
    body.extend(b"--XX--\r\n");
    let kind =
        format!("Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {}\r\n", body.len());
    let answer = server.send("POST", "/", &kind, &body).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let there = fs::read_dir(server.folder.path()).unwrap();
    let there: std::collections::BTreeSet<_> =
        there.map(|entry| entry.unwrap().file_name().into_encoded_bytes()).collect();
    assert_eq!(
        there,
        [&b"C:\\dir\\c.txt"[..], b"a\\b", b"end\\", b"\xc4\xe3.txt"].map(<[u8]>::to_vec).into()
    );
}

#[tokio::test]
async fn no_file_of_a_form_is_passed_over_while_the_answer_says_that_it_is_complete() {
    let file = |name: &str| format!("Content-Disposition: form-data; name=\"f\"; {name}\r\n\r\n");
    let stored = |name: &str| format!(r#"{{"name":"{name}","status":201,"stored":true}}"#);
    let (a, c) = (file("filename=\"a\""), file("filename=\"c\""));
    for (second, status, expected) in [
        (
            format!("{}x", file("filename*=utf-8''st%C3%A4r.txt")),
            201,
            format!(
                r#"{{"files":[{},{},{}],"complete":true}}"#,
                stored("a"),
                stored("stär.txt"),
                stored("c")
            ),
        ),
        // What stands behind a part without a head belongs to that head for the parser.
        (
            "\r\nnaked".to_owned(),
            400,
            format!(r#"{{"files":[{}],"complete":false,"status":400}}"#, stored("a")),
        ),
        ("\r\n".to_owned(), 400, format!(r#"{{"files":[{}],"complete":false,"status":400}}"#, stored("a"))),
        (
            format!("{}content", file("filename=\"\"")),
            400,
            format!(
                r#"{{"files":[{},{{"name":"","status":400,"stored":false}},{}],"complete":true}}"#,
                stored("a"),
                stored("c")
            ),
        ),
        (
            file("filename=\"\""),
            201,
            format!(r#"{{"files":[{},{}],"complete":true}}"#, stored("a"), stored("c")),
        ),
    ] {
        let server = taking(UPLOADS);
        let body = format!("--XX\r\n{a}1\r\n--XX\r\n{second}\r\n--XX\r\n{c}3\r\n--XX--\r\n");
        let kind = "Content-Type: multipart/form-data; boundary=XX\r\nAccept: application/json\r\n";
        let headers = format!("{kind}Content-Length: {}\r\n", body.len());
        let answer = server.send("POST", "/", &headers, body.as_bytes()).await;
        assert_eq!((answer.status, answer.text()), (status, expected.as_str()), "{second}");
    }
}

#[tokio::test]
async fn a_form_with_a_long_boundary_or_very_many_parts_is_refused() {
    let server = taking(UPLOADS);
    let kind = |boundary: &str| {
        format!("Content-Type: multipart/form-data; boundary={boundary}\r\nTransfer-Encoding: chunked\r\n")
    };
    let long = "x".repeat(71);
    assert_eq!(server.send("POST", "/", &kind(&long), b"0\r\n\r\n").await.status, 400);
    let parts = "--XX\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n".repeat(20_000);
    let body = format!("{:x}\r\n{parts}\r\n0\r\n\r\n", parts.len());
    assert_eq!(server.send("POST", "/", &kind("XX"), body.as_bytes()).await.status, 413);
}

#[tokio::test]
async fn a_form_that_breaks_off_or_never_comes_to_a_file_leaves_nothing() {
    let mut server = taking(UPLOADS);
    let head = "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
    for body in ["", "--XX\r\n", &head[..20], head, &format!("{head}half"), &format!("{head}half\r\n--X")] {
        let kind = "Content-Type: multipart/form-data; boundary=XX\r\n";
        let mut client = server.connect().await;
        let request =
            format!("POST / HTTP/1.1\r\nHost: localhost\r\n{kind}Content-Length: 10000\r\n\r\n{body}");
        client.write_all(request.as_bytes()).await.unwrap();
        drop(client);
        assert_eq!(server.log.recv().await.unwrap().answer, Answer::Status(400), "{body}");
        // The same, but for a length that says that this was all.
        let headers = format!("{kind}Content-Length: {}\r\n", body.len());
        let response = server.send("POST", "/", &headers, body.as_bytes()).await;
        assert_eq!(response.status, 400, "{body}");
        server.log.recv().await.unwrap();
        assert_eq!(server.names(), [""; 0], "{body}");
    }
    let endless = [head.as_bytes()[..40].to_vec(), vec![b'x'; 6_000_000]].concat();
    let kind =
        format!("Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {}\r\n", endless.len());
    assert_eq!(server.send("POST", "/", &kind, &endless).await.status, 431);
}

#[tokio::test]
async fn a_form_of_somebody_elses_page_is_refused() {
    let server = taking(UPLOADS);
    let own = format!("Origin: http://{}\r\n", server.address);
    assert_eq!(server.post("/", "Origin: https://evil.example\r\n", &[("a", b"x")]).await.status, 403);
    assert_eq!(server.names(), [""; 0]);
    assert_eq!(server.post("/", &own, &[("a", b"x")]).await.status, 303);
}

#[tokio::test]
async fn the_page_has_a_form_where_files_may_be_added() {
    let page = taking(UPLOADS).get("/").await;
    assert!(page.text().contains("<form method=\"post\" enctype=\"multipart/form-data\""), "{}", page.text());
    assert!(!Running::start(PATIENT).get("/").await.text().contains("multipart/form-data"));
}

/// Runs curl, which says nothing but the status, and fails as scripts want it to. None where there is no curl.
async fn curl(arguments: &[&str], dir: &Path) -> Option<String> {
    let mut command = Command::new("curl");
    command.args(["-sS", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments);
    command.current_dir(dir);
    let Ok(output) = spawn_blocking(move || command.output()).await.unwrap() else {
        println!("skipped: there is no curl");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn curl_puts_files_with_t_and_with_f() {
    let server = taking(UPLOADS);
    let here = tempfile::tempdir().unwrap();
    // Over 1 MiB curl expects to be told to go on (RFC 9110, section 10.1.1).
    fs::write(here.path().join("big.bin"), vec![5; 3_000_000]).unwrap();
    let url = format!("http://{}/", server.address);
    let Some(status) = curl(&["-H", "Expect: 100-continue", "-T", "big.bin", &url], here.path()).await else {
        return;
    };
    assert_eq!(status, "201");
    assert!(server.read("big.bin") == vec![5; 3_000_000]);
    assert_eq!(curl(&["-T", "big.bin", &url], here.path()).await.unwrap(), "409");
    let form = ["-F", "a=@big.bin;filename=我的 \"b\".bin", "-F", "b=@big.bin;filename=c", &url];
    assert_eq!(curl(&form, here.path()).await.unwrap(), "303");
    assert!(server.read("我的 \"b\".bin") == vec![5; 3_000_000]);
    assert_eq!(server.names(), ["big.bin", "c", "我的 \"b\".bin"]);
}
