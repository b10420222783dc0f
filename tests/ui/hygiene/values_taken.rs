// row 98: constants, statics and unit structs have the names that local variables like to have
#![allow(dead_code, non_camel_case_types, non_upper_case_globals, unused_imports)]

const ctx: u8 = 1;
const payload: &str = "";
const state: u8 = 2;
const reply: u8 = 3;
const event: u8 = 4;
const out: u8 = 5;
static returned: u8 = 6;
static error: u8 = 7;
static handler: u8 = 8;
struct probe;
struct result;
struct value(u8);
enum Names {
    body,
    function,
}
use Names::*;

/// Would be as good an answer as that of `fg`, if it had the same name.
trait Everything {
    const HTTP: u8 = 1;
    const NAME: u8 = 1;
    const BLOCKING: u8 = 1;
    fn describe(&self) {}
}
impl<T: ?Sized> Everything for T {}

struct Db;

async fn connect(_: &fg::Context) -> Result<Db, fg::Error> {
    Ok(Db)
}

async fn disconnect(_: &Db) {}

#[fg::handler(init = connect, pre_stop = disconnect)]
async fn greet(order: String, _: &fg::Context, _: &Db) -> Result<String, fg::Error> {
    Ok(order)
}

#[fg::handler(blocking)]
fn farewell(order: &str) -> Result<&str, Lost> {
    Ok(order)
}

#[derive(fg::ErrorCode)]
enum Lost {
    Once,
    #[fg(code = "Order.Lost")]
    Again { error: u8 },
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lost")
    }
}

fn main() -> std::process::ExitCode {
    #[allow(non_upper_case_globals)]
    const __payload: u8 = 9;
    #[fg::handler]
    async fn inside(order: u8) -> Result<u8, fg::Error> {
        Ok(order)
    }
    fg::run::<(greet, farewell, inside)>()
}
