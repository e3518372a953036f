//! Finding the entries of a folder whose names have what is typed in them: its characters in their order, whatever stands
//! between. Owns what fits and how well; never what is shown of it.

use nucleo_matcher::chars::graphemes;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::wire::listing::Entry;

/// What fits what was typed last, so that the next letter needs to be looked for only there.
#[derive(Debug, Clone, Default)]
pub(super) struct Sieve {
    wanted: String,
    /// Places in `entries`, the best first.
    found: Vec<u32>,
    /// The names that are not ASCII, character by character as they are matched, and where each begins and ends.
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
}

impl Sieve {
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
        self.spell(all);
        // A backslash may stand for the space behind it, and then the two are not more than the one.
        let narrower = !self.wanted.is_empty() && wanted.starts_with(&self.wanted) && !wanted.contains('\\');
        let narrower = narrower && !anew;
        let mut finder = Finder::new(wanted);
        let mut scored: Vec<u64> = Vec::new();
        let mut place = vec![];
        if narrower {
            // Where each of them stands in the order, for those that fit equally well.
            place = vec![0; all.len()];
            (0..).zip(order).for_each(|(nth, at)| place[*at as usize] = nth);
        }
        let candidates: &[u32] = if narrower { &self.found } else { order };
        for (nth, at) in (0_u32..).zip(candidates) {
            let index = *at as usize;
            let text = match self.ranges.get(index) {
                Some((from, to)) if from < to => {
                    Utf32Str::Unicode(&self.characters[*from as usize..*to as usize])
                }
                Some(_) | None => Utf32Str::Ascii(all[index].name.as_bytes()),
            };
            if let Some(score) = finder.pattern.score(text, &mut finder.matcher) {
                let nth = place.get(index).copied().unwrap_or(nth);
                scored.push(u64::from(u32::MAX - score) << 32 | u64::from(nth));
            }
        }
        scored.sort_unstable();
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
        let nth = |score: u64| score as u32;
        self.found = scored.into_iter().map(|score| order[nth(score) as usize]).collect();
        wanted.clone_into(&mut self.wanted);
    }

    /// Takes the names apart once: to do so for each key takes longer than all the rest.
    fn spell(&mut self, all: &[Entry]) {
        if !self.ranges.is_empty() {
            return;
        }
        let length = |characters: &[char]| u32::try_from(characters.len()).unwrap_or(u32::MAX);
        for entry in all {
            let from = length(&self.characters);
            if !entry.name.is_ascii() {
                self.characters.extend(graphemes(&entry.name));
            }
            self.ranges.push((from, length(&self.characters)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::folder::tests::entry;
    use crate::wire::listing::Kind;

    fn found(sieve: &mut Sieve, wanted: &str, all: &[Entry]) -> Vec<String> {
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
    fn what_was_found_in_a_name_is_said_by_grapheme_clusters() {
        assert_eq!(Finder::new("讲套").places("e\u{301}一讲 套接字"), [2, 4]);
        assert_eq!(Finder::new("ab b").places("xab"), [1, 2]);
        assert!(Finder::new("q").places("xab").is_empty());
    }

    proptest! {
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
