//! How people write where a machine is: `host`, `host:port`, `[v6]:port`, `[fe80::1%eth0]:port`.
//! Owns reading and writing these forms; never looks a name up.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::text::{Clean, clean_line, is_showable};

/// The port of the course's programs, and so ours where none is named.
pub const DEFAULT_PORT: u16 = 7890;

/// The most bytes of a zone: interface names have at most 15 on Linux and BSD, 256 on Windows.
const ZONE_LIMIT: usize = 256;

/// A machine, as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A name that the resolver has to look up.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, with the zone (RFC 4007) that a link-local one needs: an interface's name or number.
    V6(Ipv6Addr, Option<String>),
}

/// A machine and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The machine.
    pub host: Host,
    /// UDP or TCP port, 1 to 65,535.
    pub port: u16,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// There is nothing, where a peer should be.
    Empty,
    /// There is nothing, where a server should be.
    EmptySource,
    /// A peer's address has no scheme.
    PeerScheme(String),
    /// This is no port from 1 to 65,535.
    Port(String),
    /// `[` without `]`, or something other than `:port` behind it.
    Brackets,
    /// This is neither an address nor a name that a machine can have.
    Host(String),
    /// A scheme other than `http`, `https` and `plain`.
    Scheme(String),
    /// A user's name or password where there can be none, or one that cannot be sent.
    Userinfo,
}

impl Endpoint {
    /// Reads an address; where it names no port, `port` is meant.
    pub fn parse(text: &str, port: u16) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(AddressError::PeerScheme(scheme.to_owned()));
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (inside, behind) = rest.split_once(']').ok_or(AddressError::Brackets)?;
            let host = v6(inside).ok_or_else(|| AddressError::Host(inside.to_owned()))?;
            let port = match behind.strip_prefix(':') {
                Some(number) => read_port(number)?,
                None if behind.is_empty() => port,
                None => return Err(AddressError::Brackets),
            };
            return Ok(Self { host, port });
        }
        if let Some(host) = v6(text) {
            return Ok(Self { host, port });
        }
        match text.split_once(':') {
            Some((host, number)) => Ok(Self { host: read_host(host)?, port: read_port(number)? }),
            None => Ok(Self { host: read_host(text)?, port }),
        }
    }
}

fn v6(text: &str) -> Option<Host> {
    let (address, zone) = match text.split_once('%') {
        // In a URL the percent sign of a zone is itself encoded (RFC 6874).
        Some((address, zone)) => {
            (address, Some(zone.strip_prefix("25").filter(|z| !z.is_empty()).unwrap_or(zone)))
        }
        None => (text, None),
    };
    let zone = match zone {
        Some(zone) if zone.is_empty() || !zone.chars().all(is_zone_character) => return None,
        Some(zone) if zone.len() > ZONE_LIMIT => return None,
        zone => zone.map(str::to_owned),
    };
    Some(host_of(address.parse().ok()?, zone))
}

/// An IPv4 address in its own form, also where IPv6 carries it (RFC 4291, section 2.5.5.2): that is how it answers.
/// It has no zones.
fn host_of(address: Ipv6Addr, zone: Option<String>) -> Host {
    address.to_ipv4_mapped().map_or(Host::V6(address, zone), Host::V4)
}

/// Interface names on Linux, BSD and Windows use no others.
fn is_zone_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._@".contains(character)
}

fn read_port(text: &str) -> Result<u16, AddressError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err(AddressError::Port(text.to_owned())),
    }
}

fn read_host(text: &str) -> Result<Host, AddressError> {
    if let Ok(address) = text.parse() {
        return Ok(Host::V4(address));
    }
    let wrong = || AddressError::Host(text.to_owned());
    // Names of the local network go out as they are written (RFC 6762, section 16).
    if !text.is_ascii() && text.chars().all(is_showable) && !is_local(text) {
        return read_host(&to_ascii(text).filter(|ascii| ascii.is_ascii()).ok_or_else(wrong)?)
            .map_err(|_| wrong());
    }
    // 253 is the longest name that DNS can carry (RFC 1035, section 2.3.4).
    if text.is_empty() || text.len() > 253 || text.starts_with(['-', '.']) {
        return Err(if text.is_empty() { AddressError::Empty } else { wrong() });
    }
    // `10.0.0` or `300.1.1.1` would be taken for a strange number by some resolvers: nobody means that.
    let last_label = text.trim_end_matches('.').rsplit('.').next().unwrap_or(text);
    if last_label.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    // Some letters are invisible, and a name is shown as it is written.
    let is_letter = |character: char| character.is_alphanumeric() && is_showable(character);
    let allowed = |character: char| is_letter(character) || "-._".contains(character);
    if text.chars().all(allowed) { Ok(Host::Name(text.to_owned())) } else { Err(wrong()) }
}

fn is_local(name: &str) -> bool {
    let last = name.trim_end_matches('.').rsplit('.').next();
    last.is_some_and(|last| last.eq_ignore_ascii_case("local")) && name.contains('.')
}

/// An internationalized name as DNS carries it (UTS #46, not transitional; RFC 5891); none where it cannot be one. It is
/// also shown in this form: many letters look like others, and a name must not look like that of another machine.
fn to_ascii(name: &str) -> Option<String> {
    let deny = AsciiDenyList::URL;
    let ascii = Uts46::new().to_ascii(name.as_bytes(), deny, Hyphens::Allow, DnsLength::Ignore);
    ascii.ok().map(std::borrow::Cow::into_owned)
}

impl Host {
    /// The machine, fit to be shown.
    #[must_use]
    pub fn shown(&self) -> Clean {
        clean_line(self.to_string().as_bytes())
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V4(address) => Host::V4(*address.ip()),
            SocketAddr::V6(address) => {
                let zone = Some(address.scope_id()).filter(|zone| *zone != 0);
                host_of(*address.ip(), zone.map(|zone| zone.to_string()))
            }
        };
        Self { host, port: address.port() }
    }
}

impl FromStr for Endpoint {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, DEFAULT_PORT)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::V4(address) => address.fmt(out),
            Self::V6(address, None) => write!(out, "[{address}]"),
            // A number that begins with 25 would be read as one behind an encoded percent sign.
            Self::V6(address, Some(zone)) if zone.len() > 2 && zone.starts_with("25") => {
                write!(out, "[{address}%25{zone}]")
            }
            Self::V6(address, Some(zone)) => write!(out, "[{address}%{zone}]"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV6;

    use super::*;

    fn read(text: &str) -> Result<String, AddressError> {
        text.parse::<Endpoint>().map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn every_way_to_write_an_address_is_understood() {
        for (text, meant) in [
            ("192.168.1.5", "192.168.1.5:7890"),
            ("192.168.1.5:80", "192.168.1.5:80"),
            ("  lin-laptop  ", "lin-laptop:7890"),
            ("lin_pc.local:9000", "lin_pc.local:9000"),
            ("电脑.local", "电脑.local:7890"),
            ("localhost.", "localhost.:7890"),
            ("::1", "[::1]:7890"),
            ("[::1]", "[::1]:7890"),
            ("[::1]:9", "[::1]:9"),
            ("fe80::1%eth0", "[fe80::1%eth0]:7890"),
            ("[fe80::1%eth0]:9", "[fe80::1%eth0]:9"),
            ("[fe80::1%25eth0]:9", "[fe80::1%eth0]:9"),
            ("[fe80::1%25]:9", "[fe80::1%25]:9"),
            ("[::ffff:1.2.3.4]:9", "1.2.3.4:9"),
            ("::ffff:102:304", "1.2.3.4:7890"),
            ("[::1.2.3.4]:9", "[::102:304]:9"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn an_international_name_is_written_and_shown_as_dns_carries_it() {
        for (text, meant) in [
            ("b\u{fc}cher.example:80", "xn--bcher-kva.example:80"),
            ("B\u{dc}CHER.Example", "xn--bcher-kva.example:7890"),
            ("fa\u{df}.de", "xn--fa-hia.de:7890"),
            ("\u{4f8b}\u{5b50}\u{3002}\u{6d4b}\u{8bd5}", "xn--fsqu00a.xn--0zwm56d:7890"),
            ("\u{ff42}\u{ff4f}\u{ff58}", "box:7890"),
            ("\u{ff11}\u{ff12}\u{ff17}.0.0.1", "127.0.0.1:7890"),
            // Cyrillic letters that look like Latin ones.
            ("\u{430}\u{440}\u{440}\u{4cf}\u{435}.com", "xn--80ak6aa92e.com:7890"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example:7890"),
            ("\u{7535}\u{8111}.Local.", "\u{7535}\u{8111}.Local.:7890"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
        }
        for text in ["\u{ff0f}.com", "\u{301}a.com", "\u{5d0}1a.com", "\u{ff03}x", "\u{2f000}\u{4f8b}.com"] {
            assert!(matches!(read(text), Err(AddressError::Host(_))), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn an_interface_of_any_number_is_read_back_as_it_was_written() {
        for scope in [0, 1, 25, 250, 2525, 25_251] {
            let address = SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 9, 0, scope));
            let endpoint = Endpoint::from(address);
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint), "{address}");
        }
    }

    #[test]
    fn an_ipv4_address_that_ipv6_carries_is_one_of_ipv4() {
        let carried = SocketAddr::from((Ipv4Addr::new(1, 2, 3, 4).to_ipv6_mapped(), 9));
        assert_eq!(Endpoint::from(carried).to_string(), "1.2.3.4:9");
    }

    #[test]
    fn a_wrong_address_is_refused_with_the_part_that_is_wrong() {
        use AddressError::{Brackets, Empty, Host, Port};
        for (text, error) in [
            ("", Empty),
            ("   ", Empty),
            (":80", Empty),
            ("a:", Port(String::new())),
            ("a:0", Port("0".into())),
            ("a:70000", Port("70000".into())),
            ("a:+80", Port("+80".into())),
            ("a:http", Port("http".into())),
            ("[::1", Brackets),
            ("[::1]x", Brackets),
            ("[hello]:80", Host("hello".into())),
            ("[fe80::1%]:80", Host("fe80::1%".into())),
            ("http://box", AddressError::PeerScheme("http".into())),
            ("two words", Host("two words".into())),
            ("-oProxy", Host("-oProxy".into())),
            ("300.1.1.1", Host("300.1.1.1".into())),
            ("10.0.0", Host("10.0.0".into())),
            ("a/b", Host("a/b".into())),
            ("\u{202e}evil", Host("\u{202e}evil".into())),
            ("box\u{3164}", Host("box\u{3164}".into())),
            ("\u{115f}.local", Host("\u{115f}.local".into())),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert!(read(&format!("[fe80::1%{}]", "x".repeat(ZONE_LIMIT))).is_ok());
        assert!(read(&format!("[fe80::1%{}]", "x".repeat(ZONE_LIMIT + 1))).is_err());
    }
}
