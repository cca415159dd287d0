//! `unpack`: a kit into a folder, after everything in it agreed with its manifest and, with `--verify`, after every artifact was
//! verified.

mod report;
mod request;
mod verify;

pub use report::{KIT_REPORT_SCHEMA, KitArtifactReport, KitReport};
pub use request::{KitSigner, KitVerification, UnpackRequest};

use std::path::Path;

use super::{Context, Error, ErrorKind, inputs};
use crate::crypto::DecodeKind;
use crate::storage::kit::{
    FolderError, Foreign, KeptFolder, KitError, Unpacked, WorkFolder, open_kit, read_kit,
};

/// A kit that is unpacked, and that nobody sees until [`keep`](Self::keep). Dropping it leaves nothing.
#[derive(Debug)]
pub struct UnpackedKit {
    folder: WorkFolder,
    /// How many files there are beside the manifest.
    pub members: usize,
}

impl UnpackedKit {
    /// Gives the folder its name, if it is to have one. The report learns of it when that fails: what it calls verified is
    /// there.
    ///
    /// # Errors
    /// The place was taken meanwhile.
    pub fn keep(self, report: &mut KitReport) -> Result<KeptFolder, Error> {
        self.folder.keep().map_err(|e| {
            let error = no_folder(&e);
            report.fail(&error);
            error
        })
    }
}

/// Carries it out. The report is complete whether or not the run succeeded; success needs a verified signature of every
/// artifact, if verification was asked for.
pub async fn unpack(
    request: &UnpackRequest,
    context: &mut Context,
) -> (KitReport, Result<UnpackedKit, Error>) {
    let mut report = KitReport::new(context.now);
    let result = run(request, context, &mut report).await;
    if let Err(error) = &result {
        report.fail(error);
    }
    (report, result)
}

async fn run(
    request: &UnpackRequest,
    context: &mut Context,
    report: &mut KitReport,
) -> Result<UnpackedKit, Error> {
    let trust = request.verify.iter().flat_map(|verify| verify.trust_files());
    let trust = trust.filter_map(|(_, path)| path.map(Path::as_os_str));
    inputs::one_standard_input(std::iter::once(request.kit.as_os_str()).chain(trust))?;
    let folder = match &request.dir {
        Some(dir) => WorkFolder::beside(dir),
        None => WorkFolder::temporary(),
    };
    let folder = folder.map_err(|e| no_folder(&e))?;
    // A slip in a name must not come to light after the whole kit was read.
    let prepared = match &request.verify {
        Some(asked) => Some((asked, verify::prepare(asked, context).await?)),
        None => None,
    };
    let mut source = open_kit(&request.kit).map_err(|e| Error::file(&e))?;
    let unpacked = read_kit(&mut *source, folder.path()).map_err(|e| unusable(request, &e))?;
    report.of(&unpacked);
    context.narrator.say(&format!("Manifest: {}", unpacked.sha256));
    if let Some((asked, prepared)) = prepared {
        verify::verify(asked, prepared, &unpacked, folder.path(), context, report).await?;
        report.verified = true;
    }
    let Unpacked { manifest, .. } = unpacked;
    Ok(UnpackedKit { folder, members: manifest.members().len() })
}

fn no_folder(error: &FolderError) -> Error {
    let new = Error::with_sources(ErrorKind::Format, error);
    match error {
        FolderError::Taken(_) | FolderError::NoName(_) => new.hint("--dir takes the name of a new folder"),
        FolderError::NoParent(_) | FolderError::Make { .. } | FolderError::Temporary { .. } => new,
    }
}

fn unusable(request: &UnpackRequest, error: &KitError) -> Error {
    let name = request.kit.to_string_lossy();
    let new = |e| Error::new(ErrorKind::Format, format!("`{name}` cannot be unpacked")).caused_by(e);
    match error {
        KitError::Content(e) if e.kind == DecodeKind::Limit => new(e).hint("nothing was unpacked"),
        KitError::Content(e) => {
            new(e).hint("nothing was unpacked; get the kit anew, from where it was packed")
        }
        KitError::NotAKit(e, kind) => new(e).hint(match kind {
            Foreign::Compressed => "decompress it first, and give `unpack` what comes out",
            Foreign::Json => {
                "a bundle is verified with `verify-blob`; only archives made by `pack` are unpacked"
            }
            Foreign::Pem => "a key is named with --key; only archives made by `pack` are unpacked",
            Foreign::Other => "only archives made by `pack` are unpacked",
        }),
        error => Error::with_sources(ErrorKind::Format, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::UnixTime;

    /// Whoever takes the place meanwhile gets no report that calls what lies there verified.
    #[test]
    fn a_kit_that_does_not_land_is_not_verified() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("out");
        let kit = UnpackedKit { folder: WorkFolder::beside(&target).unwrap(), members: 0 };
        let mut report = KitReport::new(UnixTime::from_seconds(0));
        report.verified = true;
        std::fs::create_dir(&target).unwrap();
        std::fs::write(target.join("another"), "x").unwrap();
        assert_eq!(kit.keep(&mut report).unwrap_err().kind, ErrorKind::Format);
        assert!(!report.verified && report.error.is_some());
    }
}
