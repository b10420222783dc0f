// derive: an empty code

#[derive(fg::Failure)]
#[failure(code = "")]
//~ error: the code of a failure cannot be empty
//~ under: ""
//~ help: remove it to use the name of the type or the variant
struct Lost;

fn main() {}
