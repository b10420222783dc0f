//! Checks everything about the function but its arguments and its return type: attributes,
//! qualifiers, name, generics.

use quote::ToTokens;
use syn::{Attribute, GenericParam, ReturnType, Safety};

use crate::errors::Errors;
use crate::item::Function;
use crate::options::Options;
use crate::spans::spelled;

pub(crate) fn check(function: &Function, options: &Options, errors: &mut Errors) {
    for attribute in &function.attributes {
        if let Some((message, help)) = clash(attribute) {
            errors.with_help(attribute, message, help);
        }
    }
    check_qualifiers(function, options, errors);
    check_generics(function, errors);
    let name = &function.signature.ident;
    if !function.has_body() {
        errors.with_help(
            name,
            "a handler needs a body",
            "put `#[fg::handler]` on a function that has one",
        );
    }
    if name == "main" {
        errors.with_help(
            name,
            "a handler cannot be called `main`: that is the program's entry point",
            "give it another name and write `fn main() -> std::process::ExitCode { fg::run::<its_name>() }`",
        );
    }
}

/// Why an attribute cannot be used together with `#[fg::handler]`, and what to do.
pub(crate) fn clash(attribute: &Attribute) -> Option<(&'static str, &'static str)> {
    let path = attribute.path();
    if path.is_ident("handler") || spelled(path).trim_start_matches("::") == "fg::handler" {
        Some(("`#[fg::handler]` is on this function twice", "remove one of the two"))
    } else if path.segments.last().is_some_and(|segment| segment.ident == "main") {
        // `#[tokio::main]` and the like, which turn an `async fn` into a `fn`.
        Some(("a handler runs on the runtime that `fg::run` starts", "remove this attribute"))
    } else {
        None
    }
}

fn check_qualifiers(function: &Function, options: &Options, errors: &mut Errors) {
    let signature = &function.signature;
    let unsafety = Some(&signature.safety).filter(|safety| matches!(safety, Safety::Unsafe(_)));
    for (qualifier, message, help) in [
        (
            signature.constness.to_token_stream(),
            "a handler cannot be `const`: it runs when an event comes",
            "write `async fn`",
        ),
        (
            unsafety.to_token_stream(),
            "a handler cannot be `unsafe`: the runtime calls it from safe code",
            "put the unsafe operation in a block",
        ),
        (
            signature.abi.to_token_stream(),
            "a handler cannot have its own ABI: the runtime is Rust and calls it directly",
            "remove the `extern`",
        ),
    ] {
        if !qualifier.is_empty() {
            errors.with_help(qualifier, message, help);
        }
    }
    match (&options.blocking, &signature.asyncness) {
        (Some(_), Some(word)) => {
            errors.with_help(word, "`blocking` is for a handler that is not `async`", "remove one of the two");
        }
        (None, None) if !options.misread && signature.constness.is_none() && !returns_future(&signature.output) => errors.with_help(
            signature.fn_token,
            "a handler must be an `async fn`",
            "write `async fn`; or `#[fg::handler(blocking)]`, if it waits for files or computes for long. Where the source says \
             `async`, an attribute above, such as `#[tokio::main]`, has already removed it",
        ),
        _ => {}
    }
}

/// Whether the function is written `-> impl Future<..>`, which is an error of its own.
fn returns_future(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, syn::Type::ImplTrait(_)))
}

fn check_generics(function: &Function, errors: &mut Errors) {
    for parameter in &function.signature.generics.params {
        let (what, name) = match parameter {
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(ty) => ("be generic", &ty.ident),
            GenericParam::Const(constant) => ("have a const parameter", &constant.ident),
        };
        let message = format!(
            "a handler cannot {what}: nothing says what `{name}` is when the runtime calls it"
        );
        errors.with_help(parameter, message, "write the concrete type in the arguments");
    }
}
