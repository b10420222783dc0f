// row 21: `self`

struct Shop;

impl Shop {
    #[fg::handler]
    async fn greet(&self, event: String) -> Result<String, fg::Error> {
    //~ error: a handler is a free function and cannot take `self`
    //~ under: &self
    //~ help: move it out of the `impl` block
        Ok(event)
    }
}

fn main() {}
