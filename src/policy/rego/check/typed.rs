//! Rules in the order in which they need one another: bodies are put in order, and typed.

use std::collections::BTreeSet;

use regorus::unstable::{Expr as Tree, Rule, RuleBody, RuleHead, Span};

use super::dynamic::take_out;
use super::infer::{Env, Fault, Tree as Types};
use super::lower::Lower;
use super::order::order;
use super::signatures::signature;
use super::term::{Body, Term};
use super::types::{Key, Type};
use super::{Names, refuse, tree};
use crate::policy::Error;

/// Checks a rule, and notes its type for those that need it.
///
/// # Errors
/// A variable that gets no value; what never holds, whatever the statement.
pub(super) fn rule(rule: &Rule, names: &Names<'_>, types: &mut Types) -> Result<(), Error> {
    let (path, suffix) = head_path(tree::head(rule));
    if goes_on(tree::head(rule), false) {
        let reason = "a rule whose name goes on behind a variable is not supported".to_owned();
        return refuse(rule.span(), reason);
    }
    let mut path = [names.package.split('.').skip(1).map(Key::name).collect(), path].concat();
    let mut kind = Type::Unknown;
    for (query, head) in definitions(rule, suffix) {
        kind = kind.or(body(query, &head, names, types, rule.span())?);
    }
    if tree::is_item(rule) {
        path.pop();
        kind = Type::Set(Box::new(Type::String));
    }
    if kind != Type::Unknown {
        types.insert(&path, kind);
    }
    Ok(())
}

/// The definitions that a rule consists of, of which `suffix` stands in the brackets of the name.
fn definitions<'a>(rule: &'a Rule, suffix: Vec<&'a Tree>) -> Vec<(Option<&'a RuleBody>, Head<'a>)> {
    match rule {
        Rule::Default { args, value, .. } => {
            let args = args.iter().map(AsRef::as_ref).collect();
            let suffix = Vec::new();
            vec![(None, Head { args, suffix, key: None, value: Some(value.as_ref()), truth: false })]
        }
        Rule::Spec { head, bodies, .. } if bodies.is_empty() => vec![(None, Head::of(head, suffix))],
        Rule::Spec { head, bodies, .. } => {
            let head = Head::of(head, suffix);
            bodies.iter().map(|body| (Some(body), head.of_body(body))).collect()
        }
    }
}

/// What a rule refers to beneath `data`: whole paths as far as they are constant, functions that it calls too.
pub(super) fn references(rule: &Rule, names: &Names<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (query, head) in definitions(rule, head_path(tree::head(rule)).1) {
        let Lowered { args, shown, body } = Lowered::of(query, &head, &mut Lower::new(names));
        args.iter().chain(&shown).for_each(|term| term.roots(&mut found));
        body.iter().for_each(|expr| expr.roots(&mut found));
    }
    found
}

/// What a definition says outside of its body.
#[derive(Clone)]
struct Head<'a> {
    args: Vec<&'a Tree>,
    /// What stands in the brackets of the name.
    suffix: Vec<&'a Tree>,
    /// What a set has.
    key: Option<&'a Tree>,
    value: Option<&'a Tree>,
    /// Whether the value is `true` where none is written.
    truth: bool,
}

impl<'a> Head<'a> {
    fn of(head: &'a RuleHead, suffix: Vec<&'a Tree>) -> Self {
        let none = Self { args: Vec::new(), suffix, key: None, value: None, truth: true };
        match head {
            RuleHead::Compr { assign, .. } => {
                Self { value: assign.as_ref().map(|assign| assign.value.as_ref()), ..none }
            }
            RuleHead::Set { key, .. } => Self { key: key.as_ref().map(AsRef::as_ref), truth: false, ..none },
            RuleHead::Func { args, assign, .. } => Self {
                args: args.iter().map(AsRef::as_ref).collect(),
                value: assign.as_ref().map(|assign| assign.value.as_ref()),
                ..none
            },
        }
    }

    /// The head as a body has it: `else` has its own value.
    fn of_body(&self, body: &'a RuleBody) -> Self {
        let own = body.assign.as_ref().map(|assign| assign.value.as_ref());
        let value = if body.is_else { own } else { self.value.or(own) };
        Self { value, ..self.clone() }
    }
}

/// A definition as terms.
struct Lowered {
    args: Vec<Term>,
    /// What else stands in the head.
    shown: Vec<Term>,
    body: Body,
}

impl Lowered {
    fn of(query: Option<&RuleBody>, head: &Head<'_>, lower: &mut Lower<'_, '_>) -> Self {
        let mut body = Body::new();
        head.args.iter().for_each(|arg| lower.declare(arg));
        let args: Vec<Term> = head.args.iter().map(|arg| lower.term(arg, &mut body)).collect();
        let shown: Vec<&Tree> = head.suffix.iter().chain(&head.key).chain(&head.value).copied().collect();
        let (made, shown) = match query {
            Some(query) => lower.body(&query.query, &shown),
            None => {
                let mut made = Body::new();
                let shown = shown.iter().map(|tree| lower.value(tree, &mut made)).collect();
                (made, shown)
            }
        };
        body.extend(made);
        Self { args, shown, body }
    }
}

/// Checks a body with its head; the type that the rule has by it.
fn body(
    query: Option<&RuleBody>,
    head: &Head<'_>,
    names: &Names<'_>,
    types: &Types,
    span: &Span,
) -> Result<Type, Error> {
    let mut lower = Lower::new(names);
    let Lowered { args, shown, body: out } = Lowered::of(query, head, &mut lower);
    let mut bound = BTreeSet::new();
    let mut found = BTreeSet::new();
    args.iter().for_each(|arg| arg.vars(&mut found));
    bound.extend(found.into_iter().map(str::to_owned));
    let arity = |name: &[String]| -> Option<usize> {
        let whole = name.join(".");
        names.rules.arity(&whole).or_else(|| signature(&whole).map(|known| known.parameters.len()))
    };
    let ordered = order(out, &mut bound, &arity);
    let ordered = match ordered {
        Ok(ordered) => ordered,
        Err(fault) => return refuse(&fault.span, without_value(&fault.name)),
    };
    let mut named = BTreeSet::new();
    shown.iter().for_each(|term| term.vars(&mut named));
    if let Some(name) = named.into_iter().find(|name| !bound.contains(*name)) {
        return refuse(span, without_value(name.split('#').next().unwrap_or(name)));
    }
    let ordered = take_out(ordered, &mut || lower.fresh());
    let mut env = Env::new(types);
    if let Err(Fault { span, reason }) = env.body(&ordered) {
        return refuse(&span, reason);
    }
    Ok(kind(head, &args, &shown, &mut env))
}

/// The type of a rule, of which `shown` are the terms of the head.
fn kind(head: &Head<'_>, args: &[Term], shown: &[Term], env: &mut Env<'_>) -> Type {
    let takes: Vec<Type> = args.iter().map(|arg| env.parameter(arg)).collect();
    let suffix = head.suffix.len();
    let last = shown.get(suffix).map(|term| env.of(term));
    let value = match (last, head.key.is_some()) {
        (Some(Type::Unknown), _) => Type::Unknown,
        (Some(kind), true) => Type::Set(Box::new(kind)),
        (Some(kind), false) => kind,
        (None, _) if head.truth => Type::Boolean,
        (None, _) => Type::Unknown,
    };
    if !head.args.is_empty() {
        return Type::Function(takes, Box::new(value));
    }
    shown.iter().take(suffix).rev().fold(value, |value, key| match (env.of(key), value) {
        (Type::Unknown, _) | (_, Type::Unknown) => Type::Unknown,
        (key, value) => Type::Object(Default::default(), Some(Box::new((key, value)))),
    })
}

/// Whether constants stand behind a variable in the name of a rule.
fn goes_on(head: &Tree, constant: bool) -> bool {
    match head {
        Tree::RefDot { refr, .. } => goes_on(refr, true),
        Tree::RefBrack { refr, index, .. } => {
            let known =
                matches!(index.as_ref(), Tree::String { .. } | Tree::RawString { .. } | Tree::Number { .. });
            (!known && constant) || goes_on(refr, constant || known)
        }
        _ => false,
    }
}

/// The constant names of a head, and what stands behind them in brackets.
fn head_path(head: &Tree) -> (Vec<Key>, Vec<&Tree>) {
    match head {
        Tree::Var { span, .. } => (vec![Key::name(span.text())], Vec::new()),
        Tree::RefDot { refr, field, .. } => {
            let (mut path, suffix) = head_path(refr);
            if suffix.is_empty() {
                path.push(Key::name(field.1.as_string().map_or("", |text| text)));
            }
            (path, suffix)
        }
        Tree::RefBrack { refr, index, .. } => {
            let (mut path, mut suffix) = head_path(refr);
            let constant = match index.as_ref() {
                Tree::String { value, .. } | Tree::RawString { value, .. } => {
                    value.as_string().ok().map(|name| Key::name(name))
                }
                Tree::Number { span, .. } => Some(Key { text: span.text().to_owned(), kind: Type::Number }),
                Tree::Bool { span, .. } => Some(Key { text: span.text().to_owned(), kind: Type::Boolean }),
                _ => None,
            };
            match constant.filter(|_| suffix.is_empty()) {
                Some(key) => path.push(key),
                None => suffix.push(index.as_ref()),
            }
            (path, suffix)
        }
        _ => (Vec::new(), Vec::new()),
    }
}

/// That a variable has no value, and what may have been meant.
fn without_value(name: &str) -> String {
    match name {
        "_" => "var _ is unsafe: where it stands in `not`, ask for `count(..) == 0` instead".to_owned(),
        name => format!("var {name} is unsafe: nothing gives it a value, and no rule is called so"),
    }
}
