//! The parts of a configuration that name resources outside of the function: network, file systems
//! and image. They are checked for their form, kept and returned.

use serde_json::{Map, Value, json};

use super::super::fields::Fields;
use crate::error::ApiError;

/// How many file systems a function mounts at most (FSS.1049).
const MAX_MOUNTS: usize = 5;

/// `func_vpc`; empty identifiers take it away.
pub(super) fn vpc(fields: Fields<'_>) -> Result<Option<Value>, ApiError> {
    let Some(vpc) = fields.object("func_vpc", "FSS.1036")? else { return Ok(None) };
    let id = vpc.string("vpc_id", "FSS.1036")?.unwrap_or_default();
    let subnet = vpc.string("subnet_id", "FSS.1037")?.unwrap_or_default();
    match (id, subnet) {
        ("", "") => Ok(None),
        ("", _) => {
            Err(ApiError::bad_request("FSS.1036", "The VPC does not exist: func_vpc has no vpc_id"))
        }
        (_, "") => Err(ApiError::bad_request(
            "FSS.1037",
            "No subnet matches the specified ID: func_vpc has no subnet_id",
        )),
        _ => Ok(Some(Value::Object(vpc.as_map().clone()))),
    }
}

/// `mount_config`; no mounts take it away. The user comes with either of two spellings.
pub(super) fn mount_config(fields: Fields<'_>) -> Result<Option<Value>, ApiError> {
    let Some(config) = fields.object("mount_config", "FSS.0400")? else { return Ok(None) };
    let mounts = config.objects("func_mounts", "FSS.0400")?.unwrap_or_default();
    if mounts.is_empty() {
        return Ok(None);
    }
    if mounts.len() > MAX_MOUNTS {
        return Err(ApiError::forbidden(
            "FSS.1049",
            format!(
                "The number of file systems mounted to the function exceeds the maximum allowed \
                 limit ({MAX_MOUNTS})"
            ),
        ));
    }
    let (mut user_id, mut group_id) = (-1, -1);
    if let Some(user) = config.object("mount_user", "FSS.1075")? {
        user_id = user_number(user, &["user_id", "mount_user_id"])?;
        group_id = user_number(user, &["user_group_id", "mount_user_group_id"])?;
    }
    let mounts = mounts.into_iter().map(mount).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(json!({
        "mount_user": {"user_id": user_id, "user_group_id": group_id},
        "func_mounts": mounts,
    })))
}

fn mount(mount: Fields<'_>) -> Result<Value, ApiError> {
    let kind = mount.required_string("mount_type", "FSS.0400")?;
    if !["sfs", "sfsTurbo", "ecs"].contains(&kind) {
        return Err(ApiError::bad_request(
            "FSS.0400",
            "Invalid parameter: mount_type must be sfs, sfsTurbo or ecs",
        ));
    }
    mount.required_string("mount_resource", "FSS.0400")?;
    let path = mount.required_string("local_mount_path", "FSS.1039")?;
    if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(ApiError::bad_request(
            "FSS.1039",
            "The mounting path is invalid: local_mount_path must be an absolute path",
        ));
    }
    Ok(Value::Object(mount.as_map().clone()))
}

/// A user or group, by the first of these names that is there.
fn user_number(fields: Fields<'_>, names: &[&str]) -> Result<i64, ApiError> {
    for name in names {
        if let Some(number) = fields.integer_or_string(name, "FSS.1075")? {
            return if is_user(number) { Ok(number) } else { Err(no_user()) };
        }
    }
    Ok(-1)
}

fn is_user(number: i64) -> bool {
    (-1..=65534).contains(&number) && ![0, 1000, 1002].contains(&number)
}

fn no_user() -> ApiError {
    ApiError::bad_request(
        "FSS.1075",
        "The user ID and user group ID must be an integer from -1 to 65,534, excluding 0, 1000, \
         and 1002",
    )
}

/// `custom_image`; the user and the group are strings in the models, and may come as numbers.
pub(super) fn custom_image(fields: Fields<'_>) -> Result<Option<Value>, ApiError> {
    const CODE: &str = "FSS.1034";
    let Some(image) = fields.object("custom_image", CODE)? else { return Ok(None) };
    if image.as_map().is_empty() {
        return Ok(None);
    }
    let mut kept = Map::new();
    let enabled = image.flag("enabled", CODE)?.unwrap_or(true);
    let name = image.string("image", CODE)?.unwrap_or_default();
    if enabled && name.is_empty() {
        return Err(ApiError::bad_request(
            CODE,
            "Invalid image URL: custom_image has no image, such as \
             swr.<region>.myhuaweicloud.com/<organization>/<name>:<tag>",
        ));
    }
    kept.insert("enabled".into(), enabled.into());
    kept.insert("image".into(), name.into());
    for name in ["command", "args", "working_dir"] {
        kept.extend(image.string(name, CODE)?.map(|value| (name.to_owned(), value.into())));
    }
    for name in ["uid", "gid"] {
        let is_given = image.get(name).is_some_and(|value| value.as_str() != Some(""));
        if is_given {
            let number = user_number(image, &[name])?;
            kept.insert(name.to_owned(), number.to_string().into());
        }
    }
    kept.extend(image.flag("is_public", CODE)?.map(|flag| ("is_public".into(), flag.into())));
    Ok(Some(Value::Object(kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        read: fn(Fields<'_>) -> Result<Option<Value>, ApiError>,
        body: &Value,
    ) -> Result<Option<Value>, &'static str> {
        read(Fields::new(body.as_object().expect("an object"))).map_err(|error| error.code)
    }

    #[test]
    fn the_user_of_a_mount_has_two_spellings_and_comes_back_with_one() {
        let mounts =
            json!([{"mount_type": "sfs", "mount_resource": "r", "local_mount_path": "/mnt"}]);
        for user in [
            json!({"user_id": 1003, "user_group_id": 1003}),
            json!({"mount_user_id": 1003, "mount_user_group_id": "1003"}),
        ] {
            let body = json!({"mount_config": {"mount_user": user, "func_mounts": mounts}});
            let expected = json!({
                "mount_user": {"user_id": 1003, "user_group_id": 1003},
                "func_mounts": mounts,
            });
            assert_eq!(read(mount_config, &body), Ok(Some(expected)));
        }
    }

    #[test]
    fn mounts_are_at_most_five_with_absolute_paths_and_no_root() {
        let config = |user: i64, path: &str, count: usize| {
            let mount =
                json!({"mount_type": "sfs", "mount_resource": "r", "local_mount_path": path});
            read(
                mount_config,
                &json!({"mount_config": {
                    "mount_user": {"user_id": user, "user_group_id": -1},
                    "func_mounts": vec![mount; count],
                }}),
            )
        };
        assert!(config(-1, "/mnt", 5).is_ok());
        assert_eq!(config(-1, "/mnt", 6), Err("FSS.1049"));
        assert_eq!(config(0, "/mnt", 1), Err("FSS.1075"));
        assert_eq!(config(1000, "/mnt", 1), Err("FSS.1075"));
        assert_eq!(config(-1, "mnt", 1), Err("FSS.1039"));
        assert_eq!(config(-1, "/../mnt", 1), Err("FSS.1039"));
        assert_eq!(config(-1, "/mnt", 0), Ok(None));
    }

    #[test]
    fn an_image_has_its_user_as_strings() {
        let image = json!({"enabled": true, "image": "swr/x:1", "uid": 1003, "gid": "-1"});
        let body = json!({"custom_image": image});
        let expected = json!({"enabled": true, "image": "swr/x:1", "uid": "1003", "gid": "-1"});
        assert_eq!(read(custom_image, &body), Ok(Some(expected)));
        assert_eq!(
            read(custom_image, &json!({"custom_image": {"enabled": true}})),
            Err("FSS.1034")
        );
        let root = json!({"custom_image": {"image": "swr/x:1", "uid": "0"}});
        assert_eq!(read(custom_image, &root), Err("FSS.1075"));
    }

    #[test]
    fn a_network_without_identifiers_is_none() {
        assert_eq!(read(vpc, &json!({"func_vpc": {"vpc_id": "", "subnet_id": ""}})), Ok(None));
        assert_eq!(read(vpc, &json!({"func_vpc": {"vpc_id": "v"}})), Err("FSS.1037"));
        assert_eq!(read(vpc, &json!({"func_vpc": {"subnet_id": "s"}})), Err("FSS.1036"));
    }
}
