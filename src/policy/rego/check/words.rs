//! Imports and the words that they make keywords.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Module};

use super::tree::path;
use super::{refuse, text, tree};
use crate::policy::Error;

/// The keywords that version 0 does not have.
const KEYWORDS: [&str; 4] = ["contains", "every", "if", "in"];

/// Checks the imports of a module, that it uses no keyword which it did not import, and its names.
pub(super) fn check(module: &Module) -> Result<(), Error> {
    let (mut keywords, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for import in &module.imports {
        let (names, _) = path(&import.refr).unwrap_or_default();
        let whole = names.join(".");
        match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["future", "keywords"] => keywords.extend(KEYWORDS),
            ["future", "keywords", word] => match KEYWORDS.iter().find(|known| **known == word) {
                Some(known) => {
                    keywords.insert(*known);
                }
                None => return refuse(&import.span, format!("there is no keyword `{word}`")),
            },
            ["rego", "v1"] => keywords.extend(KEYWORDS),
            ["data" | "input", ..] => {}
            _ => return refuse(&import.span, format!("invalid import `{whole}`")),
        }
        if module.rego_v1 && !seen.insert(import.r#as.as_ref().map_or(whole.clone(), |s| s.text().to_owned()))
        {
            return refuse(&import.span, format!("import must not shadow import {whole}"));
        }
    }
    if !keywords.contains("if") {
        no_if(module)?;
    }
    if module.rego_v1 {
        for rule in &module.policy {
            let name = path(tree::head(rule)).and_then(|(names, _)| names.into_iter().next());
            if let Some(name) = name.filter(|name| ["data", "input"].contains(&name.as_str())) {
                return refuse(rule.span(), format!("rules must not shadow {name}"));
            }
        }
    }
    Ok(())
}

/// `if` behind a name, where it is no keyword: regorus reads it as one. No variable of that name is let through.
fn no_if(module: &Module) -> Result<(), Error> {
    let source = &module.package.span.source;
    match text::line_of(source.contents(), "if") {
        Some(line) => {
            let at = format!("{}:{line}", source.file());
            let reason = "`if` is a keyword: import rego.v1 or future.keywords.if".to_owned();
            Err(Error::Policy { at, reason })
        }
        None => Ok(()),
    }
}

/// Whether an expression is a constant: what defaults have to be.
pub(super) fn is_constant(expr: &Expr) -> bool {
    let mut constant = true;
    tree::each(expr, &mut |expr| {
        constant &= !matches!(
            expr,
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Call { .. }
        );
    });
    constant
}
