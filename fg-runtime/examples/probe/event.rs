//! What an event can ask for, and what it is answered with.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing to do.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Reply with this text.
    Echo(String),
    /// Reply with how many calls there were.
    Count,
    /// Take these apart, to see what is said about a shape that does not fit.
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
    /// Panic while the event is read.
    PanicInDeserialize(PanicsInDeserialize),
    /// Reply with a value that panics while it is written.
    PanicInSerialize,
    /// Reply with a value that JSON cannot hold.
    Unserialisable,
    /// Reply with so many bytes.
    Large(usize),
    /// Connect to this address, and reply when the other side closes.
    WaitAt(String),
    /// Wait for the cancellation, then reply.
    GiveUpInTime,
    /// Wait for ever.
    Hang,
    /// Block the thread for ever.
    Block,
    /// Block the thread for so long.
    BlockForMilliseconds(u64),
    /// Connect to this address, and block the thread for ever.
    BlockAt(String),
    /// Print this line to standard output.
    Print(String),
    /// Print this to standard output, without the end of the line.
    PrintPart(String),
    /// Print this line to standard error.
    PrintError(String),
    /// Never yield.
    Spin,
    /// Leave a task behind that connects to this address and blocks the thread for ever when it is
    /// dropped.
    LeaveTask(String),
    /// Leave a thread behind that blocks for ever.
    LeaveThread,
    /// Leave this to be done after the reply.
    After(After),
    /// Reply with so many bytes, and leave this.
    LargeAndAfter(usize, After),
    /// Log this, on every level.
    Log(String),
    /// Log this through every crate that the runtime listens to.
    LogEverywhere(String),
    /// Log a field in a span, and one level deeper than the usual.
    LogFields,
    /// Print whatever can be printed, and fail.
    Leak,
    /// Reply with what the context tells.
    Context,
}

/// How to panic.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Panic {
    Plain,
    /// With a value that is no text.
    WithNumber,
    /// With a value whose drop panics.
    WithBomb,
    /// When the event is dropped.
    InDrop,
    /// When the future is dropped in the middle.
    InDropOfFuture,
    /// When a value is dropped by another panic: the process cannot survive that.
    InDropWhileUnwinding,
    /// Caught by the handler.
    Caught,
    /// Passed on from a task, without going through the hook again.
    Resumed,
}

/// What to do after the reply.
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

/// What is replied.
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
