//! HTTPS against a server on loopback with a certificate of its own.

use std::sync::Arc;

use fg_client::{Error, Retry, TransportErrorKind};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring::default_provider};

use crate::server::{builder, urn};

/// A server for `names`, and the root that its certificate is of, in DER.
async fn server(names: &[&str]) -> (String, Vec<u8>) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().expect("a key");
    let root = params.self_signed(&root_key).expect("a root");
    let issuer = Issuer::new(params, root_key);
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(names).expect("parameters");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the certificate goes.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a head"));
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
            stream.write_all(answer).await.expect("written");
            stream.shutdown().await.expect("closed");
        }
    });
    (format!("https://127.0.0.1:{port}"), root.der().to_vec())
}

#[tokio::test]
async fn a_server_with_a_certificate_that_is_trusted_is_asked() {
    let (url, root) = server(&["127.0.0.1"]).await;
    let client = builder(&url).root_certificate(root).build().expect("a client");
    client.function(urn()).config().await.expect("a configuration");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused_and_told() {
    let (url, _) = server(&["127.0.0.1"]).await;
    let client = builder(&url).retry(Retry::never()).build().expect("a client");
    let error = client.function(urn()).config().await.expect_err("not trusted");
    let Error::Transport(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), TransportErrorKind::Tls);
    assert!(!error.is_ambiguous());
    let text = error.to_string();
    assert!(text.contains("UnknownIssuer") && text.contains("SSL_CERT_FILE"), "{text}");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let (url, root) = server(&["functiongraph.example"]).await;
    let client = builder(&url).root_certificate(root).build().expect("a client");
    let error = client.function(urn()).config().await.expect_err("another host");
    let Error::Transport(error) = error else { panic!("{error}") };
    assert_eq!((error.kind(), error.attempts()), (TransportErrorKind::Tls, 1));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let error = builder("https://127.0.0.1:9").root_certificate(b"no".to_vec()).build();
    let error = error.expect_err("no certificate");
    assert!(error.to_string().contains("TLS cannot be used"), "{error}");
}
