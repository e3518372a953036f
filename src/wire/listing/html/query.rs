//! Links that name a file in their query alone (`?f=a.txt`, `download.php?id=7`): what they lead to has no path of its own, so
//! that it is counted and not taken. Must never count a link that sorts, pages or shows the same list otherwise.

use percent_encoding::percent_decode_str;

/// Keys of queries that change how a list is shown, in lower case.
const VIEWS: [&str; 22] = [
    "c",
    "o",
    "n",
    "d",
    "s",
    "m",
    "sort",
    "sortby",
    "sort_by",
    "order",
    "orderby",
    "order_by",
    "by",
    "dir_order",
    "direction",
    "view",
    "layout",
    "lang",
    "theme",
    "page",
    "offset",
    "limit",
];

/// What a link with this query and this text names, where it names something in a folder.
pub(super) fn name(query: &str, text: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim().trim_end_matches('/');
    if text.is_empty() || text.contains('/') {
        return None;
    }
    let mut fields = query.split(['&', ';']).map(|field| field.split_once('=').unwrap_or(("", field)));
    let is_value = fields.any(|(key, value)| {
        let value = percent_decode_str(value).decode_utf8_lossy().replace('+', " ");
        let last = value.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        !VIEWS.contains(&&*key.to_ascii_lowercase()) && last == text.replace('+', " ")
    });
    (is_value || looks_like_a_file(text)).then(|| text.as_bytes().to_vec())
}

/// `a.txt`, and not `Sort by name` or `1.`.
fn looks_like_a_file(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(stem, ending)| {
        let is_ending =
            (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
        !stem.trim().is_empty() && is_ending && !ending.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_file_where_its_text_and_its_query_do() {
        for (query, text, names) in [
            ("f=a.txt", "a.txt", true),
            ("f=a", "a", true),
            ("path=/top/sub", "sub/", true),
            ("path=a%20b&download", "a b", true),
            ("a.txt", "a.txt", true),
            ("id=7", "a.txt", true),
            ("C=N;O=D", "Name", false),
            ("C=N;O=D", "N", false),
            ("sort=name&order=asc", "name", false),
            ("sort=name", "Last modified", false),
            ("page=2", "2", false),
            ("page=2", "Next.", false),
            ("download=zip", "Download all", false),
            ("f=a.txt", "", false),
            ("v=1.2", "Version 1.2", false),
        ] {
            assert_eq!(name(query, text.as_bytes()).is_some(), names, "{query} {text}");
        }
    }
}
