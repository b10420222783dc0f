//! The headers that come with an invocation, without the secret ones.

use std::ops::Range;

/// Names of the headers that the platform sends, lower case. Source of each: the platform's manual,
/// "custom runtime" and "HTTP function", and the headers that its Go runtime reads.
pub mod names {
    /// The request id.
    pub const REQUEST_ID: &str = "x-cff-request-id";
    /// `sync` or `async`.
    pub const INVOKE_TYPE: &str = "x-cff-invoke-type";
    /// The agency's access key; no longer kept up by the platform.
    pub const ACCESS_KEY: &str = "x-cff-access-key";
    /// The agency's secret key; no longer kept up by the platform.
    pub const SECRET_KEY: &str = "x-cff-secret-key";
    /// The agency's IAM token.
    pub const AUTH_TOKEN: &str = "x-cff-auth-token";
    /// The agency's temporary access key.
    pub const SECURITY_ACCESS_KEY: &str = "x-cff-security-access-key";
    /// The agency's temporary secret key.
    pub const SECURITY_SECRET_KEY: &str = "x-cff-security-secret-key";
    /// The agency's security token.
    pub const SECURITY_TOKEN: &str = "x-cff-security-token";
    /// Those whose values are secrets: a context has them apart from the others.
    pub const SECRETS: [&str; 7] = [
        ACCESS_KEY,
        SECRET_KEY,
        AUTH_TOKEN,
        SECURITY_ACCESS_KEY,
        SECURITY_SECRET_KEY,
        SECURITY_TOKEN,
        STREAM_TOKEN,
    ];
    /// `!alias`, when the function was called through an alias.
    pub const ORIGIN_VERSION_TAG: &str = "x-cff-origin-version-tag";
    /// The workflow that calls.
    pub const WORKFLOW_ID: &str = "x-cff-workflow-id";
    /// The run of that workflow.
    pub const WORKFLOW_RUN_ID: &str = "x-cff-workflow-run-id";
    /// The state in that run.
    pub const WORKFLOW_STATE_ID: &str = "x-cff-workflow-state-id";
    /// The function's name, as `0@package@name`; sent to HTTP functions and container images.
    pub const FUNCTION_NAME: &str = "x-cff-func-name";
    /// The function's version; sent to HTTP functions and container images.
    pub const FUNCTION_VERSION: &str = "x-cff-func-version";
    /// The package; sent to HTTP functions and container images.
    pub const PACKAGE: &str = "x-cff-package";
    /// The memory in MB; sent to HTTP functions and container images.
    pub const MEMORY: &str = "x-cff-memory";
    /// The timeout in seconds; sent to HTTP functions and container images.
    pub const TIMEOUT: &str = "x-cff-timeout";
    /// The project id; some regions send a constant.
    pub const PROJECT_ID: &str = "x-cff-project-id";
    /// The run of a streaming function flow.
    pub const STREAM_RUN_ID: &str = "x-stream-run-id";
    /// Whether the flow streams.
    pub const STREAM_ENABLE: &str = "x-stream-enable";
    /// The token of the stream; a secret.
    pub const STREAM_TOKEN: &str = "x-stream-token";
    /// Where the stream goes.
    pub const STREAM_ADDR: &str = "x-stream-addr";
    /// The trace id.
    pub const TRACE_ID: &str = "x-caas-trace-id";
}

/// How many bytes the headers of an invocation usually have, and how many lines.
const USUAL_TEXT: usize = 512;
const USUAL_LINES: usize = 16;

/// Header lines in one buffer that is reused from invocation to invocation.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    text: String,
    lines: Vec<Line>,
    /// The text as long as lines are added. Then it is known to be UTF-8, which is looked at once
    /// and not for each line.
    bytes: Vec<u8>,
}

/// Where a name and its value are in the text.
type Line = (Range<usize>, Range<usize>);

impl Headers {
    /// Forgets all of them: what a caller has sent, such as an `Authorization`, is not left in the
    /// memory.
    pub(crate) fn clear(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        self.bytes = std::mem::take(&mut self.text).into_bytes();
        wipe(&mut self.bytes);
        self.bytes.clear();
        self.lines.clear();
    }

    /// Adds a line; it is found after [`complete`](Self::complete).
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) {
        if self.lines.is_empty() {
            // Enough for most invocations; no more than a look at the capacity from the second one
            // on.
            self.lines.reserve(USUAL_LINES);
        }
        let start = self.bytes.len();
        let needed = start + name.len() + value.len();
        if needed > self.bytes.capacity() {
            self.make_room(needed);
        }
        self.bytes.extend_from_slice(name.as_bytes());
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.lines.push((start..middle, middle..self.bytes.len()));
    }

    /// A larger buffer. The one before is wiped, which it would not be if the vector grew by
    /// itself.
    #[cold]
    fn make_room(&mut self, needed: usize) {
        let mut larger = Vec::with_capacity(USUAL_TEXT.max(2 * needed));
        larger.extend_from_slice(&self.bytes);
        wipe(&mut std::mem::replace(&mut self.bytes, larger));
    }

    /// After the last line.
    pub(crate) fn complete(&mut self) {
        let mut bytes = match String::from_utf8(std::mem::take(&mut self.bytes)) {
            // A character that begins in one part and ends in the next would make the whole valid,
            // but not the parts.
            Ok(text) if self.lines.iter().all(|(_, value)| text.is_char_boundary(value.end)) => {
                self.text = text;
                return;
            }
            Ok(text) => text.into_bytes(),
            Err(error) => error.into_bytes(),
        };
        self.text = self.mend(&bytes);
        wipe(&mut bytes);
    }

    /// A value may be of any bytes; what is not UTF-8 cannot be what the platform meant, but is no
    /// reason to fail.
    #[cold]
    fn mend(&mut self, bytes: &[u8]) -> String {
        // No byte becomes longer than the three of the replacement character.
        let mut text = String::with_capacity(3 * bytes.len());
        for part in self.lines.iter_mut().flat_map(|(name, value)| [name, value]) {
            let start = text.len();
            text.push_str(&String::from_utf8_lossy(&bytes[part.clone()]));
            *part = start..text.len();
        }
        text
    }

    /// The first header of this name, whatever its case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let is_it = |candidate: &Range<usize>| {
            // Most are ruled out by their length, and servers have names in lower case already.
            candidate.len() == name.len() && {
                let candidate = &self.text[candidate.clone()];
                candidate == name || candidate.eq_ignore_ascii_case(name)
            }
        };
        self.lines
            .iter()
            .find(|(candidate, _)| is_it(candidate))
            .map(|(_, value)| &self.text[value.clone()])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(name, value)| (&self.text[name.clone()], &self.text[value.clone()]))
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Forgets what is there. Not left out because nothing reads it.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

/// The value, unless it says "nothing": the platform sends unused headers and variables empty, or
/// as the word `null`.
pub(crate) fn present(value: &str) -> Option<&str> {
    let value = value.trim();
    (!value.is_empty() && !value.eq_ignore_ascii_case("null")).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_in_two_by_the_end_of_a_value_is_mended() {
        let mut headers = Headers::default();
        headers.push("a", b"x\xc3");
        headers.push("", b"\xa9y");
        headers.push("b", "é".as_bytes());
        headers.complete();
        assert_eq!(
            headers.iter().collect::<Vec<_>>(),
            [("a", "x\u{fffd}"), ("", "\u{fffd}y"), ("b", "é")]
        );
        assert_eq!((headers.get("A"), headers.get("")), (Some("x\u{fffd}"), Some("\u{fffd}y")));
    }
}
