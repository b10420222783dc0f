//! The connections of an API, whose number is limited for an instance.

use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use super::State;
use crate::runtime_api::invocation::Progress;
use crate::runtime_api::peer::Owner;

/// How many connections an instance can have.
const MAX_CONNECTIONS: usize = 128;

#[derive(Debug)]
pub(super) struct OpenConnection {
    pub(super) socket: Arc<TcpStream>,
    /// The function has closed its side, or reading has ended.
    pub(super) ended: bool,
    /// Whether the process at the other end could not be identified.
    pub(super) peer_is_unknown: bool,
}

/// Whether a new connection was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime_api) enum Registration {
    /// With its number, counted from 1.
    Accepted(u64),
    /// There are too many, and none can be closed yet.
    Full,
    Stopped,
}

impl State {
    /// Gives a new connection its number.
    pub(in crate::runtime_api) fn register(&mut self, socket: &Arc<TcpStream>) -> Registration {
        if self.stopped {
            return Registration::Stopped;
        }
        if !self.has_room() {
            // The oldest idle connection of an unknown process is closed. Those of strangers are
            // closed soon anyway.
            let is_idle = |number: &u64| !self.waiting.contains(number) && !self.has_event(*number);
            let mut unknown = self.connections.iter().filter(|(_, open)| open.peer_is_unknown);
            let Some((number, open)) = unknown.find(|(number, _)| is_idle(number)) else {
                return Registration::Full;
            };
            let number = *number;
            // An error means that it is closed already.
            let _ = open.socket.shutdown(Shutdown::Both);
            self.connections.remove(&number);
        }
        self.accepted_connections += 1;
        self.connections.insert(
            self.accepted_connections,
            OpenConnection { socket: Arc::clone(socket), ended: false, peer_is_unknown: false },
        );
        Registration::Accepted(self.accepted_connections)
    }

    /// Whether there can be one more connection. A test can have any number.
    pub(in crate::runtime_api) fn has_room(&self) -> bool {
        self.owner == Owner::Anyone || self.connections.len() < MAX_CONNECTIONS
    }

    /// Whether the event that waits for its answer was handed out to this connection.
    fn has_event(&self, connection: u64) -> bool {
        let last = self.handed_out_last.map(|last| &self.invocations[last]);
        last.is_some_and(|last| {
            last.awaits_answer()
                && matches!(last.progress, Progress::HandedOut(to) if to == connection)
        })
    }

    pub(in crate::runtime_api) fn mark_ended(&mut self, connection: u64) {
        if let Some(open) = self.connections.get_mut(&connection) {
            open.ended = true;
        }
    }

    pub(in crate::runtime_api) fn mark_peer_unknown(&mut self, connection: u64) {
        if let Some(open) = self.connections.get_mut(&connection) {
            open.peer_is_unknown = true;
        }
    }

    pub(in crate::runtime_api) fn forget(&mut self, connection: u64) {
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
    use crate::runtime_api::invocation::PollOutcome;
    use crate::runtime_api::state::AnswerLimit;

    #[test]
    fn where_it_is_not_known_whose_a_connection_is_the_oldest_that_asks_for_nothing_gives_way() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let socket = Arc::new(
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens"),
        );
        let mut state = State::default();
        state.restrict_to_instance(AnswerLimit { whole: 1, streamed: 1 }, None);
        for number in 1..=128 {
            assert_eq!(state.register(&socket), Registration::Accepted(number));
        }
        assert_eq!(state.register(&socket), Registration::Full, "those that are looked at stay");
        (1..=4).for_each(|number| state.mark_peer_unknown(number));
        state.waiting.insert(1);
        state.enqueue(Event::new("{}"));
        assert!(matches!(state.poll_outcome(2), Some(PollOutcome::Event { .. })));
        assert_eq!(state.register(&socket), Registration::Accepted(129));
        let open: Vec<_> =
            (1..=4).filter(|number| state.connections.contains_key(number)).collect();
        assert_eq!(open, [1, 2, 4]);
    }
}
