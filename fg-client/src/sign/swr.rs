//! The login of the image registry SWR.

use crate::secret::Secret;

/// What `docker login` asks for; see [`swr_login`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SwrLogin {
    /// `<region>@<access key>`.
    pub user: String,
    /// HMAC-SHA256 of the access key with the secret key. As long as the key is valid, so is this:
    /// it is passed by standard input, `docker login --password-stdin`, never as an argument.
    pub password: Secret,
}

/// The user and password with which images are pushed to `swr.<region>.myhuaweicloud.com`, from a
/// permanent access key.
///
/// Platform: SWR, "Obtaining a long-term login command".
#[must_use]
pub fn swr_login(region: &str, access_key: &str, secret_key: &Secret) -> SwrLogin {
    let password = super::hmac_sha256_hex(secret_key.expose().as_bytes(), access_key.as_bytes());
    SwrLogin { user: format!("{region}@{access_key}"), password: password.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    // printf AK | openssl dgst -sha256 -hmac SK
    #[test]
    fn the_password_is_what_openssl_makes_of_the_keys() {
        let login = swr_login("cn-north-4", "AccessKey", &Secret::new("SecretKey"));
        assert_eq!(login.user, "cn-north-4@AccessKey");
        assert_eq!(
            login.password.expose(),
            "f004a0445bcaf37d946c882a22e1e5f9007ea3513c293aa2d3360af05b8875cd"
        );
        assert!(!format!("{login:?}").contains(login.password.expose()));
    }
}
