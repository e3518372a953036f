//! What a page says of a file in the words beside the link to it. Must never take a rounded size for a size, nor a time
//! of nobody knows which zone for a time.

use jiff::Timestamp;

/// The size in bytes, where the words are a date, a time and a whole number, and nothing else: as nginx writes sizes,
/// and Apache those below 1 kB. `1.2M` and `12 KB` are no sizes.
pub(super) fn size(words: &[&str]) -> Option<u64> {
    let [date, time, size] = words else { return None };
    let is_size = size.bytes().all(|byte| byte.is_ascii_digit());
    if is_date(date) && is_time(time) && is_size { size.parse().ok() } else { None }
}

/// The time, where its zone stands behind it: as miniserve writes it.
pub(super) fn time(words: &[&str]) -> Option<Timestamp> {
    words.windows(3).find_map(|words| match words {
        [date, time, zone] if is_date(date) && is_time(time) && zone.starts_with(['+', '-']) => {
            format!("{date}T{time}{zone}").parse().ok()
        }
        _ => None,
    })
}

/// `2025-11-05`, `2025-Nov-05` or `05-Nov-2025`.
fn is_date(word: &str) -> bool {
    let mut parts = word.split('-');
    let known = |part: &str| {
        !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    parts.by_ref().take(3).filter(|part| known(part)).count() == 3 && parts.next().is_none()
}

/// `09:33` or `09:33:05`.
fn is_time(word: &str) -> bool {
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(word.split(':').count(), 2 | 3) && word.split(':').all(two_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn a_size_is_exact_or_none() {
        for (beside, exact) in [
            ("   05-Nov-2025 09:33          5368709121\r\n", Some(5_368_709_121)),
            ("  2025-11-05 09:33    0   ", Some(0)),
            ("2025-11-05 09:33\u{a0} 972\u{a0}", Some(972)),
            ("05-Nov-2025 09:33   18446744073709551616", None),
            ("05-Nov-2025 09:33   -", None),
            ("2025-11-05 09:33  1.5K", None),
            ("2025-11-05 09:33  12 KB", None),
            ("2025-11-05 09:33  12 a description", None),
            ("2025-Nov-05 09:33:05 0.1K application/pdf", None),
            ("2025-11-05 12", None),
            ("12", None),
            ("part 2 7", None),
            ("", None),
        ] {
            assert_eq!(size(&words(beside)), exact, "{beside}");
        }
    }

    #[test]
    fn a_time_has_a_zone_or_is_none() {
        for (beside, known) in [
            ("3 B 2025-11-05 09:33:05 +00:00 a year ago", Some("2025-11-05T09:33:05Z")),
            ("2025-11-05 09:33 +08:00", Some("2025-11-05T01:33:00Z")),
            ("2025-11-05 09:33 -", None),
            ("2025-11-05 09:33 972", None),
            ("05-Nov-2025 09:33 3", None),
            ("2025-13-05 09:33:05 +00:00", None),
            ("2025-11-05", None),
        ] {
            let time = time(&words(beside)).map(|time| time.to_string());
            assert_eq!(time.as_deref(), known, "{beside}");
        }
    }
}
