// derive: an empty code

#[derive(fg::ErrorCode)]
#[fg(code = "")]
//~ error: the code of an error cannot be empty
//~ under: ""
//~ help: remove it to use the name of the type or the variant
struct Lost;

fn main() {}
