//! Region, project and endpoints, from the program, variables and profiles.
//!
//! The order of each is in the documentation of [`Builder`](crate::Builder). What concerns an
//! account is taken from one place: with a profile that was asked for, project and domain are its
//! own.

use std::fmt;

use http::Uri;

use crate::credentials::{Found, Source};
use crate::environment::Environment;
use crate::region::{Service, host, is_region};

/// What the program says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) region: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) service_endpoints: Vec<(Service, String)>,
}

/// What a profile says beside its credentials.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    pub(crate) region: Option<Found<String>>,
    pub(crate) project_id: Option<Found<String>>,
    pub(crate) domain_id: Option<Found<String>>,
    pub(crate) iam_endpoint: Option<Found<String>>,
    /// The profile was asked for.
    pub(crate) is_chosen: bool,
}

/// The settings of a client.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) region: Option<Found<String>>,
    pub(crate) project_id: Option<Found<String>>,
    pub(crate) domain_id: Option<Found<String>>,
    environment: Environment,
    given: Given,
    iam_endpoint: Option<Found<String>>,
}

const REGION: [&str; 2] = ["HW_REGION_NAME", "OS_REGION_NAME"];
/// The last one is set in functions.
const PROJECT_ID: [&str; 5] = [
    "HUAWEICLOUD_SDK_PROJECT_ID",
    "HW_PROJECT_ID",
    "OS_PROJECT_ID",
    "OS_TENANT_ID",
    "RUNTIME_PROJECT_ID",
];
const DOMAIN_ID: [&str; 3] = ["HUAWEICLOUD_SDK_DOMAIN_ID", "HW_DOMAIN_ID", "OS_DOMAIN_ID"];
/// Before `<SERVICE>_<REGION>`, as the official SDKs have it.
const SDK_REGION: &str = "HUAWEICLOUD_SDK_REGION_";
const ENDPOINT: &str = "FG_ENDPOINT";

impl Settings {
    pub(crate) fn new(
        environment: Environment,
        given: Given,
        beside: Beside,
    ) -> Result<Self, SettingsError> {
        let Beside { region, project_id, domain_id, iam_endpoint, is_chosen } = beside;
        let program = |value: &Option<String>| {
            value.as_ref().map(|value| Found::new(value.clone(), Source::Program))
        };
        let variable = |names: &[&str]| {
            let variable = environment.first(names);
            variable.map(|(name, value)| Found::variable(name, value.to_owned()))
        };
        let of_account = |names| if is_chosen { None } else { variable(names) };
        let first = if is_chosen { region.clone() } else { None };
        let region = program(&given.region).or(first).or_else(|| variable(&REGION)).or(region);
        let region = match region {
            Some(region) => Some(region),
            None => region_of_endpoint(&environment)?,
        };
        if let Some(region) = &region {
            if !is_region(&region.value) {
                let Found { value, source } = region;
                return Err(SettingsError::new(format!(
                    "{value:?} is not a region ({source}): regions have names such as cn-north-4"
                )));
            }
        }
        let project_id =
            program(&given.project_id).or_else(|| of_account(&PROJECT_ID)).or(project_id);
        if let Some(Found { value, source }) = &project_id {
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(SettingsError::new(format!(
                    "{value:?} is not the id of a project ({source}): it has letters and digits, \
                     32 as a rule"
                )));
            }
        }
        let domain_id = program(&given.domain_id).or_else(|| of_account(&DOMAIN_ID)).or(domain_id);
        let settings = Self { region, project_id, domain_id, environment, given, iam_endpoint };
        // What is wrong with an endpoint is told before it is needed.
        for service in Service::ALL {
            settings.set_endpoint(service, settings.region.as_ref().map(Found::as_str))?;
        }
        Ok(settings)
    }

    /// The region of a request: the client's, or that of a function.
    pub(crate) fn region_or<'a>(&'a self, other: Option<&'a str>) -> Option<&'a str> {
        self.region.as_ref().map(Found::as_str).or(other)
    }

    /// Where a service is, without a `/` at its end.
    pub(crate) fn endpoint(
        &self,
        service: Service,
        region: Option<&str>,
    ) -> Result<Found<String>, SettingsError> {
        if let Some(endpoint) = self.set_endpoint(service, region)? {
            return Ok(endpoint);
        }
        if service == Service::Obs {
            if let Some(found) = self.set_endpoint(Service::FunctionGraph, region)? {
                return Err(SettingsError::new(format!(
                    "the endpoint is {} ({}), but where object storage is, is not known: set the \
                     endpoint of OBS, too",
                    found.value, found.source
                )));
            }
        }
        let region = region.ok_or_else(no_region)?;
        Ok(Found::new(format!("https://{}", host(service, region)), Source::Region))
    }

    /// An endpoint that was set, by the program or a variable.
    fn set_endpoint(
        &self,
        service: Service,
        region: Option<&str>,
    ) -> Result<Option<Found<String>>, SettingsError> {
        let Self { environment, given, iam_endpoint, .. } = self;
        let is_general = !matches!(service, Service::Obs | Service::Swr);
        let program = given.service_endpoints.iter().rev().find(|(known, _)| *known == service);
        let program =
            program.map(|(_, url)| url).or(given.endpoint.as_ref().filter(|_| is_general));
        if let Some(url) = program {
            return endpoint(url, Source::Program).map(Some);
        }
        let variable = |name: &str| {
            let value = environment.get(name)?;
            // The official SDKs take several, separated by commas; the first is used.
            let url = value.split(',').next().unwrap_or_default();
            Some(endpoint(url, Source::Variable(name.to_owned())))
        };
        if is_general {
            if let Some(found) = variable(ENDPOINT) {
                return found.map(Some);
            }
        }
        if let Some(region) = region {
            let service = service.name().to_ascii_uppercase();
            let name = format!("{SDK_REGION}{service}_{}", region.to_ascii_uppercase());
            if let Some(found) = variable(&name.replace('-', "_")) {
                return found.map(Some);
            }
        }
        if service != Service::Iam {
            return Ok(None);
        }
        if let Some(found) = variable("HUAWEICLOUD_SDK_IAM_ENDPOINT") {
            return found.map(Some);
        }
        if let Some(Found { value, source }) = iam_endpoint {
            return endpoint(value, source.clone()).map(Some);
        }
        variable("HW_AUTH_URL").or_else(|| variable("OS_AUTH_URL")).transpose()
    }
}

/// The region that has an endpoint of its own, if there is exactly one: these variables are what a
/// local FunctionGraph tells to set.
fn region_of_endpoint(environment: &Environment) -> Result<Option<Found<String>>, SettingsError> {
    let prefix = format!("{SDK_REGION}FUNCTIONGRAPH_");
    let mut variables = environment.starting_with(&prefix);
    let Some((name, _)) = variables.next() else { return Ok(None) };
    if let Some((other, _)) = variables.next() {
        return Err(SettingsError::new(format!(
            "the region is not known: {name} and {other} are both set. Set HW_REGION_NAME"
        )));
    }
    let region = name.strip_prefix(&prefix).unwrap_or_default();
    let region = region.to_ascii_lowercase().replace('_', "-");
    Ok(Some(Found::variable(name, region)))
}

/// What to do about a region that is not known.
pub(crate) fn no_region() -> SettingsError {
    SettingsError::new("the region is not known: set HW_REGION_NAME, such as cn-north-4")
}

/// Checks an endpoint: a URL of a host, without a path but for the `/v3` of IAM.
fn endpoint(url: &str, source: Source) -> Result<Found<String>, SettingsError> {
    let error = |why: &str| {
        SettingsError::new(format!(
            "the endpoint is not usable ({source}): {why}; it has the form https://HOST or \
             http://127.0.0.1:PORT"
        ))
    };
    let url = url.trim();
    let with_scheme = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let uri: Uri = with_scheme.parse().map_err(|_| error("it is not a URL"))?;
    let authority = uri.authority().ok_or_else(|| error("it has no host"))?;
    let Some(scheme @ ("http" | "https")) = uri.scheme_str() else {
        return Err(error("its scheme is neither https nor http"));
    };
    if authority.as_str().contains('@') {
        return Err(error("it has a user name"));
    }
    if uri.query().is_some() || !matches!(uri.path().trim_end_matches('/'), "" | "/v3") {
        return Err(error("it has a path"));
    }
    Ok(Found::new(format!("{scheme}://{authority}"), source))
}

/// Settings that cannot be used, or are missing.
#[derive(Clone, Debug)]
pub struct SettingsError {
    message: String,
}

impl SettingsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SettingsError {}
