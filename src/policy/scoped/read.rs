//! From the values of a file to what they mean. Whatever is not understood is an error: nothing that somebody wrote into a policy is
//! passed over.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::document::{
    AttestationDemand, Code, Count, Demand, Document, NamedSigner, Requirements, Scope, SignerSource,
    Signers, Witnesses,
};
use super::glob::{FilePattern, ImagePattern};
use super::identity;
use super::path::Fault;
use super::signed_as::{self, SignedAs};
use super::typed::typed;
use super::value::{Members, Place};
use crate::payload::IMAGE_SIGNATURE_PREDICATE;
use crate::policy::rules::Rule;

/// The one version.
const VERSION: u64 = 1;
/// What a file can say.
const MEMBERS: [&str; 4] = ["version", "trust", "signers", "scopes"];
/// The built-in rules.
const BUILT_IN: [&str; 6] = ["github", "openvex", "sbom", "slsa", "vsa", "vulnerabilities"];
/// What a scope can say beside whom it is about.
const DEMANDS: [&str; 8] =
    ["signatures", "attestations", "log", "timestamp", "sct", "max-age", "annotations", "signed-as"];

/// What to do with a policy of another program.
pub const FOREIGN: &str =
    "it is a policy of another program: `policy import FILE` writes it as a policy file";

/// Whether a document is a policy of another program, which `policy import` reads: of policy-controller, or of containers.
pub fn is_foreign(value: &Value) -> bool {
    let is_there = |name: &str| value.get(name).is_some();
    (is_there("apiVersion") && is_there("kind")) || (is_there("default") && !is_there("scopes"))
}

impl Document {
    /// Reads the values of a file.
    ///
    /// # Errors
    /// All in it that has no meaning, at least one thing, each with its place.
    pub fn read(value: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let document = Self::read_into(value, &mut faults);
        match document {
            Ok(document) if faults.is_empty() => Ok(document),
            Ok(_) => Err(faults),
            Err(fault) => {
                faults.push(fault);
                Err(faults)
            }
        }
    }

    /// Reads on behind what has no meaning, which is noted.
    fn read_into(value: &Value, faults: &mut Vec<Fault>) -> Result<Self, Fault> {
        let place = Place::new(value);
        if is_foreign(value) {
            // What else would be told of it is no mistake there.
            place.members(&MEMBERS).map_err(|fault| fault.hint(FOREIGN))?;
        }
        let members = place.mapping()?;
        match members.required("version") {
            Ok(version) if version.value.as_u64() != Some(VERSION) => {
                let fault = version.fault("this program reads version 1 of policy files");
                return Err(fault.hint("`version: 1`"));
            }
            version => faults.extend(version.err().map(|fault| fault.hint("`version: 1`"))),
        }
        faults.extend(place.strangers(&MEMBERS));
        let root = root(&members).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let signers =
            members.get("signers").map_or_else(|| Ok(Vec::new()), |place| signers(&place, faults))?;
        let mut names = HashSet::new();
        let mut scopes = Vec::new();
        for place in members.required("scopes")?.list()? {
            let scope = match scope(&place, &signers) {
                Ok(scope) => scope,
                Err(fault) => {
                    faults.extend(further(&place, &signers, fault));
                    continue;
                }
            };
            if !names.insert(scope.name.clone()) {
                faults.push(place.fault(format!("a scope before this one is called `{}` too", scope.name)));
            }
            scopes.push(scope);
        }
        Ok(Self { root, signers, scopes })
    }
}

/// The trusted root that the file names.
fn root(members: &Members<'_>) -> Result<Option<String>, Fault> {
    let Some(trust) = members.get("trust") else { return Ok(None) };
    let members = trust.members(&["root"]).map_err(|fault| match trust.value {
        Value::String(text) => fault.hint(format!("write `trust: {{ root: {text} }}`")),
        _ => fault,
    })?;
    Ok(Some(members.required("root")?.text()?.to_owned()))
}

/// All that has no meaning in a scope, `first` found first.
fn further(place: &Place<'_>, signers: &[NamedSigner], first: Fault) -> Vec<Fault> {
    let mut found = vec![first];
    let Ok(mapping) = place.mapping() else { return found };
    let mut parts = vec![
        patterns(&mapping, "images", ImagePattern::parse).err(),
        patterns(&mapping, "files", FilePattern::parse).err(),
        mapping.get("signatures").and_then(|place| who(&place, signers).err()),
        mapping.get("max-age").and_then(|place| place.seconds().err()),
        annotations(&mapping).err(),
        signed_as(&mapping).err(),
    ];
    parts.extend(
        ["log", "timestamp", "sct"].map(|name| witnesses(&mapping, name, Witnesses::NotRequired).err()),
    );
    let attestations = mapping.get("attestations").and_then(|place| place.list().ok()).unwrap_or_default();
    parts.extend(attestations.iter().map(|place| attestation(place, signers).err()));
    parts.extend(place.strangers(&of_scope()).into_iter().map(Some));
    for fault in parts.into_iter().flatten() {
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    found
}

fn signers(place: &Place<'_>, faults: &mut Vec<Fault>) -> Result<Vec<NamedSigner>, Fault> {
    let known: Vec<&str> = identity::MEMBERS.into_iter().chain(["key"]).collect();
    let one = |(name, place): (&str, Place<'_>)| {
        if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
            return Err(place.fault(format!("`{}` is no name of a signer", name.escape_debug())));
        }
        if let Value::String(text) = place.value {
            return Err(place
                .fault("a signer is a mapping, and there is a text")
                .hint(format!("write `{name}: {{ key: {text} }}` if that is a key")));
        }
        let members = place.members(&known)?;
        let source = match members.get("key") {
            None => SignerSource::Identity(Box::new(identity::read(&members)?)),
            Some(key) => match members.first_of(&identity::MEMBERS) {
                Some(other) => {
                    return Err(place.fault(format!("`key` and `{other}` name two different signers")));
                }
                None => SignerSource::Key(key.text()?.to_owned()),
            },
        };
        Ok(NamedSigner { name: name.to_owned(), source, path: place.path })
    };
    let all = place
        .mapping()
        .map_err(|fault| fault.hint("each signer stands under its name: `NAME: { key: FILE }`"))?;
    let named = all.iter().map(|(name, place)| {
        let path = place.path.clone();
        // The first of them is told below, as one of the signer.
        faults.extend(place.strangers(&known).into_iter().skip(1));
        one((name, place)).unwrap_or_else(|fault| {
            faults.push(fault);
            // Its name is known to the scopes all the same.
            NamedSigner { name: name.to_owned(), source: SignerSource::Key(String::new()), path }
        })
    });
    Ok(named.collect())
}

/// What a scope can say.
fn of_scope() -> Vec<&'static str> {
    ["name", "images", "files", "accept", "refuse"].into_iter().chain(DEMANDS).collect()
}

fn scope(place: &Place<'_>, signers: &[NamedSigner]) -> Result<Scope, Fault> {
    let members = place.members(&of_scope())?;
    let name = members.required("name")?.text()?.to_owned();
    let images = patterns(&members, "images", ImagePattern::parse)?;
    let files = patterns(&members, "files", FilePattern::parse)?;
    if images.is_empty() && files.is_empty() {
        return Err(place.fault("the scope is about nothing").hint("add `images` or `files`"));
    }
    let demand = match members.first_of(&["accept", "refuse"]) {
        Some(word) => {
            let others: Vec<_> =
                DEMANDS.into_iter().chain(["refuse"]).filter(|other| *other != word).collect();
            if let Some(other) = members.first_of(&others) {
                return Err(place.fault(format!("`{word}` and `{other}` contradict each other")));
            }
            members.required(word)?.yes()?;
            if word == "accept" { Demand::Accept } else { Demand::Refuse }
        }
        None => Demand::Require(Box::new(requirements(place, &members, signers)?)),
    };
    Ok(Scope { name, images, files, demand, path: place.path.clone() })
}

fn patterns<T>(
    members: &Members<'_>,
    name: &str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Fault> {
    let Some(place) = members.get(name) else { return Ok(Vec::new()) };
    let one = |place: Place<'_>| parse(place.text()?).map_err(|reason| place.fault(reason));
    place.list()?.into_iter().map(one).collect()
}

fn requirements(
    place: &Place<'_>,
    members: &Members<'_>,
    known: &[NamedSigner],
) -> Result<Requirements, Fault> {
    let signatures = members.get("signatures").map(|place| who(&place, known)).transpose()?;
    let attestations = match members.get("attestations") {
        Some(place) => {
            place.list()?.iter().map(|place| attestation(place, known)).collect::<Result<Vec<_>, _>>()?
        }
        None => Vec::new(),
    };
    if signatures.is_none() && attestations.is_empty() {
        return Err(place
            .fault("the scope asks for nothing")
            .hint("add `signatures` or `attestations`; `accept: true` accepts without any"));
    }
    Ok(Requirements {
        signatures,
        attestations,
        log: witnesses(members, "log", Witnesses::AtLeast(1))?,
        timestamp: witnesses(members, "timestamp", Witnesses::NotRequired)?,
        sct: witnesses(members, "sct", Witnesses::AtLeast(1))?,
        max_age: members.get("max-age").map(|place| place.seconds()).transpose()?,
        annotations: annotations(members)?,
        signed_as: signed_as(members)?,
    })
}

/// `NAME`, or a mapping with `any`, `all`, or `at-least` and `of`.
fn who(place: &Place<'_>, known: &[NamedSigner]) -> Result<Signers, Fault> {
    if place.value.is_string() {
        return Ok(Signers { count: Count::Any, of: vec![named(place, known)?], path: place.path.clone() });
    }
    if !place.value.is_object() {
        return Err(place
            .fault("the name of a signer, or a mapping that says how many of which, is expected")
            .hint("`NAME`, `{ any: [a, b] }`, `{ all: [a, b] }`, or `{ at-least: 2, of: [a, b, c] }`"));
    }
    let members = place.members(&["any", "all", "at-least", "of"])?;
    let (count, list) = match (members.get("any"), members.get("all"), members.get("at-least")) {
        (Some(list), None, None) => (Count::Any, list),
        (None, Some(list), None) => (Count::All, list),
        (None, None, Some(number)) => (Count::AtLeast(number.count()?), members.required("of")?),
        _ => {
            return Err(place
                .fault("one of `any`, `all` and `at-least` with `of` says how many")
                .hint("`any: [a, b]`, `all: [a, b]`, or `at-least: 2` and `of: [a, b, c]`"));
        }
    };
    if let (Some(of), Count::Any | Count::All) = (members.get("of"), count) {
        return Err(of.fault("`of` goes with `at-least`"));
    }
    let mut of = Vec::new();
    for place in list.list()? {
        let signer = named(&place, known)?;
        if of.contains(&signer) {
            return Err(place.fault("this signer is named twice"));
        }
        of.push(signer);
    }
    let signers = Signers { count, of, path: place.path.clone() };
    if signers.needed() > signers.of.len() {
        let (needed, of) = (signers.needed(), signers.of.len());
        return Err(place.fault(format!("{needed} signers out of {of}: nothing could ever satisfy that")));
    }
    Ok(signers)
}

fn named(place: &Place<'_>, known: &[NamedSigner]) -> Result<usize, Fault> {
    let name = place.text()?;
    known.iter().position(|signer| signer.name == name).ok_or_else(|| {
        let fault = place.fault(format!("there is no signer `{name}`"));
        match known.is_empty() {
            true => fault.hint("name signers under `signers`"),
            false => {
                let names: Vec<_> = known.iter().map(|signer| signer.name.as_str()).collect();
                fault.hint(format!("`signers` has: {}", names.join(", ")))
            }
        }
    })
}

fn attestation(place: &Place<'_>, known: &[NamedSigner]) -> Result<AttestationDemand, Fault> {
    let members = place.members(&["type", "signers", "rules", "must-pass", "max-age"])?;
    let each = match members.get("must-pass") {
        None => true,
        Some(place) => match place.text()? {
            "each" => true,
            "one" => false,
            other => return Err(place.fault(format!("`{other}` is neither `each` nor `one`"))),
        },
    };
    let code = match members.get("rules") {
        Some(place) => place.list()?.iter().map(rule).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    if code.is_empty() && members.first_of(&["must-pass"]).is_some() {
        return Err(place.fault("`must-pass` comes without `rules`"));
    }
    let kind = members.required("type")?;
    // A signature of an image in a bundle is a statement of this type, and no attestation.
    if kind.text()? == IMAGE_SIGNATURE_PREDICATE {
        return Err(kind
            .fault("statements of this type are signatures of images, and no attestations")
            .hint("ask for them with `signatures`"));
    }
    Ok(AttestationDemand {
        predicate_type: kind.text()?.to_owned(),
        path: place.path.clone(),
        signers: who(&members.required("signers")?, known)?,
        code,
        each,
        max_age: members.get("max-age").map(|place| place.seconds()).transpose()?,
    })
}

fn rule(place: &Place<'_>) -> Result<Code, Fault> {
    let known: Vec<&str> = ["rego", "cue", "data"].into_iter().chain(BUILT_IN).collect();
    let members = place.members(&known)?;
    if let Some(name) = members.first_of(&BUILT_IN) {
        if let Some((other, _)) = members.iter().find(|(other, _)| *other != name) {
            return Err(place.fault(format!("`{name}` and `{other}` are two rules: write two items")));
        }
        let rule: Rule = typed(place.value, &place.path)?;
        return Ok(Code { rules: vec![rule], files: Vec::new(), data: Vec::new(), path: place.path.clone() });
    }
    let texts = |place: Place<'_>| -> Result<Vec<String>, Fault> {
        place.list()?.iter().map(|place| Ok(place.text()?.to_owned())).collect()
    };
    let data = members.get("data").map_or_else(|| Ok(Vec::new()), texts)?;
    let (language, files) = match (members.get("rego"), members.get("cue")) {
        (Some(files), None) => (".rego", files),
        (None, Some(files)) if data.is_empty() => (".cue", files),
        (None, Some(_)) => return Err(place.fault("only Rego looks at `data`")),
        (None, None) if members.get("data").is_some() => {
            return Err(place.fault("`data` is what Rego looks at, and there is no `rego` beside it"));
        }
        _ => {
            let names = BUILT_IN.join("`, `");
            return Err(place.fault(format!("a rule is one of `rego`, `cue`, `{names}`")));
        }
    };
    let path = files.path.clone();
    let files = texts(files)?;
    match files.iter().find(|file| !file.ends_with(language)) {
        Some(file) => Err(Fault::new(&path, format!("the name `{file}` does not end in `{language}`"))),
        None => Ok(Code { rules: Vec::new(), files, data, path: place.path.clone() }),
    }
}

fn witnesses(members: &Members<'_>, name: &str, default: Witnesses) -> Result<Witnesses, Fault> {
    let Some(place) = members.get(name) else { return Ok(default) };
    match place.value.as_str() {
        Some("required") => Ok(Witnesses::AtLeast(1)),
        Some("not-required") => Ok(Witnesses::NotRequired),
        None if place.value.is_object() => {
            Ok(Witnesses::AtLeast(place.members(&["at-least"])?.required("at-least")?.count()?))
        }
        _ => Err(place
            .fault("`required`, `not-required`, or `at-least` with a number stands here")
            .hint(format!("`{name}: required`, `{name}: not-required`, or `{name}: {{ at-least: 2 }}`"))),
    }
}

fn annotations(members: &Members<'_>) -> Result<BTreeMap<String, String>, Fault> {
    let Some(place) = members.get("annotations") else { return Ok(BTreeMap::new()) };
    let all = place.mapping()?;
    let one = |(name, place): (&str, Place<'_>)| Ok((name.to_owned(), place.text()?.to_owned()));
    let all = all.iter().map(one).collect::<Result<BTreeMap<_, _>, _>>()?;
    if all.is_empty() || members.first_of(&["signatures"]).is_none() {
        return Err(place.fault("annotations are of signatures: name some, beside `signatures`"));
    }
    Ok(all)
}

/// `same-repository`, or a mapping with the `repository`.
fn signed_as(members: &Members<'_>) -> Result<Option<SignedAs>, Fault> {
    let Some(place) = members.get("signed-as") else { return Ok(None) };
    for needed in ["signatures", "images"] {
        if members.get(needed).is_none() {
            return Err(
                place.fault(format!("names are signed with images alone: `{needed}` is missing beside it"))
            );
        }
    }
    match place.value.as_str() {
        Some("same-repository") => Ok(Some(SignedAs::SameRepository)),
        None if place.value.is_object() => {
            let place = place.members(&["repository"])?.required("repository")?;
            let text = place.text()?;
            let is_whole = text.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
            let repository = match is_whole {
                true => signed_as::repository(text),
                false => Err("it names no registry".to_owned()),
            };
            let repository = repository.map_err(|reason| {
                place
                    .fault(format!("`{text}` is no repository: {reason}"))
                    .hint("REGISTRY/REPOSITORY, such as `registry.example/team/app`")
            })?;
            Ok(Some(SignedAs::Repository(repository)))
        }
        _ => Err(place
            .fault("`same-repository`, or `repository` with a name stands here")
            .hint("`signed-as: same-repository`, or `signed-as: { repository: registry.example/team/app }`")),
    }
}
