use fg::events::iotda::{IotdaEvent, PropertyReport};

/// Says which services of which device report.
#[fg::handler]
async fn handle(event: IotdaEvent, ctx: &fg::Context) -> Result<Vec<String>, fg::Error> {
    let report: PropertyReport = event.notify_data.body_as()?;
    let mut services = Vec::new();
    for service in report.services {
        ctx.logger().info(format_args!("{}", service.properties));
        services.push(format!(
            "{}: {}",
            event.notify_data.header.node_id, service.service_id
        ));
    }
    Ok(services)
}
