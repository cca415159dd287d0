//! Source files to one package: tokens, trees, names.

use std::{collections::HashSet, rc::Rc};

use super::{
    ast::File,
    error::{Error, ErrorKind},
    resolve, syntax,
};

/// The files of a policy as one package, every name bound.
#[derive(Debug)]
pub struct Package {
    /// In the order in which they were given.
    pub files: Vec<File>,
    /// The regular fields of the top level that something outside of them refers to.
    pub referenced: HashSet<Rc<str>>,
}

impl Package {
    /// The same error, with the name of its file.
    pub fn name_file(&self, error: Error) -> Error {
        error.in_files(self.files.iter().map(|file| &*file.name))
    }
}

/// Reads the files (name and bytes) as one package, as cosign's `--policy` does when it is given several.
///
/// # Errors
///
/// The first error in the order of the files: text that is not CUE, names that are not declared or not used, files of
/// different packages, constructs that are not supported; with the name of its file.
pub fn load(files: &[(String, Vec<u8>)]) -> Result<Package, Error> {
    for (name, _) in files {
        if ["_test.cue", "_tool.cue"].iter().any(|end| name.ends_with(end)) {
            let message = format!(
                "`{name}`: files of CUE that are named like this belong to no package: give it another name"
            );
            return Err(Error::nowhere(ErrorKind::Package, message));
        }
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    let mut trees = Vec::with_capacity(files.len());
    let located = |error: Error| error.in_files(names.iter().copied());
    for (index, (_, bytes)) in files.iter().enumerate() {
        let file = u32::try_from(index).unwrap_or(u32::MAX);
        trees.push(syntax::parse(bytes, file).map_err(located)?);
    }
    resolve::resolve(&names, trees).map_err(located)
}

#[cfg(test)]
mod tests;
