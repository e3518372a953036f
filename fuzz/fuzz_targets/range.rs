//! That a `Range` field selects only what the file has and no byte twice, and that we read what we say of it.
#![no_main]

use hobnob::wire::range::{ContentRange, PARTS_LIMIT, Selection, select};
use libfuzzer_sys::fuzz_target;

// The length of the file in a line of its own, then the field.
fuzz_target!(|text: &str| {
    let Some((length, field)) = text.split_once('\n') else { return };
    if let Ok(read) = field.parse::<ContentRange>() {
        assert_eq!(read.to_string().parse(), Ok(read));
    }
    let Ok(length) = length.parse::<u64>() else { return };
    let Selection::Parts(parts) = select(field, length) else { return };
    assert!((1..=PARTS_LIMIT).contains(&parts.len()), "{} parts", parts.len());
    for part in &parts {
        assert!(part.first <= part.last && part.last < length, "{part:?} of {length}");
        assert_eq!(part.length(), part.last - part.first + 1);
        let said = ContentRange::Part { first: part.first, last: part.last, total: Some(length) };
        assert_eq!(said.to_string().parse(), Ok(said));
    }
    let mut sorted = parts.clone();
    sorted.sort_by_key(|part| part.first);
    for two in sorted.windows(2) {
        assert!(two[0].last + 1 < two[1].first, "{two:?} overlap or touch");
    }
    // Asked for by its parts, it is the same once more.
    let asked: Vec<_> = parts.iter().map(|part| format!("{}-{}", part.first, part.last)).collect();
    assert_eq!(select(&format!("bytes={}", asked.join(",")), length), Selection::Parts(parts));
});
