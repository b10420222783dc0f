//! The program of these tests, behind a server.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::{Builder, Emulator};
use fg_local::Local;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Long enough for any machine: only a failing test waits so long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// `examples/scripted_function.rs`, which cargo builds for these tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program =
        target.join("examples").join(format!("scripted_function{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not there: build it with `cargo build -p fg-local --examples`, or run all of `cargo test`",
        program.display()
    );
    program
}

/// A function with generous limits.
pub(crate) fn function() -> Builder {
    Emulator::builder(program()).name("scripted").init_timeout(LIMIT).timeout(LIMIT)
}

/// A function and the server in front of it.
pub(crate) struct Served {
    local: Local,
    emulator: Arc<Emulator>,
}

pub(crate) fn serve(builder: Builder) -> Served {
    serve_by(Local::builder(), builder)
}

pub(crate) fn serve_by(local: fg_local::Builder, builder: Builder) -> Served {
    let emulator = Arc::new(builder.start().expect("the program starts"));
    let local = local.start_blocking().expect("a free port");
    let before = local.serve(emulator.name(), Arc::clone(&emulator)).expect("it can be written");
    assert!(before.is_none());
    Served { local, emulator }
}

impl Served {
    pub(crate) fn address(&self) -> String {
        self.local.address().to_string()
    }

    pub(crate) fn local(&self) -> &Local {
        &self.local
    }

    /// The server alone. The function runs on while it is served.
    pub(crate) fn into_local(self) -> Local {
        self.local
    }
}

impl Deref for Served {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

/// The headers of a request that is signed now, with the date as the only signed header.
pub(crate) fn signed(
    method: &str,
    path: &str,
    body: &str,
    secret_key: &str,
) -> [(&'static str, String); 2] {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let canonical = format!(
        "{method}\n{path}/\n\nx-sdk-date:{date}\n\nx-sdk-date\n{}",
        hex(&Sha256::digest(body))
    );
    let string_to_sign = format!("SDK-HMAC-SHA256\n{date}\n{}", hex(&Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).expect("any length");
    mac.update(string_to_sign.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    let authorization = format!(
        "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, Signature={signature}"
    );
    [("X-Sdk-Date", date), ("Authorization", authorization)]
}
