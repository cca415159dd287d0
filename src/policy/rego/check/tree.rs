//! Walking the syntax tree.

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleBody, RuleHead};

/// The expressions right beneath one, without the queries of comprehensions.
pub(super) fn children(expr: &Expr) -> Vec<&Ref<Expr>> {
    match expr {
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().collect(),
        Expr::Object { fields, .. } => fields.iter().flat_map(|(_, key, value)| [key, value]).collect(),
        Expr::ArrayCompr { term, .. } | Expr::SetCompr { term, .. } => vec![term],
        Expr::ObjectCompr { key, value, .. } => vec![key, value],
        // What is called is a name, not a value.
        Expr::Call { params, .. } => params.iter().collect(),
        Expr::UnaryExpr { expr, .. } => vec![expr],
        Expr::RefDot { refr, .. } => vec![refr],
        Expr::RefBrack { refr, index, .. } => vec![refr, index],
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![lhs, rhs],
        Expr::Membership { key, value, collection, .. } => key.iter().chain([value, collection]).collect(),
        _ => Vec::new(),
    }
}

/// The query of a comprehension.
pub(super) fn comprehension(expr: &Expr) -> Option<&Query> {
    match expr {
        Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
            Some(query)
        }
        _ => None,
    }
}

/// What a reference refers into; any other expression is its own.
pub(super) fn root(expr: &Expr) -> &Expr {
    let mut at = expr;
    while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = at {
        at = refr;
    }
    at
}

/// What stands in the brackets of a reference, the last first, each with what it is looked up in.
pub(super) fn indices(expr: &Expr) -> Vec<(&Expr, &Expr)> {
    let (mut found, mut at) = (Vec::new(), expr);
    while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = at {
        if let Expr::RefBrack { index, .. } = at {
            found.push((refr.as_ref(), index.as_ref()));
        }
        at = refr;
    }
    found
}

/// Every expression beneath one, itself first, into comprehensions too. A reference is one expression, and what stands in its
/// brackets others.
pub(super) fn each<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    if matches!(expr, Expr::RefDot { .. } | Expr::RefBrack { .. }) {
        indices(expr).into_iter().for_each(|(_, index)| each(index, visit));
        // What is referred into: a name is part of the reference.
        let inner = root(expr);
        if !matches!(inner, Expr::Var { .. }) {
            each(inner, visit);
        }
        return;
    }
    for child in children(expr) {
        each(child, visit);
    }
    if let Some(query) = comprehension(expr) {
        each_of_query(query, visit);
    }
}

/// Every expression of a query.
pub(super) fn each_of_query<'a>(query: &'a Query, visit: &mut dyn FnMut(&'a Expr)) {
    for stmt in &query.stmts {
        for expr in expressions(stmt) {
            each(expr, visit);
        }
        if let Literal::Every { query, .. } = &stmt.literal {
            each_of_query(query, visit);
        }
    }
}

/// Every query of a rule, those of comprehensions and of `every` too.
pub(super) fn queries(rule: &Rule) -> Vec<&Query> {
    let mut found: Vec<&Query> = bodies(rule).iter().map(|body| body.query.as_ref()).collect();
    each_of_rule(rule, &mut |expr| found.extend(comprehension(expr)));
    let mut at = 0;
    while let Some(query) = found.get(at).copied() {
        found.extend(query.stmts.iter().filter_map(|stmt| match &stmt.literal {
            Literal::Every { query, .. } => Some(query.as_ref()),
            _ => None,
        }));
        at += 1;
    }
    found
}

/// Every expression of a rule.
pub(super) fn each_of_rule<'a>(rule: &'a Rule, visit: &mut dyn FnMut(&'a Expr)) {
    head_expressions(rule).into_iter().for_each(|expr| each(expr, visit));
    for body in bodies(rule) {
        each_of_query(&body.query, visit);
        body.assign.iter().for_each(|assign| each(&assign.value, visit));
    }
}

/// The expressions of a statement, those of its `with` included, without the body of `every`.
pub(super) fn expressions(stmt: &LiteralStmt) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = match &stmt.literal {
        Literal::SomeVars { .. } => Vec::new(),
        Literal::SomeIn { key, value, collection, .. } => {
            key.iter().chain([value, collection]).map(AsRef::as_ref).collect()
        }
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => vec![expr.as_ref()],
        Literal::Every { domain, .. } => vec![domain.as_ref()],
    };
    found.extend(stmt.with_mods.iter().map(|with| with.r#as.as_ref()));
    found
}

/// The name of a rule, as it is written.
pub(super) fn head(rule: &Rule) -> &Expr {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
        },
    }
}

/// Whether a rule is written as a member and is an item of a set: `a.b { .. }` is `a["b"] { .. }` in version 0.
pub(super) fn is_item(rule: &Rule) -> bool {
    match rule {
        Rule::Spec { head: RuleHead::Set { refr, key: None, .. }, .. } => {
            matches!(refr.as_ref(), Expr::RefDot { refr, .. } if matches!(refr.as_ref(), Expr::Var { .. }))
        }
        _ => false,
    }
}

/// The expressions of a rule outside of its queries: key, parameters, value.
pub(super) fn head_expressions(rule: &Rule) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = Vec::new();
    match rule {
        Rule::Default { args, value, .. } => found.extend(args.iter().chain([value]).map(AsRef::as_ref)),
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { assign, .. } => found.extend(assign.iter().map(|a| a.value.as_ref())),
            RuleHead::Set { key, .. } => found.extend(key.iter().map(AsRef::as_ref)),
            RuleHead::Func { args, assign, .. } => {
                found.extend(args.iter().map(AsRef::as_ref));
                found.extend(assign.iter().map(|a| a.value.as_ref()));
            }
        },
    }
    found.extend(indices(head(rule)).into_iter().map(|(_, index)| index));
    found
}

/// The bodies of a rule.
pub(super) fn bodies(rule: &Rule) -> &[RuleBody] {
    match rule {
        Rule::Default { .. } => &[],
        Rule::Spec { bodies, .. } => bodies,
    }
}

/// The names of a reference up to the first that is not constant, and whether all of it is.
pub(super) fn path(expr: &Expr) -> Option<(Vec<String>, bool)> {
    match expr {
        Expr::Var { span, .. } => Some((vec![span.text().to_owned()], true)),
        Expr::RefDot { refr, field, .. } => {
            let (mut names, all) = path(refr)?;
            if all {
                names.push(field.0.text().to_owned());
            }
            Some((names, all))
        }
        Expr::RefBrack { refr, index, .. } => {
            let (mut names, all) = path(refr)?;
            match index.as_ref() {
                Expr::String { value: regorus::Value::String(text), .. } if all => {
                    names.push(text.to_string());
                    Some((names, true))
                }
                _ => Some((names, false)),
            }
        }
        _ => None,
    }
}
