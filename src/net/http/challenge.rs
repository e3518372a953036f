//! What a server wants to know before it answers (RFC 9110, section 11.6.1). Knows of the Basic scheme alone.

use hyper::HeaderMap;
use hyper::header::WWW_AUTHENTICATE;

use crate::text::{Clean, clean_line};

/// The most characters of a realm that are of any use.
const REALM_LIMIT: usize = 100;

/// The realm for which a name and a password are wanted; none where the server wants something else.
pub(super) fn basic(headers: &HeaderMap) -> Option<Clean> {
    let mut realm = None;
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut is_basic = false;
        for item in items(&value) {
            let (word, rest) = item.split_once([' ', '\t']).unwrap_or((item, ""));
            // A parameter belongs to the scheme that was named last.
            let is_parameter = word.contains('=') || rest.trim_start().starts_with('=');
            let parameter = if is_parameter { item } else { rest.trim_start() };
            if !is_parameter {
                is_basic = word.eq_ignore_ascii_case("basic");
            }
            if is_basic {
                let known = realm.get_or_insert_default();
                if let Some((name, value)) = parameter.split_once('=')
                    && name.trim_end().eq_ignore_ascii_case("realm")
                {
                    *known = unquoted(value.trim());
                }
            }
        }
    }
    let shown: String = realm?.chars().take(REALM_LIMIT).collect();
    Some(clean_line(shown.as_bytes()))
}

/// The items of a list: commas within quotes part nothing (RFC 9110, section 5.6.1).
fn items(list: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut behind_backslash) = (false, false);
    let ends = move |character: char| {
        let is_backslash = quoted && !behind_backslash && character == '\\';
        quoted ^= character == '"' && !behind_backslash;
        behind_backslash = is_backslash;
        character == ',' && !quoted
    };
    list.split(ends).map(str::trim).filter(|item| !item.is_empty())
}

/// A quoted string without its quotes and backslashes, or a token as it is (RFC 9110, section 5.6.4).
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"') else { return value.to_owned() };
    let mut text = String::new();
    let mut characters = inside.chars();
    while let Some(character) = characters.next().filter(|character| *character != '"') {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn realm(values: &[&str]) -> Option<String> {
        let value = |value: &&str| (WWW_AUTHENTICATE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        basic(&values.iter().map(value).collect()).map(|realm| realm.to_string())
    }

    #[test]
    fn the_realm_is_found_among_all_that_a_server_may_want() {
        for (values, found) in [
            (&[r#"Basic realm="files""#][..], Some("files")),
            (&[r#"bAsIc   REALM = "files" , charset="UTF-8""#], Some("files")),
            (&["Basic realm=files"], Some("files")),
            (&["Basic"], Some("")),
            (&[r#"Basic realm="a, Digest realm=\"b\" \\""#], Some(r#"a, Digest realm="b" \"#)),
            (&[r#"Digest realm="d", nonce="n, Basic", Basic realm="b", charset="UTF-8""#], Some("b")),
            (&[r#"Basic realm="b", Digest realm="d""#], Some("b")),
            (&["Negotiate", r#"Basic realm="b""#], Some("b")),
            (&["Negotiate abc==, Basic realm=b"], Some("b")),
            (&[r#"Basic realm="你好""#], Some("你好")),
            (&[r#"Basic realm="not closed"#], Some("not closed")),
            (&[r#"Digest realm="d""#], None),
            (&[r#"Bearer realm="Basic""#], None),
            (&[", ,"], None),
            (&[], None),
        ] {
            assert_eq!(realm(values).as_deref(), found, "{values:?}");
        }
    }

    #[test]
    fn a_realm_is_short_and_fit_to_be_shown() {
        let long = format!("Basic realm=\"{}\"", "x".repeat(10_000));
        assert_eq!(realm(&[&long]).unwrap(), "x".repeat(100));
        assert!(!realm(&["Basic realm=\"\u{202e}evil\""]).unwrap().contains('\u{202e}'));
    }
}
