//! A body is copied at most twice on its way through the gateway's JSON, in each direction.
//!
//! What is counted are the bytes of all allocations, so one that grows counts at each of its sizes.

use allocation_counter::measure;
use bytes::Bytes;
use fg_core::ResponseBuffer;
use fg_http::apig;
use http::header::CONTENT_TYPE;

const MEGABYTE: usize = 1 << 20;
/// For everything but the body.
const REST: u64 = 16 * 1024;

fn allocated(work: impl FnOnce()) -> u64 {
    let counted = measure(work).bytes_total;
    println!("{:.3} times the body", counted as f64 / MEGABYTE as f64);
    counted
}

fn copies(count: f64) -> u64 {
    (count * MEGABYTE as f64) as u64 + REST
}

fn event(body: &str, is_base64: bool) -> Vec<u8> {
    serde_json::json!({
        "httpMethod": "POST", "path": "/images", "headers": { "content-type": "image/png", "accept": "a" },
        "queryStringParameters": { "a": ["1", "2"] }, "body": body, "isBase64Encoded": is_base64,
    })
    .to_string()
    .into_bytes()
}

fn response(content_type: &'static str, body: Vec<u8>) -> http::Response<Bytes> {
    http::Response::builder()
        .header(CONTENT_TYPE, content_type)
        .body(body.into())
        .expect("it is valid")
}

#[test]
fn a_body_in_base64_is_copied_once_out_of_the_event() {
    let sent = fg_events::apig::ApigEvent::new().with_body(vec![0xa5; MEGABYTE]);
    let payload = event(&sent.body_text, true);
    let counted = allocated(|| {
        let request = apig::request_of(&payload).expect("it is an event");
        assert_eq!(request.body().len(), MEGABYTE);
    });
    assert!(counted <= copies(1.0), "{counted} bytes");
}

#[test]
fn a_text_is_copied_once_out_of_the_event() {
    let payload = event(&"a".repeat(MEGABYTE), false);
    let counted = allocated(|| {
        assert_eq!(apig::request_of(&payload).expect("it is an event").body().len(), MEGABYTE);
    });
    assert!(counted <= copies(1.0), "{counted} bytes");
}

#[test]
fn a_text_with_escapes_is_copied_twice_out_of_the_event() {
    let payload = event(&"a line\n".repeat(MEGABYTE / 7), false);
    let mut body = Bytes::new();
    let peak = measure(|| body = apig::request_of(&payload).expect("it is an event").into_body())
        .bytes_max;
    println!("{:.3} times the body at once", peak as f64 / MEGABYTE as f64);
    assert!(peak <= copies(3.0), "{peak} bytes: a buffer of at most twice the size, and the body");
}

#[test]
fn bytes_are_copied_once_into_the_answer() {
    let (parts, body) = response("image/png", vec![0xa5; MEGABYTE]).into_parts();
    let counted = allocated(|| {
        apig::write_response(&parts, &body, &mut ResponseBuffer::new()).expect("it is written");
    });
    assert!(counted <= copies(4.0 / 3.0), "{counted} bytes");
}

#[test]
fn a_text_is_copied_once_into_the_answer_even_where_it_grows() {
    let (parts, body) = response("application/json", b"\"".repeat(MEGABYTE)).into_parts();
    let counted = allocated(|| {
        apig::write_response(&parts, &body, &mut ResponseBuffer::new()).expect("it is written");
    });
    assert!(counted <= copies(2.0), "{counted} bytes");
}

#[test]
fn a_body_is_copied_once_into_an_event_and_once_out_of_an_answer() {
    let parts = http::Request::post("/a?b=c").body(()).expect("it is valid").into_parts().0;
    let body = vec![0xa5; MEGABYTE];
    let counted = allocated(|| drop(apig::event_of(&parts, &body).expect("it is written")));
    assert!(counted <= copies(4.0 / 3.0), "{counted} bytes");

    let mut reply = ResponseBuffer::new();
    let (parts, body) = response("image/png", body).into_parts();
    apig::write_response(&parts, &body, &mut reply).expect("it is written");
    let counted = allocated(|| {
        assert_eq!(
            apig::response_of(reply.body()).expect("it is an answer").body().len(),
            MEGABYTE
        );
    });
    assert!(counted <= copies(1.0), "{counted} bytes");
}
