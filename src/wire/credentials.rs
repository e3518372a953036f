//! Who we are to a server that asks (RFC 7617). Never shows a password: there is no way to print one.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// A user's name and password, fit for the Basic scheme.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// None where they cannot be sent: a name with a colon, or control characters in either (RFC 7617, section 2).
    #[must_use]
    pub fn new(user: String, password: String) -> Option<Self> {
        let controls = |text: &str| text.chars().any(char::is_control);
        (!user.contains(':') && !controls(&user) && !controls(&password)).then_some(Self { user, password })
    }

    /// From what stands before the `@` of a URL, percent-encoded, the password perhaps left out (RFC 3986, section
    /// 3.2.1). None also where it is not UTF-8.
    #[must_use]
    pub fn from_userinfo(userinfo: &str) -> Option<Self> {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let decoded = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        Self::new(decoded(user)?, decoded(password)?)
    }

    /// The user's name, as it was given: it may hold what is not fit to be shown.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The value of an `Authorization` field (RFC 7617, section 2), in UTF-8 (section 2.1).
    #[must_use]
    pub fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str, password: &str) -> Option<Credentials> {
        Credentials::new(user.to_owned(), password.to_owned())
    }

    #[test]
    fn the_basic_form_is_that_of_the_rfc() {
        for (user, password, basic) in [
            ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("test", "123£", "Basic dGVzdDoxMjPCow=="),
            ("", "", "Basic Og=="),
            ("a", "b:c", "Basic YTpiOmM="),
        ] {
            assert_eq!(credentials(user, password).unwrap().basic(), basic);
        }
    }

    #[test]
    fn what_the_basic_form_cannot_carry_is_refused() {
        for (user, password) in [("a:b", ""), ("a\n", ""), ("", "\0"), ("a", "\u{7f}")] {
            assert_eq!(credentials(user, password), None, "{user:?} {password:?}");
        }
        assert_eq!(Credentials::from_userinfo("a%3Ab"), None);
        assert_eq!(Credentials::from_userinfo("a:%0D%0A"), None);
    }

    #[test]
    fn a_password_is_not_printed() {
        let shown = format!("{:?}", credentials("me", "secret").unwrap());
        assert!(shown.contains("me") && !shown.contains("secret"), "{shown}");
    }
}
