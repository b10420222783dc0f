//! A report as JSON, for programs.

use serde_json::{Value, json};

use super::super::scenario::Class;
use super::{Report, ScenarioResult};

impl Report {
    /// A JSON object: `bootstrap`, `passed`, `failed`; `contract` and `robust`, each with `passed`
    /// and `failed`; and `scenarios`, each with `name`, `class`, `source`, `says`, `seconds`,
    /// `passed`, and if it failed `expected`, `happened`, `refused`, `output`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let failed = self.failures();
        let scenarios: Vec<Value> = self.results.iter().map(ScenarioResult::to_json).collect();
        let of = |class| {
            let (passed, all) = self.passed(class);
            json!({"passed": passed, "failed": all - passed})
        };
        let report = json!({
            "bootstrap": self.program,
            "passed": self.results.len() - failed,
            "failed": failed,
            "contract": of(Class::Contract),
            "robust": of(Class::Robust),
            "scenarios": scenarios,
        });
        format!("{report:#}\n")
    }
}

impl ScenarioResult {
    fn to_json(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "class": self.class.name(),
            "source": self.source,
            "says": self.says,
            "seconds": (self.time.as_secs_f64() * 1000.0).round() / 1000.0,
            "passed": self.mismatch.is_none(),
        });
        if let Some(mismatch) = &self.mismatch {
            json["expected"] = mismatch.expected.as_str().into();
            json["happened"] = mismatch.happened.as_str().into();
            json["refused"] = self.refused.clone().into();
            json["output"] = self.output.clone().into();
        }
        json
    }
}
