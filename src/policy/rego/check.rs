//! What OPA's compiler refuses and regorus does not, or only when it gets there: names, calls, types that cannot be, variables
//! without a value, rules that contradict one another or need themselves.

mod arithmetic;
mod calls;
mod dynamic;
mod grammar;
mod imports;
mod infer;
mod literals;
mod loops;
mod lower;
mod negation;
mod now;
mod order;
mod print;
mod rules;
mod safety;
mod scopes;
mod signatures;
mod spelled;
mod term;
mod text;
mod tree;
mod typed;
mod types;
mod walk;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Module, Ref, Rule, RuleHead, Span};

use crate::policy::Error;

pub(super) use arithmetic::{are_calls, as_calls};
pub(super) use calls::is_exact;
pub(super) use grammar::check as grammar;
pub(super) use negation::{PREFIX, are_written_out, written_out};
pub(super) use now::{as_data, document as now_document, is_replaced as is_now_replaced};
pub(super) use print::left_out;
#[cfg(test)]
pub(super) use signatures::here;
pub(super) use spelled::{number as spelled_number, telling};
pub(super) use text::check as text;
pub(super) use walk::with_result;

/// Checks the modules of a policy together.
///
/// # Errors
/// The first thing that OPA would not compile, with its place.
pub(super) fn modules(modules: &[Ref<Module>]) -> Result<(), Error> {
    let all = Rules::of(modules);
    for module in modules {
        words::check(module)?;
        walk::check(module)?;
    }
    imports::check(modules)?;
    literals::check(modules)?;
    loops::check(modules)?;
    now::check(modules)?;
    all.check_kinds()?;
    all.check_packages(modules)?;
    for module in modules {
        let names = Names::of(module, &all);
        for rule in &module.policy {
            calls::rule(rule, &names, module.rego_v1)?;
            scopes::rule(rule, &names)?;
            safety::rule(rule)?;
        }
    }
    let mut types = infer::Tree::default();
    for path in rules::in_order(modules, &all)? {
        for module in modules {
            let names = Names::of(module, &all);
            for rule in all.0.get(&path).into_iter().flatten().filter(|rule| module.policy.contains(rule)) {
                typed::rule(rule, &names, &mut types)?;
            }
        }
    }
    Ok(())
}

/// Whether a module of `package` (`data.signature`) has a rule of this name, or a default of it.
pub(super) fn has_rule(modules: &[Ref<Module>], package: &str, name: &str) -> bool {
    Rules::of(modules).0.contains_key(&format!("{package}.{name}"))
}

/// Why a rule is never `true`, whatever it is asked about; of one that is not there, nothing.
pub(super) fn never_true(modules: &[Ref<Module>], package: &str, name: &str) -> Option<String> {
    Rules::of(modules).never_true(&format!("{package}.{name}"))
}

/// The definitions of a rule, by its path (`data.signature.allow`).
pub(super) fn rules(modules: &[Ref<Module>], path: &str) -> Vec<Ref<Rule>> {
    let rules = Rules::of(modules);
    rules.0.get(path).into_iter().flatten().map(|rule| (*rule).clone()).collect()
}

/// The paths of the rules that a statement of a body names, by what its module imports too, and of those beneath what it names. Functions
/// are none.
pub(super) fn asks(modules: &[Ref<Module>], stmt: &LiteralStmt) -> BTreeSet<String> {
    let rules = Rules::of(modules);
    let mut found = BTreeSet::new();
    for path in paths(modules, stmt).into_iter().map(|path| path.join(".")) {
        let within = |name: &str| {
            path.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.']) || rest.is_empty())
        };
        let beneath = format!("{path}.");
        let of = |name: &String| within(name) || name.starts_with(&beneath);
        found.extend(rules.0.keys().filter(|name| of(name) && rules.arity(name).is_none()).cloned());
    }
    found
}

/// The paths of `input`, and those of `data` that are no rules, that a statement of a body names.
pub(super) fn looks_at(modules: &[Ref<Module>], stmt: &LiteralStmt) -> BTreeSet<Vec<String>> {
    let rules = Rules::of(modules);
    let is_rule = |path: &[String]| {
        let path = format!("{}.", path.join("."));
        rules.0.keys().any(|name| path.starts_with(&format!("{name}.")) || name.starts_with(&path))
    };
    let packages = packages(modules);
    let is_asked = |path: &Vec<String>| match path.split_first() {
        Some((first, rest)) if first == "input" => !rest.is_empty(),
        Some((first, rest)) if first == "data" => {
            !rest.is_empty() && !is_rule(path) && !packages.iter().any(|names| rest.starts_with(names))
        }
        _ => false,
    };
    paths(modules, stmt).into_iter().filter(is_asked).collect()
}

/// What a statement refers to, by whole paths: what its module imports, and the rules of its package, are beneath `data`.
fn paths(modules: &[Ref<Module>], stmt: &LiteralStmt) -> BTreeSet<Vec<String>> {
    let rules = Rules::of(modules);
    let file = stmt.span.source.file();
    let mut found = BTreeSet::new();
    let Some(module) = modules.iter().find(|module| module.package.span.source.file() == file) else {
        return found;
    };
    let names = Names::of(module, &rules);
    for expr in tree::expressions(stmt) {
        tree::each(expr, &mut |expr| {
            let mut path = tree::path(expr).map(|(names, _)| names).unwrap_or_default();
            let Some(first) = path.first().cloned() else { return };
            let whole = match names.imports.get(&first) {
                Some(imported) => imported.clone(),
                None if ["data", "input"].contains(&first.as_str()) => first,
                None => format!("{}.{first}", names.package),
            };
            path.splice(..1, whole.split('.').map(str::to_owned));
            found.insert(path);
        });
    }
    found
}

/// Whether a statement gives variables their values (`x := ..`).
pub(super) fn gives(stmt: &LiteralStmt) -> bool {
    let Literal::Expr { expr, .. } = &stmt.literal else { return false };
    matches!(expr.as_ref(), Expr::AssignExpr { op: AssignOp::ColEq, .. }) && stmt.with_mods.is_empty()
}

/// The names in a statement.
pub(super) fn variables(stmt: &LiteralStmt) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for expr in tree::expressions(stmt) {
        tree::each(expr, &mut |expr| {
            if let Expr::Var { span, .. } = tree::root(expr) {
                found.insert(span.text());
            }
        });
    }
    found
}

/// A refusal at a place.
fn refuse<T>(span: &Span, reason: String) -> Result<T, Error> {
    Err(Error::Policy { at: format!("{}:{}:{}", span.source.file(), span.line, span.col), reason })
}

/// The path of a module's package, `data` in front.
fn package(module: &Module) -> String {
    format!("data.{}", names(module).join("."))
}

/// The path of a rule of a package: that of a set where it is written as an item of one.
fn path(package: &str, rule: &Rule) -> String {
    let mut names = tree::path(tree::head(rule)).map(|(names, _)| names).unwrap_or_default();
    if tree::is_item(rule) {
        names.pop();
    }
    format!("{package}.{}", names.join("."))
}

/// The paths of the modules' packages beneath `data`.
pub(super) fn packages(modules: &[Ref<Module>]) -> Vec<Vec<String>> {
    modules.iter().map(|module| names(module)).collect()
}

fn names(module: &Module) -> Vec<String> {
    tree::path(&module.package.refr).map(|(names, _)| names).unwrap_or_default()
}

/// Every rule by its path: the definitions and the defaults of it.
struct Rules<'a>(BTreeMap<String, Vec<&'a Ref<Rule>>>);

impl<'a> Rules<'a> {
    fn of(modules: &'a [Ref<Module>]) -> Self {
        let mut rules: BTreeMap<String, Vec<&Ref<Rule>>> = BTreeMap::new();
        for module in modules {
            for rule in &module.policy {
                rules.entry(path(&package(module), rule)).or_default().push(rule);
            }
        }
        Self(rules)
    }

    /// The number of parameters, where it is a function.
    fn arity(&self, path: &str) -> Option<usize> {
        self.0.get(path)?.iter().find_map(|rule| match rule.as_ref() {
            Rule::Spec { head: RuleHead::Func { args, .. }, .. } => Some(args.len()),
            Rule::Default { args, .. } if !args.is_empty() => Some(args.len()),
            _ => None,
        })
    }
}

/// What names mean in a module.
struct Names<'a> {
    package: String,
    /// Rules of the package, and what is imported.
    globals: BTreeSet<String>,
    /// What is imported, by the name that it has here.
    imports: BTreeMap<String, String>,
    rules: &'a Rules<'a>,
}

impl<'a> Names<'a> {
    fn of(module: &Module, rules: &'a Rules<'a>) -> Self {
        let package = package(module);
        let within = format!("{package}.");
        let mut globals: BTreeSet<String> = ["data", "input"].map(str::to_owned).into();
        let own = rules.0.keys().filter_map(|path| path.strip_prefix(&within));
        globals.extend(own.map(|name| name.split('.').next().unwrap_or(name).to_owned()));
        let mut imports = BTreeMap::new();
        for import in &module.imports {
            let Some((path, _)) = tree::path(&import.refr) else { continue };
            // `rego.v1` and `future.keywords` name no document.
            if !path.first().is_some_and(|first| first == "data" || first == "input") {
                continue;
            }
            let name = match &import.r#as {
                Some(span) => span.text().to_owned(),
                None => path.last().cloned().unwrap_or_default(),
            };
            globals.insert(name.clone());
            imports.insert(name, path.join("."));
        }
        Self { package, globals, imports, rules }
    }

    fn is_global(&self, name: &str) -> bool {
        self.globals.contains(name)
    }

    /// Whether the package has rules of this name, or beneath it.
    fn has_rule(&self, name: &str) -> bool {
        let path = format!("{}.{name}", self.package);
        let beneath = format!("{path}.");
        self.rules.0.keys().any(|rule| *rule == path || rule.starts_with(&beneath))
    }

    /// The whole path of a name.
    fn resolve(&self, name: &str) -> String {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        match (self.imports.get(first), rest) {
            (Some(path), Some(rest)) => format!("{path}.{rest}"),
            (Some(path), None) => path.clone(),
            (None, _) if first == "data" || first == "input" => name.to_owned(),
            (None, _) => format!("{}.{name}", self.package),
        }
    }

    /// The number of parameters of a function of the policy.
    fn arity(&self, name: &str) -> Option<usize> {
        self.rules.arity(&self.resolve(name))
    }
}
