//! Where the links are in a text: `http` and `https` URLs (RFC 3986), written out with their scheme.
//!
//! Owns where a link begins and ends. Must never find one in which something is that cannot be seen, or that leads
//! elsewhere than it says: a link is printable ASCII without blanks, and names nobody before an `@`.

use std::net::Ipv6Addr;
use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

/// The links of a text as byte ranges of it, in order, each made of whole grapheme clusters.
///
/// Other characters than a URL may hold end it: Chinese ones and their punctuation do. Punctuation at its end, and a
/// bracket that is closed but not opened in it, belong to the sentence around it.
#[must_use]
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (separator, slashes) in text.match_indices("://") {
        let free = found.last().map_or(0, |last| last.end);
        // Where one link reaches over this there is nothing before it.
        let before = text.get(free..separator);
        let Some(start) = before.and_then(scheme).map(|at| free + at) else { continue };
        let authority = separator + slashes.len();
        let Some(end) = whole_end(text, authority) else { continue };
        if is_boundary(text, start) {
            found.push(start..end);
        }
    }
    found
}

/// Where the scheme begins with which this text ends. It is no part of a word.
fn scheme(before: &str) -> Option<usize> {
    let schemes = ["http", "https"];
    let fits = |scheme: &&str| {
        let from = before.len().checked_sub(scheme.len())?;
        let written = before.get(from..)?;
        let in_word = before[..from].ends_with(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
        (written.eq_ignore_ascii_case(scheme) && !in_word).then_some(from)
    };
    schemes.iter().find_map(fits)
}

/// How long a URL is from its authority on; none where that is no host.
fn end(rest: &str) -> Option<usize> {
    let run = rest.find(|c| !is_in_url(c)).unwrap_or(rest.len());
    let run = &rest[..run];
    let authority = &run[..run.find(['/', '?', '#']).unwrap_or(run.len())];
    // Who reads `http://bank.example@other.example` takes the first name for the host.
    if authority.contains('@') {
        return None;
    }
    let host = host(authority)?;
    let named = host + port(&authority[host..])?;
    if named < authority.len() { Some(named) } else { Some(trimmed(run).max(named)) }
}

/// A character of a URL (RFC 3986, section 2).
fn is_in_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

/// How long the host is with which this text begins.
fn host(authority: &str) -> Option<usize> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let length = bracketed.find(']')?;
        bracketed[..length].parse::<Ipv6Addr>().ok()?;
        return Some(length + 2);
    }
    let of_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let length = authority.find(|c| !of_name(c)).unwrap_or(authority.len());
    let name = authority[..length].trim_end_matches(['.', '-', '_']);
    // A full stop may be the sentence's, but not with a port or a path behind it.
    let cut = name.len() < length && length < authority.len();
    (name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !cut).then_some(name.len())
}

/// How long the port is with which this text begins, with its colon; none where there is a number that is no port.
fn port(rest: &str) -> Option<usize> {
    let Some(digits) = rest.strip_prefix(':') else { return Some(0) };
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    match digits[..length].parse::<u16>() {
        _ if length == 0 => Some(0),
        Ok(0) | Err(_) => None,
        Ok(_) => Some(1 + length),
    }
}

/// How long a URL is without the punctuation and the brackets of the sentence around it.
fn trimmed(run: &str) -> usize {
    let (mut round, mut square) = (0_usize, 0_usize);
    let unopened = run.bytes().position(|byte| {
        let (open, count) = match byte {
            b'(' | b')' => (byte == b'(', &mut round),
            b'[' | b']' => (byte == b'[', &mut square),
            _ => return false,
        };
        let closes = !open && *count == 0;
        *count = if open { *count + 1 } else { count.saturating_sub(1) };
        closes
    });
    run[..unopened.unwrap_or(run.len())]
        .trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '*', '(', '['])
        .len()
}

/// Where a URL ends whose authority begins here. A last character on which a mark stands that follows it is another one.
fn whole_end(text: &str, authority: usize) -> Option<usize> {
    let whole = authority + end(&text[authority..])?;
    if is_boundary(text, whole) { Some(whole) } else { Some(authority + end(&text[authority..whole - 1])?) }
}

fn is_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::clean_text;
    use crate::text::width::graphemes;

    fn found(text: &str) -> Vec<&str> {
        links(text).into_iter().map(|link| &text[link]).collect()
    }

    #[track_caller]
    fn finds(text: &str, expected: &[&str]) {
        assert_eq!(found(text), expected, "{text}");
    }

    #[test]
    fn a_url_with_its_scheme_is_a_link() {
        finds("http://192.168.1.5:7890/a.txt", &["http://192.168.1.5:7890/a.txt"]);
        finds(
            "look: HTTPS://Example.org/?q=a+b&c=%E4%BD%A0#top now",
            &["HTTPS://Example.org/?q=a+b&c=%E4%BD%A0#top"],
        );
        finds("http://box", &["http://box"]);
        finds("http://a/x\nhttp://b/y", &["http://a/x", "http://b/y"]);
        finds("http://a,http://b", &["http://a", "http://b"]);
        finds("http://box/http://", &["http://box/http://"]);
        finds("http://web.example/save/http://box/a", &["http://web.example/save/http://box/a"]);
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "www.example.org",
            "example.org/a",
            "ftp://box/a",
            "xhttp://box",
            "git+https://box",
            "http:/box",
            "http://",
            "http:// box",
            "https://.",
            "http:///etc/passwd",
            "http://-x",
            "://box",
            "http://box:0/",
            "http://box:99999/",
            "http://box-:80/",
            "http://[::1",
            "http://[box]/",
            "http://[fe80::1%25eth0]/",
            "http://user:secret@box/",
            "http://bank.example@other.example/",
            "http://你好/",
        ] {
            finds(text, &[]);
        }
    }

    #[test]
    fn ports_and_bracketed_addresses_belong_to_it() {
        finds("at http://[::1]:7890/a, or", &["http://[::1]:7890/a"]);
        finds("(http://[2001:db8::7])", &["http://[2001:db8::7]"]);
        finds("http://box:80", &["http://box:80"]);
        finds("http://box: see", &["http://box"]);
        finds("http://box:80: see", &["http://box:80"]);
    }

    #[test]
    fn punctuation_of_the_sentence_is_left_out() {
        finds("It is at http://box/a.txt.", &["http://box/a.txt"]);
        finds(
            "http://box. http://box/a?! http://box/b, http://box/c;",
            &["http://box", "http://box/a", "http://box/b", "http://box/c"],
        );
        finds(
            "http://box/a... 'http://box/b' *http://box/c*",
            &["http://box/a", "http://box/b", "http://box/c"],
        );
        finds(
            "\"http://box/a\" <http://box/b> `http://box/c` http://box/d|e",
            &["http://box/a", "http://box/b", "http://box/c", "http://box/d"],
        );
        finds("http://box/a.b,c!d/", &["http://box/a.b,c!d/"]);
    }

    #[test]
    fn a_bracket_that_was_opened_outside_is_left_out_and_one_that_was_opened_inside_is_not() {
        finds("(see http://box/a)", &["http://box/a"]);
        finds("(see http://box/a_(b))", &["http://box/a_(b)"]);
        finds("[http://box/a](http://box/b).", &["http://box/a", "http://box/b"]);
        finds("http://box/a[1]", &["http://box/a[1]"]);
        finds("http://box/a (b)", &["http://box/a"]);
    }

    #[test]
    fn chinese_characters_and_punctuation_end_it() {
        finds("见http://x/y。", &["http://x/y"]);
        finds("（文件在http://192.168.1.5:7890/a.txt，快下载）", &["http://192.168.1.5:7890/a.txt"]);
        finds("http://x/讲义", &["http://x/"]);
        finds("「https://x/a？b」", &["https://x/a"]);
    }

    #[test]
    fn what_cannot_be_seen_ends_it() {
        let text = clean_text("http://box/a\u{202e}txt\u{200b}".as_bytes());
        finds(&text, &["http://box/a"]);
        finds(&clean_text(b"http://box/\xffa \x1b]8;;http://x\x1b\\y"), &["http://box/", "http://x"]);
    }

    #[test]
    fn a_character_with_a_mark_is_no_part_of_it() {
        finds("http://box/ab\u{301}c", &["http://box/a"]);
        finds("http://box/a.b\u{301}", &["http://box/a"]);
        finds("http://b\u{301}", &[]);
        finds("http://[::1]\u{301}", &[]);
    }

    fn text() -> impl Strategy<Value = String> {
        const PARTS: &[&str] = &[
            "http://",
            "https://",
            "HTTP://",
            "://",
            "box",
            "[::1]",
            ":80",
            ":",
            "/",
            "a",
            "(",
            ")",
            "[",
            "]",
            ".",
            ",",
            "?",
            "@",
            "%",
            "你",
            "。",
            " ",
            "\n",
            "\u{301}",
            "\u{202e}",
            "👩\u{200d}🚀",
            "<",
            "'",
            "-",
        ];
        proptest::collection::vec(proptest::sample::select(PARTS), 0..24).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn links_follow_each_other_are_whole_and_hold_nothing_but_a_url(raw in text(), any in ".{0,40}") {
            for raw in [raw, any] {
                let text = clean_text(raw.as_bytes());
                let places: Vec<usize> = graphemes(&text).map(|(at, _, _)| at).chain([text.len()]).collect();
                let mut before = 0;
                for link in links(&text) {
                    prop_assert!(link.start >= before && link.end > link.start && link.end <= text.len());
                    prop_assert!(places.contains(&link.start) && places.contains(&link.end), "{link:?} {text:?}");
                    let url = &text[link.clone()];
                    prop_assert!(url.chars().all(is_in_url), "{url:?}");
                    // On its own it is the same link.
                    prop_assert_eq!(links(url), vec![0..url.len(); 1]);
                    before = link.end;
                }
            }
        }
    }
}
