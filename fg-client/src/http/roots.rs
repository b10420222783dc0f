//! The certificates that servers are trusted by.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};

/// The settings of TLS: rustls with ring, and the roots of the system, which `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` replace. Where there are none, in an image that is empty but for a program,
/// Mozilla's. The roots are read once a process.
pub(super) fn tls() -> Result<ClientConfig, rustls::Error> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = Arc::clone(ROOTS.get_or_init(|| Arc::new(roots())));
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
