//! Checks the arguments of the handler and decides how each of them is supplied.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{FnArg, PatType, Type, TypeReference};

use crate::errors::{Errors, and_help};
use crate::item::Function;
use crate::options::Options;
use crate::spans::{Ends, impl_keyword, lifetime_of_a_call, mixed, spelled, without_lifetimes};

/// How the arguments are supplied.
pub(crate) struct Arguments {
    /// The type that is deserialized from the payload.
    pub(crate) event: TokenStream,
    /// One expression for each argument after the event.
    pub(crate) others: Vec<TokenStream>,
    /// `None` without `init = ..`, or without an argument that may borrow the state.
    pub(crate) state: Option<State>,
}

/// The type of the state, which the types of the arguments determine.
#[derive(Clone)]
pub(crate) struct State {
    /// The type aliases that `ty` refers to.
    pub(crate) aliases: TokenStream,
    pub(crate) ty: TokenStream,
    /// The user's tokens that errors about the state underline.
    pub(crate) ends: Ends,
}

impl State {
    pub(crate) fn none(at: Span) -> Self {
        Self {
            aliases: TokenStream::new(),
            ty: quote_spanned!(at=> ()),
            ends: Ends { first: at, last: at },
        }
    }
}

/// Returns `None`, and reports it, if there is no event.
pub(crate) fn check(
    function: &Function,
    options: &Options,
    errors: &mut Errors,
) -> Option<Arguments> {
    let signature = &function.signature;
    let own: Vec<&Ident> =
        signature.generics.lifetimes().map(|parameter| &parameter.lifetime.ident).collect();
    if let Some(receiver) = signature.receiver() {
        errors.with_help(
            receiver,
            "a handler is a free function and cannot take `self`",
            "move it out of the `impl` block",
        );
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
    let (last, before) = if options.init.is_some() { split_last(others) } else { (None, others) };
    for argument in before {
        check_context(&argument.ty, errors);
    }
    let last = last.and_then(|last| check_last(&last.ty, &own, errors));
    let at = mixed(signature.ident.span());
    let mut supplied: Vec<_> =
        before.iter().map(|argument| supply(&argument.ty, &own, options, at)).collect();
    let state = last.map(|last| {
        supplied.push(quote_spanned!(at=> <__FgLast as __fg::__private::LentArgument>::lend(__fg_ctx, __fg_state)));
        let earlier = before.iter().filter_map(|argument| shared_reference(&argument.ty));
        state(earlier.map(|ty| ty.elem.to_token_stream()), &last, at)
    });
    Some(Arguments { event: strip(&event.ty, &own), others: supplied, state })
}

/// The state, from the referents of the arguments: `last`, and `earlier` before it.
fn state(earlier: impl Iterator<Item = TokenStream>, last: &TokenStream, at: Span) -> State {
    let argument = |ty: &TokenStream, before: TokenStream| {
        let is_context = quote_spanned! {at=>
            { use __fg::__private::NotContext as _; __fg::__private::ArgumentKind::<#ty>::FG_IS_CONTEXT }
        };
        quote_spanned!(at=> __fg::__private::Argument<#ty, #is_context, #before>)
    };
    let state_of =
        |argument| quote_spanned!(at=> <#argument as __fg::__private::LentArgument>::State);
    let before =
        earlier.fold(quote_spanned!(at=> ()), |before, ty| state_of(argument(&ty, before)));
    let last_argument = argument(last, before);
    State {
        aliases: quote_spanned!(at=> type __FgLast = #last_argument;),
        ty: state_of(quote_spanned!(at=> __FgLast)),
        ends: Ends::of(last),
    }
}

fn strip(ty: &Type, own: &[&Ident]) -> TokenStream {
    without_lifetimes(ty.to_token_stream(), own)
}

/// For a reference, the trait bound is on the referent, so that the error `nothing creates the
/// state` names it.
fn supply(ty: &Type, own: &[&Ident], options: &Options, at: Span) -> TokenStream {
    if let Some(reference) = shared_reference(ty) {
        let ty = strip(&reference.elem, own);
        if options.init.is_some() {
            quote_spanned!(at=> <#ty as __fg::__private::BeforeState>::borrow(__fg_ctx))
        } else {
            quote_spanned!(at=> <#ty as __fg::Supplied>::borrow(__fg_ctx))
        }
    } else {
        let ty = strip(ty, own);
        quote_spanned!(at=> <#ty as __fg::FromInvocation<'_>>::from_invocation(__fg_ctx))
    }
}

fn check_any(argument: &PatType, errors: &mut Errors) {
    for attribute in argument.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.with_help(
            attribute,
            "`#[cfg]` is not supported on one argument of a handler",
            "put it on the whole function",
        );
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
            let help =
                format!("write `(_: fg::Ignored, ctx: {})` to ignore the payload", spelled(ty));
            errors.with_help(ty, "the first argument of a handler is the event", help);
        }
    } else if let Some(lifetime) =
        reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static")
    {
        errors.with_help(
            lifetime,
            "the event borrows from the payload, which lives only until the handler returns",
            "remove `'static`",
        );
    } else if spelled(&reference.elem) == "[u8]" {
        errors.with_help(
            ty,
            "`&[u8]` would be read from a JSON string",
            "take `fg::Raw<'_>` for the untouched payload",
        );
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

/// With `init = ..` the last argument may be the state.
fn split_last<'a, 'b>(others: &'a [&'b PatType]) -> (Option<&'b PatType>, &'a [&'b PatType]) {
    others.split_last().map_or((None, others), |(last, before)| (Some(*last), before))
}

/// The referent of the last argument. Returns `None`, and reports it, if it cannot be the state.
fn check_last(ty: &Type, own: &[&Ident], errors: &mut Errors) -> Option<TokenStream> {
    let Some(reference) = reference(ty) else {
        let help = format!("write `&{}`", spelled(ty));
        let message = if is_context(ty) {
            "the context is borrowed from the runtime"
        } else {
            "the state is made once and lent to every call, so the handler takes a reference to it"
        };
        errors.with_help(ty, message, help);
        return None;
    };
    let state = &reference.elem;
    if reference.mutability.is_some() {
        let (message, help) = if is_context(state) {
            ("the context is shared, so it cannot be borrowed mutably", "")
        } else {
            (
                "the state is shared, so it cannot be borrowed mutably",
                ", and put what changes behind a `Mutex` or an atomic",
            )
        };
        errors.with_help(ty, message, format!("write `&{}`{help}", spelled(state)));
    } else if let Some(sized) = with_size(state) {
        errors.with_help(
            state,
            "the state needs a type of known size",
            format!("write `&{sized}`"),
        );
    } else if let Some(lifetime) = lifetime_of_a_call(state.to_token_stream(), own, false) {
        let message = "the state outlives every call, so it cannot borrow from one";
        errors.with_help(lifetime, message, "write `'static`, or a type that owns what it needs");
    } else {
        return Some(state.to_token_stream());
    }
    None
}

/// The sized type to suggest for an unsized one.
fn with_size(ty: &Type) -> Option<String> {
    let text = spelled(ty);
    match unwrapped(ty) {
        Type::TraitObject(_) => Some(format!("Box<{text}>")),
        Type::Slice(slice) => Some(format!("Vec<{}>", spelled(&slice.elem))),
        Type::Path(_) if text == "str" => Some("String".to_owned()),
        _ => None,
    }
}

fn shared_reference(ty: &Type) -> Option<&TypeReference> {
    reference(ty).filter(|reference| reference.mutability.is_none())
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

/// Whether the type is spelled like the context. Used for messages only: the traits decide what is
/// accepted.
fn is_context(ty: &Type) -> bool {
    let Type::Path(path) = unwrapped(ty) else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|segment| segment.ident == "Context" && segment.arguments.is_empty())
}
