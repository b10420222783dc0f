// row 76: all mistakes at once

#[fg::handler(nmae = "greet", timeout = 3)]
//~ error: unknown option `nmae`
//~ under: nmae
//~ help: did you mean `name`?
//~ error: unknown option `timeout`
//~ under: timeout
//~ help: the options are `name = "greet"`, `blocking`, `init = connect`, `pre_stop = drain`, `crate = fg`
async unsafe extern "C" fn greet<T>(ctx: &fg::Context, #[cfg(test)] more: impl Copy) -> ! {
//~ error: a handler cannot be `unsafe`: the runtime calls it from safe code
//~ under: unsafe
//~ help: put the unsafe operation in a block
//~ error: a handler cannot have its own ABI: the runtime is Rust and calls it directly
//~ under: extern "C"
//~ help: remove the `extern`
//~ error: a handler cannot be generic: nothing says what `T` is when the runtime calls it
//~ under: T
//~ help: write the concrete type in the arguments
//~ error: `#[cfg]` is not supported on one argument of a handler
//~ under: #[cfg(test)]
//~ help: put it on the whole function
//~ error: a handler's arguments need concrete types: nothing says what this `impl Trait` is when the runtime calls it
//~ under: impl
//~ help: write the type, such as `serde_json::Value` for an event of any shape
//~ error: the context comes after the event
//~ under: &fg::Context
//~ help: swap the two arguments
//~ error: a handler must return `Result<T, E>`, so that the runtime can send a response
//~ under: !
//~ help: write `Result<(), fg::Error>`
    loop {}
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
