//! The parts of a function's configuration.

use super::{answer, request};

answer! {
    /// The network of a function. Sent with `vpc_id` and `subnet_id`; the agency needs rights for
    /// it.
    pub struct Vpc {
        /// The id of the VPC.
        vpc_id: String,
        /// The id of the subnet.
        subnet_id: String,
        /// Its security groups.
        security_groups: Vec<String>,
        /// The name of the VPC.
        vpc_name: String,
        /// The name of the subnet.
        subnet_name: String,
        /// The addresses of the subnet.
        cidr: String,
        /// The gateway of the subnet.
        gateway: String,
    }
}

answer! {
    /// The container image of a function.
    pub struct CustomImage {
        /// Whether the function is an image.
        enabled: bool,
        /// `swr.REGION.myhuaweicloud.com/ORGANIZATION/NAME:TAG`.
        image: String,
        /// The command, if not the image's: `["/bootstrap"]` as a string, with commas between.
        command: String,
        /// Its arguments, in the same form.
        args: String,
        /// The folder that it starts in.
        working_dir: String,
        /// The user id, a number as a string.
        uid: String,
        /// The group id, a number as a string.
        gid: String,
        /// Whether the image is public.
        is_public: bool,
    }
}

answer! {
    /// The file systems of a function, at most 5.
    pub struct MountConfig {
        /// Who reads and writes them.
        mount_user: MountUser,
        /// The file systems.
        func_mounts: Vec<FunctionMount>,
    }
}

answer! {
    /// The user and group of a file system; -1 is the platform's.
    pub struct MountUser {
        /// The user id, -1 to 65534.
        user_id: i64,
        /// The group id, -1 to 65534.
        user_group_id: i64,
    }
}

answer! {
    /// A file system.
    pub struct FunctionMount {
        /// `sfs`, `sfsTurbo` or `ecs`.
        mount_type: String,
        /// Its id.
        mount_resource: String,
        /// The shared path.
        mount_share_path: String,
        /// The path in the function.
        local_mount_path: String,
    }
}

answer! {
    /// Where the log goes.
    pub struct LogConfig {
        /// The id of the log group.
        group_id: String,
        /// The name of the log group.
        group_name: String,
        /// The id of the log stream.
        stream_id: String,
        /// The name of the log stream.
        stream_name: String,
    }
}

answer! {
    /// Instances and concurrency.
    pub struct StrategyConfig {
        /// The most instances: -1 without a limit, 0 switched off, up to 1000.
        concurrency: i64,
        /// Requests at a time on one instance, 1 to 1000; above 1 only for HTTP functions and
        /// images.
        concurrent_num: i64,
    }
}

answer! {
    /// Which networks a function uses, and is reached from.
    pub struct NetworkController {
        /// Whether the function cannot reach the Internet.
        disable_public_network: bool,
        /// The VPCs that may invoke it.
        trigger_access_vpcs: Vec<AccessVpc>,
    }
}

answer! {
    /// A VPC that may invoke a function.
    pub struct AccessVpc {
        /// Its id.
        vpc_id: String,
        /// Its name.
        vpc_name: String,
    }
}

request! {
    /// A new configuration. The five fields at the top are always sent: what the function has stays
    /// only if it is repeated.
    pub struct UpdateConfiguration {
        /// The name of the function.
        func_name: String,
        /// The runtime, which cannot be changed.
        runtime: String,
        /// The timeout in seconds, 3 to 259200.
        timeout: u32,
        /// The handler: `bootstrap`, or `-` for an image.
        handler: String,
        /// The memory in MB.
        memory_size: u32,
        ..
        /// The memory of a GPU in MB, in steps of 1024.
        gpu_memory: u32,
        /// The type of the GPU.
        gpu_type: String,
        /// The variables.
        user_data: super::user_data::UserData,
        /// The variables that the platform encrypts.
        encrypted_user_data: super::user_data::UserData,
        /// The agency for the configuration: VPC, images, file systems.
        xrole: String,
        /// The agency whose credentials the function gets.
        app_xrole: String,
        /// At most 512 characters.
        description: String,
        /// The network.
        func_vpc: Vpc,
        /// The networks that are reached by way of the VPC, at most 5, with semicolons between.
        peering_cidr: String,
        /// The file systems.
        mount_config: MountConfig,
        /// Instances and concurrency.
        strategy_config: StrategyConfig,
        /// The image.
        custom_image: CustomImage,
        /// Further settings, as JSON in a string.
        extend_config: String,
        /// The initializer.
        initializer_handler: String,
        /// Its time in seconds, 1 to 300.
        initializer_timeout: u32,
        /// The handler before an instance ends.
        pre_stop_handler: String,
        /// Its time in seconds, 1 to 90.
        pre_stop_timeout: u32,
        /// The space in `/tmp` in MB: 512 or 10240.
        ephemeral_storage: u32,
        /// The enterprise project.
        enterprise_project_id: String,
        /// Where the log goes.
        log_config: LogConfig,
        /// The networks.
        network_controller: NetworkController,
        /// Whether requests of a session go to one instance.
        is_stateful_function: bool,
        /// Whether the memory may differ by request.
        enable_dynamic_memory: bool,
        /// Whether credentials come in headers; images only.
        enable_auth_in_header: bool,
        /// Domain names that the function resolves.
        domain_names: String,
        /// The handler after a snapshot; Java only.
        restore_hook_handler: String,
        /// Its time in seconds.
        restore_hook_timeout: u32,
        /// The handler that says whether an instance works; Java only.
        heartbeat_handler: String,
        /// Isolation of classes; Java only.
        enable_class_isolation: bool,
        /// Whether the log goes to LTS.
        enable_lts_log: bool,
        /// Labels of the log.
        lts_custom_tag: std::collections::BTreeMap<String, String>,
        /// The key that encrypts variables.
        user_data_encrypt_kms_key_id: String,
    }
}

impl UpdateConfiguration {
    /// With what the API asks for, each time.
    pub fn new(
        name: impl Into<String>,
        runtime: impl Into<String>,
        handler: impl Into<String>,
        memory_size: u32,
        timeout: u32,
    ) -> Self {
        Self {
            func_name: name.into(),
            runtime: runtime.into(),
            handler: handler.into(),
            memory_size,
            timeout,
            ..Self::default()
        }
    }
}
