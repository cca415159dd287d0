//! Rules beside one another: defaults, kinds that do not go together, and rules that need themselves.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{AssignOp, Expr, Literal, Module, Ref, Rule, RuleHead};

use super::tree::{self, bodies, each};
use super::{Names, Rules, literals, refuse};
use crate::policy::Error;

/// How many rules may stand between one and the last that it needs: each takes its part of the stack.
const CHAIN: usize = 500;

/// What a rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Complete,
    Set,
    Object,
    Function(usize),
}

fn kind(rule: &Rule) -> Option<Kind> {
    match rule {
        Rule::Default { args, .. } => (!args.is_empty()).then_some(Kind::Function(args.len())),
        Rule::Spec { head, .. } => Some(match head {
            RuleHead::Func { args, .. } => Kind::Function(args.len()),
            RuleHead::Set { .. } => Kind::Set,
            RuleHead::Compr { refr, .. } => match refr.as_ref() {
                Expr::RefBrack { .. } => Kind::Object,
                _ => Kind::Complete,
            },
        }),
    }
}

impl Rules<'_> {
    /// What a rule is, where that is never `true`.
    pub(super) fn never_true(&self, path: &str) -> Option<String> {
        let rules = self.0.get(path)?;
        let kind = rules.iter().find_map(|rule| kind(rule));
        let what = match kind.unwrap_or(Kind::Complete) {
            Kind::Set => "is a set of what it `contains`",
            Kind::Object => "is an object",
            Kind::Function(_) => "is a function, which nobody calls",
            Kind::Complete if rules.iter().all(|rule| is_never_true(rule)) => "has no value `true`",
            Kind::Complete => return None,
        };
        let name = path.rsplit('.').next().unwrap_or(path);
        Some(format!("the rule `{name}` {what}, and `true` alone passes: write `{name} if {{ ... }}`"))
    }

    /// Rules of one path are of one kind, and have one default.
    pub(super) fn check_kinds(&self) -> Result<(), Error> {
        for (path, rules) in &self.0 {
            let (mut seen, mut default) = (None, false);
            for rule in rules {
                match rule.as_ref() {
                    Rule::Default { span, value, .. } => {
                        if std::mem::replace(&mut default, true) {
                            return refuse(span, format!("multiple default rules {path} found"));
                        }
                        if !literals::is_constant(value) {
                            return refuse(
                                span,
                                "illegal default rule (value has to be constant)".to_owned(),
                            );
                        }
                    }
                    Rule::Spec { span, .. } => {
                        let kind = kind(rule);
                        if *seen.get_or_insert(kind) != kind {
                            return refuse(span, format!("conflicting rules {path} found"));
                        }
                    }
                }
            }
            let of_default = |rule: &&&Ref<Rule>| matches!(rule.as_ref(), Rule::Default { .. });
            let given = rules.iter().find(of_default).and_then(|rule| kind(rule));
            let differ = matches!((given, seen), (Some(one), Some(Some(other))) if one != other)
                || matches!((given, seen), (None, Some(Some(Kind::Function(_)))));
            if default && (differ || matches!(seen, Some(Some(Kind::Set | Kind::Object)))) {
                let span = rules.first().map(|rule| rule.span());
                if let Some(span) = span {
                    return refuse(span, format!("conflicting rules {path} found"));
                }
            }
            let above: Vec<&String> =
                self.0.keys().filter(|other| path.starts_with(&format!("{other}."))).collect();
            if let (Some(above), Some(rule)) = (above.first(), rules.first())
                && self.0.get(*above).is_some_and(|rules| rules.iter().any(|r| kind(r) != Some(Kind::Object)))
            {
                return refuse(rule.span(), format!("rule {path} conflicts with rule {above}"));
            }
        }
        Ok(())
    }
}

/// Whether every value that a definition may have is written down, and is not `true`.
fn is_never_true(rule: &Rule) -> bool {
    let is_other = |value: &Expr| {
        literals::is_constant(value) && !matches!(value, Expr::Bool { value: regorus::Value::Bool(true), .. })
    };
    match rule {
        Rule::Default { value, .. } => is_other(value),
        Rule::Spec { head: RuleHead::Compr { assign, .. }, bodies, .. } => {
            let of_bodies = bodies.iter().skip(1).map(|body| body.assign.as_ref());
            // Without a value it is `true`.
            let mut values = std::iter::once(assign.as_ref()).chain(of_bodies);
            values.all(|assign| assign.is_some_and(|assign| is_other(&assign.value)))
        }
        Rule::Spec { .. } => false,
    }
}

/// The rules, each behind those that it needs. No rule needs itself, however far around.
///
/// # Errors
/// One does; or they need one another too deep.
pub(super) fn in_order(modules: &[Ref<Module>], all: &Rules<'_>) -> Result<Vec<String>, Error> {
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in modules {
        let names = Names::of(module, all);
        for rule in &module.policy {
            let name = tree::path(tree::head(rule)).map(|(names, _)| names.join(".")).unwrap_or_default();
            let own = format!("{}.{name}", names.package);
            let needed = needs.entry(own).or_default();
            needed.extend(references(rule, &names, all));
        }
    }
    let (mut done, mut open) = (BTreeMap::<String, usize>::new(), Vec::new());
    let mut ordered = Vec::new();
    for start in needs.keys() {
        if let Some(circle) = circle(start, &needs, &mut done, &mut open, &mut ordered) {
            let rule = circle.first().and_then(|path| all.0.get(path)).and_then(|rules| rules.first());
            if let (Some(rule), Some(first)) = (rule, circle.first()) {
                let around = circle.join(" -> ");
                return refuse(rule.span(), format!("rule {first} is recursive: {around}"));
            }
        }
    }
    match done.iter().find(|(_, depth)| **depth > CHAIN) {
        Some((path, _)) => Err(Error::Limit {
            reason: format!("the rules beneath {path} need one another more than {CHAIN} deep"),
        }),
        None => Ok(ordered),
    }
}

/// A circle that can be reached from here. Goes as deep as the longest chain of rules, which the size of a file bounds.
fn circle(
    at: &str,
    needs: &BTreeMap<String, BTreeSet<String>>,
    done: &mut BTreeMap<String, usize>,
    open: &mut Vec<String>,
    ordered: &mut Vec<String>,
) -> Option<Vec<String>> {
    if let Some(from) = open.iter().position(|path| path == at) {
        let mut circle = open.get(from..)?.to_vec();
        circle.push(at.to_owned());
        return Some(circle);
    }
    if done.contains_key(at) {
        return None;
    }
    open.push(at.to_owned());
    for next in needs.get(at).into_iter().flatten() {
        if let Some(found) = circle(next, needs, done, open, ordered) {
            return Some(found);
        }
    }
    open.pop();
    ordered.push(at.to_owned());
    let beneath = needs.get(at).into_iter().flatten().filter_map(|next| done.get(next)).max();
    done.insert(at.to_owned(), beneath.map_or(0, |depth| depth + 1));
    None
}

/// The paths of the rules that a rule names.
fn references(rule: &Rule, names: &Names<'_>, all: &Rules<'_>) -> BTreeSet<String> {
    let local = local(rule);
    let mut found = BTreeSet::new();
    let mut visit = |expr: &Expr| {
        let named = match expr {
            Expr::Call { fcn, .. } => tree::path(fcn),
            _ => tree::path(expr),
        };
        let Some((path, _)) = named else { return };
        let Some(first) = path.first() else { return };
        if local.contains(first) || !names.is_global(first) || first == "input" {
            return;
        }
        let whole = names.resolve(&path.join("."));
        let meant = all.0.keys().filter(|rule| {
            **rule == whole
                || whole.starts_with(&format!("{rule}."))
                || rule.starts_with(&format!("{whole}."))
        });
        found.extend(meant.cloned());
    };
    tree::each_of_rule(rule, &mut visit);
    let with =
        tree::queries(rule).into_iter().flat_map(|query| &query.stmts).flat_map(|stmt| &stmt.with_mods);
    with.for_each(|with| visit(&with.refr));
    found
}

/// The names that are variables of a rule, whatever rule has the same name.
fn local(rule: &Rule) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = rule {
        args.iter().for_each(|arg| vars(arg, &mut found));
    }
    for body in bodies(rule) {
        queries(&body.query, &mut |stmt| match stmt {
            Literal::SomeVars { vars, .. } => found.extend(vars.iter().map(|span| span.text().to_owned())),
            Literal::SomeIn { key, value, .. } => {
                key.iter().chain([value]).for_each(|expr| vars(expr, &mut found))
            }
            Literal::Every { key, value, .. } => {
                found.extend(key.iter().chain([value]).map(|span| span.text().to_owned()));
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                    vars(lhs, &mut found);
                }
            }
            Literal::NotExpr { .. } => {}
        });
    }
    found
}

/// Every literal of a query, into comprehensions and `every` too.
fn queries(query: &regorus::unstable::Query, visit: &mut dyn FnMut(&Literal)) {
    for stmt in &query.stmts {
        visit(&stmt.literal);
        if let Literal::Every { query, .. } = &stmt.literal {
            queries(query, visit);
        }
        let mut inner = Vec::new();
        for expr in tree::expressions(stmt) {
            each(expr, &mut |expr| inner.extend(tree::comprehension(expr)));
        }
        for query in inner {
            query.stmts.iter().for_each(|stmt| visit(&stmt.literal));
        }
    }
}

fn vars(expr: &Expr, found: &mut BTreeSet<String>) {
    each(expr, &mut |expr| {
        if let Expr::Var { span, .. } = expr {
            found.insert(span.text().to_owned());
        }
    });
}
