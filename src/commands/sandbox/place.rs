//! Where a sandbox is.

use std::path::{Path, PathBuf};

use super::super::{Context, Error, ErrorKind};
use crate::program::shell;

/// The variable that names the folder.
const VARIABLE: &str = "RCOSIGN_SANDBOX";

/// The flag by which another command finds the folder that a flag names, as shells read it, after a space.
pub(super) fn flag(named: Option<&Path>) -> String {
    let word = |named: &Path| {
        let path = std::path::absolute(named).unwrap_or_else(|_| named.to_owned());
        format!(" --dir {}", shell::word(&path.display().to_string()))
    };
    named.map(word).unwrap_or_default()
}

/// The folder that a flag names, or `RCOSIGN_SANDBOX`, or `rcosign/sandbox` in the user's folder for data.
///
/// # Errors
/// Nothing names the home.
pub(super) fn folder(named: Option<&Path>, context: &Context) -> Result<PathBuf, Error> {
    let variable =
        |name: &str| (context.variables)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let found = named.map(Path::to_owned).or_else(|| variable(VARIABLE)).or_else(|| {
        // A relative path counts as none (XDG Base Directory Specification).
        let data = variable("XDG_DATA_HOME").or_else(|| variable("LOCALAPPDATA").filter(|_| cfg!(windows)));
        let home = || Some(variable("HOME").or_else(std::env::home_dir)?.join(".local/share"));
        Some(data.filter(|path| path.is_absolute()).or_else(home)?.join("rcosign").join("sandbox"))
    });
    let found = found.ok_or_else(|| {
        Error::new(ErrorKind::Other, "no variable names the home, where the sandbox would be")
            .hint("name a folder with --dir DIR")
    })?;
    std::path::absolute(&found).map_err(|error| {
        Error::usage(format!("`{}` is no folder for a sandbox", found.display())).caused_by(&error)
    })
}
