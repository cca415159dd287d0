//! Images that requests name: rooms `registry` and `storage` meet the context.

#[cfg(feature = "http")]
use std::sync::{Arc, OnceLock};

use super::{Context, Error, ErrorKind, RegistryRequest};
use crate::crypto::{DecodeKind, Digest};
use crate::registry::{Descriptor, Manifest, MediaTypes, Repository, Target};
#[cfg(feature = "http")]
use crate::storage::images::Remote;
use crate::storage::images::{self, Archive, Home, ImageName, Layout, NameError, Place};

/// Opens the images of one command; they share one client, which is made when the first registry is named.
pub(super) struct Images<'a> {
    request: &'a RegistryRequest,
    context: &'a Context,
    repository: Option<Repository>,
    #[cfg(feature = "http")]
    turns: Option<usize>,
    #[cfg(feature = "http")]
    client: OnceLock<Arc<crate::registry::Client>>,
}

/// An image that was named.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// As the user typed it.
    pub typed: String,
    /// What it means.
    pub name: ImageName,
    /// Where it is, and where what belongs to it is.
    pub home: Home,
    /// What is meant there.
    pub target: Target,
}

impl<'a> Images<'a> {
    /// Those of one command.
    ///
    /// # Errors
    /// `COSIGN_REPOSITORY` names no repository.
    pub fn new(request: &'a RegistryRequest, context: &'a Context) -> Result<Self, Error> {
        Ok(Self {
            request,
            context,
            repository: super::registry::signature_repository(context)?,
            #[cfg(feature = "http")]
            turns: None,
            #[cfg(feature = "http")]
            client: OnceLock::new(),
        })
    }

    /// With so many documents on their way at a time, of all images together.
    pub fn with_turns(self, number: usize) -> Self {
        #[cfg(feature = "http")]
        return Self { turns: Some(number), ..self };
        #[cfg(not(feature = "http"))]
        {
            let _ = number;
            self
        }
    }

    /// The image that `typed` names. Nothing is asked yet; a layout and an archive are opened.
    ///
    /// # Errors
    /// It names none; there is no such layout.
    pub fn open(&self, typed: &str) -> Result<Image, Error> {
        self.open_as(typed, parse(typed)?)
    }

    /// As [`Self::open`], where something is to be written beside the image.
    ///
    /// # Errors
    /// As there; it is in an archive.
    pub fn open_to_write(&self, typed: &str) -> Result<Image, Error> {
        let image = self.open(typed)?;
        image.writable()?;
        Ok(image)
    }

    /// As [`Self::open`], with the name read already.
    ///
    /// # Errors
    /// There is no such layout.
    pub fn open_as(&self, typed: &str, name: ImageName) -> Result<Image, Error> {
        let (place, target) = match &name {
            ImageName::Registry(reference) => {
                (self.remote(reference.repository())?, reference.target().clone())
            }
            ImageName::Layout(path, target) => {
                let layout = Layout::open(path)?;
                let target = target.clone().map_or_else(|| layout.only_image(), Ok)?;
                (Place::Layout(layout), target)
            }
            ImageName::Archive(path, target) => {
                let archive = Archive::open(path)?;
                let target = target.clone().map_or_else(|| archive.only_image(), Ok)?;
                (Place::Archive(archive), target)
            }
        };
        let attachments = match &self.repository {
            Some(repository) => self.remote(repository)?,
            None => place.clone(),
        };
        let tag_prefix = self.request.tag_prefix.clone();
        Ok(Image {
            typed: typed.to_owned(),
            name,
            home: Home { image: place, attachments, tag_prefix },
            target,
        })
    }

    /// The most bytes that are read of a signature, an attestation or an SBOM (`COSIGN_MAX_ATTACHMENT_SIZE`).
    ///
    /// # Errors
    /// Of kind `Usage`: the variable holds no size.
    pub fn attachment_limit(&self) -> Result<u64, Error> {
        super::attachment_size::limit(self.context)
    }

    /// The digest of the image that `typed` names, which `name` is read from. A reference with a digest is its own answer: no
    /// registry is reached, not even by builds that could.
    ///
    /// # Errors
    /// There is no such image; its place is of no use.
    pub async fn digest(&self, name: &ImageName, typed: &str) -> Result<Digest, Error> {
        match name {
            ImageName::Registry(reference) if let Target::Digest(digest) = reference.target() => {
                Ok(digest.clone())
            }
            _ => self.open(typed)?.digest().await,
        }
    }

    /// A repository of a registry.
    ///
    /// # Errors
    /// A file that says how registries are reached cannot be read; this build reaches none.
    #[cfg(feature = "http")]
    pub fn remote(&self, repository: &Repository) -> Result<Place, Error> {
        let client = match self.client.get() {
            Some(client) => client,
            None => {
                let made = super::registry::client(self.request, self.context)?;
                let made = Arc::new(match self.turns {
                    Some(number) => made.with_turns(number),
                    None => made,
                });
                self.client.get_or_init(|| made)
            }
        };
        Ok(Place::Registry(Remote::new(Arc::clone(client), repository.clone())))
    }

    /// A repository of a registry, which this build cannot reach.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "http"))]
    pub fn remote(&self, repository: &Repository) -> Result<Place, Error> {
        let _ = self.context;
        Err(super::registry::not_built(repository.registry().as_str()))
    }
}

/// See [`Image::repository_name`].
pub(super) fn repository_name(name: &ImageName) -> String {
    let path = match name {
        ImageName::Registry(reference) => return reference.repository().to_string(),
        ImageName::Layout(path, _) | ImageName::Archive(path, _) => path,
    };
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let stem = real.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain =
        |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c) { c } else { '-' };
    let plain: String = stem.chars().map(plain).collect();
    let plain = plain.trim_matches(['.', '_', '-']);
    format!("localhost/{}", if plain.is_empty() { "layout" } else { plain })
}

/// What `typed` names.
///
/// # Errors
/// Of kind `Usage`: nothing.
pub(super) fn parse(typed: &str) -> Result<ImageName, Error> {
    ImageName::parse(typed).map_err(|error| {
        let hint = match &error {
            NameError::Reference(_) => "an image is named `HOST/PATH:TAG` or `HOST/PATH@sha256:HEX`",
            _ => "an image outside of a registry is named `oci:DIR:TAG`, or `oci-archive:FILE:TAG`",
        };
        Error::usage(format!("`{typed}` is not a reference to an image")).caused_by(&error).hint(hint)
    })
}

/// As [`Images::media_types`].
pub(super) fn media_types(context: &Context) -> MediaTypes {
    match (context.variables)("COSIGN_DOCKER_MEDIA_TYPES").as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => MediaTypes::Docker,
        _ => MediaTypes::Oci,
    }
}

impl Image {
    /// Its manifest, compared with the digest that was asked for.
    ///
    /// # Errors
    /// There is no such image (kind `NoSuchArtifact`); its place is of no use.
    pub async fn manifest(&self) -> Result<Manifest, Error> {
        self.home.image.manifest(&self.target).await?.ok_or_else(|| self.missing())
    }

    /// Its media type, digest and size.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn descriptor(&self) -> Result<Descriptor, Error> {
        self.home.image.resolve(&self.target).await?.ok_or_else(|| self.missing())
    }

    /// Its digest; where it was named by it, nobody is asked.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn digest(&self) -> Result<Digest, Error> {
        match (&self.target, &self.home.image) {
            (Target::Digest(digest), _) => Ok(digest.clone()),
            #[cfg(feature = "http")]
            (Target::Tag(_), Place::Registry(remote)) => {
                remote.digest(&self.target).await?.ok_or_else(|| self.missing())
            }
            (Target::Tag(_), _) => Ok(self.descriptor().await?.digest),
        }
    }

    /// The name that signed payloads give it: its repository. What is in a layout has none, and is called after the folder
    /// or the file, in the place that Podman gives to what is on this machine: `localhost/NAME`.
    pub fn repository_name(&self) -> String {
        repository_name(&self.name)
    }

    fn missing(&self) -> Error {
        let new = Error::new(ErrorKind::NoSuchArtifact, format!("there is no image `{}`", self.typed));
        match &self.name {
            ImageName::Registry(reference) => new.hint(format!(
                "look at the name and the tag; some registries say the same of private images: `login {}`",
                reference.repository().registry()
            )),
            ImageName::Layout(..) | ImageName::Archive(..) => new,
        }
    }

    /// Whether what belongs to it can be written beside it; asked before a key is opened.
    ///
    /// # Errors
    /// It is in an archive.
    pub fn writable(&self) -> Result<(), Error> {
        match &self.home.attachments {
            Place::Archive(archive) => Err(images::Error::ReadOnly { place: archive.to_string() }.into()),
            _ => Ok(()),
        }
    }
}

impl From<images::Error> for Error {
    fn from(error: images::Error) -> Self {
        use images::Error as E;
        let kind = match &error {
            #[cfg(feature = "http")]
            E::Registry(_) => ErrorKind::Network,
            E::Unlisted(_) => ErrorKind::Network,
            E::NoLayout { .. } | E::NoImage { .. } => ErrorKind::NoSuchArtifact,
            E::Several { .. } => ErrorKind::Usage,
            E::TooDeep { .. } | E::TooLarge { .. } | E::TooMany { .. } | E::Overfull { .. } => {
                ErrorKind::LimitExceeded
            }
            E::Occupied { .. } => ErrorKind::Other,
            E::NotALayout { source, .. } | E::Document { source, .. } if source.kind == DecodeKind::Limit => {
                ErrorKind::LimitExceeded
            }
            _ => ErrorKind::Format,
        };
        match error {
            #[cfg(feature = "http")]
            E::Registry(error) => error.into(),
            E::File(error) => Self::artifact(&error),
            E::Output(error) => Self::output(&error),
            E::Unlisted(ref unlisted) => {
                let mut new = Self::with_sources(kind, &error);
                let written = unlisted.entry.iter().map(|digest| format!("{digest} was written"));
                let tagged =
                    unlisted.document.iter().map(|digest| format!("the tag was last written as {digest}"));
                new.causes.extend(written.chain(tagged));
                new.hint("look with `tree IMAGE`; where it is missing, run this again, with more time (--retry-for)")
            }
            E::Several { ref place, ref names } => {
                let first = names.first().map_or("", String::as_str);
                Self::with_sources(kind, &error)
                    .hint(format!("say which one is meant, for example `{place}{first}`"))
            }
            E::NoLayout { .. } => Self::with_sources(kind, &error).hint(
                "a layout is a folder with the file `index.json`, as `save` writes it; a relative path starts at the \
                 current folder",
            ),
            E::ReadOnly { .. } => Self::with_sources(kind, &error)
                .hint("unpack it into a folder, and name that: `oci:DIR`"),
            error => Self::with_sources(kind, &error),
        }
    }
}
