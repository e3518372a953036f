//! A folder's list as JSON: the forms of hobnob and Caddy, nginx (`autoindex_format json`), dufs (`?json`), copyparty
//! (`?ls`) and serve.
//!
//! Owns reading them from servers that may say anything. Must never read a part of what has none of these forms as if
//! it was all, nor keep more of a list in memory than its entries.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::row::{Row, value};
use self::shape::{GOES_ON, Shape};
use super::utf8::Utf8Reader;
use super::{Entries, Kind, List, ListingError, Role, caddy};

mod row;
mod shape;

/// Reads a list, in the order the server gave. `null` is an empty one, as Caddy writes it.
///
/// Each row has to say what it is, in the way of the form that it has: one that does not makes all of it no list. An
/// entry whose name is empty, `.` or `..`, or holds a `/` or a NUL, is left out; a size or a time that is none is taken
/// for unknown. The size of a folder says nothing about what it holds, and is not taken over.
///
/// Where it was not asked for as a folder, there has to be an entry: a file may be empty as well.
///
/// The first entries are held back until the end, or until there are so many that no other form is likely. Where a list
/// that is as long as that has a row of no known form further on, it ends there with an error.
pub(super) fn read(json: impl Read, role: Role, mut entries: Entries<'_>) -> Result<List, ListingError> {
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
    if !table.is_known() || table.entries.is_empty() && role == Role::Unknown {
        return Err(ListingError::NoList);
    }
    table.entries.release()?;
    table.entries.finish()?;
    let is_cut = !table.is_object && table.caddy_rows == caddy::CUT_AFTER;
    Ok(List { entries: table.entries.len(), is_cut, marks_folders: true, ..List::default() })
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
                other => {
                    let goes_on = GOES_ON.contains(&&*other.to_ascii_lowercase());
                    let value = fields.next_value::<Shape>()?;
                    // There may be more of the folder in it, or elsewhere.
                    if value == Shape::Rows || goes_on && value == Shape::Something {
                        return Err(de::Error::custom("a list of no known form"));
                    }
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
        let size = value(row.size.or(row.sz)).filter(|_| kind == Kind::File);
        self.caddy_rows += usize::from(row.mode.or(row.mod_time).is_some());
        let link = row.is_link().then(|| raw.clone());
        self.entries.push(raw, kind, size, row.modified(form))?;
        if let Some(link) = link {
            self.entries.note_link(&link);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::wire::listing::Entry;

    /// The entries of a list, and what is known at its end.
    fn read(json: &[u8], is_folder: bool) -> Result<(Vec<Entry>, List), ListingError> {
        let mut entries = Vec::new();
        let role = if is_folder { Role::Folder } else { Role::Unknown };
        let list = super::read(json, role, Entries::new(&mut entries))?;
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
                ("pipe", Kind::Other, None),
            ]
        );
        let times: Vec<_> = entries.iter().map(|e| e.modified.map(|time| time.to_string())).collect();
        assert_eq!(times[0].as_deref(), Some("2026-11-02T09:14:05.123456789Z"));
        assert_eq!(times[1].as_deref(), Some("2026-11-02T09:14:05Z"));
        assert_eq!(times[2..], [None, None]);
    }

    #[test]
    fn a_link_is_known_where_the_list_says_so() {
        let list = br#"[{"name":"a","is_dir":true,"is_symlink":true},{"name":"b","is_dir":true,"is_symlink":false}]"#;
        let links: Vec<_> = entries(list).iter().map(|entry| entry.is_link).collect();
        assert_eq!(links, [true, false]);
    }

    #[test]
    fn where_there_may_be_more_under_another_key_it_is_no_known_form() {
        let serve = |more: &str| {
            let files = r#"{"base":"a.txt","name":"a","type":"file","size":1}"#;
            read(format!(r#"{{"files":[{files}],"directory":"x/"{more}}}"#).as_bytes(), true)
                .map(|(entries, _)| entries.len())
        };
        for more in
            ["", r#","paths":[]"#, r#","tags":["x"],"next":null,"total":7,"truncated":false,"more":[]"#]
        {
            assert_eq!(serve(more), Ok(1), "{more}");
        }
        for more in [
            r#","folders":[{"base":"sub"}]"#,
            r#","next":"/?page=2""#,
            r#","cursor":7"#,
            r#","Truncated":true"#,
        ] {
            assert_eq!(serve(more), Err(ListingError::NoList), "{more}");
        }
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
