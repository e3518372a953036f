//! The order of names as people expect it: without regard to case, and numbers in them by their value. No I/O.

/// Writes what stands for a name when it is sorted, byte by byte: lower case, and before the digits of a number (its
/// leading zeros left out) how many there are, so that a larger one comes later.
pub fn write_key(name: &str, key: &mut Vec<u8>) {
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest[..end].trim_start_matches('0');
            // A digit first: among other characters a number stands where its digits would.
            key.push(b'0');
            key.push(u8::try_from(digits.len()).unwrap_or(u8::MAX));
            key.extend_from_slice(digits.as_bytes());
            rest = &rest[end..];
        } else if first.is_ascii() {
            key.extend(u8::try_from(first.to_ascii_lowercase()));
            rest = &rest[1..];
        } else {
            let mut utf8 = [0; 4];
            first.to_lowercase().for_each(|c| key.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes()));
            rest = &rest[first.len_utf8()..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_their_names() {
        let key = |name: &str| {
            let mut key = Vec::new();
            write_key(name, &mut key);
            key
        };
        for pair in [["a2", "a10"], ["A2", "a10"], ["a", "a0"], ["2.b", "10.a"], ["é", "Ê"]] {
            let [first, second] = pair.map(key);
            assert!(first < second, "{pair:?}");
        }
        assert_eq!(key("Ä01"), key("ä1"));
    }
}
