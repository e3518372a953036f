//! Whom the server answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hobnob::serve::{Access, Answer, Request, Uploads};
use hobnob::wire::credentials::Credentials;
use hobnob::wire::listing::Kind;

use super::Running;

fn guarded() -> Running {
    let uploads = Uploads { overwrite: false, limit: None, keep_free: 0 };
    let credentials = Credentials::new("lin".into(), "geheim: ß".into());
    Running::with(Access { credentials, uploads: Some(uploads), ..Access::default() })
}

fn basic(user_pass: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(user_pass))
}

#[tokio::test]
async fn who_gives_the_name_and_the_password_is_answered() {
    let server = guarded();
    server.write("a.txt", "hello");
    let known = basic("lin:geheim: ß");
    assert_eq!(server.ask("GET", "/a.txt", &known).await.text(), "hello");
    let list = server.ask("GET", "/", &format!("{known}Accept: application/json\r\n")).await;
    assert_eq!(list.entries()[0].kind, Kind::File);
}

#[tokio::test]
async fn who_does_not_is_asked_who_it_is_whatever_it_wants() {
    let server = guarded();
    server.write("a.txt", "hello");
    for headers in
        [String::new(), basic("lin:wrong"), basic("lin:"), "Authorization: Bearer x\r\n".to_owned()]
    {
        for (method, path) in [
            ("GET", "/a.txt"),
            ("GET", "/nope"),
            ("GET", "/"),
            ("PUT", "/b.txt"),
            ("POST", "/"),
            ("BREW", "/"),
        ] {
            let response = server.ask(method, path, &headers).await;
            assert_eq!(response.status, 401, "{method} {path} {headers}");
            assert_eq!(response.header("www-authenticate"), Some(r#"Basic realm="hobnob", charset="UTF-8""#));
            assert!(!response.text().contains("hello"), "{response:?}");
        }
    }
    assert!(!server.folder.path().join("b.txt").exists());
}

#[tokio::test]
async fn the_plain_protocol_which_cannot_say_who_asks_is_answered_with_nothing() {
    let mut server = guarded();
    server.write("a.txt", "hello");
    assert_eq!(server.plain(b"a.txt").await, b"");
    let told = server.log.recv().await.unwrap();
    assert_eq!(told.answer, Answer::Nothing);
    assert!(matches!(told.request, Request::Plain(_)), "{told:?}");
}
