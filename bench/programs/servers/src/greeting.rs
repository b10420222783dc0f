//! The event and the response of every server.

use serde::{Deserialize, Serialize};

/// `{"name":"Ada L."}`
#[derive(Deserialize)]
pub(crate) struct Greeting {
    name: String,
}

/// `{"message":"Hello, Ada L.!"}`
#[derive(Serialize)]
pub(crate) struct Reply {
    message: String,
}

impl Greeting {
    pub(crate) fn answer(&self) -> Reply {
        Reply { message: format!("Hello, {}!", self.name) }
    }
}
