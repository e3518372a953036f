//! The rules of the house that no lint knows: who may import whom, how long a file may be, how it opens.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ALL: &[&str] = &[
    "app", "cli", "config", "effect", "event", "locale", "net", "serve", "shell", "store", "term", "text",
    "view", "wire",
];

/// Who may import whom. `view` names the types of the data that `State` holds, `effect` the ids it is answered
/// with. Nobody imports `cli` and `shell` but they themselves and `main`.
const ARROWS: [(&str, &[&str]); 16] = [
    ("text", &[]),
    ("locale", &[]),
    ("wire", &["text"]),
    ("event", &["text", "wire"]),
    ("effect", &["event", "text", "wire"]),
    ("app", &["effect", "event", "text", "wire"]),
    ("view", &["app", "event", "locale", "text", "wire"]),
    ("net", &["effect", "event", "text", "wire"]),
    ("serve", &["effect", "event", "text", "wire"]),
    ("store", &["effect", "event", "text", "wire"]),
    ("term", &["event", "text"]),
    ("config", &["app", "effect", "locale", "net", "serve", "text"]),
    ("shell", ALL),
    ("cli", ALL),
    ("lib", ALL),
    ("main", &["cli"]),
];

/// A file is at most so many lines long, its tests not counted.
const LONGEST: usize = 400;

#[test]
fn every_import_points_the_way_that_the_design_allows() {
    let wrong: Vec<String> =
        sources().iter().flat_map(|(file, source)| wrong_arrows(file, before_tests(source))).collect();
    assert!(wrong.is_empty(), "imports against the design:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_the_house_allows() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(file, source)| (file, before_tests(source).lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(file, lines)| format!("src/{}: {lines} lines before its tests", file.display()))
        .collect();
    assert!(long.is_empty(), "longer than {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_owns() {
    for (file, source) in sources() {
        assert!(source.starts_with("//! "), "src/{} does not open with `//!`", file.display());
    }
}

#[test]
fn a_wrong_arrow_is_found_however_it_is_written() {
    for (file, source, expected) in [
        ("app/chat.rs", "use crate::net::chat;", "src/app/chat.rs: app -> net"),
        ("app.rs", "use crate::{effect::Effect, view};", "src/app.rs: app -> view"),
        (
            "app.rs",
            "use crate::{\n    event::{Event, Key},\n    net::{self, chat},\n};",
            "src/app.rs: app -> net",
        ),
        ("view/bars.rs", "fn f() { let a = (1, crate::shell::run()); }", "src/view/bars.rs: view -> shell"),
        ("text.rs", "use super::wire::Raw;", "src/text.rs: text -> wire"),
        ("text/wrap.rs", "pub use super::super::app::State;", "src/text/wrap.rs: text -> app"),
        ("text/wrap.rs", "use super::{width, super::view};", "src/text/wrap.rs: text -> view"),
        ("net/fetch.rs", "use crate::store; // use crate::app;", "src/net/fetch.rs: net -> store"),
        ("main.rs", "fn main() { hobnob::shell::run() }", "src/main.rs: main -> shell"),
        ("news.rs", "use crate::text;", "src/news.rs: news -> text"),
    ] {
        assert_eq!(wrong_arrows(Path::new(file), source), [expected], "{source}");
    }
}

#[test]
fn a_right_arrow_is_let_through_however_it_is_written() {
    for (file, source) in [
        (
            "app/chat.rs",
            "use crate::{event::{Event, Key}, text};\nuse super::{net, State};\nuse super::super::effect;",
        ),
        (
            "app/chat.rs",
            "//! Not [`crate::net`].\nfn f() -> app::State { crate::app::net() } // crate::shell",
        ),
        ("shell.rs", "use crate::{app, net, store, term};"),
        (
            "text.rs",
            "use std::{net, io}; const A: &str = \"a\"; struct Supercrate; fn f() { super_crate::x() }",
        ),
    ] {
        assert_eq!(wrong_arrows(Path::new(file), source), [""; 0], "{source}");
    }
}

/// All of `src`, by path from there.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), source));
            }
        }
    }
    assert!(found.len() > 1, "no sources in {}", root.display());
    found
}

fn before_tests(source: &str) -> &str {
    source.split("#[cfg(test)]\nmod ").next().unwrap()
}

/// The arrows of this file that the table does not have.
fn wrong_arrows(file: &Path, source: &str) -> Vec<String> {
    let module: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    let from = &module[0];
    let allowed = ARROWS.iter().find(|(name, _)| name == from).map_or(&[][..], |(_, allowed)| allowed);
    imported(&module, source)
        .iter()
        .filter(|to| *to != from && !allowed.contains(&to.as_str()))
        .map(|to| format!("src/{}: {from} -> {to}", file.display()))
        .collect()
}

/// The modules at the top of the crate that this source names in its paths.
fn imported(module: &[String], source: &str) -> BTreeSet<String> {
    let code: String = source.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find(|c: char| is_word(c)) {
        rest = &rest[at..];
        let (first, after) = word(rest);
        let base = match first {
            "crate" | "hobnob" => &[],
            "super" => &module[..module.len() - 1],
            _ => {
                rest = after;
                continue;
            }
        };
        rest = after.strip_prefix("::").map_or(after, |path| follow(base, path, &mut found));
    }
    found
}

/// Follows a path, or a group of paths, from `base`; gives back what comes after.
fn follow<'a>(base: &[String], path: &'a str, found: &mut BTreeSet<String>) -> &'a str {
    let path = path.trim_start();
    if path.starts_with('{') {
        let (items, after) = group(path);
        for item in items {
            follow(base, item, found);
        }
        return after;
    }
    let (first, after) = word(path);
    if first == "super" {
        return follow(&base[..base.len() - 1], after.trim_start_matches(':'), found);
    }
    if base.is_empty() && ALL.contains(&first) {
        found.insert(first.to_owned());
    }
    after
}

/// The items between a brace and the one that closes it, and what comes after.
fn group(text: &str) -> (Vec<&str>, &str) {
    let (mut depth, mut start, mut items) = (0, 1, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            items.push(&text[start..at]);
            start = at + 1;
        }
        if depth == 0 {
            return (items, &text[start..]);
        }
    }
    (items, "")
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") { "" } else { line.split(" //").next().unwrap() }
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_word(c)).unwrap_or(text.len()))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
