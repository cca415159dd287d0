//! From what was found beside an image to candidates: each document by the codec of its kind. One that cannot be read spoils
//! itself alone, and is told of.

use crate::bundle::detached::Detached;
use crate::bundle::{SignedEntity, VerificationMaterial, annotations};
use crate::commands::candidates::{Candidate, of_document};
use crate::commands::report::CandidateReport;
use crate::crypto::DecodeKind;
use crate::storage::images::find::{Document, Found, Kind, Unusable};

/// What belongs to one image.
#[derive(Default)]
pub(super) struct Attached {
    /// What can be judged.
    pub candidates: Vec<Candidate>,
    /// What cannot.
    pub spoiled: Vec<Spoiled>,
}

/// Something that is there, or ought to be, and cannot be judged.
pub(super) struct Spoiled {
    source: String,
    format: &'static str,
    reason: String,
    /// Whether it is more than one may be: it might have been good.
    pub is_limit: bool,
}

impl Spoiled {
    /// What became of it.
    pub fn report(&self) -> CandidateReport {
        CandidateReport::unreadable(self.source.clone(), self.format.to_owned(), self.reason.clone())
    }
}

impl std::fmt::Display for Spoiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` cannot be used: {}", self.source, self.reason)
    }
}

impl Attached {
    /// Reads what was found; `beside` goes with each that lacks it.
    pub fn read(found: Vec<Found>, beside: &Detached) -> Self {
        let mut attached = Self::default();
        for Found { name, kind, document, .. } in found {
            attached.add(name, kind, document, beside);
        }
        attached
    }

    fn add(&mut self, source: String, kind: Kind, document: Result<Document, Unusable>, beside: &Detached) {
        let format = match kind {
            Kind::Bundle => "sigstore bundle",
            Kind::Signature => "signature layer",
            Kind::Attestation => "attestation layer",
            // Not asked for.
            Kind::Sbom | Kind::Foreign => return,
        };
        let mut spoil = |source: &str, reason: String, is_limit| {
            self.spoiled.push(Spoiled { source: source.to_owned(), format, reason, is_limit });
        };
        let Document { layer, content } = match document {
            Ok(document) => document,
            Err(unusable) => {
                let is_limit = matches!(unusable, Unusable::Excessive(_));
                return spoil(&source, unusable.to_string(), is_limit);
            }
        };
        let named = |entity| Candidate { source: source.clone(), format: format.to_owned(), entity };
        let decoded = match kind {
            Kind::Signature => {
                annotations::decode_signature(&layer.annotations, &content).map(|entity| vec![named(entity)])
            }
            Kind::Attestation => annotations::decode_attestation(&layer.annotations, &content)
                .map(|entities| entities.into_iter().map(named).collect()),
            _ => of_document(&content, &source),
        };
        let candidates = match decoded {
            Ok(candidates) => candidates,
            Err(error) => return spoil(&source, error.to_string(), error.kind == DecodeKind::Limit),
        };
        for mut candidate in candidates {
            match with(&mut candidate.entity, beside) {
                Ok(()) => self.candidates.push(candidate),
                Err(reason) => spoil(&candidate.source, reason.to_owned(), false),
            }
        }
    }
}

/// Adds what the user named to a signature that lacks it.
fn with(entity: &mut SignedEntity, beside: &Detached) -> Result<(), &'static str> {
    if let Some(leaf) = beside.certificates.first() {
        match &entity.material {
            VerificationMaterial::PublicKey { embedded: None, .. } => {
                entity.material = VerificationMaterial::Certificate(beside.certificates.clone());
            }
            VerificationMaterial::Certificate(own) if own.first() == Some(leaf) => {}
            _ => return Err("it brings another certificate than the given one"),
        }
    }
    entity.detached_scts.extend(beside.scts.iter().cloned());
    Ok(())
}
