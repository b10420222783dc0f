//! The two Terraform providers: what they call the resources and their arguments.

use clap::ValueEnum;

/// A Terraform provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    /// huaweicloud/huaweicloud
    #[value(name = "huaweicloud")]
    HuaweiCloud,
    /// opentelekomcloud/opentelekomcloud
    #[value(name = "opentelekomcloud")]
    OpenTelekomCloud,
}

/// The names that differ, and `None` for what a provider lacks.
pub(super) struct Names {
    pub(super) provider: &'static str,
    /// The version whose schemas the names are checked against.
    pub(super) version: &'static str,
    pub(super) function: &'static str,
    pub(super) trigger: &'static str,
    pub(super) asynchronous: &'static str,
    pub(super) log_stream_id: &'static str,
    pub(super) log_stream_name: &'static str,
    pub(super) enable_lts_log: Option<&'static str>,
    pub(super) lts_custom_tag: Option<&'static str>,
    pub(super) ephemeral_storage: Option<&'static str>,
    /// Where the provider takes its credentials from.
    pub(super) credentials: &'static str,
    /// Whether the provider sends a trigger's `status` only when it changes one that exists.
    pub(super) ignores_status_at_first: bool,
}

impl Provider {
    pub(super) fn names(self) -> &'static Names {
        match self {
            Self::HuaweiCloud => &HUAWEI_CLOUD,
            Self::OpenTelekomCloud => &OPEN_TELEKOM_CLOUD,
        }
    }
}

const HUAWEI_CLOUD: Names = Names {
    provider: "huaweicloud",
    version: "1.97.1",
    function: "huaweicloud_fgs_function",
    trigger: "huaweicloud_fgs_function_trigger",
    asynchronous: "huaweicloud_fgs_async_invoke_configuration",
    log_stream_id: "log_stream_id",
    log_stream_name: "log_stream_name",
    enable_lts_log: Some("enable_lts_log"),
    lts_custom_tag: Some("lts_custom_tag"),
    ephemeral_storage: Some("ephemeral_storage"),
    credentials: "HW_REGION_NAME, HW_ACCESS_KEY and HW_SECRET_KEY",
    ignores_status_at_first: true,
};

const OPEN_TELEKOM_CLOUD: Names = Names {
    provider: "opentelekomcloud",
    version: "1.36.23",
    function: "opentelekomcloud_fgs_function_v2",
    trigger: "opentelekomcloud_fgs_trigger_v2",
    asynchronous: "opentelekomcloud_fgs_async_invoke_config_v2",
    log_stream_id: "log_topic_id",
    log_stream_name: "log_topic_name",
    enable_lts_log: None,
    lts_custom_tag: None,
    ephemeral_storage: None,
    credentials: "OS_AUTH_URL, OS_ACCESS_KEY, OS_SECRET_KEY, OS_DOMAIN_NAME and OS_PROJECT_NAME",
    ignores_status_at_first: false,
};
