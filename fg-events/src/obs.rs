//! Object Storage Service: notifications of a bucket, in the shape of S3's.

use std::borrow::Cow;

use crate::Time;
use crate::content::{ContentError, url};
use crate::record::{fixture, record};

record! {
    /// Objects were created or removed (trigger `OBS`).
    ///
    /// ```
    /// # use fg_events::obs;
    /// for record in &obs::fixture().records {
    ///     println!("{} in {}: {}", record.event_name, record.s3.bucket.name, record.s3.object.decoded_key()?);
    /// }
    /// # Ok::<(), fg_events::ContentError>(())
    /// ```
    pub struct ObsEvent {
        payload {
            /// One for each object.
            pub records: Vec<ObsRecord> as "Records" => with_records,
        }
    }
}

record! {
    /// A change of one object.
    pub struct ObsRecord {
        payload {
            /// Bucket and object.
            pub s3: S3 as "s3" => with_s3,
        }
        /// `2.0`.
        #[serde(rename = "eventVersion")]
        pub event_version: String => with_event_version,
        /// `aws:s3`; older regions do not send it.
        #[serde(rename = "eventSource")]
        pub event_source: String => with_event_source,
        /// The region of the bucket.
        #[serde(rename = "awsRegion")]
        pub region: String => with_region,
        /// When it happened.
        #[serde(rename = "eventTime")]
        pub event_time: Option<Time> => with_event_time,
        /// `ObjectCreated:` with `Put`, `Post`, `Copy` or `CompleteMultipartUpload`, or
        /// `ObjectRemoved:` with `Delete` or `DeleteMarkerCreated`.
        #[serde(rename = "eventName")]
        pub event_name: String => with_event_name,
        /// Who did it.
        #[serde(rename = "userIdentity")]
        pub user_identity: UserIdentity => with_user_identity,
        /// Where the request came from.
        #[serde(rename = "requestParameters")]
        pub request_parameters: RequestParameters => with_request_parameters,
        /// The ids of the request; older regions do not send them.
        #[serde(rename = "responseElements")]
        pub response_elements: ResponseElements => with_response_elements,
    }
}

record! {
    /// Who did it.
    pub struct UserIdentity {
        /// The id of the user.
        #[serde(rename = "principalId")]
        pub principal_id: String => with_principal_id,
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
        #[serde(rename = "x-amz-request-id")]
        pub request_id: String => with_request_id,
        /// A second id.
        #[serde(rename = "x-amz-id-2")]
        pub id_2: String => with_id_2,
    }
}

record! {
    /// Bucket and object.
    pub struct S3 {
        payload {
            /// The object.
            pub object: Object as "object" => with_object,
        }
        /// `1.0`; older regions do not send it.
        #[serde(rename = "s3SchemaVersion")]
        pub schema_version: String => with_schema_version,
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
        /// Its owner.
        #[serde(rename = "ownerIdentity")]
        pub owner_identity: OwnerIdentity => with_owner_identity,
        /// `arn:aws:s3:::` and the name, in most regions.
        pub arn: String => with_arn,
    }
}

record! {
    /// The owner of the bucket.
    pub struct OwnerIdentity {
        /// The id of the account.
        #[serde(rename = "PrincipalId")]
        pub principal_id: String => with_principal_id,
    }
}

record! {
    /// The object.
    pub struct Object {
        payload {
            /// Its key as in the payload, URL-encoded; see
            /// [`decoded_key`](Self::decoded_key).
            pub key: String as "key" => with_key,
        }
        /// The MD5 of its content, except for multipart uploads.
        #[serde(rename = "eTag")]
        pub e_tag: String => with_e_tag,
        /// Its size in bytes; missing for a removed object.
        pub size: Option<u64> => with_size,
        /// Its version; missing, or the string `null`, in a bucket without versioning.
        #[serde(rename = "versionId")]
        pub version_id: String => with_version_id,
        /// Orders the events of one key: the greater string is the later event.
        pub sequencer: String => with_sequencer,
    }
}

impl ObsRecord {
    /// Whether the object was created: by a put, a post, a copy or a multipart upload.
    #[must_use]
    pub fn is_created(&self) -> bool {
        self.event_name.trim_start_matches("s3:").starts_with("ObjectCreated:")
    }

    /// Whether the object was removed.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.event_name.trim_start_matches("s3:").starts_with("ObjectRemoved:")
    }
}

impl Object {
    /// The decoded key: `a%2Fb+c.png` is `a/b c.png`.
    ///
    /// # Errors
    ///
    /// If the decoded key is not UTF-8.
    pub fn decoded_key(&self) -> Result<Cow<'_, str>, ContentError> {
        url::decode("s3.object.key", &self.key)
    }
}

fixture!(ObsEvent, "obs.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded() {
        let decoded = |key: &str| {
            Object::new()
                .with_key(key)
                .decoded_key()
                .map(Cow::into_owned)
                .map_err(|error| error.to_string())
        };
        assert_eq!(decoded("plain.png"), Ok("plain.png".to_owned()));
        assert_eq!(decoded("a%2Fb+c%2B%E5%9B%BE.png"), Ok("a/b c+图.png".to_owned()));
        assert_eq!(decoded("100%"), Ok("100%".to_owned()));
        assert!(decoded("%ff").is_err_and(|error| error.starts_with("`s3.object.key` is not URL-encoded UTF-8: ")));
    }

    #[test]
    fn the_event_name_is_recognised_with_and_without_the_prefix() {
        assert!(ObsRecord::new().with_event_name("s3:ObjectCreated:Put").is_created());
        assert!(ObsRecord::new().with_event_name("ObjectRemoved:Delete").is_removed());
    }
}
