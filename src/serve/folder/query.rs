//! What the query of a folder's URL asks for: `sort`, `order`, `json` and `simple` as dufs has them, `filter`, and
//! `archive`. What is not known is not minded, as in every URL.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{Column, Direction, Order};

/// Bytes that become of one byte of a name at most: of one that is no text, a replacement character. Lower case makes
/// three of two.
const GROWTH: usize = 3;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::serve) struct Query {
    /// What else than a list in the form that the headers of the request ask for.
    pub(super) asked: Option<Asked>,
    /// How it is sorted.
    pub(in crate::serve) order: Order,
    /// What of it.
    pub(in crate::serve) filter: Option<Filter>,
}

/// What a query can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum Asked {
    /// dufs's JSON.
    Dufs,
    /// Names in lines.
    Names,
    /// All that is in the folder, as a tar file.
    Archive,
    /// The same in a form that there is not.
    OtherArchive,
}

/// Letters that a name must have in it, in either case; never none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::serve) struct Filter {
    written: String,
    /// In lower case. Made once, as a folder has many names.
    lower: String,
}

impl Query {
    /// Reads a query (WHATWG URL, section 5.1).
    pub(super) fn read(query: &str) -> Self {
        let mut asked = None;
        let mut column = None;
        let mut direction = None;
        let mut filter = None;
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (key, &*decoded(value)) {
                ("json", _) => asked = Some(Asked::Dufs),
                ("simple", _) => asked = Some(Asked::Names),
                ("archive", "tar") => asked = Some(Asked::Archive),
                ("archive", _) => asked = Some(Asked::OtherArchive),
                ("sort", "name") => column = Some(Column::Name),
                ("sort", "size") => column = Some(Column::Size),
                ("sort", "mtime") => column = Some(Column::Modified),
                ("order", "asc") => direction = Some(Direction::Ascending),
                ("order", "desc") => direction = Some(Direction::Descending),
                ("filter", wanted) => filter = Filter::new(wanted),
                _ => {}
            }
        }
        let column = column.unwrap_or(Column::Name);
        let order = Order { column, direction: direction.unwrap_or(Direction::Ascending) };
        Self { asked, order, filter }
    }
}

fn decoded(value: &str) -> String {
    let value = if value.contains('+') { Cow::Owned(value.replace('+', " ")) } else { Cow::Borrowed(value) };
    percent_decode_str(&value).decode_utf8_lossy().into_owned()
}

impl Filter {
    fn new(wanted: &str) -> Option<Self> {
        let written = wanted.trim();
        (!written.is_empty()).then(|| Self { written: written.to_owned(), lower: written.to_lowercase() })
    }

    /// As it was written.
    pub(in crate::serve) fn written(&self) -> &str {
        &self.written
    }

    /// Whether the name has the letters in it.
    pub(in crate::serve) fn takes(&self, name: &[u8]) -> bool {
        self.lower.len() <= name.len().saturating_mul(GROWTH)
            && String::from_utf8_lossy(name).to_lowercase().contains(&self.lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_and_clients_of_dufs_write_it() {
        let order = |column, direction| Order { column, direction };
        let by_name = order(Column::Name, Direction::Ascending);
        let filter = |text: &str| Some(Filter::new(text).unwrap());
        for (query, asked, order, filter) in [
            ("", None, by_name, None),
            ("json", Some(Asked::Dufs), by_name, None),
            ("simple&sort=size", Some(Asked::Names), order(Column::Size, Direction::Ascending), None),
            (
                "sort=mtime&order=desc&json=",
                Some(Asked::Dufs),
                order(Column::Modified, Direction::Descending),
                None,
            ),
            ("archive=tar", Some(Asked::Archive), by_name, None),
            ("archive=rar", Some(Asked::OtherArchive), by_name, None),
            ("filter=a+b%2b%E4%BD%A0&x=y", None, by_name, filter("a b+你")),
            ("filter=+&sort=owner&order=", None, by_name, None),
            (
                "order=desc&filter=%FF&&=",
                None,
                order(Column::Name, Direction::Descending),
                filter("\u{fffd}"),
            ),
        ] {
            assert_eq!(Query::read(query), Query { asked, order, filter }, "{query}");
        }
    }

    #[test]
    fn a_filter_finds_its_letters_in_either_case_also_where_that_makes_a_name_longer() {
        for (wanted, name, takes) in [
            ("TXT", &b"a.txt"[..], true),
            ("txt", b"A.TXT", true),
            ("\u{2c65}\u{2c65}", "\u{23a}\u{23a}".as_bytes(), true),
            ("i\u{307}", "\u{130}".as_bytes(), true),
            ("\u{fffd}\u{fffd}", b"\xff\xff", true),
            ("\u{fffd}\u{fffd}\u{fffd}", b"\xff\xff", false),
            ("\u{4f60}\u{597d}", "\u{4f60}".as_bytes(), false),
            ("a", b"", false),
        ] {
            assert_eq!(Filter::new(wanted).unwrap().takes(name), takes, "{wanted}");
        }
    }

    #[test]
    fn a_filter_longer_than_any_name_is_hardly_any_work_for_each_of_many() {
        let filter = Filter::new(&"\u{c4}".repeat(31_000)).unwrap();
        let name = [b'x'; 255];
        assert!((0..100_000).all(|_| !filter.takes(&name)));
    }
}
