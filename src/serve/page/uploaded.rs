//! What became of the files of a form, as a page for browsers, on the template `assets/upload.html`: a row for each file,
//! and a link back to the folder.

use std::fmt::Write as _;

use super::{Language, STYLE, escape, filled};
use crate::serve::upload::Outcome;
use crate::text::clean_line;

const TEMPLATE: &str = include_str!("../../../assets/upload.html");

/// The page. `broken` is the status with which the form itself ended, where it did not come to its end.
pub(in crate::serve) fn uploaded(outcomes: &[Outcome], broken: Option<u16>, language: Language) -> String {
    let word = |name: &str| escape(language.word(name));
    let rows = || {
        outcomes.iter().fold(String::new(), |mut rows, outcome| {
            let (class, said) = match outcome.status.as_u16() {
                201 => ("file", word("stored")),
                204 => ("file", word("replaced")),
                400 if outcome.broke_off => ("other", word("broke_off")),
                status => ("other", word(sentence(status))),
            };
            let name = escape(&clean_line(&outcome.name));
            // Writing to a string cannot fail.
            let _ =
                writeln!(rows, "<tr class=\"{class}\"><td class=\"name\">{name}</td><td>{said}</td></tr>");
            rows
        })
    };
    let broken = || {
        let why = broken.map(|status| (word(sentence(status)), word("rest_unknown")));
        why.map_or_else(String::new, |(why, rest)| format!("<p>{why}. {rest}</p>\n"))
    };
    filled(TEMPLATE, |name| match name.split_once(' ') {
        Some(("word", name)) => word(name),
        _ => match name {
            "language" => language.tag().to_owned(),
            "title" => word("not_all_stored"),
            "style" => STYLE.to_owned(),
            "files" => rows(),
            "broken" => broken(),
            _ => String::new(),
        },
    })
}

/// The name of the words that say why a file was not stored.
fn sentence(status: u16) -> &'static str {
    match status {
        403 => "forbidden",
        408 => "timed_out",
        409 => "conflict",
        412 => "changed",
        413 => "too_large",
        415 => "no_form",
        400 | 431 => "invalid",
        507 => "disk_full",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    #[test]
    fn each_file_has_a_row_whose_name_is_no_markup_and_the_page_leads_back() {
        let outcome = |name: &str, status| Outcome { name: name.into(), status, broke_off: false };
        let outcomes = [outcome("a", StatusCode::CREATED), outcome("<b>&", StatusCode::CONFLICT)];
        for (language, stored) in [(Language::En, ">stored<"), (Language::Zh, ">已保存<")] {
            let page = uploaded(&outcomes, Some(408), language);
            assert!(
                page.contains(stored) && page.contains("&lt;b&gt;&amp;") && !page.contains("<b>"),
                "{page}"
            );
            assert!(page.contains("<a href=\"./\">") && page.contains(language.tag()), "{page}");
            assert!(!page.contains("{{") && page.contains(language.word("rest_unknown")), "{page}");
        }
    }

    #[test]
    fn there_are_words_for_every_status() {
        for status in [400, 403, 408, 409, 412, 413, 415, 431, 500, 507, 201] {
            assert_ne!(Language::En.word(sentence(status)), "", "{status}");
        }
        let cut = [Outcome { name: b"a".into(), status: StatusCode::BAD_REQUEST, broke_off: true }];
        assert!(uploaded(&cut, Some(400), Language::En).contains("broke off"));
    }
}
