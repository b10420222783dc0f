//! Export and import of functions.
//!
//! The platform's format is a zip file with a YAML file, whose content is not documented. Here that
//! file has the configuration as JSON, which is YAML, too; what was exported here can be imported
//! here. Values of encrypted variables are left out.

use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::blocking::blocking;
use super::code::{NewCode, decode, store_code};
use super::fields::{Fields, missing};
use super::functions::view::function_view;
use super::functions::{body as config_body, function_name};
use super::request::{Body, Named, QueryFields};
use crate::app::App;
use crate::catalog::function::Function;
use crate::catalog::version::Config;
use crate::code::MAX_PACKAGE;
use crate::error::ApiError;

/// The largest configuration in bytes.
const MAX_CONFIG: u64 = 1 << 20;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/fgs/functions/{urn}/export", get(export))
}

/// The route whose body has code.
pub(super) fn import_router() -> Router<Arc<App>> {
    Router::new().route("/fgs/functions/import", post(import))
}

/// With `type=code` or `code=true` the code, with `type=config` or `config=true` the configuration.
/// The code alone is the package as it is.
async fn export(
    State(app): State<Arc<App>>,
    Named(named): Named,
    query: QueryFields,
) -> Result<impl IntoResponse, ApiError> {
    let has_code = query.get("type") == Some("code") || query.flag("code");
    let has_config = query.get("type") == Some("config") || query.flag("config");
    if !has_code && !has_config {
        return Err(ApiError::bad_request(
            "FSS.1001",
            "Invalid query parameter: say what is exported, with type=code or type=config, or with \
             code=true and config=true",
        ));
    }
    let function = app.catalog.find(&named)?;
    let version = function.named_version(named.qualifier.as_ref())?.clone();
    let name = format!("{}.zip", function.name.name);
    let zip = blocking(move || {
        let code = match &*version.code.digest {
            _ if !has_code => None,
            "" if !has_config => {
                return Err(ApiError::bad_request(
                    "FSS.1012",
                    format!(
                        "The function code must be configured: {} has no package",
                        function.name
                    ),
                ));
            }
            "" => None,
            digest => Some(app.store.package(digest)?),
        };
        if !has_config {
            return Ok(code.unwrap_or_default());
        }
        let config = Value::Object(function_view(&app, &function, &version));
        archive(&function.name.name, &config, code.as_deref())
    })
    .await?;
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(([(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, disposition)], zip))
}

fn archive(name: &str, config: &Value, code: Option<&[u8]>) -> Result<Vec<u8>, ApiError> {
    let failed = |error: &dyn std::fmt::Display| {
        ApiError::new(
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "FSS.0500",
            format!("Internal server error: the archive could not be written: {error}"),
        )
    };
    let options = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let config = serde_json::to_vec_pretty(config).map_err(|error| failed(&error))?;
    let mut entries = vec![(format!("{name}.yaml"), &*config)];
    entries.extend(code.map(|code| (format!("{name}.zip"), code)));
    for (name, content) in entries {
        archive.start_file(name, options).map_err(|error| failed(&error))?;
        archive.write_all(content).map_err(|error| failed(&error))?;
    }
    Ok(archive.finish().map_err(|error| failed(&error))?.into_inner())
}

async fn import(
    State(app): State<Arc<App>>,
    body: Body,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let fields = body.fields();
    let name = function_name(fields)?;
    if !matches!(fields.string("file_type", "FSS.1013")?, None | Some("zip")) {
        return Err(ApiError::bad_request("FSS.1013", "Invalid file type: file_type must be zip"));
    }
    let file = fields.large_string("file_code", "FSS.1011")?;
    let file = decode(file.ok_or_else(|| missing("file_code", "FSS.1011"))?)?;
    drop(body);
    app.catalog.check_new(&name)?;
    let function = blocking({
        let app = Arc::clone(&app);
        move || {
            let Archive { config, package } = open(&file)?;
            drop(file);
            let fields = Fields::new(&config);
            let mut imported = Config::default();
            config_body::apply(&mut imported, fields)?;
            let code = match package {
                Some(package) => {
                    let file_name = fields.string("code_filename", "FSS.1013")?;
                    NewCode::package(file_name.unwrap_or("index.zip").to_owned(), package)
                }
                None => NewCode::of_create(fields, &imported.runtime)?,
            };
            let code = store_code(&app, code)?;
            app.catalog.create(Function::new(name, imported, code))
        }
    })
    .await?;
    Ok(Json(function_view(&app, &function, &function.latest)))
}

/// What an archive has.
struct Archive {
    config: Map<String, Value>,
    package: Option<Vec<u8>>,
}

fn open(file: &[u8]) -> Result<Archive, ApiError> {
    let invalid =
        |reason: &str| ApiError::bad_request("FSS.1025", format!("Invalid YAML file: {reason}"));
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|error| {
        ApiError::bad_request("FSS.1011", format!("Invalid function code: {error}"))
    })?;
    if archive.len() > 10 {
        return Err(invalid("the archive has more files than an export"));
    }
    let (mut config, mut package) = (None, None);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| invalid("an entry cannot be read"))?;
        let name = entry.name().to_ascii_lowercase();
        if name.ends_with(".yaml") || name.ends_with(".yml") {
            if config.is_some() {
                return Err(ApiError::bad_request("FSS.1022", "Only one YAML file is allowed"));
            }
            config = Some(read(entry, MAX_CONFIG)?);
        } else if name.ends_with(".zip") {
            package = Some(read(entry, MAX_PACKAGE)?);
        }
    }
    let config = config.ok_or_else(|| invalid("the archive has none"))?;
    let config = serde_json::from_slice(&config)
        .map_err(|_| invalid("only archives that this server has exported are read"))?;
    Ok(Archive { config, package })
}

fn read(entry: impl Read, limit: u64) -> Result<Vec<u8>, ApiError> {
    let mut content = Vec::new();
    let read = entry.take(limit + 1).read_to_end(&mut content);
    if read.is_err() {
        return Err(ApiError::bad_request("FSS.1011", "Invalid function code: a damaged archive"));
    }
    if content.len() as u64 > limit {
        return Err(ApiError::bad_request(
            "FSS.1023",
            format!("The imported file is too large: an entry has more than {limit} bytes"),
        ));
    }
    Ok(content)
}
