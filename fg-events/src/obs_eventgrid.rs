//! Object Storage Service through EventGrid, which has replaced the bucket's own notification in
//! newer regions.

use std::borrow::Cow;

use crate::Time;
use crate::content::{ContentError, url};
use crate::eventgrid::CloudEvent;
use crate::record::{fixture, record};

/// An object was created or removed (trigger `EVENTGRID`, source `HC.OBS.DWR`).
///
/// ```
/// # use fg_events::obs_eventgrid;
/// let event = obs_eventgrid::fixture();
/// println!("{}: {}", event.data.event_name, event.data.obs.object.decoded_key()?);
/// # Ok::<(), fg_events::ContentError>(())
/// ```
pub type ObsGridEvent = CloudEvent<ObsData>;

record! {
    /// A change of one object.
    pub struct ObsData {
        payload {
            /// Bucket and object.
            pub obs: Obs as "obs" => with_obs,
        }
        /// `3.0`.
        #[serde(rename = "eventVersion")]
        pub event_version: String => with_event_version,
        /// `OBS`.
        #[serde(rename = "eventSource")]
        pub event_source: String => with_event_source,
        /// The region of the bucket.
        #[serde(rename = "eventRegion")]
        pub event_region: String => with_event_region,
        /// When it happened. The only known sample has local time with a `Z` here; the `time` of
        /// the event is UTC.
        #[serde(rename = "eventTime")]
        pub event_time: Option<Time> => with_event_time,
        /// `ObjectCreated:Put` and so on.
        #[serde(rename = "eventName")]
        pub event_name: String => with_event_name,
        /// Who did it.
        #[serde(rename = "userIdentity")]
        pub user_identity: Identity => with_user_identity,
        /// Where the request came from.
        #[serde(rename = "requestParameters")]
        pub request_parameters: RequestParameters => with_request_parameters,
        /// The ids of the request.
        #[serde(rename = "responseElements")]
        pub response_elements: ResponseElements => with_response_elements,
    }
}

record! {
    /// An account or a user.
    pub struct Identity {
        /// Its id.
        #[serde(rename = "ID")]
        pub id: String => with_id,
    }
}

record! {
    /// Where the request came from.
    pub struct RequestParameters {
        /// The address of the client.
        #[serde(rename = "sourceIPAddress")]
        pub source_ip_address: String => with_source_ip_address,
    }
}

record! {
    /// The ids of a request, for the platform's support.
    pub struct ResponseElements {
        /// The id of the request.
        #[serde(rename = "x-obs-request-id")]
        pub request_id: String => with_request_id,
        /// A second id.
        #[serde(rename = "x-obs-id-2")]
        pub id_2: String => with_id_2,
    }
}

record! {
    /// Bucket and object.
    pub struct Obs {
        payload {
            /// The object.
            pub object: Object as "object" => with_object,
        }
        /// `1.0`.
        #[serde(rename = "Version")]
        pub version: String => with_version,
        /// The id of the notification rule.
        #[serde(rename = "configurationId")]
        pub configuration_id: String => with_configuration_id,
        /// The bucket.
        pub bucket: Bucket => with_bucket,
    }
}

record! {
    /// The bucket.
    pub struct Bucket {
        /// Its name.
        pub name: String => with_name,
        /// Its name again.
        pub bucket: String => with_bucket,
        /// Empty in the only known sample.
        pub arn: String => with_arn,
        /// Its owner.
        #[serde(rename = "ownerIdentity")]
        pub owner_identity: Identity => with_owner_identity,
    }
}

record! {
    /// The object.
    pub struct Object {
        payload {
            /// Its key as in the payload; see [`decoded_key`](Self::decoded_key).
            pub key: String as "key" => with_key,
        }
        /// The MD5 of its content, except for multipart uploads.
        #[serde(rename = "eTag")]
        pub e_tag: String => with_e_tag,
        /// Its size in bytes.
        pub size: Option<u64> => with_size,
        /// Its version.
        #[serde(rename = "versionId")]
        pub version_id: String => with_version_id,
        /// Orders the events of one key.
        pub sequencer: String => with_sequencer,
        /// Presumably the former path of a renamed file in a parallel file system; not documented.
        pub oldpsxpth: String => with_oldpsxpth,
    }
}

impl Object {
    /// The decoded key, for subscriptions that encode it (`Key_encode`). Without that setting use
    /// [`key`](Self::key).
    ///
    /// # Errors
    ///
    /// If the decoded key is not UTF-8.
    pub fn decoded_key(&self) -> Result<Cow<'_, str>, ContentError> {
        url::decode("data.obs.object.key", &self.key)
    }
}

fixture!(
    ObsGridEvent,
    "obs_eventgrid.json",
    "A sample payload in the shape of the only known one, a public project's."
);
