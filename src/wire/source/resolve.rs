//! What a reference in a page or in an answer's head means, seen from where it was found (RFC 3986, section 5).
//! Never leads out of `http` and `https`.

use super::{Path, Scheme, Source};
use crate::wire::address::{Endpoint, Host};

impl Source {
    /// Where `reference` leads from here; none where that is not `http` or `https`, or where it names a user, which
    /// nothing but what the user typed may do. Dot segments are gone from it, also where they are percent-encoded.
    ///
    /// Spaces around the reference do not count, and what a URL may not hold is percent-encoded in it.
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<Self> {
        let base = if self.scheme == Scheme::Plain { return None } else { self.spoken_http() };
        let reference = reference.trim_matches(|character: char| character.is_ascii_whitespace());
        let reference = reference.split('#').next().unwrap_or_default();
        let (scheme, rest) = match scheme_of(reference) {
            None => (base.scheme, reference),
            Some((scheme, rest)) if rest.starts_with("//") => (web(scheme)?, rest),
            Some(_) => return None,
        };
        if let Some(rest) = rest.strip_prefix("//") {
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            let mut endpoint = Endpoint::parse(authority, scheme.default_port()).ok()?;
            base.lend_zone(&mut endpoint);
            return Some(Self { scheme, endpoint, path: without_dots(path) });
        }
        let (path, query) = split_query(rest);
        let (here, asked) = split_query(base.path.encoded());
        let path = if path.is_empty() {
            let query = query.or(asked).map(|query| format!("?{query}"));
            without_dots(&format!("{here}{}", query.unwrap_or_default()))
        } else if path.starts_with('/') {
            without_dots(rest)
        } else {
            let folder = here.rfind('/').map_or("/", |slash| &here[..=slash]);
            without_dots(&format!("{folder}{rest}"))
        };
        Some(base.at(path))
    }

    /// A server does not know which of our interfaces leads to it (RFC 6874), and so cannot name it to us.
    fn lend_zone(&self, endpoint: &mut Endpoint) {
        if let (Host::V6(here, zone), Host::V6(there, none @ None)) =
            (&self.endpoint.host, &mut endpoint.host)
            && here == there
        {
            none.clone_from(zone);
        }
    }
}

/// A scheme and what is behind its colon (RFC 3986, section 3.1); none where this is a relative reference.
fn scheme_of(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let first = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    (first && scheme.bytes().all(allowed)).then_some((scheme, rest))
}

fn web(scheme: &str) -> Option<Scheme> {
    if scheme.eq_ignore_ascii_case("http") {
        Some(Scheme::Http)
    } else if scheme.eq_ignore_ascii_case("https") {
        Some(Scheme::Https)
    } else {
        None
    }
}

fn split_query(path: &str) -> (&str, Option<&str>) {
    path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)))
}

/// RFC 3986, section 5.2.4, for an absolute path with its query.
fn without_dots(path: &str) -> Path {
    let (path, query) = split_query(path);
    let mut kept = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let dots = segment.replace("%2e", ".").replace("%2E", ".");
        let is_last = segments.peek().is_none();
        match &*dots {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
                kept.push(segment);
                continue;
            }
        }
        // What a dot segment names is a folder.
        if is_last {
            kept.push("");
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Path::from_url(&format!("/{}{query}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(base: &str, reference: &str) -> Option<String> {
        let there = Source::parse(base).unwrap().resolve(reference)?;
        Some(format!("{}{}", there.origin(), there.path.encoded()))
    }

    /// Each reference from `http://a/b/c/d;p?q`. A source has no fragment.
    #[track_caller]
    fn all_resolve(table: &[(&str, &str)]) {
        for (reference, target) in table {
            let there = resolved("http://a/b/c/d;p?q", reference);
            assert_eq!(there.as_deref(), Some(*target), "{reference}");
        }
    }

    #[test]
    fn references_are_resolved_as_in_the_rfc_s_normal_examples() {
        all_resolve(&[
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
        ]);
    }

    #[test]
    fn references_are_resolved_as_in_the_rfc_s_abnormal_examples() {
        all_resolve(&[
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/./x", "http://a/b/c/g"),
            ("g#s/../x", "http://a/b/c/g"),
        ]);
    }

    #[test]
    fn a_reference_as_pages_have_them_is_understood_too() {
        all_resolve(&[
            (" \t\ng\r\n", "http://a/b/c/g"),
            ("%2e%2E/g", "http://a/b/g"),
            ("你 好", "http://a/b/c/%E4%BD%A0%20%E5%A5%BD"),
            ("1:2", "http://a/b/c/1:2"),
            ("./g:h", "http://a/b/c/g:h"),
            ("..\\g", "http://a/b/c/..%5Cg"),
            ("//A:81/x", "http://a:81/x"),
            ("HTTPS://b", "https://b/"),
            ("https://b:80?x", "https://b:80/?x"),
            ("g//h", "http://a/b/c/g//h"),
        ]);
        assert_eq!(resolved("https://a:1/b", "c").as_deref(), Some("https://a:1/c"));
        assert_eq!(resolved("a:1/b", "/c").as_deref(), Some("http://a:1/c"));
    }

    #[test]
    fn a_reference_out_of_the_web_or_with_a_user_s_name_leads_nowhere() {
        for reference in [
            "g:h",
            "http:g",
            "http:",
            "file:///etc/passwd",
            "ftp://a/",
            "javascript:alert(1)",
            "data:,x",
            "plain://a/",
            "http://me@a/",
            "http://me:secret@a/",
            "//me@a",
            "http://",
            "http:///g",
            "//",
            "http://a:0/",
            "http://a b/",
        ] {
            assert_eq!(resolved("http://a/b/c/d;p?q", reference), None, "{reference}");
        }
        assert_eq!(resolved("plain://a/b", "c"), None);
    }

    #[test]
    fn the_interface_that_leads_to_a_machine_is_kept_as_long_as_it_is_that_machine() {
        let from = Source::parse("http://[fe80::1%eth0]:81/").unwrap();
        assert_eq!(from.resolve("http://[fe80::1]:82/").unwrap().to_string(), "http://[fe80::1%eth0]:82/");
        assert_eq!(from.resolve("http://[fe80::2]/").unwrap().to_string(), "http://[fe80::2]/");
    }
}
