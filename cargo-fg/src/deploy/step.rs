//! A step of a plan: one request, with what it changes.

use fg_client::FunctionUrn;
use fg_client::aliases::{CreateAlias, UpdateAlias};
use fg_client::functions::{CreateFunction, PublishVersion, UpdateCode, UpdateConfiguration};
use fg_client::invocations::UpdateAsyncConfig;
use fg_client::triggers::{CreateTrigger, UpdateTrigger};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::deploy::code::Zip;
use crate::deploy::rows::{Change, HIDDEN};
use crate::metadata::looks_secret;

/// A request that is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) changes: Vec<Change>,
}

/// The request. A zip file is not in it, but added when it is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Create {
        body: Box<CreateFunction>,
        code: Option<CodeSource>,
    },
    Upload {
        bucket: String,
        key: String,
    },
    UpdateCode {
        body: UpdateCode,
        code: CodeSource,
    },
    Configure(Box<UpdateConfiguration>),
    LimitInstances(i32),
    ConfigureAsynchronous {
        target: FunctionUrn,
        body: Box<UpdateAsyncConfig>,
    },
    Publish(PublishVersion),
    CreateAlias(CreateAlias),
    MoveAlias {
        name: String,
        body: UpdateAlias,
    },
    CreateTrigger {
        target: FunctionUrn,
        title: String,
        body: CreateTrigger,
    },
    UpdateTrigger {
        target: FunctionUrn,
        title: String,
        code: String,
        id: String,
        body: UpdateTrigger,
    },
    DeleteTrigger {
        target: FunctionUrn,
        title: String,
        code: String,
        id: String,
    },
}

/// How the code gets to the platform.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CodeSource {
    /// In the request.
    Request { digest: String, size: usize },
    /// As an object, whose URL is known when it was uploaded.
    Bucket { bucket: String, key: String },
}

impl CodeSource {
    pub(crate) fn request(zip: &Zip) -> Self {
        Self::Request { digest: zip.digest.clone(), size: zip.bytes.len() }
    }

    /// The fields of the request that have the code, as they are shown.
    fn show(&self, body: &mut Value) {
        match self {
            Self::Request { digest, size } => {
                body["func_code"] = json!({ "file": format!("sha512:{digest}, {size} bytes") });
            }
            Self::Bucket { bucket, key } => {
                body["code_url"] = format!("obs://{bucket}/{key}").into();
            }
        }
    }
}

/// A step as programs read it.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    method: &'static str,
    path: String,
    body: Value,
    changes: &'a [Change],
}

impl Action {
    /// What is done, in words of the command.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Upload { .. } => "upload",
            Self::UpdateCode { .. } => "update code",
            Self::Configure(_) => "configure",
            Self::LimitInstances(_) => "limit instances",
            Self::ConfigureAsynchronous { .. } => "configure asynchronous",
            Self::Publish(_) => "publish",
            Self::CreateAlias(_) => "create alias",
            Self::MoveAlias { .. } => "move alias",
            Self::CreateTrigger { .. } => "create trigger",
            Self::UpdateTrigger { .. } => "update trigger",
            Self::DeleteTrigger { .. } => "delete trigger",
        }
    }

    /// The version, alias, object or trigger that it is about.
    pub(crate) fn target(&self) -> Option<&str> {
        match self {
            Self::Upload { key, .. } => Some(key),
            Self::Publish(body) => body.version.as_deref(),
            Self::CreateAlias(body) => Some(&body.name),
            Self::MoveAlias { name, .. } => Some(name),
            Self::CreateTrigger { title, .. }
            | Self::UpdateTrigger { title, .. }
            | Self::DeleteTrigger { title, .. } => Some(title),
            _ => None,
        }
    }

    /// What is done, as part of a sentence: `move the alias prod`.
    pub(crate) fn words(&self) -> String {
        let target = self.target().unwrap_or_default();
        match self {
            Self::Create { body, .. } => format!("create the function {}", body.func_name),
            Self::Upload { bucket, .. } => format!("upload {target} into the bucket {bucket}"),
            Self::UpdateCode { .. } => "update the code".into(),
            Self::Configure(_) => "configure the function".into(),
            Self::LimitInstances(_) => "limit the instances".into(),
            Self::ConfigureAsynchronous { .. } => "configure asynchronous invocations".into(),
            Self::Publish(_) => format!("publish the version {target}"),
            Self::CreateAlias(_) => format!("create the alias {target}"),
            Self::MoveAlias { .. } => format!("move the alias {target}"),
            Self::CreateTrigger { .. } => format!("create the trigger {target}"),
            Self::UpdateTrigger { .. } => format!("update the trigger {target}"),
            Self::DeleteTrigger { .. } => format!("delete the trigger {target}"),
        }
    }

    /// Whether it is the same step of another plan, which may have other details.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.target() == other.target()
    }

    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Create { .. }
            | Self::Publish(_)
            | Self::CreateAlias(_)
            | Self::CreateTrigger { .. } => "POST",
            Self::DeleteTrigger { .. } => "DELETE",
            _ => "PUT",
        }
    }

    /// The path of the request; of an upload, the object.
    pub(crate) fn path(&self, urn: &FunctionUrn) -> String {
        let base = format!("/v2/{}/fgs", urn.project_id());
        let function = format!("{base}/functions/{urn}");
        match self {
            Self::Create { .. } => format!("{base}/functions"),
            Self::Upload { bucket, key } => format!("obs://{bucket}/{key}"),
            Self::UpdateCode { .. } => format!("{function}/code"),
            Self::Configure(_) => format!("{function}/config"),
            Self::LimitInstances(_) => format!("{function}/config-max-instance"),
            Self::ConfigureAsynchronous { target, .. } => {
                format!("{base}/functions/{target}/async-invoke-config")
            }
            Self::Publish(_) => format!("{function}/versions"),
            Self::CreateAlias(_) => format!("{function}/aliases"),
            Self::MoveAlias { name, .. } => format!("{function}/aliases/{name}"),
            Self::CreateTrigger { target, .. } => format!("{base}/triggers/{target}"),
            Self::UpdateTrigger { target, code, id, .. }
            | Self::DeleteTrigger { target, code, id, .. } => {
                format!("{base}/triggers/{target}/{code}/{id}")
            }
        }
    }

    /// The body of the request, without secrets, and with the digest of a zip file in its place.
    pub(crate) fn body(&self) -> Value {
        let mut body = match self {
            Self::Create { body, .. } => to_json(body),
            Self::UpdateCode { body, .. } => to_json(body),
            Self::Configure(body) => to_json(body),
            Self::LimitInstances(number) => json!({ "max_instance_num": number }),
            Self::ConfigureAsynchronous { body, .. } => to_json(body),
            Self::Publish(body) => to_json(body),
            Self::CreateAlias(body) => to_json(body),
            Self::MoveAlias { body, .. } => to_json(body),
            Self::CreateTrigger { body, .. } => to_json(body),
            Self::UpdateTrigger { body, .. } => to_json(body),
            Self::Upload { .. } | Self::DeleteTrigger { .. } => Value::Null,
        };
        if let Self::Create { code: Some(code), .. } | Self::UpdateCode { code, .. } = self {
            code.show(&mut body);
        }
        hide_variables(&mut body, "user_data", looks_secret);
        hide_variables(&mut body, "encrypted_user_data", |_, _| true);
        if let Some(data) = body.get_mut("event_data") {
            hide_passwords(data);
        }
        body
    }
}

impl Step {
    pub(crate) fn new(action: Action) -> Self {
        Self { action, changes: Vec::new() }
    }

    pub(crate) fn show(&self, urn: &FunctionUrn) -> Shown<'_> {
        Shown {
            action: self.action.name(),
            target: self.action.target(),
            method: self.action.method(),
            path: self.action.path(urn),
            body: self.action.body(),
            changes: &self.changes,
        }
    }
}

/// A request of the client is always JSON.
fn to_json(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}

/// Variables are JSON in a string.
fn hide_variables(body: &mut Value, field: &str, is_secret: impl Fn(&str, &str) -> bool) {
    let Some(Value::String(text)) = body.get_mut(field) else { return };
    let Ok(mut variables) = serde_json::from_str::<Map<String, Value>>(text) else { return };
    for (name, value) in &mut variables {
        if is_secret(name, value.as_str().unwrap_or_default()) {
            *value = HIDDEN.into();
        }
    }
    *text = Value::Object(variables).to_string();
}

/// Whether a field of a trigger is a password.
pub(crate) fn is_password(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    field.contains("password") || field.contains("secret")
}

fn hide_passwords(data: &mut Value) {
    for (field, value) in data.as_object_mut().into_iter().flatten() {
        if is_password(field) {
            *value = HIDDEN.into();
        } else {
            hide_passwords(value);
        }
    }
}
