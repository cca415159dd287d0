//! Which module is loaded.

use std::path::Path;
use std::sync::Arc;

use super::TokenFailure;
use super::token::Module;
use crate::keys::Variables;

const VARIABLE: &str = "COSIGN_PKCS11_MODULE_PATH";

/// The file of the module: `given`, or what the variable names.
///
/// # Errors
/// Neither names one, or what is named is no absolute path of a file.
pub(super) fn path(given: Option<&str>, variables: Variables<'_>) -> Result<String, TokenFailure> {
    let path = match given.filter(|path| !path.is_empty()) {
        Some(path) => path.to_owned(),
        None => match variables(VARIABLE).filter(|value| !value.is_empty()) {
            Some(value) => value.to_string_lossy().into_owned(),
            None => return Err(TokenFailure::NoModule),
        },
    };
    let fail = |reason: &str| TokenFailure::Module { path: path.clone(), reason: reason.to_owned() };
    // The loader searches for whatever is not absolute in places that others may write to.
    if !Path::new(&path).is_absolute() {
        return Err(fail("the path is not absolute"));
    }
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => Ok(path),
        Ok(_) => Err(fail("it is not a file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(fail("there is no such file")),
        Err(error) => Err(fail(&error.to_string())),
    }
}

/// Loads the module and gets it ready. It waits for the hardware: not for threads that serve others.
///
/// # Errors
/// It is no module, or does not get ready; this program cannot load any.
pub(super) fn load(path: &str) -> Result<Arc<dyn Module>, TokenFailure> {
    // What is loaded brings a C library of its own, and expects the one that it was built for.
    #[cfg(all(target_os = "linux", target_feature = "crt-static"))]
    return {
        let _ = path;
        Err(TokenFailure::Static)
    };
    #[cfg(not(all(target_os = "linux", target_feature = "crt-static")))]
    return {
        #[cfg(feature = "pkcs11")]
        {
            Ok(super::driver::Loaded::load(path)?)
        }
        #[cfg(not(feature = "pkcs11"))]
        {
            let _ = path;
            Err(TokenFailure::NotBuilt)
        }
    };
}
