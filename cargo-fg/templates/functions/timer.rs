use fg::events::timer::TimerEvent;

/// Runs whenever the timer fires.
#[fg::handler]
async fn handle(event: TimerEvent, ctx: &fg::Context) -> Result<String, fg::Error> {
    ctx.logger()
        .info(format_args!("the timer says {:?}", event.user_event));
    Ok(format!("{} is done", event.trigger_name))
}
