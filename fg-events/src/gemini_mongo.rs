//! GeminiDB, formerly GaussDB, for Mongo: assumed to send what Document Database Service sends; no sample confirms it.

use crate::dds::{DdsEvent, DdsRecord};
use crate::record::fixture;

/// Documents were written (trigger `GAUSSMONGO`).
pub type GeminiMongoEvent = DdsEvent;

/// What happened to one document.
pub type GeminiMongoRecord = DdsRecord;

fixture!(GeminiMongoEvent, "gemini_mongo.json");
