//! The platform's answer to an invocation, in the three parts of its console.

use std::fmt;

use fg_client::invocations::Invocation;
use serde_json::{Value, json};

/// What the platform says about an invocation that has ended.
pub(super) struct Answer {
    invocation: Invocation,
    figures: Figures,
}

/// How long it took, and how much memory it used, as far as the platform tells.
#[derive(Debug, Default, PartialEq)]
struct Figures {
    /// In MB.
    memory: Option<f64>,
    /// In milliseconds.
    duration: Option<f64>,
    /// In MB.
    memory_used: Option<f64>,
    /// In milliseconds.
    billed: Option<f64>,
}

impl Answer {
    pub(super) fn of(invocation: Invocation) -> Self {
        let of_header = invocation.summary.as_deref().and_then(Figures::of_header);
        let figures = of_header.or_else(|| Figures::of_log(&invocation.log)).unwrap_or_default();
        Self { invocation, figures }
    }

    pub(super) fn is_error(&self) -> bool {
        self.invocation.is_error
    }

    /// The result in the form of a local invocation. What was written after the response is not
    /// known.
    pub(super) fn to_json(&self) -> Value {
        let Self { invocation, figures } = self;
        let body = serde_json::from_slice(&invocation.payload)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&invocation.payload)));
        let error = match &body {
            body if self.is_error() => {
                let Parts { message, kind, is_platform } = Parts::of(&invocation.payload);
                let by = if is_platform { "platform" } else { "function" };
                json!({"by": by, "type": kind, "message": message, "body": body})
            }
            _ => Value::Null,
        };
        #[allow(clippy::cast_possible_truncation, reason = "a size in bytes")]
        let bytes = figures.memory_used.map(|used| (used * 1024.0 * 1024.0) as i64);
        json!({
            "ok": !self.is_error(),
            "return": if self.is_error() { Value::Null } else { body },
            "error": error,
            "summary": {
                "request_id": invocation.request_id,
                "duration_ms": figures.duration,
                "billed_ms": figures.billed,
                "memory_mb": figures.memory,
                "memory_used_bytes": bytes,
            },
            "log": invocation.log.lines().collect::<Vec<_>>(),
            "after": Value::Null,
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invocation, figures } = self;
        writeln!(f, "--- function return ---")?;
        if self.is_error() {
            let Parts { message, kind, .. } = Parts::of(&invocation.payload);
            writeln!(f, "errorMessage: {message}\nerrorType:    {kind}")?;
        } else {
            writeln!(f, "{}", String::from_utf8_lossy(&invocation.payload))?;
        }
        let figure = |value: Option<f64>, decimals: usize, unit: &str| match value {
            Some(value) => format!("{value:.decimals$} {unit}"),
            None => "not known".to_owned(),
        };
        writeln!(f, "--- execution summary ---")?;
        let id = invocation.request_id.as_deref().unwrap_or("not known");
        writeln!(f, "request id:        {id}")?;
        writeln!(f, "configured memory: {}", figure(figures.memory, 0, "MB"))?;
        writeln!(f, "duration:          {}", figure(figures.duration, 3, "ms"))?;
        writeln!(f, "memory used:       {}", figure(figures.memory_used, 3, "MB"))?;
        writeln!(f, "billed duration:   {}", figure(figures.billed, 0, "ms"))?;
        writeln!(f, "--- log ---")?;
        match invocation.log.trim_end_matches('\n') {
            "" => Ok(()),
            log => writeln!(f, "{log}"),
        }
    }
}

/// What an error says.
struct Parts {
    message: String,
    kind: String,
    /// Whether the platform made it, and not the function.
    is_platform: bool,
}

impl Parts {
    fn of(payload: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(payload).unwrap_or_default();
        let text = |name: &str| match &body[name] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let code = text("errorCode");
        Self {
            message: text("errorMessage")
                .unwrap_or_else(|| String::from_utf8_lossy(payload).into_owned()),
            is_platform: code.is_some() && text("errorType").is_none(),
            kind: text("errorType").or(code).unwrap_or_default(),
        }
    }
}

impl Figures {
    /// The header `X-Cff-Invoke-Summary`.
    fn of_header(header: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(header).ok()?;
        Some(Self {
            memory: json["memorySize"].as_f64(),
            duration: json["duration"].as_f64(),
            memory_used: json["memoryUsed"].as_f64().filter(|used| *used > 0.0),
            billed: json["billingDuration"].as_f64(),
        })
    }

    /// The line of the log that ends an invocation.
    fn of_log(log: &str) -> Option<Self> {
        let line = log.lines().rev().find(|line| line.contains(" Finish invoke request '"))?;
        let value = |name: &str, unit: &str| {
            let (_, rest) = line.split_once(&format!(", {name}: "))?;
            let rest = rest.split(',').next()?;
            rest.strip_suffix(unit)?.parse().ok()
        };
        Some(Self {
            memory: value("billing memory", "MB"),
            duration: value("duration", "ms"),
            memory_used: value("memory used", "MB"),
            billed: value("billing duration", "ms"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_from_the_header_or_else_from_the_log() {
        let expected = Figures {
            memory: Some(128.0),
            duration: Some(65.828),
            memory_used: Some(21.473),
            billed: Some(66.0),
        };
        let header =
            r#"{"duration":65.828,"billingDuration":66,"memorySize":128,"memoryUsed":21.473}"#;
        assert_eq!(Figures::of_header(header), Some(expected));
        let log = "T Start invoke request 'a', version: v1\n2022-09-20T11:43:58Z Finish invoke request 'a', duration: 65.828ms, billing duration: 66ms, memory used: 21.473MB, billing memory: 128MB\n";
        assert_eq!(Figures::of_log(log), Figures::of_header(header));
        assert_eq!(Figures::of_log("nothing"), None);
    }

    #[test]
    fn an_error_is_the_functions_own_or_the_platforms() {
        let own = Parts::of(br#"{"errorMessage":"no stock","errorType":"OutOfStock"}"#);
        assert_eq!((own.message.as_str(), own.kind.as_str()), ("no stock", "OutOfStock"));
        let other = Parts::of(br#"{"errorCode":"FSS.0408","errorMessage":"timed out"}"#);
        assert!(other.is_platform && !own.is_platform);
        assert_eq!(Parts::of(b"it broke").message, "it broke");
    }
}
