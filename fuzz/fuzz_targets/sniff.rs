//! That the first bytes of a connection are told apart once and for all, and as early as they can be.
#![no_main]

use hobnob::serve::{Verdict, sniff};
use libfuzzer_sys::fuzz_target;

/// Whatever may become a request line does with some end of this one.
const LINE: &[u8] = b"GET / HTTP/1.1\r\n";

/// The rule does not ask how much has come; more than this only takes longer.
const LONGEST: usize = 128;

fuzz_target!(|bytes: &[u8]| {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let mut before = Verdict::More;
    for split in 0..=bytes.len() {
        let begun = &bytes[..split];
        let verdict = sniff(begun);
        assert!(before == Verdict::More || verdict == before, "{before:?}, then {verdict:?}");
        let may_become = (0..=LINE.len()).any(|at| sniff(&[begun, &LINE[at..]].concat()) == Verdict::Http);
        assert_eq!(verdict != Verdict::Plain, may_become, "{verdict:?}");
        assert_eq!(verdict == Verdict::Http, begins_with_a_request_line(begun), "{verdict:?}");
        before = verdict;
    }
});

/// The same rule said in another way.
fn begins_with_a_request_line(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = words[..] else { return false };
    let is_token = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    !method.is_empty()
        && method.iter().all(is_token)
        && !target.is_empty()
        && !target.iter().any(u8::is_ascii_control)
        && version.strip_prefix(b"HTTP/1.").is_some_and(|minor| matches!(minor, [b'0'..=b'9']))
}
