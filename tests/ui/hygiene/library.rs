// rows 96, 99 and 100: public handlers in a library, with every lint of rustc and of clippy denied, and then forbidden
//! Greets.

use core::future::ready;
use serde as _;
use tokio as _;

/// Why nobody is greeted.
#[derive(Clone, Copy, Debug, fg::ErrorCode)]
#[non_exhaustive]
pub enum Closed {
    /// It is late.
    #[fg(code = "Shop.Late")]
    Late,
}

/// What all calls share.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Shop;

/// Closes the shop.
#[inline]
pub async fn close(_shop: &Shop) {
    ready(()).await;
}

/// Greets.
///
/// # Errors
///
/// Where nobody is to be greeted.
#[inline]
#[fg::handler(init = open, pre_stop = close)]
pub async fn greet(event: String, _ctx: &fg::Context, _shop: &Shop) -> Result<String, fg::Error> {
    ready(()).await;
    return Ok(event);
}

/// Greets at once: nothing is awaited, neither here nor in what runs before and after it.
///
/// # Errors
///
/// Where nobody is to be greeted.
#[inline]
#[fg::handler(init = prepare, pre_stop = say_goodbye)]
pub async fn greet_at_once(event: String, _ctx: &fg::Context) -> Result<String, fg::Error> {
    return Ok(event);
}

/// Greets again.
///
/// # Errors
///
/// Where nobody is to be greeted.
#[inline]
#[fg::handler(blocking, name = "again")]
pub fn greet_again(event: &str) -> Result<String, fg::Error> {
    return Ok(event.to_uppercase());
}

/// Opens the shop.
///
/// # Errors
///
/// Never.
#[inline]
pub async fn open(_ctx: &fg::Context) -> Result<Shop, fg::Error> {
    ready(()).await;
    return Ok(Shop);
}

/// Prepares.
///
/// # Errors
///
/// Never.
#[inline]
pub async fn prepare() -> Result<(), fg::Error> {
    return Ok(());
}

/// Says goodbye.
#[inline]
pub async fn say_goodbye() {}
