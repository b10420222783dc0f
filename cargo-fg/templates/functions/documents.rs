use fg::events::{{module}}::{{type}};

/// Lists which collections have changed, and how.
#[fg::handler]
async fn handle(event: {{type}}, ctx: &fg::Context) -> Result<Vec<String>, fg::Error> {
    let mut changes = Vec::new();
    for record in &event.records {
        let place = record.namespace()?;
        let document: serde_json::Value = record.document()?;
        ctx.logger().info(format_args!("{document}"));
        changes.push(format!(
            "{} {}.{}",
            record.operation(),
            place.database,
            place.collection
        ));
    }
    Ok(changes)
}
