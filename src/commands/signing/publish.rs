//! From a signature to where everybody finds it.

use super::super::{Error, ErrorKind};
use super::Form;
use super::signees::Signee;
use super::signer::Signer;
use crate::bundle::annotations;
use crate::bundle::{Content, SignedEntity, VerificationMaterial, sigstore};
use crate::crypto::{UnixTime, base64};
use crate::registry::{Attachment, Descriptor};
use crate::sign::Payload;
use crate::storage::images::{
    NewBundle, NewLayer, Older, Published, Replaces, Writer, prepare_bundle, prepare_layer, publish_bundle,
    publish_layer, publish_referring_layer,
};

/// A signature, and how it is kept.
pub(super) struct Signed {
    /// How.
    pub form: Form,
    /// It.
    pub entity: SignedEntity,
}

/// How signatures are published.
pub(super) struct Publisher {
    /// How shared tags are written.
    pub writer: Writer,
    /// When it is said that something under a tag was made.
    pub created: Option<UnixTime>,
    /// Whether older statements of the same type go.
    pub replaces: bool,
    /// The predicate type.
    pub predicate_type: String,
}

impl Publisher {
    /// Writes what does not depend on the signatures over `payloads`.
    pub async fn prepare(
        &self,
        signee: &Signee,
        form: Form,
        payloads: impl FnOnce() -> Vec<Payload<'static>>,
    ) {
        let (home, subject) = (&signee.home, &signee.descriptor.digest);
        match form {
            Form::Bundle => prepare_bundle(home, subject).await,
            // With several there are several documents, one after the other.
            Form::Tag => {
                if let [Payload::SimpleSigning { payload }] = payloads().as_slice() {
                    let layer =
                        (Attachment::Signature, annotations::SIMPLE_SIGNING_MEDIA_TYPE, payload.as_slice());
                    prepare_layer(&self.writer, home, subject, layer, self.created).await;
                }
            }
            Form::Referrer => {}
        }
    }

    /// Publishes one signature of an image.
    ///
    /// # Errors
    /// The place refuses, or others kept changing what is there.
    pub async fn publish(
        &self,
        signee: &Signee,
        signed: &Signed,
        signer: &Signer,
    ) -> Result<Published, Error> {
        let (home, subject) = (&signee.home, &signee.descriptor);
        if signed.form == Form::Bundle {
            let json = sigstore::encode(&signed.entity);
            let bundle = NewBundle {
                json: json.as_bytes(),
                content: "dsse-envelope",
                predicate_type: Some(&self.predicate_type),
                replaces: self.replaces,
            };
            return Ok(publish_bundle(&self.writer, home, subject, &bundle).await?);
        }
        let made = annotations::encode(&signed.entity)
            .map_err(|e| Error::new(ErrorKind::Other, "the signature has no place there").caused_by(&e))?;
        let is_attestation = matches!(signed.entity.content, Content::Envelope(_));
        let layer = NewLayer {
            what: if is_attestation { Attachment::Attestation } else { Attachment::Signature },
            media_type: made.media_type,
            content: &made.content,
            annotations: &made.annotations,
            is_same: &|there| is_same(there, &signed.entity, signee, signer),
            replaces: if self.replaces && is_attestation {
                Replaces::Statements(&self.predicate_type)
            } else {
                Replaces::Nothing
            },
            created: self.created,
        };
        Ok(match signed.form {
            Form::Referrer => publish_referring_layer(&self.writer, home, subject, &layer).await?,
            Form::Bundle | Form::Tag => publish_layer(&self.writer, home, &subject.digest, &layer).await?,
        })
    }

    /// Older statements of the same type in the forms that nothing is written in, where they are to be replaced: verifying takes
    /// every form, and publishing replaces those of its own.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn elsewhere(&self, signee: &Signee, written: &[Form]) -> Result<Older, Error> {
        let (home, subject, mut older) = (&signee.home, &signee.descriptor.digest, Older::default());
        if self.replaces && !written.contains(&Form::Tag) {
            older.add_layers(home, subject, &self.predicate_type).await?;
        }
        if self.replaces && !written.contains(&Form::Bundle) {
            older.add_referrers(home, subject, &self.predicate_type).await?;
        }
        Ok(older)
    }
}

/// The new attestation is in force, and older ones are too.
pub(super) fn unreplaced(signee: &Signee, error: Error) -> Error {
    let message = format!(
        "the attestation of `{}` was published, and older ones of its type may still be in force",
        signee.called
    );
    let mut outer = Error::new(error.kind, message).cause(error.message);
    outer.causes.extend(error.causes);
    outer.hints = error.hints;
    outer.hint("run it again, or look with `tree IMAGE` what is there")
}

/// What goes to standard output: signatures in base64, envelopes as they are.
pub(super) fn printed(signed: &[Signed]) -> Vec<u8> {
    let mut out = Vec::new();
    for Signed { entity, .. } in signed {
        match &entity.content {
            Content::Envelope(envelope) => out.extend_from_slice(&envelope.bytes),
            content => out.extend_from_slice(base64::encode(content.signature()).as_bytes()),
        }
        out.push(b'\n');
    }
    out
}

/// Whether a layer holds the same payload with a good signature by the same key and the same certificate.
fn is_same(there: &Descriptor, entity: &SignedEntity, signee: &Signee, signer: &Signer) -> bool {
    let Content::SimpleSigning { payload, .. } = &entity.content else { return false };
    // The payload is the same if its digest is.
    if there.digest != there.digest.algorithm().digest(&payload.bytes)
        || there.size != payload.bytes.len() as u64
    {
        return false;
    }
    let Ok(found) = annotations::decode_signature(&there.annotations, &payload.bytes) else { return false };
    let same = match (&found.material, &entity.material) {
        (VerificationMaterial::Certificate(one), VerificationMaterial::Certificate(other)) => one == other,
        (VerificationMaterial::PublicKey { .. }, VerificationMaterial::PublicKey { .. }) => true,
        _ => false,
    };
    // What witnesses say of it is not judged here, and one that lies would make the old signature worthless for others.
    let is_bare = |entity: &SignedEntity| entity.log_entries.is_empty() && entity.timestamps.is_empty();
    same && is_bare(&found) && is_bare(entity) && signer.has_signed_alone(&found, &signee.artifact())
}
