//! Every fixture fits its type, survives a round trip, and stays valid if fields are missing, empty
//! or of another type.

#![cfg(feature = "all")]

use std::fmt::Debug;

use fg_events::*;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a test does with the type of each trigger.
trait Visit {
    fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
        &mut self,
        name: &str,
        fixture: &str,
        parsed: &T,
    );
}

fn visit_all(visit: &mut impl Visit) {
    macro_rules! each {
        ($($module:ident)*) => { $( visit.event(stringify!($module), $module::FIXTURE, &$module::fixture()); )* };
    }
    each!(apig cts dds dis dms eventgrid gemini_mongo iotda kafka kafka_open_source lts notification obs obs_eventgrid rabbitmq rocketmq smn timer);
}

/// The value in a canonical form: numbers as strings, and without empty values.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(elements) => elements
            .iter()
            .map(|element| {
                Some(canonical(element)).filter(|value| !is_empty(value)).unwrap_or_default()
            })
            .collect(),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| (name.clone(), canonical(value)));
            Value::Object(entries.filter(|(_, value)| !is_empty(value)).collect())
        }
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(entries) => entries.is_empty(),
    }
}

struct RoundTrip(usize);

impl Visit for RoundTrip {
    fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
        &mut self,
        name: &str,
        fixture: &str,
        parsed: &T,
    ) {
        assert_ne!(*parsed, T::default(), "{name}");
        let written = serde_json::to_string(parsed).expect("it is written");
        let again: T = serde_json::from_str(&written).expect("it is read again");
        assert_eq!(again, *parsed, "{name}");
        let sent: Value = serde_json::from_str(fixture).expect("it is JSON");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        assert_eq!(canonical(&written), canonical(&sent), "{name}");
        self.0 += 1;
    }
}

#[test]
fn every_fixture_is_written_as_it_was_read() {
    let mut visit = RoundTrip(0);
    visit_all(&mut visit);
    assert_eq!(visit.0, 18);
}

/// For each place in a value, calls a function with the path of the place and a copy of the value in
/// which that place is replaced by `to`.
fn with_one_place_changed(
    value: &Value,
    to: &Value,
    path: &str,
    call: &mut dyn FnMut(&str, Value),
) {
    match value {
        Value::Object(entries) => {
            for (name, inner) in entries {
                let path = format!("{path}.{name}");
                with_one_place_changed(inner, to, &path, &mut |path, inner| {
                    let mut entries = entries.clone();
                    entries.insert(name.clone(), inner);
                    call(path, Value::Object(entries));
                });
            }
        }
        Value::Array(elements) => {
            for (index, inner) in elements.iter().enumerate() {
                let path = format!("{path}[{index}]");
                with_one_place_changed(inner, to, &path, &mut |path, inner| {
                    let mut elements = elements.clone();
                    if let Some(place) = elements.get_mut(index) {
                        *place = inner;
                    }
                    call(path, Value::Array(elements));
                });
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        call(path, to.clone());
    }
}

struct Emptied;

impl Visit for Emptied {
    fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
        &mut self,
        name: &str,
        fixture: &str,
        _: &T,
    ) {
        let sent: Value = serde_json::from_str(fixture).expect("it is JSON");
        for to in [Value::Null, Value::from("")] {
            with_one_place_changed(&sent, &to, "", &mut |path, payload| {
                // Whether an empty string is valid data depends on the type of the data.
                if path == ".data" && to == "" {
                    return;
                }
                let read = serde_json::from_value::<T>(payload.clone());
                let read = read.unwrap_or_else(|error| panic!("{name}{path} = {to}: {error}"));
                let written = serde_json::to_value(&read).expect("it is written");
                assert_eq!(canonical(&written), canonical(&payload), "{name}{path} = {to}");
            });
        }
        serde_json::from_str::<T>("{}").expect("every field may be missing");
    }
}

#[test]
fn every_field_of_every_event_may_be_null_or_empty() {
    visit_all(&mut Emptied);
}

/// Puts a list of lists in each place: a field that does not accept it must name its path.
struct WrongTypes(usize);

impl Visit for WrongTypes {
    fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
        &mut self,
        name: &str,
        fixture: &str,
        _: &T,
    ) {
        let sent: Value = serde_json::from_str(fixture).expect("it is JSON");
        let to = serde_json::json!([[[]]]);
        with_one_place_changed(&sent, &to, "", &mut |path, payload| {
            let payload = payload.to_string();
            if let Err(error) = serde_path_to_error::deserialize::<_, T>(
                &mut serde_json::Deserializer::from_str(&payload),
            ) {
                let reported = format!(".{}", error.path());
                assert!(
                    reported.starts_with(path),
                    "{name}: `{path}` is wrong, and the error is at `{reported}`: {error}"
                );
                self.0 += 1;
            }
        });
    }
}

#[test]
fn a_field_of_the_wrong_type_is_named_with_its_path() {
    let mut visit = WrongTypes(0);
    visit_all(&mut visit);
    assert!(visit.0 > 150, "{} fields are refused", visit.0);
}

#[test]
fn unknown_fields_are_kept_at_every_depth() {
    let payload =
        r#"{"Records":[{"s3":{"object":{"key":"a","tier":"warm"}},"new":[1]}],"sent_by":"x"}"#;
    let event: obs::ObsEvent = serde_json::from_str(payload).expect("it is read");
    assert_eq!(event.records[0].s3.object.extra["tier"], "warm");
    let written = serde_json::to_value(&event).expect("it is written");
    assert_eq!(written, serde_json::from_str::<Value>(payload).expect("it is JSON"));
}

/// Renames the essential fields of each type, from the outermost object to the innermost one.
struct OtherShapes(usize);

impl Visit for OtherShapes {
    fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
        &mut self,
        name: &str,
        fixture: &str,
        _: &T,
    ) {
        let paths: &[&[&str]] = match name {
            "apig" => &[&["httpMethod", "path"]],
            "cts" => &[&["cts"]],
            "dds" => &[&["records"], &["records", "0", "dds"]],
            "dis" => &[&["Message"], &["Message", "records"], &["Message", "records", "0", "data"]],
            "dms" => &[&["messages"], &["messages", "0", "body"]],
            "eventgrid" => &[&["data"]],
            "gemini_mongo" => &[&["records"], &["records", "0", "gauss_mongo"]],
            "iotda" => &[&["notify_data"], &["notify_data", "body"]],
            "kafka" | "kafka_open_source" | "rabbitmq" | "rocketmq" => {
                &[&["records"], &["records", "0", "messages"]]
            }
            "lts" => &[&["lts"], &["lts", "data"]],
            "notification" => &[&["request_context", "response_context"]],
            "obs" => &[
                &["Records"],
                &["Records", "0", "s3"],
                &["Records", "0", "s3", "object"],
                &["Records", "0", "s3", "object", "key"],
            ],
            "obs_eventgrid" => &[
                &["data"],
                &["data", "obs"],
                &["data", "obs", "object"],
                &["data", "obs", "object", "key"],
            ],
            "smn" => &[&["record"], &["record", "0", "smn"], &["record", "0", "smn", "message"]],
            "timer" => &[&["user_event"]],
            _ => panic!("what is {name} for?"),
        };
        for path in paths {
            let mut payload: Value = serde_json::from_str(fixture).expect("it is JSON");
            let together = matches!(name, "apig" | "notification");
            let (parents, keys) =
                if together { path.split_at(0) } else { path.split_at(path.len() - 1) };
            let object = parents.iter().fold(&mut payload, |place, key| match place {
                Value::Array(elements) => {
                    &mut elements[key.parse::<usize>().expect("it is an index")]
                }
                object => &mut object[*key],
            });
            let object = object.as_object_mut().expect("it is an object");
            for key in keys {
                let value = object.remove(*key).expect("the fixture has it");
                object.insert(format!("new_{key}"), value);
            }
            let error = serde_json::from_value::<T>(payload).expect_err(name).to_string();
            for key in keys {
                assert!(
                    error.contains(&format!("`{key}`")) && error.contains(&format!("`new_{key}`")),
                    "{name}: {error}"
                );
            }
            self.0 += 1;
        }
    }
}

#[test]
fn an_event_of_another_shape_is_an_error_that_names_what_is_missing_and_what_is_there() {
    let mut visit = OtherShapes(0);
    visit_all(&mut visit);
    assert_eq!(visit.0, 37);
}

#[test]
fn an_event_of_another_trigger_is_not_an_empty_one() {
    struct Others(Vec<(String, Value)>);
    impl Visit for Others {
        fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
            &mut self,
            name: &str,
            fixture: &str,
            _: &T,
        ) {
            for (other, payload) in &self.0 {
                if let Ok(read) = serde_json::from_value::<T>(payload.clone()) {
                    // These have the same shape.
                    assert!(
                        name.contains("eventgrid") || name.contains("mq") || name.contains("kafka"),
                        "{other} as {name}: {read:?}"
                    );
                }
            }
            self.0.push((name.to_owned(), serde_json::from_str(fixture).expect("it is JSON")));
        }
    }
    visit_all(&mut Others(Vec::new()));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        "\\PC{0,6}".prop_map(Value::from),
        "[0-9]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

struct Mutated(Value, prop::sample::Index);

impl Visit for Mutated {
    fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
        &mut self,
        name: &str,
        fixture: &str,
        _: &T,
    ) {
        let sent: Value = serde_json::from_str(fixture).expect("it is JSON");
        let mut places = 0;
        with_one_place_changed(&sent, &Value::Null, "", &mut |_, _| places += 1);
        let chosen = self.1.index(places);
        let mut place = 0;
        with_one_place_changed(&sent, &self.0, "", &mut |path, payload| {
            place += 1;
            if place != chosen + 1 {
                return;
            }
            if let Ok(event) = serde_json::from_value::<T>(payload) {
                let written = serde_json::to_string(&event).expect("it is written");
                let again: T = serde_json::from_str(&written)
                    .unwrap_or_else(|error| panic!("{name}{path}: {error} in {written}"));
                assert_eq!(again, event, "{name}{path}");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_read_from_any_json_in_any_place_is_written_and_read_again(value in any_json(), place in any::<prop::sample::Index>()) {
        visit_all(&mut Mutated(value, place));
    }

    #[test]
    fn no_string_panics(text in "\\PC{0,40}") {
        let _ = serde_json::from_str::<apig::ApigEvent>(&text);
        let _ = apig::ApigEvent::new().with_body_text(text.clone()).with_is_base64_encoded(true).body();
        let _ = obs::Object::new().with_key(text.clone()).decoded_key();
        let _ = lts::LtsEvent::new().with_lts(lts::LtsData::new().with_data(text)).logs();
    }
}

/// The seeds of the fuzz target `events`, which a published crate does not have.
#[test]
fn the_seeds_of_the_fuzz_target_are_read_or_rejected() {
    struct Seeds(Vec<Vec<u8>>);
    impl Visit for Seeds {
        fn event<T: DeserializeOwned + Serialize + Default + PartialEq + Debug>(
            &mut self,
            name: &str,
            _: &str,
            _: &T,
        ) {
            for seed in &self.0 {
                if let Ok(event) = serde_json::from_slice::<T>(seed) {
                    let written = serde_json::to_vec(&event).expect("it is written");
                    assert!(
                        serde_json::from_slice::<T>(&written).is_ok(),
                        "{name}: {}",
                        String::from_utf8_lossy(seed)
                    );
                }
            }
        }
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/events");
    match std::fs::read_dir(&folder) {
        Ok(seeds) => {
            let seeds: Vec<_> = seeds
                .map(|seed| {
                    std::fs::read(seed.expect("it can be listed").path()).expect("it can be read")
                })
                .collect();
            assert!(seeds.len() > 17);
            visit_all(&mut Seeds(seeds));
        }
        Err(error) => println!("SKIPPED: {}: {error}", folder.display()),
    }
}
