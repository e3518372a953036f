//! TLS (RFC 8446): who the server is, and the connections that are private.
//!
//! Owns its certificate and key, and what becomes of clients that speak without TLS where it is asked for: HTTP is told so,
//! the plain protocol is answered with nothing. Must never answer anything else in the clear then, nor show a key.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::connection::{After, Heard, Opening, Visit, close, hear};
use super::patience::Patient;
use super::served::Began;
use super::socket::Socket;
use super::{http, plain};
use crate::event::served::{Answer, End, Request};
use crate::text::clean_line;

/// The first byte of a TLS connection: a record of the handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;

/// What HTTP in the clear is answered with (RFC 9110, section 15.5.22).
const UPGRADE: &[u8] = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n\
    Connection: Upgrade, close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\n\
    426 Upgrade Required\n";

/// What a certificate that is made here is kept in, for others to have, and its key, for nobody.
const OWN_CERTIFICATE: &str = "serve-cert.pem";
const OWN_KEY: &str = "serve-key.pem";

/// Who a server is: a certificate, and the key to it.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
    fingerprint: String,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// The file cannot be read, or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// There is no certificate in the file, in the form of RFC 7468 (PEM).
    #[error("{}: no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// There is no private key in the file, in the form of RFC 7468 (PEM).
    #[error("{}: no private key", .0.display())]
    NoKey(PathBuf),
    /// They cannot be used, or not together.
    #[error("{}: {reason}", path.display())]
    Unusable {
        /// The certificate.
        path: PathBuf,
        /// Why.
        reason: rustls::Error,
    },
    /// None can be made.
    #[error("{0}")]
    Unmade(#[from] rcgen::Error),
}

impl Identity {
    /// Reads a certificate, with those that vouch for it behind it, and its key: PEM files, which may be the same one.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, IdentityFault> {
        let content = |path: &Path| {
            fs::read(path).map_err(|reason| IdentityFault::File { path: path.to_path_buf(), reason })
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&content(certificate)?).flatten().collect();
        let fingerprint = match chain.first() {
            Some(own) => fingerprint(own),
            None => return Err(IdentityFault::NoCertificate(certificate.to_path_buf())),
        };
        let key = PrivateKeyDer::from_pem_slice(&content(key)?)
            .map_err(|_| IdentityFault::NoKey(key.to_path_buf()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let unusable = |reason| IdentityFault::Unusable { path: certificate.to_path_buf(), reason };
        let mut config = config.map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), fingerprint })
    }

    /// One that nobody vouches for, for a server of these names and addresses. It is kept in that folder, certificate
    /// and key each in a file of its own, so that it is the same the next time, whatever the names are then. Where only
    /// the certificate was removed, another one is made for the same key.
    pub fn own(dir: &Path, names: impl FnOnce() -> Vec<String>) -> Result<Self, IdentityFault> {
        let (certificate, key) = (dir.join(OWN_CERTIFICATE), dir.join(OWN_KEY));
        let fault = |path: &Path| {
            let path = path.to_path_buf();
            |reason| IdentityFault::File { path, reason }
        };
        if !key.exists() {
            keep(dir, &key, &KeyPair::generate()?.serialize_pem()).map_err(fault(&key))?;
            // Another key's is of no use any more. One that cannot be removed is found out below.
            let _ = fs::remove_file(&certificate);
        }
        if !certificate.exists() {
            // The key that is kept, so that two servers that begin at once make certificates for the same one.
            let kept = fs::read_to_string(&key).map_err(fault(&key))?;
            let kept = KeyPair::from_pem(&kept).map_err(|_| IdentityFault::NoKey(key.clone()))?;
            keep(dir, &certificate, &certify(names(), &kept)?).map_err(fault(&certificate))?;
        }
        Self::read(&certificate, &key)
    }

    /// Whether there is a private key in this file, beside what else is in it.
    #[must_use]
    pub fn has_key(path: &Path) -> bool {
        fs::read(path).is_ok_and(|content| PrivateKeyDer::from_pem_slice(&content).is_ok())
    }

    /// The SHA-256 of the certificate, as browsers show it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Identity").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = Sha256::digest(certificate);
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// A certificate for this key, as PEM.
fn certify(names: Vec<String>, key: &KeyPair) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "hobnob");
    Ok(params.self_signed(key)?.pem())
}

/// Keeps it from everybody but the user, and whole or not at all. One that was made meanwhile is left.
fn keep(dir: &Path, path: &Path, content: &str) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => Err(refused.error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Serves one connection to a server that has an identity.
pub(super) async fn serve(socket: Socket, identity: &Identity, mut visit: Visit) {
    let silence = visit.site.limits.silence;
    let guest = Arc::clone(&visit.guest);
    let mut first = [0];
    let peeked = tokio::select! {
        peeked = timeout(silence, socket.peek(&mut first)) => peeked,
        () = visit.closing() => return,
        () = guest.dismissed() => return,
    };
    match peeked {
        Ok(Ok(1..)) if first == [HANDSHAKE] => {}
        Ok(Ok(1..)) => return refuse(socket, visit).await,
        Ok(Ok(_) | Err(_)) | Err(_) => return,
    }
    let began = Began::now();
    let stream = Patient::new(socket.clone(), visit.site.limits.stall);
    let accepting = timeout(silence, TlsAcceptor::from(Arc::clone(&identity.config)).accept(stream));
    let accepted = tokio::select! {
        accepted = accepting => accepted,
        () = visit.closing() => return,
        () = guest.dismissed() => return,
    };
    let Ok(Ok(mut stream)) = accepted else {
        let failed = began.ended(visit.peer, Request::Handshake, Answer::Unanswered, End::BrokenOff, 0);
        return visit.log.tell(failed);
    };
    let Some(Heard { opening, head, began }) = hear(&mut stream, &mut visit).await else { return };
    match opening {
        Opening::Http => {
            let (read, write) = tokio::io::split(stream);
            // Nobody takes an end without a word (RFC 8446, section 6.1) for that of an answer.
            http::converse(read, write, socket, head, visit).await;
        }
        Opening::Plain(_) => plain::nothing(&mut stream, &head, began, &mut visit).await,
    }
}

/// Answers what comes in the clear.
async fn refuse(mut stream: Socket, mut visit: Visit) {
    let Some(Heard { opening, head, began }) = hear(&mut stream, &mut visit).await else { return };
    match opening {
        Opening::Http => {
            let written = timeout(visit.site.limits.stall, stream.write_all(UPGRADE)).await;
            let end = if matches!(written, Ok(Ok(()))) { End::Whole } else { End::BrokenOff };
            let mut words = head.split(u8::is_ascii_whitespace).map(clean_line);
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let request = Request::Http { method, path };
            visit.log.tell(began.ended(visit.peer, request, Answer::Status(426), end, 0));
            close(&mut stream, After::Request, &mut visit).await;
        }
        Opening::Plain(_) => plain::nothing(&mut stream, &head, began, &mut visit).await,
    }
}
