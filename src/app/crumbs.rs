//! The way to a folder, part by part, each of which can be clicked. Pure: what draws it and what the mouse hits agree.

use std::ops::Range;

use crate::text::width::{ellipsis_middle, width};
use crate::wire::source::{Path, Source};

/// A part of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// What is shown, fit for that.
    pub text: String,
    /// The columns, from 0 where the first part begins.
    pub columns: Range<usize>,
    /// Where it leads.
    pub source: Source,
}

/// The parts of the way to `source` on so many columns. Where there is no room for all of them, those in the middle become
/// one, which leads to the last of them.
#[must_use]
pub fn crumbs(source: &Source, columns: usize) -> Vec<Crumb> {
    let mut parts = Vec::new();
    let mut next = Some(source.clone());
    while let Some(part) = next {
        let above = part.path.parent();
        let text = above.as_ref().map_or_else(|| part.to_string(), |above| behind(above, &part.path));
        next = above.map(|above| source.at(above));
        parts.push((text, part));
    }
    parts.reverse();
    let total = |parts: &[(String, Source)]| parts.iter().map(|(text, _)| width(text)).sum::<usize>();
    if total(&parts) > columns && parts.len() > 2 {
        "…/".clone_into(&mut parts[1].0);
        while total(&parts) > columns && parts.len() > 3 {
            let (_, deeper) = parts.remove(2);
            parts[1].1 = deeper;
        }
    }
    let mut from = 0;
    let mut shown = Vec::new();
    for (text, source) in parts {
        let text = ellipsis_middle(&text, columns - from).into_owned();
        let to = from + width(&text);
        shown.push(Crumb { text, columns: from..to, source });
        from = to;
    }
    shown
}

/// What a path has behind that of the folder around it, as it is shown: a query, too, and slashes that say nothing.
fn behind(above: &Path, path: &Path) -> String {
    let behind = path.encoded().strip_prefix(above.encoded()).unwrap_or(path.encoded());
    let shown = Path::from_url(behind).shown();
    shown.strip_prefix('/').unwrap_or(&shown).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: &str, columns: usize) -> Vec<String> {
        let source = Source::parse(address).unwrap();
        let crumbs = crumbs(&source, columns);
        let text: String = crumbs.iter().map(|crumb| &*crumb.text).collect();
        assert!(width(&text) <= columns, "{text}");
        assert!(crumbs.windows(2).all(|two| two[0].columns.end == two[1].columns.start));
        crumbs.into_iter().map(|crumb| format!("{} -> {}", crumb.text, crumb.source.path.encoded())).collect()
    }

    #[test]
    fn each_folder_on_the_way_is_a_part() {
        assert_eq!(
            shown("http://h/a%20b/讲/", 80),
            ["http://h/ -> /", "a b/ -> /a%20b/", "讲/ -> /a%20b/%E8%AE%B2/"]
        );
        assert_eq!(shown("http://h/a/x?y", 80), ["http://h/ -> /", "a/ -> /a/", "x?y -> /a/x?y"]);
        assert_eq!(shown("h:1", 80), ["h:1/ -> /"]);
    }

    #[test]
    fn a_deep_way_is_cut_in_the_middle_and_a_narrow_one_at_its_end() {
        let deep = "http://h/one/two/three/four/five/";
        assert_eq!(
            shown(deep, 22),
            [
                "http://h/ -> /",
                "…/ -> /one/two/three/",
                "four/ -> /one/two/three/four/",
                "five/ -> /one/two/three/four/five/",
            ]
        );
        let narrow = shown(deep, 17);
        assert_eq!(narrow[1..], ["…/ -> /one/two/three/four/", "five/ -> /one/two/three/four/five/"]);
        assert!(shown(deep, 13)[2].ends_with("… -> /one/two/three/four/five/"));
        assert_eq!(shown(deep, 0).len(), 3);
    }
}
