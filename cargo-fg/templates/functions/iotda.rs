use fg::events::iotda::{IotdaEvent, PropertyReport};

/// Lists the services whose properties a device reports.
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
