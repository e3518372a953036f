//! TLS (RFC 8446): that a server is who its name says. Trusts whom the system trusts, and never asks whether to trust
//! anybody else.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};

use crate::event::{Distrust, Fault, Stage};
use crate::text::clean_line;
use crate::wire::address::Host;

/// What is known of whom to trust: nothing, until the first server wants to be.
#[derive(Debug, Default)]
pub(super) struct Tls {
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Makes a stream, on which nothing was said yet, one to that server and no other.
    pub(super) async fn secure(
        &self,
        stream: TcpStream,
        host: &Host,
        patience: Duration,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let config = self.config.get_or_try_init(config).await?;
        let name = match host {
            // No certificate has such a name.
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| Fault::Certificate(Distrust::OtherName))?
            }
            Host::V4(address) => ServerName::IpAddress((*address).into()),
            Host::V6(address, _) => ServerName::IpAddress((*address).into()),
        };
        match timeout(patience, TlsConnector::from(Arc::clone(config)).connect(name, stream)).await {
            Ok(secured) => {
                secured.map_err(|error| why(&error).unwrap_or_else(|| Fault::from_network(&error)))
            }
            Err(_) => Err(Fault::TimedOut(Stage::Connect, patience)),
        }
    }
}

async fn config() -> Result<Arc<ClientConfig>, Fault> {
    // There are hundreds of them to read, from as many files on some systems.
    let loaded = spawn_blocking(|| {
        let mut roots = RootCertStore::empty();
        // One that cannot be read is trusted by nobody.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    });
    let roots = loaded.await.unwrap_or_else(|_| RootCertStore::empty());
    if roots.is_empty() {
        return Err(Fault::NoAuthorities);
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| words(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What went wrong while the two sides agreed on their keys, or later; none where TLS has nothing to do with it.
pub(super) fn why(error: &io::Error) -> Option<Fault> {
    let cause = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(if let rustls::Error::InvalidCertificate(error) = cause {
        distrust(error).map_or_else(|| words(cause), Fault::Certificate)
    } else if matches!(cause, rustls::Error::InvalidMessage(_)) {
        // Bytes of some other protocol.
        Fault::NoTls
    } else {
        words(cause)
    })
}

fn distrust(error: &CertificateError) -> Option<Distrust> {
    use CertificateError as Error;
    if matches!(error, Error::Expired | Error::ExpiredContext { .. }) {
        Some(Distrust::Expired)
    } else if matches!(error, Error::NotValidYet | Error::NotValidYetContext { .. }) {
        Some(Distrust::NotYetValid)
    } else if matches!(error, Error::NotValidForName | Error::NotValidForNameContext { .. }) {
        Some(Distrust::OtherName)
    } else if matches!(error, Error::Revoked) {
        Some(Distrust::Revoked)
    // Others are, above all, certificates that vouch for themselves.
    } else if matches!(error, Error::UnknownIssuer | Error::BadSignature | Error::Other(_)) {
        Some(Distrust::UnknownAuthority)
    } else {
        None
    }
}

fn words(error: &rustls::Error) -> Fault {
    Fault::Tls(clean_line(error.to_string().as_bytes()))
}
