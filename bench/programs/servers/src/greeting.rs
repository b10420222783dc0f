//! What every server does with a request: an event as a type, a reply as a type.

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
