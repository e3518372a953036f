//! Lists of servers that say less of their folders, as they wrote them of one and the same folder, and of an empty one
//! (`tests/it/listings`): aiohttp 3.14, updog 2.0.1, wsgidav 4.4, twisted 26.10, webfs 1.21, `mini_httpd` 1.30, serve 14.2,
//! serve-index 1.9, http-server 14.1, servor 4.0; of sfz 0.7, Jetty 9.4 and Tomcat 10.1 what their templates make of it.

use hobnob::event::Fault;
use hobnob::wire::listing::Kind;

use super::list;
use crate::support::server::{Server, field, ok, send};

const FILES: [&str; 9] = [
    "three.txt",
    "#;?%41&'.txt",
    "你好.txt",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.txt",
    "col:on",
    "README",
    "docs.html",
    "empty.bin",
    "big.bin",
];
const FOLDERS: [&str; 4] = ["empty", "site", "sub dir", "v1.2"];

/// How a folder is known in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folders {
    Marked,
    /// Each thing in it may be one.
    NotMarked,
}

/// What the server's page is read as: each name, and whether it is a folder's for sure, or may be one.
async fn read(
    path: &str,
    media_type: &'static str,
    page: &'static str,
) -> Result<Vec<(String, Kind, bool)>, Fault> {
    let server = Server::http(move |_| ok(media_type, page));
    let entries = list(&server.source("http://", path)).await?.entries;
    Ok(entries.iter().map(|entry| (entry.name.to_string(), entry.kind, entry.may_be_folder)).collect())
}

/// `broken` are the names to which the server writes links that lead elsewhere.
async fn check(media_type: &'static str, page: &'static str, folders: Folders, broken: &[&str]) {
    let mut read = read("/a%20b/", media_type, page).await.unwrap();
    let is_marked = folders == Folders::Marked;
    let kind = if is_marked { Kind::Dir } else { Kind::File };
    let files = FILES.iter().filter(|name| !broken.contains(name));
    let files = files.map(|name| ((*name).to_owned(), Kind::File, !is_marked));
    let folders = FOLDERS.iter().map(|name| ((*name).to_owned(), kind, !is_marked));
    let mut expected: Vec<_> = files.chain(folders).collect();
    read.sort();
    expected.sort();
    assert_eq!(read, expected);
}

async fn check_empty(media_type: &'static str, page: &'static str) {
    assert_eq!(read("/a%20b/empty/", media_type, page).await, Ok(Vec::new()));
}

macro_rules! dialects {
    ($($test:ident: $full:literal, $empty:literal, $media_type:literal, $folders:ident $(but $broken:literal)?;)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                check($media_type, include_str!(concat!("../listings/", $full)), Folders::$folders, &[$($broken)?]).await;
                check_empty($media_type, include_str!(concat!("../listings/", $empty))).await;
            }
        )*
    };
}

dialects! {
    aiohttp_marks_folders_in_the_text: "aiohttp.html", "aiohttp-empty.html", "text/html; charset=utf-8", Marked;
    updog_marks_folders_in_the_text: "updog.html", "updog-empty.html", "text/html; charset=utf-8", Marked but "#;?%41&'.txt";
    wsgidav_marks_folders: "wsgidav.html", "wsgidav-empty.html", "text/html; charset=utf-8", Marked;
    twisted_marks_folders: "twisted.html", "twisted-empty.html", "text/html; charset=utf-8", Marked;
    webfs_marks_folders: "webfsd.html", "webfsd-empty.html", "text/html", Marked but "col:on";
    http_server_marks_folders: "http-server.html", "http-server-empty.html", "text/html", Marked;
    jetty_marks_folders: "jetty.html", "jetty-empty.html", "text/html;charset=utf-8", Marked;
    tomcat_marks_folders: "tomcat.html", "tomcat-empty.html", "text/html;charset=utf-8", Marked;
    serve_index_marks_folders_with_icons: "serve-index.html", "serve-index-empty.html", "text/html; charset=utf-8", Marked;
    serve_index_marks_none_without: "serve-index-details.html", "serve-index-empty.html", "text/html; charset=utf-8", NotMarked;
    mini_httpd_marks_none: "mini-httpd.html", "mini-httpd-empty.html", "text/html; charset=%s", NotMarked;
    sfz_marks_none: "sfz.html", "sfz-empty.html", "text/html; charset=utf-8", NotMarked;
    serve_says_all_in_json: "serve.json", "serve-empty.json", "application/json; charset=utf-8", Marked;
}

#[tokio::test]
async fn servor_writes_names_that_break_and_an_empty_page() {
    let page = include_str!("../listings/servor.html");
    let read_all = read("/a%20b/", "text/html", page).await.unwrap();
    let has = |name: &str, kind| read_all.contains(&(name.to_owned(), kind, false));
    for (name, kind) in
        [("README", Kind::File), ("你好.txt", Kind::File), ("v1.2", Kind::Dir), ("site", Kind::Dir)]
    {
        assert!(has(name, kind), "{name}");
    }
    check_empty("text/html", include_str!("../listings/servor-empty.html")).await;
}

#[tokio::test]
async fn a_folder_of_a_server_that_adds_no_slash_is_found_under_its_name() {
    for page in [include_str!("../listings/aiohttp.html"), include_str!("../listings/sfz.html")] {
        assert_eq!(read("/a%20b", "text/html", page).await.unwrap().len(), FILES.len() + FOLDERS.len());
    }
    let updog = include_str!("../listings/updog.html");
    assert_eq!(read("/a%20b", "text/html", updog).await.unwrap().len(), FILES.len() + FOLDERS.len() - 1);
    for page in [include_str!("../listings/aiohttp-empty.html"), include_str!("../listings/sfz-empty.html")] {
        assert_eq!(read("/a%20b/empty", "text/html", page).await, Ok(Vec::new()));
    }
}

/// A server of which `page` is the page at this path, in HTML, and which answers with `json` where that is wished for.
fn in_two_forms(json: &'static str, page: &'static str) -> Server {
    Server::new(move |request, stream| {
        let request = String::from_utf8_lossy(request).into_owned();
        let is_json = request.contains("application/json");
        let answer = if is_json { ok("application/json", json) } else { ok("text/html", page) };
        crate::support::server::send(stream, answer.as_bytes());
    })
}

#[tokio::test]
async fn a_server_whose_json_is_unknown_is_asked_for_its_page() {
    let page = include_str!("../listings/serve-index.html");
    for json in [
        r#"["empty","site","README"]"#,
        r#"[{"name":"README","is_dir":false},{"name":"site"}]"#,
        r#"{"files":[{"name":"README","size":3}],"folders":[{"name":"site"}]}"#,
        r#"{"entries":[{"path":"README"}]}"#,
        "{",
    ] {
        let server = in_two_forms(json, page);
        let listing = list(&server.source("http://", "/a%20b/")).await.unwrap();
        assert_eq!(listing.entries.len(), FILES.len() + FOLDERS.len(), "{json}");
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{json}");
        assert!(String::from_utf8_lossy(&requests[1]).contains("accept: text/html, */*;q=0.1\r\n"));
        let server = in_two_forms(json, "<h1>Welcome</h1>");
        assert_eq!(list(&server.source("http://", "/a%20b/")).await.unwrap_err(), Fault::NoListing, "{json}");
    }
}

#[tokio::test]
async fn a_server_that_has_no_json_to_give_is_asked_for_its_page() {
    let server = Server::new(|request, stream| {
        let is_json = String::from_utf8_lossy(request).contains("application/json");
        let answer = if is_json {
            "HTTP/1.1 406 Not Acceptable\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else {
            ok("text/html", "<a href='x/'>x</a>")
        };
        crate::support::server::send(stream, answer.as_bytes());
    });
    assert_eq!(list(&server.source("http://", "/")).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_page_of_links_to_what_is_below_it_is_a_list_unless_its_folder_has_another() {
    const PAGE: &str = "<a href='/docs/x'>x</a><a href='/docs/y'>y</a>";
    let not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned();
    for (folder, expected) in [
        (ok("text/html", PAGE), Ok(2)),
        (not_found, Ok(2)),
        (ok("text/html", "<h1>Welcome</h1>"), Ok(2)),
        (ok("text/html", "<a href='/docs/z'>z</a>"), Err(Fault::IsFile)),
        (ok("text/plain", "x"), Ok(2)),
    ] {
        let answer = folder.clone();
        let server = Server::http(move |line| match line {
            "GET /docs/ HTTP/1.1" => answer.clone(),
            _ => ok("text/html", PAGE),
        });
        let found = list(&server.source("http://", "/docs")).await.map(|listing| listing.entries.len());
        assert_eq!(found, expected, "{folder}");
    }
}

#[tokio::test]
async fn a_server_that_fails_where_json_is_asked_for_is_asked_for_its_page() {
    for status in [
        "400 Bad Request",
        "403 Forbidden",
        "404 Not Found",
        "406 Not Acceptable",
        "415 No",
        "500 Oh",
        "501 No",
    ] {
        let refused = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        let server = by_form(refused, "<a href='a.txt'>a.txt</a>");
        let entries = list(&server.source("http://", "/d/")).await.unwrap().entries;
        assert_eq!(entries.len(), 1, "{status}");
    }
}

#[tokio::test]
async fn json_in_which_there_is_nothing_is_no_list_where_the_page_has_files() {
    for json in ["[]", "{}", "null", r#"{"files":[],"directory":"d/"}"#, r#"{"error":"no"}"#, "[1]", ""] {
        let server = by_form(ok("application/json", json), "<a href='a.txt'>a.txt</a>");
        let entries = list(&server.source("http://", "/d/")).await.unwrap().entries;
        assert_eq!(entries.len(), 1, "{json}");
    }
    // With nothing in it it is an empty folder where the page says no more.
    for page in ["<p>Welcome", "<title>Index of /d/</title>"] {
        let server = by_form(ok("application/json", "[]"), page);
        assert_eq!(list(&server.source("http://", "/d/")).await.unwrap().entries.len(), 0, "{page}");
    }
}

/// A server that answers so where it is asked for JSON, and otherwise with a page.
fn by_form(json: String, page: &'static str) -> Server {
    Server::new(move |request, stream| {
        let wants_json = field(request, "accept").is_some_and(|accept| accept.contains("json"));
        send(stream, if wants_json { json.clone() } else { ok("text/html", page) }.as_bytes());
    })
}
