//! What the terminal says of itself in the environment.

use std::env;

use super::report::{Finding, Topic};
use crate::locale::{Words, fill};
use crate::text::{Clean, clean_line};

/// The variables that decide how characters are encoded, the strongest first (POSIX).
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// Its kind, its colours, its encoding, and whether tmux is between.
pub(super) fn look(words: &Words) -> Vec<Finding> {
    let words = &words.doctor;
    let mut findings = Vec::new();
    let term = set("TERM").filter(|term| &**term != "dumb");
    findings.push(match term {
        Some(term) => Topic::Terminal.ok(fill(&words.term, &[("term", &*term)])),
        None => Topic::Terminal.warning(words.no_term.clone(), words.set_term.clone()),
    });
    findings.push(Topic::Terminal.ok(match set("COLORTERM") {
        Some(colours) => fill(&words.colours, &[("colours", &*colours)]),
        None => words.few_colours.clone(),
    }));
    let locale = LOCALE.into_iter().find_map(set);
    let shown = locale.as_deref().unwrap_or("C");
    let is_utf8 = matches!(shown.to_ascii_lowercase().rsplit('.').next(), Some("utf-8" | "utf8"));
    findings.push(if is_utf8 {
        Topic::Terminal.ok(fill(&words.utf8, &[("locale", shown)]))
    } else {
        Topic::Terminal.warning(fill(&words.not_utf8, &[("locale", shown)]), words.set_utf8.clone())
    });
    if set("TMUX").is_some() {
        findings.push(Finding {
            advice: Some(words.tmux_hint.clone()),
            ..Topic::Terminal.ok(words.tmux.clone())
        });
    }
    findings
}

/// A variable that is set and not empty.
fn set(name: &str) -> Option<Clean> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(clean_line(value.as_encoded_bytes()))
}
