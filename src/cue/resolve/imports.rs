//! Imports of packages.

use std::rc::Rc;

use super::{
    super::{
        error::{Error, ErrorKind},
        pkg,
        syntax::tree,
    },
    Resolver,
    scope::Meaning,
};

/// Packages of CUE that are not supported here.
const UNSUPPORTED: &[&str] = &[
    "crypto/ed25519",
    "encoding/csv",
    "encoding/openapi",
    "encoding/toml",
    "html",
    "text/tabwriter",
    "text/template",
    "uuid",
];

impl Resolver<'_> {
    /// Declares the names of a file's imports.
    pub(super) fn imports(&mut self, file: &tree::File) -> Result<(), Error> {
        for import in &file.imports {
            check(import)?;
            let name = match &import.name {
                Some(name) => Rc::clone(&name.text),
                None => import.path.rsplit('/').next().unwrap_or(&import.path).into(),
            };
            if &*name == "_" {
                let message = format!("package `{}` is imported as `_` and not used", import.path);
                return Err(Error::new(ErrorKind::Name, import.position, message));
            }
            self.scopes.declare(&name, import.position, Meaning::Package(Rc::clone(&import.path)))?;
        }
        Ok(())
    }
}

/// That the package is there.
fn check(import: &tree::Import) -> Result<(), Error> {
    let path = &*import.path;
    if pkg::exists(path) {
        return Ok(());
    }
    let fail = |kind, why: &str| {
        Err(Error::new(kind, import.position, format!("cannot import package `{path}`: {why}")))
    };
    let first = path.split('/').next().unwrap_or(path);
    if UNSUPPORTED.contains(&path) || first == "tool" {
        return fail(ErrorKind::Unsupported, "this package of CUE is not supported");
    }
    if first.contains('.') {
        return fail(ErrorKind::Unsupported, "packages of modules and registries are not supported");
    }
    fail(ErrorKind::Name, "CUE has no package of this name")
}
