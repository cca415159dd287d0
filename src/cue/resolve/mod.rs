//! Binds every name to what declares it, and refuses what the peer's compiler refuses.
//!
//! Scopes nest as structs do. A name means the innermost declaration around it; then a field at the top level of another file
//! of the package; then what the language predeclares. Fields are declared by identifiers, never by quoted labels.

mod declarations;
mod expressions;
mod imports;
mod predeclared;
mod scope;

#[cfg(test)]
mod tests;

use std::{collections::HashSet, rc::Rc};

use self::scope::{Kind, Scopes};
use super::{
    ast,
    error::{Error, ErrorKind},
    load::Package,
    syntax::tree,
};

/// Binds the names of the files of one package; `names` are the files' own.
///
/// # Errors
///
/// The first in the order of the files.
pub fn resolve(names: &[&str], files: Vec<tree::File>) -> Result<Package, Error> {
    check_packages(&files)?;
    let shared: HashSet<Rc<str>> = files.iter().flat_map(shared_fields).collect();
    let mut bound = Vec::with_capacity(files.len());
    let mut referenced = HashSet::new();
    for (file, name) in files.into_iter().zip(names) {
        let package =
            file.package.as_ref().map(|package| Rc::clone(&package.text)).filter(|package| &**package != "_");
        let mut resolver = Resolver {
            scopes: Scopes::default(),
            shared: &shared,
            lets: Vec::new(),
            current_let: None,
            pattern: None,
            top: None,
            referenced,
        };
        let body = resolver.file(file)?;
        bound.push(ast::File { name: (*name).into(), package, body });
        referenced = resolver.referenced;
    }
    Ok(Package { files: bound, referenced })
}

/// Files that name a package must name the same one; `_` names none.
fn check_packages(files: &[tree::File]) -> Result<(), Error> {
    let mut first: Option<&tree::Name> = None;
    for package in
        files.iter().filter_map(|file| file.package.as_ref()).filter(|package| &*package.text != "_")
    {
        match first {
            Some(other) if other.text != package.text => {
                let message =
                    format!("a file of package `{}` beside one of package `{}`", package.text, other.text);
                return Err(Error::new(ErrorKind::Package, package.position, message));
            }
            _ => first = Some(package),
        }
    }
    Ok(())
}

/// The fields of a file that other files of its package see: those of the top level whose labels are identifiers.
fn shared_fields(file: &tree::File) -> Vec<Rc<str>> {
    if file.package.as_ref().is_none_or(|package| &*package.text == "_") {
        return Vec::new();
    }
    let label = |declaration: &tree::Declaration| match declaration {
        tree::Declaration::Field(field) if field.alias.is_none() => {
            declarations::identifier(&field.label).cloned()
        }
        _ => None,
    };
    file.declarations.iter().filter_map(label).collect()
}

struct Resolver<'a> {
    scopes: Scopes,
    /// Fields that any file of the package may refer to.
    shared: &'a HashSet<Rc<str>>,
    /// For every `let` of the file: which others its value refers to.
    lets: Vec<LetClause>,
    /// The innermost `let` in whose value we are.
    current_let: Option<usize>,
    /// In a pattern: how many scopes there are around it.
    pattern: Option<usize>,
    /// The field of the top level in whose value we are.
    top: Option<Rc<str>>,
    /// The fields of the top level that something outside of them refers to.
    referenced: HashSet<Rc<str>>,
}

/// A `let` clause of a struct.
struct LetClause {
    position: ast::Position,
    refers_to: Vec<usize>,
}

impl Resolver<'_> {
    fn file(&mut self, file: tree::File) -> Result<ast::Struct, Error> {
        self.scopes.push(Kind::Environment);
        self.imports(&file)?;
        let body = self.declarations(ast::Position::default(), file.declarations)?;
        self.scopes.pop()?;
        self.check_lets()?;
        Ok(body)
    }

    /// No `let` may refer to itself through others: what refers to no other is taken away until nothing is left.
    fn check_lets(&self) -> Result<(), Error> {
        let mut open: Vec<usize> = self.lets.iter().map(|clause| clause.refers_to.len()).collect();
        let mut referred_by = vec![Vec::new(); self.lets.len()];
        for (from, clause) in self.lets.iter().enumerate() {
            clause.refers_to.iter().for_each(|to| referred_by[*to].push(from));
        }
        let mut done: Vec<usize> = (0..open.len()).filter(|clause| open[*clause] == 0).collect();
        while let Some(clause) = done.pop() {
            for from in &referred_by[clause] {
                open[*from] -= 1;
                if open[*from] == 0 {
                    done.push(*from);
                }
            }
        }
        match open.iter().position(|count| *count > 0) {
            Some(clause) => Err(Error::new(
                ErrorKind::Name,
                self.lets[clause].position,
                "a `let` that refers to itself through others",
            )),
            None => Ok(()),
        }
    }
}
