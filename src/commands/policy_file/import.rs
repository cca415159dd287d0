//! `policy import`.

use std::path::{Path, PathBuf};

use super::{MAX_FILE, WHAT, value};
use crate::cloud::yaml;
use crate::commands::{Context, Error, ErrorKind, Files};
use crate::crypto::{DecodeError, PublicKey, text};
use crate::policy::import::{Imported, Source, Unusable, import};
use crate::policy::scoped::{Document, Fault, SignerSource};
use crate::policy::{Policy, PolicyFile};
use crate::storage::{Access, read_file, write_file};

/// The largest file, in bytes, that is compared with what would replace it.
const MAX_REPLACED: u64 = 1 << 26;

/// What `policy import` is asked for.
#[derive(Debug)]
pub struct PolicyImportRequest {
    /// The policies of other programs.
    pub files: Vec<PathBuf>,
    /// Where ours will be: what it names is written beside it.
    pub output: Option<PathBuf>,
}

impl PolicyImportRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let named = self.files.iter().filter(|file| file.as_os_str() != "-");
        named.fold(Files::default(), |files, file| files.and_read("policy", Some(file)))
    }
}

/// Our policy file, and what is not as it was.
#[derive(Debug)]
pub struct PolicyImported {
    /// The file's text, which is the caller's to write.
    pub text: String,
    /// The files beside it that were written.
    pub written: Vec<PathBuf>,
    /// What was left out or changed, a line each.
    pub notes: Vec<String>,
}

/// Reads policies of other programs, and writes the files that ours will name.
///
/// # Errors
/// A file that is none; there is no place for files that ours would name; beside what was imported: something was left out.
pub fn policy_import(
    request: &PolicyImportRequest,
    context: &mut Context,
) -> Result<(PolicyImported, Result<(), Error>), Error> {
    let mut sources = Vec::new();
    for file in &request.files {
        sources.extend(read(file)?);
    }
    let stem = request.output.as_deref().and_then(Path::file_stem).and_then(|stem| stem.to_str());
    let now = context.now;
    let check =
        |files: Vec<PolicyFile>| Policy::load(files, Vec::new(), now, true).err().map(|e| e.to_string());
    let mut imported =
        import(&sources, stem.unwrap_or("policy"), &check).map_err(|unusable| unread(&unusable))?;
    let document = reads(&imported)?;
    let first = sources.first().map(|source| source.file.as_str()).unwrap_or_default();
    keys(&document, first, &mut imported);
    let written = beside(&imported, request.output.as_deref())?;
    let refusals = imported.notes.iter().filter(|note| note.is_refusal()).count();
    let result = match refusals {
        0 => Ok(()),
        count => {
            let parts = if count == 1 { "one part is".to_owned() } else { format!("{count} parts are") };
            let message = format!(
                "{parts} left out, or asked more strictly: what was written refuses something that the source accepts"
            );
            Err(Error::new(ErrorKind::Other, message))
        }
    };
    let notes = imported.notes.iter().map(ToString::to_string).collect();
    Ok((PolicyImported { text: imported.text, written, notes }, result))
}

/// The documents of a file.
fn read(file: &Path) -> Result<Vec<Source>, Error> {
    let shown = file.display().to_string();
    let bytes = read_file("policy", file, MAX_FILE).map_err(|e| Error::file(&e))?;
    let unusable = |error: &DecodeError| {
        Error::new(ErrorKind::Format, format!("`{shown}` cannot be imported")).caused_by(error)
    };
    let text =
        text::utf_8(&bytes).map_err(|why| unusable(&DecodeError::whole("policy", format!("it {why}"))))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = yaml::Documents::new("policy", text).typed();
    let mut sources = Vec::new();
    while let Some(value) = documents.next().map_err(|e| unusable(&e))? {
        // Nothing between two lines of hyphens.
        if !value.is_null() {
            sources.push(Source { file: shown.clone(), number: None, value });
        }
    }
    if sources.is_empty() {
        return Err(Error::new(
            ErrorKind::Format,
            format!("`{shown}` cannot be imported: there is no policy in it"),
        )
        .hint("name a file with a ClusterImagePolicy (YAML), or a `policy.json` of containers"));
    }
    let count = sources.len();
    for (number, source) in sources.iter_mut().enumerate().filter(|_| count > 1) {
        source.number = Some(number + 1);
    }
    Ok(sources)
}

fn unread(unusable: &Unusable) -> Error {
    let Unusable { file, fault } = unusable;
    let place = fault.path.to_string();
    let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
    let error = Error::new(ErrorKind::Format, format!("`{file}` cannot be imported"));
    let error = error.cause(format!("{place}{}", fault.reason));
    fault.hint.iter().fold(error, |error, hint| error.hint(hint.clone()))
}

/// What is written is read by this program before anybody else sees it.
fn reads(imported: &Imported) -> Result<Document, Error> {
    let failed = |reason: String| {
        Error::new(ErrorKind::Other, "the policy cannot be written as a policy file").cause(reason)
    };
    let value = value(&imported.text).map_err(|e| failed(e.to_string()))?;
    let told = |fault: &Fault| format!("{}: {}", fault.path, fault.reason);
    Document::read(&value).map_err(|faults| failed(faults.iter().map(told).collect::<Vec<_>>().join("; ")))
}

/// Says which keys that the source names by their paths are none on this machine: until they are, nothing is accepted by them.
fn keys(document: &Document, file: &str, imported: &mut Imported) {
    for signer in &document.signers {
        let SignerSource::Key(reference) = &signer.source else { continue };
        // Those without a folder are about to be written.
        if !reference.starts_with('/') {
            continue;
        }
        let reason = match read_file("public key", Path::new(reference), MAX_FILE) {
            Ok(bytes) => PublicKey::from_pem(&bytes).err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = reason {
            imported.unread_key(file, reference, &reason);
        }
    }
}

/// Refuses to replace a file that says something else: somebody may have written it, or verify by it.
fn unreplaced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if !path.is_file() || read_file("file", path, MAX_REPLACED).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Other,
        format!("`{}` exists, says something else and is not replaced", path.display()),
    )
    .hint("name another file with --output-file, or move this one away"))
}

/// Writes what the policy file names.
fn beside(imported: &Imported, output: Option<&Path>) -> Result<Vec<PathBuf>, Error> {
    let Some(output) = output else {
        return match imported.files.first() {
            None => Ok(Vec::new()),
            Some(file) => {
                let message = format!("the {WHAT} names files beside it, such as `{}`", file.name);
                Err(Error::usage(message).hint("say where it will be, with --output-file FILE"))
            }
        };
    };
    if !imported.files.is_empty() && output.metadata().is_ok_and(|found| !found.is_file()) {
        let message = format!("the {WHAT} names files beside it, and `{}` is no file", output.display());
        return Err(Error::usage(message).hint("say where it will be, with --output-file FILE"));
    }
    let folder = output.parent().unwrap_or(Path::new(""));
    unreplaced(output, imported.text.as_bytes())?;
    for file in &imported.files {
        unreplaced(&folder.join(&file.name), &file.bytes)?;
    }
    let mut written = Vec::new();
    for file in &imported.files {
        let path = folder.join(&file.name);
        write_file(&path, &file.bytes, Access::Everyone).map_err(|e| Error::output(&e))?;
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
