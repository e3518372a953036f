//! Bytes from a terminal, as events: puts together what was read in parts, and takes apart what was read at once. Owns
//! where one thing ends and the next begins; what each means is termina's to say. Must never wait without end for the
//! rest of something, nor keep more than [`PASTE_LIMIT`] bytes of it.
//!
//! A byte that cannot belong to what has begun (ECMA-48, section 5.4) ends it: that much is dropped, and the byte
//! begins something new.

use std::collections::VecDeque;
use std::time::Duration;

use termina::Parser;

use super::meaning;
use crate::event::Event;

/// The most bytes of one paste. More than any text of ours may have, so that one that was cut here is refused as a
/// whole by whoever gets it.
pub const PASTE_LIMIT: usize = 1 << 20;
/// The most bytes of one sequence; the longest that means anything to us has about thirty.
const SEQUENCE_LIMIT: usize = 4096;
/// What could be a key by itself is one when nothing has followed for so long. Escape must not feel slow.
const KEY_PAUSE: Duration = Duration::from_millis(50);
/// What can only be a part is waited for so long, and so is more of a paste.
const PART_PAUSE: Duration = Duration::from_secs(1);

const ESC: u8 = 0x1B;
const PASTE: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What has come, as far as it is not an event yet.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The beginning of a sequence or of a character.
    begun: Vec<u8>,
    paste: Option<Paste>,
    parser: Parser,
}

/// How far the first thing among some bytes goes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Its end is still to come.
    Open,
    /// It is whole.
    Whole(usize),
    /// It is of no use.
    Foreign(usize),
}

impl First {
    /// The same, so many bytes further on.
    fn after(self, more: usize) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Whole(length) => Self::Whole(length + more),
            Self::Foreign(length) => Self::Foreign(length + more),
        }
    }
}

impl Decoder {
    /// Takes in what was read.
    pub(super) fn take_in(&mut self, bytes: &[u8], out: &mut VecDeque<Event>) {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            bytes = match &mut self.paste {
                Some(paste) => match paste.take_in(bytes) {
                    Some(rest) => {
                        self.end_paste(out);
                        rest
                    }
                    None => return,
                },
                None => self.take_in_typed(bytes, out),
            };
        }
    }

    /// Takes in what is no paste, up to the beginning of one; what follows that is given back.
    fn take_in_typed<'a>(&mut self, bytes: &'a [u8], out: &mut VecDeque<Event>) -> &'a [u8] {
        let known = self.begun.len();
        self.begun.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.begun);
        let mut at = 0;
        while at < all.len() {
            let rest = &all[at..];
            match first(&rest[..rest.len().min(SEQUENCE_LIMIT)]) {
                First::Open if rest.len() >= SEQUENCE_LIMIT => at += SEQUENCE_LIMIT,
                First::Open => {
                    self.begun = rest.to_vec();
                    break;
                }
                First::Foreign(length) => at += length,
                First::Whole(length) => {
                    at += length;
                    if rest.starts_with(PASTE) {
                        self.paste = Some(Paste::default());
                        return &bytes[at - known..];
                    }
                    self.whole(&rest[..length], out);
                }
            }
        }
        &[]
    }

    /// How long the rest of what has begun is waited for; none where nothing has.
    pub(super) fn patience(&self) -> Option<Duration> {
        match (&self.paste, self.begun.as_slice()) {
            (None, []) => None,
            (None, [ESC] | [ESC, _] | [ESC, ESC, _]) => Some(KEY_PAUSE),
            (Some(_) | None, _) => Some(PART_PAUSE),
        }
    }

    /// Nothing more came: what has come is all of a paste, or a key, or of no use.
    pub(super) fn settle(&mut self, out: &mut VecDeque<Event>) {
        self.end_paste(out);
        let begun = std::mem::take(&mut self.begun);
        let keys: &[&[u8]] = match begun.as_slice() {
            [ESC] | [ESC, 0x20..=0x7E] => &[&begun],
            [ESC, ESC] | [ESC, ESC, 0x20..=0x7E] => &[&begun[..1], &begun[1..]],
            _ => &[],
        };
        for key in keys {
            self.whole(key, out);
        }
    }

    fn end_paste(&mut self, out: &mut VecDeque<Event>) {
        if let Some(paste) = self.paste.take() {
            out.push_back(Event::Paste(paste.text()));
        }
    }

    /// What this means, if it means anything.
    fn whole(&mut self, bytes: &[u8], out: &mut VecDeque<Event>) {
        // Escape before a key is how a terminal says Alt; `ESC [` is a key only where nothing follows it.
        let alt = match bytes {
            [ESC, b'[' | b'O', _, ..] | [ESC] => false,
            [first, ..] => *first == ESC,
            [] => return,
        };
        self.parser.parse(&bytes[usize::from(alt)..], false);
        match self.parser.pop() {
            Some(seen) => out.extend(meaning::event(&seen, alt)),
            // It keeps what it does not know, and waits for more of it.
            None => self.parser = Parser::default(),
        }
    }
}

/// The first thing among these bytes.
fn first(bytes: &[u8]) -> First {
    match bytes {
        [] | [ESC] | [ESC, ESC] => First::Open,
        // Alt and a key that is a sequence itself.
        [ESC, ESC, b'[' | b'O', ..] => first(&bytes[1..]).after(1),
        [ESC, ESC, ..] => First::Whole(1),
        [ESC, b'[', rest @ ..] => key_or(control(rest).after(2)),
        [ESC, b'O', rest @ ..] => key_or(single(rest).after(2)),
        [ESC, b']' | b'P' | b'X' | b'^' | b'_', rest @ ..] => key_or(string(rest).after(2)),
        [ESC, rest @ ..] => first(rest).after(1),
        [0x80..=0xFF, ..] => character(bytes),
        [_, ..] => First::Whole(1),
    }
}

/// Two bytes that begin a sequence are a key with Alt where no sequence follows.
fn key_or(first: First) -> First {
    if first == First::Foreign(2) { First::Whole(2) } else { first }
}

/// A control sequence (ECMA-48, section 5.4), or what some terminals send in its place.
fn control(bytes: &[u8]) -> First {
    match bytes {
        // The Linux console's F1 to F5.
        [b'['] => First::Open,
        [b'[', ..] => First::Whole(2),
        // The mouse of a terminal that knows only the first form: button, column and row in a byte each.
        [b'M', ..] if bytes.len() < 4 => First::Open,
        [b'M', ..] => First::Whole(4),
        _ => sequence(bytes),
    }
}

/// A single function (SS3): one byte. Some terminals put parameters before it, which nobody agrees on.
fn single(bytes: &[u8]) -> First {
    let first = sequence(bytes);
    if let First::Whole(length @ 2..) = first { First::Foreign(length) } else { first }
}

/// Parameters, and the byte that ends them. Answers and private sequences mean nothing to us.
fn sequence(bytes: &[u8]) -> First {
    let end = match bytes.iter().position(|byte| !matches!(byte, 0x20..=0x3F)) {
        None => return First::Open,
        Some(end) if matches!(bytes[end], 0x40..=0x7E) => end,
        Some(end) => return First::Foreign(end),
    };
    match &bytes[..end] {
        [] => First::Whole(1),
        [b'0'..=b'9' | b'<', rest @ ..] if rest.iter().all(|byte| matches!(byte, b'0'..=b';')) => {
            First::Whole(end + 1)
        }
        _ => First::Foreign(end + 1),
    }
}

/// A string that a terminal answers with. We ask nothing, so none means anything.
fn string(bytes: &[u8]) -> First {
    const BEL: u8 = 0x07;
    const CAN: u8 = 0x18;
    const SUB: u8 = 0x1A;
    match bytes.iter().position(|byte| matches!(*byte, BEL | CAN | SUB | ESC)) {
        None => First::Open,
        Some(end) if bytes[end] != ESC => First::Foreign(end + 1),
        Some(end) => match bytes.get(end + 1) {
            None => First::Open,
            Some(b'\\') => First::Foreign(end + 2),
            Some(_) => First::Foreign(end),
        },
    }
}

/// A character (RFC 3629).
fn character(bytes: &[u8]) -> First {
    let head = &bytes[..bytes.len().min(4)];
    let (valid, invalid) = match str::from_utf8(head) {
        Ok(valid) => (valid, None),
        Err(error) => (str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(), error.error_len()),
    };
    match (valid.chars().next(), invalid) {
        (Some(first), _) => First::Whole(first.len_utf8()),
        (None, Some(invalid)) => First::Foreign(invalid),
        (None, None) => First::Open,
    }
}

/// What was pasted so far, bracketed as xterm does (mode 2004).
#[derive(Debug, Default)]
struct Paste {
    /// The first [`PASTE_LIMIT`] bytes.
    text: Vec<u8>,
    /// All bytes that came.
    length: usize,
    /// So many of them at the end are the beginning of [`PASTE_END`].
    ending: usize,
}

impl Paste {
    /// Takes in what was read, up to the end of the paste; what follows that is given back.
    fn take_in<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        for (at, byte) in bytes.iter().enumerate() {
            self.length += 1;
            if self.text.len() < PASTE_LIMIT {
                self.text.push(*byte);
            }
            self.ending =
                if *byte == PASTE_END[self.ending] { self.ending + 1 } else { usize::from(*byte == ESC) };
            if self.ending == PASTE_END.len() {
                return Some(&bytes[at + 1..]);
            }
        }
        None
    }

    fn text(mut self) -> String {
        self.text.truncate(self.length - self.ending);
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Key;

    /// What these reads amount to, when each of them but the last is followed at once by the next.
    fn read(reads: &[&[u8]]) -> Vec<String> {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        for bytes in reads {
            decoder.take_in(bytes, &mut events);
        }
        decoder.settle(&mut events);
        assert_eq!(decoder.patience(), None, "nothing is waited for in the end");
        events.iter().map(named).collect()
    }

    fn named(event: &Event) -> String {
        if let Event::Key(key) = event {
            return key.to_string();
        }
        format!("{event:?}")
    }

    #[test]
    fn what_is_read_in_two_parts_is_what_is_read_at_once() {
        for (bytes, expected) in [
            ("a你👍".as_bytes(), &["A", "你", "👍"][..]),
            (b"\x1b[A\x1bOB\x1b[1;5C\x1b[3~", &["Up", "Down", "Ctrl+Right", "Delete"]),
            (b"\x1bb\x1b\r\x1b\x7f\x1b[1;3A", &["Alt+B", "Alt+Enter", "Alt+Backspace", "Alt+Up"]),
            ("\x1b你x".as_bytes(), &["Alt+你", "X"]),
            (b"\x1b\x1b[A\x1b\x1bOBx", &["Alt+Up", "Alt+Down", "X"]),
            (b"\x1bOR\x1b[15~\x1b[[Ax\x1b[24~", &["F3", "F5", "F1", "X", "F12"]),
            (
                b"\x1b[Z\x11\x00\x1f\x7f\t\r",
                &["Shift+Tab", "Ctrl+Q", "Ctrl+Space", "Ctrl+7", "Backspace", "Tab", "Enter"],
            ),
            (
                b"\x1b[<0;8;4Mx\x1b[M !!y",
                &[
                    "Mouse(Mouse { action: Press, column: 7, row: 3 })",
                    "X",
                    "Mouse(Mouse { action: Press, column: 0, row: 0 })",
                    "Y",
                ],
            ),
            (b"\x1b[I\x1b[O", &["Focused(true)", "Focused(false)"]),
            (b"\x1b[97;5ux", &["Ctrl+A", "X"]),
            (
                "a\x1b[200~你\r\x1b[A\x1b[201\x1b[201~b".as_bytes(),
                &["A", "Paste(\"你\\r\\u{1b}[A\\u{1b}[201\")", "B"],
            ),
            (b"\x1b[200~\x1b[201~\x1b[200~\xff\x1b[201~", &["Paste(\"\")", "Paste(\"\u{fffd}\")"]),
        ] {
            for at in 0..=bytes.len() {
                let (before, after) = bytes.split_at(at);
                assert_eq!(
                    read(&[before, after]),
                    expected,
                    "{:?} and {:?}",
                    before.escape_ascii(),
                    after.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn what_means_nothing_is_dropped_and_what_follows_it_is_not() {
        for garbage in [
            &b"\x1b[>1;2c"[..],
            b"\x1b[?1;2c",
            b"\x1b[?2026$y",
            b"\x1b[99999~",
            b"\x1b[!p",
            b"\x1b[1;5",
            b"\x1b[201~",
            b"\x1b]11;rgb:0000/0000/0000\x1b\\",
            b"\x1b]52;c;aGFja2Vk\x07",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b_Gi=31;OK\x1b\\",
            b"\x1bP cut off",
            b"\x1bOj",
            b"\x1bO5P",
            b"\xff\xc0\x80",
            b"\xe4\xbd",
            b"\xf0\x9f\x91",
        ] {
            for next in ["\x1b[A", "\x1bOA"] {
                let bytes = [garbage, next.as_bytes(), b"x"].concat();
                for at in 0..=bytes.len() {
                    let (before, after) = bytes.split_at(at);
                    assert_eq!(read(&[before, after]), ["Up", "X"], "{}, cut at {at}", bytes.escape_ascii());
                }
            }
        }
        assert_eq!(read(&[b"\x1b\x1bx"]), ["Esc", "Alt+X"]);
        assert_eq!(read(&[b"\x1b[\x1b[A"]), ["Alt+[", "Up"]);
        assert_eq!(read(&[b"\x1bO\r"]), ["Alt+Shift+O", "Enter"]);
        assert_eq!(read(&["\x1b[1;5你".as_bytes()]), ["你"]);
        assert_eq!(read(&[b"\xe4\xbdx"]), ["X"]);
        assert_eq!(read(&[b"\x1b[1;5\r"]), ["Enter"]);
        for at in 0..=5 {
            let (before, after) = b"\x1b[;0~".split_at(at);
            assert_eq!(read(&[before, after]), [] as [String; 0], "cut at {at}");
        }
    }

    #[test]
    fn what_could_be_a_key_is_one_when_nothing_follows() {
        for (bytes, expected) in [
            (&b"\x1b"[..], &["Esc"][..]),
            (b"\x1b\x1b", &["Esc", "Esc"]),
            (b"\x1b\x1b\x1b", &["Esc", "Esc", "Esc"]),
            (b"\x1b[", &["Alt+["]),
            (b"\x1bO", &["Alt+Shift+O"]),
            (b"\x1bP", &["Alt+Shift+P"]),
            (b"\x1b]", &["Alt+]"]),
            (b"\x1b\x1b[", &["Esc", "Alt+["]),
            (b"\x1b[1", &[]),
            (b"\x1b]0;cut off", &[]),
            (b"\xe4\xbd", &[]),
        ] {
            let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
            decoder.take_in(bytes, &mut events);
            let key = !expected.is_empty();
            assert_eq!(
                decoder.patience(),
                Some(if key { KEY_PAUSE } else { PART_PAUSE }),
                "{}",
                bytes.escape_ascii()
            );
            assert_eq!(read(&[bytes]), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_paste_without_an_end_ends_by_itself_and_keys_follow() {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.take_in(b"\x1b[200~hello\x1b[20", &mut events);
        assert_eq!(decoder.patience(), Some(PART_PAUSE));
        assert!(events.is_empty());
        decoder.settle(&mut events);
        decoder.take_in(b"x\x1b[201~y", &mut events);
        assert_eq!(events.iter().map(named).collect::<Vec<_>>(), ["Paste(\"hello\")", "X", "Y"]);
    }

    #[test]
    fn no_paste_takes_more_memory_than_its_limit() {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.take_in(PASTE, &mut events);
        for _ in 0..=PASTE_LIMIT / 1000 {
            decoder.take_in(&[b'x'; 1000], &mut events);
            let paste = decoder.paste.as_ref().unwrap();
            assert!(paste.text.capacity() <= 2 * PASTE_LIMIT && decoder.begun.is_empty());
        }
        decoder.take_in(PASTE_END, &mut events);
        assert!(matches!(events.pop_front(), Some(Event::Paste(text)) if text.len() == PASTE_LIMIT));
        let exactly = [PASTE, &vec![b'x'; PASTE_LIMIT], PASTE_END].concat();
        decoder.take_in(&exactly, &mut events);
        assert!(matches!(events.pop_front(), Some(Event::Paste(text)) if text == "x".repeat(PASTE_LIMIT)));
    }

    #[test]
    fn no_sequence_takes_more_memory_than_its_limit() {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.take_in(b"\x1b]", &mut events);
        for _ in 0..SEQUENCE_LIMIT {
            decoder.take_in(b"0", &mut events);
            assert!(decoder.begun.len() <= SEQUENCE_LIMIT);
        }
        assert!(!events.is_empty(), "then it is no sequence");
    }

    /// Bytes as a terminal could send them, and as none would.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            any::<u8>().prop_map(|byte| vec![byte]),
            Just(vec![ESC]),
            Just(PASTE.to_vec()),
            Just(PASTE_END.to_vec()),
            "\\x1b\\[[0-9;<?]{0,5}[A-Za-z~$]".prop_map(String::into_bytes),
            "\\PC".prop_map(String::into_bytes),
        ];
        proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn whatever_comes_means_the_same_however_it_is_cut(bytes in bytes(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8)) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let parts: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&parts), read(&[&bytes]));
        }

        #[test]
        fn no_garbage_takes_a_key_away_that_comes_after_a_pause(bytes in bytes()) {
            let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
            decoder.take_in(&bytes, &mut events);
            decoder.settle(&mut events);
            events.clear();
            decoder.take_in(b"x", &mut events);
            let typed: Vec<_> = events.iter().map(named).collect();
            prop_assert_eq!(typed, ["X"]);
            let key: Key = "x".parse().unwrap();
            prop_assert!(matches!(events.pop_front(), Some(Event::Key(typed)) if typed == key));
        }
    }
}
