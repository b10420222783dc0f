//! `#[derive(fg::ErrorCode)]`: the `errorType` of each case of an error.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, Fields, Generics, Item, ItemEnum, ItemStruct, LitStr, Meta, Path};

use crate::errors::{Errors, and_help, at};
use crate::keys::{self, Key, PathOrString, STRING};
use crate::options::import;

const CODE: Key = Key { name: "code", takes: STRING, form: "code = \"Order.NotFound\"" };
const CRATE: Key = Key { name: "crate", takes: "a path", form: "crate = fg" };

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let implementation = match errors.record(syn::parse2(item)) {
        Some(Item::Struct(item)) => Some(for_struct(&item, &mut errors)),
        Some(Item::Enum(item)) => Some(for_enum(&item, &mut errors)),
        Some(Item::Union(item)) => {
            let message = "`fg::ErrorCode` is derived for a struct or an enum, not for a union";
            errors.with_help(item.union_token, message, "write `impl fg::ErrorCode` by hand");
            None
        }
        _ => None,
    };
    let errors = errors.into_compile_errors();
    quote!(#implementation #errors)
}

fn for_struct(item: &ItemStruct, errors: &mut Errors) -> TokenStream {
    check_fields(&item.fields, errors);
    let options = Options::read(&item.attrs, &[CODE, CRATE], errors);
    let code = options.code.unwrap_or_else(|| code_from(&item.ident));
    implementation(&item.ident, &item.generics, options.krate.as_ref(), &quote!(#code))
}

fn for_enum(item: &ItemEnum, errors: &mut Errors) -> TokenStream {
    let options = Options::read(&item.attrs, &[CODE, CRATE], errors);
    let arms = item.variants.iter().map(|variant| {
        check_fields(&variant.fields, errors);
        let own = Options::read(&variant.attrs, &[CODE], errors).code;
        let code =
            own.or_else(|| options.code.clone()).unwrap_or_else(|| code_from(&variant.ident));
        let name = from_macro(&variant.ident);
        quote!(Self::#name { .. } => #code,)
    });
    let codes = quote!(match *self { #(#arms)* });
    implementation(&item.ident, &item.generics, options.krate.as_ref(), &codes)
}

/// The options in `#[fg(..)]`.
#[derive(Default)]
struct Options {
    code: Option<LitStr>,
    krate: Option<Path>,
}

impl Options {
    fn read(attributes: &[Attribute], keys: &[Key], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| is_option(attribute)) {
            let Meta::List(list) = &attribute.meta else {
                errors.with_help(
                    attribute,
                    "`#[fg]` needs an option",
                    format_args!("write `#[fg({})]`", CODE.form),
                );
                continue;
            };
            keys::read(list.tokens.clone(), keys, errors, |key, ident, input| {
                match key.name {
                    "crate" => options.krate = Some(key.value::<PathOrString>(&ident, input)?.0),
                    _ if options.code.is_some() => {
                        return Err(at(
                            ident,
                            and_help("`code` is given twice", "remove one of the two"),
                        ));
                    }
                    _ => options.code = Some(key.value(&ident, input)?),
                }
                Ok(())
            });
        }
        if let Some(code) = options.code.as_ref().filter(|code| code.value().trim().is_empty()) {
            errors.with_help(
                code,
                "the code of an error cannot be empty",
                "remove it to use the name of the type or the variant",
            );
        }
        options
    }
}

fn is_option(attribute: &Attribute) -> bool {
    attribute.path().is_ident("fg")
}

fn check_fields(fields: &Fields, errors: &mut Errors) {
    for attribute in
        fields.iter().flat_map(|field| &field.attrs).filter(|attribute| is_option(attribute))
    {
        errors.at(attribute, "`#[fg(..)]` goes on the type or on a variant, not on a field");
    }
}

fn code_from(name: &Ident) -> LitStr {
    LitStr::new(&name.unraw().to_string(), name.span())
}

/// The name at the user's position with the hygiene of the macro, so that the compiler does not
/// warn that it is deprecated.
fn from_macro(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site().located_at(name.span()));
    name
}

fn implementation(
    name: &Ident,
    generics: &Generics,
    krate: Option<&Path>,
    code: &TokenStream,
) -> TokenStream {
    let (import, name) = (import(krate), from_macro(name));
    let (parameters, arguments, where_clause) = generics.split_for_impl();
    quote! {
        const _: () = {
            #import

            #[automatically_derived]
            impl #parameters __fg::ErrorCode for #name #arguments #where_clause {
                fn error_code(&self) -> &::core::primitive::str {
                    #code
                }
            }
        };
    }
}
