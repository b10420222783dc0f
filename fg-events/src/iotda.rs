//! IoT Device Access: what devices report and how they are. By documentation and one sample that no
//! platform log confirms.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// Something happened to a device or a product (trigger `IOTDA`, a name that no source
    /// confirms).
    pub struct IotdaEvent {
        payload {
            /// What happened.
            pub notify_data: NotifyData as "notify_data" => with_notify_data,
        }
        /// `device`, `device.property`, `device.message`, `device.status`, `product` and so on.
        pub resource: String => with_resource,
        /// `report`, `create`, `update` and so on.
        pub event: String => with_event,
        /// When, without punctuation: `20250630T122121Z`.
        pub event_time: Option<Time> => with_event_time,
        /// When, to the millisecond, where the platform sends it.
        pub event_time_ms: Option<Time> => with_event_time_ms,
        /// Where the platform sends it.
        pub request_id: String => with_request_id,
    }
}

record! {
    /// What happened.
    pub struct NotifyData {
        payload {
            /// What it says; see [`body_as`](Self::body_as).
            pub body: Value as "body" => with_body,
        }
        /// Which device.
        pub header: NotifyHeader => with_header,
    }
}

record! {
    /// Which device.
    pub struct NotifyHeader {
        /// The device.
        pub device_id: String => with_device_id,
        /// The resource space.
        pub app_id: String => with_app_id,
        /// The product.
        pub product_id: String => with_product_id,
        /// The device's own name for itself, such as a serial number.
        pub node_id: String => with_node_id,
        /// The gateway that it is connected to.
        pub gateway_id: String => with_gateway_id,
    }
}

record! {
    /// The properties of one service of a device.
    pub struct ServiceReport {
        payload {
            /// Names and values, as the product defines them.
            pub properties: Value as "properties" => with_properties,
        }
        /// The service.
        pub service_id: String => with_service_id,
        /// When the device measured them.
        #[serde(alias = "eventTime")]
        pub event_time: Option<Time> => with_event_time,
    }
}

record! {
    /// The body of `device.property`.
    pub struct PropertyReport {
        payload {
            /// One for each service.
            pub services: Vec<ServiceReport> as "services" => with_services,
        }
    }
}

impl NotifyData {
    /// The body as a type of yours; as [`PropertyReport`] where the resource is `device.property`.
    ///
    /// # Errors
    ///
    /// Where it does not fit.
    pub fn body_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("notify_data.body", &self.body)
    }
}

fixture!(
    IotdaEvent,
    "iotda.json",
    "A sample in an assumed form, that of a public project's: no sample of the platform's is known."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reported_properties_are_read() {
        let report: PropertyReport = fixture().notify_data.body_as().expect("it fits");
        assert_eq!(report.services[0].properties["temperature"], 21.5);
    }
}
