//! What a page says of itself by what is in it: whether it is a list, an empty one too, and whether folders are marked in it.
//! Must never take a page for an empty list on which there is anything else.

use super::heading::Heading;

/// Bytes of the words outside of headings that are looked at.
const WORDS_LIMIT: usize = 200;
/// What lists say where there is nothing in them, in lower case.
const NOTHING: [&str; 8] =
    ["empty", "no files", "no items", "no entries", "nothing here", "0 items", "0 files", "total 0"];

/// What a page says of itself.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each sign is there or not, whatever the others are")]
pub(super) struct Signs {
    /// It is the list of its folder.
    pub(super) is_list: bool,
    /// Folders in it can be told from files.
    pub(super) marks_folders: bool,
    /// It sets the base of its links to its folder.
    pub(super) has_own_base: bool,
    /// There is something in it to be seen, or to be run.
    pub(super) has_content: bool,
    /// A program is in it, which may show anything.
    pub(super) has_script: bool,
    /// A heading has the words of a list, of whatever folder.
    has_list_heading: bool,
    /// There is a list, a table or a text in columns.
    pub(super) has_rows: bool,
    /// There is a link to something that is neither in the folder nor around it.
    pub(super) leads_elsewhere: bool,
    /// Links that are called by the name of what they lead to, and others.
    pub(super) named: usize,
    pub(super) prose: usize,
    /// What is to be seen outside of headings and links.
    words: Vec<u8>,
}

impl Signs {
    pub(super) fn heading(&mut self, heading: Heading) {
        self.is_list |= heading.names_folder;
        self.marks_folders |= heading.marks_folders;
        self.has_list_heading |= heading.has_words_of_list;
    }

    pub(super) fn words(&mut self, text: &[u8]) {
        let room = WORDS_LIMIT.saturating_sub(self.words.len());
        self.words.extend(text.trim_ascii().iter().take(room));
    }

    pub(super) fn link(&mut self, is_named: bool) {
        *(if is_named { &mut self.named } else { &mut self.prose }) += 1;
    }

    /// Whether most of its links are called by names.
    pub(super) fn is_named(&self) -> bool {
        self.named > self.prose
    }

    /// Whether a page without entries is a list in which there is nothing.
    pub(super) fn is_empty_list(&self) -> bool {
        let words = String::from_utf8_lossy(&self.words).to_ascii_lowercase();
        let says_nothing = words.is_empty() || NOTHING.iter().any(|nothing| words.contains(nothing));
        let has_no_more = !self.has_script && !self.leads_elsewhere && says_nothing;
        self.has_own_base && !self.has_content || has_no_more && (self.has_list_heading || self.has_rows)
    }
}
