//! What the first bytes of a file say that is no text: pictures, archives, programs. Reads what is there, and believes no
//! number in it before it has looked.

use bytes::Bytes;
use imagesize::ImageType;

use super::zip;
use crate::event::{Content, Listed, Packed};
use crate::text::{Clean, clean_line};
use crate::wire::Raw;

/// The most bytes that are shown as they are.
const SHOWN: usize = 4096;
/// The most files of an archive that are shown.
pub(super) const ENTRIES: usize = 10_000;
const TAR_BLOCK: usize = 512;

/// The first bytes, to be shown as they are.
pub(super) fn beginning(bytes: &Bytes) -> Raw {
    // A copy: the rest of what was read is of no use.
    Raw(Bytes::copy_from_slice(&bytes[..bytes.len().min(SHOWN)]))
}

/// What these bytes are, the beginning of a file or all of it; none where nothing is known of them.
pub(super) fn known(bytes: &Bytes, is_whole: bool) -> Option<Content> {
    picture(bytes).or_else(|| archive(bytes, is_whole)).or_else(|| other(bytes))
}

pub(super) fn said(text: &str) -> Clean {
    clean_line(text.as_bytes())
}

fn picture(bytes: &Bytes) -> Option<Content> {
    let format = match imagesize::image_type(bytes).ok()? {
        ImageType::Bmp => "BMP",
        ImageType::Gif => "GIF",
        ImageType::Ico => "ICO",
        ImageType::Jpeg => "JPEG",
        ImageType::Png => "PNG",
        ImageType::Tiff => "TIFF",
        ImageType::Webp => "WebP",
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    Some(Content::Picture(said(format), (size.width, size.height), beginning(bytes)))
}

fn archive(bytes: &Bytes, is_whole: bool) -> Option<Content> {
    if zip::is_zip(bytes) {
        let (entries, listed) = zip::listed(bytes, is_whole);
        return Some(Content::Archive(said("ZIP"), entries, listed));
    }
    let (format, entries) = if bytes.get(257..262) == Some(b"ustar") {
        ("tar", tar(bytes))
    } else if bytes.starts_with(b"\x1f\x8b\x08") {
        // Where it does not name what is in it, as `tar czf` does not, there is nothing to list.
        ("gzip", vec![gzip_name(bytes)?])
    } else {
        return None;
    };
    let is_all = is_whole && entries.len() < ENTRIES;
    let listed = if is_all { Listed::Whole } else { Listed::Beginning };
    Some(Content::Archive(said(format), entries, listed))
}

fn other(bytes: &Bytes) -> Option<Content> {
    const KNOWN: [(&[u8], &str); 13] = [
        (b"%PDF-", "PDF"),
        (b"\x7fELF", "ELF"),
        (b"MZ", "Windows (PE)"),
        (b"\xcf\xfa\xed\xfe", "Mach-O"),
        (b"\xca\xfe\xba\xbe", "Java / Mach-O"),
        (b"\0asm", "WebAssembly"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"SQLite format 3\0", "SQLite 3"),
    ];
    // A text may begin like any of the others.
    let looked_at = &bytes[..bytes.len().min(512)];
    if !looked_at.starts_with(b"%PDF-") && !looked_at.contains(&0) && looked_at.is_ascii() {
        return None;
    }
    let (_, format) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic))?;
    let version = bytes.strip_prefix(b"%PDF-").map(|rest| {
        let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
        format!(" {}", digits.map(|byte| char::from(*byte)).collect::<String>())
    });
    let format = format!("{format}{}", version.unwrap_or_default());
    Some(Content::Known(said(&format), beginning(bytes)))
}

/// A number of so many bytes there, the lowest first; none where they are not all there.
pub(super) fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The files of a tar archive whose headers were read (POSIX.1-1988, with the prefix of ustar).
fn tar(bytes: &[u8]) -> Vec<Packed> {
    let mut entries = Vec::new();
    let mut at: usize = 0;
    while let Some(header) = bytes.get(at..).and_then(|rest| rest.get(..TAR_BLOCK)) {
        let text =
            |from: usize, to: usize| header[from..to].split(|byte| *byte == 0).next().unwrap_or_default();
        if header[0] == 0 || entries.len() == ENTRIES {
            break;
        }
        let digits = text(124, 136).iter().filter(|byte| matches!(byte, b'0'..=b'7'));
        let size =
            digits.fold(0_u64, |size, byte| size.saturating_mul(8).saturating_add(u64::from(byte - b'0')));
        // What belongs to the header of the next file is no file.
        if matches!(header[156], 0 | b'0' | b'1' | b'2' | b'5' | b'7') {
            let (prefix, name) = (text(345, 500), text(0, 100));
            let mut name = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
            // Most of those who pack a folder write the slash, too.
            if header[156] == b'5' && !name.ends_with(b"/") {
                name.push(b'/');
            }
            let size = Some(size).filter(|_| matches!(header[156], 0 | b'0' | b'7'));
            entries.push(Packed { name: clean_line(&name), size });
        }
        let blocks = size.div_ceil(TAR_BLOCK as u64).saturating_add(1);
        let Some(next) =
            usize::try_from(blocks).ok().and_then(|blocks| at.checked_add(blocks.checked_mul(TAR_BLOCK)?))
        else {
            break;
        };
        at = next;
    }
    entries
}

/// The name of what is in it, where it says so (RFC 1952, section 2.3).
fn gzip_name(bytes: &[u8]) -> Option<Packed> {
    let flags = *bytes.get(3)?;
    let extra = if flags & 4 == 0 { 0 } else { 2 + usize::try_from(number(bytes, 10, 2)?).ok()? };
    let name = bytes.get(10 + extra..).filter(|_| flags & 8 != 0)?;
    let end = name.iter().take(4096).position(|byte| *byte == 0)?;
    Some(Packed { name: clean_line(&name[..end]), size: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(content: &Content) -> Vec<(String, Option<u64>)> {
        let Content::Archive(_, entries, _) = content else { panic!("{content:?}") };
        entries.iter().map(|entry| (entry.name.to_string(), entry.size)).collect()
    }

    fn local(name: &str, content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        [b"PK\x03\x04", &[0; 14][..], &size, &size, &length, &[0; 2], name.as_bytes(), content].concat()
    }

    #[test]
    fn a_zip_archive_says_what_is_in_it_even_without_its_end() {
        let files = [local("a.txt", b"12345"), local("讲/义", b"")].concat();
        let expected = vec![("a.txt".to_owned(), Some(5)), ("讲/义".to_owned(), Some(0))];
        assert_eq!(names(&known(&files.clone().into(), true).unwrap()), expected);
        let directory =
            [b"PK\x01\x02", &[0; 20][..], &[9, 0, 0, 0, 1, 0, 0, 0, 0, 0], &[0; 12], b"z"].concat();
        let at = u32::try_from(files.len()).unwrap().to_le_bytes();
        let whole = [&files[..], &directory, b"PK\x05\x06", &[0; 12], &at, &[0; 2]].concat();
        assert_eq!(names(&known(&whole.into(), true).unwrap()), [("z".to_owned(), Some(9))]);
    }

    #[test]
    fn a_tar_archive_says_what_is_in_it() {
        let mut header = [0; TAR_BLOCK];
        header[..5].copy_from_slice(b"a.txt");
        header[124..135].copy_from_slice(b"00000001000");
        header[257..262].copy_from_slice(b"ustar");
        let two = [&header[..], &[b'x'; 512], &header, &[b'y'; 100]].concat();
        let entry = ("a.txt".to_owned(), Some(512));
        assert_eq!(names(&known(&two.into(), true).unwrap()), [entry.clone(), entry]);
    }

    #[test]
    fn folders_are_no_files_of_an_archive() {
        let files = |bytes: Vec<u8>| {
            let Some(Content::Archive(_, entries, _)) = known(&bytes.into(), true) else {
                panic!("no archive")
            };
            entries.iter().map(|entry| (entry.name.to_string(), entry.is_file())).collect::<Vec<_>>()
        };
        let header = |name: &str, kind: u8| {
            let mut header = [0; TAR_BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[156] = kind;
            header[257..262].copy_from_slice(b"ustar");
            header
        };
        let expected = [("a/".to_owned(), false), ("b/".to_owned(), false), ("b/c".to_owned(), true)];
        assert_eq!(files([header("a", b'5'), header("b/", b'5'), header("b/c", b'0')].concat()), expected);
        assert_eq!(files([local("a/", b""), local("b/", b""), local("b/c", b"1")].concat()), expected);
    }

    #[test]
    fn gzip_lists_what_it_names_and_without_a_name_is_shown_as_it_is() {
        let named = known(&Bytes::from_static(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03a.txt\0more"), true);
        assert_eq!(names(&named.unwrap()), [("a.txt".to_owned(), None)]);
        let bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\x03more";
        let Some(Content::Known(format, beginning)) = known(&Bytes::from_static(bytes), true) else {
            panic!("a list of what is not known")
        };
        assert_eq!((&*format, &beginning.0[..]), ("gzip", &bytes[..]));
    }

    #[test]
    fn what_begins_in_a_known_way_is_named() {
        let format = |bytes: &[u8]| match known(&Bytes::copy_from_slice(bytes), true) {
            Some(Content::Known(format, _) | Content::Archive(format, ..)) => format.to_string(),
            Some(Content::Picture(format, (width, height), _)) => format!("{format} {width} {height}"),
            Some(Content::Text(..) | Content::Other(_)) | None => String::new(),
        };
        assert_eq!(format(b"%PDF-1.7\n%..."), "PDF 1.7");
        assert_eq!(format(b"\x7fELF\x02\0"), "ELF");
        assert_eq!(format(b"\x1f\x8b\x08\x08\0\0\0\0\0\0name\0"), "gzip");
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x06\0\0\0";
        assert_eq!(format(png), "PNG 2 3");
        assert_eq!(format(b"a text"), "");
    }

    proptest! {
        #[test]
        fn no_number_in_a_file_is_believed_without_looking(
            magic in prop::sample::select(vec![&b"PK\x03\x04"[..], b"PK\x05\x06", b"\x1f\x8b\x08", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8", b"RIFF"]),
            rest in proptest::collection::vec(any::<u8>(), 0..700),
        ) {
            let mut bytes = [magic, &rest].concat();
            known(&bytes.clone().into(), true);
            if bytes.len() > 262 {
                bytes[257..262].copy_from_slice(b"ustar");
                bytes[0] = b'x';
                known(&bytes.into(), true);
            }
        }
    }
}
