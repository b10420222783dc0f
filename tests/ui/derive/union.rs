// derive: on a union

#[derive(fg::ErrorCode)]
union Lost {
//~ error: `fg::ErrorCode` is derived for a struct or an enum, not for a union
//~ under: union
//~ help: write `impl fg::ErrorCode` by hand
    order: u8,
}

fn main() {}
