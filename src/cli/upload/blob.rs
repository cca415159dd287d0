//! `upload blob`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::args::verify_images::annotations;
use super::super::args::{at_most_one, filled, registry::RegistryArgs, root::RootArgs, values};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, UploadBlobRequest, UploadFile, UploadPlatform};

/// Push files as an artifact
///
/// One file becomes an image with one layer. Of several, each needs a platform, as in `app-linux:linux/amd64`, and they become an
/// index. The name of what was made, with its digest, goes to standard output.
#[derive(Debug, clap::Args)]
pub struct UploadBlobArgs {
    /// Where to
    #[arg(value_name = "REFERENCE")]
    pub image: Vec<OsString>,
    /// Upload this file; of several, each with the platform that it is for (can be repeated)
    #[arg(long, short = 'f', value_name = "FILE[:OS[/ARCH[/VARIANT]]]", help_heading = "Input")]
    pub files: Vec<String>,
    /// Say this in the manifest too (can be repeated)
    #[arg(long, short = 'a', value_name = "NAME=VALUE", help_heading = "Output")]
    pub annotation: Vec<String>,
    /// Media type of the files, in place of one that is guessed from what they begin with
    #[arg(long, value_name = "TYPE", help_heading = "Output")]
    pub ct: Option<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for UploadBlobArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one artifact is made at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(Error::usage("there is no place to upload to")
                .hint("name it after the flags: `upload blob --files FILE HOST/PATH:TAG`"));
        };
        let hints = vec!["an annotation is written `--annotation NAME=VALUE`, once for each name".to_owned()];
        Ok(Request::UploadBlob(Box::new(UploadBlobRequest {
            image: image.to_string_lossy().into_owned(),
            files: files(&self.files)?,
            media_type: filled(&self.ct),
            annotations: annotations(&self.annotation).map_err(|error| Error { hints, ..error })?,
            registry: self.registry.request()?,
        })))
    }
}

fn files(flags: &[String]) -> Result<Vec<UploadFile>, Error> {
    let mut files = Vec::new();
    for flag in flags {
        let parts = values::comma_separated(flag)
            .map_err(|reason| Error::usage(format!("`{flag}` is no list of files: {reason}")))?;
        files.extend(parts.iter().filter(|part| !part.is_empty()).map(|part| file(part)));
    }
    if files.is_empty() {
        return Err(Error::usage("there is no file to upload").hint("name it: `--files FILE`"));
    }
    if files.len() > 1 {
        for (index, file) in files.iter().enumerate() {
            let path = file.path.display();
            let Some(platform) = &file.platform else {
                return Err(Error::usage(format!(
                    "of several files each has a platform, and `{path}` has none"
                ))
                .hint(format!("add it to the name: `--files {path}:linux/amd64`")));
            };
            if files.iter().take(index).any(|other| other.platform.as_ref() == Some(platform)) {
                return Err(Error::usage(format!(
                    "the platform of `{path}` is that of another file as well"
                ))
                .hint("give each file a platform of its own"));
            }
        }
    }
    Ok(files)
}

/// A path, and after its last colon a platform. Where a file has that whole name, that file is meant.
fn file(text: &str) -> UploadFile {
    let whole = || UploadFile { path: PathBuf::from(text), platform: None };
    let Some((path, platform)) = text.rsplit_once(':') else { return whole() };
    let known = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let parts: Vec<_> = platform.split('/').collect();
    if path.is_empty()
        || parts.len() > 3
        || !parts.iter().all(|part| known(part))
        || Path::new(text).is_file()
    {
        return whole();
    }
    let part = |index: usize| parts.get(index).map(|part| (*part).to_owned());
    let platform = UploadPlatform {
        os: part(0).unwrap_or_default(),
        architecture: part(1).unwrap_or_default(),
        variant: part(2),
    };
    UploadFile { path: PathBuf::from(path), platform: Some(platform) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(flags: &[&str]) -> Result<String, String> {
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let shown = |file: UploadFile| {
            let platform = file.platform.map(|p| format!(" {} {} {:?}", p.os, p.architecture, p.variant));
            format!("{}{}", file.path.display(), platform.unwrap_or_default())
        };
        let files = files(&flags).map_err(|error| error.message)?;
        Ok(files.into_iter().map(shown).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn files_and_platforms() {
        for (flags, expected) in [
            (&["a"][..], "a"),
            (&["d/a:linux/arm64"], "d/a linux arm64 None"),
            (&["a:linux"], "a linux  None"),
            (&["a:linux/arm/v7"], "a linux arm Some(\"v7\")"),
            (&["a:b:linux/amd64"], "a:b linux amd64 None"),
            (&["C:\\a"], "C:\\a"),
            (&["a:linux/amd64,b:linux/arm64"], "a linux amd64 None; b linux arm64 None"),
            (&["a:x/y/z/w"], "a:x/y/z/w"),
            (&[":linux"], ":linux"),
        ] {
            assert_eq!(of(flags).as_deref(), Ok(expected), "{flags:?}");
        }
        for (flags, words) in [
            (&[][..], "no file"),
            (&[""], "no file"),
            (&["a", "b"], "`a` has none"),
            (&["a:linux", "b"], "`b` has none"),
            (&["a:linux/amd64", "b:linux/amd64"], "of another file"),
            (&["\"a"], "no list of files"),
        ] {
            assert!(of(flags).unwrap_err().contains(words), "{flags:?}");
        }
    }
}
