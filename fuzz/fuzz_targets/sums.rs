//! That whatever a file of checksums or a digest field says, it is read, and a digest is written as it is read.
#![no_main]

use hobnob::wire::digest::{Checksum, are_sums, sums};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    let _ = are_sums(content);
    let _ = sums(content).count();
    if let Ok(text) = std::str::from_utf8(content) {
        for checksum in Checksum::from_field(text) {
            assert_eq!(checksum.to_string().parse(), Ok(checksum));
        }
        let _ = Checksum::from_digits(text);
    }
});
