//! From the syntax tree to terms: names are resolved, variables that are declared get names of their own, calls are taken out of what
//! they stand in.

use std::collections::BTreeMap;

use regorus::unstable::{ArithOp, AssignOp, BinOp, BoolOp, Expr as Tree, Literal, LiteralStmt, Query, Span};

use super::Names;
use super::signatures::signature;
use super::term::{Body, Expr, Kind, Term, scalar};
use super::tree::path;
use super::types::Type;

/// What is known where an expression stands.
pub(super) struct Lower<'a, 'n> {
    names: &'a Names<'n>,
    /// Names of variables that were declared, the innermost last.
    scopes: Vec<BTreeMap<String, String>>,
    count: usize,
}

impl<'a, 'n> Lower<'a, 'n> {
    pub(super) fn new(names: &'a Names<'n>) -> Self {
        Self { names, scopes: vec![BTreeMap::new()], count: 0 }
    }

    /// A variable that nothing else is called.
    pub(super) fn fresh(&mut self) -> String {
        self.count += 1;
        format!("__local{}__", self.count)
    }

    /// Declares the variables of a pattern, which then are new.
    pub(super) fn declare(&mut self, pattern: &Tree) {
        match pattern {
            Tree::Var { span, .. } if span.text() != "_" => self.declare_name(span.text()),
            Tree::Array { items, .. } => items.iter().for_each(|item| self.declare(item)),
            Tree::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| self.declare(value)),
            _ => {}
        }
    }

    fn declare_name(&mut self, name: &str) {
        self.count += 1;
        let own = format!("{name}#{}", self.count);
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), own);
        }
    }

    /// A query as a body, in a scope of its own. `head` are the terms that see its variables; they come back.
    pub(super) fn body(&mut self, query: &Query, head: &[&Tree]) -> (Body, Vec<Term>) {
        self.scopes.push(BTreeMap::new());
        let mut body = Body::new();
        query.stmts.iter().for_each(|stmt| self.statement(stmt, &mut body));
        let shown = head.iter().map(|tree| self.value(tree, &mut body)).collect();
        self.scopes.pop();
        (body, shown)
    }

    /// A term whose value is looked up before, where it has to be.
    pub(super) fn value(&mut self, tree: &Tree, body: &mut Body) -> Term {
        let term = self.term(tree, body);
        if !term.is_evaluated() {
            return term;
        }
        let local = Term::Var(self.fresh());
        body.push(Expr::new(tree.span(), Kind::Equal(local.clone(), term)));
        local
    }

    fn statement(&mut self, stmt: &LiteralStmt, body: &mut Body) {
        let mut made = Body::new();
        let with: Vec<_> = stmt
            .with_mods
            .iter()
            .map(|with| {
                // A function takes another's place; anywhere else it is no value.
                let value = match self.is_function(&with.refr) && self.is_function(&with.r#as) {
                    true => self.target(&with.r#as),
                    false => self.value(&with.r#as, body),
                };
                (self.target(&with.refr), value)
            })
            .collect();
        match &stmt.literal {
            Literal::SomeVars { vars, .. } => vars.iter().for_each(|span| self.declare_name(span.text())),
            Literal::SomeIn { key, value, collection, .. } => {
                let collection = self.base(collection, &mut made);
                key.iter().chain([value]).for_each(|pattern| self.declare(pattern));
                let key = match key {
                    Some(key) => self.term(key, &mut made),
                    None => Term::Var(self.fresh()),
                };
                let value = self.term(value, &mut made);
                let found = Term::Ref([collection, vec![key]].concat());
                made.push(Expr::new(&stmt.span, Kind::Equal(found, value)));
            }
            Literal::Expr { expr, .. } => self.expression(expr, &stmt.span, false, &mut made),
            Literal::NotExpr { expr, .. } => self.expression(expr, &stmt.span, true, &mut made),
            Literal::Every { key, value, domain, query, .. } => {
                let domain = self.term(domain, &mut made);
                let local = Term::Var(self.fresh());
                made.push(Expr::new(&stmt.span, Kind::Equal(local.clone(), domain)));
                self.scopes.push(BTreeMap::new());
                key.iter().chain([value]).for_each(|span| self.declare_name(span.text()));
                let own: Vec<_> = key.iter().chain([value]).map(|span| self.local(span.text())).collect();
                let (inner, _) = self.body(query, &[]);
                self.scopes.pop();
                made.push(Expr::new(&stmt.span, Kind::Every(own, local, inner)));
            }
        }
        body.extend(made.into_iter().map(|expr| Expr { with: with.clone(), ..expr }));
    }

    /// A statement that is an expression.
    fn expression(&mut self, tree: &Tree, span: &Span, negated: bool, body: &mut Body) {
        let kind = match tree {
            Tree::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                let right = self.term(rhs, body);
                self.declare(lhs);
                Kind::Equal(self.term(lhs, body), right)
            }
            Tree::AssignExpr { lhs, rhs, .. } => Kind::Equal(self.term(lhs, body), self.term(rhs, body)),
            _ => match self.call(tree, body) {
                // What is printed is for nobody: OPA leaves it out.
                Some((name, _)) if name == ["print"] => return,
                Some((name, given)) => Kind::Call(name, given),
                None => Kind::Term(self.term(tree, body)),
            },
        };
        body.push(Expr { span: span.clone(), negated, kind, with: Vec::new() });
    }

    /// The function and the values of what is a call, however it is written.
    fn call(&mut self, tree: &Tree, body: &mut Body) -> Option<(Vec<String>, Vec<Term>)> {
        let (name, given): (&str, Vec<&Tree>) = match tree {
            Tree::Call { fcn, params, .. } => {
                let given = params.iter().map(|param| self.term(param, body)).collect();
                return Some((self.function(fcn), given));
            }
            Tree::BoolExpr { op, lhs, rhs, .. } => (comparison(op), vec![lhs, rhs]),
            Tree::ArithExpr { op, lhs, rhs, .. } => (arithmetic(op), vec![lhs, rhs]),
            Tree::BinExpr { op: BinOp::Union, lhs, rhs, .. } => ("or", vec![lhs, rhs]),
            Tree::BinExpr { lhs, rhs, .. } => ("and", vec![lhs, rhs]),
            Tree::Membership { key: Some(key), value, collection, .. } => {
                ("internal.member_3", vec![key, value, collection])
            }
            Tree::Membership { value, collection, .. } => ("internal.member_2", vec![value, collection]),
            _ => return None,
        };
        let given = given.into_iter().map(|tree| self.term(tree, body)).collect();
        Some((vec![name.to_owned()], given))
    }

    /// A term; the calls within go into the body.
    pub(super) fn term(&mut self, tree: &Tree, body: &mut Body) -> Term {
        let mut all = |own: &mut Self, items: &[regorus::unstable::Ref<Tree>]| -> Vec<Term> {
            items.iter().map(|item| own.term(item, body)).collect()
        };
        match tree {
            Tree::String { value, .. } | Tree::RawString { value, .. } => {
                Term::name(value.as_string().map_or("", |text| text))
            }
            Tree::Number { span, .. } => scalar(span.text(), Type::Number),
            Tree::Bool { span, .. } => scalar(span.text(), Type::Boolean),
            Tree::Null { .. } => scalar("null", Type::Null),
            Tree::Var { span, .. } if span.text() == "_" => Term::Var(self.fresh()),
            Tree::Var { span, .. } => self.variable(span.text()),
            Tree::Array { items, .. } => Term::Array(all(self, items)),
            Tree::Set { items, .. } => Term::Set(all(self, items)),
            Tree::Object { fields, .. } => {
                let both =
                    fields.iter().map(|(_, key, value)| (self.term(key, body), self.term(value, body)));
                Term::Object(both.collect())
            }
            Tree::ArrayCompr { term, query, .. } => self.comprehension(query, &[term]),
            Tree::SetCompr { term, query, .. } => match self.comprehension(query, &[term]) {
                Term::ArrayOf(term, body) => Term::SetOf(term, body),
                other => other,
            },
            Tree::ObjectCompr { key, value, query, .. } => self.comprehension(query, &[key, value]),
            Tree::RefDot { .. } | Tree::RefBrack { .. } => Term::Ref(self.base(tree, body)),
            Tree::UnaryExpr { expr, .. } => self.term(expr, body),
            _ => match self.call(tree, body) {
                Some((name, mut given)) => {
                    let local = Term::Var(self.fresh());
                    given.push(local.clone());
                    body.push(Expr::new(tree.span(), Kind::Call(name, given)));
                    local
                }
                None => Term::Var(self.fresh()),
            },
        }
    }

    fn comprehension(&mut self, query: &Query, head: &[&Tree]) -> Term {
        let (body, shown) = self.body(query, head);
        let mut shown = shown.into_iter();
        match (shown.next(), shown.next()) {
            (Some(key), Some(value)) => Term::ObjectOf(Box::new((key, value)), body),
            (Some(term), None) => Term::ArrayOf(Box::new(term), body),
            _ => Term::Var(self.fresh()),
        }
    }

    /// The parts of a reference: what is referred into, and what is looked up in it.
    fn base(&mut self, tree: &Tree, body: &mut Body) -> Vec<Term> {
        match tree {
            Tree::RefDot { refr, field, .. } => {
                let mut parts = self.base(refr, body);
                parts.push(Term::name(field.1.as_string().map_or("", |text| text)));
                parts
            }
            Tree::RefBrack { refr, index, .. } => {
                let mut parts = self.base(refr, body);
                parts.push(self.term(index, body));
                parts
            }
            _ => match self.term(tree, body) {
                Term::Ref(parts) => parts,
                Term::Var(name) => vec![Term::Var(name)],
                other => {
                    let local = Term::Var(self.fresh());
                    body.push(Expr::new(tree.span(), Kind::Equal(local.clone(), other)));
                    vec![local]
                }
            },
        }
    }

    fn variable(&self, name: &str) -> Term {
        let declared = self.scopes.iter().rev().any(|scope| scope.contains_key(name));
        match !declared && self.names.is_global(name) {
            true => root(&self.names.resolve(name)),
            false => Term::Var(self.local(name)),
        }
    }

    /// The name that a variable has here.
    fn local(&self, name: &str) -> String {
        let declared = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        declared.cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The whole path of a function of the policy, or the name of one of OPA's.
    fn function(&self, fcn: &Tree) -> Vec<String> {
        let (parts, _) = path(fcn).unwrap_or_default();
        match self.names.arity(&parts.join(".")) {
            Some(_) => self.names.resolve(&parts.join(".")).split('.').map(str::to_owned).collect(),
            None => parts,
        }
    }

    /// Whether this names a function, which `with` may put in the place of another.
    fn is_function(&self, tree: &Tree) -> bool {
        let name = path(tree).map(|(parts, _)| parts.join(".")).unwrap_or_default();
        self.names.arity(&name).is_some() || signature(&name).is_some()
    }

    /// What `with` replaces.
    fn target(&mut self, tree: &Tree) -> Term {
        match path(tree) {
            Some((parts, true)) if !self.names.is_global(parts.first().map_or("", String::as_str)) => {
                let mut terms: Vec<_> = parts.iter().map(|part| Term::name(part)).collect();
                if let (Some(first), Some(name)) = (terms.first_mut(), parts.first()) {
                    *first = Term::Var(name.clone());
                }
                Term::Ref(terms)
            }
            _ => self.term(tree, &mut Body::new()),
        }
    }
}

/// A path as a reference.
fn root(path: &str) -> Term {
    let mut parts = path.split('.');
    let first = Term::Var(parts.next().unwrap_or_default().to_owned());
    Term::Ref([first].into_iter().chain(parts.map(Term::name)).collect())
}

pub(super) fn comparison(op: &BoolOp) -> &'static str {
    match op {
        BoolOp::Lt => "lt",
        BoolOp::Le => "lte",
        BoolOp::Eq => "equal",
        BoolOp::Ge => "gte",
        BoolOp::Gt => "gt",
        BoolOp::Ne => "neq",
    }
}

pub(super) fn arithmetic(op: &ArithOp) -> &'static str {
    match op {
        ArithOp::Add => "plus",
        ArithOp::Sub => "minus",
        ArithOp::Mul => "mul",
        ArithOp::Div => "div",
        ArithOp::Mod => "rem",
    }
}
