//! The words of a page, in the language that its reader asks for. They stand in `assets/listing.toml`: the server has no
//! part in the words of the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hyper::HeaderMap;
use hyper::header::ACCEPT_LANGUAGE;

/// By language, and by the name that the template has for them.
static WORDS: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| toml::from_str(include_str!("../../../assets/listing.toml")).unwrap_or_default());

/// A language that pages are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum Language {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Language {
    /// The one that the request likes best (RFC 9110, section 12.5.4); English where it likes none of ours.
    pub(in crate::serve) fn wanted(headers: &HeaderMap) -> Self {
        let ranges = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|ranges| ranges.to_str().ok());
        let mut best = (0.0, Self::En);
        for range in ranges.flat_map(|ranges| ranges.split(',')) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" => Self::En,
                "zh" => Self::Zh,
                _ => continue,
            };
            let weight = weight(parameters);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    /// RFC 5646.
    pub(in crate::serve) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// What stands for this name of the template.
    pub(in crate::serve) fn word(self, name: &str) -> &'static str {
        WORDS.get(self.tag()).and_then(|words| words.get(name)).map_or("", String::as_str)
    }
}

/// The `q` of a range (RFC 9110, section 12.4.2); 1 where it has none, and 0 where that is no number.
fn weight(parameters: &str) -> f32 {
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let weight = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.map_or(1.0, |(_, weight)| weight.trim().parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_page_is_in_the_language_that_its_reader_likes_best() {
        for (accepted, language) in [
            ("", Language::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Zh),
            ("en-US,en;q=0.9,zh;q=0.8", Language::En),
            ("de, zh ;q=0.2, en;q=0.1", Language::Zh),
            ("ZH-Hans", Language::Zh),
            ("zh;q=0", Language::En),
            ("zh ; Q = 0, en;q=0.1", Language::En),
            ("en; q=0.5, zh; q=0.9", Language::Zh),
            ("en;q=much, zh;q=0.1", Language::Zh),
            ("fr", Language::En),
            ("zhx;q=1,*", Language::En),
        ] {
            let headers = [(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))].into_iter().collect();
            assert_eq!(Language::wanted(&headers), language, "{accepted}");
        }
    }

    #[test]
    fn both_languages_have_the_same_words_and_all_of_them() {
        let names = |language: Language| WORDS[language.tag()].keys().collect::<Vec<_>>();
        assert_eq!(names(Language::En), names(Language::Zh));
        for name in
            super::super::TEMPLATE.split("{{word ").skip(1).map(|rest| rest.split("}}").next().unwrap())
        {
            assert_ne!(Language::En.word(name), "", "{name}");
        }
    }
}
