//! `sign` and `attest`: every image is looked up while the key opens, and is then signed, checked and published on its own.

use std::cell::RefCell;
use std::path::PathBuf;

use futures_util::stream::{self, StreamExt};

use super::super::attachment_size;
use super::super::images::Image;
use super::super::outputs::Outputs;
use super::super::publishing::{warn_of_tags, writer};
use super::super::{BundleForm, Context, Error, Narrator, SignOutputs};
use super::existing::{Earlier, is_signed};
use super::interruption::Interruption;
use super::kept::{attaching, file_flag, keep};
use super::note::{already, said_of, said_of_many};
use super::plan::Carriers;
use super::publish::{Publisher, Signed, printed, unreplaced};
use super::signees::{AT_A_TIME, Extent, Failed, Signee, failure, named, resolve, standard_input};
use super::signer::{Found, Signer};
use super::work::Work;
use super::{AttestImagesRequest, Form, ImageSigning, SignImagesRequest};
use crate::bundle::Content;
use crate::crypto::{Digest, UnixTime, base64};
use crate::keys::StdinUse;
use crate::storage::images::Replaced;

/// A larger payload is worked on alone: it is in memory several times.
const LARGE: usize = 1 << 20;

/// Signs every image; returns what goes to standard output.
///
/// # Errors
/// The key does not open, and nothing was published; images that could not be signed, and the others were.
pub async fn sign_images(request: &SignImagesRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let asked = &request.signing;
    let stdin = standard_input(asked, request.payload.as_deref())?;
    let images = opened(asked, context)?;
    let work = Work::signature(request, context)?;
    let job = Job {
        asked,
        work,
        outputs: SignOutputs {
            bundle: asked.bundle(),
            signature: request.output_signature.clone(),
            certificate: request.output_certificate.clone(),
            timestamp: None,
            print: !asked.upload && asked.bundle.is_none() && request.output_signature.is_none(),
        },
        payload: request.output_payload.clone(),
        extent: match (request.attached_sbom, asked.recursive) {
            (true, _) => Extent::AttachedSbom,
            (false, true) => Extent::Recursive,
            (false, false) => Extent::Itself,
        },
        skip_existing: request.skip_existing.then(|| attachment_size::limit(context)).transpose()?,
        replaces: false,
        now: context.now,
    };
    job.run(&images, stdin, context).await
}

/// Makes, signs and publishes a statement about every image; returns what goes to standard output.
///
/// # Errors
/// As [`sign_images`]; a predicate that is not what its type says.
pub async fn attest_images(request: &AttestImagesRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let asked = &request.signing;
    let stdin = standard_input(asked, Some(request.source.file()))?;
    let images = opened(asked, context)?;
    let work = Work::statement(request, context)?;
    if let Some(warning) = attachment_size::warning(work.size(), context).filter(|_| asked.upload) {
        context.narrator.warn(&warning);
    }
    let job = Job {
        asked,
        work,
        outputs: SignOutputs {
            bundle: asked.bundle(),
            signature: None,
            certificate: None,
            timestamp: None,
            print: !asked.upload && asked.bundle.is_none(),
        },
        payload: None,
        extent: if asked.recursive { Extent::Recursive } else { Extent::Itself },
        skip_existing: None,
        replaces: request.replace,
        now: context.now,
    };
    job.run(&images, stdin, context).await
}

/// The images that were named. Of a tag in a registry it is said what cosign says.
fn opened(asked: &ImageSigning, context: &mut Context) -> Result<Vec<Image>, Error> {
    let images = named(asked, context)?;
    for image in &images {
        if asked.upload {
            image.writable()?;
        }
    }
    warn_of_tags(&images, context);
    Ok(images)
}

/// What is to be done, with all that it needs but the key.
struct Job<'a> {
    asked: &'a ImageSigning,
    work: Work,
    outputs: SignOutputs,
    /// Where the payload goes.
    payload: Option<PathBuf>,
    extent: Extent,
    /// What is signed already is passed over; the largest signature, in bytes, that is looked at for it.
    skip_existing: Option<u64>,
    replaces: bool,
    now: UnixTime,
}

impl Job<'_> {
    async fn run(
        mut self,
        images: &[Image],
        stdin: StdinUse,
        context: &mut Context,
    ) -> Result<Vec<u8>, Error> {
        self.has_room(images.len())?;
        self.without_certificate(context);
        // The names of files that depend on digests are not known yet.
        let mut outputs = match self.extent {
            Extent::Recursive => None,
            Extent::Itself | Extent::AttachedSbom => Some(self.open_outputs(None)?),
        };
        let forms = &self.asked.forms;
        let carriers = Carriers {
            bundle: forms.contains(&Form::Bundle),
            older: forms.iter().any(|form| *form != Form::Bundle),
            older_timestamp: true,
            timestamp_file: false,
        };
        let found = Found::find(&self.asked.with, carriers, stdin, context).await?;
        let publisher = Publisher {
            writer: writer(&self.asked.registry, context),
            created: self.asked.record_creation.then_some(self.now),
            replaces: self.replaces,
            predicate_type: self.work.predicate_type().to_owned(),
        };
        // What takes time without waiting for anybody, beside what does nothing but wait.
        let resolved = async {
            let resolved = resolve(images, self.extent).await;
            self.prepare(&publisher, &resolved.0).await;
            resolved
        };
        let (signer, (mut signees, mut failed)) = tokio::join!(found.open_beside(), resolved);
        let signer = signer?;
        self.has_room_for(&signees)?;
        signees.iter().try_for_each(|signee| self.work.check(signee))?;
        let count = signees.len() + failed.len();
        let earlier = self.earlier(&signer, &mut signees, &mut failed, &mut *context.narrator).await;
        if !signees.is_empty() {
            signer.certify(&mut *context.narrator).await?;
        }
        let run = Run {
            job: &self,
            // What no service knows of is made again.
            interruption: Interruption::watch(signer.is_witnessed()),
            signer,
            publisher,
            earlier,
            narrator: RefCell::new(&mut *context.narrator),
        };
        let at_a_time = if self.work.size() > LARGE { 1 } else { AT_A_TIME };
        let all = signees.iter().map(|signee| {
            let (run, outputs) = (&run, outputs.take());
            async move {
                let mut signed = Vec::new();
                let result = run.one(signee, outputs, &mut signed).await;
                result.map(|printed| (printed, !signed.is_empty())).map_err(|error| Failed {
                    position: signee.position,
                    called: signee.called.clone(),
                    // What was made first of several does not make it whole.
                    signed: signed.len() >= run.job.asked.forms.len(),
                    error,
                })
            }
        });
        let mut done = stream::iter(all).buffered(at_a_time);
        let (mut printed, mut new) = (Vec::new(), 0);
        while let Some(result) = done.next().await {
            match result {
                Ok((more, is_new)) => {
                    printed.extend(more);
                    new += usize::from(is_new);
                }
                Err(error) => failed.push(error),
            }
        }
        drop(done);
        said_of_many(&run.signer, new, "images", &mut **run.narrator.borrow_mut());
        if failed.is_empty() { Ok(printed) } else { Err(failure(failed, count)) }
    }

    /// Leaves out what is signed already, as far as that is known before the certificate authority is asked.
    async fn earlier(
        &self,
        signer: &Signer,
        signees: &mut Vec<Signee>,
        failed: &mut Vec<Failed>,
        narrator: &mut dyn Narrator,
    ) -> Option<Earlier> {
        let (largest, annotations) = (self.skip_existing?, self.work.annotations()?);
        let forms = &self.asked.forms;
        let earlier = Earlier::of(signer, signees, (forms, annotations), largest, failed).await?;
        signees.retain(|signee| {
            let has_all = earlier.has_all(signee, forms);
            if has_all {
                narrator.say(&already(signee, signer, ""));
            }
            !has_all
        });
        Some(earlier)
    }

    /// Writes what does not depend on signatures. Where it does not come to one, nothing points there.
    async fn prepare(&self, publisher: &Publisher, signees: &[Signee]) {
        if !self.asked.upload || self.skip_existing.is_some() {
            return;
        }
        let prepared = signees.iter().take(AT_A_TIME).filter(|signee| self.work.check(signee).is_ok());
        let prepared = prepared.flat_map(|signee| {
            self.asked.forms.iter().map(move |form| async move {
                // One that cannot be made is told of when it is to be signed.
                let payloads = || self.work.payloads(signee, *form).unwrap_or_default();
                publisher.prepare(signee, *form, payloads).await;
            })
        });
        let prepared = futures_util::future::join_all(prepared);
        // What fails is done when it is needed, and only then tried for as long as it may be.
        #[cfg(feature = "http")]
        let prepared = crate::http::once(prepared);
        prepared.await;
    }

    /// A file has room for one result.
    fn has_room(&self, images: usize) -> Result<(), Error> {
        let outputs = &self.outputs;
        let single = [
            ("--bundle", outputs.bundle.is_some()),
            ("--output-signature", outputs.signature.is_some()),
            ("--output-payload", self.payload.is_some()),
            ("--output-certificate", outputs.certificate.is_some()),
        ];
        match single.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if images > 1 => {
                Err(Error::usage(format!("{images} images are to be signed, and {flag} has room for one"))
                    .hint("sign each image on its own, with a file of its own for the result"))
            }
            _ => Ok(()),
        }
    }

    /// What is in an index was not known before.
    fn has_room_for(&self, signees: &[Signee]) -> Result<(), Error> {
        if self.outputs.bundle.is_none() || signees.len() < 2 {
            return Ok(());
        }
        let message = format!(
            "the index and what is in it are {} images, and --bundle has room for one",
            signees.len()
        );
        Err(Error::usage(message).hint("leave out --bundle or --recursive"))
    }

    /// Without a certificate there is none to write.
    fn without_certificate(&mut self, context: &mut Context) {
        let with = &self.asked.with;
        if with.certificate.is_none()
            && !with.needs_certificate()
            && let Some(path) = self.outputs.certificate.take()
        {
            let path = path.display();
            context.narrator.warn(&format!("a key signs without a certificate: `{path}` is not written"));
        }
    }

    /// Secures the places of the files. Those of one image of several bear its digest, as in cosign.
    fn open_outputs(&self, of: Option<&Digest>) -> Result<Outputs, Error> {
        let named = |path: &PathBuf| match of {
            None => path.clone(),
            Some(digest) => {
                let mut name = path.clone().into_os_string();
                name.push(format!("-{}", digest.to_string().replace(':', "-")));
                name.into()
            }
        };
        let outputs = SignOutputs {
            signature: self.outputs.signature.as_ref().map(named),
            certificate: self.outputs.certificate.as_ref().map(named),
            ..self.outputs.clone()
        };
        let payload = self.payload.as_ref().map(named);
        Outputs::open(&outputs, payload.as_deref().map(|path| (path, "payload")))
    }
}

/// A job that runs: the key is open.
struct Run<'a> {
    job: &'a Job<'a>,
    interruption: Interruption,
    signer: Signer,
    publisher: Publisher,
    /// What was found out beforehand.
    earlier: Option<Earlier>,
    narrator: RefCell<&'a mut dyn Narrator>,
}

impl Run<'_> {
    /// Signs one image, checks and keeps what came out, and publishes it.
    async fn one(
        &self,
        signee: &Signee,
        outputs: Option<Outputs>,
        signed: &mut Vec<Signed>,
    ) -> Result<Vec<u8>, Error> {
        let job = self.job;
        for form in job.asked.forms.iter().copied() {
            let (is_logged, made) = (self.signer.is_logged(form.carrier()), self.make(signee, form, signed));
            let made = self.interruption.or_logged(is_logged, made).await;
            if let Err(error) = made.and_then(|made| made) {
                return Err(self.unfinished(signee, signed, error));
            }
        }
        if signed.is_empty() {
            return Ok(Vec::new());
        }
        let outputs = match outputs {
            Some(outputs) => Ok(outputs),
            None => job.open_outputs(Some(&signee.descriptor.digest)),
        };
        if let Err(error) = outputs.and_then(|outputs| self.keep(signed, outputs)) {
            return Err(self.unfinished(signee, signed, error));
        }
        let printed = if job.outputs.print { printed(signed) } else { Vec::new() };
        if job.asked.upload {
            self.publish(signee, signed).await?;
        }
        Ok(printed)
    }

    /// Makes and checks what is to be signed in one form, unless it is there already.
    async fn make(&self, signee: &Signee, form: Form, signed: &mut Vec<Signed>) -> Result<(), Error> {
        let (job, signer, artifact) = (self.job, &self.signer, signee.artifact());
        let policy = match job.work.annotations() {
            Some(said) => signer.image_policy(&artifact, form.carrier(), said).await?,
            None => signer.policy(&artifact, form.carrier()).await?,
        };
        if let (Some(largest), Some(_)) = (job.skip_existing, job.work.annotations()) {
            let known = match &self.earlier {
                Some(earlier) => earlier.has(signer, signee, form).await?,
                None => None,
            };
            let is_signed = match known {
                Some(known) => known,
                None => is_signed(signee, form, largest, &signer.likeness(&artifact, &policy).await?).await?,
            };
            if is_signed {
                let form = if job.asked.forms.len() > 1 { said_of(form) } else { "" };
                self.say(&already(signee, signer, form));
                return Ok(());
            }
        }
        for payload in job.work.payloads(signee, form)? {
            let entity = signer.make(payload, form.carrier()).await?;
            signer.hold(&entity, &artifact, &policy)?;
            signed.push(Signed { form, entity });
        }
        Ok(())
    }

    /// Writes the files, before anything that can fail for other reasons: a signature that was made is not lost.
    fn keep(&self, signed: &[Signed], mut outputs: Outputs) -> Result<(), Error> {
        if let Some(one) = signed.iter().find(|one| one.form == Form::Bundle).or(signed.first()) {
            outputs.bundle(&one.entity);
        }
        for (number, Signed { entity, .. }) in signed.iter().enumerate() {
            if number > 0 {
                outputs.signature(b"\n");
                outputs.payload(b"\n");
            }
            outputs.signature(base64::encode(entity.content.signature()).as_bytes());
            outputs.payload(match &entity.content {
                Content::Message { .. } => &[],
                Content::SimpleSigning { payload, .. } => &payload.bytes,
                Content::Envelope(envelope) => &envelope.parsed.payload,
            });
        }
        if let Some(Signed { entity, .. }) = signed.first() {
            outputs.certificate(entity, str::to_owned);
        }
        outputs.commit(&mut **self.narrator.borrow_mut())
    }

    async fn publish(&self, signee: &Signee, signed: &[Signed]) -> Result<(), Error> {
        let what = if self.job.work.annotations().is_some() { "signature" } else { "attestation" };
        self.say(&format!("Pushing {what} to: {}", signee.destination()));
        let mut there: Vec<String> = Vec::new();
        let elsewhere = self.interruption.or(self.publisher.elsewhere(signee, &self.job.asked.forms)).await;
        let elsewhere = match elsewhere.and_then(|elsewhere| elsewhere) {
            Ok(elsewhere) => elsewhere,
            Err(error) => return Err(self.unpublished(signee, &there, signed, error)),
        };
        let mut replaced = Replaced::default();
        for (number, one) in signed.iter().enumerate() {
            let published = self.interruption.or(self.publisher.publish(signee, one, &self.signer)).await;
            let published = match published.and_then(|published| published) {
                Ok(published) => published,
                Err(error) => {
                    let rest = signed.get(number..).unwrap_or_default();
                    return Err(self.unpublished(signee, &there, rest, error));
                }
            };
            there.push(format!("{}@{}", signee.destination(), published.manifest));
            replaced = replaced.and(published.replaced);
        }
        let subject = &signee.descriptor.digest;
        let more = elsewhere.remove(&self.publisher.writer, &signee.home, subject);
        let more = self.interruption.or(more).await.map_err(|error| unreplaced(signee, error))?;
        let Replaced { gone, kept, failed } = replaced.and(more);
        let uri = &self.publisher.predicate_type;
        if !gone.is_empty() {
            self.say(&format!("Replacing attestation predicate: {uri}"));
        }
        if !kept.is_empty() {
            self.narrator.borrow_mut().warn(&format!(
                "older attestations of type {uri} are still there: `{}` deletes nothing ({})",
                signee.destination(),
                kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ));
        }
        failed.map_or(Ok(()), |error| Err(unreplaced(signee, error.into())))
    }

    /// Keeps what was made before something failed, if services know of it: what a log has is not to be made again.
    fn unfinished(&self, signee: &Signee, signed: &[Signed], error: Error) -> Error {
        let made = signed.iter().filter(|_| self.signer.is_witnessed());
        made.fold(error, |error, one| self.kept(error, signee, one))
    }

    /// Says what became of the signatures that were made: where those are that were published, and how to publish the rest.
    fn unpublished(&self, signee: &Signee, there: &[String], rest: &[Signed], error: Error) -> Error {
        let what = if self.job.work.annotations().is_none() { "attestation" } else { "signature" };
        let message = format!("the {what} of `{}` was made and not published", signee.called);
        let mut outer = Error::new(error.kind, message).cause(error.message);
        outer.causes.extend(error.causes);
        outer.causes.extend(there.iter().map(|place| format!("published was {place}")));
        outer.hints = error.hints;
        let file = match &self.job.outputs.bundle {
            Some((file, BundleForm::Sigstore)) => Some(file),
            _ => None,
        };
        let flag = if what == "signature" { "bundle" } else { "attestation" };
        let mut is_lost = false;
        for one in rest {
            outer = match (&file, one.form) {
                (Some(file), Form::Bundle) => outer.hint(format!(
                    "it is in `{}`: `{}` publishes it",
                    file.display(),
                    attaching(signee, what, &file_flag(flag, file), &self.job.asked.registry.flags())
                )),
                _ if self.signer.is_witnessed() => self.kept(outer, signee, one),
                _ => {
                    is_lost = true;
                    outer
                }
            };
        }
        if is_lost { outer.hint("nothing is lost by doing it again") } else { outer }
    }

    /// Keeps what services were asked for, and says so: what a log has is not to be made again.
    fn kept(&self, error: Error, signee: &Signee, one: &Signed) -> Error {
        match keep(signee, one, &self.job.asked.registry.flags()) {
            Ok(command) => {
                error.hint(format!("what the services gave is kept here: `{command}` publishes it"))
            }
            Err(cause) => {
                let error = error.cause(format!("what the services gave could not be kept: {cause}"));
                cause.causes.into_iter().fold(error, Error::cause).hint(
                    "sign again where files can be written: the log has this signature, and nobody else has",
                )
            }
        }
    }

    fn say(&self, line: &str) {
        self.narrator.borrow_mut().say(line);
    }
}
