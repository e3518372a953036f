//! The forms in which lists come, by media type or, where that says nothing, by how the content begins.

use crate::wire::webpage::is_html;

/// A form in which a list may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON (RFC 8259).
    Json,
    /// HTML, and XHTML as if it was.
    Html,
}

impl Form {
    /// What a `Content-Type` says; none where that is no list for sure, and need not be read.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match &*essence.to_ascii_lowercase() {
            "application/json" => Some(Self::Json),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            _ => None,
        }
    }

    /// Whether an answer of this type, or of none, may be HTML all the same, which is known by how it begins.
    #[must_use]
    pub fn is_sniffed(media_type: Option<&str>) -> bool {
        let essence = media_type.map(|media_type| media_type.split(';').next().unwrap_or_default().trim());
        let essence = essence.map(str::to_ascii_lowercase);
        matches!(
            essence.as_deref(),
            None | Some("" | "text/plain" | "application/octet-stream" | "text/xml" | "application/xml")
        )
    }

    /// The form of an answer that begins so.
    #[must_use]
    pub fn sniff(beginning: &[u8]) -> Option<Self> {
        is_html(beginning).then_some(Self::Html)
    }
}
