//! HTML tokenizer with bounded stack and memory: html5gum, fed so that no input can make it recurse.
//!
//! html5gum 0.9 goes from an attribute's value in double quotes to the next attribute by a call that returns at the end
//! of the tag only: 7,000 attributes take 2 MiB of stack. An error of its reader ends all of these calls and leaves it
//! where it was, so the reader gives one, [`Stop::Pause`], at the beginning of each value. Of a name, a value or a text
//! no more is kept than a list needs; comments are not kept at all.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Error, ForwardingEmitter, IoReader, Reader, Span, Tokenizer};
use thiserror::Error;

/// The most bytes that are kept of the name of a tag, and of one attribute, its name and its value. A name of a file
/// has at most 255 bytes, of which each takes three in a link.
const NAME_LIMIT: usize = 64;
const ATTRIBUTE_LIMIT: usize = 16 * 1024;
/// The most bytes that are kept of the text between two tags.
const TEXT_LIMIT: usize = 4096;

/// Tells `hear` the tags, attributes and texts of a page, until it answers something: that, or none at the end of the
/// page. A value that is longer than is kept ends in a NUL, which no link has.
pub(super) fn tokens<T>(
    html: impl Read,
    mut hear: impl FnMut(&CallbackEvent<'_>) -> Option<T>,
) -> io::Result<Option<T>> {
    let pause = Rc::new(Cell::new(false));
    let text_room = Rc::new(Cell::new(TEXT_LIMIT));
    let refilled = Rc::clone(&text_room);
    let mut inner = CallbackEmitter::new(move |event: CallbackEvent<'_>, _: Span<()>| {
        if matches!(event, CallbackEvent::String { .. }) {
            refilled.set(TEXT_LIMIT);
        }
        hear(&event)
    });
    // Without a tree it is not known otherwise that there are no links in a script.
    inner.naively_switch_states(true);
    let emitter = BoundedEmitter { inner, pause: Rc::clone(&pause), room: 0, text_room };
    let reader = PausingReader { inner: IoReader::new(html), pause };
    for token in Tokenizer::new_with_emitter(reader, emitter) {
        match token {
            Ok(answer) => return Ok(Some(answer)),
            Err(Stop::Pause) => {}
            Err(Stop::Broken(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// Why the tokenizer has to return.
#[derive(Debug, Error)]
enum Stop {
    /// It has to go on at once.
    #[error("a pause")]
    Pause,
    /// There are no more bytes to be had.
    #[error(transparent)]
    Broken(#[from] io::Error),
}

struct PausingReader<R: Read> {
    inner: IoReader<R>,
    pause: Rc<Cell<bool>>,
}

impl<R: Read> PausingReader<R> {
    fn pause(&self) -> Result<(), Stop> {
        if self.pause.take() { Err(Stop::Pause) } else { Ok(()) }
    }
}

impl<R: Read> Reader for PausingReader<R> {
    type Error = Stop;

    fn read_byte(&mut self) -> Result<Option<u8>, Stop> {
        self.pause()?;
        Ok(self.inner.read_byte()?)
    }

    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, Stop> {
        self.pause()?;
        Ok(self.inner.try_read_string(text, case_sensitive)?)
    }

    fn read_until<'b>(
        &'b mut self,
        needle: &[u8],
        buffer: &'b mut [u8; 4],
    ) -> Result<Option<&'b [u8]>, Stop> {
        self.pause()?;
        Ok(self.inner.read_until(needle, buffer)?)
    }
}

/// Hands on what has room.
struct BoundedEmitter<I> {
    inner: I,
    /// The next read has to be a pause.
    pause: Rc<Cell<bool>>,
    /// Bytes that may come yet of the tag's name, or of the attribute.
    room: usize,
    /// Bytes that may come yet of the text.
    text_room: Rc<Cell<usize>>,
}

impl<I: html5gum::Emitter> ForwardingEmitter for BoundedEmitter<I> {
    type Token = I::Token;

    fn inner(&mut self) -> &mut impl html5gum::Emitter<Token = Self::Token> {
        &mut self.inner
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_error(&mut self, _: Error) {}

    fn emit_string(&mut self, text: &[u8]) {
        let room = self.text_room.get();
        let text = &text[..text.len().min(room)];
        self.text_room.set(room - text.len());
        self.inner.emit_string(text);
    }

    fn init_start_tag(&mut self) {
        self.room = NAME_LIMIT;
        self.inner.init_start_tag();
    }

    fn init_end_tag(&mut self) {
        self.room = NAME_LIMIT;
        self.inner.init_end_tag();
    }

    fn push_tag_name(&mut self, name: &[u8]) {
        let name = &name[..name.len().min(self.room)];
        self.room -= name.len();
        self.inner.push_tag_name(name);
    }

    fn init_attribute(&mut self) {
        self.room = ATTRIBUTE_LIMIT;
        self.inner.init_attribute();
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        let name = &name[..name.len().min(self.room)];
        self.room -= name.len();
        self.inner.push_attribute_name(name);
    }

    fn init_attribute_value(&mut self) {
        self.pause.set(true);
        self.inner.init_attribute_value();
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        if value.len() <= self.room {
            self.room -= value.len();
            self.inner.push_attribute_value(value);
        } else if self.room > 0 {
            self.room = 0;
            self.inner.push_attribute_value(b"\0");
        }
    }

    fn push_comment(&mut self, _: &[u8]) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An event, where it is one that lists are made of.
    fn said(event: &CallbackEvent<'_>) -> Option<String> {
        let (what, said) = match *event {
            CallbackEvent::OpenStartTag { name } => ("start", name),
            CallbackEvent::AttributeName { name } => ("attribute", name),
            CallbackEvent::AttributeValue { value } => ("value", value),
            CallbackEvent::CloseStartTag { .. } => ("close", &b""[..]),
            CallbackEvent::EndTag { name } => ("end", name),
            CallbackEvent::String { value } => ("text", value),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {
                return None;
            }
        };
        Some(format!("{what} {}", said.escape_ascii()))
    }

    /// All that is heard of a page, which comes in pieces of so many bytes.
    fn heard(html: &[u8], piece: usize) -> Vec<String> {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let most = buffer.len().min(self.1);
                self.0.read(&mut buffer[..most])
            }
        }
        let mut heard = Vec::new();
        let end = tokens(Pieces(html, piece), |event| {
            heard.extend(said(event));
            None::<()>
        });
        assert!(matches!(end, Ok(None)));
        heard
    }

    /// The same without pauses and limits.
    fn unguarded(html: &[u8]) -> Vec<String> {
        let mut heard = Vec::new();
        let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| {
            heard.extend(said(&event));
            None::<()>
        });
        emitter.naively_switch_states(true);
        assert!(Tokenizer::new_with_emitter(html, emitter).next().is_none());
        heard
    }

    fn page() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            "<a ",
            "<",
            "</a>",
            "</",
            ">",
            "/",
            "/>",
            " ",
            "\n",
            "\r",
            "\r\n",
            "=",
            "\"",
            "'",
            "b=\"c\"",
            "b='c'",
            "b=c",
            "b=\"",
            " href=",
            "&",
            "&amp;",
            "&amp",
            "&#x2f;",
            "&#",
            "&notit;",
            "<!--",
            "-->",
            "--!>",
            "<!doctype html>",
            "<!DOCTYPE a PUBLIC \"b\" 'c'>",
            "<![CDATA[",
            "]]>",
            "<?",
            "<script>",
            "</script>",
            "<!--<script>",
            "<title>",
            "</title>",
            "<textarea>",
            "<plaintext>",
            "\0",
            "x",
            "é",
            "B",
        ]);
        let piece = prop_oneof![
            8 => piece.prop_map(|piece| piece.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_page_is_heard_as_without_pauses_however_it_comes(html in page()) {
            let expected = unguarded(&html);
            for piece in [1, 3, usize::MAX] {
                prop_assert_eq!(&heard(&html, piece), &expected);
            }
        }
    }

    #[test]
    fn no_more_is_kept_of_a_page_than_a_list_needs() {
        let long = "x".repeat(1 << 20);
        let html =
            format!("<{long} {long}='{long}'>{long}</{long}><!--{long}--><a href='{long}'><!doctype {long}>");
        let heard = heard(html.as_bytes(), usize::MAX);
        let longest = heard.iter().map(String::len).max();
        assert!(longest.is_some_and(|longest| longest < ATTRIBUTE_LIMIT + 100), "{longest:?} bytes");
        assert!(heard.iter().any(|event| event.ends_with("\\x00")), "a value that is cut is no name");
    }
}
