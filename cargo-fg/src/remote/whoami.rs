//! `cargo fg whoami`: who asks the platform, where, and from which source that is known.

use std::process::ExitCode;

use clap::Args;
use fg_client::credentials::{Found, Source};
use fg_client::resources::Domain;
use fg_client::{Error, Identity};
use serde_json::{Value, json};

use super::output::{OutputFormat, columns, print_as};
use super::times::rfc3339;
use crate::cloud::{Cloud, CloudFlags, failure};
use crate::failure::{Exit, Failure};
use crate::screen::Screen;

/// Shows whose credentials are used, for which region and project, and where each was found
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg whoami
  cargo fg whoami --profile work --region eu-west-101
  cargo fg whoami --output json | jq -r .account.name

The platform is asked whether the credentials are valid. Secret keys and tokens are not shown.

All commands that need the platform look for these, in this order:

Credentials, the first that is there, as a whole:
  1. --profile NAME: this section of ~/.huaweicloud/credentials, or this profile of KooCLI, and
     nothing else
  2. HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, HUAWEICLOUD_SDK_SECURITY_TOKEN, as of the SDKs
  3. HW_ACCESS_KEY, HW_SECRET_KEY, HW_SECURITY_TOKEN, as of Terraform
  4. OS_ACCESS_KEY, OS_SECRET_KEY, OS_SECURITY_TOKEN, as of OpenStack
  5. ~/.huaweicloud/credentials or HUAWEICLOUD_SDK_CREDENTIALS_FILE, section `basic` or `global`
  6. KooCLI's ~/.hcloud/config.json or HW_SHARED_CONFIG_FILE, profile HW_PROFILE or the current
     one, if it is not encrypted: `hcloud configure set --cli-auth-encrypt=false`
  7. the agency of a cloud server, from its metadata service
Region:
  the function's URN, --region, the profile of --profile, HW_REGION_NAME, OS_REGION_NAME, the
  profile that has the credentials, HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_<REGION>
Project:
  the function's URN, --project-id, HUAWEICLOUD_SDK_PROJECT_ID, HW_PROJECT_ID, OS_PROJECT_ID,
  OS_TENANT_ID, the profile; else IAM is asked for the project of the region. With --profile, these
  variables are not read
Endpoint:
  --endpoint, FG_ENDPOINT, HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_<REGION>, the usual one of the
  region")]
pub(crate) struct WhoamiArguments {
    /// The format of the result
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    output: OutputFormat,
    #[command(flatten)]
    cloud: CloudFlags,
}

/// What the platform says about the credentials.
struct Answer {
    identity: Identity,
    account: Result<Domain, Failure>,
}

pub(crate) fn run(arguments: &WhoamiArguments, _: Screen) -> Result<ExitCode, Failure> {
    let cloud = Cloud::connect(&arguments.cloud)?;
    let Answer { identity, account } = ask(&cloud)?;
    print_as(arguments.output, &to_json(&identity, &account), || text(&identity, &account));
    account.map(|_| ExitCode::SUCCESS)
}

fn ask(cloud: &Cloud) -> Result<Answer, Failure> {
    let client = &cloud.client;
    let mut identity = cloud.wait(client.known_identity()).map_err(failure)?;
    // IAM says whose the credentials are, if they are good, and which project a region is.
    let account = cloud.wait(async {
        let domain = client.domains().await?.into_iter().next().unwrap_or_default();
        if identity.project_id.is_none() && identity.region.is_some() {
            identity.project_id = client.identity().await?.project_id;
        }
        Ok(domain)
    });
    Ok(Answer { identity, account: account.map_err(refusal) })
}

/// Why the account is not known.
fn refusal(error: Error) -> Failure {
    match error.as_service() {
        Some(service) if service.status() == 401 => {
            Failure::new(Exit::Failed, "these credentials are not valid").because(&error)
        }
        _ => failure(error),
    }
}

/// The source of a value; what the program was given, was given by a flag.
fn source(source: &Source, flag: &str) -> String {
    match source {
        Source::Program => flag.to_owned(),
        Source::Iam => "asked of IAM".to_owned(),
        Source::Region => "usual for the region".to_owned(),
        other => other.to_string(),
    }
}

/// Of when and how long the credentials are.
fn kind(identity: &Identity) -> String {
    match (identity.is_temporary, identity.expires_at) {
        (false, _) => "permanent".to_owned(),
        (true, Some(end)) => format!("temporary, until {}", rfc3339(end)),
        (true, None) => "temporary; until when is not known".to_owned(),
    }
}

fn text(identity: &Identity, account: &Result<Domain, Failure>) -> String {
    let row =
        |label: &str, value: &str, source: String| [label.to_owned(), value.to_owned(), source];
    let found = |label: &str, found: Option<&Found<String>>, flag: &str| match found {
        Some(found) => row(label, &found.value, source(&found.source, flag)),
        None => row(label, "not known", String::new()),
    };
    let mut rows = vec![
        found("access key", Some(&identity.access_key), "given"),
        row("", &kind(identity), String::new()),
    ];
    rows.push(match account {
        Ok(account) => {
            let name = account.name.as_deref().unwrap_or_default();
            let id = account.id.as_deref().unwrap_or_default();
            row("account", &format!("{name} ({id})"), "asked of IAM".to_owned())
        }
        Err(_) => row("account", "not known", String::new()),
    });
    rows.push(found("region", identity.region.as_ref(), "--region"));
    rows.push(found("project", identity.project_id.as_ref(), "--project-id"));
    rows.push(found("endpoint", Some(&identity.endpoint), "--endpoint"));
    columns(&rows)
}

fn to_json(identity: &Identity, account: &Result<Domain, Failure>) -> Value {
    let found = |found: &Found<String>, flag: &str| json!({"value": found.value, "source": source(&found.source, flag)});
    json!({
        "access_key": found(&identity.access_key, "given"),
        "temporary": identity.is_temporary,
        "expires_at": identity.expires_at.map(rfc3339),
        "account": account.as_ref().ok().map(|account| json!({"id": account.id, "name": account.name})),
        "region": identity.region.as_ref().map(|region| found(region, "--region")),
        "project_id": identity.project_id.as_ref().map(|id| found(id, "--project-id")),
        "endpoint": found(&identity.endpoint, "--endpoint"),
        "valid": account.is_ok(),
        "error": account.as_ref().err().map(Failure::reason),
    })
}
