//! What was signed before (`--skip-existing`).

use std::collections::{BTreeMap, HashSet};

use futures_util::stream::{self, StreamExt};

use super::super::{Error, ErrorKind};
use super::Form;
use super::signees::{AT_A_TIME, Failed, Signee};
use super::signer::Signer;
use crate::bundle::{self, SignedEntity, annotations};
use crate::storage::images::Home;
use crate::storage::images::find::{Document, Forms, Found, Kind, Unusable, Want, find_each};
use crate::verify::ExpectedSigner;

/// Whether the image has a signature in this form, of at most `largest` bytes, that `is_it` says is the one, where the new one
/// would go. What does not verify does not count.
///
/// # Errors
/// The place does not answer: nothing is known then. None is the one, and one is too large to tell.
pub(super) async fn is_signed(
    signee: &Signee,
    form: Form,
    largest: u64,
    is_it: &dyn Fn(&SignedEntity) -> bool,
) -> Result<bool, Error> {
    let want = Want {
        signatures: true,
        forms: match form {
            Form::Bundle => Forms::BUNDLES,
            Form::Tag => Forms::TAGS,
            Form::Referrer => Forms::LAYERS,
        },
        largest,
        ..Want::default()
    };
    let place = &signee.home.attachments;
    let there = Home { image: place.clone(), ..signee.home.clone() };
    let (mut is_signed, mut too_large) = (false, None);
    find_each(&there, &signee.descriptor.digest, &want, async |found| {
        let excessive = |found: &Found| match &found.document {
            Err(unusable @ Unusable::Excessive(_)) => Some(format!("`{}`: {unusable}", found.name)),
            _ => None,
        };
        too_large = too_large.take().or_else(|| found.iter().find_map(excessive));
        let documents = found.into_iter().filter_map(|found| Some((found.kind, found.document.ok()?)));
        let mut entities = documents.flat_map(|(kind, document)| entities(kind, &document));
        is_signed |= entities.any(|entity| is_it(&entity));
        Ok::<_, Error>(())
    })
    .await?;
    match too_large {
        Some(cause) if !is_signed => {
            let message = "whether the image is signed by this signer already cannot be told";
            Err(Error::new(ErrorKind::LimitExceeded, message).cause(cause))
        }
        _ => Ok(is_signed),
    }
}

/// What was signed before by whom the identity token names, found out before the certificate authority is asked.
pub(super) struct Earlier {
    by: ExpectedSigner,
    /// By place and digest.
    signed: HashSet<(String, Form)>,
}

impl Earlier {
    /// Looks at all of them; `None` where it is not known who signs. Those that cannot be looked at fail.
    pub async fn of(
        signer: &Signer,
        signees: &mut Vec<Signee>,
        (forms, annotations): (&[Form], &BTreeMap<String, String>),
        largest: u64,
        failed: &mut Vec<Failed>,
    ) -> Option<Self> {
        let by = signer.foreseen()?;
        let all = signees.iter().map(|signee| {
            let by = &by;
            async move {
                let (artifact, mut signed) = (signee.artifact(), Vec::new());
                for form in forms {
                    let about = (&artifact, form.carrier());
                    let is_it = |found: &SignedEntity| signer.resembles(found, by, about, annotations);
                    if is_signed(signee, *form, largest, &is_it).await? {
                        signed.push((signee.shown(), *form));
                    }
                }
                Ok::<_, Error>(signed)
            }
        });
        let answers: Vec<_> = stream::iter(all).buffered(AT_A_TIME).collect().await;
        let (mut signed, mut left) = (HashSet::new(), Vec::new());
        for (signee, answer) in std::mem::take(signees).into_iter().zip(answers) {
            match answer {
                Ok(found) => {
                    signed.extend(found);
                    left.push(signee);
                }
                Err(error) => {
                    failed.push(Failed {
                        position: signee.position,
                        called: signee.called,
                        signed: false,
                        error,
                    });
                }
            }
        }
        *signees = left;
        Some(Self { by, signed })
    }

    /// Whether nothing is left to do for this one.
    pub fn has_all(&self, signee: &Signee, forms: &[Form]) -> bool {
        forms.iter().all(|form| self.signed.contains(&(signee.shown(), *form)))
    }

    /// Whether it is signed in this form, if the certificate is for whom it was looked for.
    ///
    /// # Errors
    /// There is no certificate.
    pub async fn has(&self, signer: &Signer, signee: &Signee, form: Form) -> Result<Option<bool>, Error> {
        let is_it = signer.is(&self.by).await?;
        Ok(is_it.then(|| self.signed.contains(&(signee.shown(), form))))
    }
}

/// What cannot be read is no signature of anybody.
fn entities(kind: Kind, document: &Document) -> Vec<SignedEntity> {
    match kind {
        Kind::Bundle => bundle::decode(&document.content).map(|decoded| decoded.entities).unwrap_or_default(),
        Kind::Signature => {
            let decoded = annotations::decode_signature(&document.layer.annotations, &document.content);
            decoded.into_iter().collect()
        }
        Kind::Attestation | Kind::Sbom | Kind::Foreign => Vec::new(),
    }
}
