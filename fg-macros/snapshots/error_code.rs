// #[derive(fg::ErrorCode)]

const _: () = {
    use ::fg::contract as __fg;
    #[automatically_derived]
    impl<T> __fg::ErrorCode for OrderError<T> {
        fn error_code(&self) -> &::core::primitive::str {
            match *self {
                Self::NotFound { .. } => "Order.NotFound",
                Self::Closed { .. } => "Order.Failed",
            }
        }
    }
};
