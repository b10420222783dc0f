// derive: `crate` on a variant

#[derive(fg::ErrorCode)]
enum OrderError {
    #[fg(crate = fg)]
    //~ error: unknown option `crate`
    //~ under: crate
    //~ help: the options are `code = "Order.NotFound"`
    Lost,
}

fn main() {}
