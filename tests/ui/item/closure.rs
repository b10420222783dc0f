// row 83: on a closure, which the compiler rejects first

fn main() {
    drop(
        #[fg::handler]
        //~ first error[E0658]
        //~ under: #[fg::handler]
        async |event: String| event,
    );
}
