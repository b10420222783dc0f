//! Whatever the payload is, it is a request or a failure; one that is written as an event is the
//! same request again, and what `ApigEvent` takes is taken, too. The same of answers.

#![no_main]

use fg_events::apig::ApigEvent;
use fg_http::apig;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let read = serde_json::from_slice::<ApigEvent>(input);
    match apig::request_of(input) {
        Ok(request) => {
            let (parts, body) = request.into_parts();
            if let Ok(event) = read {
                assert_eq!(*body, *event.body());
            }
            if let Ok(written) = apig::event_of(&parts, &body) {
                let again = apig::request_of(&written).expect("an event that was written is read");
                assert_eq!(
                    (again.method(), again.headers(), again.body()),
                    (&parts.method, &parts.headers, &body)
                );
                assert_eq!(again.uri().path(), parts.uri.path());
            }
        }
        Err(failure) => {
            if let Ok(event) = read {
                let is_method = http::Method::from_bytes(event.http_method.as_bytes()).is_ok();
                assert!(!is_method || event.path.is_empty() || input.len() > 10_000, "{failure}");
            }
        }
    }
    if let Ok(response) = apig::response_of(input) {
        assert!(response.status().as_u16() >= 200);
    }
});
