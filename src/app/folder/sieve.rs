//! Finding the entries of a folder whose names have what is typed in them: its characters in their order, whatever stands
//! between. Owns what fits and how well; never what is shown of it, and never makes who types wait: each key looks at
//! every name.

use std::cmp::Reverse;

use nucleo_matcher::chars::{graphemes, normalize, to_lower_case};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::text::width::simple_cells;
use crate::wire::listing::Entry;

/// Where more than so many names fit, they stay in their order: to say how well each does takes a hundred times as long as
/// to say that it does, and nobody reads through so many.
const MANY: usize = 4_000;

/// What fits what was typed last, so that the next letter needs to be looked for only there.
#[derive(Debug, Clone, Default)]
pub(super) struct Sieve {
    wanted: String,
    /// Places in `entries`, the best first.
    found: Vec<u32>,
    /// The names that are not ASCII, the first character of each cluster in lower case, and where each name begins and
    /// ends. To take them apart for each key takes longer than all the rest.
    characters: Vec<char>,
    ranges: Vec<(u32, u32)>,
}

/// What is looked for. Lasts no longer than it is used: it has some room to work in.
pub struct Finder {
    pattern: Pattern,
    matcher: Matcher,
    characters: Vec<char>,
    places: Vec<u32>,
}

impl Finder {
    pub(super) fn new(wanted: &str) -> Self {
        let pattern = Pattern::new(wanted, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        Self { pattern, matcher: Matcher::new(Config::DEFAULT), characters: Vec::new(), places: Vec::new() }
    }

    /// Which grapheme clusters of a name were found, counted from 0, in order.
    pub fn places(&mut self, name: &str) -> &[u32] {
        self.places.clear();
        let text = if name.is_ascii() {
            Utf32Str::Ascii(name.as_bytes())
        } else {
            self.characters.clear();
            // Not what `Utf32Str::new` makes of it: that counts bytes where each cluster begins with an ASCII character.
            self.characters.extend(graphemes(name));
            Utf32Str::Unicode(&self.characters)
        };
        self.pattern.indices(text, &mut self.matcher, &mut self.places);
        self.places.sort_unstable();
        self.places.dedup();
        &self.places
    }

    fn score(&mut self, text: Utf32Str<'_>) -> Option<u32> {
        self.pattern.score(text, &mut self.matcher)
    }

    fn words(&self) -> Vec<Word> {
        self.pattern.atoms.iter().map(|atom| Word::new(atom.needle_text())).collect()
    }
}

/// One of the words that are looked for, each by itself.
struct Word {
    characters: Vec<char>,
    /// Whether a name in ASCII can have it.
    ascii: bool,
    /// Whether it is found also where the name has accents: it has none itself.
    plain: bool,
}

impl Word {
    fn new(needle: Utf32Str<'_>) -> Self {
        let characters: Vec<char> = needle.chars().collect();
        let plain = characters.iter().all(|c| normalize(*c) == *c);
        let ascii = characters.iter().all(char::is_ascii);
        Self { characters, ascii, plain }
    }

    /// Whether the name, in lower case or in ASCII, has its characters in their order: just then the matcher has a score.
    fn is_in(&self, name: Utf32Str<'_>) -> bool {
        let mut wanted = self.characters.iter().copied();
        let Some(mut next) = wanted.next() else { return true };
        let mut found = |c: char| {
            c == next && {
                let more = wanted.next();
                next = more.unwrap_or(next);
                more.is_none()
            }
        };
        match name {
            Utf32Str::Ascii(_) if !self.ascii => false,
            Utf32Str::Ascii(name) => name.iter().any(|byte| found(byte.to_ascii_lowercase().into())),
            // The accent of `İ` is all that keeps it from having a lower case.
            Utf32Str::Unicode(name) if self.plain => {
                name.iter().any(|c| found(normalize(*c).to_ascii_lowercase()))
            }
            Utf32Str::Unicode(name) => name.iter().any(|c| found(*c)),
        }
    }
}

impl Sieve {
    pub(super) fn new(all: &[Entry]) -> Self {
        let mut sieve = Self::default();
        for entry in all {
            let from = sieve.length();
            if !entry.name.is_ascii() {
                sieve.spell(&entry.name);
            }
            sieve.ranges.push((from, sieve.length()));
        }
        sieve
    }

    fn spell(&mut self, name: &str) {
        // What never joins another character is a cluster by itself.
        if name.chars().all(|c| simple_cells(c).is_some()) {
            self.characters.extend(name.chars().map(lower));
        } else {
            self.characters.extend(graphemes(name).map(lower));
        }
    }

    fn length(&self) -> u32 {
        u32::try_from(self.characters.len()).unwrap_or(u32::MAX)
    }

    /// What fits, the best first; what fits equally well stays in its order. None where nothing is looked for.
    pub(super) fn found(&self) -> Option<&[u32]> {
        (!self.wanted.is_empty()).then_some(&self.found)
    }

    /// Whether this is what was looked for last.
    pub(super) fn is_for(&self, wanted: &str) -> bool {
        self.wanted == if wanted.trim().is_empty() { "" } else { wanted }
    }

    /// Looks for something among these entries, which are places in `all`. `anew` where they are not those of the last
    /// time, or stand in another order.
    pub(super) fn look(&mut self, wanted: &str, all: &[Entry], order: &[u32], anew: bool) {
        if wanted.trim().is_empty() {
            self.wanted.clear();
            self.found = Vec::new();
            return;
        }
        // A backslash may stand for the space behind it, and then the two are not more than the one.
        let narrower = !self.wanted.is_empty() && wanted.starts_with(&self.wanted) && !wanted.contains('\\');
        let mut candidates = Vec::new();
        if narrower && !anew {
            // In the order of the list again, for those that fit equally well.
            let mut fitted = vec![false; all.len()];
            self.found.iter().for_each(|at| fitted[*at as usize] = true);
            candidates.extend(order.iter().copied().filter(|at| fitted[*at as usize]));
        }
        let candidates = if narrower && !anew { &candidates } else { order };
        let mut finder = Finder::new(wanted);
        let words = finder.words();
        let fits = |at: &u32| words.iter().all(|word| word.is_in(self.text(*at, all)));
        let mut found: Vec<u32> = candidates.iter().copied().filter(fits).collect();
        if found.len() <= MANY {
            found.sort_by_cached_key(|at| Reverse(finder.score(self.text(*at, all))));
        }
        self.found = found;
        wanted.clone_into(&mut self.wanted);
    }

    fn text<'a>(&'a self, at: u32, all: &'a [Entry]) -> Utf32Str<'a> {
        let index = at as usize;
        match self.ranges.get(index) {
            Some((from, to)) if from < to => {
                Utf32Str::Unicode(&self.characters[*from as usize..*to as usize])
            }
            Some(_) | None => Utf32Str::Ascii(all[index].name.as_bytes()),
        }
    }
}

/// As `to_lower_case`, and quicker for most characters: it looks each up in a table.
fn lower(c: char) -> char {
    match c {
        '\0'..='\x7f' => c.to_ascii_lowercase(),
        // Kana and Han have no case.
        '\u{3041}'..='\u{9fff}' => c,
        _ => to_lower_case(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::folder::tests::entry;
    use crate::wire::listing::Kind;

    /// What is found in these, by a sieve that has looked at them before or has never looked at any.
    fn found(sieve: &mut Sieve, wanted: &str, all: &[Entry]) -> Vec<String> {
        if sieve.ranges.is_empty() {
            *sieve = Sieve::new(all);
        }
        let order: Vec<u32> = (0..u32::try_from(all.len()).unwrap()).collect();
        sieve.look(wanted, all, &order, false);
        sieve.found().unwrap_or(&order).iter().map(|at| all[*at as usize].name.to_string()).collect()
    }

    fn entries(names: &[&str]) -> Vec<Entry> {
        names.iter().map(|name| entry(name, Kind::File, 1)).collect()
    }

    #[test]
    fn letters_are_found_in_their_order_and_what_stands_together_comes_first() {
        let all = entries(&["l-x-01", "lecture-01.pdf", "Lx.pdf", "other"]);
        let mut sieve = Sieve::default();
        assert_eq!(found(&mut sieve, "LX", &all), ["Lx.pdf", "l-x-01"]);
        assert_eq!(found(&mut sieve, "l01", &all), ["l-x-01", "lecture-01.pdf"]);
        assert_eq!(found(&mut sieve, "pdf lec", &all), ["lecture-01.pdf"], "words in any order");
    }

    #[test]
    fn accents_and_case_of_any_script_do_not_have_to_be_typed() {
        let all = entries(&["Résumé.doc", "ПРИВЕТ.txt", "第一讲 套接字.pdf"]);
        let mut sieve = Sieve::default();
        assert_eq!(found(&mut sieve, "resume", &all), ["Résumé.doc"]);
        assert_eq!(found(&mut sieve, "привет", &all), ["ПРИВЕТ.txt"]);
        assert_eq!(found(&mut sieve, "一套", &all), ["第一讲 套接字.pdf"]);
    }

    #[test]
    fn the_best_come_first_unless_there_are_too_many_to_be_read() {
        for (count, first) in [(MANY, "lx"), (MANY + 1, "l-x")] {
            let mut names = vec!["l-x"; count - 1];
            names.push("lx");
            assert_eq!(found(&mut Sieve::default(), "lx", &entries(&names))[0], first);
        }
    }

    #[test]
    fn what_was_found_in_a_name_is_said_by_grapheme_clusters() {
        assert_eq!(Finder::new("讲套").places("e\u{301}一讲 套接字"), [2, 4]);
        assert_eq!(Finder::new("ab b").places("xab"), [1, 2]);
        assert!(Finder::new("q").places("xab").is_empty());
    }

    proptest! {
        #[test]
        fn what_fits_is_what_the_matcher_has_a_score_for(
            name in "[aAbéÉİi讲-]{0,8}",
            wanted in "[abéÉİi讲]{1,3}( [aé讲])?",
        ) {
            let all = entries(&[&name]);
            let is_found = !found(&mut Sieve::default(), &wanted, &all).is_empty();
            let mut characters = Vec::new();
            let mut finder = Finder::new(&wanted);
            prop_assert_eq!(is_found, finder.score(Utf32Str::new(&name, &mut characters)).is_some());
        }

        #[test]
        fn letter_by_letter_the_same_is_found_as_at_once(
            names in proptest::collection::vec("[aAbé讲. ]{0,6}", 0..30),
            wanted in "[abé讲 \\\\]{0,5}",
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let all = entries(&names);
            let mut typed = Sieve::default();
            for (end, letter) in wanted.char_indices() {
                found(&mut typed, &wanted[..end + letter.len_utf8()], &all);
            }
            let mut whole = Sieve::default();
            found(&mut whole, &wanted, &all);
            prop_assert_eq!(typed.found(), whole.found());
        }
    }
}
