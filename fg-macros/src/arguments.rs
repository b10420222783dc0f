//! Checks the arguments of the handler and decides where each of them comes from.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{FnArg, PatType, Type, TypeReference};

use crate::errors::{Errors, and_help};
use crate::item::Function;
use crate::options::Options;
use crate::spans::{impl_keyword, mixed, spelled, without_lifetimes};

/// Where the arguments come from.
pub(crate) struct Arguments {
    /// The type that is read from the payload.
    pub(crate) event: TokenStream,
    /// How the runtime supplies what follows, up to the state.
    pub(crate) others: Vec<TokenStream>,
    /// The type behind the reference of the last argument, with `init = ..`.
    pub(crate) state: Option<TokenStream>,
}

/// Returns nothing where there is no event, which is reported.
pub(crate) fn check(function: &Function, options: &Options, errors: &mut Errors) -> Option<Arguments> {
    let signature = &function.signature;
    let own: Vec<&Ident> = signature.generics.lifetimes().map(|parameter| &parameter.lifetime.ident).collect();
    if let Some(receiver) = signature.receiver() {
        errors.with_help(receiver, "a handler is a free function and cannot take `self`", "move it out of the `impl` block");
        return None;
    }
    let mut typed: Vec<&PatType> = Vec::new();
    for input in &signature.inputs {
        if let FnArg::Typed(argument) = input {
            check_any(argument, errors);
            typed.push(argument);
        }
    }
    let Some((event, others)) = typed.split_first() else {
        let message = and_help(
            "a handler takes the event as its first argument",
            "write `(event: serde_json::Value)`, or `(_: fg::Ignored)` to ignore the payload",
        );
        errors.push(syn::Error::new(signature.paren_token.span.join(), message));
        return None;
    };
    check_event(&event.ty, others, errors);
    let (others, state) = if options.init.is_some() { split_state(others, errors) } else { (others, None) };
    for argument in others {
        check_context(&argument.ty, errors);
    }
    let at = mixed(signature.ident.span());
    let others = others.iter().map(|argument| supply(&argument.ty, &own, at)).collect();
    Some(Arguments { event: strip(&event.ty, &own), others, state })
}

fn strip(ty: &Type, own: &[&Ident]) -> TokenStream {
    without_lifetimes(ty.to_token_stream(), own)
}

/// Of a reference, only what is behind it is looked at, because `nothing creates the state` is about that.
fn supply(ty: &Type, own: &[&Ident], at: Span) -> TokenStream {
    if let Some(reference) = reference(ty).filter(|reference| reference.mutability.is_none()) {
        let ty = strip(&reference.elem, own);
        quote_spanned!(at=> <#ty as __fg::Supplied>::borrow(__fg_ctx))
    } else {
        let ty = strip(ty, own);
        quote_spanned!(at=> <#ty as __fg::FromInvocation<'_>>::from_invocation(__fg_ctx))
    }
}

fn check_any(argument: &PatType, errors: &mut Errors) {
    for attribute in argument.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.with_help(attribute, "`#[cfg]` is not supported on one argument of a handler", "put it on the whole function");
    }
    if let Some(word) = impl_keyword(argument.ty.to_token_stream()) {
        errors.with_help(
            word,
            "a handler's arguments need concrete types: nothing says what this `impl Trait` is when the runtime calls it",
            "write the type, such as `serde_json::Value` for an event of any shape",
        );
    }
}

fn check_event(ty: &Type, others: &[&PatType], errors: &mut Errors) {
    let Some(reference) = reference(ty) else { return };
    if is_context(&reference.elem) {
        if others.first().is_some_and(|next| self::reference(&next.ty).is_none()) {
            errors.with_help(ty, "the context comes after the event", "swap the two arguments");
        } else {
            let help = format!("write `(_: fg::Ignored, ctx: {})` to ignore the payload", spelled(ty));
            errors.with_help(ty, "the first argument of a handler is the event", help);
        }
    } else if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        errors.with_help(
            lifetime,
            "the event borrows from the payload, which lives only until the handler returns",
            "remove `'static`",
        );
    } else if spelled(&reference.elem) == "[u8]" {
        errors.with_help(ty, "`&[u8]` would be read from a JSON string", "take `fg::Raw<'_>` for the untouched payload");
    }
}

fn check_context(ty: &Type, errors: &mut Errors) {
    if is_context(ty) {
        let help = format!("write `&{}`", spelled(ty));
        errors.with_help(ty, "the context is borrowed from the runtime", help);
    } else if let Some(reference) = reference(ty).filter(|reference| is_context(&reference.elem)) {
        if reference.mutability.is_some() {
            let help = format!("write `&{}`", spelled(&reference.elem));
            errors.with_help(ty, "the context is shared, so it cannot be borrowed mutably", help);
        }
    }
}

/// With `init = ..` the last argument is the state, unless it is the only one and the context.
fn split_state<'a, 'b>(others: &'a [&'b PatType], errors: &mut Errors) -> (&'a [&'b PatType], Option<TokenStream>) {
    match others {
        [before @ .., last] if !before.is_empty() || !is_context(reference(&last.ty).map_or(&last.ty, |it| &it.elem)) => {
            (before, Some(state(&last.ty, errors)))
        }
        _ => (others, None),
    }
}

fn state(ty: &Type, errors: &mut Errors) -> TokenStream {
    let Some(reference) = reference(ty) else {
        let help = format!("write `&{}`", spelled(ty));
        errors.with_help(ty, "the state is made once and lent to every call, so the handler takes a reference to it", help);
        return ty.to_token_stream();
    };
    let state = reference.elem.to_token_stream();
    if reference.mutability.is_some() {
        let help = format!("write `&{}`, and put what changes behind a `Mutex` or an atomic", spelled(&state));
        errors.with_help(ty, "the state is shared, so it cannot be borrowed mutably", help);
    } else if let Type::TraitObject(_) = unwrapped(&reference.elem) {
        let help = format!("write `&Box<{}>`", spelled(&state));
        errors.with_help(&state, "the state needs a type of known size", help);
    }
    state
}

fn reference(ty: &Type) -> Option<&TypeReference> {
    if let Type::Reference(reference) = unwrapped(ty) { Some(reference) } else { None }
}

/// The type under parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        ty => ty,
    }
}

/// Whether the type is spelled like the context. This makes a message better; the traits decide what is accepted.
fn is_context(ty: &Type) -> bool {
    let Type::Path(path) = unwrapped(ty) else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == "Context" && segment.arguments.is_empty())
}
