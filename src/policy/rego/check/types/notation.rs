//! How the table of functions writes types: letters for kinds, `[T]` for arrays, `(T,U)` for arrays of that length, `{T}` for sets,
//! `<T:U>` for objects. Several beside one another are one of them; `x` is any.

use std::collections::BTreeMap;

use super::Type;

/// Reads a type. What is not of the notation is `Unknown`: no value has that, and the tests would say so.
pub(in crate::policy::rego::check) fn parse(text: &str) -> Type {
    let mut rest = text.chars().peekable();
    some(&mut rest)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn some(rest: &mut Rest<'_>) -> Type {
    let mut all = Type::Unknown;
    while let Some(letter) = rest.next_if(|c| !matches!(c, ']' | ')' | '}' | '>' | ',' | ':')) {
        all = all.or(one(letter, rest));
    }
    all
}

fn one(letter: char, rest: &mut Rest<'_>) -> Type {
    match letter {
        'z' => Type::Null,
        'b' => Type::Boolean,
        'n' => Type::Number,
        's' => Type::String,
        'a' => Type::Array(Vec::new(), Some(Box::new(Type::ANY))),
        'o' => Type::Object(BTreeMap::new(), Some(Box::new((Type::ANY, Type::ANY)))),
        't' => Type::Set(Box::new(Type::ANY)),
        'x' => Type::ANY,
        '[' => {
            let of = some(rest);
            rest.next();
            Type::Array(Vec::new(), Some(Box::new(of)))
        }
        '(' => {
            let mut items = vec![some(rest)];
            while rest.next_if_eq(&',').is_some() {
                items.push(some(rest));
            }
            rest.next();
            Type::Array(items, None)
        }
        '{' => {
            let of = some(rest);
            rest.next();
            Type::Set(Box::new(of))
        }
        '<' => {
            let key = some(rest);
            rest.next();
            let value = some(rest);
            rest.next();
            Type::Object(BTreeMap::new(), Some(Box::new((key, value))))
        }
        _ => Type::Unknown,
    }
}
