//! Projects and accounts, from IAM.

use http::Method;
use serde::Deserialize;

use super::{answer, list};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::printable::printable;
use crate::region::Service;
use crate::settings::SettingsError;

answer! {
    /// A project: a region of an account, or a part of one.
    pub struct Project {
        /// Its id.
        id: String,
        /// Its name: the region, or `<region>_<name>`.
        name: String,
        /// The id of the account.
        domain_id: String,
        /// Whether it can be used.
        enabled: bool,
        /// The description.
        description: String,
    }
}

answer! {
    /// An account.
    pub struct Domain {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Whether it can be used.
        enabled: bool,
    }
}

#[derive(Deserialize)]
struct Projects {
    #[serde(default, deserialize_with = "list")]
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Domains {
    #[serde(default, deserialize_with = "list")]
    domains: Vec<Domain>,
}

impl Client {
    /// The projects of the account, or that with this name. `GET /v3/projects` of IAM.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn projects(&self, name: Option<&str>) -> Result<Vec<Project>, Error> {
        let call = Call::new("list projects", Service::Iam, Method::GET, &["v3", "projects"])
            .query("name", name);
        Ok(self.send(call).await?.json::<Projects>()?.projects)
    }

    /// The accounts that the credentials are of: one. `GET /v3/auth/domains` of IAM.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn domains(&self) -> Result<Vec<Domain>, Error> {
        let path = ["v3", "auth", "domains"];
        let call = Call::new("show the account", Service::Iam, Method::GET, &path);
        Ok(self.send(call).await?.json::<Domains>()?.domains)
    }

    /// The id of the one project that a region is.
    pub(crate) async fn project_of(&self, region: &str) -> Result<String, Error> {
        let projects = self.projects(Some(region)).await?;
        let mut ids: Vec<String> = projects.into_iter().filter_map(|project| project.id).collect();
        match ids.len() {
            1 => Ok(ids.remove(0)),
            0 => Err(Error::Settings(SettingsError::new(format!(
                "the account has no project {region}: look at the region, open it in the console \
                 once, or set HUAWEICLOUD_SDK_PROJECT_ID"
            )))),
            _ => Err(Error::Settings(SettingsError::new(format!(
                "the account has several projects {region}: set HUAWEICLOUD_SDK_PROJECT_ID to one \
                 of {}",
                printable(&ids.join(", "))
            )))),
        }
    }
}
