use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::fault::{Cause, Fault};

/// Lets jobs in until the server drains, and knows when the last one left.
pub struct Gate(watch::Sender<State>);

#[derive(Default)]
struct State {
    closed: bool,
    inside: usize,
}

/// Held by a job while it runs.
pub struct Pass(watch::Sender<State>);

impl Gate {
    pub fn open() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    pub fn enter(&self) -> Result<Pass, Fault> {
        let mut entered = false;
        self.0.send_modify(|state| {
            entered = !state.closed;
            state.inside += usize::from(entered);
        });
        let draining = || Fault::new(Cause::Full, "the server is draining");
        entered.then(|| Pass(self.0.clone())).ok_or_else(draining)
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }

    /// Waits until all have left.
    /// # Returns
    /// whether they did, within the time given
    pub async fn empty(&self, within: Duration) -> bool {
        let mut changes = self.0.subscribe();
        timeout(within, changes.wait_for(|state| state.inside == 0)).await.is_ok()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.send_modify(|state| state.inside -= 1);
    }
}
