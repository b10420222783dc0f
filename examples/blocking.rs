//! A handler that computes for a long time: an ordinary `fn`, which may block its thread.
//!
//! `echo 27 | cargo run -q --example blocking`

#[fg::handler(blocking)]
fn steps_to_one(start: u64, ctx: &fg::Context) -> Result<u64, fg::Error> {
    let (mut number, mut steps) = (start, 0);
    while number > 1 {
        if ctx.is_cancelled() {
            return Err(fg::Error::new("no end in sight").with_code("Collatz.Disproved"));
        }
        number = if number % 2 == 0 {
            number / 2
        } else {
            number.checked_mul(3).ok_or("the numbers grow too large")? + 1
        };
        steps += 1;
    }
    Ok(steps)
}

fn main() -> std::process::ExitCode {
    fg::run::<steps_to_one>()
}
