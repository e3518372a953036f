//! What is seen of a file before it is downloaded.

use jiff::Timestamp;

use crate::text::Clean;
use crate::wire::Raw;

/// The beginning of a file, as it can be shown.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What the server says it is (RFC 9110, section 8.3).
    pub media_type: Option<Clean>,
    /// Its length in bytes, where that is known.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// Whether this is all of it.
    pub is_whole: bool,
    /// What it turned out to be.
    pub content: Content,
}

/// What the bytes of a file turned out to be.
#[derive(Debug, Clone)]
pub enum Content {
    /// A text, and the language that it is written in, where that is known.
    Text(Vec<TextLine>, Option<Clean>),
    /// A picture, its format, and how many pixels it is wide and high. Its first bytes.
    Picture(Clean, (usize, usize), Raw),
    /// An archive, its format, and what is in it.
    Archive(Clean, Vec<Packed>, Listed),
    /// Something whose beginning says what it is: its format. Its first bytes.
    Known(Clean, Raw),
    /// Something else: its first bytes.
    Other(Raw),
}

/// A line of a text, with what its pieces are: each up to this byte offset.
#[derive(Debug, Clone, Default)]
pub struct TextLine {
    /// The line.
    pub text: Clean,
    /// Its pieces, in order; what is behind the last is plain.
    pub pieces: Vec<(usize, Paint)>,
}

/// What a piece of a program's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Nothing in particular.
    Plain,
    /// A comment.
    Comment,
    /// A word of the language.
    Keyword,
    /// A text within the text.
    Literal,
    /// A number, or another constant.
    Constant,
    /// The name of a function, a type, a section.
    Name,
}

/// How much of what is in an archive is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// All that is in it.
    Whole,
    /// No more than was read of it, or than is shown.
    Beginning,
}

/// A file or a folder in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Its name; that of a folder ends with a slash.
    pub name: Clean,
    /// Its length in bytes, unpacked.
    pub size: Option<u64>,
}

impl Packed {
    /// Whether it is a file, and no folder.
    #[must_use]
    pub fn is_file(&self) -> bool {
        !self.name.ends_with('/')
    }
}
