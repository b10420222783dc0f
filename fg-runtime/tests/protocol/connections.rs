//! Thousands of invocations use one connection and leak nothing.

use fg_emulator::{AnswerKind, Event, RuntimeApi};

use crate::function::{Function, LIMIT, api, echo};

/// The number of invocations. For a long run: `FG_SOAK=100000 cargo test -p fg-runtime --test
/// protocol connections -- --nocapture`.
fn invocations() -> usize {
    std::env::var("FG_SOAK")
        .ok()
        .map_or(2000, |count| count.parse().expect("FG_SOAK is a number of invocations"))
}

fn invoke(api: &RuntimeApi, count: usize) {
    // A short queue, so that the test's own memory does not grow.
    for first in (0..count).step_by(1000) {
        let numbers = first..count.min(first + 1000);
        let pending: Vec<_> = numbers
            .map(|number| (number.to_string(), api.invoke(Event::new(number.to_string()))))
            .collect();
        for (payload, pending) in pending {
            let answer = pending.wait(LIMIT).expect("there is an answer");
            assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, &*payload));
        }
    }
}

#[test]
fn thousands_of_invocations_use_one_connection_and_leak_nothing() {
    // With one thread, and with many.
    for cpu in ["300", "2000"] {
        let api = api();
        let function = echo().with("RUNTIME_CPU", cpu).start(&api);
        invoke(&api, 1000);
        let before = Holdings::of(&function);
        invoke(&api, invocations());
        let after = Holdings::of(&function);
        println!("RUNTIME_CPU={cpu}, {} invocations: {before:?}, then {after:?}", invocations());
        assert_eq!((api.connections(), api.posts().len()), (1, 1000 + invocations()));
        if let (Some(before), Some(after)) = (before, after) {
            assert_eq!(before.descriptors, after.descriptors);
            assert!(after.resident_kb <= before.resident_kb + 1024, "{before:?}, then {after:?}");
        }
        assert_eq!(function.stop().code, 0);
    }
}

/// The resources of a process; `None` if the system is not Linux.
#[derive(Clone, Copy, Debug)]
struct Holdings {
    descriptors: usize,
    resident_kb: u64,
}

impl Holdings {
    fn of(function: &Function) -> Option<Self> {
        let process = format!("/proc/{}", function.id());
        let descriptors = std::fs::read_dir(format!("{process}/fd")).ok()?.count();
        let status = std::fs::read_to_string(format!("{process}/status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(Self {
            descriptors,
            resident_kb: resident.trim().trim_end_matches(" kB").parse().ok()?,
        })
    }
}
