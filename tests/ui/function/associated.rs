// row 22: an associated function without `self`, which the macro cannot see

struct Shop;

impl Shop {
    #[fg::handler]
    async fn greet(event: String) -> Result<String, fg::Error> {
    //~ first error
    //~ under: greet
        Ok(event)
    }
}

fn main() {}
