//! What must hold of every list, in whichever form it came.

use std::collections::HashSet;

use hobnob::text::clean_line;
use hobnob::wire::listing::{ENTRY_LIMIT, Form, Kind, Role, read as read_list};
use hobnob::wire::source::Source;

/// A folder, one with more to its name, and what need not be a folder.
const PAGES: [&str; 3] = ["http://box/", "http://box/a%20b/?C=N;O=D", "http://box/a.html"];

pub fn read(form: Form, content: &[u8]) {
    for url in PAGES {
        let page = Source::parse(url).expect("it is a URL");
        let mut entries = Vec::new();
        let _ = read_list(&page, Role::of(&page), form, content, &mut entries);
        assert!(entries.len() <= ENTRY_LIMIT);
        let mut names = HashSet::new();
        for entry in entries {
            let raw = &entry.raw.0[..];
            assert!(!matches!(raw, b"" | b"." | b".."), "{url}: {}", raw.escape_ascii());
            assert!(!raw.iter().any(|byte| matches!(byte, b'/' | 0)), "{url}: {}", raw.escape_ascii());
            assert_eq!(entry.name, clean_line(raw));
            assert!(entry.kind != Kind::Dir || entry.size.is_none(), "{url}: a folder with a size");
            let there = page.at(page.path.join(raw));
            assert_eq!(
                there.path.parent().as_ref(),
                Some(&page.path.folder()),
                "{url}: {}",
                raw.escape_ascii()
            );
            assert_eq!(there.path.last(), raw, "{url}");
            assert!(names.insert(entry.raw.0.clone()), "{url}: {} twice", raw.escape_ascii());
        }
    }
}
