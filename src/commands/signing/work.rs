//! What is signed about an image.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::statement::{Statements, predicate_kind, say_payload, unusable};
use super::super::{AttestImagesRequest, Context, Error, ErrorKind, SignImagesRequest};
use super::blob::profile;
use super::signees::Signee;
use super::{Form, ImageStatement};
use crate::attest;
use crate::bundle::Profile;
use crate::crypto::Digest;
use crate::payload::{
    IMAGE_SIGNATURE_PREDICATE, IN_TOTO_PAYLOAD_TYPE, SimpleSigning, Statement, simple_signing,
};
use crate::sign::Payload;
use crate::storage::read_file;

/// Payloads of signatures have some hundred bytes.
const MAX_PAYLOAD: u64 = 1 << 20;

/// What is signed about each image.
pub(super) enum Work {
    /// That it is what it is.
    Signature {
        /// What is said besides.
        annotations: BTreeMap<String, String>,
        /// The names in the tag scheme, in place of the image's own.
        identities: Vec<String>,
    },
    /// The same, in a payload that was written elsewhere.
    Given {
        /// Its file.
        file: PathBuf,
        /// It.
        payload: Vec<u8>,
        /// What it is about.
        about: About,
    },
    /// A statement.
    Statement(Statements),
}

/// What a payload is about.
pub(super) enum About {
    /// An image.
    Image(Digest),
    /// The subjects of a statement.
    Subjects(Statement),
}

impl Work {
    /// What `sign` signs.
    ///
    /// # Errors
    /// The payload cannot be read, or is none.
    pub fn signature(request: &SignImagesRequest, context: &mut Context) -> Result<Self, Error> {
        let Some(file) = &request.payload else {
            return Ok(Self::Signature {
                annotations: request.annotations.clone(),
                identities: request.identities.clone(),
            });
        };
        let payload = read_file("payload", file, MAX_PAYLOAD).map_err(|e| Error::file(&e))?;
        say_payload(file.as_os_str(), context);
        let about = if request.signing.forms.contains(&Form::Bundle) {
            About::Subjects(in_statement(file, &payload)?)
        } else {
            let parsed = SimpleSigning::from_json(&payload);
            About::Image(parsed.map_err(|e| unusable("payload", file).caused_by(&e))?.digest)
        };
        Ok(Self::Given { file: file.clone(), payload, about })
    }

    /// What `attest` signs.
    ///
    /// # Errors
    /// The file cannot be read, or is not what it should be.
    pub fn statement(request: &AttestImagesRequest, context: &mut Context) -> Result<Self, Error> {
        Ok(Self::Statement(match &request.source {
            ImageStatement::Predicate { predicate, predicate_type } => {
                Statements::of_predicate(predicate, &predicate_kind(predicate_type)?, context)?
            }
            ImageStatement::Statement(file) => Statements::whole(file, context)?,
        }))
    }

    /// The predicate type of its statements.
    pub fn predicate_type(&self) -> &str {
        match self {
            Self::Signature { .. } | Self::Given { .. } => IMAGE_SIGNATURE_PREDICATE,
            Self::Statement(statements) => statements.predicate_type(),
        }
    }

    /// What was written elsewhere has to be about the image that it is signed for.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, signee: &Signee) -> Result<(), Error> {
        let digest = &signee.descriptor.digest;
        let (what, file, fits) = match self {
            Self::Signature { .. } => return Ok(()),
            Self::Given { file, about: About::Image(named), .. } => ("payload", file, named == digest),
            Self::Given { file, about: About::Subjects(statement), .. } => {
                ("payload", file, statement.matches(&digest.clone().into()).is_some())
            }
            Self::Statement(statements) => {
                ("statement", statements.file(), statements.are_about(&digest.clone().into()))
            }
        };
        if fits {
            return Ok(());
        }
        let message = format!("{what} `{}` is not about `{}`", file.display(), signee.called);
        Err(Error::new(ErrorKind::Format, message).cause(format!("it does not name the digest {digest}")))
    }

    /// Whether it is a signature, and what that says besides.
    pub fn annotations(&self) -> Option<&BTreeMap<String, String>> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        match self {
            Self::Signature { annotations, .. } => Some(annotations),
            Self::Given { .. } => Some(&NONE),
            Self::Statement(_) => None,
        }
    }

    /// The size of what was read for it, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Signature { .. } => 0,
            Self::Given { payload, .. } => payload.len(),
            Self::Statement(statements) => statements.size(),
        }
    }

    /// What is signed about this image in this form: one payload, and one for each name in the tag scheme.
    ///
    /// # Errors
    /// A statement is too large.
    pub fn payloads(&self, signee: &Signee, form: Form) -> Result<Vec<Payload<'static>>, Error> {
        let digest = &signee.descriptor.digest;
        let payloads = match self {
            Self::Signature { annotations, .. } if form == Form::Bundle => {
                vec![attest::image_signature(digest, annotations).payload]
            }
            Self::Signature { annotations, identities } => {
                let own = std::slice::from_ref(&signee.name);
                let names = if identities.is_empty() { own } else { identities };
                names.iter().map(|name| simple_signing(name, digest, annotations).into_bytes()).collect()
            }
            Self::Given { payload, .. } => vec![payload.clone()],
            Self::Statement(statements) => vec![statements.about(signee.name.clone(), digest)?],
        };
        let enveloped = form == Form::Bundle || matches!(self, Self::Statement(_));
        Ok(payloads.into_iter().map(|payload| wrapped(payload, enveloped, profile(form.carrier()))).collect())
    }
}

fn wrapped(payload: Vec<u8>, enveloped: bool, profile: Profile) -> Payload<'static> {
    if enveloped {
        Payload::Envelope { payload_type: IN_TOTO_PAYLOAD_TYPE.into(), payload, profile }
    } else {
        Payload::SimpleSigning { payload }
    }
}

/// The statement that a bundle with an image's signature holds; no other will be taken for one.
fn in_statement(file: &Path, payload: &[u8]) -> Result<Statement, Error> {
    let statement = Statement::from_json(payload).map_err(|e| {
        let error = unusable("payload", file).caused_by(&e);
        match SimpleSigning::from_json(payload) {
            Ok(_) => error.hint("it is a payload of cosign 2: sign it with --new-bundle-format=false"),
            Err(_) => error,
        }
    })?;
    if statement.predicate_type == IMAGE_SIGNATURE_PREDICATE {
        return Ok(statement);
    }
    Err(unusable("payload", file)
        .cause(format!("its predicate type is {}", statement.predicate_type))
        .hint(format!("a signature of an image is a statement of type {IMAGE_SIGNATURE_PREDICATE}; `attest` signs others")))
}
