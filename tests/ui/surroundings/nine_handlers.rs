// row 61: more handlers than a tuple may have

macro_rules! handlers {
    ($($name:ident)*) => {
        $(
            #[fg::handler]
            async fn $name(event: String) -> Result<String, fg::Error> {
                Ok(event)
            }
        )*
    };
}

handlers!(a b c d e f g h i);

fn main() -> std::process::ExitCode {
    fg::run::<(a, b, c, d, e, f, g, h, i)>()
    //~ error[E0277]: `(a, b, c, d, e, f, g, h, i)` is not a FunctionGraph handler
    //~ under: (a, b, c, d, e, f, g, h, i)
    //~ label: not a handler, nor a tuple of two to eight of them
    //~ note: split more than eight handlers into two programs: a function of the platform runs one handler of one program
}
