//! That whatever bytes a file begins with, its preview ends soon, and what is highlighted lies within its line.
#![no_main]

use hobnob::event::Content;
use hobnob::net::browse::content;
use libfuzzer_sys::fuzz_target;

/// Endings of the languages whose grammars are the largest, and of none.
const NAMES: [&str; 16] = [
    "x", "x.rs", "x.py", "x.md", "x.html", "x.sh", "x.json", "x.js", "x.c", "x.java", "x.php", "x.pl", "x.tex", "x.rb",
    "x.yaml", "x.sql",
];

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else { return };
    let name = NAMES[usize::from(first & 15)];
    if let Content::Text(lines, _) = content(name, &bytes.to_vec().into(), first & 16 == 0, true) {
        for line in lines {
            assert!(line.pieces.windows(2).all(|two| two[0].0 < two[1].0));
            assert!(line.pieces.iter().all(|(end, _)| line.text.is_char_boundary(*end)));
        }
    }
});
