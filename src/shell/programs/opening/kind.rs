//! Allow list for opening files that came from others: kinds that programs only show. Both the ending of the name and the content
//! have to say so, for a desktop goes by either; a file without an ending is known by its content alone.
//!
//! What is not in the list is not forbidden: the user is asked. So a kind is left out where there is any doubt: pages and drawings
//! that may have scripts in them (HTML, SVG, XML), documents with macros, spreadsheets, installers, shortcuts.

use std::ffi::OsStr;

/// So much of a file is looked at.
pub(super) const HEAD: u64 = 64 << 10;

/// What a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Picture,
    /// Sound, video, or both: they have the same containers.
    Media,
    Pdf,
    /// Programs list what is in it.
    Archive,
}

const TEXT: &[&str] = &[
    "bib", "c", "cc", "cpp", "css", "diff", "go", "h", "hpp", "ini", "java", "json", "log", "markdown", "md",
    "patch", "rs", "rst", "srt", "tex", "text", "toml", "txt", "vtt", "yaml", "yml",
];
const PICTURE: &[&str] = &[
    "avif", "bmp", "gif", "heic", "heif", "ico", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp",
];
const MEDIA: &[&str] = &[
    "3gp", "aac", "aif", "aiff", "avi", "flac", "flv", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg",
    "mpg", "oga", "ogg", "ogv", "opus", "wav", "webm", "wma", "wmv",
];
const ARCHIVE: &[&str] = &["7z", "bz2", "gz", "rar", "tar", "tbz2", "tgz", "txz", "tzst", "xz", "zip", "zst"];

/// Texts that a desktop takes for something else by how they begin, in lower case.
const NO_TEXT: &[&[u8]] = &[
    b"#!",
    b"<",
    b"%!",
    b"{\\rtf",
    b"!<arch>",
    b"@echo",
    b"@setlocal",
    b"rem ",
    b"regedit4",
    b"windows registry editor",
    b"d8:announce",
    b"#extm3u",
    b"[playlist]",
    b"mime-version:",
    b"# config file",
    b"# kde config file",
];
/// Sections of files that start something, or install it, in lower case; wherever they stand.
const SECTIONS: &[&[u8]] =
    &[b"[desktop entry]", b"[kde desktop entry]", b"[desktop action", b"[internetshortcut", b"[flatpak re"];
/// What archives begin with that are more than archives: programs for Java and Android, and documents.
const NO_ARCHIVE: &[&[u8]] = &[
    b"META-INF/",
    b"mimetype",
    b"[Content_Types].xml",
    b"_rels/",
    b"AndroidManifest.xml",
    b"word/",
    b"xl/",
    b"ppt/",
];

/// Whether a file of this name that begins with these bytes is only shown where it is opened.
pub(super) fn only_shows(name: &OsStr, head: &[u8]) -> bool {
    let content = of_content(head);
    match ending(name) {
        // Bytes of another encoding may as well be no text at all.
        None => content.is_some_and(|kind| kind != Kind::Text || is_utf8(head)),
        Some(ending) => of_ending(&ending).is_some_and(|kind| Some(kind) == content || head.is_empty()),
    }
}

/// What stands behind the last dot, also behind one at the very beginning: a desktop looks no closer.
fn ending(name: &OsStr) -> Option<Vec<u8>> {
    let name = name.as_encoded_bytes();
    let dot = name.iter().rposition(|byte| *byte == b'.')?;
    Some(name[dot + 1..].to_ascii_lowercase())
}

fn of_ending(ending: &[u8]) -> Option<Kind> {
    let is_in = |list: &[&str]| list.iter().any(|known| known.as_bytes() == ending);
    match ending {
        b"pdf" => Some(Kind::Pdf),
        _ if is_in(TEXT) => Some(Kind::Text),
        _ if is_in(PICTURE) => Some(Kind::Picture),
        _ if is_in(MEDIA) => Some(Kind::Media),
        // There they are not listed, but unpacked.
        _ if is_in(ARCHIVE) && !cfg!(target_os = "macos") => Some(Kind::Archive),
        _ => None,
    }
}

fn of_content(head: &[u8]) -> Option<Kind> {
    let starts = |signs: &[&[u8]]| signs.iter().any(|sign| head.starts_with(sign));
    let at = |offset: usize, sign: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(sign));
    if starts(&[b"%PDF-"]) {
        return Some(Kind::Pdf);
    }
    let pictures: &[&[u8]] =
        &[b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"\0\0\x01\0"];
    let still = [&b"avif"[..], b"avis", b"heic", b"heix", b"mif1", b"msf1"];
    if starts(pictures)
        || starts(&[b"BM"]) && at(6, &[0; 4])
        || starts(&[b"RIFF"]) && at(8, b"WEBP")
        || at(4, b"ftyp") && still.iter().any(|brand| at(8, brand))
    {
        return Some(Kind::Picture);
    }
    let media: &[&[u8]] = &[
        b"ID3",
        b"fLaC",
        b"OggS",
        b"\x1a\x45\xdf\xa3",
        b"\0\0\x01\xba",
        b"\0\0\x01\xb3",
        b"FLV\x01",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    ];
    // A frame of MPEG audio: eleven bits that are set.
    let frame =
        matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0 && *second != 0xff && *second != 0xfe);
    if starts(media)
        || frame
        || at(4, b"ftyp")
        || at(4, b"moov")
        || starts(&[b"RIFF"]) && (at(8, b"WAVE") || at(8, b"AVI "))
        || starts(&[b"FORM"]) && at(8, b"AIF")
    {
        return Some(Kind::Media);
    }
    let archives: &[&[u8]] = &[
        b"PK\x05\x06",
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ\0",
        b"7z\xbc\xaf\x27\x1c",
        b"\x28\xb5\x2f\xfd",
        b"Rar!\x1a\x07",
    ];
    // Of a ZIP file the name of the first member stands behind 30 bytes.
    let member = |names: &[&[u8]]| names.iter().any(|name| at(30, name));
    if starts(archives) || at(257, b"ustar") || starts(&[b"PK\x03\x04"]) && !member(NO_ARCHIVE) {
        return Some(Kind::Archive);
    }
    is_text(head).then_some(Kind::Text)
}

/// But for a character that the end of what was read cuts off.
fn is_utf8(head: &[u8]) -> bool {
    str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Of any encoding that has the characters of ASCII where ASCII has them.
fn is_text(head: &[u8]) -> bool {
    let control = |byte: &u8| matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    if head.iter().any(control) {
        return false;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start().to_ascii_lowercase();
    let has = |section: &&[u8]| text.windows(section.len()).any(|part| part == *section);
    !NO_TEXT.iter().any(|begins| text.starts_with(begins)) && !SECTIONS.iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: bool, files: &[(&str, &[u8])]) {
        for (name, head) in files {
            assert_eq!(only_shows(OsStr::new(name), head), expected, "{name}: {}", head.escape_ascii());
        }
    }

    #[test]
    fn text_pictures_sound_video_pdf_and_archives_are_shown() {
        let mut tar = [0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(
            true,
            &[
                ("notes.txt", b"hello\nworld\n"),
                ("NOTES.TXT", b""),
                ("gbk.txt", b"\xc4\xe3\xba\xc3\r\n"),
                ("README", b"# hobnob\n"),
                ("README.md", b"[link](http://h) and <b>"),
                ("data.json", b"[1, 2]"),
                ("empty", b""),
                ("photo.JPG", b"\xff\xd8\xff\xe0"),
                ("a.b.png", b"\x89PNG\r\n\x1a\n\0"),
                ("scan", b"\x89PNG\r\n\x1a\n\0"),
                ("photo.heic", b"\0\0\0\x18ftypheic"),
                ("song.mp3", b"\xff\xfb\x90\x64"),
                ("song.m4a", b"\0\0\0\x20ftypM4A "),
                ("film.mkv", b"\x1a\x45\xdf\xa3\x01"),
                ("film.mp4", b"\0\0\0\x20ftypisom"),
                ("sound.wav", b"RIFF\x24\0\0\0WAVE"),
                ("slides.pdf", b"%PDF-1.7\n%\xe2\xe3"),
            ],
        );
        check(
            !cfg!(target_os = "macos"),
            &[
                ("tree.tar", &tar),
                ("tree.tar.gz", b"\x1f\x8b\x08\0"),
                ("a.zip", b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt"),
            ],
        );
    }

    #[test]
    fn what_may_do_something_is_not_whatever_its_name_or_its_content_says() {
        let jar = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0META-INF/MANIFEST.MF";
        check(
            false,
            &[
                // By the name.
                ("app.jnlp", b""),
                ("repo.flatpakrepo", b""),
                ("a.snap", b"hsqs"),
                ("disk.iso", b""),
                ("letter.docm", b"PK\x03\x04"),
                ("letter.docx", b"PK\x03\x04"),
                ("sums.csv", b"=1+1"),
                ("page.html", b"<html>"),
                ("page.txt.htm", b"text"),
                ("drawing.svg", b"<svg/>"),
                ("feed.xml", b"<a/>"),
                ("list.m3u", b"#EXTM3U"),
                ("tool.py", b"print(1)"),
                ("setup.exe", b"MZ"),
                (".desktop", b""),
                ("notes.txt.desktop", b"hello"),
                ("notes.txt.", b"hello"),
                ("notes.txt ", b"hello"),
                ("notes.what", b"hello"),
                // By the content.
                ("shortcut", b"[Desktop Entry]\nExec=sh"),
                ("shortcut", b"# a comment first\n\n[desktop entry]\n"),
                ("shortcut.txt", b"\xef\xbb\xbf\n [Desktop Entry]\nExec=sh"),
                ("run", b"#!/bin/sh\n"),
                ("run.txt", b"#!/bin/sh\n"),
                ("page.txt", b"\n<!DOCTYPE html>"),
                ("page", b"<HTML><script>"),
                ("photo.jpg", b"#!/bin/sh"),
                ("photo.jpg", b"\x7fELF\x02"),
                ("photo.jpg", b"<svg onload=alert(1)>"),
                ("photo.jpg", b"MZ\x90\0"),
                ("slides.pdf", b"%!PS-Adobe"),
                ("letter.txt", b"{\\rtf1"),
                ("program", b"\x7fELF\x02"),
                ("program", b"\xcf\xfa\xed\xfe"),
                ("program", b"\0asm"),
                ("a.zip", jar),
                ("a", jar),
                ("a.deb", b"!<arch>\ndebian-binary"),
                ("a.txt", b"!<arch>\ndebian-binary"),
            ],
        );
    }
}
