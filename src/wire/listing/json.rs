//! A folder's list as JSON: the forms of hobnob and Caddy, nginx (`autoindex_format json`), dufs (`?json`), copyparty
//! (`?ls`) and serve.
//!
//! Owns reading them from servers that may say anything. Must never read a part of what has none of these forms as if
//! it was all, nor keep more of a list in memory than its entries.

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
/// Each row has to say what it is, in the way of the form that it has: one that does not makes all of it no list. An
/// entry whose name is empty, `.` or `..`, or holds a `/` or a NUL, is left out; a size or a time that is none is taken
/// for unknown. The size of a folder says nothing about what it holds, and is not taken over.
///
/// Where it was not asked for as a folder (`is_folder`), there has to be an entry: a file may be empty as well.
///
/// The first entries are held back until the end, or until there are so many that no other form is likely. Where a list
/// that is as long as that has a row of no known form further on, it ends there with an error.
pub(super) fn read(json: impl Read, is_folder: bool, mut entries: Entries<'_>) -> Result<List, ListingError> {
    entries.hold();
    let mut table = Table::new(entries);
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(Utf8Reader::new(json)));
    let read = json.deserialize_any(Top(&mut table)).and_then(|()| json.end());
    if let Some(fault) = table.fault {
        return Err(fault);
    }
    if let Err(error) = read {
        // What came before the connection broke is good.
        if error.is_io() && table.may_be_known() {
            table.entries.release()?;
        }
        return Err(ListingError::NoList);
    }
    if !table.is_known() || table.entries.is_empty() && !is_folder {
        return Err(ListingError::NoList);
    }
    table.entries.release()?;
    table.entries.finish()?;
    let is_cut = !table.is_object && table.caddy_rows == caddy::CUT_AFTER;
    Ok(List { entries: table.entries.len(), is_cut, marks_folders: true })
}

/// What an array of rows is, by the key that it stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Of dufs; of serve, where it is the way to the folder.
    Paths,
    /// Of copyparty.
    Dirs,
    /// Of copyparty and of serve.
    Files,
    /// Of serve, no array: the path of the folder.
    Directory,
    /// Of dufs, no array: the same.
    Href,
}

/// Which form a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Of hobnob, Caddy and nginx: nothing around the rows.
    Bare,
    Dufs,
    Copyparty,
    Serve,
    /// A part of the way to the folder, in serve's.
    Crumb,
}

/// What was read so far.
struct Table<'take> {
    entries: Entries<'take>,
    /// The known keys of the object around the rows; none where there is no object.
    keys: Vec<Key>,
    /// Rows with a field that only Caddy's form has.
    caddy_rows: usize,
    /// The forms that rows have.
    forms: Vec<Form>,
    is_object: bool,
    /// Why it is not read to its end.
    fault: Option<ListingError>,
}

/// The whole answer; an error where there is something in it that no known form has.
struct Top<'table, 'take>(&'table mut Table<'take>);

impl<'json> Visitor<'json> for Top<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array, an object or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'json>>(self, rows: A) -> Result<(), A::Error> {
        Rows { table: self.0, key: None }.visit_seq(rows)
    }

    fn visit_map<A: MapAccess<'json>>(self, mut fields: A) -> Result<(), A::Error> {
        let table = self.0;
        table.is_object = true;
        while let Some(key) = fields.next_key::<Cow<'_, str>>()? {
            let key = match &*key {
                "paths" => Key::Paths,
                "dirs" => Key::Dirs,
                "files" => Key::Files,
                "directory" => Key::Directory,
                "href" => Key::Href,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if table.keys.contains(&key) {
                return Err(de::Error::duplicate_field("a list"));
            }
            table.keys.push(key);
            if matches!(key, Key::Directory | Key::Href) {
                fields.next_value::<IgnoredAny>()?;
            } else {
                fields.next_value_seed(Rows { table: &mut *table, key: Some(key) })?;
            }
        }
        Ok(())
    }
}

/// An array of rows, of which each becomes an entry as it comes.
struct Rows<'table, 'take> {
    table: &'table mut Table<'take>,
    key: Option<Key>,
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
            // To serde an array is an object without the names of its fields.
            let row = Some(row.get()).filter(|row| row.starts_with('{'));
            let row = row.and_then(|row| serde_json::from_str(row).ok());
            if let Err(fault) =
                row.ok_or(ListingError::NoList).and_then(|row| self.table.take(&row, self.key))
            {
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
    // Of nginx and serve; `mtime` of dufs as well.
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
    // Of serve: the whole name, of which `name` has no ending.
    #[serde(borrow)]
    base: Option<&'json RawValue>,
}

impl<'take> Table<'take> {
    fn new(entries: Entries<'take>) -> Self {
        Self { entries, keys: Vec::new(), caddy_rows: 0, forms: Vec::new(), is_object: false, fault: None }
    }

    fn take(&mut self, row: &Row<'_>, key: Option<Key>) -> Result<(), ListingError> {
        let form = row.form(key).ok_or(ListingError::NoList)?;
        if !self.forms.contains(&form) {
            self.forms.push(form);
        }
        if form == Form::Crumb {
            return Ok(());
        }
        let kind = row.kind(form, key).ok_or(ListingError::NoList)?;
        let raw = row.raw(form, kind).ok_or(ListingError::NoList)?;
        let size = value(row.size.or(row.sz)).filter(|_| kind != Kind::Dir);
        self.caddy_rows += usize::from(row.mode.or(row.mod_time).is_some());
        self.entries.push(raw, kind, size, row.modified(form))?;
        if !self.entries.is_full() {
            return Ok(());
        }
        if !self.may_be_known() {
            return Err(ListingError::NoList);
        }
        self.entries.release()
    }

    /// Whether what was read so far is the beginning of a known form.
    fn may_be_known(&self) -> bool {
        self.forms.iter().filter(|form| **form != Form::Crumb).count() <= 1
    }

    /// Whether all of it has one known form.
    fn is_known(&self) -> bool {
        let has = |key| self.keys.contains(&key);
        let only = |forms: &[Form]| self.forms.iter().all(|form| forms.contains(form));
        if !self.is_object {
            return only(&[Form::Bare]);
        }
        match (has(Key::Paths), has(Key::Dirs), has(Key::Files)) {
            (true, false, false) => has(Key::Href) && only(&[Form::Dufs]),
            (false, true, true) => only(&[Form::Copyparty]),
            (_, false, true) => has(Key::Directory) && only(&[Form::Serve, Form::Crumb]),
            (_, _, _) => false,
        }
    }
}

impl Row<'_> {
    /// Which form it has; none where it has none that is known at this place.
    fn form(&self, key: Option<Key>) -> Option<Form> {
        match key {
            None => Some(Form::Bare),
            Some(Key::Paths) if self.path_type.is_some() => Some(Form::Dufs),
            Some(Key::Paths) => Some(Form::Crumb).filter(|_| self.name.is_some() && self.url.is_some()),
            Some(Key::Files) if self.base.is_some() => Some(Form::Serve),
            Some(Key::Dirs | Key::Files) => Some(Form::Copyparty),
            Some(Key::Directory | Key::Href) => None,
        }
    }

    /// What it says to be; none where it does not say so in a way that is known.
    fn kind(&self, form: Form, key: Option<Key>) -> Option<Kind> {
        if form == Form::Copyparty {
            return Some(if key == Some(Key::Dirs) { Kind::Dir } else { Kind::File });
        }
        let mode = value(self.mode).map(caddy::kind);
        let is_dir = value(self.is_dir).map(|is_dir| if is_dir { Kind::Dir } else { Kind::File });
        let word: Option<String> = value(self.kind.or(self.path_type));
        let word = word.and_then(|word| match &*word {
            "directory" | "folder" | "Dir" | "SymlinkDir" => Some(Kind::Dir),
            "file" | "File" | "SymlinkFile" => Some(Kind::File),
            "other" => Some(Kind::Other),
            _ => None,
        });
        if is_dir == Some(Kind::Dir) { is_dir } else { mode.or(is_dir).or(word) }
    }

    /// Its exact name, where it has one, be it a good one or not: in a URL it is exact also where it is no text.
    fn raw(&self, form: Form, kind: Kind) -> Option<Vec<u8>> {
        let reference: Option<String> = value(self.url.or(self.href));
        if form == Form::Copyparty {
            return Some(name_in_url(&reference?, kind).unwrap_or_default());
        }
        reference.and_then(|reference| name_in_url(&reference, kind)).or_else(|| {
            let mut name = name(if form == Form::Serve { self.base? } else { self.name? })?;
            if kind == Kind::Dir && name.ends_with(b"/") {
                name.pop();
            }
            Some(name)
        })
    }

    fn modified(&self, form: Form) -> Option<Timestamp> {
        if let Some(seconds) = value(self.ts) {
            return Timestamp::from_second(seconds).ok();
        }
        if form == Form::Dufs {
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
mod tests {
    use super::*;

    use crate::wire::listing::Entry;

    /// The entries of a list, and what is known at its end.
    fn read(json: &[u8], is_folder: bool) -> Result<(Vec<Entry>, List), ListingError> {
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
            {"name":"w","url":"./q?r"}]"#;
        let hostile = hostile.replace("},", r#","type":"file"},"#).replace("}]", r#","type":"file"}]"#);
        assert_eq!(names(hostile), [b"x", b"y", b"z", b"q"]);
    }

    #[test]
    fn a_row_may_say_anything_beside_what_is_known() {
        let row = r#"[{"new":{"name":"x"},"is_dir":{"a":[]},"mode":[7],"size":{},"mod_time":7,"url":null,"name":"a","type":"file"}]"#;
        let entries = entries(row.as_bytes());
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size, e.modified)).collect();
        assert_eq!(read, [("a", Kind::File, None, None)]);
    }

    #[test]
    fn a_list_of_as_many_rows_as_caddy_gives_at_most_may_be_cut() {
        let list = |rows: usize, time: &str| {
            let row = |name| format!(r#"{{"name":"{name}","type":"file","{time}":""}}"#);
            let rows: Vec<_> = (0..rows).map(row).collect();
            read(format!("[{}]", rows.join(",")).as_bytes(), true).unwrap().1.is_cut
        };
        assert_eq!([9_999, 10_000, 10_001].map(|rows| list(rows, "mod_time")), [false, true, false]);
        assert!(!list(10_000, "mtime"), "nginx writes all");
    }

    #[test]
    fn a_name_that_comes_again_is_the_same_thing() {
        let list = r#"[{"name":"a","size":1},{"name":"A"},{"name":"a","size":2},{"name":"a\u200b"}]"#;
        let names = names(list.replace('}', r#","type":"file"}"#));
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
            names(b"[{\"name\":\"\xff\\n\xe4\xbd\xa0\",\"type\":\"file\"},{\"name\":\"\xe4\xbd\",\"type\":\"file\"}]"),
            [&b"\xff\n\xe4\xbd\xa0"[..], b"\xe4\xbd"]
        );
        assert_eq!(names(r#"[{"name":"\udcff\ud83d\ude00","type":"file"}]"#), [b"\xff\xf0\x9f\x98\x80"]);
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
        let list = br#"[{"name":"a","is_dir":false},{"name":"b","type":"file"}]"#;
        assert_eq!(read(list, false).unwrap().0.len(), 2);
    }

    #[test]
    fn what_is_unknown_in_a_part_is_unknown_in_all() {
        for unknown in [
            &br#"{"files":["a.ts"]}"#[..],
            b"[1, 2]",
            br#"["a.txt","sub"]"#,
            br#"[{"name":"a","is_dir":false},{"name":"b"}]"#,
            br#"[{"name":"a","is_dir":false},"b"]"#,
            br#"[{"name":"a","is_dir":false},["b"]]"#,
            br#"[{"name":"a","type":"file"},{"name":"b","type":"dir"}]"#,
            br#"[{"name":7,"type":"file"}]"#,
            br#"[{"Key":"a","Size":1}]"#,
            // Two kinds of rows, of which one would be missing.
            br#"{"files":[{"href":"a"}]}"#,
            br#"{"files":[{"name":"a","type":"file"}],"folders":[{"name":"b"}]}"#,
            br#"{"files":[{"name":"a"}],"dirs":[{"name":"b"}]}"#,
            br#"{"files":[{"href":"a"},{"base":"b","type":"file"}],"dirs":[]}"#,
            br#"{"paths":[{"name":"a","url":"a/"}],"href":"/"}"#,
            br#"{"paths":[{"path_type":"File","name":"a"}]}"#,
            br#"{"paths":[{"path_type":"File","name":"a"},{"name":"b"}],"href":"/"}"#,
            br#"{"paths":[],"paths":[],"href":"/"}"#,
            br#"{"files":[{"base":"a","type":"file"}],"paths":[]}"#,
            br#"{"children":[{"uri":"/a","folder":true}]}"#,
            br#"{"error":"no such folder"}"#,
        ] {
            assert_eq!(read(unknown, true), Err(ListingError::NoList), "{}", unknown.escape_ascii());
        }
    }

    #[test]
    fn a_list_of_serve_is_read_as_it_is_meant() {
        let entries = entries(
            br##"{"files":[{"type":"directory","base":"..","relative":"/","title":"/","ext":""},
                {"root":"/","dir":"/x/a b","base":"#;?%41&'.txt","ext":"txt","name":"#;?%41&'","relative":"/a b/#;?%41&'.txt","type":"file","size":"3 B","title":"#;?%41&'.txt"},
                {"root":"/","dir":"/x/a b","base":"sub dir/","ext":"","name":"sub dir","relative":"/a b/sub dir/","type":"folder","title":"sub dir/"}],
                "directory":"x/a b/","paths":[{"name":"x/","url":""},{"name":"a b/","url":"a b/"}]}"##,
        );
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size)).collect();
        assert_eq!(read, [("#;?%41&'.txt", Kind::File, None), ("sub dir", Kind::Dir, None)]);
    }

    #[test]
    fn the_url_has_the_exact_name() {
        assert_eq!(names(r#"[{"name":"\ufffd","url":"./%FF%fe","type":"file"}]"#), [b"\xff\xfe"]);
        assert_eq!(names(r#"[{"name":"50%25","url":"./50%2525","type":"file"}]"#), [b"50%25"]);
    }

    #[test]
    fn a_number_that_is_no_size_is_an_unknown_size() {
        for size in ["-1", "1.5", "1e3", "18446744073709551616", "\"7\"", "null"] {
            let entries = entries(format!(r#"[{{"name":"a","type":"file","size":{size}}}]"#).as_bytes());
            assert_eq!(entries[0].size, None, "{size}");
        }
        let most = entries(br#"[{"name":"a","type":"file","size":18446744073709551615}]"#);
        assert_eq!(most[0].size, Some(u64::MAX));
    }

    #[test]
    fn a_hostile_name_is_shown_harmlessly_and_kept_exactly() {
        let entries = entries(br#"[{"name":"\u001b[31mred\n","type":"file"}]"#);
        assert!(!entries[0].name.contains(char::is_control));
        assert_eq!(entries[0].raw.0, b"\x1b[31mred\n"[..]);
    }
}
