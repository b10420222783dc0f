//! Signatures, without an HTTP client: `SDK-HMAC-SHA256` for the APIs of the platform, V2 for OBS,
//! and the password of the image registry SWR.
//!
//! For another HTTP client, take the crate with `default-features = false`, sign what is sent, and
//! add the headers to it:
//!
//! ```
//! use std::time::SystemTime;
//! use fg_client::sign::{Key, Request, sign};
//!
//! # fn main() -> Result<(), fg_client::sign::SignError> {
//! let key = Key::new("AccessKey", "SecretKey").project_id("0123456789abcdef0123456789abcdef");
//! let url = "https://functiongraph.cn-north-4.myhuaweicloud.com/v2/0123/fgs/quotas";
//! let headers = sign(&key, &Request::new("GET", url), SystemTime::now())?;
//! for (name, value) in headers {
//!     // The HTTP client's `header(name, value)`.
//! #   let _ = (name, value);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is signed is the host, the time, the project id, the security token, and the headers that
//! the caller asks for. A proxy may change any other header on the way.

mod canonical;
mod obs;
mod request;
mod swr;
mod time;

pub use self::obs::{ObsRequest, sign_obs};
pub use self::request::{Key, Request, SignError, SignedHeaders, sign};
pub use self::swr::{SwrLogin, swr_login};
#[cfg(feature = "client")]
pub(crate) use self::time::{parse_http_date, rfc3339};

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// HMAC-SHA256 in lower-case hexadecimal.
fn hmac_sha256_hex(key: &[u8], data: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(data);
    base16ct::lower::encode_string(&mac.finalize().into_bytes())
}
