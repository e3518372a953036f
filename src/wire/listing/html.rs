//! A folder's list as a page of links: those of nginx, Apache, lighttpd, Python's `http.server` and miniserve, and
//! anybody else's.
//!
//! Owns which links lead to something in the folder. A page is read token by token (WHATWG HTML, section 13.2.5), by
//! [`tokens`], and no tree is made of it. Must never follow what is shown of a name: only where a link leads is exact.

use std::borrow::Cow;
use std::io::Read;

use html5gum::emitters::callback::CallbackEvent;
use percent_encoding::{CONTROLS, percent_decode_str, percent_encode};

use super::{Entries, Kind, List, ListingError, Reading};
use crate::wire::source::{Origin, Source};

mod beside;
mod tokens;

/// Bytes beside a link that are looked at for a size and a time.
const BESIDE_LIMIT: usize = 256;

/// Reads the page at `page`. What leads directly below it is an entry, and a folder where it ends in a slash; a file
/// with a query is something else than the file, and none.
///
/// A page without entries is an empty list only where it says that it is a list.
pub(super) fn read(page: &Source, html: impl Read, entries: Entries<'_>) -> Result<Reading, ListingError> {
    let mut links = Links::new(page, entries).ok_or(ListingError::NoList)?;
    match tokens::tokens(html, |event| links.hear(event)) {
        Ok(Some(end)) => end,
        Ok(None) => links.finish(),
        Err(_) => Err(ListingError::NoList),
    }
}

/// What is read of a page.
struct Links<'page, 'take> {
    page: &'page Source,
    origin: Origin,
    /// The page's folder, without dot segments.
    folder: String,
    /// Against what links are resolved.
    base: Option<Source>,
    entries: Entries<'take>,
    /// The link that was found last, which something may yet be said about.
    last: Option<Link>,
    is_list: bool,
    /// The start tag that is being read.
    tag: Tag,
    is_href: bool,
    href: Option<Vec<u8>>,
    is_title: bool,
}

/// A link to something in the folder.
struct Link {
    raw: Vec<u8>,
    kind: Kind,
    /// The text behind it, once the link itself has ended.
    beside: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Anchor,
    Base,
    /// To what belongs to the page.
    Asset,
    Title,
    /// Where one row of a list ends and the next begins.
    Row,
    Other,
}

impl Tag {
    fn of(name: &[u8]) -> Self {
        match name {
            b"a" => Self::Anchor,
            b"base" => Self::Base,
            b"link" => Self::Asset,
            b"title" => Self::Title,
            b"tr" | b"table" | b"li" | b"ul" | b"hr" | b"pre" => Self::Row,
            _ => Self::Other,
        }
    }
}

/// Why a page is not read to its end.
type End = Result<Reading, ListingError>;

impl<'page, 'take> Links<'page, 'take> {
    fn new(page: &'page Source, entries: Entries<'take>) -> Option<Self> {
        let folder = page.resolve(".")?;
        Some(Self {
            page,
            origin: page.origin(),
            folder: folder.path.encoded().to_owned(),
            base: None,
            entries,
            last: None,
            is_list: false,
            tag: Tag::Other,
            is_href: false,
            href: None,
            is_title: false,
        })
    }

    fn hear(&mut self, event: &CallbackEvent<'_>) -> Option<End> {
        match *event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Tag::of(name);
                (self.is_href, self.href) = (false, None);
                return self.divide().err().map(Err);
            }
            CallbackEvent::AttributeName { name } => self.is_href = name == b"href" && self.href.is_none(),
            CallbackEvent::AttributeValue { value } if self.is_href => self.href = Some(value.to_vec()),
            CallbackEvent::CloseStartTag { .. } => return self.opened(),
            CallbackEvent::EndTag { name } => {
                self.tag = Tag::of(name);
                if let (Tag::Anchor, Some(last)) = (self.tag, &mut self.last) {
                    last.beside.get_or_insert_default();
                }
                return self.divide().err().map(Err);
            }
            CallbackEvent::String { value } => self.text(value),
            CallbackEvent::AttributeValue { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
        None
    }

    /// A tag stands between two words, or two rows.
    fn divide(&mut self) -> Result<(), ListingError> {
        self.is_title = false;
        if self.tag == Tag::Row {
            return self.take_last();
        }
        self.text(b" ");
        Ok(())
    }

    fn text(&mut self, text: &[u8]) {
        if self.is_title {
            self.is_list |= text.starts_with(b"Index of ") || text.starts_with(b"Directory listing for ");
        }
        if let Some(beside) = self.last.as_mut().and_then(|last| last.beside.as_mut()) {
            let room = BESIDE_LIMIT.saturating_sub(beside.len());
            beside.extend(text.iter().take(room));
        }
    }

    fn opened(&mut self) -> Option<End> {
        self.is_title = self.tag == Tag::Title;
        let href = self.href.take()?;
        let reference = reference(&href);
        match self.tag {
            Tag::Anchor if self.page.path.is_folder() => self.link(&reference).err().map(Err),
            Tag::Base if self.base.is_none() => {
                self.base = self.page.resolve(&reference);
                None
            }
            // Behind an entry that was handed on it comes too late.
            Tag::Asset if self.entries.is_empty() => {
                list_elsewhere(&reference).map(|query| Ok(Reading::Elsewhere(query)))
            }
            Tag::Anchor | Tag::Base | Tag::Asset | Tag::Title | Tag::Row | Tag::Other => None,
        }
    }

    fn link(&mut self, reference: &str) -> Result<(), ListingError> {
        let base = self.base.as_ref().unwrap_or(self.page);
        let Some(there) = base.resolve(reference).filter(|there| there.origin() == self.origin) else {
            return Ok(());
        };
        let path = there.path.encoded();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let Some(name) = below(&self.folder, path) else { return Ok(()) };
        // Of miniserve, whose pages have no title of their own.
        self.is_list |= name.is_empty() && query.starts_with("sort=name");
        let (name, kind) = name.strip_suffix('/').map_or((name, Kind::File), |name| (name, Kind::Dir));
        if name.is_empty() || name.contains('/') || kind == Kind::File && !query.is_empty() {
            return Ok(());
        }
        self.take_last()?;
        self.last = Some(Link { raw: percent_decode_str(name).collect(), kind, beside: None });
        Ok(())
    }

    fn take_last(&mut self) -> Result<(), ListingError> {
        let Some(Link { raw, kind, beside }) = self.last.take() else { return Ok(()) };
        let beside = String::from_utf8_lossy(beside.as_deref().unwrap_or_default());
        let words: Vec<_> = beside.split_whitespace().collect();
        let size = beside::size(&words).filter(|_| kind != Kind::Dir);
        self.entries.push(raw, kind, size, beside::time(&words))
    }

    fn finish(mut self) -> End {
        self.take_last()?;
        if self.entries.is_empty() && !(self.is_list && self.page.path.is_folder()) {
            return Err(ListingError::NoList);
        }
        self.entries.finish()?;
        Ok(Reading::List(List { entries: self.entries.len(), is_cut: false }))
    }
}

/// As it can be resolved: what is no character of a URL is percent-encoded, byte for byte, as it has to be asked for;
/// line breaks do not count (WHATWG URL, section 4.4).
fn reference(href: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(href) {
        Ok(plain) if !plain.bytes().any(|byte| !byte.is_ascii() || byte.is_ascii_control()) => {
            Cow::Borrowed(plain)
        }
        _ => {
            let kept: Vec<u8> = href.iter().copied().filter(|byte| !b"\t\r\n".contains(byte)).collect();
            Cow::Owned(percent_encode(&kept, CONTROLS).to_string())
        }
    }
}

/// What `path` has behind `folder`; both are percent-encoded, though maybe not in the same way.
fn below<'path>(folder: &str, path: &'path str) -> Option<&'path str> {
    if let Some(name) = path.strip_prefix(folder) {
        return Some(name);
    }
    let (slash, _) = path.match_indices('/').nth(folder.matches('/').count().checked_sub(1)?)?;
    let (above, name) = path.split_at(slash + 1);
    percent_decode_str(above).eq(percent_decode_str(folder)).then_some(name)
}

/// Where the list is that this page shows by running a program of its own: known by where that lies.
fn list_elsewhere(asset: &str) -> Option<&'static str> {
    if asset.contains("/__dufs_v") {
        Some("json")
    } else if asset.contains("/.cpr/") {
        Some("ls")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::listing::Entry;

    fn page(url: &str) -> Source {
        Source::parse(url).unwrap()
    }

    fn read(page: &Source, html: &[u8]) -> (Vec<Entry>, Result<Reading, ListingError>) {
        let mut entries = Vec::new();
        let read = super::read(page, html, Entries::new(&mut entries));
        (entries, read)
    }

    fn list(html: impl AsRef<[u8]>) -> Vec<Entry> {
        let (entries, read) = read(&page("http://box/a%20b/"), html.as_ref());
        assert!(matches!(read, Ok(Reading::List(_)) | Err(ListingError::NoList)), "{read:?}");
        entries
    }

    fn names(html: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        list(html).iter().map(|entry| entry.raw.0.to_vec()).collect()
    }

    /// The name that a link to `href` gives, if it gives one.
    fn name(href: &str) -> Option<String> {
        let names = names(format!("<a href=\"{href}\">x</a>"));
        names.first().map(|name| String::from_utf8_lossy(name).into_owned())
    }

    #[test]
    fn a_link_to_something_directly_below_the_page_is_an_entry() {
        for (href, expected) in [
            ("x.txt", "x.txt"),
            ("./x.txt", "x.txt"),
            ("/a%20b/x.txt", "x.txt"),
            ("/a b/x.txt", "x.txt"),
            ("/%61%20b/x.txt", "x.txt"),
            ("//box/a%20b/x.txt", "x.txt"),
            ("http://BOX:80/a%20b/x.txt", "x.txt"),
            ("../a%20b/x.txt", "x.txt"),
            ("sub/../x.txt", "x.txt"),
            ("  x.txt\n", "x.txt"),
            ("x.\ntxt", "x.txt"),
            ("x.txt#part", "x.txt"),
            ("x.txt?", "x.txt"),
            ("a%20b", "a b"),
            ("a b", "a b"),
            ("50%2525", "50%25"),
            ("50%", "50%"),
            ("%23%3B%3A%3F%26", "#;:?&"),
            ("a;b,c=d+e@f~g!$'()*", "a;b,c=d+e@f~g!$'()*"),
            ("a&amp;lt;b&#x21;", "a&lt;b!"),
            ("./mailto:x", "mailto:x"),
            ("你好", "你好"),
            ("...", "..."),
            ("back\\slash", "back\\slash"),
        ] {
            assert_eq!(name(href).as_deref(), Some(expected), "{href}");
        }
    }

    #[test]
    fn a_link_to_anywhere_else_is_none() {
        for href in [
            "",
            "#",
            "#top",
            "?C=N;O=D",
            "?",
            ".",
            "./",
            "..",
            "../",
            "/",
            "/x.txt",
            "/a/x.txt",
            "/a%20b",
            "/a%20b/",
            "sub/x.txt",
            "sub//",
            "sub/./x",
            "../x.txt",
            "../../etc/passwd",
            "/a%20bc/x.txt",
            "/a%20b//x.txt",
            "x.php?id=3",
            "https://box/a%20b/x.txt",
            "http://box:81/a%20b/x.txt",
            "http://other/a%20b/x.txt",
            "//other/x.txt",
            "http://me@box/a%20b/x.txt",
            "ftp://box/a%20b/x.txt",
            "mailto:x",
            "javascript:x()",
            "data:text/html,x",
            "file:///etc/passwd",
            "%2e%2e",
            "%2E%2e/",
            "%2e",
            "..%2fx",
            "a%2Fb",
            "%2F",
            "%00",
            "a%00b",
            "http://[",
            "//",
            "http:",
            "http://",
        ] {
            let name = name(href);
            assert!(name.is_none() || href == "{href}: {name:?}");
        }
    }

    #[test]
    fn what_ends_in_a_slash_is_a_folder_also_in_another_view_of_it() {
        let entries = list(r#"<a href="a/">a</a><a href="b">b/</a><a href="c/?noscript">c</a>"#);
        let read: Vec<_> = entries.iter().map(|entry| (&*entry.name, entry.kind)).collect();
        assert_eq!(read, [("a", Kind::Dir), ("b", Kind::File), ("c", Kind::Dir)]);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        assert_eq!(names(b"<a href=\"%ff%FE\">x</a><a href=\"\xe4\xbd\">x</a>"), [b"\xff\xfe", b"\xe4\xbd"]);
    }

    #[test]
    fn links_are_resolved_against_the_base_and_kept_where_they_lead_below_the_page() {
        let below = r#"<base href="/a%20b/c/"><base href="/x/"><a href="y">y</a><a href="../z">z</a>"#;
        assert_eq!(names(below), [b"z"]);
        assert_eq!(names(r#"<base href="http://other/a%20b/"><a href="y">y</a>"#), [b""; 0]);
        assert_eq!(names(r#"<base href="javascript:x"><a href="y">y</a>"#), [b"y"]);
    }

    #[test]
    fn a_page_reached_through_dot_segments_is_the_same_page() {
        let (entries, _) =
            read(&page("http://box/x/../a/?raw=true"), br#"<a href="y">y</a><a href="/a/z">z</a>"#);
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn only_what_a_browser_takes_for_a_link_is_one() {
        let html = br#"<!-- <a href="comment"> --><script>"<a href='script'>"</script>
            <style><a href="style"></style><title><a href="title"></title><textarea><a href="area"></textarea>
            <A HREF=upper>x</A><a class=x href='second' href="third">x</a><a name="href">x</a><ahref="x">
            <img href="image"><area href="area">&lt;a href="text"&gt;<a title="<a href='title'>">x</a>
            </a href="end"><p href="p"><link href="link"><a href=last"#;
        assert_eq!(names(html), [&b"upper"[..], b"second"]);
    }

    #[test]
    fn what_comes_again_is_the_same_thing_and_case_makes_another() {
        let html = r#"<pre><a href="x"><img></a> <a href="./x">x</a> 05-Nov-2025 09:33 7
            <a href="x#y">x</a> <a href="X">X</a> <a href="x%E2%80%8B">x</a>"#;
        let entries = list(html);
        let read: Vec<_> = entries.iter().map(|entry| (&entry.raw.0[..], entry.size)).collect();
        assert_eq!(read, [(&b"x"[..], Some(7)), (b"X", None), ("x\u{200b}".as_bytes(), None)]);
    }

    #[test]
    fn what_is_said_behind_the_last_row_is_not_said_of_its_file() {
        let html = r#"<table><tr><td><a href="x">x</a></td></tr></table><p>2025-11-05 09:33:05 +00:00</p>"#;
        assert_eq!(list(html)[0].modified, None);
    }

    #[test]
    fn a_page_without_entries_is_a_list_only_where_it_says_so() {
        let empty = |url: &str, html: &str| read(&page(url), html.as_bytes()).1;
        for html in [
            "<title>Index of /a b</title><a href='../'>../</a>",
            "<title>Directory listing for /a b/</title><ul></ul>",
            "<a href='?sort=name&amp;order=asc'>Name</a><a href='../'>Parent directory</a>",
        ] {
            assert_eq!(empty("http://box/a%20b/", html), Ok(Reading::List(List::default())), "{html}");
            assert_eq!(empty("http://box/a.html", html), Err(ListingError::NoList), "{html}");
        }
        for html in ["", "<title>News</title>Index of /<a href='/x'>x</a><a href='../'>up</a>", "\0", "[]"] {
            assert_eq!(empty("http://box/a%20b/", html), Err(ListingError::NoList), "{html}");
        }
        assert_eq!(empty("http://box/a.html", "<a href='b.html'>b</a>"), Err(ListingError::NoList));
    }

    #[test]
    fn a_page_that_is_a_program_says_where_its_list_is() {
        let dufs = r#"<link rel="stylesheet" href="/x/__dufs_v0.47.0__/index.css"><a href="" download="">"#;
        let copyparty =
            r#"<link rel="stylesheet" media="screen" href="/.cpr/w/ui.css?_=A3Z9"><a href="x">x</a>"#;
        for url in ["http://box/a/", "http://box/a"] {
            assert_eq!(read(&page(url), dufs.as_bytes()).1, Ok(Reading::Elsewhere("json")));
            assert_eq!(read(&page(url), copyparty.as_bytes()).1, Ok(Reading::Elsewhere("ls")));
        }
    }

    /// What this page gives on a stack of `bytes`.
    fn list_on_a_stack_of(bytes: usize, html: String) -> usize {
        let read = move || list(html).len();
        std::thread::Builder::new().stack_size(bytes).spawn(read).unwrap().join().unwrap()
    }

    #[test]
    fn no_tag_needs_more_of_the_stack_than_another() {
        for attribute in [" b=\"\"", " b=\"&amp;\"", " b=''", " b=c", " b", " b = \"c\" /", "b=\"\""] {
            let tag = format!("<a {} href=x>", attribute.repeat(300_000));
            assert_eq!(list_on_a_stack_of(256 << 10, tag), 1, "{attribute}");
        }
    }
}
