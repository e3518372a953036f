//! Where an answer points that sends us elsewhere (RFC 9110, section 10.2.2). Never leads to another server.

use hyper::{HeaderMap, header};

use super::host;
use crate::wire::address::Endpoint;
use crate::wire::source::{HTTP_PORT, Path, Source};

/// What to ask for instead of `from`; none where that is not on the same server.
pub(super) fn target(from: &Source, headers: &HeaderMap) -> Option<Source> {
    let location = str::from_utf8(headers.get(header::LOCATION)?.as_bytes()).ok()?;
    Some(from.at(resolve(from, location)?))
}

/// RFC 3986, section 5.2, but for dot segments, which the server understands as well.
fn resolve(from: &Source, location: &str) -> Option<Path> {
    let rest = match location.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Some(rest),
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => return None,
        _ => location.strip_prefix("//"),
    };
    if let Some(rest) = rest {
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let there = Endpoint::parse(authority, HTTP_PORT).ok()?;
        let same = host(&there).eq_ignore_ascii_case(&host(&from.endpoint));
        same.then(|| Path::from_url(path))
    } else if location.starts_with('/') {
        Some(Path::from_url(location))
    } else if location.starts_with('?') {
        let path = from.path.encoded().split('?').next()?;
        Some(Path::from_url(&format!("{path}{location}")))
    } else {
        let folder = if from.path.is_folder() { from.path.folder() } else { from.path.parent()? };
        Some(Path::from_url(&format!("{}{location}", folder.encoded())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_a_path_of_the_same_server_or_nowhere() {
        let from = Source::parse("http://box:81/a/b?old").unwrap();
        for (location, path) in [
            ("/x/", Some("/x/")),
            ("x%20y?z=1#top", Some("/a/x%20y?z=1")),
            ("?a=://b", Some("/a/b?a=://b")),
            ("http://BOX:81/x", Some("/x")),
            ("HTTP://box:81", Some("/")),
            ("//box:81/x", Some("/x")),
            ("//box/x", None),
            ("http://other:81/x", None),
            ("https://box:81/x", None),
            ("http://user@box:81/x", None),
        ] {
            let there = resolve(&from, location);
            assert_eq!(there.as_ref().map(Path::encoded), path, "{location}");
        }
    }
}
