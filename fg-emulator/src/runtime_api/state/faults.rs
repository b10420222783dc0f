//! The scripted faults that have not happened yet.

use super::State;
use crate::runtime_api::fault::{Fault, Misbehaviour};

impl State {
    pub(in crate::runtime_api) fn script(&mut self, fault: Fault) {
        match fault {
            Fault::OnPoll(misbehaviour) => self.poll_faults.push_back(misbehaviour),
            Fault::OnPost(misbehaviour) => self.post_faults.push_back(misbehaviour),
        }
    }

    pub(in crate::runtime_api) fn faults_left(&self) -> Vec<Fault> {
        let polls = self.poll_faults.iter().cloned().map(Fault::OnPoll);
        polls.chain(self.post_faults.iter().cloned().map(Fault::OnPost)).collect()
    }

    /// Takes the fault that happens while a request with this first byte is read: `G` is a poll,
    /// `P` is a POST.
    pub(in crate::runtime_api) fn take_reading_fault(
        &mut self,
        first_byte: u8,
    ) -> Option<Misbehaviour> {
        let faults = match first_byte {
            b'G' => &mut self.poll_faults,
            b'P' => &mut self.post_faults,
            _ => return None,
        };
        if faults.front()?.is_while_reading() { faults.pop_front() } else { None }
    }

    /// Takes the fault that a POST meets after it has been read.
    pub(in crate::runtime_api) fn take_post_fault(&mut self) -> Option<Misbehaviour> {
        if self.post_faults.front()?.is_while_reading() {
            None
        } else {
            self.post_faults.pop_front()
        }
    }
}
