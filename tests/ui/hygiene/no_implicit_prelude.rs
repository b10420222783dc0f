// row 97: no prelude
#![no_implicit_prelude]

#[::fg::handler]
async fn greet(event: ::std::string::String, _ctx: &::fg::Context) -> ::core::result::Result<::std::string::String, ::fg::Error> {
    ::core::result::Result::Ok(event)
}

#[derive(::fg::ErrorCode)]
struct Lost;

fn main() -> ::std::process::ExitCode {
    let _ = Lost;
    ::fg::run::<greet>()
}
