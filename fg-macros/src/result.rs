//! Checks the handler's return type and finds the tokens of its parts, for errors to underline. The
//! traits decide what the types mean.

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use crate::arguments::unwrapped;
use crate::errors::{Errors, and_help};
use crate::item::Function;
use crate::spans::Ends;

/// What errors about the return type underline.
pub(crate) struct Places {
    pub(crate) whole: Ends,
    pub(crate) success: Ends,
    pub(crate) error: Ends,
}

/// Returns `None`, and reports it, if there is no return type.
pub(crate) fn check(function: &Function, errors: &mut Errors) -> Option<Places> {
    let signature = &function.signature;
    let ReturnType::Type(_, ty) = &signature.output else {
        let message = and_help(
            "a handler must return `Result<T, E>`",
            "add `-> Result<(), fg::Error>` and end the function with `Ok(())`",
        );
        errors.push(syn::Error::new(signature.paren_token.span.close(), message));
        return None;
    };
    if matches!(**ty, Type::Never(_)) {
        errors.with_help(
            ty,
            "a handler must return `Result<T, E>`, so that the runtime can send a response",
            "write `Result<(), fg::Error>`",
        );
    } else if let Type::ImplTrait(ty) = unwrapped(ty) {
        let name = &signature.ident;
        // Inside of a `Result`, `impl Trait` is fine: the generated code does not name the types.
        let (message, help) = if signature.asyncness.is_none() {
            let message = "a handler returns `Result<T, E>` from an `async fn`, not `impl Future`";
            (message, format!("write `async fn {name}(..) -> Result<T, E>`"))
        } else {
            (
                "a handler must return `Result<T, E>`",
                "write it out, as in `Result<impl serde::Serialize, fg::Error>`".to_owned(),
            )
        };
        errors.with_help(ty.impl_token, message, help);
    }
    let whole = Ends::of(ty);
    let (success, error) = parts(ty);
    Some(Places { whole, success: success.unwrap_or(whole), error: error.unwrap_or(whole) })
}

/// `T` and `E`, if the type is spelled `Result<T, E>` or `some::Result<T>`. An alias of another
/// name may order its parameters differently.
fn parts(ty: &Type) -> (Option<Ends>, Option<Ends>) {
    let Type::Path(path) = unwrapped(ty) else { return (None, None) };
    let Some(segment) = path.path.segments.last().filter(|segment| segment.ident == "Result")
    else {
        return (None, None);
    };
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return (None, None) };
    let mut types =
        arguments.args.iter().filter(|argument| matches!(argument, GenericArgument::Type(_)));
    let mut next = || types.next().map(|argument| Ends::of(argument.to_token_stream()));
    (next(), next())
}
