//! An authority of policy-controller: a key or identities, by which an image has signatures or, where attestations are named, those.

use super::draft::{Attestation, Code, Proofs, Signer, Text, Who};
use super::{Checker, given, identity, items};
use crate::crypto::PublicKey;
use crate::policy::PolicyFile;
use crate::policy::scoped::Fault;
use crate::policy::scoped::value::{Members, Place};

/// The services that the controller trusts where no root of its own is named.
const FULCIO: [&str; 2] = ["https://fulcio.sigstore.dev", "https://fulcio.sigstore.dev/"];
const REKOR: [&str; 2] = ["https://rekor.sigstore.dev", "https://rekor.sigstore.dev/"];
/// Where the controller's keys may be, and ours.
const SERVICES: [&str; 4] = ["awskms://", "azurekms://", "gcpkms://", "hashivault://"];
/// What the controller asks Rego for, as the rule that this program asks for.
const ENTRY: &str = "package signature\n\n# What this program asks, by what policy-controller asks.\nallow { data.sigstore.isCompliant == true }\n";

/// An authority.
#[derive(Debug, Clone)]
pub(super) enum Authority {
    /// `static: pass`.
    Pass,
    /// `static: fail`.
    Fail,
    Signed(Signed),
}

/// One that somebody's signature satisfies.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    /// Any of them.
    pub of: Vec<Signer>,
    /// All of them; signatures where there are none.
    pub attestations: Vec<Attestation>,
    pub proofs: Proofs,
}

/// Reads an authority. `name` is what signers and files are called after.
///
/// # Errors
/// Something in it cannot be said here.
pub(super) fn read(place: &Place<'_>, name: &str, check: Checker<'_>) -> Result<Authority, Fault> {
    let known = [
        "name",
        "key",
        "keyless",
        "static",
        "source",
        "ctlog",
        "attestations",
        "rfc3161timestamp",
        "signatureFormat",
    ];
    let members = place.members(&known)?;
    let (key, keyless) = (given(&members, "key"), given(&members, "keyless"));
    if let Some(place) = given(&members, "static") {
        let only = place.members(&["action", "message"])?;
        if members.first_of(&["key", "keyless", "source", "ctlog", "attestations"]).is_some() {
            return Err(place.fault("`static` stands beside what has to be verified"));
        }
        let action = only.required("action")?;
        return match action.text()? {
            "pass" => Ok(Authority::Pass),
            "fail" => Ok(Authority::Fail),
            other => Err(action.fault(format!("`{other}` is neither `pass` nor `fail`"))),
        };
    }
    let is_bundle = match given(&members, "signatureFormat") {
        None => false,
        Some(place) => match place.text()? {
            "bundle" => true,
            "legacy" | "" => false,
            other => return Err(place.fault(format!("the format `{other}` is not known"))),
        },
    };
    if let Some(place) = given(&members, "source").filter(|place| place.value != &serde_json::json!([])) {
        return Err(
            place.fault("signatures are looked for beside the image: a policy file names no other place")
        );
    }
    let (of, mut proofs) = match (key, keyless) {
        (Some(place), None) if is_bundle => {
            return Err(place.fault("the controller takes no keys with `signatureFormat: bundle`"));
        }
        (Some(place), None) => {
            (vec![key_signer(&place, name)?], Proofs { log: false, timestamp: false, sct: true })
        }
        (None, Some(place)) => identities(&place, name)?,
        _ => return Err(place.fault("one of `key`, `keyless` and `static` says who signs")),
    };
    witnesses(&members, is_bundle, &mut proofs)?;
    let mut attestations = Vec::new();
    if let Some(place) = given(&members, "attestations") {
        for place in items(&place)? {
            attestations.push(attestation(&place, name, &of, check)?);
        }
    }
    Ok(Authority::Signed(Signed { of, attestations, proofs }))
}

/// Log entries and timestamps. Without a log that is named, a key needs none, and a certificate one of the public log.
fn witnesses(members: &Members<'_>, is_bundle: bool, proofs: &mut Proofs) -> Result<(), Fault> {
    let no_root = |members: &Members<'_>| match given(members, "trustRootRef") {
        Some(place) if place.value != "" => {
            Err(place.fault("a root in a cluster: a policy file names one root, in a file"))
        }
        _ => Ok(()),
    };
    let log = given(members, "ctlog");
    if let Some(place) = &log {
        let members = place.members(&["url", "trustRootRef"])?;
        no_root(&members)?;
        match given(&members, "url") {
            Some(url) if REKOR.contains(&url.text()?) => proofs.log = true,
            Some(url) => {
                return Err(url.fault(
                    "another log than the public one: a policy file names a trusted root that lists it",
                ));
            }
            // As the controller has it: `ctlog: {}` asks for no log, but of bundles.
            None => proofs.log = is_bundle,
        }
    }
    if let Some(place) = given(members, "rfc3161timestamp") {
        no_root(&place.members(&["trustRootRef"])?)?;
        if is_bundle {
            proofs.timestamp = true;
            proofs.log = log.is_none();
        }
    }
    Ok(())
}

fn key_signer(place: &Place<'_>, name: &str) -> Result<Signer, Fault> {
    let members = place.members(&["secretRef", "data", "kms", "hashAlgorithm"])?;
    if let Some(place) = given(&members, "hashAlgorithm")
        && !matches!(place.value.as_str(), Some("" | "sha256"))
    {
        return Err(place.fault("signatures over SHA-256 alone are asked for by a policy file"));
    }
    let filled = |name: &str| given(&members, name).filter(|place| place.value.as_str() != Some(""));
    let who = match (filled("data"), filled("kms"), filled("secretRef")) {
        (Some(place), None, None) => Who::Pem(pem(&place)?),
        (None, Some(place), None) => {
            let text = place.text()?;
            if !SERVICES.iter().any(|scheme| text.starts_with(scheme)) {
                return Err(place.fault("no key service of this name is known"));
            }
            Who::Key(text.to_owned())
        }
        (None, None, Some(place)) => {
            return Err(place.fault("a secret in a cluster: write the public key itself, as `data`"));
        }
        _ => return Err(place.fault("one of `data`, `kms` and `secretRef` says which key")),
    };
    Ok(Signer { name: name.to_owned(), who })
}

/// The one public key of a text.
pub(super) fn pem(place: &Place<'_>) -> Result<String, Fault> {
    let text = place.text()?.trim();
    if text.matches("-----BEGIN").count() != 1 {
        return Err(place.fault("one public key in PEM is expected"));
    }
    PublicKey::from_pem(text.as_bytes()).map_err(|error| place.fault(error.to_string()))?;
    Ok(format!("{text}\n"))
}

fn identities(place: &Place<'_>, name: &str) -> Result<(Vec<Signer>, Proofs), Fault> {
    let members = place.members(&["url", "identities", "ca-cert", "trustRootRef", "insecureIgnoreSCT"])?;
    if let Some(place) = given(&members, "trustRootRef").filter(|place| place.value != "") {
        return Err(place.fault("a root in a cluster: a policy file names one root, in a file"));
    }
    if let Some(place) = given(&members, "ca-cert") {
        return Err(place
            .fault("a certificate authority by itself: a policy file names a trusted root that lists it"));
    }
    if let Some(place) = given(&members, "url").filter(|place| place.value != "")
        && !FULCIO.contains(&place.text()?)
    {
        return Err(place.fault(
            "another authority than the public one: a policy file names a trusted root that lists it",
        ));
    }
    let sct = match given(&members, "insecureIgnoreSCT") {
        None => true,
        Some(place) => !place.value.as_bool().ok_or_else(|| place.fault("`true` or `false` is expected"))?,
    };
    let list = given(&members, "identities").map(|place| items(&place)).transpose()?.unwrap_or_default();
    if list.is_empty() {
        return Err(place.fault("no identity is named: that is anybody, and nobody is accepted so here"));
    }
    let is_one = list.len() == 1;
    let one = |(number, place): (usize, &Place<'_>)| -> Result<Signer, Fault> {
        let members = place.members(&["issuer", "subject", "issuerRegExp", "subjectRegExp"])?;
        let subject: Text = identity::text(&members, "subject", "subjectRegExp")?;
        let issuer = identity::text(&members, "issuer", "issuerRegExp")?;
        let name = if is_one { name.to_owned() } else { format!("{name}-{}", number + 1) };
        Ok(Signer { name, who: Who::Identity { subject, issuer } })
    };
    let of = list.iter().enumerate().map(one).collect::<Result<_, _>>()?;
    Ok((of, Proofs { log: true, timestamp: false, sct }))
}

fn attestation(
    place: &Place<'_>,
    name: &str,
    of: &[Signer],
    check: Checker<'_>,
) -> Result<Attestation, Fault> {
    let members = place.members(&["name", "predicateType", "policy"])?;
    let predicate_type = members.required("predicateType")?.text()?.to_owned();
    let name = match given(&members, "name") {
        Some(own) => format!("{name}-{}", own.text()?),
        None => name.to_owned(),
    };
    let code =
        given(&members, "policy").map(|place| code(&place, name, &predicate_type, check)).transpose()?;
    Ok(Attestation { predicate_type, of: of.to_vec(), code })
}

/// A policy on statements.
fn code(place: &Place<'_>, name: String, asked: &str, check: Checker<'_>) -> Result<Code, Fault> {
    let members = place.members(&["type", "data", "url", "remote", "configMapRef"])?;
    for elsewhere in ["url", "remote", "configMapRef"] {
        if let Some(place) = given(&members, elsewhere) {
            return Err(place.fault("a policy that is somewhere else: write it here, as `data`"));
        }
    }
    let kind = members.required("type")?;
    let data = members.required("data")?;
    let text = data.text()?;
    let files = match kind.text()? {
        "cue" => vec![(".cue", text.to_owned())],
        "rego" => {
            rego(&data, text, asked)?;
            vec![(".rego", text.to_owned()), ("-entry.rego", ENTRY.to_owned())]
        }
        other => return Err(kind.fault(format!("`{other}` is neither `rego` nor `cue`"))),
    };
    let read = files
        .iter()
        .map(|(end, text)| PolicyFile { name: format!("policy{end}"), bytes: text.clone().into() });
    match check(read.collect()) {
        Some(reason) => Err(data.fault(format!("it is not read here: {reason}"))),
        None => Ok(Code { name, files }),
    }
}

/// What means something else here, or nothing.
fn rego(place: &Place<'_>, text: &str, asked: &str) -> Result<(), Fault> {
    let mut words =
        text.lines().map(|line| line.split('#').next().unwrap_or_default()).flat_map(str::split_whitespace);
    if (words.next(), words.next()) != (Some("package"), Some("sigstore")) {
        return Err(place
            .fault("the controller asks `isCompliant` of `package sigstore`, and this is another package"));
    }
    let rules = text
        .match_indices("isCompliant")
        .map(|(at, word)| text.get(at + word.len()..).unwrap_or_default().trim_start());
    if rules.into_iter().any(|rest| rest.starts_with('[') || rest.starts_with("contains")) {
        return Err(place.fault("`isCompliant` as a list of results: only `true` is understood here"));
    }
    // The controller shows policies this member of such statements, and this program does not, as cosign.
    if asked == "vuln" && text.contains("_type") {
        return Err(
            place.fault("it looks at `_type`, which statements of the type `vuln` are not shown with here")
        );
    }
    Ok(())
}
