//! Stable error codes for programs, beside the sentences for people: a code keeps its name and its meaning, whatever the
//! sentence, the language and the version. Several failures that call for the same reaction share one.

use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};

use crate::event::{Fault, Stage};

/// What went wrong, for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ErrorCode {
    /// The name has no address.
    NameNotResolved,
    /// Nobody listens on that port.
    ConnectionRefused,
    /// There is no way to the machine.
    Unreachable,
    /// The name was not resolved in time.
    ResolveTimeout,
    /// There was no connection in time.
    ConnectTimeout,
    /// The answer did not begin in time.
    AnswerTimeout,
    /// The answer did not go on in time.
    BodyTimeout,
    /// The connection was broken off.
    ConnectionReset,
    /// The connection was closed without an answer.
    ConnectionClosed,
    /// Something else about the network.
    Network,
    /// An HTTP status that is no success: it is in `status`.
    HttpStatus,
    /// The server wants a name and a password.
    Unauthorized,
    /// The certificate does not prove that it is the server.
    Certificate,
    /// There is no TLS connection for another reason.
    Tls,
    /// The answer is not HTTP.
    NotHttp,
    /// A plain server sent nothing.
    NothingSent,
    /// It is a folder.
    IsFolder,
    /// It is a file.
    IsFile,
    /// There is no list that can be read.
    NoList,
    /// The list, or the tree, is larger than what is read of it.
    ListTooLarge,
    /// The server may have more than it lists.
    ListCut,
    /// The answer is in a coding that nobody asked for.
    UnknownCoding,
    /// The name cannot be asked for.
    BadName,
    /// Its name begins with a dot, and its folder was there before.
    HiddenName,
    /// Fewer bytes came than announced.
    Incomplete,
    /// The server contradicts what it said of the file before.
    Contradictory,
    /// The server points to where nobody follows.
    RedirectRefused,
    /// The server points on and on.
    TooManyRedirects,
    /// The content is not what it has to be.
    WrongChecksum,
    /// The file became another one while it came.
    Changed,
    /// Something of that name is there already.
    Exists,
    /// It is being downloaded already.
    InProgress,
    /// The disk is full.
    DiskFull,
    /// Something else about the disk.
    Disk,
    /// Whoever read the output has enough.
    OutputClosed,
    /// It was stopped, or failed in an earlier run.
    Interrupted,
    /// Not tried, because the server does not answer.
    NotTried,
    /// It may be a folder or a file.
    Undecided,
    /// A web page came in place of the file.
    WebPage,
    /// A folder that leads back to one that it is in.
    Loop,
    /// It is a device, a pipe, or a link to nowhere.
    NotFile,
    /// Files without a path of their own.
    Unnamed,
    /// Anything else.
    Other,
}

impl From<&Fault> for ErrorCode {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Unresolved => Self::NameNotResolved,
            Fault::Refused => Self::ConnectionRefused,
            Fault::Unreachable | Fault::NoNetwork => Self::Unreachable,
            Fault::TimedOut(Stage::Resolve, _) => Self::ResolveTimeout,
            Fault::TimedOut(Stage::Connect, _) => Self::ConnectTimeout,
            Fault::TimedOut(Stage::Answer, _) => Self::AnswerTimeout,
            Fault::TimedOut(Stage::Body, _) => Self::BodyTimeout,
            Fault::Reset => Self::ConnectionReset,
            Fault::Closed => Self::ConnectionClosed,
            Fault::Network(_) => Self::Network,
            Fault::Status(_) => Self::HttpStatus,
            Fault::Unauthorized { .. } => Self::Unauthorized,
            Fault::Certificate(_) => Self::Certificate,
            Fault::NoTls | Fault::NoAuthorities | Fault::Tls(_) => Self::Tls,
            Fault::Garbled => Self::NotHttp,
            Fault::NothingSent => Self::NothingSent,
            Fault::IsFolder => Self::IsFolder,
            Fault::IsFile => Self::IsFile,
            Fault::NoListing => Self::NoList,
            Fault::TooLarge { .. } | Fault::TooMany { .. } | Fault::TooDeep { .. } => Self::ListTooLarge,
            Fault::CutShort { .. } => Self::ListCut,
            Fault::Encoded(_) => Self::UnknownCoding,
            Fault::Undecided => Self::Undecided,
            Fault::WebPage => Self::WebPage,
            Fault::Loop => Self::Loop,
            Fault::NotFile { .. } => Self::NotFile,
            Fault::Unnamed { .. } => Self::Unnamed,
            Fault::BadName => Self::BadName,
            Fault::HiddenName => Self::HiddenName,
            Fault::Short { .. } => Self::Incomplete,
            Fault::OtherLength { .. } | Fault::PartOnly => Self::Contradictory,
            Fault::Redirected(_) | Fault::InsecureRedirect(_) => Self::RedirectRefused,
            Fault::RedirectedTooOften => Self::TooManyRedirects,
            Fault::WrongDigest(_) => Self::WrongChecksum,
            Fault::Changed => Self::Changed,
            Fault::Exists(_) | Fault::NotRegular(_) | Fault::NotBeginning(_) => Self::Exists,
            Fault::Fetching(_) => Self::InProgress,
            Fault::DiskFull => Self::DiskFull,
            Fault::Disk(_) => Self::Disk,
            Fault::NobodyReads => Self::OutputClosed,
            Fault::Interrupted | Fault::EarlierRun => Self::Interrupted,
            Fault::NotTried { .. } | Fault::NotWalked => Self::NotTried,
            Fault::TooLongForDatagram
            | Fault::NotChecksums
            | Fault::NoChecksum
            | Fault::Damaged(..)
            | Fault::OtherVersion(..)
            | Fault::TooLong { .. }
            | Fault::EditedTooLong { .. }
            | Fault::EditedNotText(_)
            | Fault::NotStarted(..)
            | Fault::ProgramFailed(..)
            | Fault::NoDesktop
            | Fault::Gone
            | Fault::NotForOpening
            | Fault::Busy => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs out there compare with these: none may be renamed or go, another may be added.
    const CODES: &str = "name-not-resolved connection-refused unreachable resolve-timeout connect-timeout answer-timeout \
        body-timeout connection-reset connection-closed network http-status unauthorized certificate tls not-http \
        nothing-sent is-folder is-file no-list list-too-large list-cut unknown-coding bad-name hidden-name \
        incomplete contradictory redirect-refused too-many-redirects wrong-checksum changed exists in-progress disk-full disk output-closed \
        interrupted not-tried undecided web-page loop not-file unnamed other";

    #[test]
    fn every_code_keeps_its_name_stands_for_one_thing_and_is_documented() {
        let codes: Vec<&str> = ErrorCode::VARIANTS.iter().map(<&str>::from).collect();
        assert_eq!(codes, CODES.split_whitespace().collect::<Vec<_>>());
        let readme = include_str!("../../README.md");
        for code in codes {
            let written = format!("`{code}`");
            assert_eq!(readme.matches(&written).count(), 1, "{written} in README.md");
            let said =
                serde_json::to_string(&ErrorCode::VARIANTS.iter().find(|known| <&str>::from(*known) == code));
            assert_eq!(said.unwrap(), format!("\"{code}\""));
        }
    }
}
