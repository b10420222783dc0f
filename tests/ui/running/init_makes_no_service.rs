// the init phase of a service makes something else

async fn connect(_ctx: &fg::Context) -> Result<String, fg::Error> {
    Ok("a string".to_owned())
}

fn main() -> std::process::ExitCode {
    fg::Function::http_with(connect).json_log(true).run()
    //~ error[E0277]
    //~ under: connect
}
