// row 93: something else is run

struct Greet;

fn main() -> std::process::ExitCode {
    fg::run::<Greet>()
    //~ error[E0277]
    //~ under: Greet
}
