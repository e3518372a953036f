//! Why something on the network or on the disk did not work. Owns the reasons, never their wording
//! (the view and the commands word them, in the user's language).

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Facts, Mismatch};
use crate::text::{Clean, clean_line};
use crate::wire::source::Origin;

/// A reason, as far as the machine told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The name has no address.
    Unresolved,
    /// The machine answered that nobody listens on that port.
    Refused,
    /// No way to that machine or network.
    Unreachable,
    /// This machine is on no network on which everybody can be written to at once, or does not listen there.
    NoNetwork,
    /// Nothing happened for so long.
    TimedOut(Stage, Duration),
    /// The other side broke the connection off.
    Reset,
    /// The other side closed the connection before it answered.
    Closed,
    /// An HTTP status that is not success (RFC 9110, section 15).
    Status(u16),
    /// The server wants to know who asks: 401 with the Basic scheme (RFC 9110, section 11; RFC 7617). Also where it was
    /// told, and did not accept it.
    Unauthorized {
        /// Who wants to know: not always who was asked, for that one may have sent us on.
        origin: Box<Origin>,
        /// What the server calls that for which it wants to know.
        realm: Clean,
    },
    /// The server's certificate does not prove that it is the server (RFC 9525).
    Certificate(Distrust),
    /// The server does not speak TLS.
    NoTls,
    /// This system has no certificates of authorities to judge a server's by.
    NoAuthorities,
    /// Something else about TLS: the library's own words.
    Tls(Clean),
    /// An answer that is neither HTTP nor anything else we know.
    Garbled,
    /// A plain server sent no byte: it has no such file, or the file is empty. It cannot say which.
    NothingSent,
    /// What was asked for as a file is a folder.
    IsFolder,
    /// What was asked for as a folder is a file.
    IsFile,
    /// The server answers, but with no list that we can read.
    NoListing,
    /// A page that may be the list of a folder as well as a file with links.
    Undecided,
    /// A web page came in place of a file of another kind: to log in, or to say what is wrong.
    WebPage,
    /// The server sent a content or transfer coding (RFC 9110, section 8.4; RFC 9112, section 7) that it was not asked
    /// for: which.
    Encoded(Clean),
    /// More than we are willing to read (a list over its limit in bytes).
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A list of more entries than we are willing to read.
    TooMany {
        /// The most that are read.
        limit: usize,
    },
    /// A tree with more folders than are walked through, or deeper ones, or longer paths: this one, and what comes after it,
    /// is left out.
    TooDeep {
        /// How many folders deep a walk goes.
        depth: usize,
        /// How many it goes through in all.
        folders: usize,
        /// How many bytes the paths of all have at most.
        bytes: usize,
    },
    /// A list that the server does not go on with: there may be more.
    CutShort {
        /// After so many entries.
        after: usize,
    },
    /// A folder with the same content as one that it is in: a link leads back there.
    Loop,
    /// Neither files nor folders: devices, pipes, sockets, links to nowhere.
    NotFile {
        /// How many there are in the folder; 1 of the thing itself.
        count: usize,
    },
    /// Links of a list to files that have no path of their own, but a query.
    Unnamed {
        /// How many.
        links: usize,
    },
    /// A plain request may have at most 1,024 bytes, and at least one.
    BadName,
    /// Fewer bytes came than announced.
    Short {
        /// Bytes that came.
        got: u64,
        /// Bytes announced.
        announced: u64,
    },
    /// Another length than before is said of what may only be the same version of the file.
    OtherLength {
        /// Bytes as said before.
        before: u64,
        /// Bytes as said now.
        now: u64,
    },
    /// A part of the file came where all of it was asked for, or an answer that contradicts itself about that.
    PartOnly,
    /// What was to say what other files' content has to be is no file of checksums.
    NotChecksums,
    /// A file of checksums has none of this file, or none of a kind that is known.
    NoChecksum,
    /// The server points to somewhere we do not follow: where that is, as it said it.
    Redirected(Clean),
    /// The server points from `https` to `http`: where that is.
    InsecureRedirect(Clean),
    /// More redirects than we are willing to follow.
    RedirectedTooOften,
    /// The text is longer than a datagram can be (65,507 bytes), or the interface refuses its size.
    TooLongForDatagram,
    /// The disk is full, or the user's quota is.
    DiskFull,
    /// A file of that name is there already, and is left alone.
    Exists(Box<Clash>),
    /// What is there under that name is no regular file but a folder, a link, a pipe or a device: it is left alone.
    NotRegular(PathBuf),
    /// Another download of the same file to the same place is running: where it writes.
    Fetching(PathBuf),
    /// The file that was to be gone on with is not the beginning of the server's, and is left alone: where it is.
    NotBeginning(PathBuf),
    /// Its name begins with a dot, and the folder that it would be in was there before: it is left out.
    HiddenName,
    /// What came is not what it has to be: its digest is another one.
    WrongDigest(Box<Mismatch>),
    /// The server's file became another one while it came, and what was passed on cannot be taken back.
    Changed,
    /// A file of our own is not what we write, and is left alone: where it is, and what is wrong with it.
    Damaged(PathBuf, Clean),
    /// A file of our own is of another version than ours, and is left alone: where it is, and its version.
    OtherVersion(PathBuf, u64),
    /// Something else about the disk: the system's own words.
    Disk(Clean),
    /// Something else about the network: the system's own words.
    Network(Clean),
    /// The program ended while it was under way: nobody knows how far it got.
    Interrupted,
    /// It did not work in an earlier run of the program: why is not known any more.
    EarlierRun,
    /// The output was closed: whoever read it has enough.
    NobodyReads,
    /// Longer than it may be.
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// What the editor left is longer than a text may be.
    EditedTooLong {
        /// Where it is kept.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// What the editor left is not UTF-8. Where it is kept.
    EditedNotText(PathBuf),
    /// Another program could not be started: which, and the system's own words.
    NotStarted(Clean, Clean),
    /// Another program says that it failed: which, and its exit code.
    ProgramFailed(Clean, i32),
    /// There is no desktop on which anything could be opened.
    NoDesktop,
    /// It is not there any more.
    Gone,
    /// It is no `http` or `https` URL.
    NotForOpening,
    /// Our own queue to a worker is full.
    Busy,
    /// Files that were not asked for, because their server did not answer those before them.
    NotTried {
        /// How many.
        files: u64,
    },
    /// The folders of a tree that were not listed, because their server did not answer any more.
    NotWalked,
}

/// What a failure says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// There was no connection: no other request would get one.
    Unreachable,
    /// It took the request and did not answer it, or has no time to: others may fare better.
    Unresponsive,
}

/// A file that is there already under the name of another, and what is known of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Where it is.
    pub path: PathBuf,
    /// What it is like.
    pub there: Facts,
    /// What the other one is like, as far as its server says.
    pub comes: Facts,
}

/// What was waited for when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The addresses of a name.
    Resolve,
    /// A connection.
    Connect,
    /// The beginning of an answer.
    Answer,
    /// More of a body that had begun.
    Body,
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It comes from nobody whom this system trusts.
    UnknownAuthority,
    /// It is another server's.
    OtherName,
    /// It held good until some time ago.
    Expired,
    /// It will hold good some time from now.
    NotYetValid,
    /// It was taken back.
    Revoked,
}

impl Fault {
    /// A file of that name is there already, and no more is known of it.
    #[must_use]
    pub fn exists(path: PathBuf) -> Self {
        Self::Exists(Box::new(Clash { path, there: Facts::default(), comes: Facts::default() }))
    }

    /// What it says of the server as a whole; none where it is about the one request, or about something else.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        if matches!(
            self,
            Self::Refused
                | Self::Unresolved
                | Self::Unreachable
                | Self::Network(_)
                | Self::TimedOut(Stage::Resolve | Stage::Connect, _)
        ) {
            Some(Outage::Unreachable)
        } else if matches!(
            self,
            Self::Reset
                | Self::Closed
                | Self::TimedOut(Stage::Answer, _)
                | Self::Status(408 | 429 | 502 | 503 | 504)
        ) {
            Some(Outage::Unresponsive)
        } else {
            None
        }
    }

    /// Whether the server has answered, if not with what was asked for.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        let answered = matches!(
            self,
            Self::Status(_)
                | Self::Unauthorized { .. }
                | Self::NothingSent
                | Self::IsFolder
                | Self::IsFile
                | Self::NoListing
                | Self::Undecided
                | Self::WebPage
                | Self::Encoded(_)
                | Self::Redirected(_)
                | Self::InsecureRedirect(_)
        );
        answered && self.outage().is_none()
    }

    /// The reason behind a network error.
    #[must_use]
    pub fn from_network(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        let kind = error.kind();
        if kind == Kind::ConnectionRefused {
            Self::Refused
        } else if matches!(
            kind,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::AddrNotAvailable
        ) {
            Self::Unreachable
        } else if matches!(kind, Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe) {
            Self::Reset
        } else if kind == Kind::UnexpectedEof {
            Self::Closed
        } else if error.raw_os_error() == Some(nix::libc::EMSGSIZE) {
            Self::TooLongForDatagram
        } else {
            Self::Network(system_words(error))
        }
    }

    /// The reason behind a disk error.
    #[must_use]
    pub fn from_disk(error: &io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::DiskFull
        } else if error.kind() == io::ErrorKind::BrokenPipe {
            Self::NobodyReads
        } else {
            Self::Disk(system_words(error))
        }
    }
}

/// What the system says of an error, without the number that Rust puts behind it.
#[must_use]
pub fn system_words(error: &io::Error) -> Clean {
    // Where more is said than the system says, its own error is below.
    let below = error.get_ref().and_then(|said| said.source()).and_then(|below| below.downcast_ref());
    let number = below.unwrap_or(error).raw_os_error().map(|code| format!(" (os error {code})"));
    let said = error.to_string();
    let words = number.map_or_else(|| said.clone(), |number| said.replacen(&number, "", 1));
    clean_line(words.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_own_words_have_no_number_behind_them() {
        let error = io::Error::from_raw_os_error(nix::libc::EXDEV);
        let words = error.to_string();
        let (words, _) = words.split_once(" (os error ").unwrap();
        assert_eq!(&*system_words(&error), words);
        assert!(matches!(Fault::from_disk(&error), Fault::Disk(said) if &*said == words));
        assert!(matches!(Fault::from_network(&error), Fault::Network(said) if &*said == words));
        assert_eq!(&*system_words(&io::Error::other("its own (os error 7)")), "its own (os error 7)");
    }
}
