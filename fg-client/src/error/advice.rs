//! What to do about the error codes that a deployment meets.

/// What to do about an error code of FunctionGraph, IAM, LTS or the platform's gateway, or, for an
/// unknown code, about an HTTP status.
///
/// The codes are those of "Error Codes" in FunctionGraph's API reference.
///
/// ```
/// use fg_client::advice;
///
/// assert!(advice(Some("FSS.1016"), 400).unwrap().contains("published"));
/// ```
#[must_use]
pub fn advice(error_code: Option<&str>, status: u16) -> Option<&'static str> {
    error_code.and_then(of_code).or_else(|| of_status(status))
}

fn of_code(code: &str) -> Option<&'static str> {
    let known = CODES.iter().find(|(codes, _)| codes.split(' ').any(|known| known == code));
    known.map(|(_, advice)| *advice)
}

/// Codes, and what to do.
const CODES: &[(&str, &str)] = &[
    ("FSS.0401 FGS.0401", WHO),
    ("FSS.0403 FGS.0403", RIGHTS),
    (
        "FSS.0404",
        "Look at the name, the region and the project: each project has its own functions.",
    ),
    (
        "FSS.0413 FSS.1201",
        "An event may have 6 MB, an asynchronous one 256 KB: pass larger data by way of OBS.",
    ),
    ("FSS.0429", "Too many requests at once: try again later, or raise the function's instances."),
    (
        "FSS.1002",
        "A name has 2 to 60 letters, digits, `-` and `_`; it begins with a letter, and ends with a letter or digit.",
    ),
    (
        "FSS.1003",
        "The handler of the runtimes `Custom` and `http` is `bootstrap`, that of an image `-`.",
    ),
    ("FSS.1004", "A package (app) has letters, digits, `-` and `_`, and begins with a letter."),
    ("FSS.1005", "The runtimes for Rust are `Custom`, `http` and `Custom Image`."),
    ("FSS.1006", "The code is `zip`, `obs` or, for an image, `Custom-Image-Swr`."),
    (
        "FSS.1007",
        "Memory is 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584 or 4096 MB, in some regions more.",
    ),
    ("FSS.1008", "A timeout is 3 to 259200 seconds."),
    (
        "FSS.1009",
        "Variables are strings, with names of letters, digits and `_` that begin with a letter.",
    ),
    (
        "FSS.1010",
        "The URL of the code has the form https://BUCKET.obs.REGION.myhuaweicloud.com/KEY.",
    ),
    ("FSS.1011 FSS.1012", "The code has to be a zip file with `bootstrap` at its top."),
    ("FSS.1013", "The name of the code's file has to end with `.zip`."),
    ("FSS.1014", "An alias has 1 to 63 letters, digits, `-` and `_`, and begins with a letter."),
    ("FSS.1015", "A version has 1 to 42 letters, digits, `-`, `_` and `.`."),
    ("FSS.1016", "Nothing has changed since the last version was published: use that one."),
    ("FSS.1017", "A function has at most 20 variables."),
    ("FSS.1018", "All variables together may have 4 KB, in some regions 2 KB."),
    ("FSS.1019", "A description has at most 512 characters."),
    ("FSS.1024 FSS.1056", "The dependency is not there, or not for this runtime."),
    (
        "FSS.1026",
        "Concurrency is 1 to 1000; above 1 only for the runtimes `http` and `Custom Image`.",
    ),
    (
        "FSS.1034 FSS.1035",
        "An image has the form swr.REGION.myhuaweicloud.com/ORGANIZATION/NAME:TAG.",
    ),
    (
        "FSS.1036 FSS.1037",
        "VPC and subnet have to be in the region of the function; they are named by their ids.",
    ),
    ("FSS.1040", "The agency needs rights for the file system that is mounted."),
    ("FSS.1041", "400 functions are the limit: delete some, or ask for a higher quota."),
    (
        "FSS.1042",
        "All code together has reached its limit: delete functions or versions, or ask for a higher quota.",
    ),
    ("FSS.1043", "A function has at most 10 aliases: delete one."),
    ("FSS.1051", "There is no such function: look at its name, package, region and project."),
    ("FSS.1052", "There is no such version: list the versions of the function."),
    ("FSS.1053", "There is no such alias: list the aliases of the function."),
    (
        "FSS.1054",
        "There is no such object in OBS: upload it first, into a bucket of the function's region.",
    ),
    ("FSS.1061", "A function of this name is there already: update it, or choose another name."),
    ("FSS.1062", "A version of this name is there already: choose another name."),
    ("FSS.1063", "An alias of this name is there already: update it."),
    (
        "FSS.1066",
        "A version has at most one alias, and this one has another: move that, or publish a new version.",
    ),
    ("FSS.1071", "Above 50 MB, code is uploaded to an OBS bucket of the function's region first."),
    ("FSS.1072", "Code above 10 KB is sent as a zip file."),
    (
        "FSS.1075",
        "User and group of an image are numbers from -1 to 65534, other than 0, 1000 and 1002.",
    ),
    (
        "FSS.1091 FSS.1092 FSS.1093",
        "The additional version of an alias has to be there, to differ from the alias's own, and to have a weight of 0 to 100.",
    ),
    ("FSS.1094", "An alias points to this version: move the alias first."),
    ("FSS.1101", "The type of the trigger is not known in this region."),
    ("FSS.1102", "The topic has to be there, in the region and project of the function."),
    (
        "FSS.1106",
        "The bucket has to be there, in the region of the function, and the agency needs rights for it.",
    ),
    (
        "FSS.1107 FSS.1146 FSS.1147",
        "The API of the trigger is not valid, or its name or path is taken in this group.",
    ),
    ("FSS.1108", "Another rule of the bucket has the same events, prefix and suffix."),
    (
        "FSS.1109",
        "A schedule is a number with m, h or d, such as 3m, or a cron expression with 6 fields.",
    ),
    (
        "FSS.1112 FSS.1113 FSS.1114 FSS.1115 FSS.1116 FSS.1117",
        "Look at the instance, topics, user and password of the Kafka trigger, and at the function's VPC.",
    ),
    ("FSS.1123", "A function has at most 10 triggers of the kinds that poll: delete one."),
    ("FSS.1148", "A timer of this name is there already."),
    ("FSS.1151", "The bucket has to be in the region of the function."),
    ("FSS.1154", "The alias has triggers: delete these first."),
    ("FSS.1221", "Logs are switched on already: nothing has to be done."),
    ("FSS.1306", "The function has as many triggers as it may: delete one."),
    ("FSS.1309", "A function is named by urn:fss:REGION:PROJECT_ID:function:PACKAGE:NAME."),
    (
        "FSS.1401 FSS.1402 FSS.1403",
        "The agency needs rights for SWR, and the image has to be there, in the region of the function.",
    ),
    ("FSS.1404 FSS.1405", "An initializer has a handler, and 1 to 300 seconds."),
    (
        "APIG.0101",
        "The endpoint has no such API: look at the region, or at the endpoint that was set.",
    ),
    ("APIG.0201", "The request is too large for the gateway: upload the code to OBS."),
    ("APIG.0301 APIG.0305 APIGW.0301 APIGW.0305 IAM.0011", WHO),
    ("APIG.0302 APIG.0304 APIGW.0302 APIGW.0304 IAM.0003", RIGHTS),
    (
        "APIG.0307 APIG.0308 APIGW.0307 IAM.0005",
        "The temporary credentials have ended: get new ones.",
    ),
    ("InvalidAccessKeyId SignatureDoesNotMatch", WHO),
    (
        "AccessDenied",
        "The account needs the right to write objects into the bucket, obs:object:PutObject.",
    ),
    ("NoSuchBucket", "There is no such bucket: create it, in the region of the function."),
    ("RequestTimeTooSkewed", "Set the clock of this machine."),
    ("LTS.0403", RIGHTS),
    (
        "LTS.0208 LTS.0201",
        "There is no such log group or stream: switch the function's logs on first.",
    ),
];

const WHO: &str = "Access key or secret key is wrong, the key was deleted, or it is of another cloud: see where they \
                   come from with `cargo fg whoami`. Temporary credentials need their token, and end after a day at most.";
const RIGHTS: &str = "The account needs rights for this, such as FunctionGraph FullAccess, in this project; an agency \
                      needs them as a policy.";

fn of_status(status: u16) -> Option<&'static str> {
    Some(match status {
        300..=399 => {
            "The endpoint leads to another host, and a signature is for one host only: set the endpoint to that host."
        }
        401 => WHO,
        403 => RIGHTS,
        404 => "Look at the name, the region and the project.",
        407 => {
            "The proxy asks for a user and a password: http://USER:PASSWORD@HOST:PORT in HTTPS_PROXY."
        }
        408 | 504 => "The platform took too long: try again.",
        413 => "The request is too large: upload the code to OBS.",
        429 => "Too many requests: try again later.",
        500 | 502 | 503 => {
            "The platform has a fault: try again, and report the request id if it stays."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_sentences_of_advice() {
        let mut codes: Vec<&str> = CODES.iter().flat_map(|(codes, _)| codes.split(' ')).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn a_code_comes_before_the_status() {
        assert!(advice(Some("FSS.1051"), 404).unwrap().contains("no such function"));
        assert!(advice(Some("FSS.9999"), 404).unwrap().contains("Look at the name"));
        assert!(advice(None, 503).unwrap().contains("request id"));
        assert_eq!(advice(Some("FSS.9999"), 400), None);
    }
}
