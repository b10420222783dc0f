//! What `#[derive(fg::ErrorCode)]` makes the `errorType` of an error.

#![expect(dead_code, reason = "only the codes of these errors are looked at")]

use std::fmt::{self, Debug};

use fg::ErrorCode;

#[derive(Debug, thiserror::Error, fg::ErrorCode)]
#[error("the stock is empty")]
struct OutOfStock;

#[derive(Debug, fg::ErrorCode)]
#[fg(code = "Order.Late")]
struct Late {
    days: u32,
}

#[derive(Debug, fg::ErrorCode)]
enum Order {
    #[fg(code = "Order.NotFound")]
    NotFound {
        id: u32,
    },
    Lost(u32),
    r#Final,
}

#[derive(Debug, fg::ErrorCode)]
#[fg(code = "Payment", crate = fg)]
enum Payment {
    Refused,
    #[fg(code = "Payment.Late")]
    Late,
}

#[derive(fg::ErrorCode)]
enum Never {}

#[derive(Debug, fg::ErrorCode)]
enum Generic<'a, T: Clone, const N: usize>
where
    T: Debug,
{
    Of(&'a T),
    Many([T; N]),
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

#[test]
fn a_struct_has_its_own_name_or_the_code_given() {
    assert_eq!(OutOfStock.error_code(), "OutOfStock");
    assert_eq!(Late { days: 3 }.error_code(), "Order.Late");
}

#[test]
fn a_variant_has_its_own_name_or_the_code_given() {
    let codes = [Order::NotFound { id: 1 }, Order::Lost(1), Order::Final]
        .map(|order| order.error_code().to_owned());
    assert_eq!(codes, ["Order.NotFound", "Lost", "Final"]);
}

#[test]
fn the_code_of_an_enum_is_that_of_all_variants_without_one() {
    assert_eq!(Payment::Refused.error_code(), "Payment");
    assert_eq!(Payment::Late.error_code(), "Payment.Late");
}

#[test]
fn generics_and_empty_enums_work() {
    assert_eq!(Generic::<u8, 0>::Of(&1).error_code(), "Of");
    assert_eq!(Generic::Many([1, 2]).error_code(), "Many");
    fn has_code<E: ErrorCode>() {}
    has_code::<Never>();
}

#[test]
fn the_code_is_what_the_caller_of_the_function_sees() {
    #[fg::handler]
    async fn find(event: u32) -> Result<(), Order> {
        Err(Order::NotFound { id: event })
    }
    let (ctx, mut reply) = (fg::Context::default(), fg::contract::ResponseBuffer::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let failure = runtime
        .block_on(<find as fg::contract::Handler>::call(b"7", &ctx, &(), &mut reply))
        .expect_err("not found");
    assert_eq!((failure.error_type(), failure.message()), ("Order.NotFound", "NotFound { id: 7 }"));
}
