//! The regions of the platform, and the hosts of its services there.

use std::fmt;

/// A service that this crate calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Functions.
    FunctionGraph,
    /// Projects and domains.
    Iam,
    /// Logs.
    Lts,
    /// Object storage.
    Obs,
    /// Container images; named in image addresses, not called.
    Swr,
}

impl Service {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::FunctionGraph, Self::Iam, Self::Lts, Self::Obs, Self::Swr];

    /// As in host names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FunctionGraph => "functiongraph",
            Self::Iam => "iam",
            Self::Lts => "lts",
            Self::Obs => "obs",
            Self::Swr => "swr",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FunctionGraph => "FunctionGraph",
            Self::Iam => "IAM",
            Self::Lts => "LTS",
            Self::Obs => "OBS",
            Self::Swr => "SWR",
        })
    }
}

/// Regions with FunctionGraph: `functiongraph_region.py` of the Python SDK 3.1.219.
const FUNCTIONGRAPH: [&str; 27] = [
    "ae-ad-1",
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-north-1",
    "cn-north-11",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-4",
    "cn-southwest-2",
    "cn-southwest-3",
    "eu-west-101",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "my-kualalumpur-1",
    "na-mexico-1",
    "ru-moscow-1",
    "sa-brazil-1",
    "tr-west-1",
];

/// Regions with an IAM of their own: `auth/endpoint.py` of the Python SDK 3.1.219. The others have
/// the one without a region.
const IAM: [&str; 27] = [
    "ae-ad-1",
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-east-5",
    "cn-north-1",
    "cn-north-12",
    "cn-north-2",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-2",
    "cn-southwest-2",
    "eu-west-0",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "my-kualalumpur-1",
    "na-mexico-1",
    "ru-moscow-1",
    "sa-brazil-1",
    "tr-west-1",
];

/// Regions of Open Telekom Cloud, with what their hosts end with.
const OPEN_TELEKOM_CLOUD: [(&str, &str); 3] = [
    ("eu-ch2", "sc.otc.t-systems.com"),
    ("eu-de", "otc.t-systems.com"),
    ("eu-nl", "otc.t-systems.com"),
];

/// The regions whose hosts are known, Open Telekom Cloud's last. Others get hosts of the usual
/// form, `<service>.<region>.myhuaweicloud.com`.
pub fn known_regions() -> impl Iterator<Item = &'static str> {
    FUNCTIONGRAPH.into_iter().chain(OPEN_TELEKOM_CLOUD.map(|(region, _)| region))
}

/// Whether a string has the form of a region's name: it becomes part of host names.
pub(crate) fn is_region(region: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (2..=40).contains(&region.len())
        && region.chars().all(allowed)
        && !region.starts_with('-')
        && !region.ends_with('-')
}

/// The host of a service in a region; of object storage, the one without a bucket.
#[must_use]
pub fn host(service: Service, region: &str) -> String {
    let name = service.name();
    if let Some((_, domain)) = OPEN_TELEKOM_CLOUD.iter().find(|(known, _)| *known == region) {
        return format!("{name}.{region}.{domain}");
    }
    if service == Service::Iam && !IAM.contains(&region) {
        return "iam.myhuaweicloud.com".to_owned();
    }
    format!("{name}.{region}.myhuaweicloud.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_hosts() {
        assert_eq!(
            host(Service::FunctionGraph, "cn-north-4"),
            "functiongraph.cn-north-4.myhuaweicloud.com"
        );
        assert_eq!(
            host(Service::FunctionGraph, "eu-west-101"),
            "functiongraph.eu-west-101.myhuaweicloud.com"
        );
        assert_eq!(host(Service::Iam, "cn-north-4"), "iam.cn-north-4.myhuaweicloud.com");
        assert_eq!(host(Service::Iam, "cn-north-11"), "iam.myhuaweicloud.com");
        assert_eq!(host(Service::Iam, "eu-de"), "iam.eu-de.otc.t-systems.com");
        assert_eq!(host(Service::Lts, "eu-nl"), "lts.eu-nl.otc.t-systems.com");
        assert_eq!(
            host(Service::FunctionGraph, "eu-ch2"),
            "functiongraph.eu-ch2.sc.otc.t-systems.com"
        );
        assert_eq!(host(Service::Obs, "eu-de"), "obs.eu-de.otc.t-systems.com");
        assert_eq!(known_regions().count(), 30);
    }

    #[test]
    fn a_region_cannot_lead_to_another_host() {
        assert!(known_regions().all(is_region));
        for region in ["", "x", "evil.example", "a/b", "CN-NORTH-4", "a@b", "-a", "a:1"] {
            assert!(!is_region(region), "{region}");
        }
    }
}
