// row 22: an associated function without `self`, which the macro cannot see

struct Shop;

impl Shop {
    #[fg::handler]
    async fn greet(event: String) -> Result<String, fg::Error> {
    //~ error: struct is not supported in `trait`s or `impl`s
    //~ under: greet
    //~ error: `const` items in this context need a name
    //~ under: greet
    //~ error[E0425]
    //~ under: greet
    //~ error[E0425]
    //~ under: greet
        Ok(event)
    }
}

fn main() {}
