//! `policy.json` of containers (containers-policy.json(5)). The most specific scope of an image replaces all others, and all of its
//! requirements have to be met; here the first that matches decides, so that the more specific ones come first.

use std::cmp::Reverse;

use super::and::and;
use super::authority::pem;
use super::draft::{Draft, DraftScope, Need, Proofs, Requires, Signatures, SignedAs, Signer, Who};
use super::scope::{BESIDE_HUB, HUB, Said, class, said};
use super::{Note, Source, Unusable};
use crate::crypto::base64;
use crate::policy::scoped::value::{Members, Place};
use crate::policy::scoped::{Fault, repository};

/// The images that this program verifies beside those of registries.
const LOCAL: [&str; 3] = ["docker-archive", "oci", "oci-archive"];
/// Reads a policy.
///
/// # Errors
/// It is none that containers would take; a scope that no pattern can mean, so that another would decide in its place.
pub(super) fn read(source: &Source) -> Result<Draft, Unusable> {
    policy(source).map_err(|fault| Unusable { file: source.name(), fault })
}

fn policy(source: &Source) -> Result<Draft, Fault> {
    let members = Place::new(&source.value).members(&["default", "transports"])?;
    let mut draft = Draft::default();
    let mut entries: Vec<(String, Place<'_>)> = Vec::new();
    let mut has_default = false;
    if let Some(transports) = members.get("transports") {
        for (transport, place) in transports.mapping()?.iter() {
            if transport != "docker" {
                draft.notes.extend(elsewhere(source, transport, &place)?);
                continue;
            }
            for (scope, place) in place.mapping()?.iter() {
                has_default |= scope.is_empty();
                entries.push((scope.to_owned(), place));
            }
        }
    }
    if !has_default {
        entries.push((String::new(), members.required("default")?));
    } else {
        requirements(source, &members.required("default")?)?;
    }
    entries.extend(hub(&entries));
    entries.sort_by_key(|(scope, _)| (class(scope), Reverse(scope.len())));
    let mut refused = Vec::new();
    for (scope, place) in &entries {
        let (need, notes) = requirements(source, place)?;
        let name = if scope.is_empty() { "default".to_owned() } else { scope.clone() };
        match said(scope).map_err(|reason| place.fault(reason))? {
            Said::Images(images) => draft.scopes.push(DraftScope { name, images, need, notes }),
            Said::Nothing(reason) => {
                let reason = format!("containers look no image up by `{scope}`: {reason}");
                draft.notes.push(Note::changed(&source.name(), &place.path, reason));
            }
            Said::Refused { images, reason } => {
                let notes = vec![Note::left_out(&source.name(), &place.path, reason)];
                refused.push(DraftScope { name, images, need: Need::Refuse, notes });
            }
        }
    }
    // Whatever is more specific there is about other names than these.
    draft.scopes.splice(0..0, refused);
    super::controller::one_name_each(&mut draft.scopes);
    Ok(draft)
}

/// Docker Hub by itself, where a scope matches what it is called here and not what it is called there: what decides about it there.
fn hub<'a>(entries: &[(String, Place<'a>)]) -> Option<(String, Place<'a>)> {
    let named = |name: &str| entries.iter().find(|(scope, _)| scope == name);
    let (None, Some(_)) = (named(HUB), named(BESIDE_HUB)) else { return None };
    let (_, place) = named("*.io").or_else(|| named(""))?;
    Some((HUB.to_owned(), place.clone()))
}

/// Images that are in no registry.
fn elsewhere(source: &Source, transport: &str, place: &Place<'_>) -> Result<Vec<Note>, Fault> {
    let mut notes = Vec::new();
    for (_, place) in place.mapping()?.iter() {
        let is_reject = requirements(source, &place)?.0 == Need::Refuse;
        if is_reject {
            continue;
        }
        let reason = format!("images of the transport `{transport}` are not carried over, and refused");
        notes.push(match LOCAL.contains(&transport) {
            true => Note::left_out(&source.name(), &place.path, reason),
            false => Note::changed(&source.name(), &place.path, reason),
        });
    }
    Ok(notes)
}

/// All of a list of requirements.
fn requirements(source: &Source, place: &Place<'_>) -> Result<(Need, Vec<Note>), Fault> {
    let (mut need, mut notes) = (Need::Accept, Vec::new());
    for place in place.list()? {
        let one = match requirement(&place) {
            Ok(one) => one,
            Err(Failed::Unknown(fault)) => return Err(fault),
            Err(Failed::LeftOut(fault)) => {
                notes.push(Note::left_out(&source.name(), &fault.path, fault.reason));
                Need::Refuse
            }
        };
        need = match and(need, one) {
            Ok(need) => need,
            Err(reason) => {
                notes.push(Note::left_out(&source.name(), &place.path, reason));
                Need::Refuse
            }
        };
    }
    if let Need::Require(asked) = &need
        && asked.signatures.as_ref().is_some_and(|signatures| signatures.all)
    {
        let reason = "each of the requirements has to be met by another signer here";
        notes.push(Note::changed(&source.name(), &place.path, reason));
    }
    Ok((need, notes))
}

enum Failed {
    /// Containers would not take it either.
    Unknown(Fault),
    /// It cannot be said here.
    LeftOut(Fault),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Unknown(fault)
    }
}

fn requirement(place: &Place<'_>) -> Result<Need, Failed> {
    let kind = place.mapping()?.required("type")?;
    match kind.text()? {
        "insecureAcceptAnything" => {
            place.members(&["type"])?;
            Ok(Need::Accept)
        }
        "reject" => {
            place.members(&["type"])?;
            Ok(Need::Refuse)
        }
        "signedBy" => {
            Err(Failed::LeftOut(place.fault("signatures by OpenPGP keys are not verified by this program")))
        }
        "sigstoreSigned" => sigstore(place),
        other => {
            Err(Failed::Unknown(kind.fault(format!("`{other}` is no requirement that containers know"))))
        }
    }
}

const REKOR: [&str; 4] =
    ["rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"];
const KEYS: [&str; 4] = ["keyPath", "keyPaths", "keyData", "keyDatas"];

fn sigstore(place: &Place<'_>) -> Result<Need, Failed> {
    let known: Vec<&str> =
        ["type", "fulcio", "pki", "signedIdentity"].into_iter().chain(KEYS).chain(REKOR).collect();
    let members = place.members(&known)?;
    let left_out = |place: &Place<'_>, reason: &str| Failed::LeftOut(place.fault(reason));
    for (name, reason) in [
        (
            "fulcio",
            "a certificate authority by itself: a policy file names a trusted root that lists it, in `trust`",
        ),
        (
            "pki",
            "a certificate authority by itself: a policy file names a trusted root that lists it, in `trust`",
        ),
    ] {
        if let Some(place) = members.get(name) {
            return Err(left_out(&place, reason));
        }
    }
    if let Some(place) = members.first_of(&REKOR).and_then(|name| members.get(name)) {
        return Err(left_out(
            &place,
            "the key of a log by itself: a policy file names a trusted root that lists the log, in `trust`",
        ));
    }
    let of = keys(place, &members)?;
    let signed_as = signed_identity(place, &members)?;
    let proofs = Proofs { log: false, timestamp: false, sct: true };
    let signatures = Some(Signatures { all: false, of });
    Ok(Need::Require(Box::new(Requires {
        signatures,
        attestations: Vec::new(),
        proofs,
        signed_as: Some(signed_as),
    })))
}

fn keys(place: &Place<'_>, members: &Members<'_>) -> Result<Vec<Signer>, Failed> {
    let mut sources = KEYS.into_iter().filter_map(|name| members.get(name));
    let (Some(source), None) = (sources.next(), sources.next()) else {
        return Err(Failed::Unknown(place.fault(
            "one of `keyPath`, `keyPaths`, `keyData`, `keyDatas`, `fulcio` and `pki` says who signs",
        )));
    };
    let list = if source.value.is_array() { source.list()? } else { vec![source] };
    list.iter().map(|place| key(place)).collect()
}

/// A key, by a path or in base64.
fn key(place: &Place<'_>) -> Result<Signer, Failed> {
    let text = place.text()?;
    let is_path = place.path.to_string().contains("keyPath");
    if is_path {
        let name =
            text.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
        return match text.starts_with('/') {
            true => Ok(Signer { name, who: Who::Key(text.to_owned()) }),
            false => Err(Failed::LeftOut(
                place.fault("a path that begins where a program was started: write all of it"),
            )),
        };
    }
    let bytes = base64::decode(text).ok_or_else(|| place.fault("it is not base64"))?;
    let text = serde_json::Value::String(String::from_utf8_lossy(&bytes).into_owned());
    let inner = Place { value: &text, path: place.path.clone() };
    Ok(Signer { name: "key".to_owned(), who: Who::Pem(pem(&inner).map_err(Failed::LeftOut)?) })
}

/// Under which name the image has to have been signed.
fn signed_identity(place: &Place<'_>, members: &Members<'_>) -> Result<SignedAs, Failed> {
    let exact = "it wants a tag in the signature, and signatures by cosign name a repository alone: `matchRepository` accepts those";
    let Some(place) = members.get("signedIdentity") else {
        return Err(Failed::LeftOut(Fault::new(
            &place.path,
            format!("`signedIdentity` is missing, which means `matchRepoDigestOrExact`: {exact}"),
        )));
    };
    let kind = place.mapping()?.required("type")?;
    match kind.text()? {
        "matchRepository" => {
            place.members(&["type"])?;
            Ok(SignedAs::SameRepository)
        }
        "exactRepository" => {
            let name = place.members(&["type", "dockerRepository"])?.required("dockerRepository")?;
            let text = name.text()?;
            // Containers take that for a registry, and references here for a folder of Docker Hub.
            if text.starts_with("localhost/") {
                return Err(Failed::LeftOut(name.fault("`localhost` without a port names no registry here")));
            }
            repository(text)
                .map(SignedAs::Repository)
                .map_err(|reason| Failed::Unknown(name.fault(format!("`{text}` is no repository: {reason}"))))
        }
        "matchExact" | "matchRepoDigestOrExact" | "exactReference" | "remapIdentity" => {
            Err(Failed::LeftOut(kind.fault(exact)))
        }
        other => Err(Failed::Unknown(kind.fault(format!("`{other}` is none that containers know")))),
    }
}
