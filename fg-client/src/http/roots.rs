//! The certificates that servers are trusted by.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// The settings of TLS: rustls with ring, and the roots of the system, which `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` replace. Where there are none, in an image that is empty but for a program,
/// Mozilla's. These are read once a process. `further` roots are DER.
pub(super) fn tls(further: &[Vec<u8>]) -> Result<ClientConfig, rustls::Error> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let mut roots = Arc::clone(ROOTS.get_or_init(|| Arc::new(roots())));
    for certificate in further {
        Arc::make_mut(&mut roots).add(CertificateDer::from(certificate.as_slice()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Certificates that cannot be read are left out: systems have some that rustls does not take.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
