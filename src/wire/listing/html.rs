//! A folder's list as a page of links: those of nginx, Apache, lighttpd, Python's `http.server` and miniserve, and
//! anybody else's.
//!
//! Owns which links lead to something in the folder, and which page is a list at all. A page is read token by token
//! (WHATWG HTML, section 13.2.5), by [`tokens`], and no tree is made of it. Must never follow what is shown of a name:
//! only where a link leads is exact.

use std::collections::HashSet;
use std::io::Read;

use html5gum::emitters::callback::CallbackEvent;
use percent_encoding::percent_decode_str;

use self::anchor::{Anchor, Target};
use self::paths::{below, is_parent, list_elsewhere, reference};
use self::signs::Signs;
use self::tag::{Attribute, Tag};
use super::{Entries, HELD, Kind, List, ListingError, Maybe, Reading, Role};
use crate::wire::Raw;
use crate::wire::source::{Origin, Source};

mod anchor;
mod beside;
mod heading;
mod paths;
mod query;
mod signs;
mod tag;
mod tokens;

/// Bytes of a heading that are looked at.
const HEADING_LIMIT: usize = 8192;

/// Reads the page at `page`. What leads directly below it is an entry, and a folder where it ends in a slash, or where
/// the page says so; a file with a query is something else than the file, and none.
///
/// A page without entries is an empty list only where it says that it is a list. A page of which it is not known that it
/// is one, is one where it says so, too; where it may be one, that is [`Reading::Maybe`]. Until that is known, its
/// entries are held back; of a long one, the first ones decide.
pub(super) fn read(
    page: &Source,
    role: Role,
    html: impl Read,
    entries: Entries<'_>,
) -> Result<Reading, ListingError> {
    let mut links = Links::new(page, role, entries).ok_or(ListingError::NoList)?;
    match tokens::tokens(html, |event| links.hear(event)) {
        Ok(Some(end)) => end,
        Ok(None) => links.finish(),
        Err(_) => Err(ListingError::NoList),
    }
}

/// What is read of a page.
struct Links<'page, 'take> {
    page: &'page Source,
    role: Role,
    origin: Origin,
    /// The folder that the page would be the list of, without dot segments.
    folder: String,
    /// Against what links are resolved.
    base: Option<Source>,
    entries: Entries<'take>,
    /// What relative links would lead to in the folder of the page's name, and what has no name of its own.
    relative: Vec<Raw>,
    unnamed: HashSet<Vec<u8>>,
    /// The link that was found last, which something may yet be said about.
    last: Option<Anchor>,
    /// The one with a query that is being read.
    query: Option<Anchor>,
    signs: Signs,
    /// The start tag that is being read.
    tag: Tag,
    attribute: Attribute,
    href: Option<Vec<u8>>,
    class: Vec<u8>,
    title: Vec<u8>,
    /// The heading that is being read.
    heading: Option<Vec<u8>>,
    is_in_link: bool,
}

/// Why a page is not read to its end.
type End = Result<Reading, ListingError>;

impl<'page, 'take> Links<'page, 'take> {
    fn new(page: &'page Source, role: Role, mut entries: Entries<'take>) -> Option<Self> {
        // Without its dot segments.
        let folder =
            page.resolve(if page.path.is_folder() { "." } else { page.path.encoded() })?.path.folder();
        if role == Role::Unknown || !page.path.is_folder() {
            entries.hold();
        }
        Some(Self {
            page,
            role,
            origin: page.origin(),
            folder: folder.encoded().to_owned(),
            base: None,
            entries,
            relative: Vec::new(),
            unnamed: HashSet::new(),
            last: None,
            query: None,
            signs: Signs::default(),
            tag: Tag::Other,
            attribute: Attribute::Other,
            href: None,
            class: Vec::new(),
            title: Vec::new(),
            heading: None,
            is_in_link: false,
        })
    }

    fn hear(&mut self, event: &CallbackEvent<'_>) -> Option<End> {
        match *event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Tag::of(name);
                self.signs.has_rows |= matches!(name, b"ul" | b"ol" | b"table" | b"pre");
                (self.attribute, self.href) = (Attribute::Other, None);
                self.class.clear();
                self.title.clear();
                return self.divide().err().map(Err);
            }
            CallbackEvent::AttributeName { name } => {
                self.attribute = match name {
                    b"href" if self.href.is_none() => Attribute::Href,
                    b"class" if self.class.is_empty() => Attribute::Class,
                    b"title" if self.title.is_empty() => Attribute::Title,
                    _ => Attribute::Other,
                };
            }
            CallbackEvent::AttributeValue { value } => match self.attribute {
                Attribute::Href => self.href = Some(value.to_vec()),
                Attribute::Class => self.class = value.to_vec(),
                Attribute::Title => self.title = value.to_vec(),
                Attribute::Other => {}
            },
            CallbackEvent::CloseStartTag { .. } => return self.opened(),
            CallbackEvent::EndTag { name } => {
                let tag = Tag::of(name);
                // What comes now is seen.
                self.tag = if matches!(tag, Tag::Style | Tag::Script) { Tag::Other } else { tag };
                if tag == Tag::Anchor {
                    self.is_in_link = false;
                    self.take_query();
                }
                if let (Tag::Anchor, Some(last)) = (tag, &mut self.last) {
                    last.ends();
                }
                if tag == Tag::Heading {
                    self.take_heading();
                }
                return self.divide().err().map(Err);
            }
            CallbackEvent::String { value } => self.text(value),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        None
    }

    /// A tag stands between two words, or two rows.
    fn divide(&mut self) -> Result<(), ListingError> {
        if self.tag == Tag::Row {
            return self.take_last();
        }
        if let Some(last) = &mut self.last {
            last.divide();
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) {
        if matches!(self.tag, Tag::Style | Tag::Script) {
            return;
        }
        self.signs.has_content |= !text.trim_ascii().is_empty();
        if let Some(heading) = &mut self.heading {
            let room = HEADING_LIMIT.saturating_sub(heading.len());
            heading.extend(text.iter().take(room));
        }
        if self.heading.is_none() && self.tag != Tag::HeaderCell && !self.is_in_link {
            self.signs.words(text);
        }
        for link in self.last.iter_mut().chain(&mut self.query) {
            link.text(text);
        }
    }

    fn take_heading(&mut self) {
        let Some(heading) = self.heading.take() else { return };
        let folder = percent_decode_str(&self.folder).decode_utf8_lossy();
        let is_folder = self.page.path.is_folder();
        self.signs.heading(heading::read(&String::from_utf8_lossy(&heading), &folder, is_folder));
    }

    fn opened(&mut self) -> Option<End> {
        self.signs.has_content |= self.tag == Tag::Script;
        self.signs.has_script |= self.tag == Tag::Script;
        self.is_in_link |= self.tag == Tag::Anchor;
        if self.tag == Tag::Heading {
            self.heading = Some(Vec::new());
        }
        let href = self.href.take()?;
        let reference = reference(&href);
        match self.tag {
            Tag::Anchor => self.link(&reference).err().map(Err).or_else(|| self.looks_enough()),
            Tag::Base if self.base.is_none() => {
                self.base = self.page.resolve(&reference);
                let path = self.base.as_ref().map(|base| base.path.encoded());
                self.signs.has_own_base = path.is_some_and(|path| below(&self.folder, path) == Some(""));
                None
            }
            // Behind an entry that was handed on it comes too late.
            Tag::Asset if self.entries.is_empty() => {
                list_elsewhere(&reference).map(|query| Ok(Reading::Elsewhere(query)))
            }
            Tag::Asset
            | Tag::Base
            | Tag::Heading
            | Tag::HeaderCell
            | Tag::Row
            | Tag::Style
            | Tag::Script
            | Tag::Other => None,
        }
    }

    fn link(&mut self, reference: &str) -> Result<(), ListingError> {
        self.take_query();
        if let Some(last) = &mut self.last {
            last.ends();
        }
        let base = self.base.as_ref().unwrap_or(self.page);
        let Some(there) = base.resolve(reference).filter(|there| there.origin() == self.origin) else {
            self.signs.leads_elsewhere |= !reference.starts_with('#');
            return Ok(());
        };
        let path = there.path.encoded();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let is_page = path == self.page.path.encoded();
        let Some(name) = below(&self.folder, path) else {
            if is_parent(path, &self.folder) {
                // `/` ends in a slash wherever it stands.
                self.signs.marks_folders |= reference.ends_with('/') && reference != "/";
                self.take_last()?;
                self.last = Some(Anchor::new(Target::Parent));
            } else if is_page && !query.is_empty() {
                self.query = Some(Anchor::new(Target::Query(query.to_owned())));
            } else if let Some(raw) = self.relative(reference) {
                self.take_last()?;
                self.last = Some(Anchor::new(Target::Relative(raw)).called(&self.class, &self.title));
            } else {
                self.signs.leads_elsewhere |= !is_page;
            }
            return Ok(());
        };
        if name.is_empty() {
            // Of miniserve, whose pages have no title of their own; of Apache.
            self.signs.is_list |= query.starts_with("sort=name");
            self.signs.marks_folders |=
                ["sort=name", "C=N;O=", "C=N&O="].iter().any(|sorts| query.starts_with(sorts));
        }
        let (name, kind) = name.strip_suffix('/').map_or((name, Kind::File), |name| (name, Kind::Dir));
        if !name.contains('/') && kind == Kind::File && !query.is_empty() {
            self.query = Some(Anchor::new(Target::Query(query.to_owned())));
        }
        if name.is_empty() || name.contains('/') || kind == Kind::File && !query.is_empty() {
            self.signs.leads_elsewhere |= name.contains('/');
            return Ok(());
        }
        let target = Target::Entry { raw: percent_decode_str(name).collect(), kind };
        self.take_last()?;
        self.last = Some(Anchor::new(target).called(&self.class, &self.title));
        Ok(())
    }

    /// What a relative link would lead to directly below the page, if that was a folder.
    fn relative(&self, reference: &str) -> Option<Vec<u8>> {
        if self.page.path.is_folder() || self.base.is_some() || self.relative.len() == HELD {
            return None;
        }
        let there = self.page.at(self.page.path.folder()).resolve(reference)?;
        let (path, query) = there.path.encoded().split_once('?').unwrap_or((there.path.encoded(), ""));
        let name = below(&self.folder, path).filter(|_| query.is_empty())?;
        let name = name.strip_suffix('/').unwrap_or(name);
        (!name.is_empty() && !name.contains('/')).then(|| percent_decode_str(name).collect())
    }

    /// What a link with a query says is known when it has ended; the link in front of it may have more said behind both.
    fn take_query(&mut self) {
        let unnamed = self.query.take().and_then(|query| query.unnamed());
        if let Some(name) = unnamed.filter(|_| self.unnamed.len() < HELD) {
            self.unnamed.insert(name);
        }
    }

    fn take_last(&mut self) -> Result<(), ListingError> {
        let Some(last) = self.last.take() else { return Ok(()) };
        let is_named = last.is_named();
        let (size, modified) = last.facts();
        match last.target {
            Target::Parent => {
                let words = last.says_parent();
                self.signs.is_list |= words.is_some() && self.page.path.is_folder();
                self.signs.marks_folders |= words == Some(anchor::Parent::InWords);
                Ok(())
            }
            Target::Query(_) => Ok(()),
            Target::Relative(raw) => {
                self.signs.link(is_named);
                self.relative.push(Raw(raw.into()));
                Ok(())
            }
            Target::Entry { raw, kind } => {
                self.signs.marks_folders |= kind == Kind::Dir;
                self.signs.link(is_named);
                if self.signs.is_list {
                    self.entries.release()?;
                }
                self.entries.push(raw, kind, size, modified)
            }
        }
    }

    /// Where so much of what may be a list was held back that the rest makes no difference.
    fn looks_enough(&mut self) -> Option<End> {
        if !self.entries.is_full() || self.signs.is_list {
            return None;
        }
        if self.role == Role::Folder {
            return self.entries.release().err().map(Err);
        }
        Some(Ok(self.maybe()))
    }

    fn maybe(&self) -> Reading {
        Reading::Maybe(Maybe {
            below: self.entries.held_names(),
            is_named: self.signs.is_named(),
            relative: self.relative.clone(),
            is_list: self.signs.is_list,
        })
    }

    fn finish(mut self) -> End {
        self.take_query();
        self.take_last()?;
        let is_empty = self.entries.is_empty();
        if is_empty && !self.relative.is_empty() {
            return Ok(self.maybe());
        }
        let unnamed = self.unnamed.iter().filter(|name| !self.entries.has(name)).count();
        let is_list = match (self.role, is_empty) {
            _ if self.signs.is_list => true,
            (Role::Folder, false) => true,
            (Role::Unknown, false) => {
                self.entries.finish()?;
                return Ok(self.maybe());
            }
            (Role::Folder, true) => unnamed > 0 || self.signs.is_empty_list(),
            (Role::Unknown, true) => false,
        };
        if !is_list {
            return Err(ListingError::NoList);
        }
        self.entries.release()?;
        self.entries.finish()?;
        let (entries, marks_folders) = (self.entries.len(), self.signs.marks_folders);
        Ok(Reading::List(List { entries, marks_folders, unnamed, ..List::default() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::listing::{Entry, HELD};

    fn page(url: &str) -> Source {
        Source::parse(url).unwrap()
    }

    fn read(page: &Source, html: &[u8]) -> (Vec<Entry>, Result<Reading, ListingError>) {
        let mut entries = Vec::new();
        let read = super::read(page, Role::of(page), html, Entries::new(&mut entries));
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
        let entries = list(r#"<a href="a/">a</a><a href="b">b</a><a href="c/?noscript">c</a>"#);
        let read: Vec<_> = entries.iter().map(|entry| (&*entry.name, entry.kind)).collect();
        assert_eq!(read, [("a", Kind::Dir), ("b", Kind::File), ("c", Kind::Dir)]);
    }

    #[test]
    fn what_is_called_a_folder_is_one_also_where_its_link_has_no_slash() {
        for (link, kind) in [
            ("<a href='sub%20dir'>sub dir/</a>", Kind::Dir),
            ("<a href='sub%20dir'>\n  <b>sub dir</b>/ </a>", Kind::File),
            ("<a href='sub%20dir'><span> sub dir/ </span><i>4096</i></a>", Kind::Dir),
            ("<a href='sub%20dir'>sub dir/\u{a0}</a>", Kind::Dir),
            ("<a href='sub%20dir' title='sub dir/'>a folder</a>", Kind::Dir),
            ("<a href='sub%20dir' class='icon icon-directory'>sub dir</a>", Kind::Dir),
            ("<a href='sub%20dir'><img></a> <a href='sub%20dir'>sub dir/</a>", Kind::Dir),
            ("<a href='sub%20dir'>sub dir/</a> <a href='sub%20dir'>open</a>", Kind::Dir),
            ("<a href='sub%20dir'>sub dir", Kind::File),
            ("<a href='sub%20dir'>sub dir</a>/", Kind::File),
            ("<a href='sub%20dir'>other/</a>", Kind::File),
            ("<a href='sub%20dir' class='directory-less'>sub dir</a>", Kind::File),
            ("<a href='sub%20dir' title='and/or/'>and/or</a>", Kind::File),
        ] {
            let entries = list(link);
            assert_eq!((&*entries[0].name, entries[0].kind), ("sub dir", kind), "{link}");
            assert_eq!(entries.len(), 1, "{link}");
        }
    }

    #[test]
    fn a_file_may_be_a_folder_where_no_folder_is_marked() {
        for (html, may_be) in [
            ("<a href='x'>x</a>", true),
            ("<a href='..'>..</a><a href='x'>x</a>", true),
            ("<a href='/'>..</a><a href='x'>x</a>", true),
            ("<a href='../'>..</a><a href='x'>x</a>", false),
            ("<a href='/'>Parent Directory</a><a href='x'>x</a>", false),
            ("<a href='?C=N;O=D'>Name</a><a href='x'>x</a>", false),
            ("<title>Index of /a b/</title><a href='x'>x</a>", false),
            ("<title>Index of /a b</title><a href='x'>x</a>", true),
            ("<a href='x'>x</a><a href='sub'>sub/</a>", false),
        ] {
            let Ok(Reading::List(list)) = read(&page("http://box/a%20b/"), html.as_bytes()).1 else {
                panic!("{html}")
            };
            assert_eq!(!list.marks_folders, may_be, "{html}");
        }
    }

    #[test]
    fn a_page_without_a_slash_is_a_list_of_what_is_below_it_where_it_says_so_or_looks_like_it() {
        let said = |html: &str| {
            let (taken, read) = read(&page("http://box/a/list"), html.as_bytes());
            let (said, count) = match read {
                Ok(Reading::List(list)) => return ("list", list.entries),
                Ok(Reading::Maybe(Maybe { below, is_named: true, .. })) if !below.is_empty() => {
                    ("named", below.len())
                }
                Ok(Reading::Maybe(Maybe { below, .. })) if !below.is_empty() => ("prose", below.len()),
                Ok(Reading::Maybe(Maybe { relative, is_list: true, .. })) => ("said", relative.len()),
                Ok(Reading::Maybe(Maybe { relative, .. })) => ("relative", relative.len()),
                Ok(Reading::Elsewhere(_)) => ("elsewhere", 0),
                Err(_) => ("none", 0),
            };
            assert_eq!(taken, [], "what is not known to be a list is not handed on: {html}");
            (said, count)
        };
        for (html, expected) in [
            ("<title>Index of /a/list</title><a href='/a/list/x'>x</a>", ("list", 1)),
            ("<title>Index of /a/list</title>", ("list", 0)),
            ("<title>Index of /a</title><a href='/a/x'>x</a>", ("none", 0)),
            ("<a href='/a/list/x'>x</a><a href='/a/list/y/'>y/</a>", ("named", 2)),
            ("<a href='list/x'>x</a><a href='/'>Home</a><a href='?a'>sort</a>", ("named", 1)),
            ("<a href='list/part1.html'>part1.htm..&gt;</a>", ("named", 1)),
            ("<base href='list/'><a href='x'>x</a>", ("named", 1)),
            ("<a href='list/x'>x</a><a href='list/y'>y</a><a href='list/z'>All of it</a>", ("named", 3)),
            ("<a href='list/x.txt'>[TXT] x.txt (3 B)</a>", ("named", 1)),
            // A document with links below itself, or a list with other words.
            ("<a href='list/x'>The first chapter</a>", ("prose", 1)),
            ("<a href='list/x'>x</a><a href='list/y'>The second chapter</a>", ("prose", 2)),
            ("<title>Contents of list</title><a href='list/x'>One</a>", ("prose", 1)),
            // A document with links beside itself, or a list that takes itself for the folder.
            ("<a href='x'>x</a>", ("relative", 1)),
            ("<a href='x'>x</a><a href='./y/'>The second</a><a href='../z'>z</a>", ("relative", 2)),
            ("<title>Index of /a/list</title><a href='x'>x</a>", ("said", 1)),
            ("<a href='../'>..</a>", ("none", 0)),
            ("<a href='/x'>x</a><a href='?x'>x</a><a href='//other/x'>x</a>", ("none", 0)),
        ] {
            assert_eq!(said(html), expected, "{html}");
        }
    }

    #[test]
    fn of_a_long_page_without_a_slash_the_first_entries_decide() {
        let link = |nth| format!("<a href='list/{nth}'>{nth}</a>");
        let rows = (0..2 * HELD).map(link).collect::<Vec<_>>().concat();
        let page = page("http://box/a/list");
        let (taken, maybe) = read(&page, rows.as_bytes());
        let Ok(Reading::Maybe(Maybe { below, is_named: true, .. })) = maybe else { panic!("{maybe:?}") };
        assert_eq!((taken.len(), below.len(), &below[1].0[..]), (0, HELD, &b"1"[..]));
        let (taken, read) = read(&page, format!("<title>Index of /a/list</title>{rows}").as_bytes());
        assert_eq!((taken.len(), matches!(read, Ok(Reading::List(_)))), (2 * HELD, true));
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
        let empty = |url: &str, html: &str| {
            let (entries, read) = read(&page(url), html.as_bytes());
            assert_eq!(entries, [], "{html}");
            read
        };
        for html in [
            "<title>Index of /a b</title><a href='../'>../</a>",
            "<title>Directory listing for /a b/</title><ul></ul>",
            "<a href='?sort=name&amp;order=asc'>Name</a><a href='../'>up</a>",
            "<h1>listing: <a href='/'>/</a><a href='/a%20b/'>a b/</a></h1>",
            "<h1>box - /a b/</h1><a href='/'>[To Parent Directory]</a>",
            "<table><tr><th>Name<th>Size<tr><td><a href='..'>..</a></table>",
            "<a href='/'> Parent Directory </a>",
            "<base href='/a b/'><style>a { color: red }</style><main> </main>",
            "<ul></ul>",
            "<html><body><pre>\n</pre></body></html>",
            "<h1>Files</h1><ul>\n</ul>",
            "<table><tr><th>Name<th>Size</tr></table>",
            "<ol></ol><p>This folder is empty.",
            "<title>Index of /elsewhere</title>",
            "<h1>Index of /elsewhere/x</h1><hr><hr>",
            "<h1>Directory listing for</h1>",
            "<title>Directory listing for /x</title><body><hr></body>",
        ] {
            let read = empty("http://box/a%20b/", html);
            assert!(matches!(&read, Ok(Reading::List(list)) if list.entries == 0), "{html}: {read:?}");
            assert_eq!(empty("http://box/a.html", html), Err(ListingError::NoList), "{html}");
        }
        for html in [
            "",
            "\0",
            "[]",
            "<title>News</title>Index of /<a href='/x'>x</a><a href='../'>up</a>",
            "<title>Index of plants</title>",
            "<title>Not found</title><h1>/a b/ is not there</h1>",
            "<h1>Cannot list /a b/</h1>",
            "<a href='/x/'>..</a>",
            "<base href='/a b/'><script>app()</script><main></main>",
            "<base href='/a b/'><main>Welcome</main>",
            "<base href='/'><main></main>",
            "<hr>",
            "<title>Files</title>",
            "<ul></ul><p>Sign in to see your files",
            "<ul id='app'></ul><script src='app.js'></script>",
            "<ul><li><a href='/login'>Sign in</a></ul>",
            "<title>Index of /x</title><p>Sorry, that broke",
        ] {
            assert_eq!(empty("http://box/a%20b/", html), Err(ListingError::NoList), "{html}");
        }
    }

    #[test]
    fn what_only_a_query_names_is_counted_and_is_no_entry() {
        for (html, names, unnamed) in [
            ("<a href='?f=a.txt'>a.txt</a><a href='?f=b.txt'>b.txt</a><a href='?f=b.txt'>b.txt</a>", 0, 2),
            ("<a href='get.php?id=7'>a.txt</a><a href='x'>x</a>", 1, 1),
            ("<a href='?dir=sub'>sub/</a><a href='?C=N;O=D'>Name</a>", 0, 1),
            // Another view of something that is there.
            ("<a href='x.txt'>x.txt</a><a href='x.txt?raw=1'>x.txt</a>", 1, 0),
            ("<a href='x'>x</a><a href='?sort=name'>name</a><a href='?page=2'>2</a>", 1, 0),
        ] {
            let (entries, read) = read(&page("http://box/a%20b/"), html.as_bytes());
            let Ok(Reading::List(list)) = read else { panic!("{html}: {read:?}") };
            assert_eq!((entries.len(), list.unnamed), (names, unnamed), "{html}");
        }
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
