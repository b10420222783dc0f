//! Whatever the payload is, it is an event or a failure that says why not.

#![no_main]

use std::borrow::Cow;

use fg_core::{Failure, FromPayload, ResponseBuffer};

#[derive(serde::Deserialize, serde::Serialize)]
struct Order<'a> {
    #[serde(borrow)]
    customer: Cow<'a, str>,
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Item {
    price: u32,
    weight: f64,
}

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    match Order::from_payload(payload) {
        Ok(order) => {
            let mut reply = ResponseBuffer::new();
            reply.write_json(&order).expect("an order can be written");
            assert!(Order::from_payload(reply.body()).is_ok());
        }
        Err(failure) => {
            assert_eq!(failure.error_type(), Failure::INVALID_PAYLOAD);
            assert!(!failure.message().is_empty());
        }
    }
});
