//! `pack`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{not_empty, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, PackRequest, PackedRoot};

/// Gather artifacts, bundles and what they are verified with into one archive
///
/// The archive, a kit, is for a place without a network: `unpack --verify` takes it apart there. The same files give the same
/// bytes. Nothing is verified here.
#[derive(Debug, clap::Args)]
pub struct PackArgs {
    /// File to pack; `sha256:HEX`, if no file is called so, stands for a file with that digest
    #[arg(value_name = "ARTIFACT...")]
    pub artifacts: Vec<OsString>,
    /// Kit to write; a file that exists is not replaced
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Bundle to pack; it is paired with the artifacts whose digests it names (can be repeated)
    #[arg(long, value_name = "FILE", action = clap::ArgAction::Append, help_heading = "Contents")]
    pub bundle: Vec<PathBuf>,
    /// Artifact and a bundle that is its own, where the bundle does not tell (can be repeated)
    ///
    /// The last `=` parts the two.
    #[arg(long, value_name = "FILE=BUNDLE", action = clap::ArgAction::Append, help_heading = "Contents")]
    pub artifact: Vec<OsString>,
    /// Leave the bytes of the artifacts out, and pack their digests
    #[arg(long, help_heading = "Contents")]
    pub digests_only: Option<bool>,
    /// Public key to pack (can be repeated)
    #[arg(long, value_name = "FILE", action = clap::ArgAction::Append, help_heading = "Contents")]
    pub key: Vec<String>,
    /// Trusted root to pack
    #[arg(long, value_name = "FILE", help_heading = "Contents")]
    pub trusted_root: Option<PathBuf>,
    /// Pack the public root that is built into this program
    #[arg(long, help_heading = "Contents")]
    pub with_default_trusted_root: Option<bool>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PackArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::Pack(self.request()?))
    }
}

impl PackArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// No kit to write, `-` for it, no artifact, no bundle, two trusted roots, a pair without `=`, an empty value.
    pub fn request(&self) -> Result<PackRequest, Error> {
        let Some(out) = not_empty("--out", &self.out)? else {
            return Err(Error::usage("the kit has no name").hint("name the file to write with --out KIT.tar"));
        };
        if out.as_os_str() == "-" {
            return Err(Error::usage("`-` is not the name of a kit")
                .hint("standard output is --out /dev/stdout, a file of that name --out ./-"));
        }
        let pairs = self.artifact.iter().map(parted).collect::<Result<Vec<_>, _>>()?;
        for (flag, empty) in [
            ("--bundle", self.bundle.iter().any(|path| path.as_os_str().is_empty())),
            ("--key", self.key.iter().any(String::is_empty)),
        ] {
            if empty {
                return Err(Error::usage(format!("{flag} is given and empty"))
                    .hint(format!("leave {flag} out, or check the variable that its value comes from")));
            }
        }
        if self.artifacts.is_empty() && pairs.is_empty() {
            return Err(Error::usage("there is no artifact to pack")
                .hint("name the files, or digests such as `sha256:HEX`"));
        }
        if self.bundle.is_empty() && pairs.is_empty() {
            return Err(Error::usage("there is no bundle to pack")
                .hint("name the bundles that belong to the artifacts with --bundle FILE"));
        }
        let built_in = self.with_default_trusted_root.unwrap_or_default();
        let trusted_root = match (not_empty("--trusted-root", &self.trusted_root)?, built_in) {
            (Some(_), true) => {
                return Err(Error::usage(
                    "--trusted-root and --with-default-trusted-root name two trusted roots",
                )
                .hint("leave one of them out"));
            }
            (Some(path), false) => PackedRoot::File(path),
            (None, true) => PackedRoot::BuiltIn,
            (None, false) => PackedRoot::None,
        };
        Ok(PackRequest {
            out,
            artifacts: self.artifacts.clone(),
            bundles: self.bundle.clone(),
            pairs,
            keys: self.key.clone(),
            trusted_root,
            digests_only: self.digests_only.unwrap_or_default(),
        })
    }
}

/// The two parts of `FILE=BUNDLE`.
fn parted(pair: &OsString) -> Result<(OsString, PathBuf), Error> {
    let shown = pair.to_string_lossy();
    match pair.to_str().and_then(|text| text.rsplit_once('=')) {
        Some((file, bundle)) if !file.is_empty() && !bundle.is_empty() => Ok((file.into(), bundle.into())),
        _ => Err(Error::usage(format!("`{shown}` is not an artifact and its bundle"))
            .hint("write --artifact FILE=BUNDLE")),
    }
}
