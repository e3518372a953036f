//! What is in a ZIP archive (PKWARE's APPNOTE.TXT, 6.3): by the directory at its end, or else by what its beginning says.
//! Unpacks nothing, and believes no number in it before it has looked.

use bytes::Bytes;

use super::known::{ENTRIES, number};
use crate::event::{Listed, Packed};
use crate::text::clean_line;

const END_MAGIC: &[u8] = b"PK\x05\x06";
/// Bytes of the end of an archive, without its comment.
const END: usize = 22;
/// Bytes of what is before that in a large archive, and says where its own end is.
const LOCATOR: usize = 20;

/// A part of a file.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The first byte's place in the file.
    pub(super) at: u64,
    pub(super) bytes: Bytes,
}

/// What the end of an archive says of its directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    /// The first byte's place in the file.
    pub(super) at: u64,
    length: u64,
    entries: u64,
}

/// Headers of one kind: how they begin, their bytes without what follows, and where in them stand the size (unpacked), the
/// lengths of what follows (two bytes each, the name's first), and the length of the content where that follows too.
struct Header {
    magic: &'static [u8],
    fixed: usize,
    size: usize,
    lengths: &'static [usize],
    content: Option<usize>,
}

/// In front of each file (section 4.3.7).
const LOCAL: Header =
    Header { magic: b"PK\x03\x04", fixed: 30, size: 22, lengths: &[26, 28], content: Some(18) };
/// In the directory (section 4.3.12).
const CENTRAL: Header =
    Header { magic: b"PK\x01\x02", fixed: 46, size: 24, lengths: &[28, 30, 32], content: None };

/// Whether a file that begins like this is an archive. One without files is nothing but its end.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(LOCAL.magic) || bytes.starts_with(END_MAGIC)
}

/// The files in an archive of which this is the beginning, or all.
pub(super) fn listed(bytes: &Bytes, is_whole: bool) -> (Vec<Packed>, Listed) {
    let all = Part { at: 0, bytes: bytes.clone() };
    let named = directory(&all).filter(|_| is_whole).and_then(|directory| named(&directory, &all));
    named.unwrap_or_else(|| {
        let is_empty = is_whole && bytes.starts_with(END_MAGIC);
        let (entries, _) = entries(bytes, 0, &LOCAL);
        (entries, if is_empty { Listed::Whole } else { Listed::Beginning })
    })
}

/// Where the directory is, as the last part of a file says (section 4.3.16).
pub(super) fn directory(last: &Part) -> Option<Directory> {
    let bytes = &last.bytes;
    let is_end = |at: &usize| {
        let comment = number(bytes, at + END - 2, 2);
        bytes[*at..].starts_with(END_MAGIC) && comment == Some((bytes.len() - at - END) as u64)
    };
    let end = (0..=bytes.len().checked_sub(END)?).rev().take(1 << 16).find(is_end)?;
    let said = |at: usize, width: usize| number(bytes, end + at, width);
    let directory = Directory { at: said(16, 4)?, length: said(12, 4)?, entries: said(10, 2)? };
    let is_large =
        directory.at == 0xffff_ffff || directory.length == 0xffff_ffff || directory.entries == 0xffff;
    let locator = end.checked_sub(LOCATOR).filter(|at| is_large && bytes[*at..].starts_with(b"PK\x06\x07"));
    let Some(locator) = locator else { return Some(directory) };
    // What does not fit there stands in a record of its own (section 4.3.14).
    let record = usize::try_from(number(bytes, locator + 8, 8)?.checked_sub(last.at)?).ok()?;
    bytes.get(record..).filter(|rest| rest.starts_with(b"PK\x06\x06"))?;
    let said = |at: usize| number(bytes, record + at, 8);
    Some(Directory { at: said(48)?, length: said(40)?, entries: said(32)? })
}

/// The files that a directory names, as far as it is in this part; none where it does not begin there.
pub(super) fn named(directory: &Directory, part: &Part) -> Option<(Vec<Packed>, Listed)> {
    let from = usize::try_from(directory.at.checked_sub(part.at)?).ok()?;
    let (entries, to) = entries(&part.bytes, from, &CENTRAL);
    let is_whole =
        entries.len() as u64 == directory.entries && to.checked_sub(from)? as u64 == directory.length;
    let listed = if is_whole { Listed::Whole } else { Listed::Beginning };
    (!entries.is_empty()).then_some((entries, listed))
}

/// What headers say that are one behind the other, and where the last one ends.
fn entries(bytes: &[u8], mut at: usize, header: &Header) -> (Vec<Packed>, usize) {
    let mut entries = Vec::new();
    while entries.len() < ENTRIES && bytes.get(at..).is_some_and(|rest| rest.starts_with(header.magic)) {
        let length = |place: usize, width: usize| usize::try_from(number(bytes, at + place, width)?).ok();
        let follow: Option<Vec<usize>> = header.lengths.iter().map(|place| length(*place, 2)).collect();
        let Some(follow) = follow else { break };
        let name = at + header.fixed;
        let Some(raw) = bytes.get(name..name + follow[0]) else { break };
        let size = number(bytes, at + header.size, 4).filter(|size| *size < 0xffff_ffff);
        entries.push(Packed { name: clean_line(raw), size });
        let content = header.content.map_or(Some(0), |place| length(place, 4));
        at = follow.into_iter().chain(content).fold(name, usize::saturating_add);
    }
    (entries, at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The end of an archive whose directory is there.
    fn end(at: u64, length: u64, entries: u64, comment: &[u8]) -> Vec<u8> {
        let (at, length) = (u32::try_from(at).unwrap(), u32::try_from(length).unwrap());
        let entries = u16::try_from(entries).unwrap().to_le_bytes();
        let long = u16::try_from(comment.len()).unwrap().to_le_bytes();
        [END_MAGIC, &[0; 4], &entries, &entries, &length.to_le_bytes(), &at.to_le_bytes(), &long, comment]
            .concat()
    }

    fn part(at: u64, bytes: Vec<u8>) -> Part {
        Part { at, bytes: bytes.into() }
    }

    #[test]
    fn the_end_is_found_behind_which_there_is_only_its_comment() {
        let real = end(7, 8, 9, b"PK\x05\x06 and more than fits");
        assert_eq!(directory(&part(0, real)), Some(Directory { at: 7, length: 8, entries: 9 }));
        assert_eq!(directory(&part(0, [end(7, 8, 9, b""), vec![0]].concat())), None);
        assert_eq!(directory(&part(0, vec![0; 21])), None);
    }

    #[test]
    fn a_large_archive_says_more_in_a_record_of_its_own() {
        let record = [
            &b"PK\x06\x06"[..],
            &[0; 28],
            &70_000_u64.to_le_bytes(),
            &5_000_000_u64.to_le_bytes(),
            &(1_u64 << 40).to_le_bytes(),
        ]
        .concat();
        let locator = [b"PK\x06\x07", &[0; 4][..], &(1_u64 << 41).to_le_bytes(), &[0; 4]].concat();
        let last = [record, locator, end(0xffff_ffff, 0xffff_ffff, 0xffff, b"")].concat();
        let wanted = Directory { at: 1 << 40, length: 5_000_000, entries: 70_000 };
        assert_eq!(directory(&part(1 << 41, last.clone())), Some(wanted));
        assert_eq!(directory(&part(1 << 42, last)), None, "it points before what is known");
    }

    proptest! {
        #[test]
        fn no_end_is_believed_without_looking(
            at in prop_oneof![0..200_u64, any::<u64>()],
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
            said in any::<[u8; 18]>(),
            large in any::<bool>(),
        ) {
            if large {
                bytes.extend(b"PK\x06\x07");
                bytes.extend(&said[..16]);
            }
            bytes.extend(END_MAGIC);
            bytes.extend(if large { [0xff; 16] } else { said[..16].try_into().unwrap() });
            bytes.extend([0; 2]);
            let part = part(at, bytes);
            if let Some(directory) = directory(&part) {
                named(&directory, &part);
            }
        }
    }
}
