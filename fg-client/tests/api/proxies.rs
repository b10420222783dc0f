//! Requests through a proxy on loopback.

use std::sync::{Arc, Mutex};

use fg_client::{Environment, Error, Retry, TransportErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Reply, Server, builder, urn};

/// A proxy that leads every tunnel to `target`, or answers with `refusal`. Returns its address, and
/// the heads of the requests that it was sent.
async fn proxy(target: String, refusal: Option<&'static str>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            all.lock().expect("no panic").push(String::from_utf8_lossy(&head).into_owned());
            let answer = refusal.unwrap_or("HTTP/1.1 200 OK\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("written");
            if refusal.is_none() {
                let mut server = TcpStream::connect(&target).await.expect("the server");
                tokio::spawn(async move { copy_bidirectional(&mut stream, &mut server).await });
            }
        }
    });
    (address, heads)
}

#[tokio::test]
async fn a_request_goes_through_the_proxy_of_the_variables() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let target = server.url().replace("http://", "");
    let (address, heads) = proxy(target, None).await;
    let environment =
        Environment::empty().variable("HTTP_PROXY", format!("http://me:s3cr3t@{address}"));
    let client = builder("http://functiongraph.example").environment(environment);
    client.build().expect("a client").function(urn()).config().await.expect("a configuration");
    let heads = heads.lock().expect("no panic").clone();
    assert!(heads[0].starts_with("CONNECT functiongraph.example:80 HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("Proxy-Authorization: Basic bWU6czNjcjN0\r\n"), "{heads:?}");
    let seen = server.seen();
    assert_eq!(seen[0].header("host"), Some("functiongraph.example"));
    assert_eq!(seen[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_without_its_password() {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let (address, heads) = proxy(String::new(), Some(refusal)).await;
    let environment =
        Environment::empty().variable("HTTPS_PROXY", format!("http://me:s3cr3t@{address}"));
    let client = builder("https://functiongraph.example").environment(environment);
    let client = client.retry(Retry::never()).build().expect("a client");
    let error = client.function(urn()).config().await.expect_err("refused");
    let text = format!("{error} {error:?}");
    let Error::Transport(error) = error else { panic!("{text}") };
    assert_eq!(error.kind(), TransportErrorKind::Proxy);
    assert!(text.contains(&address) && text.contains("HTTPS_PROXY"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
    let heads = heads.lock().expect("no panic").clone();
    assert!(heads[0].starts_with("CONNECT functiongraph.example:443 "), "{heads:?}");
}

#[tokio::test]
async fn this_machine_is_never_asked_through_a_proxy() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let (address, heads) = proxy(String::new(), None).await;
    let environment = Environment::empty().variable("ALL_PROXY", format!("http://{address}"));
    let client = builder(&server.url()).environment(environment).build().expect("a client");
    client.function(urn()).config().await.expect("a configuration");
    assert!(heads.lock().expect("no panic").is_empty());
}
