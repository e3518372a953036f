//! A folder's list as JSON: the forms of hobnob and Caddy, nginx (`autoindex_format json`), dufs (`?json`) and
//! copyparty (`?ls`).
//!
//! Owns reading them from servers that may say anything. Must never keep more of a list in memory than its entries.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufReader, Read};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::utf8::Utf8Reader;
use super::{Entries, Kind, List, ListingError, caddy, is_directly_below};

/// Reads a list, in the order the server gave. `null` is an empty one, as Caddy writes it.
///
/// An entry whose name is empty, `.` or `..`, or holds a `/` or a NUL, is left out; a size or a time that is none
/// is taken for unknown. The size of a folder says nothing about what it holds, and is not taken over.
///
/// Where it was not asked for as a folder (`is_folder`), each entry has to say what it is: a file may hold rows with
/// names as well.
pub(super) fn read(json: impl Read, is_folder: bool, entries: Entries<'_>) -> Result<List, ListingError> {
    let mut table = Table { entries, is_folder, rows: 0, caddy_rows: 0, named: 0, fault: None };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(Utf8Reader::new(json)));
    let shape = json.deserialize_any(Top(&mut table)).and_then(|shape| json.end().map(|()| shape));
    if let Some(fault) = table.fault {
        return Err(fault);
    }
    let Ok(Some(shape)) = shape else { return Err(ListingError::NoList) };
    if table.rows > 0 && table.named == 0 || table.entries.is_empty() && !is_folder {
        return Err(ListingError::NoList);
    }
    table.entries.finish()?;
    let is_cut = shape == Shape::Rows && table.caddy_rows == caddy::CUT_AFTER;
    Ok(List { entries: table.entries.len(), is_cut })
}

/// Which of the known forms an array of rows has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Of hobnob, Caddy and nginx: nothing around it.
    Rows,
    /// `paths` of dufs.
    Paths,
    /// `dirs` of copyparty.
    Dirs,
    /// `files` of copyparty.
    Files,
}

/// What was read so far.
struct Table<'take> {
    entries: Entries<'take>,
    is_folder: bool,
    rows: usize,
    /// Those with a field that only Caddy's form has.
    caddy_rows: usize,
    /// Rows with something like a name in them, be it a good one or not.
    named: usize,
    /// Why it is not read to its end.
    fault: Option<ListingError>,
}

/// The whole answer; nothing where it has no form that is known.
struct Top<'table, 'take>(&'table mut Table<'take>);

impl<'json> Visitor<'json> for Top<'_, '_> {
    type Value = Option<Shape>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array, an object or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Shape::Rows))
    }

    fn visit_seq<A: SeqAccess<'json>>(self, rows: A) -> Result<Self::Value, A::Error> {
        Rows { table: self.0, shape: Shape::Rows }.visit_seq(rows)?;
        Ok(Some(Shape::Rows))
    }

    fn visit_map<A: MapAccess<'json>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = fields.next_key::<Cow<'_, str>>()? {
            let shape = match &*key {
                "paths" => Shape::Paths,
                "dirs" => Shape::Dirs,
                "files" => Shape::Files,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            fields.next_value_seed(Rows { table: &mut *self.0, shape })?;
            found = Some(shape);
        }
        Ok(found)
    }
}

/// An array of rows, of which each becomes an entry as it comes.
struct Rows<'table, 'take> {
    table: &'table mut Table<'take>,
    shape: Shape,
}

impl<'json> DeserializeSeed<'json> for Rows<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'json>>(self, array: D) -> Result<(), D::Error> {
        array.deserialize_seq(self)
    }
}

impl<'json> Visitor<'json> for Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'json>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Box<RawValue>>()? {
            self.table.rows += 1;
            // To serde an array is an object without the names of its fields.
            let Some(row) = Some(row.get()).filter(|row| row.starts_with('{')) else { continue };
            let Ok(row) = serde_json::from_str(row) else { continue };
            if let Err(fault) = self.table.take(&row, self.shape) {
                self.table.fault = Some(fault);
                return Err(de::Error::custom(fault));
            }
        }
        Ok(())
    }
}

/// A row as a server may write it: each field can be anything.
#[derive(Deserialize)]
struct Row<'json> {
    // Of hobnob and Caddy; `name` and `size` are everybody's but copyparty's.
    #[serde(borrow)]
    name: Option<&'json RawValue>,
    #[serde(borrow)]
    size: Option<&'json RawValue>,
    #[serde(borrow)]
    url: Option<&'json RawValue>,
    #[serde(borrow)]
    mod_time: Option<&'json RawValue>,
    #[serde(borrow)]
    mode: Option<&'json RawValue>,
    #[serde(borrow)]
    is_dir: Option<&'json RawValue>,
    // Of nginx; `mtime` of dufs as well.
    #[serde(borrow, rename = "type")]
    kind: Option<&'json RawValue>,
    #[serde(borrow)]
    mtime: Option<&'json RawValue>,
    // Of dufs.
    #[serde(borrow)]
    path_type: Option<&'json RawValue>,
    // Of copyparty.
    #[serde(borrow)]
    href: Option<&'json RawValue>,
    #[serde(borrow)]
    sz: Option<&'json RawValue>,
    #[serde(borrow)]
    ts: Option<&'json RawValue>,
}

impl Table<'_> {
    fn take(&mut self, row: &Row<'_>, shape: Shape) -> Result<(), ListingError> {
        let said = row.kind(shape);
        if said.is_none() && !self.is_folder {
            return Ok(());
        }
        let kind = said.unwrap_or(Kind::File);
        let Some(raw) = row.raw(kind) else { return Ok(()) };
        self.named += 1;
        self.caddy_rows += usize::from(row.mode.or(row.mod_time).is_some());
        let size = value(row.size.or(row.sz)).filter(|_| kind != Kind::Dir);
        self.entries.push(raw, kind, size, row.modified(shape))
    }
}

impl Row<'_> {
    /// What it says to be.
    fn kind(&self, shape: Shape) -> Option<Kind> {
        if shape == Shape::Dirs {
            return Some(Kind::Dir);
        }
        let mode = value(self.mode).map(caddy::kind);
        let is_dir = value(self.is_dir).map(|is_dir| if is_dir { Kind::Dir } else { Kind::File });
        let word: Option<String> = value(self.kind.or(self.path_type));
        let word = word.and_then(|word| match &*word {
            "directory" | "Dir" | "SymlinkDir" => Some(Kind::Dir),
            "file" | "File" | "SymlinkFile" => Some(Kind::File),
            "other" => Some(Kind::Other),
            _ => None,
        });
        if is_dir == Some(Kind::Dir) { is_dir } else { mode.or(is_dir).or(word) }
    }

    /// Its exact name, where it has one: in a URL it is exact also where it is no text.
    fn raw(&self, kind: Kind) -> Option<Vec<u8>> {
        let reference: Option<String> = value(self.url.or(self.href));
        let in_url = reference.and_then(|reference| name_in_url(&reference, kind));
        in_url.or_else(|| {
            let mut name = name(self.name?)?;
            if kind == Kind::Dir && name.ends_with(b"/") {
                name.pop();
            }
            Some(name)
        })
    }

    fn modified(&self, shape: Shape) -> Option<Timestamp> {
        if let Some(seconds) = value(self.ts) {
            return Timestamp::from_second(seconds).ok();
        }
        if shape == Shape::Paths {
            // It says 0 where it does not know.
            return value(self.mtime)
                .filter(|since| *since != 0)
                .and_then(|since| Timestamp::from_millisecond(since).ok());
        }
        let time: String = value(self.mod_time.or(self.mtime))?;
        time.parse().ok().or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(&time).ok())
    }
}

/// The field's value, where it is of this type.
fn value<T: DeserializeOwned>(field: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

/// The name that leads directly below the folder, where the URL does.
fn name_in_url(url: &str, kind: Kind) -> Option<Vec<u8>> {
    let name = url.strip_prefix("./").unwrap_or(url).split(['?', '#']).next()?;
    let name = if kind == Kind::Dir { name.strip_suffix('/').unwrap_or(name) } else { name };
    Some(percent_decode_str(name).collect()).filter(|name: &Vec<u8>| is_directly_below(name))
}

/// A name that is written as a string, byte for byte: the opposite of [`Utf8Reader`].
fn name(field: &RawValue) -> Option<Vec<u8>> {
    struct Exact;

    impl Visitor<'_> for Exact {
        type Value = Vec<u8>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a string")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }

    // Halves of surrogate pairs come as the three bytes that UTF-8 would make of them, if it allowed them.
    let read = serde_json::Deserializer::from_str(field.get()).deserialize_bytes(Exact).ok()?;
    let mut exact = Vec::with_capacity(read.len());
    let mut rest = &read[..];
    loop {
        rest = match rest {
            [] => return Some(exact),
            [0xED, high @ (0xB2 | 0xB3), low, behind @ ..] => {
                exact.push((high & 0x03) << 6 | (low & 0x3F));
                behind
            }
            [first, behind @ ..] => {
                exact.push(*first);
                behind
            }
        };
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    use crate::wire::listing::Entry;

    /// The entries of a list, and what is known at its end.
    pub(in crate::wire::listing) fn read(
        json: &[u8],
        is_folder: bool,
    ) -> Result<(Vec<Entry>, List), ListingError> {
        let mut entries = Vec::new();
        let list = super::read(json, is_folder, Entries::new(&mut entries))?;
        Ok((entries, list))
    }

    fn entries(json: &[u8]) -> Vec<Entry> {
        read(json, true).unwrap().0
    }

    fn names(json: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        entries(json.as_ref()).iter().map(|entry| entry.raw.0.to_vec()).collect()
    }

    #[test]
    fn a_list_of_caddy_is_read_as_it_is_meant() {
        let entries = entries(
            br#"[{"name":"a b/","size":4096,"url":"./a%20b/","mod_time":"2026-11-02T09:14:05.123456789Z",
                  "mode":2147484141,"is_dir":true,"is_symlink":false},
                 {"name":"x.pdf","size":7,"url":"./x.pdf","mod_time":"2026-11-02T17:14:05+08:00","mode":420,
                  "is_dir":false,"is_symlink":false},
                 {"name":"link","size":3,"url":"./link","mod_time":"","mode":134218239,"is_dir":false,
                  "is_symlink":true},
                 {"name":"pipe","size":0,"url":"./pipe","mode":33554852}]"#,
        );
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size)).collect();
        assert_eq!(
            read,
            [
                ("a b", Kind::Dir, None),
                ("x.pdf", Kind::File, Some(7)),
                ("link", Kind::File, Some(3)),
                ("pipe", Kind::Other, Some(0)),
            ]
        );
        let times: Vec<_> = entries.iter().map(|e| e.modified.map(|time| time.to_string())).collect();
        assert_eq!(times[0].as_deref(), Some("2026-11-02T09:14:05.123456789Z"));
        assert_eq!(times[1].as_deref(), Some("2026-11-02T09:14:05Z"));
        assert_eq!(times[2..], [None, None]);
    }

    #[test]
    fn an_empty_folder_is_null_or_an_empty_array() {
        assert_eq!(entries(b"null"), []);
        assert_eq!(entries(b"[]"), []);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for text in ["", "{}", "\"a\"", "[", "<html>", &"[".repeat(100_000)] {
            assert!(read(text.as_bytes(), true).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_left_out() {
        let hostile = r#"[{"name":"../x"},{"name":".."},{"name":"."},{"name":""},{"name":"/etc/passwd"},
            {"name":"a\u0000b"},{"name":"../","is_dir":true},{"name":"/","is_dir":true},{"name":"a//","is_dir":true},
            {"name":"x","url":"./%2e%2e"},{"name":"y","url":"./a%2Fb"},{"name":"z","url":"http://h/q"},
            {"name":"w","url":"./q?r"},{},7,"text",null,[],["x"],{"name":7}]"#;
        assert_eq!(names(hostile), [b"x", b"y", b"z", b"q"]);
    }

    #[test]
    fn a_row_may_say_anything_beside_what_is_known() {
        let row = r#"[{"new":{"name":"x"},"is_dir":{"a":[]},"mode":[7],"size":{},"mod_time":7,"url":null,"name":"a"}]"#;
        let entries = entries(row.as_bytes());
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size, e.modified)).collect();
        assert_eq!(read, [("a", Kind::File, None, None)]);
    }

    #[test]
    fn a_list_of_as_many_rows_as_caddy_gives_at_most_may_be_cut() {
        let list = |rows: usize, time: &str| {
            let rows: Vec<_> =
                (0..rows).map(|name| format!(r#"{{"name":"{name}","{time}":null}}"#)).collect();
            read(format!("[{}]", rows.join(",")).as_bytes(), true).unwrap().1.is_cut
        };
        assert_eq!([9_999, 10_000, 10_001].map(|rows| list(rows, "mod_time")), [false, true, false]);
        assert!(!list(10_000, "mtime"), "nginx writes all");
    }

    #[test]
    fn a_name_that_comes_again_is_the_same_thing() {
        let names = names(r#"[{"name":"a","size":1},{"name":"A"},{"name":"a","size":2},{"name":"a\u200b"}]"#);
        assert_eq!(names, [b"a", &b"A"[..], "a\u{200b}".as_bytes()]);
    }

    #[test]
    fn a_list_of_nginx_is_read_as_it_is_meant() {
        let entries = entries(
            br#"[ { "name":"a b", "type":"directory", "mtime":"Wed, 05 Nov 2025 09:33:05 GMT" },
                  { "name":"50%25", "type":"file", "mtime":"Wed, 05 Nov 2025 09:33:05 GMT", "size":7 },
                  { "name":"pipe", "type":"other", "mtime":"soon" } ]"#,
        );
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size)).collect();
        assert_eq!(
            read,
            [("a b", Kind::Dir, None), ("50%25", Kind::File, Some(7)), ("pipe", Kind::Other, None)]
        );
        let times: Vec<_> = entries.iter().map(|e| e.modified.map(|time| time.to_string())).collect();
        let time = Some("2025-11-05T09:33:05Z".to_owned());
        assert_eq!(times, [time.clone(), time, None]);
    }

    #[test]
    fn a_list_of_dufs_is_read_as_it_is_meant() {
        let entries = entries(
            br#"{"href":"/","kind":"Index","user":null,"paths":[
                {"path_type":"Dir","name":"a b","mtime":1762335185250,"size":12},
                {"path_type":"SymlinkDir","name":"link","mtime":0,"size":3},
                {"path_type":"SymlinkFile","name":"x","mtime":1762335185000,"size":7}]}"#,
        );
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size)).collect();
        assert_eq!(read, [("a b", Kind::Dir, None), ("link", Kind::Dir, None), ("x", Kind::File, Some(7))]);
        let times: Vec<_> = entries.iter().map(|e| e.modified.map(|time| time.to_string())).collect();
        let time = |text: &str| Some(text.to_owned());
        assert_eq!(times, [time("2025-11-05T09:33:05.25Z"), None, time("2025-11-05T09:33:05Z")]);
    }

    #[test]
    fn a_list_of_copyparty_is_read_as_it_is_meant() {
        let entries = entries(
            br#"{"dirs":[{"lead":"","href":"a%20b/","sz":4096,"ext":"---","ts":1762335185}],
                "files":[{"lead":"-","href":"%FF%3F","sz":7,"ext":"%","ts":1762335185},
                         {"href":"k?k=secret"},{"href":"../x"},{"href":"http://box/x"},{"href":"?x"}],
                "taglist":[],"srvinf":"","acct":"*"}"#,
        );
        let read: Vec<_> = entries.iter().map(|e| (&e.raw.0[..], e.kind, e.size)).collect();
        assert_eq!(
            read,
            [(&b"a b"[..], Kind::Dir, None), (b"\xff?", Kind::File, Some(7)), (b"k", Kind::File, None)]
        );
        assert_eq!(entries[0].modified, entries[1].modified);
        assert_eq!(entries[1].modified.unwrap().to_string(), "2025-11-05T09:33:05Z");
    }

    #[test]
    fn a_name_that_is_no_text_is_exact_also_without_a_url() {
        assert_eq!(
            names(b"[{\"name\":\"\xff\\n\xe4\xbd\xa0\"},{\"name\":\"\xe4\xbd\"}]"),
            [&b"\xff\n\xe4\xbd\xa0"[..], b"\xe4\xbd"]
        );
        assert_eq!(names(r#"[{"name":"\udcff\ud83d\ude00"}]"#), [b"\xff\xf0\x9f\x98\x80"]);
        assert!(read(b"\xff", true).is_err());
    }

    #[test]
    fn a_file_that_holds_names_is_no_list() {
        for file in [
            &br#"[{"name":"Ann"},{"name":"Bob"}]"#[..],
            br#"[{"name":"Ann","type":"student","size":180}]"#,
            br#"{"name":"x","files":["a.ts","b.ts"]}"#,
            b"null",
            b"[]",
        ] {
            assert_eq!(read(file, false), Err(ListingError::NoList), "{}", file.escape_ascii());
        }
        let list = br#"[{"name":"a","is_dir":false},{"name":"b"}]"#;
        assert_eq!(read(list, false).unwrap().0.len(), 1);
        assert_eq!(read(br#"{"files":["a.ts"]}"#, true), Err(ListingError::NoList));
        assert_eq!(read(b"[1, 2]", true), Err(ListingError::NoList));
    }

    #[test]
    fn the_url_has_the_exact_name() {
        assert_eq!(names(r#"[{"name":"\ufffd","url":"./%FF%fe"}]"#), [b"\xff\xfe"]);
        assert_eq!(names(r#"[{"name":"50%25","url":"./50%2525"}]"#), [b"50%25"]);
    }

    #[test]
    fn a_number_that_is_no_size_is_an_unknown_size() {
        for size in ["-1", "1.5", "1e3", "18446744073709551616", "\"7\"", "null"] {
            let entries = entries(format!(r#"[{{"name":"a","size":{size}}}]"#).as_bytes());
            assert_eq!(entries[0].size, None, "{size}");
        }
        let most = entries(br#"[{"name":"a","size":18446744073709551615}]"#);
        assert_eq!(most[0].size, Some(u64::MAX));
    }

    #[test]
    fn a_hostile_name_is_shown_harmlessly_and_kept_exactly() {
        let entries = entries(br#"[{"name":"\u001b[31mred\n"}]"#);
        assert!(!entries[0].name.contains(char::is_control));
        assert_eq!(entries[0].raw.0, b"\x1b[31mred\n"[..]);
    }
}
