//! The events of the probe, and its responses.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One action.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Respond with this string.
    Echo(String),
    /// Respond with the number of calls so far.
    Count,
    /// Read a nested event, for the error about a payload of another shape.
    Order {
        items: Vec<Item>,
    },
    /// Return an error with a cause.
    Fail,
    /// Return an error with this message and this cause.
    FailWith(String),
    Panic(Panic),
    /// Panic with this message.
    PanicWith(String),
    /// Panic while the event is deserialized.
    PanicInDeserialize(PanicsInDeserialize),
    /// Respond with a value that panics while it is serialized.
    PanicInSerialize,
    /// Respond with a value that JSON cannot represent.
    Unserialisable,
    /// Respond with this number of bytes.
    Large(usize),
    /// Connect to this address, and respond when the peer closes the connection.
    WaitAt(String),
    /// Wait for the cancellation, then respond.
    GiveUpInTime,
    /// Wait forever.
    Hang,
    /// Block the thread forever.
    Block,
    /// Block the thread for this long.
    BlockForMilliseconds(u64),
    /// Connect to this address, and block the thread forever.
    BlockAt(String),
    /// Print this line to standard output.
    Print(String),
    /// Print this to standard output, without a line break.
    PrintPart(String),
    /// Print this line to standard error.
    PrintError(String),
    /// Never yield.
    Spin,
    /// Leave a task behind that connects to this address and blocks the thread forever when it is
    /// dropped.
    LeaveTask(String),
    /// Leave a thread behind that blocks forever.
    LeaveThread,
    /// Spawn this work after the response.
    After(After),
    /// Respond with this number of bytes, and spawn this work.
    LargeAndAfter(usize, After),
    /// Log this, on every level.
    Log(String),
    /// Log this with each logging crate that the runtime supports.
    LogEverywhere(String),
    /// Log a field in a span, also at a level below the default.
    LogFields,
    /// Print everything that implements `Debug`, and fail.
    Leak,
    /// Respond with the values of the context.
    Context,
}

/// How to panic.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Panic {
    Plain,
    /// With a value that is not a string.
    WithNumber,
    /// With a value whose drop panics.
    WithBomb,
    /// When the event is dropped.
    InDrop,
    /// When the future is dropped before it is ready.
    InDropOfFuture,
    /// When a value is dropped during another panic, which aborts the process.
    InDropWhileUnwinding,
    /// Caught by the handler.
    Caught,
    /// Resumed from a task, without calling the hook again.
    Resumed,
}

/// Work after the response.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    Log(String),
    Panic,
    Hang,
    WaitAt(String),
    BlockAt(String),
}

#[derive(Deserialize)]
pub(crate) struct Item {
    pub(crate) price: u32,
}

pub(crate) struct PanicsInDeserialize;

impl<'de> Deserialize<'de> for PanicsInDeserialize {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("cannot read this")
    }
}

/// The response.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Text(String),
    Number(u64),
    PanicsInSerialize(PanicsInSerialize),
    Unserialisable(BTreeMap<(u8, u8), u8>),
    Json(serde_json::Value),
}

pub(crate) struct PanicsInSerialize;

impl Serialize for PanicsInSerialize {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("cannot write this")
    }
}

/// A value whose drop panics.
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}
