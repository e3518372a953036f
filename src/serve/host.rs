//! Host check against DNS rebinding: which names a client may call this server by (RFC 9110, section 7.4).
//!
//! A page of a foreign name that is made to resolve to this machine would act in the name of its reader; its requests are
//! known by their `Host`. Answered are addresses, `localhost`, `*.localhost`, `*.local`, the names of this machine, and what the user
//! allows. Any other name gets 421, and what is no name, or several, gets 400 (RFC 9112, section 3.2).

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::{HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};

/// Bytes of a name and of one of its labels (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A name that the user allows, beside those that are always allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHost {
    /// Every name. For a server behind a proxy that checks them itself.
    Any,
    /// This name, in lower case and without a dot at its end.
    Name(String),
    /// All names below this one: `*.example.com`, with the dot in front.
    Below(String),
}

impl AllowedHost {
    /// Reads `name`, `*.name` or `*`; none where it is none of these. A port is no part of it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text == "*" {
            return Some(Self::Any);
        }
        let text = text.strip_suffix('.').unwrap_or(&text);
        let (name, below) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
        if !is_name(name) || name.contains('%') {
            return None;
        }
        Some(if below { Self::Below(format!(".{name}")) } else { Self::Name(name.to_owned()) })
    }

    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(allowed) => allowed == name,
            Self::Below(ending) => name.len() > ending.len() && name.ends_with(ending),
        }
    }
}

/// What the host of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// An IPv4 or IPv6 address: nobody can make it resolve to something else.
    Address,
    /// In lower case, without a dot at its end.
    Name(String),
}

/// With which status a request is refused because of its host; none where it is not.
pub(super) fn refuse(request: &Parts, allowed: &[AllowedHost]) -> Option<StatusCode> {
    let mut fields = request.headers.get_all(HOST).iter();
    let (field, second) = (fields.next(), fields.next());
    if second.is_some() || field.is_none() && request.version == Version::HTTP_11 {
        return Some(StatusCode::BAD_REQUEST);
    }
    // The target's own host counts before the field (RFC 9112, section 3.2.2).
    let target = request.uri.authority().map(|authority| Host::parse(authority.as_str()));
    let field = field.map(|value| value.to_str().ok().and_then(Host::parse));
    let host = match (target, field) {
        (Some(None), _) | (None, Some(None)) => return Some(StatusCode::BAD_REQUEST),
        (Some(Some(_)), Some(None)) if !request.headers.get(HOST).is_some_and(HeaderValue::is_empty) => {
            return Some(StatusCode::BAD_REQUEST);
        }
        (Some(host), _) | (None, Some(host)) => host?,
        // HTTP/1.0 has no `Host`, and no browser speaks it.
        (None, None) => return None,
    };
    (!host.is_answered(allowed)).then_some(StatusCode::MISDIRECTED_REQUEST)
}

impl Host {
    /// Reads `host [":" port]`; none where it is malformed.
    fn parse(text: &str) -> Option<Self> {
        if let Some(literal) = text.strip_prefix('[') {
            let (address, port) = literal.split_once(']')?;
            let address = address
                .split_once('%')
                .map_or(Some(address), |(address, zone)| is_zone(zone).then_some(address))?;
            address.parse::<Ipv6Addr>().ok()?;
            return is_port(port.strip_prefix(':').or(port.is_empty().then_some(""))?)
                .then_some(Self::Address);
        }
        let (name, port) = text.split_once(':').unwrap_or((text, ""));
        let bare = name.strip_suffix('.').unwrap_or(name);
        if !is_port(port) || !is_name(bare) {
            return None;
        }
        Some(match bare.parse::<Ipv4Addr>() {
            Ok(_) => Self::Address,
            Err(_) => Self::Name(bare.to_ascii_lowercase()),
        })
    }

    fn is_answered(&self, allowed: &[AllowedHost]) -> bool {
        let Self::Name(name) = self else { return true };
        // No resolver looks up a name with an encoded byte, so no name of this machine has one.
        if name.contains('%') {
            return false;
        }
        let is_below = |top: &str| name.strip_suffix(top).is_some_and(|rest| rest.ends_with('.'));
        // Browsers never ask anybody where these are (RFC 6761, section 6.3).
        name == "localhost"
            || is_below("localhost")
            || is_below("local")
            || allowed.iter().any(|allowed| allowed.takes(name))
            || own_names().iter().any(|own| own == name)
    }
}

/// As what this machine knows itself: its host name, that without its domain, and what `/etc/hosts` calls it as well.
/// Asked for only where a name is no other that is answered, as it may change.
fn own_names() -> Vec<String> {
    let Some(own) = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()) else {
        return Vec::new();
    };
    names_of(&own, &fs::read_to_string("/etc/hosts").unwrap_or_default())
}

fn names_of(own: &str, hosts: &str) -> Vec<String> {
    let own = own.trim_end_matches('.').to_ascii_lowercase();
    if !is_name(&own) {
        return Vec::new();
    }
    let short = own.split('.').next().unwrap_or_default().to_owned();
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default().to_ascii_lowercase());
    let aliases = lines.flat_map(|line| {
        let names: Vec<_> = line.split_ascii_whitespace().skip(1).map(str::to_owned).collect();
        // The full name stands beside the host name: "127.0.1.1 box.lan box".
        let full = format!("{short}.");
        let own = own.clone();
        let is_own = names.contains(&own);
        names.into_iter().filter(move |name| is_own && name.starts_with(&full)).collect::<Vec<_>>()
    });
    let aliases: Vec<_> = aliases.collect();
    [own, short].into_iter().chain(aliases).filter(|name| !name.is_empty()).collect()
}

/// Whether it can be the name of a host: labels of at most 63 bytes, none of them empty (RFC 1035, section 2.3.4), that are
/// written as RFC 3986, section 3.2.2 allows, but for what no host's name has in it.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.split('.').all(|label| is_label(label) && label.len() <= LONGEST_LABEL)
}

fn is_label(label: &str) -> bool {
    let mut bytes = label.bytes();
    let mut is_right = !label.is_empty();
    while is_right && let Some(byte) = bytes.next() {
        is_right = match byte {
            b'%' => {
                let digits = [bytes.next(), bytes.next()];
                digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
            }
            _ => byte.is_ascii_alphanumeric() || b"-_".contains(&byte),
        };
    }
    is_right
}

/// What an interface may be called in an address (RFC 6874), with its sign encoded or as people type it.
fn is_zone(zone: &str) -> bool {
    is_name(zone.strip_prefix("25").filter(|rest| !rest.is_empty()).unwrap_or(zone))
}

fn is_port(port: &str) -> bool {
    port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    const LONG_LABEL: &str = "a234567890b234567890c234567890d234567890e234567890f234567890abcd.local";
    const LONG_NAME: &str = concat!(
        "a234567890b234567890c234567890d234567890e234567890f234567890.",
        "a234567890b234567890c234567890d234567890e234567890f234567890.",
        "a234567890b234567890c234567890d234567890e234567890f234567890.",
        "a234567890b234567890c234567890d234567890e234567890f234567890.",
        "abcdef.local"
    );

    fn status(version: Version, target: &str, hosts: &[&[u8]]) -> Option<u16> {
        let mut request = Request::get(target).version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let allowed =
            ["files.example.com", "*.Example.org", "box.lan."].map(|text| AllowedHost::parse(text).unwrap());
        refuse(&parts, &allowed).map(|status| status.as_u16())
    }

    #[test]
    fn only_a_name_of_this_server_is_answered() {
        for (host, expected) in [
            ("127.0.0.1", None),
            ("127.0.0.1:7890", None),
            ("127.0.0.1.:7890", None),
            ("[::1]", None),
            ("[::1]:7890", None),
            ("[FE80::1%eth0]:80", None),
            ("[fe80::1%25eth0]", None),
            ("[::ffff:192.168.1.5]:", None),
            ("localhost", None),
            ("LocalHost.:80", None),
            ("box.local", None),
            ("a.BOX.local.:7890", None),
            ("files.example.com", None),
            ("FILES.example.COM.:1", None),
            ("a.b.example.org", None),
            ("box.lan", None),
            ("sub.localhost", None),
            ("a.b.LOCALHOST.:80", None),
            ("my_box.local", None),
            ("evil.example", Some(421)),
            ("%00.local", Some(421)),
            ("a%2eb.local", Some(421)),
            ("%6c.localhost", Some(421)),
            ("xlocalhost", Some(421)),
            ("a..local", Some(400)),
            (".local", Some(400)),
            ("..local", Some(400)),
            (".localhost", Some(400)),
            ("box.local..", Some(400)),
            ("a..files.example.com", Some(400)),
            ("a~b.local", Some(400)),
            (LONG_LABEL, Some(400)),
            (LONG_NAME, Some(400)),
            ("evil.example:7890", Some(421)),
            ("local", Some(421)),
            ("local.evil.example", Some(421)),
            ("localhost.evil.example", Some(421)),
            ("127.0.0.1.evil.example", Some(421)),
            ("evil-localhost", Some(421)),
            ("xlocal", Some(421)),
            ("example.org", Some(421)),
            ("evilexample.org", Some(421)),
            ("a.files.example.com", Some(421)),
            ("%6cocalhost", Some(421)),
            ("2130706433", Some(421)),
            ("0x7f.1", Some(421)),
            ("", Some(400)),
            (".", Some(400)),
            (":80", Some(400)),
            ("::1", Some(400)),
            ("[::1", Some(400)),
            ("[::1]x", Some(400)),
            ("[::1]:x", Some(400)),
            ("[evil.example]", Some(400)),
            ("[::1%]", Some(400)),
            ("[fe80::1%a b]", Some(400)),
            ("box:99999", Some(400)),
            ("box:80:80", Some(400)),
            ("box:+80", Some(400)),
            ("me@localhost", Some(400)),
            ("localhost/", Some(400)),
            ("localhost, evil.example", Some(400)),
            ("localhost,evil.example", Some(400)),
            ("local host", Some(400)),
            ("http://localhost", Some(400)),
            ("%6", Some(400)),
            ("b\u{fc}x", Some(400)),
        ] {
            assert_eq!(status(Version::HTTP_11, "/", &[host.as_bytes()]), expected, "{host:?}");
            let has_foreign_target = status(Version::HTTP_11, "http://evil.example/", &[host.as_bytes()]);
            let is_bad = expected == Some(400) && !host.is_empty();
            assert_eq!(has_foreign_target, Some(if is_bad { 400 } else { 421 }), "{host:?}");
        }
    }

    #[test]
    fn the_host_of_the_target_counts_before_the_field() {
        let eleven = Version::HTTP_11;
        assert_eq!(status(eleven, "http://127.0.0.1:80/", &[b"evil.example"]), None);
        assert_eq!(status(eleven, "http://localhost/", &[b""]), None);
        assert_eq!(status(eleven, "http://me@localhost/", &[b"localhost"]), Some(400));
    }

    #[test]
    fn no_host_is_answered_where_there_need_be_none_and_several_never() {
        assert_eq!(status(Version::HTTP_10, "/", &[]), None);
        assert_eq!(status(Version::HTTP_10, "/", &[b"evil.example"]), Some(421));
        assert_eq!(status(Version::HTTP_11, "/", &[]), Some(400));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(status(version, "/", &[b"localhost", b"localhost"]), Some(400));
        }
    }

    #[test]
    fn a_machine_is_known_by_its_name_with_and_without_its_domain() {
        let hosts =
            "127.0.0.1 localhost ads.example\n127.0.1.1\tBox.lan box # mine\n::1 boxer.lan box.evil\n";
        assert_eq!(names_of("box", hosts), ["box", "box", "box.lan"]);
        assert_eq!(names_of("Box.example.com.", ""), ["box.example.com", "box"]);
        assert_eq!(names_of("", hosts), [""; 0]);
    }

    #[test]
    fn what_is_no_name_cannot_be_allowed() {
        for text in [
            "", "*.", "**", "a..b", "*..b", ".b", "*.b..", "a*", "*.*", "http://a", "a:80", "a b", "a/b",
            "[::1]", "*a.b", "%41",
        ] {
            assert_eq!(AllowedHost::parse(text), None, "{text}");
        }
        assert_eq!(AllowedHost::parse(" * "), Some(AllowedHost::Any));
    }
}
