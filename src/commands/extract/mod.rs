//! Images that files name: Dockerfiles, Kubernetes manifests and Compose files.

mod compose;
mod dockerfile;
mod kubernetes;
mod rendering;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::report::NamedAt;
use super::{Context, Error, ErrorKind};
use crate::cloud::yaml;
use crate::crypto::{DecodeError, DecodeKind};
use crate::storage::images::ImageName;
use crate::storage::read_file;
use kubernetes::{Fields, Missed, Syntax};

/// Part of a request.
pub use kubernetes::FieldPath;

/// More is no Dockerfile that anybody wrote.
const MAX_DOCKERFILE: u64 = 1 << 20;
/// The largest manifests are those of custom resources, which have some megabytes.
const MAX_MANIFEST: u64 = 16 << 20;

/// A file that names images. `-` is standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageFile {
    /// A Dockerfile.
    Dockerfile {
        /// Its path.
        path: PathBuf,
        /// Only the image that its last stage is built on is looked for.
        base_image_only: bool,
        /// Values of ARG (`--build-arg`).
        arguments: BTreeMap<String, String>,
    },
    /// A Kubernetes manifest.
    Kubernetes {
        /// Its path.
        path: PathBuf,
        /// Places of images beside those that are known.
        fields: Vec<FieldPath>,
        /// Places of what looks like an image and is none.
        ignored: Vec<FieldPath>,
    },
    /// Compose files, a later one over an earlier one.
    Compose {
        /// Their paths, at least one.
        paths: Vec<PathBuf>,
        /// Files of variables, in place of `.env` beside the first one.
        env_files: Vec<PathBuf>,
    },
}

impl ImageFile {
    /// Its path; of several, the first.
    pub fn path(&self) -> &Path {
        self.paths().first().map_or(Path::new("-"), |path| path.as_path())
    }

    /// The paths of all files that name images.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            Self::Dockerfile { path, .. } | Self::Kubernetes { path, .. } => std::slice::from_ref(path),
            Self::Compose { paths, .. } => paths,
        }
    }

    /// The images that it names, in order, each as it names it, and, but in Compose files, as often; they are said. All are
    /// images in registries: what `oci:` means here it does not mean there.
    ///
    /// # Errors
    /// It cannot be read, is not what it should be, or names none.
    pub(super) fn images(&self, context: &mut Context) -> Result<Vec<Named>, Error> {
        let images = match self {
            Self::Dockerfile { path, base_image_only, arguments } => {
                of_dockerfile(path, *base_image_only, arguments, context)?
            }
            Self::Kubernetes { path, fields, ignored } => {
                of_manifest(path, Fields { images: fields, ignored }, context)?
            }
            Self::Compose { paths, env_files } => of_compose(paths, env_files, context)?,
        };
        let names: Vec<&str> = images.iter().map(|image| image.name.as_str()).collect();
        context.narrator.say(&format!("Extracted image(s): {}", names.join(", ")));
        images.into_iter().map(|image| Ok(Named { name: in_registry(image.name)?, ..image })).collect()
    }
}

/// What a file names, and where it does so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The name.
    pub name: String,
    /// Where it stands; what was named on the command line stands nowhere.
    pub at: Option<NamedAt>,
}

impl Named {
    /// In this line of a file.
    pub fn at(name: String, file: &Path, line: Option<usize>) -> Self {
        let file = file.to_string_lossy();
        Self { name, at: line.map(|line| NamedAt { file: file.into_owned(), line }) }
    }

    /// What is wrong with the name, with where it stands: `images.txt:12: ...`.
    pub fn located(&self, error: Error) -> Error {
        match &self.at {
            Some(NamedAt { file, line }) => {
                Error { message: format!("{file}:{line}: {}", error.message), ..error }
            }
            None => error,
        }
    }
}

/// The name of an image in a registry: `oci:latest` is the folder `latest` on a command line, and in a file that is read by
/// a builder or by Kubernetes it is an image of Docker Hub.
///
/// # Errors
/// For them it is in a registry on their own machine, and for cosign it is on Docker Hub: `localhost/app`.
fn in_registry(name: String) -> Result<String, Error> {
    if name.starts_with("localhost/") {
        let message = format!("`{name}` is not the same image for everybody");
        return Err(Error::new(ErrorKind::Format, message)
            .cause("builders and Kubernetes take `localhost` for a registry, others for a part of a name on Docker Hub")
            .hint("write the port, as in `localhost:5000/app`, or `docker.io/localhost/app`"));
    }
    Ok(match ImageName::parse(&name) {
        Ok(ImageName::Layout(..) | ImageName::Archive(..)) => format!("index.docker.io/library/{name}"),
        // Whatever else it is, those who open it say so.
        Ok(ImageName::Registry(_)) => name,
        Err(_) => match name.split_once(':') {
            Some(("oci" | "oci-archive" | "docker-archive", _)) => format!("index.docker.io/library/{name}"),
            _ => name,
        },
    })
}

fn of_dockerfile(
    path: &Path,
    base_image_only: bool,
    arguments: &BTreeMap<String, String>,
    context: &mut Context,
) -> Result<Vec<Named>, Error> {
    let bytes = read_file("Dockerfile", path, MAX_DOCKERFILE).map_err(|error| Error::file(&error))?;
    let found = {
        let environment = |name: &str| (context.variables)(name)?.into_string().ok();
        let values =
            dockerfile::Values { arguments, environment: &environment, architecture: architecture() };
        dockerfile::images(&bytes, &values).map_err(|dockerfile::Unreadable { error, hint }| {
            hint.into_iter().fold(unusable("Dockerfile", path, error), Error::hint)
        })?
    };
    for _ in 0..found.scratch {
        context.narrator.say("- scratch image ignored");
    }
    for name in &found.undeclared {
        context.narrator.warn(&format!("no ARG in the Dockerfile declares `{name}` (--build-arg)"));
    }
    for name in &found.outside {
        context.narrator.warn(&format!(
            "the value of `{name}` is that of the environment here; a build has it only if it is told (--build-arg)"
        ));
    }
    for (name, value) in &found.platform {
        context.narrator.warn(&format!(
            "`{name}` is `{value}` here; a build for another platform takes another image, which is not verified"
        ));
    }
    if let Some(frontend) = &found.frontend {
        let line =
            format!("builds let the image {frontend} read this Dockerfile (# syntax=); it is not verified");
        context.narrator.warn(&line);
    }
    let is_base = |image: &String| Some(image) == found.base.as_ref();
    let mut images: Vec<Named> = (found.all.iter().zip(&found.lines))
        .filter(|(image, _)| !base_image_only || is_base(image))
        .map(|(image, line)| Named::at(image.clone(), path, Some(*line)))
        .collect();
    images.truncate(if base_image_only { 1 } else { usize::MAX });
    if images.is_empty() {
        let new = Error::new(ErrorKind::Other, "no images found in Dockerfile");
        return Err(if base_image_only && found.scratch > 0 {
            new.cause("its last stage is built on scratch")
                .hint("leave --base-image-only out to verify what is copied")
        } else {
            new
        });
    }
    Ok(images)
}

/// The architecture that a builder on this machine builds for, by Go's name, and its variant.
fn architecture() -> (&'static str, &'static str) {
    match std::env::consts::ARCH {
        "x86_64" => ("amd64", ""),
        "x86" => ("386", ""),
        "aarch64" => ("arm64", ""),
        "arm" => ("arm", "v7"),
        "powerpc64" => ("ppc64le", ""),
        other => (other, ""),
    }
}

fn of_manifest(path: &Path, fields: Fields<'_>, context: &mut Context) -> Result<Vec<Named>, Error> {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let syntax = match extension.as_deref() {
        Some("json") => Some(Syntax::Json),
        Some("yaml" | "yml") => Some(Syntax::Yaml),
        _ if path.as_os_str() == "-" => None,
        _ => {
            return Err(Error::usage(format!(
                "`{}` ends neither in .yaml nor in .yml nor in .json",
                path.display()
            ))
            .hint("a manifest with another name is read from standard input: `manifest verify - <FILE`"));
        }
    };
    let bytes = read_file("manifest", path, MAX_MANIFEST).map_err(|error| Error::file(&error))?;
    rendering::succeeded(path, &bytes)?;
    let found = match syntax {
        Some(syntax) => kubernetes::images(&bytes, syntax, fields),
        // JSON may be indented by tabs, which YAML does not take everywhere; what is no JSON may still be YAML.
        None if bytes.trim_ascii_start().starts_with(b"{") => {
            kubernetes::images(&bytes, Syntax::Json, fields)
                .or_else(|_| kubernetes::images(&bytes, Syntax::Yaml, fields))
        }
        None => kubernetes::images(&bytes, Syntax::Yaml, fields),
    };
    let found = found.map_err(|error| match rendering::template_at(&bytes, &error) {
        Some((line, template)) => rendering::unrendered(path, Some(line), template),
        None => unusable("Kubernetes manifest", path, error),
    })?;
    if let Some(idle) = found.idle.first() {
        return Err(Error::usage(format!("there is no image at `{idle}` in any document (--path)"))
            .hint("a path is written as in `spec.template.containers[*].image`"));
    }
    if !found.missed.is_empty() {
        return Err(missed(path, &found.missed));
    }
    if found.all.is_empty() {
        let new = Error::new(ErrorKind::Other, "no images found in manifest");
        let shown = shown(path);
        return Err(match found.unknown.iter().all(String::is_empty) {
            _ if bytes.trim_ascii().is_empty() => new.cause(format!("{shown} is empty")),
            true if !found.unknown.is_empty() => new
                .cause(format!("no document of {shown} has a `kind`, as those of Kubernetes have"))
                .hint("name places of images in other documents: `--path spec.image`"),
            _ if found.unknown.is_empty() => new,
            _ => new.cause(unknown(&found.unknown)),
        });
    }
    if !found.unknown.is_empty() {
        context.narrator.warn(&unknown(&found.unknown));
    }
    let mut lines = lines(&bytes);
    let named = found.all.into_iter().zip(found.members).map(|(image, member)| {
        let line = lines.take(&member, &image);
        match rendering::is_template(&image) {
            true => Err(rendering::unrendered(path, line, &image)),
            false => Ok(Named::at(image, path, line)),
        }
    });
    named.collect()
}

/// The lines of texts in a file.
fn lines(bytes: &[u8]) -> yaml::Lines {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    yaml::Lines::of(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The images of Compose files.
fn of_compose(paths: &[PathBuf], env_files: &[PathBuf], context: &mut Context) -> Result<Vec<Named>, Error> {
    let read =
        |path: &PathBuf| read_file("Compose file", path, MAX_MANIFEST).map_err(|error| Error::file(&error));
    let files = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let variables = compose_variables(paths, env_files, context)?;
    let found = |name: &str| match (context.variables)(name) {
        Some(value) => Ok(Some(value.to_string_lossy().into_owned())),
        None => variables
            .iter()
            .rev()
            .map(|file| file.get(name))
            .find(|found| !matches!(found, Ok(None)))
            .unwrap_or(Ok(None)),
    };
    let values = |name: &str| match found(name)? {
        // Compose sets it by itself, so that a default would be another image than the one that runs.
        None if name == compose::PROJECT => {
            Err(format!("the variable `{name}` has no value, and Compose gives it one"))
        }
        Some(empty) if name == compose::PROJECT && empty.is_empty() => {
            Err(format!("the variable `{name}` is empty, and Compose gives it a value"))
        }
        found => Ok(found),
    };
    let found = compose::images(&files, &values).map_err(|(index, error)| {
        let of_variable = error.reason.contains("variable");
        let of_cluster = error.reason == compose::KUBERNETES;
        let path = paths.get(index).map_or(Path::new("-"), PathBuf::as_path);
        let new = unusable("Compose file", path, error);
        match path.display() {
            _ if of_variable => new.hint("set it, or name a file that has it: `--env-file FILE`"),
            path if of_cluster => new.hint(format!("its images are verified by `manifest verify {path}`")),
            _ => new,
        }
    })?;
    for service in &found.built {
        context.narrator.warn(&format!(
            "the service `{service}` is built: it has no image to verify; see `dockerfile verify`"
        ));
    }
    for other in &found.others {
        context.narrator.warn(&format!("{other} is not verified"));
    }
    if found.all.is_empty() {
        return Err(Error::new(ErrorKind::Other, "no images found in Compose files"));
    }
    let (mut seen, mut lines) = (BTreeSet::new(), files.iter().map(|bytes| lines(bytes)).collect::<Vec<_>>());
    let mut named = Vec::new();
    for one in found.all.into_iter().filter(|one| seen.insert(one.image.clone())) {
        let line = lines.get_mut(one.file).and_then(|lines| lines.take(one.member, &one.text));
        let path = paths.get(one.file).map_or(Path::new("-"), PathBuf::as_path);
        named.push(Named::at(one.image, path, line));
    }
    Ok(named)
}

/// The files of variables: those that are named, else the one that Compose reads beside the first file.
fn compose_variables(
    paths: &[PathBuf],
    env_files: &[PathBuf],
    context: &mut Context,
) -> Result<Vec<compose::EnvFile>, Error> {
    let beside = match paths.iter().find(|path| path.as_os_str() != "-") {
        Some(path) => path.with_file_name(".env"),
        None => PathBuf::from(".env"),
    };
    let is_set = |name: &&&str| (context.variables)(name).is_some_and(|value| !value.is_empty());
    if env_files.is_empty()
        && let Some(name) = ["COMPOSE_DISABLE_ENV_FILE", "COMPOSE_ENV_FILES"].iter().find(is_set)
    {
        return Err(Error::usage(format!("{name} is set, by which Compose reads other files of variables"))
            .hint("name them with --env-file, or /dev/null for none"));
    }
    let files = if env_files.is_empty() && beside.is_file() {
        context
            .narrator
            .say(&format!("Variables are read from {}, as Compose does (--env-file)", beside.display()));
        vec![beside]
    } else {
        env_files.to_vec()
    };
    let read = |path: &PathBuf| {
        let bytes =
            read_file("file of variables", path, MAX_DOCKERFILE).map_err(|error| Error::file(&error))?;
        let failed = |cause: String| {
            let message = format!("the file of variables `{}` cannot be read", path.display());
            Error::new(ErrorKind::Format, message).cause(cause)
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| failed(error.to_string()))?;
        compose::EnvFile::parse(text).map_err(failed)
    };
    files.iter().map(read).collect()
}

/// What a cluster runs and nobody judged must not stand behind a success.
fn missed(file: &Path, all: &[Missed]) -> Error {
    const SHOWN: usize = 5;
    let places: BTreeSet<_> = all.iter().map(|missed| (missed.kind.as_str(), missed.path.as_str())).collect();
    let new = Error::usage("the manifest has images at places that are not known");
    let new = places.iter().take(SHOWN).fold(new, |new, (kind, path)| {
        new.cause(match *kind {
            "" => format!("in a document without a kind: {path}"),
            kind => format!("in `{kind}`: {path}"),
        })
    });
    let new = match places.len().saturating_sub(SHOWN) {
        0 => new,
        more => new.cause(format!("and {more} more")),
    };
    let of_compose = |(kind, path): &(&str, &str)| kind.is_empty() && path.starts_with("services.");
    if places.iter().all(of_compose) {
        return new.hint(format!(
            "this looks like a Compose file: its images are verified by `compose verify {}`",
            file.display()
        ));
    }
    let path = places.first().map_or("", |(_, path)| path);
    new.hint(format!("have them verified: `--path \"{path}\"`"))
        .hint("of what is no image, or is judged elsewhere, say so: `--ignore-path PATH`")
}

fn unknown(kinds: &BTreeSet<String>) -> String {
    const SHOWN: usize = 20;
    let named = || kinds.iter().filter(|kind| !kind.is_empty());
    let mut names = named().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if named().count() > SHOWN {
        names.push_str(", ...");
    }
    let of = match (names.is_empty(), kinds.contains("")) {
        (true, _) => "without a `kind`".to_owned(),
        (false, true) => format!("of these kinds ({names}) and without a `kind`"),
        (false, false) => format!("of these kinds ({names})"),
    };
    format!(
        "images in documents {of} are only found where they look like pods: name other places with --path"
    )
}

/// A file, or standard input, in words.
fn shown(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => format!("`{}`", path.display()),
    }
}

fn unusable(what: &str, path: &Path, error: DecodeError) -> Error {
    let kind = match error.kind {
        DecodeKind::Limit => ErrorKind::LimitExceeded,
        _ => ErrorKind::Format,
    };
    let at = if error.at.is_empty() { String::new() } else { format!("{}: ", error.at) };
    Error::new(kind, format!("{what} `{}` cannot be read", path.display()))
        .cause(format!("{at}{}", error.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_mean_images_in_registries() {
        for (name, expected) in [
            ("alpine", "alpine"),
            ("r.example/oci:1", "r.example/oci:1"),
            ("oci:latest", "index.docker.io/library/oci:latest"),
            ("oci-archive:1", "index.docker.io/library/oci-archive:1"),
            ("docker-archive:1", "index.docker.io/library/docker-archive:1"),
            ("oci:", "index.docker.io/library/oci:"),
            ("NO", "NO"),
        ] {
            assert_eq!(in_registry(name.to_owned()).unwrap(), expected);
        }
        // Who pulls takes it from this machine, who verifies would ask Docker Hub.
        for name in ["localhost/app", "localhost/a/b:1@sha256:0"] {
            assert!(in_registry(name.to_owned()).is_err(), "{name}");
        }
        for name in ["localhost:5000/app", "docker.io/localhost/app", "localhost", "localhost.example/app"] {
            assert_eq!(in_registry(name.to_owned()).unwrap(), name);
        }
    }
}
