//! A folder's list as a page for browsers, on the template `assets/listing.html`.
//!
//! Owns the escaping: must never let a name become markup. The page has no words of its own, only names, sizes and
//! times, so it is the same in every language.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::text::{clean_line, size};
use crate::wire::listing::{Entry, Kind, Row};
use crate::wire::source::Path;

const TEMPLATE: &str = include_str!("../../assets/listing.html");

/// The page of the folder `path` (decoded, without the slash in front, empty for the top).
pub(super) fn render(path: &[u8], rows: &[Row], zone: &TimeZone) -> String {
    let title = escape(&clean_line(&[b"/", path].concat()));
    let mut list = String::new();
    if !path.is_empty() {
        list.push_str("<li class=\"dir up\"><a href=\"../\">../</a></li>\n");
    }
    for row in rows {
        push_row(&mut list, &row.entry, zone);
    }
    fill(&[("path", &title), ("rows", &list)])
}

fn push_row(list: &mut String, entry: &Entry, zone: &TimeZone) {
    let name = escape(&entry.name);
    let href = escape(Path::from_name(&entry.raw.0).encoded());
    let size = entry.size.map(size::bytes).unwrap_or_default();
    let (exact, time) = entry.modified.map_or_else(Default::default, |time| {
        (time.to_string(), time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
    });
    let (class, link) = match entry.kind {
        Kind::Dir => ("dir", format!("<a href=\".{href}/\">{name}/</a>")),
        Kind::File => ("file", format!("<a href=\".{href}\">{name}</a>")),
        Kind::Other => ("other", format!("<span class=\"name\">{name}</span>")),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        list,
        "<li class=\"{class}\">{link}<span class=\"size\">{size}</span><time datetime=\"{exact}\">{time}</time></li>"
    );
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Puts values where the template names them. In one pass, so that a value that looks like a name stays what it is.
fn fill(values: &[(&str, &str)]) -> String {
    let mut pieces = TEMPLATE.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, behind) = piece.split_once("}}").unwrap_or(("", piece));
        page.extend(values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
        page.push_str(behind);
    }
    page
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::wire::Raw;

    fn row(raw: &'static [u8], kind: Kind, size: Option<u64>) -> Row {
        let entry = Entry {
            name: clean_line(raw),
            raw: Raw(Bytes::from_static(raw)),
            kind,
            size,
            modified: Some(Timestamp::new(1_793_610_845, 0).unwrap()),
        };
        Row { entry, st_mode: 0, is_symlink: false }
    }

    #[test]
    fn a_page_has_names_sizes_times_and_a_way_up() {
        let rows = [row(b"sub", Kind::Dir, None), row(b"a b.txt", Kind::File, Some(3_100_000))];
        let page = render(b"slides/", &rows, &TimeZone::UTC);
        assert!(page.contains("<title>/slides/</title>"), "{page}");
        assert!(page.contains("<a href=\"../\">../</a>"), "{page}");
        assert!(page.contains("<a href=\"./sub/\">sub/</a>"), "{page}");
        assert!(
            page.contains("<a href=\"./a%20b.txt\">a b.txt</a><span class=\"size\">3.1 MB</span>"),
            "{page}"
        );
        assert!(page.contains("<time datetime=\"2026-11-02T09:14:05Z\">2026-11-02 09:14</time>"), "{page}");
        assert!(!page.contains("{{"), "{page}");
    }

    #[test]
    fn the_top_has_no_way_up_and_a_pipe_no_link() {
        let page = render(b"", &[row(b"pipe", Kind::Other, None)], &TimeZone::UTC);
        assert!(page.contains("<title>/</title>"), "{page}");
        assert!(!page.contains("href"), "{page}");
    }

    #[test]
    fn a_hostile_name_stays_a_name() {
        let hostile = b"\"><script>alert('&')</script>{{path}}\xe2\x80\xae";
        let page = render(hostile, &[row(hostile, Kind::File, None)], &TimeZone::UTC);
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains('\u{202e}'), "{page}");
        let shown = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;{{path}}";
        assert_eq!(page.matches(shown).count(), 3, "{page}");
        let href = "href=\"./%22%3E%3Cscript%3Ealert(&#39;&amp;&#39;)%3C%2Fscript%3E";
        assert!(page.contains(&href.replace("%2F", "/")), "{page}");
    }
}
