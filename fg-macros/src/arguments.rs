//! Checks the arguments of the handler and decides where each of them comes from.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{FnArg, PatType, Type, TypeReference};

use crate::errors::Errors;
use crate::item::Function;
use crate::options::{Init, Options};
use crate::spans::{impl_keyword, spelled, without_lifetimes};

/// Where the arguments come from.
pub(crate) struct Arguments {
    /// The type of the event, read from the payload.
    pub(crate) event: TokenStream,
    /// What follows it, up to the state.
    pub(crate) others: Vec<Argument>,
    /// The type behind the reference of the last argument, with `init = ..`.
    pub(crate) state: Option<TokenStream>,
}

/// An argument between the event and the state.
pub(crate) enum Argument {
    /// `&S`, where only the context can be meant: the type behind the reference.
    Borrowed(TokenStream),
    /// Anything else: the type.
    Taken(TokenStream),
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
        errors.at_span(
            signature.paren_token.span.join(),
            "a handler takes the event as its first argument",
            "write `(event: serde_json::Value)`, or `(_: fg::Ignored)` to ignore the payload",
        );
        return None;
    };
    check_event(&event.ty, others, errors);
    let (others, state) = match &options.init {
        Some(init) => split_state(init, others, errors),
        None => (others, None),
    };
    let others = others
        .iter()
        .map(|argument| {
            check_context(&argument.ty, errors);
            match reference(&argument.ty) {
                Some(reference) if options.init.is_none() && reference.mutability.is_none() => {
                    Argument::Borrowed(strip(&reference.elem, &own))
                }
                _ => Argument::Taken(strip(&argument.ty, &own)),
            }
        })
        .collect();
    Some(Arguments { event: strip(&event.ty, &own), others, state })
}

fn strip(ty: &Type, own: &[&Ident]) -> TokenStream {
    without_lifetimes(ty.to_token_stream(), own)
}

fn check_any(argument: &PatType, errors: &mut Errors) {
    for attribute in argument.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.with_help(attribute, "`#[cfg]` is not supported on one argument of a handler", "put it on the whole function");
    }
    if let Some(word) = impl_keyword(argument.ty.to_token_stream()) {
        errors.at(
            word,
            "a handler's arguments need concrete types: nothing says what this `impl Trait` is when the runtime calls it",
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

/// With `init = ..` the last argument is the state, unless there is none.
fn split_state<'a, 'b>(init: &Init, others: &'a [&'b PatType], errors: &mut Errors) -> (&'a [&'b PatType], Option<TokenStream>) {
    let is_state = |last: &PatType| others.len() > 1 || !is_context(reference(&last.ty).map_or(&last.ty, |it| &it.elem));
    let Some((last, before)) = others.split_last().filter(|(last, _)| is_state(last)) else {
        errors.with_help(
            &init.key,
            "`init` makes a state that the handler does not take",
            "add a last argument `state: &YourState`",
        );
        return (others, None);
    };
    (before, Some(state(&last.ty, errors)))
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

/// The reference that a type is, under parentheses and the invisible groups of `macro_rules!`.
fn reference(ty: &Type) -> Option<&TypeReference> {
    if let Type::Reference(reference) = unwrapped(ty) { Some(reference) } else { None }
}

fn unwrapped(ty: &Type) -> &Type {
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
