//! The order in which credentials are looked for.

use super::{Credentials, CredentialsError, Found, Metadata, file, koocli};
use crate::environment::Environment;

/// What one source says, all of one account.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) credentials: Found<Credentials>,
    pub(crate) region: Option<Found<String>>,
    pub(crate) project_id: Option<Found<String>>,
    pub(crate) domain_id: Option<Found<String>>,
    pub(crate) iam_endpoint: Option<Found<String>>,
}

impl Profile {
    fn only(credentials: Found<Credentials>) -> Self {
        Self { credentials, region: None, project_id: None, domain_id: None, iam_endpoint: None }
    }
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// Credentials, and what stands beside them.
    Found(Box<Profile>),
    /// Nothing but a metadata service that can be asked.
    AskMetadata(Metadata),
}

/// The names of an access key, its secret key and its token, in the order of precedence.
const VARIABLES: [[&str; 3]; 3] = [
    ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"],
    ["HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"],
    ["OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"],
];

/// Looks through the sources in their order, see [`crate::credentials`].
pub(crate) fn look_up(
    environment: &Environment,
    given: Option<Credentials>,
    profile: Option<&str>,
) -> Result<Lookup, CredentialsError> {
    let found = |profile: Profile| Ok(Lookup::Found(Box::new(profile)));
    if let Some(credentials) = given {
        return found(Profile::only(Found::new(credentials, super::Source::Program)));
    }
    if profile.is_none() {
        if let Some(credentials) = from_variables(environment)? {
            return found(Profile::only(credentials));
        }
    }
    let no_file = match file::look_up(environment, profile)? {
        Ok(profile) => return found(profile),
        Err(why) => why,
    };
    let no_koocli = match koocli::look_up(environment, profile)? {
        Ok(profile) => return found(profile),
        Err(why) => why,
    };
    if let Some(profile) = profile {
        return Err(CredentialsError::new(format!(
            "there is no profile {profile:?}: {no_file}; {no_koocli}"
        )));
    }
    let why = format!(
        "no credentials: neither HUAWEICLOUD_SDK_AK, HW_ACCESS_KEY nor OS_ACCESS_KEY is set; \
         {no_file}; {no_koocli}"
    );
    match environment.metadata_url() {
        Some(url) => Ok(Lookup::AskMetadata(Metadata::new(url, why))),
        None => Err(CredentialsError::new(format!("{why}. {WHAT_TO_DO}"))),
    }
}

pub(super) const WHAT_TO_DO: &str = "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK to an access key of your account (console: My \
     Credentials, Access Keys)";

fn from_variables(
    environment: &Environment,
) -> Result<Option<Found<Credentials>>, CredentialsError> {
    for [access_key, secret_key, token] in VARIABLES {
        let (access, secret) = match (environment.get(access_key), environment.get(secret_key)) {
            (Some(access), Some(secret)) => (access, secret),
            (None, None) => continue,
            (access, _) => {
                let (present, missing) = match access {
                    Some(_) => (access_key, secret_key),
                    None => (secret_key, access_key),
                };
                return Err(CredentialsError::new(format!(
                    "{present} is set, but {missing} is not: set both, or neither"
                )));
            }
        };
        let mut credentials = Credentials::new(access, secret);
        if let Some(token) = environment.get(token) {
            credentials = credentials.with_security_token(token);
        }
        return Ok(Some(Found::variable(access_key, credentials)));
    }
    Ok(None)
}
