//! The forms that times have in signatures and headers.

use std::time::SystemTime;

use jiff::Timestamp;

use super::SignError;

/// `20060102T150405Z`, for `X-Sdk-Date`.
pub(super) fn basic(time: SystemTime) -> Result<String, SignError> {
    let time = Timestamp::try_from(time).map_err(|_| SignError::Time)?;
    Ok(time.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// `Mon, 02 Jan 2006 15:04:05 GMT`, for `Date`.
pub(super) fn http_date(time: SystemTime) -> Result<String, SignError> {
    let time = Timestamp::try_from(time).map_err(|_| SignError::Time)?;
    Ok(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// The time of a header `Date`.
#[cfg(feature = "client")]
pub(crate) fn parse_http_date(date: &str) -> Option<SystemTime> {
    let time = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
    SystemTime::try_from(time.timestamp()).ok()
}

/// `2006-01-02T15:04:05Z`, for people.
#[cfg(feature = "client")]
pub(crate) fn rfc3339(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(
        |_| "a time out of range".to_owned(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_has_its_form_in_each_header() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_136_214_245);
        assert_eq!(basic(time).unwrap(), "20060102T150405Z");
        assert_eq!(http_date(time).unwrap(), "Mon, 02 Jan 2006 15:04:05 GMT");
    }

    #[cfg(feature = "client")]
    #[test]
    fn the_date_of_a_response_is_read() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_136_214_245);
        assert_eq!(parse_http_date("Mon, 02 Jan 2006 15:04:05 GMT"), Some(time));
        assert_eq!(rfc3339(time), "2006-01-02T15:04:05Z");
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
