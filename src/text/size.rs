//! Sizes and counts as people read them. Owns their one spelling, on screens, pages, logs and lists.

/// A number of bytes for people, in powers of ten (SI): `27 B`, `3.1 MB`, `256 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let count = u128::from(count);
    let (mut unit, mut scale) = (0, 1000);
    // From 999.5 on a number would be rounded to 1000 of its unit: that is 1.0 of the next.
    while count * 2 >= scale * 1999 && unit + 1 < UNITS.len() {
        unit += 1;
        scale *= 1000;
    }
    let tenths = (count * 10 + scale / 2) / scale;
    if tenths < 1000 {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{} {}", (count + scale / 2) / scale, UNITS[unit])
    }
}

/// Reads a number of bytes as people write it: digits, with a fraction or without, and `k`, `M`, `G` or `T` (powers of
/// ten) behind them, in either case, or nothing. None where it is something else, or more than a number can hold.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let (number, unit) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1_000_u64),
        (at, 'm' | 'M') => (&text[..at], 1_000_000),
        (at, 'g' | 'G') => (&text[..at], 1_000_000_000),
        (at, 't' | 'T') => (&text[..at], 1_000_000_000_000),
        _ => (text, 1),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 12 {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(part.len()).ok()?);
    let part = part.parse::<u128>().ok()? * u128::from(unit) / scale;
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)
}

/// A number of bytes as [`parse`] reads it, as short as it can be: `10M`, `1500`.
#[must_use]
pub fn written(count: u64) -> String {
    let units = [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")];
    let even = units.into_iter().find(|(unit, _)| count > 0 && count.is_multiple_of(*unit));
    even.map_or_else(|| count.to_string(), |(unit, letter)| format!("{}{letter}", count / unit))
}

/// A number of bytes to the last one, in groups of three digits: `1,024 B`.
#[must_use]
pub fn bytes_exact(count: u64) -> String {
    grouped(count) + " B"
}

/// A number in groups of three digits: `200,000`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_is_written_as_it_is_read() {
        for (count, shown) in
            [(0, "0"), (10_000_000, "10M"), (1500, "1500"), (3000, "3k"), (u64::MAX, "18446744073709551615")]
        {
            assert_eq!((written(count).as_str(), parse(shown)), (shown, Some(count)));
        }
    }

    #[test]
    fn a_number_of_bytes_is_read_as_people_write_it() {
        for (text, read) in [
            ("0", Some(0)),
            ("512", Some(512)),
            ("500k", Some(500_000)),
            ("10M", Some(10_000_000)),
            ("1.5g", Some(1_500_000_000)),
            ("0.0005k", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("99999999T", None),
            ("", None),
            ("M", None),
            (".5M", None),
            ("1.M", None),
            ("-1", None),
            ("10 M", None),
            ("10MB", None),
            ("1e3", None),
        ] {
            assert_eq!(parse(text), read, "{text}");
        }
    }

    #[test]
    fn a_number_of_bytes_is_written_for_people() {
        for (count, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1_550, "1.6 kB"),
            (99_949, "99.9 kB"),
            (100_000, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (268_435_456, "268 MB"),
            (2_600_000_000, "2.6 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(count), shown, "{count}");
        }
    }

    #[test]
    fn an_exact_number_of_bytes_has_its_digits_in_groups() {
        for (count, shown) in
            [(0, "0 B"), (999, "999 B"), (1024, "1,024 B"), (65_507, "65,507 B"), (1_000_000, "1,000,000 B")]
        {
            assert_eq!(bytes_exact(count), shown);
        }
    }
}
