//! The code of a function: in which forms it comes, and what is told of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::blocking::blocking;
use super::fields::Fields;
use super::functions::check_editable;
use super::functions::view::code_view;
use super::request::{Body, Named};
use crate::app::App;
use crate::catalog::version::Code;
use crate::code::MAX_PACKAGE;
use crate::error::ApiError;

/// The largest inline code in bytes (FSS.1072).
const MAX_INLINE: usize = 10 << 10;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/fgs/functions/{urn}/code", get(show))
}

/// The route whose body has code.
pub(super) fn update_router() -> Router<Arc<App>> {
    Router::new().route("/fgs/functions/{urn}/code", put(update))
}

/// The code in a request.
pub(super) struct NewCode {
    code_type: String,
    file_name: String,
    content: Content,
}

enum Content {
    /// A zip file.
    Package(Vec<u8>),
    /// One file, of this name.
    File(String, Vec<u8>),
    /// The code is in an image.
    Image,
}

impl NewCode {
    /// The code of a function that is created. Inline code may be absent: then it is the platform's
    /// default, here a program that says that there is no code.
    pub(super) fn of_create(fields: Fields<'_>, runtime: &str) -> Result<Self, ApiError> {
        if runtime == "Custom Image" {
            return Ok(Self::image());
        }
        match Self::read(fields, runtime)? {
            Some(code) => Ok(code),
            None if fields.string("code_type", "FSS.1006")? == Some("inline") => {
                let file_name = inline_name(fields, runtime)?;
                let content = Content::File(file_name.clone(), DEFAULT_CODE.into());
                Ok(Self { code_type: "inline".into(), file_name, content })
            }
            None => Err(ApiError::bad_request(
                "FSS.1012",
                "The function code must be configured: func_code has no file",
            )),
        }
    }

    fn image() -> Self {
        Self {
            code_type: "Custom-Image-Swr".into(),
            file_name: String::new(),
            content: Content::Image,
        }
    }

    /// A package that has been read already.
    pub(super) fn package(file_name: String, bytes: Vec<u8>) -> Self {
        Self { code_type: "zip".into(), file_name, content: Content::Package(bytes) }
    }

    /// Reads `code_type`, `code_filename` and `func_code`; `None` if there is no file in them. This
    /// is how Terraform says that the code has not changed.
    fn read(fields: Fields<'_>, runtime: &str) -> Result<Option<Self>, ApiError> {
        let code_type = fields.string("code_type", "FSS.1006")?.unwrap_or_default();
        refuse_dependencies(fields)?;
        match code_type {
            "zip" | "jar" | "inline" => {}
            "obs" => return Err(no_object_storage()),
            "Custom-Image-Swr" => return Ok(Some(Self::image())),
            _ => {
                return Err(ApiError::bad_request(
                    "FSS.1006",
                    "Invalid function code entry mode: code_type must be zip, inline, jar, obs or \
                     Custom-Image-Swr",
                ));
            }
        }
        let file = match fields.get("func_code") {
            // Old clients send the file itself.
            Some(Value::String(file)) => Some(file.as_str()),
            Some(Value::Object(object)) => Fields::new(object).large_string("file", "FSS.1011")?,
            Some(_) => {
                return Err(ApiError::bad_request(
                    "FSS.1011",
                    "Invalid function code: func_code must be an object with a file",
                ));
            }
            None => None,
        };
        let Some(file) = file.filter(|file| !file.is_empty()) else { return Ok(None) };
        let bytes = decode(file)?;
        let (file_name, content) = match code_type {
            "inline" => {
                if bytes.len() > MAX_INLINE {
                    return Err(ApiError::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "FSS.1072",
                        "The size of the inline code exceeds the maximum allowed limit (10 KB); \
                         send larger code as a zip file",
                    ));
                }
                let name = inline_name(fields, runtime)?;
                (name.clone(), Content::File(name, bytes))
            }
            "jar" => {
                let name = file_name(fields)?.unwrap_or_else(|| "index.jar".into());
                (name.clone(), Content::File(name, bytes))
            }
            _ => {
                (file_name(fields)?.unwrap_or_else(|| "index.zip".into()), Content::Package(bytes))
            }
        };
        Ok(Some(Self { code_type: code_type.to_owned(), file_name, content }))
    }
}

/// What an inline function without code does: it says so, and ends.
const DEFAULT_CODE: &str = "#!/bin/sh\necho 'this function has no code yet' >&2\nexit 1\n";

/// The file that inline code becomes: for the runtimes that run here, the program that they start.
fn inline_name(fields: Fields<'_>, runtime: &str) -> Result<String, ApiError> {
    if matches!(runtime, "Custom" | "http") {
        return Ok("bootstrap".into());
    }
    if let Some(name) = file_name(fields)? {
        return Ok(name);
    }
    match runtime {
        _ if runtime.starts_with("Python") => Ok("index.py".into()),
        _ if runtime.starts_with("Node.js") => Ok("index.js".into()),
        _ if runtime.starts_with("PHP") => Ok("index.php".into()),
        _ => Err(ApiError::bad_request(
            "FSS.1006",
            format!(
                "Invalid function code entry mode: functions of the runtime {runtime} have no \
                 inline code"
            ),
        )),
    }
}

fn file_name(fields: Fields<'_>) -> Result<Option<String>, ApiError> {
    let name = fields.string("code_filename", "FSS.1013")?.filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.len() > 255 || name.contains(['/', '\\', '\0'])) {
        return Err(ApiError::bad_request(
            "FSS.1013",
            "Invalid file type: code_filename must be the name of a file, without a folder",
        ));
    }
    Ok(name.map(ToOwned::to_owned))
}

/// Base64, of which some clients break the lines.
pub(super) fn decode(file: &str) -> Result<Vec<u8>, ApiError> {
    // A little more, for broken lines; the store knows the limit exactly.
    if file.len() as u64 / 4 * 3 > MAX_PACKAGE + (1 << 20) {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "FSS.1071",
            "The size of the code package to be uploaded exceeds the maximum allowed limit (50 MB)",
        ));
    }
    let decoded = if file.contains(char::is_whitespace) {
        let file: String = file.split_whitespace().collect();
        STANDARD.decode(file)
    } else {
        STANDARD.decode(file)
    };
    decoded.map_err(|error| {
        ApiError::bad_request(
            "FSS.1011",
            format!("Invalid function code: it is not Base64: {error}"),
        )
    })
}

/// Layers are not emulated, and a function that needs one would fail in another way.
fn refuse_dependencies(fields: Fields<'_>) -> Result<(), ApiError> {
    for name in ["depend_version_list", "depend_list"] {
        if fields.list(name, "FSS.1024")?.is_some_and(|list| !list.is_empty()) {
            return Err(ApiError::bad_request(
                "FSS.1024",
                format!(
                    "Invalid dependency: dependencies are not emulated here; put the files into \
                     the package, and leave {name} out"
                ),
            ));
        }
    }
    Ok(())
}

fn no_object_storage() -> ApiError {
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "FSS.0501",
        "packages in OBS are not fetched here: send the package itself, with code_type zip",
    )
}

/// Stores the code, which blocks.
pub(super) fn store_code(app: &App, code: NewCode) -> Result<Code, ApiError> {
    let NewCode { code_type, file_name, content } = code;
    let size = match &content {
        Content::Package(bytes) | Content::File(_, bytes) => bytes.len() as u64,
        Content::Image => 0,
    };
    app.catalog.check_code_size(size)?;
    let stored = match content {
        Content::Package(bytes) => Some(app.store.put_package(&bytes)?),
        Content::File(name, bytes) => Some(app.store.put_file(&name, &bytes)?),
        Content::Image => None,
    };
    let (digest, size) = stored.map(|stored| (stored.digest, stored.size)).unwrap_or_default();
    Ok(Code { code_type, file_name, url: String::new(), digest, size, is_project: false })
}

type Answer = Result<Json<Map<String, Value>>, ApiError>;

async fn show(State(app): State<Arc<App>>, Named(named): Named) -> Answer {
    let function = app.catalog.find(&named)?;
    let version = function.named_version(named.qualifier.as_ref())?;
    Ok(Json(code_view(&app, &function, version)))
}

async fn update(State(app): State<Arc<App>>, Named(named): Named, body: Body) -> Answer {
    let function = app.catalog.find(&named)?;
    check_editable(&function, named.qualifier.as_ref())?;
    let current = &function.latest;
    if current.code.is_project {
        return Err(ApiError::bad_request(
            "FSS.1011",
            format!(
                "Invalid function code: {} is built from source on this machine; edit its source",
                function.name
            ),
        ));
    }
    let code = NewCode::read(body.fields(), &current.config.runtime)?;
    drop(body);
    let Some(code) = code else { return Ok(Json(code_view(&app, &function, current))) };
    let name = function.name.clone();
    let function = blocking({
        let app = Arc::clone(&app);
        move || {
            let code = store_code(&app, code)?;
            let (function, ()) = app.catalog.change(&name, |function| {
                function.latest.code = code;
                function.latest.last_modified = Timestamp::now();
                Ok(())
            })?;
            Ok(function)
        }
    })
    .await?;
    Ok(Json(code_view(&app, &function, &function.latest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_may_have_broken_lines_and_stays_below_the_limit() {
        assert_eq!(decode("YWJj\r\nZGVm\n"), Ok(b"abcdef".to_vec()));
        assert_eq!(decode("a").expect_err("it is refused").code, "FSS.1011");
        assert_eq!(decode(&"A".repeat(70 << 20)).expect_err("it is refused").code, "FSS.1071");
    }
}
