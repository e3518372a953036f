//! What the query of a folder's URL asks for: `sort`, `order`, `json` and `simple` as dufs has them, `filter`, and
//! `archive`. What is not known is not minded, as in every URL.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{Column, Direction, Order};

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
pub(in crate::serve) struct Filter(String);

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
        let wanted = wanted.trim();
        (!wanted.is_empty()).then(|| Self(wanted.to_owned()))
    }

    /// As it was written.
    pub(in crate::serve) fn written(&self) -> &str {
        &self.0
    }

    /// Whether the name has the letters in it.
    pub(in crate::serve) fn takes(&self, name: &[u8]) -> bool {
        String::from_utf8_lossy(name).to_lowercase().contains(&self.0.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_and_clients_of_dufs_write_it() {
        let order = |column, direction| Order { column, direction };
        let by_name = order(Column::Name, Direction::Ascending);
        let filter = |text: &str| Some(Filter(text.to_owned()));
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
}
