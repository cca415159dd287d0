//! `pack`: artifacts, their bundles, and what they may be verified with, into one archive. Nothing is verified here: the kit is
//! judged where it is unpacked.

mod pairing;
mod request;

pub use request::{PackRequest, PackedRoot};

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::keys::public_key;
use super::{Context, Error, ErrorKind};
use crate::bundle;
use crate::crypto::{Digests, HashAlgorithm, Hasher};
use crate::storage::kit::{KitArtifact, KitError, Manifest, Piece, Planned, Role, write_kit};
use crate::storage::{Access, PendingFile, open_file, read_file, stream_open};
use crate::trust::{TrustedRoot, embedded_public_root_json};
use pairing::{Pairing, Subject};

/// Where a piece comes from when the archive is written.
enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// What goes into the kit.
#[derive(Default)]
struct Contents {
    pieces: Vec<Piece>,
    sources: Vec<Source>,
}

impl Contents {
    fn add(&mut self, piece: Piece, source: Source) -> usize {
        self.pieces.push(piece);
        self.sources.push(source);
        self.pieces.len() - 1
    }

    fn add_bytes(&mut self, role: Role, name: &str, bytes: Vec<u8>) -> usize {
        let sha256 = HashAlgorithm::Sha256.digest(&bytes);
        let piece = Piece { role, name: name.to_owned(), size: bytes.len() as u64, sha256 };
        self.add(piece, Source::Bytes(bytes))
    }
}

/// Carries it out. Standard output gets nothing.
///
/// # Errors
/// A kit that exists, a file that cannot be read or is not what it should be, an artifact without a bundle, a bundle of no artifact, one that
/// could be of several, a limit, a kit that cannot be written.
pub async fn pack(request: &PackRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let out = PendingFile::create_new(&request.out, Access::Everyone).map_err(|e| Error::output(&e))?;
    let mut contents = Contents::default();
    trusted_root(&request.trusted_root, &mut contents, context)?;
    keys(&request.keys, &mut contents, context).await?;
    let mut pairing = Pairing::default();
    for path in request.all_bundles() {
        add_bundle(path, &mut contents, &mut pairing)?;
    }
    let mut algorithms = pairing.algorithms();
    if request.digests_only {
        // Without the bytes nobody can compute another one later.
        algorithms.extend([HashAlgorithm::Sha384, HashAlgorithm::Sha512]);
    }
    for argument in request.all_artifacts() {
        let subject = artifact(argument, request.digests_only, &algorithms, &mut contents)?;
        pairing.add_artifact(argument.to_owned(), subject);
    }
    for (artifact, bundle) in &request.pairs {
        pairing.pair(artifact, bundle)?;
    }
    let planned = pairing.finish()?;
    let manifest = write(&request.out, out, &contents, &planned)?;
    for (argument, planned) in request.all_artifacts().into_iter().zip(&planned) {
        say_name(argument, planned, &manifest, context);
    }
    say(&request.out, &manifest, context);
    Ok(Vec::new())
}

fn trusted_root(request: &PackedRoot, contents: &mut Contents, context: &mut Context) -> Result<(), Error> {
    let (name, bytes) = match request {
        PackedRoot::None => return Ok(()),
        PackedRoot::BuiltIn => {
            ("trusted_root.json".to_owned(), embedded_public_root_json().as_bytes().to_vec())
        }
        PackedRoot::File(path) => {
            let limit = Role::TrustedRoot.limit();
            (name_of(path), read_file("trusted root", path, limit).map_err(|e| Error::trust_file(&e))?)
        }
    };
    TrustedRoot::from_json(&bytes, &name).map_err(|e| {
        Error::new(ErrorKind::TrustMaterial, format!("trusted root `{name}` cannot be used")).caused_by(&e)
    })?;
    context.narrator.say(&format!("Trusted root {name}: {}", HashAlgorithm::Sha256.digest(&bytes)));
    contents.add_bytes(Role::TrustedRoot, &name, bytes);
    Ok(())
}

/// Keys are written anew, so that nothing else which their files hold goes along.
async fn keys(references: &[String], contents: &mut Contents, context: &mut Context) -> Result<(), Error> {
    for reference in references {
        if reference.contains("://") {
            return Err(Error::usage(format!("`{reference}` is not the name of a file")).hint(
                "write the public key into a file first: `public-key --key KEY --outfile cosign.pub`",
            ));
        }
        let key = public_key(reference, context).await?;
        let name = name_of(Path::new(reference));
        context.narrator.say(&format!("Key {name}: sha256:{}", hex::encode(key.key_id())));
        contents.add_bytes(Role::PublicKey, &name, key.to_pem().into_bytes());
    }
    Ok(())
}

fn add_bundle(path: &Path, contents: &mut Contents, pairing: &mut Pairing) -> Result<(), Error> {
    open_file("bundle", path).map_err(|e| Error::file(&e))?;
    let document = read_file("bundle", path, Role::Bundle.limit()).map_err(|e| Error::file(&e))?;
    let decoded = bundle::decode(&document).map_err(|e| {
        Error::new(ErrorKind::Format, format!("`{}` cannot be used", path.display()))
            .caused_by(&e)
            .hint("a kit takes bundles; `bundle create` makes one of a detached signature")
    })?;
    let sha256 = HashAlgorithm::Sha256.digest(&document);
    let piece = Piece { role: Role::Bundle, name: name_of(path), size: document.len() as u64, sha256 };
    let position = contents.add(piece, Source::File(path.to_owned()));
    pairing.add_bundle(path.to_owned(), position, &decoded.entities);
    Ok(())
}

/// Reads an artifact for its digests. A digest stands for itself where there is no such file.
fn artifact(
    argument: &OsStr,
    digests_only: bool,
    algorithms: &[HashAlgorithm],
    contents: &mut Contents,
) -> Result<Subject, Error> {
    if argument == "-" {
        return Err(Error::usage("standard input cannot be packed, because artifacts are read twice")
            .hint("write it into a file first"));
    }
    let path = Path::new(argument);
    let opened = open_file("artifact", path);
    if let (Err(crate::storage::Error::Missing { .. }), Some(text)) = (&opened, argument.to_str())
        && let Ok(digest) = crate::crypto::Digest::parse(&text.to_ascii_lowercase())
    {
        return Ok(Subject { name: digest.to_string(), digests: digest.into(), file: None });
    }
    let (file, _) = opened.map_err(|e| Error::artifact(&e))?;
    let (size, digests) = digests_of(file, path, algorithms)?;
    let name = name_of(path);
    let file = match digests.get(HashAlgorithm::Sha256) {
        Some(sha256) if !digests_only => {
            let piece = Piece { role: Role::Artifact, name: name.clone(), size, sha256: sha256.clone() };
            Some(contents.add(piece, Source::File(path.to_owned())))
        }
        _ => None,
    };
    Ok(Subject { name, digests, file })
}

/// Size and digests of a file, by SHA-256 and by `more`.
fn digests_of(mut file: File, path: &Path, more: &[HashAlgorithm]) -> Result<(u64, Digests), Error> {
    let mut hasher = Hasher::new([HashAlgorithm::Sha256].into_iter().chain(more.iter().copied()));
    let mut size = 0;
    stream_open(&mut file, path, |piece| {
        size += piece.len() as u64;
        hasher.update(piece);
    })
    .map_err(|e| Error::artifact(&e))?;
    Ok((size, hasher.finish()))
}

fn write(path: &Path, out: PendingFile, contents: &Contents, planned: &[Planned]) -> Result<Manifest, Error> {
    let (manifest, sources) = Manifest::new(&contents.pieces, planned).map_err(|e| {
        Error::new(ErrorKind::Format, format!("`{}` cannot be written", path.display())).caused_by(&e)
    })?;
    let mut out = out.into_stream().map_err(|e| Error::output(&e))?;
    let mut sources = sources.into_iter().filter_map(|source| contents.sources.get(source));
    write_kit(&mut out, path, &manifest, |member| {
        let (file, name): (Box<dyn Read>, _) = match sources.next() {
            Some(Source::File(path)) => (Box::new(open_file("file", path)?.0), path.clone()),
            Some(Source::Bytes(bytes)) => (Box::new(Cursor::new(bytes.clone())), member.path.clone().into()),
            // One source for each member; nothing would have the digest of another one.
            None => (Box::new(std::io::empty()), member.path.clone().into()),
        };
        Ok((file, name))
    })
    .map_err(|e| match &e {
        KitError::Changed(_) => {
            Error::with_sources(ErrorKind::Format, &e).hint("run it again when nobody writes there")
        }
        KitError::Content(e) => Error::new(ErrorKind::Format, "the kit cannot be written").caused_by(e),
        e => Error::with_sources(ErrorKind::Format, e),
    })?;
    out.commit().map_err(|e| Error::output(&e))?;
    Ok(manifest)
}

/// Says what an artifact is called in the kit, where that is another name, or not its alone.
fn say_name(argument: &OsStr, planned: &Planned, manifest: &Manifest, context: &mut Context) {
    let is = |artifact: &&KitArtifact| {
        artifact.name == planned.name
            && artifact.file.is_some() == planned.file.is_some()
            && artifact.digests.len() == planned.digests.iter().count()
            && planned.digests.iter().all(|digest| artifact.digests.contains(digest))
    };
    let Some(artifact) = manifest.artifacts().iter().find(is) else { return };
    let shown = argument.to_string_lossy();
    let alone = manifest.artifacts().iter().filter(|other| other.name == planned.name).count() == 1;
    match &artifact.file {
        Some(path) if !alone || !path.ends_with(&format!("/{}", planned.name)) => {
            context.narrator.say(&format!("{shown} is {path} in the kit"));
        }
        None if !alone => {
            let name = manifest.file_name(artifact);
            context
                .narrator
                .say(&format!("{shown} has to be called {name} for `rcosign unpack --artifacts`"));
        }
        Some(_) | None => {}
    }
}

fn say(path: &Path, manifest: &Manifest, context: &mut Context) {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let left_out = manifest.artifacts().iter().filter(|artifact| artifact.file.is_none()).count();
    let mut line = format!(
        "Packed {} with {}",
        counted(manifest.artifacts().len(), "artifact"),
        counted(manifest.of(Role::Bundle).count(), "bundle")
    );
    for (role, what) in [(Role::PublicKey, "public key"), (Role::TrustedRoot, "trusted root")] {
        match manifest.of(role).count() {
            0 => {}
            count => line.push_str(&format!(", {}", counted(count, what))),
        }
    }
    line.push_str(&format!(" into {}", path.display()));
    if left_out > 0 {
        line.push_str(&format!("; {} by digest alone", counted(left_out, "artifact")));
    }
    context.narrator.say(&line);
    let sha256 = HashAlgorithm::Sha256.digest(manifest.to_json().as_bytes());
    context.narrator.say(&format!("Manifest: {sha256}"));
}

/// The last part of a path, as text.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
