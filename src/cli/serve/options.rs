//! What can be written behind `hobnob serve`, and who may come in. Must never show a password.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use crate::cli::{Context, Ending, Socket};
use crate::config::ServeLayer;
use crate::event::system_words;
use crate::locale::fill;
use crate::net::interfaces::all_reachable;
use crate::serve::{AllowedHost, Identity, IdentityFault, Private};
use crate::text::size;
use crate::view::wording;
use crate::wire::credentials::Credentials;

/// Where a user name and a password may stand, so that they do not stand in the list of processes.
const AUTH: &str = "HOBNOB_AUTH";

/// `hobnob serve`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Serve {
    /// The folder to serve.
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Where to listen.
    #[command(flatten)]
    pub socket: Socket,
    /// What is hidden, too.
    #[arg(long)]
    pub hidden: bool,
    /// Links that lead out of the folder, too.
    #[arg(long)]
    pub follow_links: bool,
    /// Names by which clients may call the server, beside its own.
    #[arg(long, value_name = "NAME", value_parser = host)]
    pub allow_host: Vec<String>,
    /// Nothing can be added.
    #[arg(long, conflicts_with = "upload")]
    pub read_only: bool,
    /// Files can be added.
    #[arg(long)]
    pub upload: bool,
    /// They may take the place of others.
    #[arg(long)]
    pub overwrite: bool,
    /// Bytes of one of them.
    #[arg(long, value_name = "SIZE", value_parser = some_bytes)]
    pub max_upload: Option<String>,
    /// Bytes of the disk that are left free.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub keep_free: Option<String>,
    /// Whom to answer. No parser of clap's, which would repeat it.
    #[arg(long, value_name = "USER:PASSWORD", conflicts_with = "auth_file")]
    pub auth: Option<String>,
    /// Where that stands.
    #[arg(long, value_name = "FILE")]
    pub auth_file: Option<PathBuf>,
    /// Over TLS.
    #[arg(long)]
    pub tls: bool,
    /// The certificate.
    #[arg(long, value_name = "FILE", requires = "tls", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The key to it.
    #[arg(long, value_name = "FILE", requires = "tls", requires = "cert")]
    pub key: Option<PathBuf>,
}

/// A size as it is written: `500M`, `2G`.
fn bytes(text: &str) -> Result<String, String> {
    size::parse(text).map(|_| text.to_owned()).ok_or_else(|| "write for example 500M or 2G".to_owned())
}

/// A name that clients may call the server by.
fn host(text: &str) -> Result<String, String> {
    let wrong = || "write for example box.lan, *.example.com or *, without a port".to_owned();
    AllowedHost::parse(text).map(|_| text.to_owned()).ok_or_else(wrong)
}

fn some_bytes(text: &str) -> Result<String, String> {
    bytes(text).and_then(|text| match size::parse(&text) {
        Some(0) => Err("write for example 500M or 2G".to_owned()),
        _ => Ok(text),
    })
}

impl Serve {
    /// The settings that are given here.
    pub(in crate::cli) fn layer(&self) -> ServeLayer {
        let upload = if self.read_only { Some(false) } else { self.upload.then_some(true) };
        ServeLayer {
            hidden: self.hidden.then_some(true),
            follow_links: self.follow_links.then_some(true),
            upload,
            overwrite: self.overwrite.then_some(true),
            max_upload: self.max_upload.clone(),
            keep_free: self.keep_free.clone(),
            allow_hosts: Some(self.allow_host.clone()).filter(|hosts| !hosts.is_empty()),
            ..ServeLayer::default()
        }
    }

    /// The addresses to listen on.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        let everywhere = vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        self.socket.bind.map_or(everywhere, |address| vec![address])
    }

    /// Whom to answer: as it is written here, or in the file that is named here, or in the environment.
    pub(super) fn credentials(&self, context: &Context) -> Result<Option<Credentials>, Ending> {
        let words = &context.words.serve;
        if let Some(auth) = &self.auth {
            let wrong = || Ending::Usage(fill(&words.wrong_auth, &[("where", "--auth")]));
            return user_pass(auth).map(Some).ok_or_else(wrong);
        }
        if let Some(path) = &self.auth_file {
            let shown = wording::shown_path(path);
            let text = fs::read_to_string(path).map_err(|reason| unreadable(context, path, &reason))?;
            let first = text.lines().next().and_then(user_pass);
            let wrong = || Ending::Failed(fill(&words.wrong_auth, &[("where", &*shown)]));
            return first.map(Some).ok_or_else(wrong);
        }
        // One that is empty is wrong, too: somebody meant to let in only those who know it.
        let Some(auth) = env::var_os(AUTH) else { return Ok(None) };
        let wrong = || Ending::Failed(fill(&words.wrong_auth, &[("where", AUTH)]));
        OsStr::to_str(&auth).and_then(user_pass).map(Some).ok_or_else(wrong)
    }

    /// hobnob's own files, with those that are named here and hold a secret. A certificate may have its key behind it.
    pub(super) fn private(&self, context: &Context) -> Private {
        let mut private = context.private();
        private.files.extend([&self.auth_file, &self.key].into_iter().flatten().cloned());
        private.files.extend(self.cert.clone().filter(|path| Identity::has_key(path)));
        private
    }

    /// Who the server is, where it is to speak TLS.
    pub(super) fn identity(&self, context: &Context) -> Result<Option<Identity>, Ending> {
        let identity = match (&self.cert, &self.key) {
            _ if !self.tls => return Ok(None),
            (Some(certificate), Some(key)) => Identity::read(certificate, key),
            _ => Identity::own(&context.data_dir, names),
        };
        identity.map(Some).map_err(|fault| unusable(context, fault))
    }
}

/// As whom a browser may look for this machine.
fn names() -> Vec<String> {
    let everywhere: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let own = everywhere.into_iter().flat_map(|ip| all_reachable(SocketAddr::new(ip, 0)));
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let host = host.filter(|name| name != "localhost" && name.is_ascii());
    let addresses = own.map(|address| address.ip().to_string());
    ["localhost".to_owned()].into_iter().chain(host).chain(addresses).collect()
}

fn user_pass(text: &str) -> Option<Credentials> {
    let (user, password) = text.split_once(':').filter(|(_, password)| !password.is_empty())?;
    Credentials::new(user.to_owned(), password.to_owned())
}

fn unreadable(context: &Context, path: &std::path::Path, reason: &std::io::Error) -> Ending {
    let values = [("path", &*wording::shown_path(path)), ("reason", &system_words(reason))];
    Ending::Failed(fill(&context.words.serve.unreadable, &values))
}

fn unusable(context: &Context, fault: IdentityFault) -> Ending {
    let words = &context.words.serve;
    let about = |sentence: &str, path: &std::path::Path, reason: &str| {
        let values = [("path", &*wording::shown_path(path)), ("reason", reason)];
        Ending::Failed(fill(sentence, &values))
    };
    match fault {
        IdentityFault::File { path, reason } => unreadable(context, &path, &reason),
        IdentityFault::NoCertificate(path) => about(&words.no_certificate, &path, ""),
        IdentityFault::NoKey(path) => about(&words.no_key, &path, ""),
        IdentityFault::Unusable { path, reason } => {
            about(&words.unusable_certificate, &path, &reason.to_string())
        }
        IdentityFault::Unmade(reason) => Ending::Failed(reason.to_string()),
    }
}
