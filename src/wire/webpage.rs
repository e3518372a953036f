//! Media type sniffing (WHATWG MIME Sniffing, section 7.1) as far as HTML goes, and whether a web page is an interstitial: a
//! login or error page that a server sends in place of a file. Must never call a page one that may be the file itself.

/// Bytes that are looked at for the beginning of a page.
const BEGINNING: usize = 1024;
/// Tags that a page may begin with.
const TAGS: [&str; 31] = [
    "!doctype html",
    "html",
    "head",
    "title",
    "body",
    "script",
    "style",
    "meta",
    "link",
    "base",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "div",
    "main",
    "nav",
    "table",
    "a",
    "b",
    "br",
    "ul",
    "ol",
    "pre",
    "font",
    "form",
    "center",
    "img",
    "hr",
    "iframe",
];
/// Endings of files that are web pages, or are made by a program that may answer with one.
const PAGES: [&str; 17] = [
    "html", "htm", "xhtml", "xht", "shtml", "mhtml", "php", "php3", "php5", "phtml", "asp", "aspx", "jsp",
    "jspx", "cgi", "do", "pl",
];
/// Endings of text files, in which HTML may stand, and of documents that some programs write as HTML.
const TEXTS: [&str; 36] = [
    "txt", "text", "md", "markdown", "rst", "log", "csv", "tsv", "json", "xml", "xsl", "svg", "js", "mjs",
    "css", "ts", "vue", "svelte", "tmpl", "tpl", "j2", "in", "eml", "mht", "doc", "xls", "rtf", "py", "rb",
    "go", "rs", "c", "h", "java", "erb", "hbs",
];

/// Whether it begins as HTML does.
#[must_use]
pub fn is_html(bytes: &[u8]) -> bool {
    let bytes = beginning(bytes);
    let lower = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some(tag) = lower.strip_prefix('<') else { return false };
    if tag.starts_with("!--") || tag.starts_with("?xml") {
        return tag.contains("<html") || tag.starts_with("!--") && tag.contains("<!doctype html");
    }
    TAGS.iter().any(|known| {
        let behind = tag.strip_prefix(known).map(|behind| behind.chars().next());
        behind.is_some_and(|next| next.is_some_and(|next| next.is_ascii_whitespace() || "/>".contains(next)))
    })
}

/// Whether this page, which a server says is one, is not what a user wants who asks for this name alone: a file by its ending.
/// `was_sent_on` is whether it is from another name. A page about a file, such as `/wiki/Node.js`, may be wanted.
#[must_use]
pub fn is_unasked(name: &[u8], was_sent_on: bool, page: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_ending = ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !is_ending || PAGES.contains(&ending) {
        return was_sent_on && !name.is_empty() && is_whole(page) && asks_for_a_password(page);
    }
    is_whole(page) && (!TEXTS.contains(&ending) || was_sent_on || asks_for_a_password(page))
}

/// Whether this page, which a server says is one, or says nothing of, comes in place of the file of that name:
/// `was_sent_on` is whether it is from another name.
#[must_use]
pub fn is_in_place_of(name: &[u8], was_sent_on: bool, page: &[u8]) -> bool {
    if !is_whole(page) {
        return false;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if PAGES.contains(&ending) {
        was_sent_on && asks_for_a_password(page)
    } else if ending.is_empty() || TEXTS.contains(&ending) {
        asks_for_a_password(page)
    } else {
        true
    }
}

/// Whether it is a page, not a piece of one.
fn is_whole(page: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(beginning(page)).to_ascii_lowercase();
    is_html(page) && (lower.contains("<!doctype html") || lower.contains("<html"))
}

fn asks_for_a_password(page: &[u8]) -> bool {
    let quotes = |c: &char| !c.is_whitespace() && !"'\"".contains(*c);
    let bare: String = String::from_utf8_lossy(page).to_ascii_lowercase().chars().filter(quotes).collect();
    bare.contains("type=password")
}

fn beginning(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    &bytes[..bytes.len().min(BEGINNING)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_known_by_its_first_tag() {
        for (bytes, expected) in [
            (&b"<!DOCTYPE html>"[..], true),
            (b"\xef\xbb\xbf\r\n <HTML lang=en>", true),
            (b"<ul>", true),
            (b"<a href=x>", true),
            (b"<?xml version='1.0'?>\n<html>", true),
            (b"<!-- made by hand -->\n<html>", true),
            (b"<?xml version='1.0'?><svg>", false),
            (b"<article>", false),
            (b"<abc>", false),
            (b"<a", false),
            (b"< a>", false),
            (b"x <a>", false),
            (b"", false),
            (b"\xff\xfe<\x00h\x00", false),
        ] {
            assert_eq!(is_html(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_page_comes_in_place_of_a_file_that_cannot_be_one() {
        let page = b"<!DOCTYPE html><h1>Gone</h1>";
        let login = b"<html><input name=p type = 'password'>";
        for (name, was_sent_on, page, expected) in [
            ("a.bin", false, &page[..], true),
            ("A.TAR.GZ", false, page, true),
            ("a.html", true, page, false),
            ("a.txt", true, page, false),
            ("README", false, page, false),
            ("README", false, login, true),
            ("a.txt", false, login, true),
            ("login.php", false, login, false),
            ("a.html", true, login, true),
            // Any bytes, which some servers call HTML.
            ("a.bin", false, b"hello <html>", false),
            ("a.bin", false, b"<p>hello", false),
            ("a.bin", false, b"", false),
        ] {
            assert_eq!(is_in_place_of(name.as_bytes(), was_sent_on, page), expected, "{name}");
        }
    }

    #[test]
    fn a_page_is_unasked_where_the_name_is_a_files() {
        let page = b"<!DOCTYPE html><html><p>hello</html>";
        let login = b"<!doctype html><form><input type='password'></form>";
        for (name, sent_on, page, unasked) in [
            (&b"a.bin"[..], false, &page[..], true),
            (b"A.ISO", false, page, true),
            (b"a.tar.gz", true, page, true),
            (b"a.bin", false, b"<p>a piece", false),
            (b"a.bin", false, b"hello", false),
            // Pages, by their names.
            (b"a.html", true, page, false),
            (b"download.php", true, page, false),
            (b"download.php", true, login, true),
            (b"login.php", false, login, false),
            (b"login", false, login, false),
            (b"download", true, login, true),
            (b"download", true, page, false),
            (b"release-1.0", false, page, false),
            (b"", true, login, false),
            // About files, or in place of them.
            (b"Node.js", false, page, false),
            (b"notes.txt", true, page, true),
            (b"notes.txt", false, login, true),
        ] {
            assert_eq!(is_unasked(name, sent_on, page), unasked, "{}", name.escape_ascii());
        }
    }
}
