//! A fault as it is written in the file of a scenario.

use std::time::Duration;

use serde::Deserialize;

use crate::runtime_api::fault::{Afterwards, Fault, Misbehaviour};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FaultFile {
    on: Requests,
    r#do: Action,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Requests {
    Poll,
    Post,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Action {
    CloseBeforeReading,
    CloseAfterReading(usize),
    Reset,
    RespondEarly {
        after: usize,
        status: u16,
        #[serde(default)]
        body: String,
        then: Then,
    },
    #[serde(rename_all = "kebab-case")]
    Status {
        code: u16,
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The size of one more header, in bytes.
        #[serde(default)]
        header_bytes: usize,
        #[serde(default)]
        body: String,
    },
    Raw {
        text: String,
        then: Then,
    },
    HalfClose,
    CutAt(usize),
    #[serde(rename_all = "kebab-case")]
    Drip {
        bytes: usize,
        pause_ms: u64,
    },
    Chunked {
        sizes: Vec<usize>,
        extension: Option<String>,
        #[serde(default)]
        trailers: Vec<(String, String)>,
    },
    CloseDelimited,
    InterimFirst(Vec<u16>),
    DelayMs(u64),
    ConnectionClose,
    CloseAfterResponse,
    Duplicate,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Then {
    Close,
    KeepOpen,
}

impl Then {
    fn to_afterwards(self) -> Afterwards {
        match self {
            Self::Close => Afterwards::Close,
            Self::KeepOpen => Afterwards::KeepOpen,
        }
    }
}

impl FaultFile {
    pub(super) fn to_fault(&self) -> Fault {
        let misbehaviour = self.r#do.to_misbehaviour();
        match self.on {
            Requests::Poll => Fault::OnPoll(misbehaviour),
            Requests::Post => Fault::OnPost(misbehaviour),
        }
    }
}

impl Action {
    fn to_misbehaviour(&self) -> Misbehaviour {
        match self.clone() {
            Self::CloseBeforeReading => Misbehaviour::CloseBeforeReading,
            Self::CloseAfterReading(bytes) => Misbehaviour::CloseAfterReading(bytes),
            Self::Reset => Misbehaviour::Reset,
            Self::RespondEarly { after, status, body, then } => Misbehaviour::RespondEarly {
                after,
                status,
                body: body.into_bytes(),
                then: then.to_afterwards(),
            },
            Self::Status { code, mut headers, header_bytes, body } => {
                if header_bytes > 0 {
                    headers.push(("X-Large".into(), "x".repeat(header_bytes)));
                }
                Misbehaviour::Status { code, headers, body: body.into_bytes() }
            }
            Self::Raw { text, then } => {
                Misbehaviour::Raw { bytes: text.into_bytes(), then: then.to_afterwards() }
            }
            Self::HalfClose => Misbehaviour::HalfClose,
            Self::CutAt(bytes) => Misbehaviour::CutAt(bytes),
            Self::Drip { bytes, pause_ms } => Misbehaviour::Drip {
                bytes_per_write: bytes,
                pause: Duration::from_millis(pause_ms),
            },
            Self::Chunked { sizes, extension, trailers } => {
                Misbehaviour::Chunked { sizes, extension, trailers }
            }
            Self::CloseDelimited => Misbehaviour::CloseDelimited,
            Self::InterimFirst(codes) => Misbehaviour::InterimFirst(codes),
            Self::DelayMs(time) => Misbehaviour::Delay(Duration::from_millis(time)),
            Self::ConnectionClose => Misbehaviour::ConnectionClose,
            Self::CloseAfterResponse => Misbehaviour::CloseAfterResponse,
            Self::Duplicate => Misbehaviour::Duplicate,
        }
    }
}
