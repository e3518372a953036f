//! Where the links of a page lead, as paths: below its folder, to the folder around it, or to a list in another form.

use std::borrow::Cow;

use percent_encoding::{CONTROLS, percent_decode_str, percent_encode};

/// As it can be resolved: what is no character of a URL is percent-encoded, byte for byte, as it has to be asked for;
/// line breaks do not count (WHATWG URL, section 4.4).
pub(super) fn reference(href: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(href) {
        Ok(plain) if !plain.bytes().any(|byte| !byte.is_ascii() || byte.is_ascii_control()) => {
            Cow::Borrowed(plain)
        }
        _ => {
            let kept: Vec<u8> = href.iter().copied().filter(|byte| !b"\t\r\n".contains(byte)).collect();
            Cow::Owned(percent_encode(&kept, CONTROLS).to_string())
        }
    }
}

/// What `path` has behind `folder`; both are percent-encoded, though maybe not in the same way.
pub(super) fn below<'path>(folder: &str, path: &'path str) -> Option<&'path str> {
    if let Some(name) = path.strip_prefix(folder) {
        return Some(name);
    }
    let (slash, _) = path.match_indices('/').nth(folder.matches('/').count().checked_sub(1)?)?;
    let (above, name) = path.split_at(slash + 1);
    percent_decode_str(above).eq(percent_decode_str(folder)).then_some(name)
}

/// Whether the path is that of the folder around another, with the slash at its end or without.
pub(super) fn is_parent(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let Some((parent, _)) = folder.rsplit_once('/') else { return false };
    percent_decode_str(path.strip_suffix('/').unwrap_or(path)).eq(percent_decode_str(parent))
}

/// Where the list is that this page shows by running a program of its own: known by where that lies.
pub(super) fn list_elsewhere(asset: &str) -> Option<&'static str> {
    if asset.contains("/__dufs_v") {
        Some("json")
    } else if asset.contains("/.cpr/") {
        Some("ls")
    } else {
        None
    }
}
