// row 93: something else is run

struct Greet;

fn main() -> std::process::ExitCode {
    fg::run::<Greet>()
    //~ error[E0277]: `Greet` is not a FunctionGraph handler
    //~ under: Greet
    //~ label: not a handler, nor a tuple of two to eight of them
    //~ note: put `#[fg::handler]` on the function and name the function here
}
