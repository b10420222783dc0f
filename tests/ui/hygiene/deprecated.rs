// rows 70 and 99: what is deprecated is the user's business, and so is what the user allows

#[deprecated]
#[derive(serde::Deserialize)]
struct OldOrder {
    number: u8,
}

#[allow(deprecated)]
#[fg::handler]
async fn of_an_old_order(order: OldOrder) -> Result<u8, fg::Error> {
    Ok(order.number)
}

#[fg::handler]
#[expect(deprecated, reason = "the caller cannot change")]
async fn expected(order: OldOrder) -> Result<u8, fg::Error> {
    Ok(order.number)
}

#[deprecated]
#[fg::handler]
async fn old(number: u8) -> Result<u8, fg::Error> {
    Ok(number)
}

#[fg::handler]
#[cfg_attr(all(), deprecated = "take the other")]
async fn older(number: u8) -> Result<u8, fg::Error> {
    Ok(number)
}

#[deprecated]
#[fg::handler(blocking)]
fn oldest(number: u8) -> Result<u8, fg::Error> {
    Ok(number)
}

#[derive(fg::ErrorCode)]
#[allow(dead_code)]
enum Lost {
    Once,
    #[deprecated]
    Again,
}

#[deprecated]
#[derive(fg::ErrorCode)]
#[allow(dead_code)]
struct LostForEver;

fn main() -> std::process::ExitCode {
    fg::run::<(of_an_old_order, expected, old, older, oldest)>()
}
