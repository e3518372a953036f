//! Bytes as programmers read them: where they are, in hexadecimal, and what of them is printable ASCII. Whatever the
//! bytes are, nothing else comes out than those digits and characters.

use std::fmt::Write as _;

/// One row of a dump. [`rows`] pads each part but the last, so that the parts of all rows stand in columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexRow {
    /// How many bytes are before it, in at least four hexadecimal digits.
    pub offset: String,
    /// Two hexadecimal digits for each byte, with blanks between them and one more in the middle of sixteen.
    pub digits: String,
    /// The bytes as characters; `.` for all that is not printable ASCII.
    pub characters: String,
}

/// How many bytes there is room for in a row of so many columns: 16, 8 or 4, so that offsets stay round.
#[must_use]
pub fn bytes_per_row(columns: usize) -> usize {
    // Four digits of the offset and a blank; three columns and a character for each byte.
    let fits = |bytes: &usize| 5 + 4 * bytes + usize::from(*bytes == 16) <= columns;
    [16, 8].into_iter().find(fits).unwrap_or(4)
}

/// The rows of a dump with so many bytes in each.
#[must_use]
pub fn rows(bytes: &[u8], per_row: usize) -> impl ExactSizeIterator<Item = HexRow> {
    let per_row = per_row.max(1);
    bytes.chunks(per_row).enumerate().map(move |(nth, chunk)| {
        let mut digits = String::with_capacity(3 * per_row + 1);
        for at in 0..per_row {
            if at > 0 {
                digits.push_str(if per_row == 16 && at == 8 { "  " } else { " " });
            }
            match chunk.get(at) {
                // Writing into a string cannot fail.
                Some(byte) => _ = write!(digits, "{byte:02x}"),
                None => digits.push_str("  "),
            }
        }
        let characters =
            chunk.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' });
        HexRow { offset: format!("{:04x}", nth * per_row), digits, characters: characters.collect() }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8], per_row: usize) -> Vec<String> {
        let line = |row: HexRow| format!("{} {} {}", row.offset, row.digits, row.characters);
        rows(bytes, per_row).map(line).collect()
    }

    #[test]
    fn bytes_stand_in_columns_with_their_offset_and_what_is_printable() {
        assert_eq!(
            lines("Hi \u{1b}[2J你好 \u{7f}~ and more".as_bytes(), 16),
            [
                "0000 48 69 20 1b 5b 32 4a e4  bd a0 e5 a5 bd 20 7f 7e Hi .[2J...... .~",
                "0010 20 61 6e 64 20 6d 6f 72  65                       and more",
            ]
        );
        assert_eq!(
            lines(b"0123456789", 8),
            ["0000 30 31 32 33 34 35 36 37 01234567", "0008 38 39                   89"]
        );
        assert!(lines(b"", 16).is_empty());
    }

    proptest! {
        #[test]
        fn every_row_fits_and_is_printable_ascii(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            columns in 21..200_usize,
        ) {
            let per_row = bytes_per_row(columns);
            let shown = lines(&bytes, per_row);
            prop_assert_eq!(shown.len(), bytes.len().div_ceil(per_row));
            prop_assert!(shown.iter().all(|line| line.len() <= columns));
            prop_assert!(shown.iter().flat_map(|line| line.bytes()).all(|byte| (b' '..=b'~').contains(&byte)));
            let back: Vec<u8> = rows(&bytes, per_row)
                .flat_map(|row| row.digits.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .map(|digits| u8::from_str_radix(&digits, 16).unwrap())
                .collect();
            prop_assert_eq!(back, bytes);
        }
    }
}
