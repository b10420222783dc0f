//! Functions: created, listed, shown, configured, deleted.

use http::Method;
use serde::{Deserialize, Serialize};

use super::async_invocations::AsyncConfig;
use super::code::FunctionCode;
use super::configuration::{
    CustomImage, LogConfig, MountConfig, NetworkController, StrategyConfig, UpdateConfiguration,
    Vpc,
};
use super::user_data::UserData;
use super::{answer, list, request};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::function::RemoteFunction;
use crate::region::Service;
use crate::urn::{FunctionUrn, UrnError};

answer! {
    /// A function, or one of its versions, as the platform tells it: the answers to create, list,
    /// show and update have the same fields, some of them each.
    pub struct Function {
        /// The URN, with a version: `...:greet:latest`.
        func_urn: String,
        /// The name.
        func_name: String,
        /// The id of the account.
        domain_id: String,
        /// The id of the project.
        namespace: String,
        /// The name of the project, which is the region.
        project_name: String,
        /// The app.
        package: String,
        /// The runtime.
        runtime: String,
        /// The timeout in seconds.
        timeout: i64,
        /// The handler.
        handler: String,
        /// The memory in MB.
        memory_size: i64,
        /// The memory of a GPU in MB.
        gpu_memory: i64,
        /// CPU in thousandths of a core.
        cpu: i64,
        /// `zip`, `obs`, `Custom-Image-Swr`.
        code_type: String,
        /// The URL of the code in OBS.
        code_url: String,
        /// The name of the code's file.
        code_filename: String,
        /// The size of the code in bytes.
        code_size: i64,
        /// The digest of the code; see [`digest`](super::code::digest).
        digest: String,
        /// The version: `latest`, or a published one.
        version: String,
        /// The description of a published version.
        version_description: String,
        /// The variables.
        user_data: UserData,
        /// The names of the encrypted variables; their values are empty.
        encrypted_user_data: UserData,
        /// The agency for the configuration.
        xrole: String,
        /// The agency whose credentials the function gets.
        app_xrole: String,
        /// The description.
        description: String,
        /// When it was changed last.
        last_modified: String,
        /// The network.
        func_vpc: Vpc,
        /// The file systems.
        mount_config: MountConfig,
        /// Instances and concurrency.
        strategy_config: StrategyConfig,
        /// The image.
        custom_image: CustomImage,
        /// The networks.
        network_controller: NetworkController,
        /// The ids of the dependencies' versions.
        depend_version_list: Vec<String>,
        /// The initializer.
        initializer_handler: String,
        /// Its time in seconds.
        initializer_timeout: i64,
        /// The handler before an instance ends.
        pre_stop_handler: String,
        /// Its time in seconds.
        pre_stop_timeout: i64,
        /// The space in `/tmp` in MB.
        ephemeral_storage: i64,
        /// The enterprise project.
        enterprise_project_id: String,
        /// Whether invocations may take longer than 15 minutes.
        long_time: bool,
        /// The log group.
        log_group_id: String,
        /// The log stream.
        log_stream_id: String,
        /// `v1` or `v2`.
        r#type: String,
        /// Whether the log goes to LTS.
        enable_lts_log: bool,
        /// Whether the memory may differ by request.
        enable_dynamic_memory: bool,
        /// Whether requests of a session go to one instance.
        is_stateful_function: bool,
        /// Whether credentials come in headers.
        enable_auth_in_header: bool,
        /// The asynchronous configuration, of a version that was published.
        function_async_config: AsyncConfig,
        /// The code, without its content.
        func_code: FunctionCode,
    }
}

impl Function {
    /// The URN, with its version.
    ///
    /// # Errors
    ///
    /// [`UrnError`]: the answer has none.
    pub fn urn(&self) -> Result<FunctionUrn, UrnError> {
        self.func_urn.as_deref().unwrap_or_default().parse()
    }
}

request! {
    /// A new function.
    pub struct CreateFunction {
        /// 2 to 60 letters, digits, `-` and `_`; the first is a letter, the last none of `-_`.
        func_name: String,
        /// The app, `default` as a rule.
        package: String,
        /// `Custom`, `http` or `Custom Image`, which cannot be changed later.
        runtime: String,
        /// The timeout in seconds, 3 to 259200.
        timeout: u32,
        /// `bootstrap`, or `-` for an image.
        handler: String,
        /// The memory in MB.
        memory_size: u32,
        ..
        /// `zip`, `obs`, or `Custom-Image-Swr`.
        code_type: String,
        /// The URL of the code, for `obs`.
        code_url: String,
        /// The name of the code's file, for `zip`.
        code_filename: String,
        /// The code, for `zip`.
        func_code: FunctionCode,
        /// The image.
        custom_image: CustomImage,
        /// The ids of the dependencies' versions.
        depend_version_list: Vec<String>,
        /// The network.
        func_vpc: Vpc,
        /// The memory of a GPU in MB.
        gpu_memory: u32,
        /// The type of the GPU.
        gpu_type: String,
        /// The variables.
        user_data: UserData,
        /// The variables that the platform encrypts.
        encrypted_user_data: UserData,
        /// The agency for the configuration: VPC, images, file systems.
        xrole: String,
        /// The agency whose credentials the function gets.
        app_xrole: String,
        /// At most 512 characters.
        description: String,
        /// The file systems.
        mount_config: MountConfig,
        /// The initializer.
        initializer_handler: String,
        /// Its time in seconds, 1 to 300.
        initializer_timeout: u32,
        /// The handler before an instance ends.
        pre_stop_handler: String,
        /// Its time in seconds, 1 to 90.
        pre_stop_timeout: u32,
        /// The enterprise project.
        enterprise_project_id: String,
        /// `v2`.
        r#type: String,
        /// Where the log goes.
        log_config: LogConfig,
        /// The networks.
        network_controller: NetworkController,
        /// Whether requests of a session go to one instance.
        is_stateful_function: bool,
        /// Whether the memory may differ by request.
        enable_dynamic_memory: bool,
        /// Whether the log goes to LTS.
        enable_lts_log: bool,
        /// Labels of the log.
        lts_custom_tag: std::collections::BTreeMap<String, String>,
        /// The key that encrypts variables.
        user_data_encrypt_kms_key_id: String,
        /// The key that encrypts the code.
        code_encrypt_kms_key_id: String,
        /// Domain names that the function resolves.
        domain_names: String,
        /// Tags, as a string.
        tags: String,
    }
}

impl CreateFunction {
    /// A function in the app `default`, with 128 MB and 3 seconds, of the platform's type `v2`.
    pub fn new(
        name: impl Into<String>,
        runtime: impl Into<String>,
        handler: impl Into<String>,
    ) -> Self {
        Self {
            func_name: name.into(),
            package: "default".to_owned(),
            runtime: runtime.into(),
            handler: handler.into(),
            timeout: 3,
            memory_size: 128,
            r#type: Some("v2".to_owned()),
            ..Self::default()
        }
    }

    /// With the code of a zip file, at most 50 MB.
    #[must_use]
    pub fn zip(mut self, file_name: impl Into<String>, zip: &[u8]) -> Self {
        self.code_type = Some("zip".to_owned());
        self.code_filename = Some(file_name.into());
        self.func_code = Some(FunctionCode::zip(zip));
        self
    }
}

/// Which functions are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListFunctions {
    /// Where to go on: [`FunctionPage::next_marker`] of the page before.
    pub marker: Option<i64>,
    /// At most so many, 1 to 400.
    pub maxitems: Option<u32>,
    /// Only those of this app.
    pub package_name: Option<String>,
    /// Only those with this in their names.
    pub func_name: Option<String>,
}

/// Some of the functions of a project.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FunctionPage {
    /// The functions.
    #[serde(deserialize_with = "list")]
    pub functions: Vec<Function>,
    /// Where to go on.
    pub next_marker: Option<i64>,
    /// How many there are in all.
    pub count: Option<i64>,
}

impl Client {
    /// Creates a function. `POST /fgs/functions`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1061 if there is one of this name. Never sent again if it may have been
    /// carried out.
    pub async fn create_function(&self, function: &CreateFunction) -> Result<Function, Error> {
        let operation = format!("create the function {}", function.func_name);
        let path = ["fgs", "functions"];
        let project = self.project().await?.value;
        let call = Call::project(operation, Service::FunctionGraph, &project, Method::POST, &path);
        self.send(call.json(function)?).await?.json()
    }

    /// One page of the project's functions. `GET /fgs/functions`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn list_functions(&self, which: &ListFunctions) -> Result<FunctionPage, Error> {
        let path = ["fgs", "functions"];
        let project = self.project().await?.value;
        let call =
            Call::project("list functions", Service::FunctionGraph, &project, Method::GET, &path)
                .query("marker", which.marker)
                .query("maxitems", which.maxitems)
                .query("package_name", which.package_name.as_deref())
                .query("func_name", which.func_name.as_deref());
        self.send(call).await?.json()
    }

    /// All functions of the project, page by page.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn list_all_functions(&self) -> Result<Vec<Function>, Error> {
        let mut functions = Vec::new();
        let mut which = ListFunctions::default();
        loop {
            let page = self.list_functions(&which).await?;
            let is_last = page.functions.is_empty();
            functions.extend(page.functions);
            let so_far = i64::try_from(functions.len()).unwrap_or(i64::MAX);
            let next = page.next_marker.filter(|next| *next > which.marker.unwrap_or(0));
            if is_last || next.is_none() || page.count.is_some_and(|count| so_far >= count) {
                return Ok(functions);
            }
            which.marker = next;
        }
    }
}

impl RemoteFunction {
    /// The configuration of the function, or of the version or alias in the URN. `GET .../config`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1051 if there is no such function, see [`Error::is_not_found`].
    pub async fn config(&self) -> Result<Function, Error> {
        let path = ["fgs", "functions", &self.name(), "config"];
        self.send("show", Method::GET, &path, Ok).await?.json()
    }

    /// Replaces the configuration of the latest version. `PUT .../config`.
    ///
    /// # Errors
    ///
    /// [`Error`]; the codes FSS.1002 to FSS.1037 name the field.
    pub async fn update_config(
        &self,
        configuration: &UpdateConfiguration,
    ) -> Result<Function, Error> {
        let path = ["fgs", "functions", &self.name(), "config"];
        self.send("configure", Method::PUT, &path, |call| call.json(configuration)).await?.json()
    }

    /// Sets the most instances: -1 without a limit, 0 switches the function off, up to 1000.
    /// `PUT .../config-max-instance`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1026 for another number.
    pub async fn set_max_instances(&self, instances: i32) -> Result<Function, Error> {
        let path = ["fgs", "functions", &self.name(), "config-max-instance"];
        let body = serde_json::json!({ "max_instance_num": instances });
        let operation = "limit the instances of";
        self.send(operation, Method::PUT, &path, |call| call.json(&body)).await?.json()
    }

    /// Deletes the version in the URN, or, if it has none, the function with all its versions,
    /// aliases and triggers. The version `latest` cannot be deleted alone. `DELETE`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1051 if there is no such function. A second attempt after a fault that finds
    /// nothing has succeeded.
    pub async fn delete(&self) -> Result<(), Error> {
        let path = ["fgs", "functions", &self.name()];
        self.send("delete", Method::DELETE, &path, Ok).await?;
        Ok(())
    }
}
