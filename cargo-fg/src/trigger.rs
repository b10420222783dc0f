//! The triggers of the platform, with the names of the features of `fg-events`.

use clap::ValueEnum;
use fg_events as events;

/// A trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Trigger {
    /// API Gateway: an HTTP request
    Apig,
    /// Cloud Trace Service: an operation in the account
    Cts,
    /// Document Database Service: documents have changed
    Dds,
    /// Data Ingestion Service: records of a stream
    Dis,
    /// Classic queues of Distributed Message Service
    Dms,
    /// EventGrid: events of any source
    Eventgrid,
    /// GeminiDB for Mongo: documents have changed
    GeminiMongo,
    /// IoT Device Access: a report of a device
    Iotda,
    /// Distributed Message Service for Kafka
    Kafka,
    /// Open-source Kafka
    KafkaOpenSource,
    /// Log Tank Service: log lines
    Lts,
    /// The outcome of another function's asynchronous invocation
    Notification,
    /// Object Storage Service: an object was created or removed
    Obs,
    /// Object Storage Service through EventGrid
    ObsEventgrid,
    /// RabbitMQ
    Rabbitmq,
    /// RocketMQ
    Rocketmq,
    /// Simple Message Notification
    Smn,
    /// A timer
    Timer,
}

impl Trigger {
    /// The name in flags, which is also the name of the feature without its prefix.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// A sample of its event.
    pub(crate) fn fixture(self) -> &'static str {
        match self {
            Self::Apig => events::apig::FIXTURE,
            Self::Cts => events::cts::FIXTURE,
            Self::Dds => events::dds::FIXTURE,
            Self::Dis => events::dis::FIXTURE,
            Self::Dms => events::dms::FIXTURE,
            Self::Eventgrid => events::eventgrid::FIXTURE,
            Self::GeminiMongo => events::gemini_mongo::FIXTURE,
            Self::Iotda => events::iotda::FIXTURE,
            Self::Kafka => events::kafka::FIXTURE,
            Self::KafkaOpenSource => events::kafka_open_source::FIXTURE,
            Self::Lts => events::lts::FIXTURE,
            Self::Notification => events::notification::FIXTURE,
            Self::Obs => events::obs::FIXTURE,
            Self::ObsEventgrid => events::obs_eventgrid::FIXTURE,
            Self::Rabbitmq => events::rabbitmq::FIXTURE,
            Self::Rocketmq => events::rocketmq::FIXTURE,
            Self::Smn => events::smn::FIXTURE,
            Self::Timer => events::timer::FIXTURE,
        }
    }
}
