//! A folder's list as lines, in the form of dufs (`?simple`): a name on each, and a slash behind a folder's.
//!
//! Must never let a name become two lines, or move the caret of a terminal that shows it.

use super::{Kind, Row};
use crate::text::clean_line;

/// Adds a line. A name is exact, but for one with control characters: that is shown as hobnob shows it.
pub fn write_row(row: &Row, out: &mut Vec<u8>) {
    let name = &row.raw.0;
    if String::from_utf8_lossy(name).contains(char::is_control) {
        out.extend_from_slice(clean_line(name).as_bytes());
    } else {
        out.extend_from_slice(name);
    }
    out.extend_from_slice(if row.kind() == Kind::Dir { b"/\n" } else { b"\n" });
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Raw;

    #[test]
    fn a_name_is_one_exact_line_or_one_that_cannot_hurt() {
        for (name, st_mode, line) in [
            (&b"a b"[..], 0o100_644, &b"a b\n"[..]),
            (b"sub", 0o040_755, b"sub/\n"),
            ("讲义\u{fe0f}".as_bytes(), 0o100_644, "讲义\u{fe0f}\n".as_bytes()),
            (b"\xff", 0o100_644, b"\xff\n"),
            (b"a\nb", 0o100_644, "a␊b\n".as_bytes()),
            (b"\x1b[31m\xff", 0o040_755, "␛[31m\\xff/\n".as_bytes()),
        ] {
            let raw = Raw(Bytes::copy_from_slice(name));
            let mut out = Vec::new();
            write_row(&Row { raw, st_mode, size: None, modified: None, is_symlink: false }, &mut out);
            assert_eq!(out, line, "{}", name.escape_ascii());
        }
    }
}
