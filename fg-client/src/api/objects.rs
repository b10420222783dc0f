//! A package in object storage: code above 50 MB gets to a function that way.

use bytes::Bytes;
use http::Method;

use crate::client::{Call, Client};
use crate::credentials::Source;
use crate::error::Error;
use crate::region::Service;
use crate::settings::{SettingsError, no_region};
use crate::sign::ObsRequest;

/// An object that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutObject {
    /// Its URL, for [`UpdateCode::obs`](super::code::UpdateCode::obs).
    pub url: String,
    /// Its `ETag`, if there is one.
    pub etag: Option<String>,
}

impl Client {
    /// Writes an object into a bucket of the client's region, or replaces it. `PUT` of OBS.
    ///
    /// # Errors
    ///
    /// [`Error`]; `NoSuchBucket`, or `AccessDenied` without the right `obs:object:PutObject`.
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &str,
        content_type: &'static str,
        content: impl Into<Bytes>,
    ) -> Result<PutObject, Error> {
        let settings = self.settings();
        let region = settings.region_or(None);
        let endpoint = settings.endpoint(Service::Obs, region)?;
        check(bucket, key)?;
        let object = ObsRequest::new("PUT", bucket, key).content_type(content_type);
        let path = object.path();
        let url = match (&endpoint.source, endpoint.value.strip_prefix("https://")) {
            // The certificate is for one level of names below the region's host.
            (Source::Region, Some(host)) if !bucket.contains('.') => {
                format!("https://{bucket}.{host}{path}")
            }
            _ => format!("{}/{bucket}{path}", endpoint.value),
        };
        let operation = format!("upload {key} into the bucket {bucket}");
        let call = Call::new(operation, Service::Obs, Method::PUT, &[])
            .content(content_type, content.into());
        let answer = self.send_object(call, &url, &object).await?;
        let etag = answer.response.header("etag").map(str::to_owned);
        // What the platform takes is always of this form.
        let url = match region {
            Some(region) => {
                format!("https://{bucket}.{}{path}", crate::region::host(Service::Obs, region))
            }
            None if endpoint.source == Source::Region => return Err(no_region().into()),
            None => url,
        };
        Ok(PutObject { url, etag })
    }
}

fn check(bucket: &str, key: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(allowed) || bucket.contains("..") {
        return Err(Error::Settings(SettingsError::new(format!(
            "{bucket:?} is not the name of a bucket: it has 3 to 63 lower-case letters, digits, \
             `-` and `.`"
        ))));
    }
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    if key.len() > 1024 || !key.split('/').all(is_part) || key.chars().any(char::is_control) {
        return Err(Error::Settings(SettingsError::new(format!(
            "{key:?} is not usable as the name of an object: it has at most 1024 bytes, and no \
             empty, `.` or `..` between `/`"
        ))));
    }
    Ok(())
}
