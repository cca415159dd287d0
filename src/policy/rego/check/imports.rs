//! What imports mean beside the rules of a policy.

use regorus::unstable::{Expr, Module, Ref};

use super::{Names, Rules, names, refuse, tree};
use crate::policy::Error;

/// Refuses imports that regorus takes otherwise than OPA: of the own package or what that is beneath, of which regorus has no rule yet
/// while it evaluates one; by the name of a rule, of which OPA takes the import and regorus the rule. And names of packages with
/// dots, which paths are put together with here.
///
/// # Errors
/// With the place.
pub(super) fn check(modules: &[Ref<Module>]) -> Result<(), Error> {
    for module in modules {
        let own = names(module);
        if let Some(name) = own.iter().find(|name| name.contains('.')) {
            return refuse(&module.package.span, format!("the name {name:?} in a package is not supported"));
        }
        let beside: Vec<Ref<Module>> = modules.iter().filter(|other| names(other) == own).cloned().collect();
        let rules = Rules::of(&beside);
        let known = Names::of(module, &rules);
        for import in &module.imports {
            let (path, _) = tree::path(&import.refr).unwrap_or_default();
            let named = import.r#as.as_ref().map(|span| span.text()).or(path.last().map(String::as_str));
            let Some(name) = named.filter(|name| is_used(module, name)) else { continue };
            if known.has_rule(name) {
                let reason = format!("the package has a rule {name}, as which this is imported");
                return refuse(&import.span, reason);
            }
            let Some(beneath) = path.split_first().filter(|(root, _)| *root == "data").map(|(_, rest)| rest)
            else {
                continue;
            };
            if own.starts_with(beneath) {
                let reason =
                    "an import of the package that it stands in is not supported: leave its path out";
                return refuse(&import.span, reason.to_owned());
            }
            if let Some(name) = beneath.iter().find(|name| name.contains('.')) {
                return refuse(&import.span, format!("the name {name:?} in an import is not supported"));
            }
        }
    }
    Ok(())
}

/// Whether a reference or a call of a module begins with a name.
fn is_used(module: &Module, name: &str) -> bool {
    let begins = |expr: &Expr| {
        let mut root = match expr {
            Expr::Call { fcn, .. } => fcn.as_ref(),
            expr => expr,
        };
        while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = root {
            root = refr;
        }
        matches!(root, Expr::Var { span, .. } if span.text() == name)
    };
    module.policy.iter().any(|rule| {
        let mut found = false;
        tree::each_of_rule(rule, &mut |expr| found |= begins(expr));
        let stmts = tree::queries(rule).into_iter().flat_map(|query| &query.stmts);
        found || stmts.flat_map(|stmt| &stmt.with_mods).any(|with| begins(&with.refr))
    })
}
