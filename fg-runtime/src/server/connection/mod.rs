//! One connection and those that are open: served by hyper, with limits on slow and idle clients,
//! on ambiguous heads, and on handlers that block.

pub(crate) mod blocked_handlers;
pub(crate) mod http1;
mod io;
pub(crate) mod open_connections;
pub(crate) mod protocol;
pub(crate) mod request_framing;
pub(crate) mod state;
pub(crate) mod waker;
