//! What the client does when servers fail on purpose.

use std::time::Duration;

use fg_client::aliases::UpdateAlias;
use fg_client::functions::{CreateFunction, PublishVersion};
use fg_client::{Error, Retry, Service, TransportErrorKind};
use tokio::net::TcpListener;

use crate::server::{Act, PROJECT, Reply, Server, builder, client, misbehave, urn};

const CONFIG: &str = r#"{"func_urn":"urn:fss:cn-north-4:p:function:default:greet:latest"}"#;
const BUSY: &str = r#"{"error_code":"FSS.0500","error_msg":"Internal error"}"#;
const OK: Act = Act::Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
const CUT: Act = Act::Write("");
const HALF: Act = Act::Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"func_name\":");

fn transport(error: Error) -> fg_client::TransportError {
    match error {
        Error::Transport(error) => *error,
        other => panic!("not a fault of the connection: {other}"),
    }
}

#[tokio::test]
async fn get_put_and_delete_are_sent_again_after_500() {
    for status in [429, 500, 502, 503, 504] {
        let server = Server::start(move |number, _| match number % 2 {
            1 => Reply::json(status, BUSY),
            _ => Reply::json(200, CONFIG),
        })
        .await;
        let function = client(&server.url()).function(urn());
        function.config().await.expect("a configuration");
        function.update_alias("prod", &UpdateAlias::new("v2")).await.expect("an alias");
        function.delete().await.expect("deleted");
        assert_eq!(server.seen().len(), 6, "{status}");
    }
}

#[tokio::test]
async fn a_post_that_may_have_been_carried_out_is_not_sent_again() {
    for status in [500, 502, 503, 504] {
        let server = Server::start(move |_, _| Reply::json(status, BUSY)).await;
        let function = client(&server.url()).function(urn());
        let error = function.publish(&PublishVersion::default()).await.expect_err("an error");
        let error = error.as_service().expect("the platform's");
        assert_eq!((error.status(), error.attempts()), (status, 1));
        assert_eq!(server.seen().len(), 1);
    }
    for act in [CUT, HALF] {
        let (url, requests) = misbehave(vec![act, OK]).await;
        let function = client(&url).function(urn());
        let error = function.invoke::<()>(&()).await.expect_err("an error");
        assert!(error.is_ambiguous());
        let error = transport(error);
        assert_eq!(error.kind(), TransportErrorKind::Broken);
        assert!(error.to_string().contains("may have been carried out all the same"), "{error}");
        assert_eq!(*requests.lock().expect("no panic"), 1);
    }
}

#[tokio::test]
async fn a_post_that_was_not_carried_out_is_sent_again() {
    let server = Server::start(|number, _| match number {
        1 => Reply::json(429, BUSY),
        2 => Reply::json(503, BUSY).header("retry-after", "0"),
        _ => Reply::json(200, CONFIG),
    })
    .await;
    let function = CreateFunction::new("greet", "Custom", "bootstrap");
    client(&server.url()).create_function(&function).await.expect("created");
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|request| request.body == seen[0].body));
}

#[tokio::test]
async fn attempts_end_and_are_counted() {
    let server = Server::start(|_, _| Reply::json(500, BUSY)).await;
    let error = client(&server.url()).function(urn()).config().await.expect_err("an error");
    assert_eq!(server.seen().len(), 4);
    let text = error.to_string();
    assert!(text.contains("FSS.0500: Internal error (request id rid-1) (4 attempts). "), "{text}");
    let client = builder(&server.url()).retry(Retry::never()).build().expect("a client");
    client.function(urn()).config().await.expect_err("an error");
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn a_retry_after_beyond_the_time_ends_the_attempts() {
    let server = Server::start(|_, _| Reply::json(429, BUSY).header("retry-after", "3600")).await;
    client(&server.url()).function(urn()).config().await.expect_err("an error");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_again() {
    for act in [CUT, HALF] {
        let (url, requests) = misbehave(vec![act, OK]).await;
        client(&url).function(urn()).config().await.expect("a configuration");
        assert_eq!(*requests.lock().expect("no panic"), 2);
    }
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_has_succeeded_if_nothing_is_left() {
    let gone = Act::Write(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 25\r\nConnection: close\r\n\r\n{\"error_code\":\"FSS.1051\"}\n",
    );
    let (url, _) = misbehave(vec![CUT, gone]).await;
    client(&url).function(urn()).delete().await.expect("deleted");
    let (url, _) = misbehave(vec![gone]).await;
    let error = client(&url).function(urn()).delete().await.expect_err("not there");
    assert!(error.is_not_found() && error.error_code() == Some("FSS.1051"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_names_host_and_way_out() {
    // The port was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let function = client(&format!("http://{host}")).function(urn());
    let error = transport(function.invoke_async(&()).await.expect_err("refused"));
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert_eq!((error.host(), error.attempts()), (host.as_str(), 4));
    assert!(!error.is_ambiguous());
    let text = error.to_string();
    assert!(text.contains("the connection was refused") && text.contains("No server"), "{text}");
}

#[tokio::test]
async fn a_host_without_an_address_is_told() {
    let client = builder("http://functiongraph.cn-north-4.invalid").retry(Retry::never());
    let function = client.build().expect("a client").function(urn());
    let error = transport(function.config().await.expect_err("no address"));
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert!(error.to_string().contains("the host has no address"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_in_time() {
    let (url, requests) = misbehave(vec![Act::Wait]).await;
    let client = builder(&url)
        .timeout(Duration::from_millis(50))
        .invoke_timeout(Duration::from_millis(50))
        .build()
        .expect("a client");
    let function = client.function(urn());
    let error = transport(function.config().await.expect_err("no answer"));
    assert_eq!((error.kind(), error.attempts()), (TransportErrorKind::Timeout, 4));
    let error = transport(function.invoke::<()>(&()).await.expect_err("no answer"));
    assert_eq!((error.kind(), error.attempts()), (TransportErrorKind::Timeout, 1));
    assert!(error.is_ambiguous());
    assert_eq!(*requests.lock().expect("no panic"), 5);
}

#[tokio::test]
async fn a_server_that_takes_no_connection_further_is_left_in_time() {
    // Nothing is accepted, so that TLS does not begin.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let client = builder(&url).connect_timeout(Duration::from_millis(50)).retry(Retry::never());
    let function = client.build().expect("a client").function(urn());
    let error = transport(function.config().await.expect_err("no connection"));
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert!(error.to_string().contains("no connection in time"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let server = Server::start(|_, _| Reply::json(200, CONFIG)).await;
    let url = server.url().replace("http://", "https://");
    let function = client(&url).function(urn());
    let error = transport(function.config().await.expect_err("no TLS"));
    assert_eq!((error.kind(), error.attempts()), (TransportErrorKind::Tls, 1), "{error}");
    assert!(error.to_string().contains("http://"), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    let (url, requests) = misbehave(vec![Act::Write("SSH-2.0-OpenSSH_9.6\r\n")]).await;
    let error = transport(client(&url).function(urn()).config().await.expect_err("no HTTP"));
    assert!(error.to_string().contains("the answer is not HTTP"), "{error}");
    assert_eq!(*requests.lock().expect("no panic"), 1);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_told_without_its_content() {
    for body in ["<html>s3cr3t</html>", r#"{"func_name":["s3cr3t"]}"#, r#"{"timeout":"s3cr3t"}"#] {
        let server = Server::start(move |_, _| Reply::json(200, body)).await;
        let error = client(&server.url()).function(urn()).config().await.expect_err("an error");
        let text = format!("{error} {error:?}");
        assert!(matches!(error, Error::Answer(_)), "{text}");
        assert!(text.contains("127.0.0.1") && text.contains("rid-1"), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_its_end() {
    let server = Server::start(|_, _| Reply::json(200, " ".repeat(17 * 1024 * 1024))).await;
    let error = transport(client(&server.url()).function(urn()).config().await.expect_err("long"));
    assert!(error.to_string().contains("16777216 bytes"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(|_, _| Reply::json(200, CONFIG)).await;
    let location = other.url();
    let server =
        Server::start(move |_, _| Reply::json(307, "").header("location", location.clone())).await;
    let error = client(&server.url()).function(urn()).config().await.expect_err("a redirect");
    let text = error.to_string();
    assert!(text.contains(&other.url()) && text.contains("for one host only"), "{text}");
    assert!(other.seen().is_empty());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_clock_that_is_far_off_is_told_with_both_times() {
    let server = Server::start(|_, _| {
        let body =
            r#"{"error_code":"APIG.0301","error_msg":"Incorrect IAM authentication information"}"#;
        Reply::json(401, body).header("date", "Mon, 02 Jan 2006 15:04:05 GMT")
    })
    .await;
    let error = client(&server.url()).quotas().await.expect_err("refused");
    let skew = error.as_service().and_then(fg_client::ServiceError::clock_skew).expect("a skew");
    assert!(skew.here > skew.there);
    let text = error.to_string();
    assert!(
        text.contains("there 2006-01-02T15:04:05Z") && text.contains("here it is 20"),
        "{text}"
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_function_of_another_region_is_not_asked_for() {
    let server = Server::start(|_, _| Reply::json(200, CONFIG)).await;
    let urn = urn().to_string().replace("cn-north-4", "eu-de");
    let function =
        client(&server.url()).function(urn.parse::<fg_client::FunctionUrn>().expect("a URN"));
    let error = function.config().await.expect_err("another region");
    assert!(error.to_string().contains("the function is in eu-de"), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_empty_name_does_not_name_more_than_it_should() {
    let server = Server::start(|_, _| Reply::json(204, "")).await;
    let function = client(&server.url()).function(urn());
    for (type_code, id) in [("TIMER", ""), ("", ""), ("TIMER", ".."), (".", "t-1")] {
        let error = function.delete_trigger(type_code, id).await.expect_err("no name");
        assert!(error.to_string().contains("is empty, `.` or `..`"), "{error}");
    }
    let error = function.delete_alias("\u{1b}/..").await.err();
    assert!(error.is_none(), "all of it is one name: {error:?}");
    assert_eq!(
        server.paths(),
        [format!(
            "DELETE /v2/{PROJECT}/fgs/functions/{}/aliases/%1B%2F..",
            urn().to_string().replace(':', "%3A")
        )]
    );
}

#[tokio::test]
async fn what_object_storage_says_is_read() {
    let server = Server::start(|_, _| {
        let body = "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>The bucket is \
                    not there</Message><RequestId>0001</RequestId></Error>";
        Reply(404, vec![("content-type", "application/xml".to_owned())], body.into())
    })
    .await;
    let client = builder(&server.url()).service_endpoint(Service::Obs, server.url());
    let client = client.build().expect("a client");
    let error = client.put_object("code", "a.zip", "application/zip", "zip").await;
    let text = error.expect_err("no bucket").to_string();
    assert!(
        text.starts_with("upload a.zip into the bucket code: OBS answered 404, NoSuchBucket"),
        "{text}"
    );
    assert!(text.contains("request id 0001") && text.contains("create it"), "{text}");
}
