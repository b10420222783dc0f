//! IoT Device Access: reports and states of devices. Modelled after the documentation and one
//! sample, not confirmed by a payload of the platform.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// A device or a product changed (trigger `IOTDA`, a name that is not confirmed).
    pub struct IotdaEvent {
        payload {
            /// The change.
            pub notify_data: NotifyData as "notify_data" => with_notify_data,
        }
        /// `device`, `device.property`, `device.message`, `device.status`, `product` and so on.
        pub resource: String => with_resource,
        /// `report`, `create`, `update` and so on.
        pub event: String => with_event,
        /// When it happened, as `20250630T122121Z`.
        pub event_time: Option<Time> => with_event_time,
        /// When it happened, in milliseconds, if the platform sends it.
        pub event_time_ms: Option<Time> => with_event_time_ms,
        /// The id of the request, if the platform sends it.
        pub request_id: String => with_request_id,
    }
}

record! {
    /// The change.
    pub struct NotifyData {
        payload {
            /// Its content, which depends on the resource; see [`body_as`](Self::body_as).
            pub body: Value as "body" => with_body,
        }
        /// The device.
        pub header: NotifyHeader => with_header,
    }
}

record! {
    /// The ids of a device.
    pub struct NotifyHeader {
        /// The device.
        pub device_id: String => with_device_id,
        /// The resource space.
        pub app_id: String => with_app_id,
        /// The product.
        pub product_id: String => with_product_id,
        /// The device's own name for itself, such as a serial number.
        pub node_id: String => with_node_id,
        /// The gateway to which it is connected.
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
    /// Deserializes the body: as a [`PropertyReport`] if the resource is `device.property`.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn body_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("notify_data.body", &self.body)
    }
}

fixture!(
    IotdaEvent,
    "iotda.json",
    "A sample payload in the shape of a public project's, not confirmed by a payload of the platform."
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
