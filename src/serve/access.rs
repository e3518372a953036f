//! Who may see what of the shared folder, and who may add to it.
//!
//! Owns these rules, and the comparison of a password; must never show one, nor tell by the time it takes how much of it
//! was right.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::host::AllowedHost;
use super::private::Private;
use super::reply::{Content, failure};
use super::upload::Uploads;
use crate::wire::credentials::Credentials;

/// How a client that is not known is asked who it is (RFC 7617, sections 2 and 2.1).
const CHALLENGE: &str = r#"Basic realm="hobnob", charset="UTF-8""#;

/// What is shared of a folder, and with whom. By default: what is not hidden, with everybody, to be read.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Whether what is hidden (its name begins with a dot) is listed and served.
    pub hidden: bool,
    /// Whether links may lead out of the folder.
    pub follow_links: bool,
    /// Whom the server answers; everybody where there are none. The plain protocol has no way to say who asks, so with
    /// credentials it is answered with nothing.
    pub credentials: Option<Credentials>,
    /// How files may be added; none: not at all.
    pub uploads: Option<Uploads>,
    /// Names by which clients may call the server, beside its own.
    pub hosts: Vec<AllowedHost>,
    /// hobnob's own files, which are never shared.
    pub private: Private,
}

impl Access {
    /// The methods of HTTP that are served, as `Allow` has them (RFC 9110, section 10.2.1).
    pub(super) fn methods(&self) -> &'static str {
        if self.uploads.is_some() { "GET, HEAD, OPTIONS, PUT, POST" } else { "GET, HEAD, OPTIONS" }
    }

    /// Whose a request is.
    pub(super) fn login(&self, headers: &HeaderMap) -> Login {
        let Some(known) = &self.credentials else { return Login::Known };
        match headers.get(AUTHORIZATION).and_then(|value| user_pass(value.as_bytes())) {
            None => Login::Unnamed,
            Some(given) if is_from(known, &given) => Login::Known,
            Some(_) => Login::Wrong,
        }
    }
}

/// Whose a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    /// One whom the server answers.
    Known,
    /// It has no name and password with it, which guesses nothing.
    Unnamed,
    /// It has the wrong ones.
    Wrong,
}

/// Asks for a name and a password.
pub(super) fn unauthorized() -> Response<Content> {
    let mut response = failure(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    response
}

fn is_from(known: &Credentials, given: &[u8]) -> bool {
    let expected = Sha256::digest(format!("{}:{}", known.user(), known.password()));
    // Of digests, so that a wrong length takes as long as wrong bytes.
    Sha256::digest(given)[..].ct_eq(&expected[..]).into()
}

/// `user:password` from the value of an `Authorization` field.
fn user_pass(value: &[u8]) -> Option<Vec<u8>> {
    let (scheme, rest) = value.split_at_checked(b"Basic ".len())?;
    scheme.eq_ignore_ascii_case(b"Basic ").then(|| STANDARD.decode(rest.trim_ascii()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(authorization: Option<&str>) -> Login {
        let credentials = Credentials::new("me".into(), "pass wörd:".into());
        let access = Access { credentials, ..Access::default() };
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        access.login(&headers)
    }

    fn basic(user_pass: &str) -> String {
        format!("Basic {}", STANDARD.encode(user_pass))
    }

    #[test]
    fn only_the_right_name_and_password_are_answered_and_what_is_none_is_no_guess() {
        assert_eq!(login(Some(&basic("me:pass wörd:"))), Login::Known);
        assert_eq!(login(Some(&basic("me:pass wörd:").replace("Basic ", "BASIC   "))), Login::Known);
        for wrong in ["me:", "me:pass wörd", "me:pass wörd:x", "you:pass wörd:", "", "me"] {
            assert_eq!(login(Some(&basic(wrong))), Login::Wrong, "{wrong}");
        }
        for none in ["", "Basic", "Basic !!", "Bearer bWU6", "Basicbw=="] {
            assert_eq!(login(Some(none)), Login::Unnamed, "{none}");
        }
        assert_eq!(login(None), Login::Unnamed);
    }

    #[test]
    fn without_credentials_everybody_is_answered() {
        assert_eq!(Access::default().login(&HeaderMap::new()), Login::Known);
    }
}
