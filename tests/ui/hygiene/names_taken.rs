// row 98: every name of the prelude is the user's own
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod std {}
mod core {}
mod alloc {}
mod serde {}
mod __fg {}

struct Option;
struct Some;
struct None;
struct Result<T>(T);
struct Ok;
struct Err;
struct Box;
struct String;
struct Vec;
struct Reply;
struct Context;
struct Failure;
struct u8;
struct str;
struct bool;

trait Send {}
trait Sync {}
trait Sized {}
trait Copy {}
trait Clone {}
trait Drop {}
trait Fn {}
trait FnMut {}
trait FnOnce {}
trait From {}
trait Into {}
trait Iterator {}
trait Future {}
trait Handler {}
trait Default {}
trait FromPayload {}
trait IntoPayload {}

fn drop() {}
fn respond() {}

macro_rules! panic {
    () => {};
}
macro_rules! unreachable {
    () => {};
}

type Answer<T> = ::std::result::Result<T, fg::Error>;

async fn connect(_ctx: &fg::Context) -> Answer<::std::string::String> {
    Answer::Ok(::std::string::String::new())
}

async fn disconnect(_state: &::std::string::String) {}

#[fg::handler(init = connect, pre_stop = disconnect)]
async fn greet<'e>(event: &'e ::core::primitive::str, _ctx: &fg::Context, _state: &::std::string::String) -> Answer<&'e ::core::primitive::str> {
    Answer::Ok(event)
}

#[fg::handler(blocking)]
fn farewell(event: ::std::string::String) -> Answer<::std::string::String> {
    Answer::Ok(event)
}

#[derive(fg::ErrorCode)]
enum OrderError {
    Lost,
    #[fg(code = "Order.Closed")]
    Closed { _order: ::core::primitive::u8 },
}

fn main() -> ::std::process::ExitCode {
    fg::run::<(greet, farewell)>()
}
