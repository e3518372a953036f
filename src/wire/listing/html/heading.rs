//! Which titles and headings name the folder whose list a page is: `Index of /a/`, `Directory listing for /a/`,
//! `box - /a/`. Must never take the heading of a page about something else for one: the words have to be those of a list,
//! and what stands behind them the folder's own path.

use percent_encoding::percent_decode_str;

/// What stands in front of the path, in lower case. Whether a server that writes so, with the path from the first slash
/// to the last, ends the links to folders in a slash.
const PHRASES: [(&str, bool); 17] = [
    ("index of", true),
    ("directory listing for", true),
    ("directory listing of", false),
    ("directory listing", false),
    ("directory index of", false),
    ("directory of", false),
    ("directory:", false),
    ("listing directory", false),
    ("listing of", false),
    ("listing for", false),
    ("listing:", false),
    ("contents of", false),
    ("files within", false),
    ("files in", false),
    ("files of", false),
    ("folder:", false),
    ("index:", false),
];

/// What a heading says of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Heading {
    /// It is the list of the page's own folder.
    pub(super) names_folder: bool,
    /// Links to folders end in a slash.
    pub(super) marks_folders: bool,
    /// It has the words of a list, with some path behind them or none.
    pub(super) has_words_of_list: bool,
}

/// Reads a heading of the page whose folder has the path `folder`, decoded and with a slash at both ends. `is_folder`
/// says whether the page was asked for with that last slash: one that was not has to be named in more words, for it may
/// be a file.
pub(super) fn read(heading: &str, folder: &str, is_folder: bool) -> Heading {
    let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = heading.to_ascii_lowercase();
    let mut has_words_of_list = false;
    for (phrase, marks) in PHRASES {
        // Also behind the name of the program.
        let starts = [0].into_iter().chain(lower.find(" - ").map(|at| at + 3));
        for start in starts {
            // Where there is no border between characters, it does not stand.
            let (Some(said), Some(rest)) =
                (lower.get(start..start + phrase.len()), heading.get(start + phrase.len()..))
            else {
                continue;
            };
            if said != phrase || !(rest.is_empty() || rest.starts_with([' ', '/', '[', '"', '\'', ':'])) {
                continue;
            }
            let path = bare(rest);
            has_words_of_list |= path.is_empty() || path.contains(['/', '\\']);
            if is_path_of(path, folder, is_folder) {
                let is_whole = path.starts_with('/') && path.ends_with('/');
                let marks_folders = marks && is_whole && (path != "/" || phrase == "directory listing for");
                return Heading { names_folder: true, marks_folders, has_words_of_list };
            }
        }
    }
    Heading {
        names_folder: is_folder && is_bare_path(&heading, folder),
        marks_folders: false,
        has_words_of_list,
    }
}

/// Without what stands around it.
fn bare(path: &str) -> &str {
    let path = path.trim_start_matches([' ', ':']).trim_end();
    // What Tomcat writes behind it.
    let path = path.split("] - ").next().unwrap_or(path);
    path.trim_matches(['[', ']', '"', '\'', '\u{201c}', '\u{201d}'])
}

/// Whether a path that stands in a list's heading is that of the folder, also seen from another top: a proxy may have
/// its own, and a server may show the path on its disk.
fn is_path_of(path: &str, folder: &str, is_folder: bool) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let is_named = |path: &str| !last(folder).is_empty() && last(path) == last(folder);
    let is_top = matches!(path, "/" | "./" | ".") || last(folder).is_empty() && path.contains(['/', '\\']);
    // Words alone are no path: `Contents of guide`.
    path.contains(['/', '\\']) && (is_named(path) || is_named(&decoded)) || is_folder && is_top
}

/// Whether it is the path of the folder and nothing else, but for the server's name.
fn is_bare_path(heading: &str, folder: &str) -> bool {
    let path = match heading.split_once(" - ") {
        Some((host, path)) if !host.contains(' ') => path,
        Some(_) | None => &heading[heading.find('/').unwrap_or(0)..],
    };
    let host = heading.strip_suffix(path).unwrap_or_default();
    let is_host =
        host.trim_end_matches([' ', '-']).chars().all(|c| c.is_ascii_alphanumeric() || ".:-[]".contains(c));
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    is_host
        && (path == folder || decoded == folder || folder.len() > 1 && path == folder.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_of_a_list_names_its_own_folder() {
        for (heading, folder) in [
            ("Index of /a b/", "/a b/"),
            ("Index of /a b", "/a b/"),
            ("index of  a b/", "/a b/"),
            ("Index of /a%20b/", "/a b/"),
            ("Index of /", "/"),
            ("Index of /", "/behind/a/proxy/"),
            ("Index of ./", "/"),
            ("Directory listing for /a b/", "/a b/"),
            ("Directory Listing For [/a b/]", "/a b/"),
            ("Directory Listing For [/a b/] - Up To [/]", "/a b/"),
            ("Directory: /a b/", "/a b/"),
            ("Directory: /home/me/a b", "/a b/"),
            ("Directory: /home/me", "/"),
            ("listing: /a b/", "/a b/"),
            ("listing directory /a b/", "/a b/"),
            ("Files within top/a b/", "/a b/"),
            ("Files in b/", "/a/b/"),
            ("WsgiDAV - Index of /a b/ ", "/a b/"),
            ("box:8000/a b/", "/a b/"),
            ("127.0.0.1 - /a b/", "/a b/"),
            ("/a b/", "/a b/"),
            ("/", "/"),
        ] {
            assert!(read(heading, folder, true).names_folder, "{heading}");
        }
    }

    #[test]
    fn a_heading_of_anything_else_names_none() {
        for (heading, folder) in [
            ("", "/"),
            ("News", "/"),
            ("Index of plants", "/a/"),
            ("Index of plants", "/"),
            ("Index of /b/", "/a/"),
            ("Indexes of /a/", "/a/"),
            ("Not found: /a/", "/a/"),
            ("Cannot list /a/", "/a/"),
            ("My site - News - /a/", "/a/"),
            ("AC/DC", "/"),
            ("a", "/a/"),
            ("Files in the attic", "/a/"),
            ("Contents of guide", "/guide/"),
            ("Ünïndex of /a/", "/a/"),
        ] {
            assert!(!read(heading, folder, true).names_folder, "{heading}");
        }
    }

    #[test]
    fn a_page_that_may_be_a_file_is_named_in_words_and_by_its_own_name() {
        for (heading, is_named) in [
            ("Index of /a/list", true),
            ("Files in list/", true),
            ("Index of /a/", false),
            ("Index of /", false),
            ("/a/list", false),
        ] {
            assert_eq!(read(heading, "/a/list/", false).names_folder, is_named, "{heading}");
        }
    }

    #[test]
    fn only_some_servers_are_known_to_mark_folders() {
        for (heading, folder, marks) in [
            ("Index of /a/", "/a/", true),
            ("Directory listing for /", "/", true),
            ("Index of /", "/", false),
            ("Index of /a", "/a/", false),
            ("Index of a/", "/a/", false),
            ("listing directory /a/", "/a/", false),
        ] {
            assert_eq!(read(heading, folder, true).marks_folders, marks, "{heading}");
        }
    }
}
