//! Rules beside one another: defaults, kinds that do not go together, and rules that need themselves.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Module, Ref, Rule, RuleHead};

use super::{Names, Rules, literals, package, path, refuse, typed};
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

    /// No package is where a rule is.
    pub(super) fn check_packages(&self, modules: &[Ref<Module>]) -> Result<(), Error> {
        for module in modules {
            let path = package(module);
            if let Some(rules) = self.0.get(&path)
                && rules.iter().any(|rule| kind(rule) != Some(Kind::Object))
            {
                return refuse(
                    &module.package.span,
                    format!("package {path} conflicts with a rule of that path"),
                );
            }
        }
        Ok(())
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
    let known: Known<'_> = all.0.keys().map(|path| (path.escape_debug().collect(), path)).collect();
    for module in modules {
        let names = Names::of(module, all);
        for rule in &module.policy {
            needs.entry(path(&names.package, rule)).or_default().extend(needed(rule, &names, &known));
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

/// Rules by their paths with escapes, as references have them.
type Known<'a> = BTreeMap<String, &'a String>;

/// The paths of the rules that a rule needs: what it refers to, what that stands in, and what is beneath it.
fn needed(rule: &Rule, names: &Names<'_>, known: &Known<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for whole in typed::references(rule, names) {
        let above = whole.match_indices('.').filter_map(|(end, _)| known.get(whole.get(..end)?));
        found.extend(above.chain(known.get(&whole)).map(|path| (*path).clone()));
        let within = format!("{whole}.");
        let beneath = known.range(within.clone()..).take_while(|(path, _)| path.starts_with(&within));
        found.extend(beneath.map(|(_, path)| (*path).clone()));
    }
    found
}
