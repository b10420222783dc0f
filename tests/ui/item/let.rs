// row 83: on a `let`, which the compiler rejects first

fn main() {
    #[fg::handler]
    //~ error[E0658]
    //~ under: #[fg::handler]
    let greet = 1;
    //~ error: `#[fg::handler]` goes on an `async fn`, not on a `let`
    //~ under: let
    //~ help: put it on the function that takes the event
}
