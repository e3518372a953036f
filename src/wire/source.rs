//! Where a file or a folder of a server is: `host`, `host:port/path`, `http://…`, `https://…`, `plain://…`.
//! Owns reading and writing these forms, and walking from a folder into the next; never opens a connection, and never
//! holds a password.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::address::{AddressError, DEFAULT_PORT, Endpoint, Host};
use super::credentials::Credentials;
use crate::text::{Clean, clean_line};

mod resolve;

/// The port of `http` URLs (RFC 9110, section 4.2.1).
pub const HTTP_PORT: u16 = 80;
/// The port of `https` URLs (RFC 9110, section 4.2.2).
pub const HTTPS_PORT: u16 = 443;

/// What a path segment holds unencoded that is made of a name: what it may hold (RFC 3986, section 3.3) but `;`, which
/// some servers take for the beginning of a parameter, and `+`, which some take for a space.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The same for several of them, divided by `/`.
const SEGMENTS: &AsciiSet = &SEGMENT.remove(b'/');

/// The same for a path that somebody may have encoded already.
const WRITTEN: &AsciiSet = &SEGMENTS.remove(b'%').remove(b';').remove(b'+');

/// What no query can hold on its way: white space and controls, and what a request line would be misread by. All else goes
/// out as it stands (WHATWG URL, query percent-encode set), also what RFC 3986 does not allow there.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// How to talk to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Not known yet: try HTTP, and take a server that closes without a word for a plain one.
    Probe,
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// The course's protocol: a name, then the bytes.
    Plain,
}

/// Whom credentials are given to (RFC 6454, section 4): not so much as another port of the same machine is the same.
/// The host's name is in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// How to talk to it; HTTP where that is not known yet, for nothing else asks for credentials.
    pub scheme: Scheme,
    /// Where it listens (TCP).
    pub endpoint: Endpoint,
}

/// A file or a folder of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// How to talk to it.
    pub scheme: Scheme,
    /// Where it listens (TCP).
    pub endpoint: Endpoint,
    /// Which file or folder.
    pub path: Path,
}

/// An absolute path in its percent-encoded form, with the query where there was one: what a request line carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path(String);

impl Scheme {
    /// What a URL begins with; nothing where it is not known.
    fn prefix(self) -> &'static str {
        match self {
            Self::Probe => "",
            Self::Http => "http://",
            Self::Https => "https://",
            Self::Plain => "plain://",
        }
    }

    /// The port that is meant where none is named.
    fn default_port(self) -> u16 {
        match self {
            Self::Http => HTTP_PORT,
            Self::Https => HTTPS_PORT,
            Self::Probe | Self::Plain => DEFAULT_PORT,
        }
    }

    fn is_url(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

impl Source {
    /// Reads what a user typed, which must not have a user's name and password in it.
    ///
    /// Without a scheme, and after `plain://`, the path is taken letter for letter; in a URL it is percent-encoded,
    /// and what a URL may not hold is encoded on the way.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match Self::parse_with_credentials(text)? {
            (source, None) => Ok(source),
            (_, Some(_)) => Err(AddressError::Userinfo),
        }
    }

    /// The same, and the user's name and password from a URL such as `http://user:password@host/`.
    pub fn parse_with_credentials(text: &str) -> Result<(Self, Option<Credentials>), AddressError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Probe, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("plain") => (Scheme::Plain, rest),
            Some((scheme, _)) if scheme.contains('/') => (Scheme::Probe, text),
            Some((scheme, _)) => return Err(AddressError::Scheme(scheme.to_owned())),
        };
        if rest.is_empty() {
            return Err(AddressError::EmptySource);
        }
        let ends = |character: char| character == '/' || scheme.is_url() && "?#".contains(character);
        let (authority, path) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        let endpoint = |authority| Endpoint::parse(authority, scheme.default_port());
        let path = if scheme.is_url() { Path::from_url(path) } else { Path::from_name(path.as_bytes()) };
        let (endpoint, credentials) = match (endpoint(authority), authority.rsplit_once('@')) {
            // What stands before the @ may hold a password, and is not to be said again.
            (Err(_), Some((userinfo, authority))) => {
                let credentials = Credentials::from_userinfo(userinfo).filter(|_| scheme.is_url());
                (endpoint(authority)?, Some(credentials.ok_or(AddressError::Userinfo)?))
            }
            // Interfaces may have an @ in their names.
            (endpoint, _) => (endpoint?, None),
        };
        Ok((Self { scheme, endpoint, path }, credentials))
    }

    /// As [`Source::parse`] reads it again, with every byte of its path as far as text can hold them: for programs, where
    /// [`fmt::Display`] is for people. A URL is percent-encoded; other forms take a name letter for letter.
    #[must_use]
    pub fn exact(&self) -> String {
        let server = Origin { scheme: self.scheme, endpoint: self.endpoint.clone() };
        if self.scheme.is_url() {
            return format!("{server}{}", self.path.encoded());
        }
        let name = self.path.name();
        let name = String::from_utf8(name).unwrap_or_else(|name| clean_line(name.as_bytes()).to_string());
        format!("{server}/{name}")
    }

    /// The top folder of a server that has not been probed.
    #[must_use]
    pub fn top(endpoint: Endpoint) -> Self {
        Self { scheme: Scheme::Probe, endpoint, path: Path::from_name(b"") }
    }

    /// The same server, another path.
    #[must_use]
    pub fn at(&self, path: Path) -> Self {
        Self { path, ..self.clone() }
    }

    /// The same place, spoken to in this way.
    #[must_use]
    pub fn spoken(&self, scheme: Scheme) -> Self {
        Self { scheme, ..self.clone() }
    }

    /// The same place, now that it has answered in HTTP.
    #[must_use]
    pub fn spoken_http(&self) -> Self {
        self.spoken(if self.scheme == Scheme::Https { Scheme::Https } else { Scheme::Http })
    }

    /// Whether another place is in this folder, or in one that is in it, however either is spoken to.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint && other.path.0.starts_with(&self.path.folder().0)
    }

    /// Whose it is.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let scheme = if self.scheme == Scheme::Probe { Scheme::Http } else { self.scheme };
        let mut endpoint = self.endpoint.clone();
        if let Host::Name(name) = &mut endpoint.host {
            name.make_ascii_lowercase();
        }
        Origin { scheme, endpoint }
    }
}

/// Without the port where that is the scheme's own.
fn write_authority(scheme: Scheme, endpoint: &Endpoint, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(scheme.prefix())?;
    if scheme.is_url() && endpoint.port == scheme.default_port() {
        write!(out, "{}", endpoint.host)
    } else {
        write!(out, "{endpoint}")
    }
}

impl fmt::Display for Origin {
    /// As the beginning of a URL: `https://host:port`, without the port where that is the scheme's own.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_authority(self.scheme, &self.endpoint, out)
    }
}

impl fmt::Display for Source {
    /// Writes the source as [`Source::parse`] reads it, with the path decoded and made fit to be shown.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_authority(self.scheme, &self.endpoint, out)?;
        write!(out, "{}", self.path.shown())
    }
}

impl Path {
    /// From the path of a URL as somebody wrote it, with its query: kept as it is, but for what a request line cannot hold.
    #[must_use]
    pub fn from_url(path: &str) -> Self {
        let path = path.split('#').next().unwrap_or_default();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut encoded = String::with_capacity(path.len() + 1);
        if !path.starts_with('/') {
            encoded.push('/');
        }
        let mut rest = path;
        while let Some(at) = rest.find('%') {
            let (before, from) = rest.split_at(at);
            encoded.extend(percent_encode(before.as_bytes(), WRITTEN));
            let digits = from.as_bytes().get(1..3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
            encoded.push_str(if digits { "%" } else { "%25" });
            rest = &from[1..];
        }
        encoded.extend(percent_encode(rest.as_bytes(), WRITTEN));
        if let Some(query) = query {
            encoded.push('?');
            encoded.extend(percent_encode(query.as_bytes(), QUERY));
        }
        Self(encoded)
    }

    /// From a name as it is on the server's disk, subfolders divided by `/`.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        Self::within("", name.strip_prefix(b"/").unwrap_or(name))
    }

    fn within(folder: &str, name: &[u8]) -> Self {
        let mut path = String::with_capacity(folder.len() + 1 + name.len());
        path.push_str(folder);
        path.push('/');
        path.extend(percent_encode(name, SEGMENTS));
        Self(path)
    }

    /// Without the query, and without the slash of a folder.
    fn bare(&self) -> &str {
        self.0.split('?').next().unwrap_or_default().trim_end_matches('/')
    }

    /// As a request line carries it.
    #[must_use]
    pub fn encoded(&self) -> &str {
        &self.0
    }

    /// The name as it is on the server's disk, without the leading `/`: what a plain request carries.
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        let path = self.0.split('?').next().unwrap_or_default();
        percent_decode_str(path.strip_prefix('/').unwrap_or(path)).collect()
    }

    /// The last part of the name, for naming the file here; empty for the top folder.
    #[must_use]
    pub fn last(&self) -> Vec<u8> {
        let last = self.bare().rsplit('/').next().unwrap_or_default();
        percent_decode_str(last).collect()
    }

    /// The whole path, fit to be shown.
    #[must_use]
    pub fn shown(&self) -> Clean {
        let decoded: Vec<u8> = percent_decode_str(&self.0).collect();
        clean_line(&decoded)
    }

    /// Whether it names a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.0.split('?').next().is_some_and(|path| path.ends_with('/'))
    }

    /// The same path as a folder's.
    #[must_use]
    pub fn folder(&self) -> Self {
        Self::within(self.bare(), b"")
    }

    /// The same path without the slash of a folder, with its query; none of the top folder.
    #[must_use]
    pub fn without_slash(&self) -> Option<Self> {
        let (path, query) = self.0.find('?').map_or((&*self.0, ""), |at| self.0.split_at(at));
        let path = path.trim_end_matches('/');
        (!path.is_empty()).then(|| Self(format!("{path}{query}")))
    }

    /// What this folder holds under `name`, which is one name, letter for letter, or a relative path of several.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        let first = name.iter().position(|byte| *byte != b'/').unwrap_or(name.len());
        Self::within(self.bare(), &name[first..])
    }

    /// The folder that holds this; none above the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let path = self.bare();
        let cut = path.rfind('/')?;
        Some(Self(path[..=cut].to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_in_every_form_and_written_back() {
        for (text, scheme, port, encoded, shown) in [
            ("box", Scheme::Probe, 7890, "/", "box:7890/"),
            ("box:80", Scheme::Probe, 80, "/", "box:80/"),
            ("box:80/a b/100%.txt", Scheme::Probe, 80, "/a%20b/100%25.txt", "box:80/a b/100%.txt"),
            ("[::1]:80/x", Scheme::Probe, 80, "/x", "[::1]:80/x"),
            ("http://box", Scheme::Http, 80, "/", "http://box/"),
            ("http://box?a#b", Scheme::Http, 80, "/?a", "http://box/?a"),
            ("http://box:443/", Scheme::Http, 443, "/", "http://box:443/"),
            ("Https://box/a", Scheme::Https, 443, "/a", "https://box/a"),
            ("https://[::1]:80/a", Scheme::Https, 80, "/a", "https://[::1]:80/a"),
            ("HTTP://box:7890/a%20b/", Scheme::Http, 7890, "/a%20b/", "http://box:7890/a b/"),
            (
                "http://box/你好 100%#top",
                Scheme::Http,
                80,
                "/%E4%BD%A0%E5%A5%BD%20100%25",
                "http://box/你好 100%",
            ),
            ("plain://box/a.txt", Scheme::Plain, 7890, "/a.txt", "plain://box:7890/a.txt"),
            ("plain://box:1/a?b#c", Scheme::Plain, 1, "/a%3Fb%23c", "plain://box:1/a?b#c"),
        ] {
            let source = Source::parse(text).unwrap();
            let read = (source.scheme, source.endpoint.port, source.path.encoded());
            assert_eq!(read, (scheme, port, encoded), "{text}");
            assert_eq!(source.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_query_goes_out_as_it_stands_and_what_stands_for_itself_in_a_name_is_encoded() {
        for (text, encoded) in [
            ("http://h/a?b[]=1&c=%zz&d=%&e={f}|^`\\'", "/a?b[]=1&c=%zz&d=%&e={f}|^`\\'"),
            ("http://h/a?b c\"<>\u{e9}#d", "/a?b%20c%22%3C%3E%C3%A9"),
            ("http://h?a?b", "/?a?b"),
            ("http://h/a;b+c%3Bd%2B%zz", "/a;b+c%3Bd%2B%25zz"),
        ] {
            assert_eq!(Source::parse(text).unwrap().path.encoded(), encoded, "{text}");
        }
        let from = Source::parse("http://h/d/").unwrap();
        assert_eq!(from.resolve("x?a[]=%zz").unwrap().path.encoded(), "/d/x?a[]=%zz");
        assert_eq!(from.path.join(b"a;b+c&d").encoded(), "/d/a%3Bb%2Bc&d");
    }

    #[test]
    fn what_is_written_for_programs_is_read_as_the_same_source() {
        for text in [
            "http://box/a%20b/%1B%FF%2Fc?d=%31#e",
            "https://[::1]:80/你好/",
            "plain://box/100%41?\u{202e}#x",
            "box:80/a  b/",
        ] {
            let source = Source::parse(text).unwrap();
            assert_eq!(Source::parse(&source.exact()).as_ref(), Ok(&source), "{}", source.exact());
        }
    }

    #[test]
    fn a_folder_holds_what_is_in_it_and_nothing_beside_it() {
        let folder = Source::parse("http://box/a%20b").unwrap();
        for (other, held) in [
            ("http://box/a%20b/", true),
            ("https://box:80/a%20b/c/d?x", true),
            ("http://box/a%20bc/", false),
            ("http://box/", false),
            ("http://bax/a%20b/c", false),
        ] {
            assert_eq!(folder.holds(&Source::parse(other).unwrap()), held, "{other}");
        }
    }

    #[test]
    fn a_scheme_that_we_do_not_speak_is_refused_by_its_name() {
        assert_eq!(Source::parse("ftp://box/a"), Err(AddressError::Scheme("ftp".into())));
        assert_eq!(Source::parse("http://"), Err(AddressError::EmptySource));
    }

    #[test]
    fn a_password_is_read_beside_the_source_and_is_nowhere_in_it() {
        let read = |text| {
            let (source, credentials) = Source::parse_with_credentials(text).unwrap();
            (
                source.to_string(),
                credentials.map(|known| (known.user().to_owned(), known.password().to_owned())),
            )
        };
        for (text, source, known) in [
            ("http://me:secret@box/a@b", "http://box/a@b", Some(("me", "secret"))),
            ("https://me@box:1/", "https://box:1/", Some(("me", ""))),
            ("http://m%40e:s%3A:%2F你@box", "http://box/", Some(("m@e", "s::/你"))),
            ("http://a@b:c@box", "http://box/", Some(("a@b", "c"))),
            ("http://box/me:secret@x", "http://box/me:secret@x", None),
            ("box/me:secret@x", "box:7890/me:secret@x", None),
        ] {
            let known = known.map(|(user, password): (&str, &str)| (user.to_owned(), password.to_owned()));
            assert_eq!(read(text), (source.to_owned(), known), "{text}");
        }
        for text in ["me:secret@box", "plain://me:secret@box", "http://m%3Ae:secret@box", "http://%ff@box"] {
            assert_eq!(Source::parse_with_credentials(text), Err(AddressError::Userinfo), "{text}");
        }
        assert_eq!(Source::parse("http://me:secret@box"), Err(AddressError::Userinfo));
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        let origin = |text: &str| Source::parse(text).unwrap().origin();
        assert_eq!(origin("http://Box/a"), origin("HTTP://box:80/b?c"));
        assert_eq!(origin("box:80"), origin("http://box"));
        for other in ["https://box:80", "http://box:81", "http://box.", "plain://box:80"] {
            assert_ne!(origin("http://box"), origin(other), "{other}");
        }
        assert_eq!(origin("https://BOX/a").to_string(), "https://box");
        assert_eq!(origin("http://[::1]:81/a").to_string(), "http://[::1]:81");
    }

    #[test]
    fn a_name_goes_through_a_url_and_back_byte_for_byte() {
        for name in [&b"a b"[..], b"100%25", b"x?y#z;w", b"\xff\xfe", "你好".as_bytes(), b"-rf", b"a:b@c"] {
            let path = Path::from_name(b"sub").join(name);
            assert_eq!(path.last(), name);
            assert_eq!(path.name(), [b"sub/", name].concat());
            assert!(path.encoded().is_ascii());
        }
    }

    #[test]
    fn folders_are_walked_into_and_out_of() {
        let top = Path::from_name(b"");
        let deep = top.join(b"a").folder().join(b"b c").folder();
        assert_eq!(deep.encoded(), "/a/b%20c/");
        assert_eq!(deep.parent().map(|up| up.0).as_deref(), Some("/a/"));
        assert_eq!(deep.parent().and_then(|up| up.parent()), Some(top.clone()));
        assert_eq!(top.parent(), None);
        assert_eq!(top.join(b"a").parent(), Some(top));
    }
}
