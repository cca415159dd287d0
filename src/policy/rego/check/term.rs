//! Rules as OPA's compiler sees them when it looks at types: names are resolved, every call stands by itself and has a variable for
//! its result, and so does what a call or a negation refers to.

use std::collections::BTreeSet;

use regorus::unstable::Span;

use super::types::{Key, Type};

/// A term.
#[derive(Debug, Clone)]
pub(super) enum Term {
    /// A constant that is neither array nor object nor set.
    Scalar(Key),
    Var(String),
    /// A variable or a root, and what is looked up in it.
    Ref(Vec<Term>),
    Array(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Set(Vec<Term>),
    ArrayOf(Box<Term>, Body),
    SetOf(Box<Term>, Body),
    ObjectOf(Box<(Term, Term)>, Body),
}

/// Expressions that hold together.
pub(super) type Body = Vec<Expr>;

/// An expression of a body.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub span: Span,
    pub negated: bool,
    pub kind: Kind,
    /// What stands for what while it is evaluated.
    pub with: Vec<(Term, Term)>,
}

/// What an expression says.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Term(Term),
    /// `=` and `:=`, and `==` behind the order of the body.
    Equal(Term, Term),
    /// A call, with a variable for the result behind the values, unless it stands alone.
    Call(Vec<String>, Vec<Term>),
    /// Names of key and value, the variable of what is gone through, and the body.
    Every(Vec<String>, Term, Body),
}

impl Expr {
    /// One that is not negated and under no `with`.
    pub(super) fn new(span: &Span, kind: Kind) -> Self {
        Self { span: span.clone(), negated: false, kind, with: Vec::new() }
    }

    /// The terms that it has itself.
    pub(super) fn terms(&self) -> Vec<&Term> {
        let mut terms: Vec<&Term> = match &self.kind {
            Kind::Term(term) | Kind::Every(_, term, _) => vec![term],
            Kind::Equal(one, other) => vec![one, other],
            Kind::Call(_, given) => given.iter().collect(),
        };
        terms.extend(self.with.iter().map(|(_, value)| value));
        terms
    }
}

impl Term {
    /// Text as a constant.
    pub(super) fn name(name: &str) -> Self {
        Self::Scalar(Key::name(name))
    }

    /// The terms right within, without bodies.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Scalar(_) | Self::Var(_) => Vec::new(),
            Self::Ref(items) | Self::Array(items) | Self::Set(items) => items.iter().collect(),
            Self::Object(members) => members.iter().flat_map(|(key, value)| [key, value]).collect(),
            Self::ArrayOf(term, _) | Self::SetOf(term, _) => vec![term],
            Self::ObjectOf(term, _) => vec![&term.0, &term.1],
        }
    }

    /// The constant beginnings of the paths beneath `data` that it and what is within it refers to, with escapes as in [`Key`].
    pub(super) fn roots(&self, found: &mut BTreeSet<String>) {
        if let Self::Ref(parts) = self
            && let [Self::Var(root), rest @ ..] = parts.as_slice()
            && root == "data"
        {
            let names = rest.iter().map_while(|part| match part {
                Self::Scalar(Key { text, kind: Type::String }) => text.strip_prefix('"')?.strip_suffix('"'),
                _ => None,
            });
            found.insert([root.as_str()].into_iter().chain(names).collect::<Vec<_>>().join("."));
        }
        self.children().into_iter().for_each(|child| child.roots(found));
        self.body().into_iter().flatten().for_each(|expr| expr.roots(found));
    }

    /// The body of a comprehension.
    pub(super) fn body(&self) -> Option<&Body> {
        match self {
            Self::ArrayOf(_, body) | Self::SetOf(_, body) | Self::ObjectOf(_, body) => Some(body),
            _ => None,
        }
    }

    /// Whether it says everything itself.
    pub(super) fn is_constant(&self) -> bool {
        match self {
            Self::Scalar(_) => true,
            Self::Var(_) | Self::Ref(_) => false,
            _ => self.body().is_none() && self.children().into_iter().all(Self::is_constant),
        }
    }

    /// It as a key, where it is constant.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Scalar(key) => Some(key.clone()),
            term if term.is_constant() => {
                let parts: Option<Vec<_>> = term.children().into_iter().map(Self::key).collect();
                let text = parts?.into_iter().map(|key| key.text).collect::<Vec<_>>().join(",");
                let (kind, text) = match term {
                    Self::Array(_) => ("a", format!("[{text}]")),
                    Self::Object(_) => ("o", format!("{{{text}}}")),
                    _ => ("t", format!("set({text})")),
                };
                Some(Key { text, kind: super::types::parse(kind) })
            }
            _ => None,
        }
    }

    /// Whether its value has to be found first: it refers to something, or collects.
    pub(super) fn is_evaluated(&self) -> bool {
        matches!(self, Self::Ref(_))
            || self.body().is_some()
            || self.children().into_iter().any(Self::is_evaluated)
    }

    /// Its variables, those of comprehensions left out.
    pub(super) fn vars<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        match self {
            Self::Var(name) => {
                if name != "data" && name != "input" {
                    found.insert(name);
                }
            }
            _ if self.body().is_some() => {}
            _ => self.children().into_iter().for_each(|child| child.vars(found)),
        }
    }

    /// The variables within comprehensions.
    pub(super) fn enclosed<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        if let Some(body) = self.body() {
            self.children().into_iter().for_each(|child| child.vars(found));
            body.iter().for_each(|expr| expr.all_vars(found));
        }
        self.children().into_iter().for_each(|child| child.enclosed(found));
    }
}

impl Expr {
    /// As [`Term::roots`]; functions of the policy that are called too.
    pub(super) fn roots(&self, found: &mut BTreeSet<String>) {
        self.terms().into_iter().for_each(|term| term.roots(found));
        self.with.iter().for_each(|(target, _)| target.roots(found));
        match &self.kind {
            Kind::Call(name, _) if name.first().is_some_and(|root| root == "data") => {
                found.insert(name.join("."));
            }
            Kind::Every(_, _, body) => body.iter().for_each(|expr| expr.roots(found)),
            _ => {}
        }
    }

    /// Every variable that is named, however deep.
    pub(super) fn all_vars<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        for term in self.terms() {
            term.vars(found);
            term.enclosed(found);
        }
        if let Kind::Every(_, _, body) = &self.kind {
            body.iter().for_each(|expr| expr.all_vars(found));
        }
    }

    /// The variables of comprehensions and of the body of `every`.
    pub(super) fn enclosed(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.terms().into_iter().for_each(|term| term.enclosed(&mut found));
        if let Kind::Every(own, _, body) = &self.kind {
            body.iter().for_each(|expr| expr.all_vars(&mut found));
            own.iter().for_each(|name| {
                found.remove(name.as_str());
            });
        }
        found
    }
}

/// The type of a scalar, from the letter of its kind.
pub(super) fn scalar(text: &str, kind: Type) -> Term {
    Term::Scalar(Key { text: text.to_owned(), kind })
}
