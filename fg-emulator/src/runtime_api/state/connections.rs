//! The connections of an API, of which an instance has only so many.

use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use super::State;
use crate::runtime_api::invocation::Progress;
use crate::runtime_api::peer::Owner;

/// How many connections an instance can have.
const MOST_CONNECTIONS: usize = 128;

#[derive(Debug)]
pub(super) struct Open {
    pub(super) socket: Arc<TcpStream>,
    /// The function closed its side, or the reading ended.
    pub(super) ended: bool,
    /// It may be the function's, and may not.
    pub(super) is_unknown: bool,
}

/// What becomes of a connection that has been accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    Number(u64),
    /// There are too many already, and none of them can go yet.
    Full,
    Stopped,
}

impl State {
    /// Gives a new connection its number.
    pub(crate) fn register(&mut self, socket: &Arc<TcpStream>) -> Registered {
        if self.stopped {
            return Registered::Stopped;
        }
        if !self.has_room() {
            // The oldest one of which it cannot be known whose it is gives way, if it has not asked
            // for anything; strangers do not stay.
            let idle = |number: &u64| !self.waiting.contains(number) && !self.has_event(*number);
            let mut connections = self.connections.iter().filter(|(_, open)| open.is_unknown);
            let Some((number, open)) = connections.find(|(number, _)| idle(number)) else {
                return Registered::Full;
            };
            let number = *number;
            // An error means that it is closed already.
            let _ = open.socket.shutdown(Shutdown::Both);
            self.connections.remove(&number);
        }
        self.accepted += 1;
        self.connections.insert(
            self.accepted,
            Open { socket: Arc::clone(socket), ended: false, is_unknown: false },
        );
        Registered::Number(self.accepted)
    }

    /// Whether there can be one more connection. A test has as many as it likes.
    pub(crate) fn has_room(&self) -> bool {
        self.owner == Owner::Anyone || self.connections.len() < MOST_CONNECTIONS
    }

    /// Whether the event that waits for its answer was handed out to this connection.
    fn has_event(&self, connection: u64) -> bool {
        let last = self.handed_out_last.map(|last| &self.invocations[last]);
        last.is_some_and(|last| {
            last.awaits_answer()
                && matches!(last.progress, Progress::HandedOut(to) if to == connection)
        })
    }

    pub(crate) fn mark_ended(&mut self, connection: u64) {
        if let Some(open) = self.connections.get_mut(&connection) {
            open.ended = true;
        }
    }

    pub(crate) fn forget(&mut self, connection: u64) {
        self.connections.remove(&connection);
    }

    pub(super) fn is_closed(&self, connection: u64) -> bool {
        self.stopped || self.connections.get(&connection).is_none_or(|open| open.ended)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::runtime_api::event::Event;
    use crate::runtime_api::invocation::Turn;
    use crate::runtime_api::state::AnswerLimit;

    #[test]
    fn where_it_is_not_known_whose_a_connection_is_the_oldest_that_asks_for_nothing_gives_way() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let socket = Arc::new(
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens"),
        );
        let mut state = State::default();
        state.serve_an_instance(AnswerLimit { whole: 1, streamed: 1 }, None);
        for number in 1..=128 {
            assert_eq!(state.register(&socket), Registered::Number(number));
        }
        assert_eq!(state.register(&socket), Registered::Full, "those that are looked at stay");
        (1..=4).for_each(|number| state.mark_unknown(number));
        state.waiting.insert(1);
        state.enqueue(Event::new("{}"));
        assert!(matches!(state.turn(2), Some(Turn::Event { .. })));
        assert_eq!(state.register(&socket), Registered::Number(129));
        let open: Vec<_> =
            (1..=4).filter(|number| state.connections.contains_key(number)).collect();
        assert_eq!(open, [1, 2, 4]);
    }
}
