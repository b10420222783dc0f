//! One connection is enough.

use fg_emulator::{AnswerKind, Event};

use crate::function::{LIMIT, api, echo};

const INVOCATIONS: usize = 2000;

#[test]
fn two_thousand_invocations_take_one_connection() {
    // One thread, and many.
    for cpu in ["300", "2000"] {
        let api = api();
        let function = echo().with("RUNTIME_CPU", cpu).start(&api);
        let pending: Vec<_> = (0..INVOCATIONS).map(|number| api.invoke(Event::new(number.to_string()))).collect();
        for (number, pending) in pending.iter().enumerate() {
            let answer = pending.wait(LIMIT).expect("there is an answer");
            assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, &*number.to_string()));
        }
        assert_eq!((api.connections(), api.posts().len()), (1, INVOCATIONS));
        assert_eq!(function.stop().code, 0);
    }
}
