//! A folder's list as a page for browsers, on the template `assets/listing.html`, with one style and one small script.
//!
//! Owns the escaping: must never let a name become markup. Nothing on a page leads to another server, and nothing runs
//! on it but that script: [`policy`] says so to the browser. What is asked for beside the list stands in forms and not
//! in links, so that a program that follows all links takes each file once.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::Site;
use super::folder::{Column, Direction, Order, Query, Summary};
use crate::text::{clean_line, size};
use crate::wire::listing::{Kind, Row};
use crate::wire::source::Path;

mod uploaded;
mod words;

pub(super) use uploaded::uploaded;
pub(super) use words::Language;

const TEMPLATE: &str = include_str!("../../assets/listing.html");
const STYLE: &str = include_str!("../../assets/listing.css");
const SCRIPT: &str = include_str!("../../assets/listing.js");

/// What the page may do (W3C Content Security Policy, Level 3): its own style and script, pictures within the style,
/// and asking this server.
pub(super) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
        format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(SCRIPT)
        )
    });
    &POLICY
}

/// All of a page but its rows.
pub(super) struct Page {
    head: String,
    tail: String,
    zone: TimeZone,
}

impl Page {
    /// Of the folder `path` (decoded, without the slash in front, empty for the top), of which so much is shown.
    pub(super) fn new(site: &Site, path: &[u8], query: &Query, summary: Summary, language: Language) -> Self {
        let filter = query.filter.as_ref().map_or("", |filter| filter.written());
        let fill = |name: &str| match name.split_once(' ') {
            Some(("word", word)) => escape(language.word(word)),
            _ => match name {
                "language" => language.tag().to_owned(),
                "title" => escape(&clean_line(&[b"/", path].concat())),
                "style" => STYLE.to_owned(),
                "script" => SCRIPT.to_owned(),
                "crumbs" => crumbs(&site.name, path),
                "filter" => escape(filter),
                "sorted" => {
                    hidden("sort", query.order.column.word()) + &hidden("order", query.order.direction.word())
                }
                "columns" => columns(query.order, filter, language),
                "up" if !path.is_empty() => {
                    "<tr class=\"up\"><td class=\"name\"><a href=\"../\">../</a></td></tr>\n".to_owned()
                }
                "count" => size::grouped(summary.rows as u64),
                "total" if summary.bytes > 0 => format!(" · {}", size::bytes(summary.bytes)),
                "left_out" if summary.left_out > 0 => left_out(summary.left_out, language),
                "hidden" if summary.rows > 0 => " hidden".to_owned(),
                "nothing" if summary.rows == 0 && filter.is_empty() => escape(language.word("empty")),
                "nothing" => escape(language.word("none")),
                "upload" if site.access.uploads.is_some() => form(language),
                _ => String::new(),
            },
        };
        let (head, tail) = TEMPLATE.split_once("{{rows}}").unwrap_or((TEMPLATE, ""));
        Self { head: filled(head, fill), tail: filled(tail, fill), zone: site.zone.clone() }
    }

    /// Adds what stands in front of the rows.
    pub(super) fn write_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head.as_bytes());
    }

    /// Adds one row.
    pub(super) fn write_row(&self, row: &Row, out: &mut Vec<u8>) {
        let name = escape(&clean_line(&row.raw.0));
        let href = href(&row.raw.0);
        let size = row.size.map(size::bytes).unwrap_or_default();
        let (exact, time) = row.modified.map_or_else(Default::default, |time| {
            (
                time.strftime("%FT%TZ").to_string(),
                time.to_zoned(self.zone.clone()).strftime("%F %H:%M").to_string(),
            )
        });
        let (class, link) = match row.kind() {
            Kind::Dir => ("dir", format!("<a href=\".{href}/\">{name}/</a>")),
            Kind::File => ("file", format!("<a href=\".{href}\">{name}</a>")),
            Kind::Other => ("other", format!("<span>{name}</span>")),
        };
        let row = format!(
            "<tr class=\"{class}\"><td class=\"name\">{link}</td><td>{size}</td>\
             <td><time datetime=\"{exact}\">{time}</time></td></tr>\n"
        );
        out.extend_from_slice(row.as_bytes());
    }

    /// Adds what stands behind the rows.
    pub(super) fn write_tail(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.tail.as_bytes());
    }
}

/// The path of what has this name, without characters that HTML writes in another way: wget2 takes those as it reads them.
fn href(name: &[u8]) -> String {
    Path::from_name(name).encoded().replace('&', "%26").replace('\'', "%27")
}

/// The way from the shared folder, `top`, to the one that is shown; each part of it leads there.
fn crumbs(top: &[u8], path: &[u8]) -> String {
    let parts = path.strip_suffix(b"/").map(|path| path.split(|byte| *byte == b'/'));
    let parts: Vec<_> = [top].into_iter().chain(parts.into_iter().flatten()).collect();
    let mut crumbs = String::new();
    for (place, part) in parts.iter().enumerate() {
        let name = escape(&clean_line(part));
        let above = parts.len() - 1 - place;
        // Writing to a string cannot fail.
        let _ = if above > 0 {
            write!(crumbs, "<a href=\"{}\">{name}</a><i>/</i>", "../".repeat(above))
        } else {
            write!(crumbs, "<b aria-current=\"page\">{name}</b>")
        };
    }
    crumbs
}

/// The heads of the columns, each with what sorts by it.
fn columns(order: Order, filter: &str, language: Language) -> String {
    let filter = if filter.is_empty() { String::new() } else { hidden("filter", filter) };
    let column = |column: Column| {
        let is_sorted = order.column == column;
        let sorted = match order.direction {
            _ if !is_sorted => "",
            Direction::Ascending => " aria-sort=\"ascending\"",
            Direction::Descending => " aria-sort=\"descending\"",
        };
        let next = if is_sorted { order.direction.turned() } else { column.usual() };
        let (value, word) = (column.word(), escape(language.word(column.word())));
        format!(
            "<th scope=\"col\"{sorted}><form>{filter}<button name=\"sort\" value=\"{value}\">{word}</button>{}</form></th>",
            hidden("order", next.word())
        )
    };
    [Column::Name, Column::Size, Column::Modified].map(column).concat()
}

/// How many things are in no row.
fn left_out(count: usize, language: Language) -> String {
    let (why, word) = (escape(language.word("left_out_hint")), escape(language.word("left_out")));
    format!(" · <span title=\"{why}\">{} {word}</span>", size::grouped(count as u64))
}

/// Adds files to the folder.
fn form(language: Language) -> String {
    let word = escape(language.word("upload"));
    format!(
        "<form method=\"post\" enctype=\"multipart/form-data\" class=\"tools\">\
         <input type=\"file\" name=\"file\" multiple required aria-label=\"{word}\"><button>{word}</button></form>\n"
    )
}

/// What a form sends beside what is seen of it.
fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
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
fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, behind) = piece.split_once("}}").unwrap_or(("", piece));
        page.push_str(&value(name));
        page.push_str(behind);
    }
    page
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_value_that_looks_like_a_place_of_the_template_stays_what_it_is() {
        assert_eq!(filled("a {{b}} c {{b}}", |_| "{{b}} {{".to_owned()), "a {{b}} {{ c {{b}} {{");
    }

    #[test]
    fn what_is_markup_in_a_name_is_none_on_the_page() {
        let page = Page { head: String::new(), tail: String::new(), zone: TimeZone::UTC };
        let raw = crate::wire::Raw(Bytes::from_static(b"\"><script>alert('&')</script>\xe2\x80\xae\n\xff"));
        let mut out = Vec::new();
        page.write_row(
            &Row { raw, st_mode: 0o100_644, size: Some(5), modified: None, is_symlink: false },
            &mut out,
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<tr class=\"file\"><td class=\"name\"><a href=\"./%22%3E%3Cscript%3Ealert(%27%26%27)%3C/script%3E%E2%80%AE%0A%FF\">\
             &quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;&lt;U+202E&gt;␊\\xff</a></td><td>5 B</td>\
             <td><time datetime=\"\"></time></td></tr>\n"
        );
    }

    #[test]
    fn crumbs_lead_from_the_folder_up_to_the_shared_one() {
        assert_eq!(crumbs(b"a&b", b""), "<b aria-current=\"page\">a&amp;b</b>");
        assert_eq!(
            crumbs(b"top", b"x/<y>/"),
            "<a href=\"../../\">top</a><i>/</i><a href=\"../\">x</a><i>/</i><b aria-current=\"page\">&lt;y&gt;</b>"
        );
    }
}
