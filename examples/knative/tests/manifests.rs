//! The manifests of this folder match the schemas of Knative's resources and each other; mistakes
//! are reported.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The only document of a file, as Kubernetes reads it.
fn manifest(name: &str) -> Value {
    let text = read(name);
    let documents = Yaml::load_from_str(&text).expect("YAML");
    let [document] = documents.as_slice() else {
        panic!("{name} has {} documents", documents.len())
    };
    to_json(document)
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(entries) => {
            let entry = |(key, value): (&Yaml<'_>, &Yaml<'_>)| {
                (key.as_str().expect("a name").to_owned(), to_json(value))
            };
            Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
        other => panic!("a manifest has no such thing: {other:?}"),
    }
}

fn schema(name: &str) -> Validator {
    let schema = serde_json::from_str(&read(name)).expect("JSON");
    jsonschema::meta::validate(&schema).expect("a schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn errors(schema: &Validator, manifest: &Value) -> Vec<String> {
    schema
        .iter_errors(manifest)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_service_fits_the_schema_of_its_resource() {
    assert_eq!(errors(&schema("schemas/service.json"), &manifest("service.yaml")), [""; 0]);
}

#[test]
fn the_trigger_fits_the_schema_of_its_resource() {
    assert_eq!(errors(&schema("schemas/trigger.json"), &manifest("trigger.yaml")), [""; 0]);
}

/// Changes a manifest in one place, and checks where the schema reports the error.
fn assert_rejected(kind: &str, place: &str, value: Value, error_path: &str) {
    let mut manifest = manifest(&format!("{kind}.yaml"));
    let (parent, key) = place.rsplit_once('/').expect("a path");
    match manifest.pointer_mut(parent) {
        Some(Value::Object(entries)) => drop(entries.insert(key.to_owned(), value)),
        Some(Value::Array(items)) => items[key.parse::<usize>().expect("an index")] = value,
        other => panic!("{parent} is {other:?}"),
    }
    let errors = errors(&schema(&format!("schemas/{kind}.json")), &manifest);
    assert!(
        matches!(errors.as_slice(), [error] if error.starts_with(&format!("{error_path}: "))),
        "{place}: {errors:?}"
    );
}

#[test]
fn a_mistake_in_the_service_is_reported() {
    let spec = "/spec/template/spec";
    let container = "/spec/template/spec/containers/0";
    for (place, value, error_path) in [
        ("/apiVersion".into(), json!("serving.knative.dev/v1alpha1"), "/apiVersion".into()),
        ("/kind".into(), json!("Deployment"), "/kind".into()),
        // Annotations are strings: a number without quotes is rejected.
        (
            "/spec/template/metadata/annotations/a".into(),
            json!(0),
            "/spec/template/metadata/annotations/a".into(),
        ),
        (format!("{spec}/containerConcurency"), json!(1), spec.into()),
        (
            format!("{spec}/containerConcurrency"),
            json!("100"),
            format!("{spec}/containerConcurrency"),
        ),
        (format!("{spec}/containers"), json!([]), format!("{spec}/containers")),
        (
            format!("{container}/ports/0/containerPort"),
            json!("8000"),
            format!("{container}/ports/0/containerPort"),
        ),
        (
            format!("{container}/readinessProbe/httpGet/paht"),
            json!("/"),
            format!("{container}/readinessProbe/httpGet"),
        ),
        (format!("{container}/env/0/value"), json!(60), format!("{container}/env/0/value")),
        (
            format!("{container}/resources/limits/memory"),
            json!("128 MB"),
            format!("{container}/resources/limits/memory"),
        ),
    ] {
        let (place, error_path): (String, String) = (place, error_path);
        assert_rejected("service", &place, value, &error_path);
    }
}

#[test]
fn a_mistake_in_the_trigger_is_reported() {
    for (place, value, error_path) in [
        ("/apiVersion", json!("v1"), "/apiVersion"),
        ("/spec/subscriber", json!({}), "/spec/subscriber"),
        ("/spec/subscriber/ref/name", json!(""), "/spec/subscriber/ref/name"),
        ("/spec/filter/attributes/type", json!(1), "/spec/filter/attributes/type"),
        ("/spec/filter/type", json!("com.example"), "/spec/filter"),
    ] {
        assert_rejected("trigger", place, value, error_path);
    }
}

#[test]
fn the_manifests_fit_the_image_and_each_other() {
    let (service, trigger) = (manifest("service.yaml"), manifest("trigger.yaml"));
    let reference = &trigger["spec"]["subscriber"]["ref"];
    assert_eq!(
        (&reference["apiVersion"], &reference["kind"]),
        (&service["apiVersion"], &service["kind"])
    );
    assert_eq!(reference["name"], service["metadata"]["name"]);

    let container = &service["spec"]["template"]["spec"]["containers"][0];
    let recipe = read("../container_event/Dockerfile");
    let security = &container["securityContext"];
    for line in [
        format!("EXPOSE {}", container["ports"][0]["containerPort"]),
        format!("USER {}:{}", security["runAsUser"], security["runAsGroup"]),
    ] {
        assert!(
            recipe.lines().any(|found| found == line),
            "{line} is not in the recipe of the image"
        );
    }
    assert_eq!(
        container["readinessProbe"]["httpGet"]["port"],
        container["ports"][0]["containerPort"]
    );
    // The function's time limit is Knative's.
    let timeout = service["spec"]["template"]["spec"]["timeoutSeconds"].to_string();
    assert_eq!(container["env"], json!([{"name": "RUNTIME_TIMEOUT", "value": timeout}]));
}

#[test]
fn the_manual_shows_these_manifests() {
    let manual = read("../../docs/knative.md");
    for name in ["service.yaml", "trigger.yaml"] {
        assert!(
            manual.contains(&format!("```yaml\n{}```", read(name))),
            "docs/knative.md does not show {name} as it is"
        );
    }
}
