//! The configuration of KooCLI, the platform's command line.

use std::path::PathBuf;

use serde::Deserialize;

use super::chain::Profile;
use super::{Credentials, CredentialsError, Found, Source};
use crate::environment::Environment;

/// `config.json`. Fields that are not read are left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    current: String,
    #[serde(default)]
    auth_encrypt: Option<serde_json::Value>,
    #[serde(default)]
    profiles: Vec<ConfigProfile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct ConfigProfile {
    name: String,
    mode: String,
    #[serde(flatten)]
    keys: Keys,
    region: String,
    project_id: String,
    domain_id: String,
    agency_name: String,
    sso_auth: SsoAuth,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    security_token: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SsoAuth {
    sts_token: Keys,
}

/// What the configuration has in the profile `wanted`, or in the current one. The `Err` of the
/// inner result says why there is nothing.
pub(super) fn look_up(
    environment: &Environment,
    wanted: Option<&str>,
) -> Result<Result<Profile, String>, CredentialsError> {
    let given = environment.get("HW_SHARED_CONFIG_FILE").map(PathBuf::from);
    let is_given = given.is_some();
    let Some(path) = given.or_else(|| environment.in_home(".hcloud/config.json")) else {
        return Ok(Err("there is no home folder for .hcloud/config.json".to_owned()));
    };
    let Some(content) = super::file::read(&path)? else {
        let message = format!("{} does not exist", path.display());
        return match is_given {
            true => Err(CredentialsError::new(format!(
                "{message}: correct the variable HW_SHARED_CONFIG_FILE"
            ))),
            false => Ok(Err(message)),
        };
    };
    let config: Config = serde_json::from_str(&content).map_err(|error| {
        // The message of serde_json may quote a value.
        CredentialsError::new(format!(
            "{} is not a configuration of KooCLI: line {}, column {}",
            path.display(),
            error.line(),
            error.column()
        ))
    })?;
    let variable = environment.get("HW_PROFILE");
    let name = wanted.or(variable).unwrap_or(match config.current.as_str() {
        "" => "default",
        current => current,
    });
    let Some(profile) = config.profiles.iter().find(|profile| profile.name == name) else {
        let message = format!("{} has no profile {name}", path.display());
        return match wanted.is_none() && variable.is_some() {
            true => Err(CredentialsError::new(format!("{message}: correct HW_PROFILE"))),
            false => Ok(Err(message)),
        };
    };
    let source = Source::KooCli { path, profile: name.to_owned() };
    let is_encrypted = config.auth_encrypt.as_ref().is_some_and(|encrypted| match encrypted {
        serde_json::Value::String(value) => value == "true",
        other => other == &serde_json::Value::Bool(true),
    });
    read_profile(profile, source, is_encrypted)
}

fn read_profile(
    profile: &ConfigProfile,
    source: Source,
    is_encrypted: bool,
) -> Result<Result<Profile, String>, CredentialsError> {
    let is_sso = profile.mode.eq_ignore_ascii_case("SSO");
    let keys = if is_sso { &profile.sso_auth.sts_token } else { &profile.keys };
    if keys.access_key_id.is_empty() && keys.secret_access_key.is_empty() {
        return match is_sso {
            true => Err(CredentialsError::new(format!(
                "{source}: not logged in; `hcloud configure sso` does that"
            ))),
            false => Ok(Err(format!("{source} has no access key"))),
        };
    }
    if is_encrypted || looks_encrypted(&keys.access_key_id) {
        return Err(CredentialsError::new(format!(
            "{source}: the keys are encrypted, and only KooCLI can read them. Let it store them as \
             they are with `hcloud configure set --cli-auth-encrypt=false`, or set the variables \
             HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
        )));
    }
    if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() {
        let missing = match keys.access_key_id.is_empty() {
            true => "accessKeyId",
            false => "secretAccessKey",
        };
        return Err(CredentialsError::new(format!(
            "{source}: there is no {missing}; `hcloud configure init` asks for it"
        )));
    }
    if !profile.agency_name.is_empty() {
        return Err(CredentialsError::new(format!(
            "{source}: it takes the rights of the agency {:?}, which is not supported; choose a \
             profile without an agency",
            profile.agency_name
        )));
    }
    let credentials =
        Credentials::new(keys.access_key_id.as_str(), keys.secret_access_key.as_str())
            .with_security_token(keys.security_token.as_str());
    let found =
        |value: &String| (!value.is_empty()).then(|| Found::new(value.clone(), source.clone()));
    Ok(Ok(Profile {
        region: found(&profile.region),
        project_id: found(&profile.project_id),
        domain_id: found(&profile.domain_id),
        iam_endpoint: None,
        credentials: Found::new(credentials, source),
    }))
}

/// An access key has some 20 letters and digits; what KooCLI encrypts is longer, and base64.
fn looks_encrypted(access_key: &str) -> bool {
    access_key.len() > 40 || access_key.contains(['+', '/', '='])
}
