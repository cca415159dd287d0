//! Which bundle belongs to which artifact. What a bundle says decides where it says anything; where it does not, the user
//! has to, unless there is one artifact alone. Nothing is proven by this: verification looks again.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::bundle::{Content, SignedEntity};
use crate::commands::{Error, ErrorKind};
use crate::crypto::{Digest, Digests, HashAlgorithm};
use crate::payload::Statement;
use crate::storage::kit::Planned;
use crate::tlog::{Spec, body};

/// Digests that are shown of a bundle that fits nothing.
const SHOWN: usize = 3;

/// An artifact.
pub(super) struct Subject {
    pub name: String,
    pub digests: Digests,
    /// The position of its piece.
    pub file: Option<usize>,
}

struct Artifact {
    argument: OsString,
    subject: Subject,
    bundles: BTreeSet<usize>,
}

struct Bundle {
    path: PathBuf,
    /// The position of its piece.
    position: usize,
    /// The digests of what it is about; empty where it says nothing of that.
    about: BTreeSet<Digest>,
    paired: bool,
}

impl Bundle {
    fn is_about(&self, digests: &Digests) -> bool {
        digests.iter().any(|digest| self.about.contains(digest))
    }
}

/// Artifacts and bundles that are being paired.
#[derive(Default)]
pub(super) struct Pairing {
    artifacts: Vec<Artifact>,
    bundles: Vec<Bundle>,
}

impl Pairing {
    pub fn add_bundle(&mut self, path: PathBuf, position: usize, entities: &[SignedEntity]) {
        let about = entities.iter().flat_map(about).collect();
        self.bundles.push(Bundle { path, position, about, paired: false });
    }

    /// The algorithms of the digests that bundles name.
    pub fn algorithms(&self) -> Vec<HashAlgorithm> {
        let all: BTreeSet<_> =
            self.bundles.iter().flat_map(|bundle| &bundle.about).map(Digest::algorithm).collect();
        all.into_iter().collect()
    }

    pub fn add_artifact(&mut self, argument: OsString, subject: Subject) {
        self.artifacts.push(Artifact { argument, subject, bundles: BTreeSet::new() });
    }

    /// Pairs what the user paired.
    pub fn pair(&mut self, artifact: &OsStr, bundle: &Path) -> Result<(), Error> {
        let artifact = self.artifacts.iter_mut().find(|known| known.argument == artifact);
        let bundle = self.bundles.iter_mut().find(|known| known.path == bundle);
        let (Some(artifact), Some(bundle)) = (artifact, bundle) else { return Ok(()) };
        if !bundle.about.is_empty() && !bundle.is_about(&artifact.subject.digests) {
            let (bundle_path, name) = (bundle.path.display(), &artifact.subject.name);
            let message = format!("bundle `{bundle_path}` is not of the artifact `{name}`");
            return Err(Error::new(ErrorKind::Format, message).cause(names(&bundle.about)));
        }
        artifact.bundles.insert(bundle.position);
        bundle.paired = true;
        Ok(())
    }

    /// Pairs the rest.
    pub fn finish(mut self) -> Result<Vec<Planned>, Error> {
        let several = self.artifacts.len() > 1;
        for bundle in &mut self.bundles {
            for artifact in &mut self.artifacts {
                let alone = bundle.about.is_empty() && !several;
                if alone || bundle.is_about(&artifact.subject.digests) {
                    artifact.bundles.insert(bundle.position);
                    bundle.paired = true;
                }
            }
            if !bundle.paired {
                return Err(unpaired(bundle, self.artifacts.len()));
            }
        }
        if let Some(artifact) = self.artifacts.iter().find(|artifact| artifact.bundles.is_empty()) {
            return Err(without_bundle(&artifact.subject));
        }
        let planned = |Artifact { subject: Subject { name, digests, file }, bundles, .. }| Planned {
            name,
            digests,
            file,
            bundles: bundles.into_iter().collect(),
        };
        Ok(self.artifacts.into_iter().map(planned).collect())
    }
}

/// The digests of the artifacts that an entity is about, as far as it tells.
fn about(entity: &SignedEntity) -> Vec<Digest> {
    match &entity.content {
        Content::Message { digest: Some(digest), .. } => vec![digest.clone()],
        Content::Message { digest: None, .. } => {
            let bodies =
                entity.log_entries.iter().filter_map(|entry| body::parse(&entry.canonicalized_body).ok());
            let digest = |spec| match spec {
                Spec::HashedRekord { digest, .. } | Spec::Rekord { digest, .. } => Some(digest),
                Spec::Dsse { .. } | Spec::Intoto { .. } => None,
            };
            bodies.filter_map(|body| digest(body.spec)).collect()
        }
        Content::SimpleSigning { payload, .. } => vec![payload.parsed.digest.clone()],
        Content::Envelope(envelope) => {
            let Ok(statement) = Statement::from_json(&envelope.parsed.payload) else { return Vec::new() };
            let digests = statement.subjects.into_iter().flat_map(|subject| subject.digest);
            let known = digests.filter_map(|(name, hex)| {
                let algorithm = HashAlgorithm::ALL.into_iter().find(|a| a.name() == name)?;
                Digest::from_hex(algorithm, &hex).ok()
            });
            known.collect()
        }
    }
}

fn unpaired(bundle: &Bundle, artifacts: usize) -> Error {
    let path = bundle.path.display();
    if bundle.about.is_empty() {
        let message = format!("bundle `{path}` does not say of which of the {artifacts} artifacts it is");
        return Error::usage(message).hint(format!("say so: --artifact FILE={path}"));
    }
    Error::new(ErrorKind::Format, format!("bundle `{path}` is of no artifact that was named"))
        .cause(names(&bundle.about))
        .hint("name its artifact too, or leave the bundle out")
}

fn names(about: &BTreeSet<Digest>) -> String {
    let shown: Vec<String> = about.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = if about.len() > shown.len() { " and others" } else { "" };
    format!("it names {}{more}", shown.join(", "))
}

fn without_bundle(subject: &Subject) -> Error {
    let digests: Vec<String> = subject.digests.iter().map(ToString::to_string).collect();
    Error::new(ErrorKind::NoSignature, format!("artifact `{}` has no bundle", subject.name))
        .cause(format!("no bundle names {}", digests.join(" or ")))
        .hint(
            "name its bundle with --bundle FILE; the artifact may also have been changed since it was signed",
        )
}
