//! A row of a list in JSON: the fields of all known forms, and what they say of the entry.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer as _, Visitor};
use serde_json::value::RawValue;

use super::{Form, Key};
use crate::wire::listing::{Kind, caddy, is_directly_below};

/// A row as a server may write it: each field can be anything.
#[derive(Deserialize)]
pub(super) struct Row<'json> {
    // Of hobnob and Caddy; `name` and `size` are everybody's but copyparty's.
    #[serde(borrow)]
    name: Option<&'json RawValue>,
    #[serde(borrow)]
    pub(super) size: Option<&'json RawValue>,
    #[serde(borrow)]
    url: Option<&'json RawValue>,
    #[serde(borrow)]
    pub(super) mod_time: Option<&'json RawValue>,
    #[serde(borrow)]
    pub(super) mode: Option<&'json RawValue>,
    #[serde(borrow)]
    is_dir: Option<&'json RawValue>,
    #[serde(borrow)]
    is_symlink: Option<&'json RawValue>,
    // Of nginx and serve; `mtime` of dufs as well.
    #[serde(borrow, rename = "type")]
    kind: Option<&'json RawValue>,
    #[serde(borrow)]
    mtime: Option<&'json RawValue>,
    // Of dufs.
    #[serde(borrow)]
    path_type: Option<&'json RawValue>,
    // Of copyparty.
    #[serde(borrow)]
    href: Option<&'json RawValue>,
    #[serde(borrow)]
    pub(super) sz: Option<&'json RawValue>,
    #[serde(borrow)]
    ts: Option<&'json RawValue>,
    // Of serve: the whole name, of which `name` has no ending.
    #[serde(borrow)]
    base: Option<&'json RawValue>,
}

impl Row<'_> {
    /// Which form it has; none where it has none that is known at this place.
    pub(super) fn form(&self, key: Option<Key>) -> Option<Form> {
        match key {
            None => Some(Form::Bare),
            Some(Key::Paths) if self.path_type.is_some() => Some(Form::Dufs),
            Some(Key::Paths) => Some(Form::Crumb).filter(|_| self.name.is_some() && self.url.is_some()),
            Some(Key::Files) if self.base.is_some() => Some(Form::Serve),
            Some(Key::Dirs | Key::Files) => Some(Form::Copyparty),
            Some(Key::Directory | Key::Href) => None,
        }
    }

    /// What it says to be; none where it does not say so in a way that is known.
    pub(super) fn kind(&self, form: Form, key: Option<Key>) -> Option<Kind> {
        if form == Form::Copyparty {
            return Some(if key == Some(Key::Dirs) { Kind::Dir } else { Kind::File });
        }
        let mode = value(self.mode).map(caddy::kind);
        let is_dir = value(self.is_dir).map(|is_dir| if is_dir { Kind::Dir } else { Kind::File });
        let word: Option<String> = value(self.kind.or(self.path_type));
        let word = word.and_then(|word| match &*word {
            "directory" | "folder" | "Dir" | "SymlinkDir" => Some(Kind::Dir),
            "file" | "File" | "SymlinkFile" => Some(Kind::File),
            "other" => Some(Kind::Other),
            _ => None,
        });
        if is_dir == Some(Kind::Dir) { is_dir } else { mode.or(is_dir).or(word) }
    }

    pub(super) fn is_link(&self) -> bool {
        let path_type: Option<String> = value(self.path_type);
        value(self.is_symlink).unwrap_or_default() || path_type.as_deref() == Some("SymlinkDir")
    }

    /// Its exact name, where it has one, be it a good one or not: in a URL it is exact also where it is no text.
    pub(super) fn raw(&self, form: Form, kind: Kind) -> Option<Vec<u8>> {
        let reference: Option<String> = value(self.url.or(self.href));
        if form == Form::Copyparty {
            return Some(name_in_url(&reference?, kind).unwrap_or_default());
        }
        reference.and_then(|reference| name_in_url(&reference, kind)).or_else(|| {
            let mut name = name(if form == Form::Serve { self.base? } else { self.name? })?;
            if kind == Kind::Dir && name.ends_with(b"/") {
                name.pop();
            }
            Some(name)
        })
    }

    pub(super) fn modified(&self, form: Form) -> Option<Timestamp> {
        if let Some(seconds) = value(self.ts) {
            return Timestamp::from_second(seconds).ok();
        }
        if form == Form::Dufs {
            // It says 0 where it does not know.
            return value(self.mtime)
                .filter(|since| *since != 0)
                .and_then(|since| Timestamp::from_millisecond(since).ok());
        }
        let time: String = value(self.mod_time.or(self.mtime))?;
        time.parse().ok().or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(&time).ok())
    }
}

/// The field's value, where it is of this type.
pub(super) fn value<T: DeserializeOwned>(field: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

/// The name that leads directly below the folder, where the URL does.
fn name_in_url(url: &str, kind: Kind) -> Option<Vec<u8>> {
    let name = url.strip_prefix("./").unwrap_or(url).split(['?', '#']).next()?;
    let name = if kind == Kind::Dir { name.strip_suffix('/').unwrap_or(name) } else { name };
    Some(percent_decode_str(name).collect()).filter(|name: &Vec<u8>| is_directly_below(name))
}

/// A name that is written as a string, byte for byte: the opposite of [`Utf8Reader`].
fn name(field: &RawValue) -> Option<Vec<u8>> {
    struct Exact;

    impl Visitor<'_> for Exact {
        type Value = Vec<u8>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a string")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }

    // Halves of surrogate pairs come as the three bytes that UTF-8 would make of them, if it allowed them.
    let read = serde_json::Deserializer::from_str(field.get()).deserialize_bytes(Exact).ok()?;
    let mut exact = Vec::with_capacity(read.len());
    let mut rest = &read[..];
    loop {
        rest = match rest {
            [] => return Some(exact),
            [0xED, high @ (0xB2 | 0xB3), low, behind @ ..] => {
                exact.push((high & 0x03) << 6 | (low & 0x3F));
                behind
            }
            [first, behind @ ..] => {
                exact.push(*first);
                behind
            }
        };
    }
}
