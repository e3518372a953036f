//! Cookies within one chain of redirects (a subset of RFC 6265): what a server sets while it sends us on is told to it
//! again. Each goes back to the host that set it and to no other (host-only, whatever its `Domain` says), beneath its
//! `Path`, and where it is `Secure` only over https. None outlives the chain.

use std::time::Duration;

use jiff::Timestamp;

use super::address::Host;
use super::range::http_date;
use super::source::{Scheme, Source};

/// The most cookies of a chain, and bytes of each.
const MOST: usize = 50;
const LONGEST: usize = 4096;

/// The cookies of one chain.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<Cookie>);

#[derive(Debug, Clone)]
struct Cookie {
    host: Host,
    path: String,
    is_secure: bool,
    name: String,
    value: String,
}

impl Jar {
    /// Takes in what a `Set-Cookie` field of an answer from there says (RFC 6265, section 5.2), at that time by the
    /// server's own clock.
    pub fn set(&mut self, from: &Source, field: &str, now: Option<Timestamp>) {
        if field.len() > LONGEST || field.chars().any(|character| character.is_control() && character != '\t')
        {
            return;
        }
        let mut parts = field.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return;
        }
        let host = from.origin().endpoint.host;
        let mut path = default_path(from);
        let (mut is_secure, mut expired, mut max_age) = (false, false, None);
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match &*key {
                "path" if value.starts_with('/') => value.clone_into(&mut path),
                "path" => path = default_path(from),
                "secure" => is_secure = true,
                "domain" if !value.is_empty() && !is_within(&host, value) => return,
                "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
                "expires" => {
                    let now = now.unwrap_or(Timestamp::UNIX_EPOCH + Duration::from_hours(24));
                    expired = http_date(&value.replace('-', " ")).is_some_and(|at| at <= now);
                }
                _ => {}
            }
        }
        // Nobody between a server and us is to set what is meant for https (RFC 6265bis, section 5.7).
        if is_secure && from.scheme != Scheme::Https {
            return;
        }
        self.0.retain(|known| (&known.host, &*known.path, &*known.name) != (&host, &*path, name));
        if max_age.map_or(expired, |seconds| seconds <= 0) || self.0.len() >= MOST {
            return;
        }
        self.0.push(Cookie { host, path, is_secure, name: name.to_owned(), value: value.to_owned() });
    }

    /// What a question for this carries as `Cookie` (RFC 6265, section 5.4); none where there is nothing to be said.
    #[must_use]
    pub fn field(&self, to: &Source) -> Option<String> {
        let host = to.origin().endpoint.host;
        let path = to.path.encoded().split('?').next().unwrap_or_default();
        let fits = |cookie: &&Cookie| {
            cookie.host == host
                && is_beneath(path, &cookie.path)
                && (!cookie.is_secure || to.scheme == Scheme::Https)
        };
        let mut fitting: Vec<&Cookie> = self.0.iter().filter(fits).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// RFC 6265, section 5.1.4.
fn default_path(from: &Source) -> String {
    let path = from.path.encoded().split('?').next().unwrap_or_default();
    match path.rfind('/') {
        Some(slash) if slash > 0 => path[..slash].to_owned(),
        Some(_) | None => "/".to_owned(),
    }
}

/// RFC 6265, section 5.1.4.
fn is_beneath(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| folder.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
}

/// RFC 6265, section 5.1.3.
fn is_within(host: &Host, domain: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
    match host {
        Host::Name(name) => {
            name.strip_suffix(&*domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
        Host::V4(_) | Host::V6(..) => host.to_string() == domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told there, after this was set from there.
    fn told(from: &str, fields: &[&str], to: &str) -> Option<String> {
        let mut jar = Jar::default();
        for field in fields {
            jar.set(&Source::parse(from).unwrap(), field, http_date("Sun, 06 Nov 1994 08:49:37 GMT"));
        }
        jar.field(&Source::parse(to).unwrap())
    }

    #[test]
    fn a_cookie_goes_back_to_the_host_and_the_path_that_set_it_and_nowhere_else() {
        for (field, to, sent) in [
            ("a=b", "http://h/x/y", Some("a=b")),
            (" a = b c ; HttpOnly; SameSite=Lax", "http://H:81/x", Some("a=b c")),
            ("a=b=c", "http://h/x/", Some("a=b=c")),
            ("a=", "http://h/x/", Some("a=")),
            ("a=b", "http://h/y", None),
            ("a=b", "http://h/xy", None),
            ("a=b; Path=/", "http://h/y?x", Some("a=b")),
            ("a=b; path=/y/", "http://h/y", None),
            ("a=b; path=/y", "http://h/y", Some("a=b")),
            ("a=b; Path=y", "http://h/x/z", Some("a=b")),
            ("a=b; Path=/", "http://other/", None),
            ("a=b; Path=/", "http://sub.h/", None),
            ("a=b; Path=/; Domain=h", "http://h/", Some("a=b")),
            ("a=b; Path=/; Domain=.h", "http://sub.h/", None),
            ("a=b; Path=/; Domain=other", "http://h/", None),
            ("a=b; Path=/; Secure", "https://h/", None),
            ("a", "http://h/x", None),
            ("=b", "http://h/x", None),
            ("a=b\r\nX: y", "http://h/x", None),
        ] {
            assert_eq!(told("http://h/x/y", &[field], to).as_deref(), sent, "{field} {to}");
        }
    }

    #[test]
    fn what_is_secure_is_told_to_https_alone() {
        let set = ["a=b; Secure; Path=/"];
        assert_eq!(told("https://h/", &set, "https://h/x").as_deref(), Some("a=b"));
        assert_eq!(told("https://h/", &set, "http://h:443/x"), None);
    }

    #[test]
    fn the_last_of_a_name_counts_and_an_old_one_is_none() {
        let told = |fields: &[&str]| told("http://h/", fields, "http://h/");
        assert_eq!(told(&["a=b", "a=c", "d=e"]).as_deref(), Some("a=c; d=e"));
        for gone in [
            "a=; Max-Age=0",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=; expires=Thu, 01-Jan-1970 00:00:00 GMT",
            "a=; Max-Age=-1; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
        ] {
            assert_eq!(told(&["a=b", gone]), None, "{gone}");
        }
        assert_eq!(told(&["a=b; Expires=Sun, 06 Nov 1994 08:49:38 GMT"]).as_deref(), Some("a=b"));
        assert_eq!(told(&["a=b; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]).as_deref(), Some("a=b"));
    }

    #[test]
    fn the_more_particular_path_comes_first_and_there_is_an_end_to_them() {
        let set = ["a=1; Path=/", "b=2; Path=/x"];
        assert_eq!(told("http://h/", &set, "http://h/x").as_deref(), Some("b=2; a=1"));
        let many: Vec<String> = (0..100).map(|n| format!("n{n}=v")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(told("http://h/", &many, "http://h/").unwrap().matches("=v").count(), MOST);
    }
}
