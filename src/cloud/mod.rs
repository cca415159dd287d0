//! What clouds let the programs on their machines, and those of their users, have without being told: credentials. For keys,
//! registries and identity tokens.
//!
//! Nothing here looks at the environment or at the clock by itself: both come in with [`Settings`].

#[cfg(feature = "kms-aws")]
pub mod aws;
#[cfg(feature = "http")]
pub mod azure;
#[cfg(feature = "http")]
mod error;
#[cfg(feature = "http")]
mod exec;
#[cfg(feature = "http")]
pub mod google;
#[cfg(feature = "http")]
mod kubeconfig;
#[cfg(feature = "http")]
pub mod kubernetes;
pub mod late;
#[cfg(feature = "http")]
mod link;
#[cfg(feature = "http")]
mod settings;
pub mod yaml;

#[cfg(feature = "http")]
pub use error::Error;
#[cfg(feature = "http")]
pub use exec::Allowed;
#[cfg(feature = "http")]
pub use settings::Settings;

/// The environment variables, by name.
#[cfg(feature = "http")]
type Variables<'a> = &'a dyn Fn(&str) -> Option<std::ffi::OsString>;

/// More than any token, certificate, or file of credentials takes.
#[cfg(feature = "http")]
const MAX_FILE: u64 = 1 << 20;

/// The content of a file; `None` where there is none.
#[cfg(feature = "http")]
fn file(path: &std::path::Path) -> Result<Option<crate::crypto::Secret>, Error> {
    let fail = |reason: String| Error::unread(format!("`{}`", path.display()), reason);
    match settings::read(path) {
        Ok(bytes) if bytes.expose().len() as u64 > MAX_FILE => {
            Err(fail(format!("it is larger than {MAX_FILE} bytes")))
        }
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(error.to_string())),
    }
}
