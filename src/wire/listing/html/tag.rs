//! The tags and attributes of HTML that say something of a list.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Anchor,
    Base,
    /// To what belongs to the page.
    Asset,
    /// The title, or a heading.
    Heading,
    /// Of a table, that names a column.
    HeaderCell,
    /// Where one row of a list ends and the next begins.
    Row,
    Style,
    Script,
    Other,
}

impl Tag {
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"a" => Self::Anchor,
            b"base" => Self::Base,
            b"link" => Self::Asset,
            b"title" | b"h1" | b"h2" | b"h3" | b"h4" => Self::Heading,
            b"th" => Self::HeaderCell,
            b"tr" | b"table" | b"li" | b"ul" | b"ol" | b"hr" | b"pre" => Self::Row,
            b"style" => Self::Style,
            b"script" => Self::Script,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    Href,
    Class,
    Title,
    Other,
}
