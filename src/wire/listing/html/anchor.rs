//! A link of a page, with what the page says of that to which it leads: by the link's text, class and title, and behind it.

use jiff::Timestamp;

use super::beside;
use crate::wire::listing::Kind;

/// Bytes beside a link that are looked at for a size and a time.
const BESIDE_LIMIT: usize = 256;
/// Bytes of a link's text that are looked at: a name of 255 bytes, and what may stand around it.
const TEXT_LIMIT: usize = 2048;
/// A name that is cut off without saying so has at least so many bytes.
const CUT_NAME: usize = 16;
/// Classes that links to folders have: those of serve, serve-index and pages like theirs.
const FOLDER_CLASSES: [&[u8]; 5] = [b"directory", b"dir", b"folder", b"icon-directory", b"icon-folder"];

/// Where a link leads.
pub(super) enum Target {
    /// To something in the folder.
    Entry { raw: Vec<u8>, kind: Kind },
    /// To the folder around it.
    Parent,
    /// To something that has no path of its own: its query.
    Query(String),
    /// To something that would be in the folder if the page was.
    Relative(Vec<u8>),
}

/// How a list calls its link to the folder around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// As file systems do: `..`.
    InDots,
    /// `Parent Directory`.
    InWords,
}

/// A link.
pub(super) struct Anchor {
    pub(super) target: Target,
    title: Vec<u8>,
    text: Vec<u8>,
    /// Where the first tag in the text stands that has something in front of it.
    first: Option<usize>,
    /// The text behind it, once the link itself has ended.
    beside: Option<Vec<u8>>,
}

impl Anchor {
    pub(super) fn new(target: Target) -> Self {
        Self { target, title: Vec::new(), text: Vec::new(), first: None, beside: None }
    }

    /// With the classes and the title that it has.
    pub(super) fn called(mut self, class: &[u8], title: &[u8]) -> Self {
        let is_folder = class.split(u8::is_ascii_whitespace).any(|class| FOLDER_CLASSES.contains(&class));
        if let Target::Entry { kind, .. } = &mut self.target
            && is_folder
        {
            *kind = Kind::Dir;
        }
        title.clone_into(&mut self.title);
        self
    }

    /// What is said from now on stands behind it.
    pub(super) fn ends(&mut self) {
        if self.beside.is_none() {
            self.beside = Some(Vec::new());
            self.look_at_text();
        }
    }

    /// Another tag: between two words.
    pub(super) fn divide(&mut self) {
        if self.beside.is_none() && !self.text.trim_ascii().is_empty() {
            self.first.get_or_insert(self.text.len());
        }
        self.text(b" ");
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        let (kept, limit) = match &mut self.beside {
            Some(beside) => (beside, BESIDE_LIMIT),
            None => (&mut self.text, TEXT_LIMIT),
        };
        let room = limit.saturating_sub(kept.len());
        kept.extend(text.iter().take(room));
    }

    /// A name with a slash behind it is a folder's.
    fn look_at_text(&mut self) {
        let is_marked = self.texts().any(|text| {
            let Some(raw) = self.raw() else { return false };
            text.strip_suffix(b"/").is_some_and(|name| name == trimmed(raw))
        });
        if let Target::Entry { kind, .. } = &mut self.target
            && is_marked
        {
            *kind = Kind::Dir;
        }
    }

    /// What may be the name in what is shown: all, the beginning, or the title.
    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let first = self.first.map(|end| &self.text[..end]);
        [Some(&self.text[..]), first, Some(&self.title[..])].into_iter().flatten().map(trimmed)
    }

    fn raw(&self) -> Option<&[u8]> {
        match &self.target {
            Target::Entry { raw, .. } | Target::Relative(raw) => Some(raw),
            Target::Parent | Target::Query(_) => None,
        }
    }

    /// What it names, where only its query says what that is.
    pub(super) fn unnamed(&self) -> Option<Vec<u8>> {
        let Target::Query(query) = &self.target else { return None };
        super::query::name(query, &self.text)
    }

    /// Whether it is called by the name of that to which it leads, as links in lists are, be it cut off, or with more
    /// around it.
    pub(super) fn is_named(&self) -> bool {
        let Some(raw) = self.raw() else { return false };
        let raw = trimmed(raw);
        self.texts().any(|text| {
            let text = text.strip_suffix(b"/").unwrap_or(text);
            let marked = ["..>", "...", "\u{2026}"].iter().find_map(|end| text.strip_suffix(end.as_bytes()));
            let (cut, least) = marked.map_or((text, CUT_NAME), |cut| (cut, 1));
            let (text, name) = (String::from_utf8_lossy(text), String::from_utf8_lossy(raw));
            text == name
                || cut.len() >= least && raw.starts_with(cut)
                || text.split_whitespace().any(|word| word.trim_end_matches('/') == name)
        })
    }

    /// Whether it is what lists call their link to the folder around them.
    pub(super) fn says_parent(&self) -> Option<Parent> {
        let text = String::from_utf8_lossy(&self.text).to_ascii_lowercase();
        let words: Vec<_> = text.split_whitespace().collect();
        match words.join(" ").trim_matches(['[', ']', '(', ')']).trim_end_matches('/') {
            ".." => Some(Parent::InDots),
            "parent directory" | "to parent directory" | "parent folder" | "up to higher level directory" => {
                Some(Parent::InWords)
            }
            _ => None,
        }
    }

    /// The size and the time that stand behind it, as far as they are exact.
    pub(super) fn facts(&self) -> (Option<u64>, Option<Timestamp>) {
        let beside = String::from_utf8_lossy(self.beside.as_deref().unwrap_or_default());
        let words: Vec<_> = beside.split_whitespace().collect();
        let is_folder = matches!(self.target, Target::Entry { kind: Kind::Dir, .. });
        (beside::size(&words).filter(|_| !is_folder), beside::time(&words))
    }
}

/// Without the space at its ends, also that which does not break.
fn trimmed(text: &[u8]) -> &[u8] {
    let mut text = text.trim_ascii();
    while let Some(shorter) = text.strip_suffix("\u{a0}".as_bytes()) {
        text = shorter.trim_ascii();
    }
    text
}
