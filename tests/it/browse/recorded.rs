//! Lists as real servers wrote them of one and the same folder (`tests/it/listings`): nginx 1.22, Apache 2.4.71,
//! lighttpd 1.4.69, Caddy 2.6, Python 3.11, dufs 0.47, miniserve 0.35, copyparty 1.20.

use hobnob::wire::listing::Kind;

use super::list;
use crate::support::server::{Server, send};

const MODIFIED: &str = "2025-11-05T09:33:05Z";
/// What is in the folder, but for a file whose name is no UTF-8.
const FILES: [(&str, u64); 8] = [
    ("three.txt", 3),
    ("#;?%41&'.txt", 3),
    ("你好.txt", 3),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.txt", 3),
    ("col:on", 3),
    ("esc\u{1b}[31m", 3),
    ("empty.bin", 0),
    ("big.bin", 3_145_745),
];

/// What a server tells of sizes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sizes {
    All,
    /// Those that need no rounding.
    Small,
    None,
}

/// What was recorded of a server: a path, and the media type and the content of the answer.
type Answer = (&'static str, &'static str, &'static [u8]);

const ODD: Option<&[u8]> = Some(b"\xff\xfe.bin");

fn server(answers: &'static [Answer]) -> Server {
    Server::new(move |request, stream| {
        let line = request.split(|byte| *byte == b'\r').next().unwrap();
        let path = str::from_utf8(line).unwrap().split(' ').nth(1).unwrap();
        let (_, kind, content) = answers.iter().find(|(known, ..)| *known == path).unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", content.len());
        send(stream, &[head.as_bytes(), content].concat());
    })
}

/// Looks at all that hobnob makes of what was recorded. `odd` is the name that is no UTF-8, as it has to be asked for
/// there; none where the server cannot say it.
async fn check(answers: &'static [Answer], odd: Option<&[u8]>, sizes: Sizes, has_times: bool) {
    let listing = list(&server(answers).source("http://", "/a%20b/")).await.unwrap();
    assert_eq!(listing.source.path.encoded(), "/a%20b/");
    assert!(!listing.is_cut);
    let find = |name: &[u8]| listing.entries.iter().find(|entry| entry.raw.0 == name);
    let files =
        FILES.map(|(name, size)| (name.as_bytes(), size)).into_iter().chain(odd.map(|name| (name, 3)));
    for (name, size) in files.clone() {
        let entry = find(name).unwrap_or_else(|| panic!("{} is missing", name.escape_ascii()));
        assert_eq!(entry.kind, Kind::File);
        let is_said = sizes == Sizes::All || sizes == Sizes::Small && size < 1000;
        assert_eq!(entry.size, is_said.then_some(size), "{}", entry.name);
    }
    let folder = find(b"sub dir").unwrap();
    assert_eq!((folder.kind, folder.size), (Kind::Dir, None));
    for entry in &listing.entries {
        let time = entry.modified.map(|time| time.to_string());
        assert_eq!(time.as_deref(), has_times.then_some(MODIFIED), "{}", entry.name);
    }
    assert_eq!(listing.entries.len(), files.count() + 1);
}

#[tokio::test]
async fn caddy_says_all() {
    check(
        &[("/a%20b/", "application/json; charset=utf-8", include_bytes!("../listings/caddy.json"))],
        ODD,
        Sizes::All,
        true,
    )
    .await;
}

#[tokio::test]
async fn nginx_says_all_in_json() {
    check(
        &[("/a%20b/", "application/json", include_bytes!("../listings/nginx.json"))],
        ODD,
        Sizes::All,
        true,
    )
    .await;
}

#[tokio::test]
async fn nginx_says_no_zone_in_html() {
    check(&[("/a%20b/", "text/html", include_bytes!("../listings/nginx.html"))], ODD, Sizes::All, false)
        .await;
}

#[tokio::test]
async fn nginx_may_round_sizes() {
    check(
        &[("/a%20b/", "text/html", include_bytes!("../listings/nginx-rounded.html"))],
        ODD,
        Sizes::Small,
        false,
    )
    .await;
}

#[tokio::test]
async fn apache_may_write_nothing_but_links() {
    check(
        &[("/a%20b/", "text/html;charset=ISO-8859-1", include_bytes!("../listings/apache-plain.html"))],
        ODD,
        Sizes::None,
        false,
    )
    .await;
}

#[tokio::test]
async fn apache_rounds_sizes() {
    check(
        &[("/a%20b/", "text/html;charset=ISO-8859-1", include_bytes!("../listings/apache-fancy.html"))],
        ODD,
        Sizes::Small,
        false,
    )
    .await;
}

#[tokio::test]
async fn apache_rounds_sizes_in_a_table() {
    check(
        &[("/a%20b/", "text/html;charset=UTF-8", include_bytes!("../listings/apache-table.html"))],
        ODD,
        Sizes::Small,
        false,
    )
    .await;
}

#[tokio::test]
async fn lighttpd_rounds_all_sizes() {
    check(&[("/a%20b/", "text/html", include_bytes!("../listings/lighttpd.html"))], ODD, Sizes::None, false)
        .await;
}

#[tokio::test]
async fn python_says_names_only() {
    // What Python makes of the bytes (PEP 383), in UTF-8 as if that allowed it; it takes the same back.
    check(
        &[("/a%20b/", "text/html; charset=utf-8", include_bytes!("../listings/python.html"))],
        Some(b"\xed\xb3\xbf\xed\xb3\xbe.bin"),
        Sizes::None,
        false,
    )
    .await;
}

#[tokio::test]
async fn miniserve_says_times_with_their_zone() {
    // It does not serve what it cannot name.
    check(
        &[("/a%20b/", "text/html; charset=utf-8", include_bytes!("../listings/miniserve.html"))],
        Some("\u{fffd}\u{fffd}.bin".as_bytes()),
        Sizes::None,
        true,
    )
    .await;
}

#[tokio::test]
async fn dufs_is_asked_for_its_json() {
    // It has no name at all for what is no UTF-8.
    check(
        &[
            ("/a%20b/", "text/html; charset=utf-8", include_bytes!("../listings/dufs.html")),
            ("/a%20b/?json", "application/json", include_bytes!("../listings/dufs.json")),
        ],
        None,
        Sizes::All,
        true,
    )
    .await;
}

#[tokio::test]
async fn copyparty_is_asked_for_its_list() {
    check(
        &[
            ("/a%20b/", "text/html; charset=utf-8", include_bytes!("../listings/copyparty.html")),
            ("/a%20b/?ls", "application/json", include_bytes!("../listings/copyparty.json")),
        ],
        ODD,
        Sizes::All,
        true,
    )
    .await;
}
