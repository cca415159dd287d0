//! `slsa`: SLSA provenance v0.2 and v1.
//!
//! Where builders write down the source is the matter of `places.rs`. Every place that names one has to name the same: provenance that
//! names two repositories is refused, unless `source-from` says which of the places counts.

mod places;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::at::{At, Mismatch, quoted};
use super::facts::{Facts, Signer, SigningCertificate};
use super::run;
use super::source::{Commit, ExpectedRepository, GitRef};
use super::text::{Text, differ, excluded};
pub(super) use places::{Found, Place, checkout, dependencies, is_same};
use places::{SourceFrom, of_workflow, places};

/// The name of the rule.
pub(super) const NAME: &str = "slsa";
const V0_2: &str = "https://slsa.dev/provenance/v0.2";
/// Of v1.
pub(super) const V1: &str = "https://slsa.dev/provenance/v1";

/// What provenance has to say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Slsa {
    /// The name of each subject: `pkg:npm/sigstore@2.0.0`.
    subject_name: Option<Text>,
    /// Who built: `builder.id`, `runDetails.builder.id`.
    builder_id: Option<Text>,
    /// How: `buildType`, `buildDefinition.buildType`.
    build_type: Option<Text>,
    /// The repository that was built.
    source: Option<ExpectedRepository>,
    /// The places that count for `source`, `ref` and `commit`.
    source_from: Option<SourceFrom>,
    /// The ref, in full.
    #[serde(rename = "ref")]
    reference: Option<GitRef>,
    /// The commit, in full.
    commit: Option<Commit>,
    /// The file of the workflow, as a path in the repository.
    workflow: Option<Text>,
    /// Members of the parameters, each with its value; of an object, those that are named.
    parameters: Option<Map<String, Value>>,
}

/// Whether this is a type of provenance that can be read.
pub(super) fn is_about(predicate_type: &str) -> bool {
    predicate_type == V0_2 || predicate_type == V1
}

/// The two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V0_2,
    V1,
}

impl Version {
    fn of(predicate_type: &str) -> Self {
        if predicate_type == V0_2 { Self::V0_2 } else { Self::V1 }
    }

    /// For people.
    fn name(self) -> &'static str {
        match self {
            Self::V0_2 => "provenance v0.2",
            Self::V1 => "provenance v1",
        }
    }

    /// The one whose members have no meaning in a statement of this one. What stands there all the same must not contradict it: some
    /// reader may look there.
    fn other(self) -> Self {
        match self {
            Self::V0_2 => Self::V1,
            Self::V1 => Self::V0_2,
        }
    }

    /// Where the builder, the type and the parameters of a build stand.
    fn places(self) -> [&'static str; 3] {
        match self {
            Self::V0_2 => ["builder.id", "buildType", "invocation.parameters"],
            Self::V1 => {
                ["runDetails.builder.id", "buildDefinition.buildType", "buildDefinition.externalParameters"]
            }
        }
    }

    /// Where the path of a workflow stands.
    fn workflows(self) -> &'static [&'static str] {
        match self {
            Self::V0_2 => &["invocation.configSource.entryPoint"],
            Self::V1 => &[
                "buildDefinition.externalParameters.workflow.path",
                "buildDefinition.externalParameters.buildConfigSource.path",
                "buildDefinition.externalParameters.configSource.path",
                "buildDefinition.externalParameters.entryPoint",
            ],
        }
    }
}

impl Slsa {
    /// The ref, where it is not written in full.
    pub(super) fn short_ref(&self) -> Option<&str> {
        self.reference.as_ref().and_then(GitRef::short)
    }

    /// That something is demanded, and what goes with what.
    pub(super) fn demands(&self) -> Result<(), String> {
        let of_source = self.source.is_some() || self.reference.is_some() || self.commit.is_some();
        if (self.reference.is_some() || self.commit.is_some()) && self.source.is_none() {
            return Err("has a `ref` or a `commit` without the `source` that it is of".to_owned());
        }
        if self.source_from.is_some() && !of_source {
            return Err("has `source-from` without a `source`".to_owned());
        }
        if self.parameters.as_ref().is_some_and(is_hollow) {
            return Err("has `parameters` that demand nothing".to_owned());
        }
        if let Some(number) = self.parameters.iter().flatten().find_map(|(_, value)| inexact(value)) {
            return Err(format!(
                "has the number `{number}` in its `parameters`: only whole numbers from -9223372036854775808 to 18446744073709551615 can be compared"
            ));
        }
        let others = self.subject_name.is_some()
            || self.builder_id.is_some()
            || self.build_type.is_some()
            || self.workflow.is_some()
            || self.parameters.is_some();
        if of_source || others { Ok(()) } else { Err("demands nothing".to_owned()) }
    }

    /// Why no provenance of this type says what is demanded.
    pub(super) fn impossible(&self, predicate_type: &str) -> Option<String> {
        let workflow = self.workflow.as_ref();
        if let Some(text) = workflow.and_then(|text| text.all_are(|text| with_ref(text).is_some()))
            && let Some((path, reference)) = with_ref(text)
        {
            return Some(format!(
                "`workflow: {text}` can never be met: provenance has the path of a workflow there, without a ref; write `workflow: {path}`, and the ref beside `source`, as `ref: {reference}`"
            ));
        }
        let from = self.source_from.as_ref()?;
        let version = from.version();
        (version != Version::of(predicate_type)).then(|| {
            format!(
                "`source-from: {from}` is a place in {}, and the type here is `{predicate_type}`",
                version.name()
            )
        })
    }

    /// The member of which two rules demand different things.
    pub(super) fn contradicts(&self, other: &Self) -> Option<&'static str> {
        // Other places may name other repositories.
        let of_source = if self.source_from != other.source_from {
            None
        } else if differ(self.source.as_ref(), other.source.as_ref()) {
            Some("source")
        } else if differ(self.reference.as_ref(), other.reference.as_ref()) {
            Some("ref")
        } else {
            differ(self.commit.as_ref(), other.commit.as_ref()).then_some("commit")
        };
        of_source.or_else(|| {
            excluded(&[
                ("subject-name", self.subject_name.as_ref(), other.subject_name.as_ref()),
                ("builder-id", self.builder_id.as_ref(), other.builder_id.as_ref()),
                ("build-type", self.build_type.as_ref(), other.build_type.as_ref()),
                ("workflow", self.workflow.as_ref(), other.workflow.as_ref()),
            ])
        })
    }

    pub(super) fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let version = Version::of(&facts.predicate_type);
        let predicate = At::root(NAME, "predicate", facts.predicate.as_ref());
        let ([builder, build_type, parameters], others) = (version.places(), version.other().places());
        let mut held = subjects(self.subject_name.as_ref(), facts)?;
        let [other_builder, other_type, other_parameters] = others;
        for (path, other, expected) in
            [(builder, other_builder, &self.builder_id), (build_type, other_type, &self.build_type)]
        {
            if let Some(expected) = expected {
                let at = predicate.below(path);
                held.push(expected.check(&at)?);
                at.agrees_with(&predicate.below(other))?;
            }
        }
        if let (Some(_), Signer::Certificate(certificate)) = (&self.builder_id, &facts.signer) {
            run::same_builder(NAME, certificate, &predicate.below(builder))?;
        }
        if self.source.is_some() || self.workflow.is_some() {
            let found = places(&predicate, version, self.source_from.as_ref())?;
            if self.workflow.is_some() {
                // The workflow is a path in some repository: what names two of them is not clear.
                let hint =
                    "the statement names another repository or revision of the workflow than of the source";
                for place in of_workflow(&predicate, version)? {
                    found.agrees_with(&place, hint)?;
                }
            }
            if let Some(expected) = &self.source {
                held.extend(self.source(expected, found)?);
            }
        }
        if let Some(expected) = &self.workflow {
            held.extend(workflow(expected, &predicate, version)?);
        }
        if let Signer::Certificate(certificate) = &facts.signer {
            self.not_contradicted(&predicate, version, certificate)?;
        }
        for (name, expected) in self.parameters.iter().flatten() {
            let at = predicate.below(parameters).member(name);
            includes(&at, expected, &mut held)?;
            at.agrees_with(&predicate.below(other_parameters).member(name))?;
        }
        Ok(held)
    }

    /// That the revision and the workflow are none but those of the certificate, which says what was started: the workflow also where no rule demands one, and whichever
    /// version has it.
    fn not_contradicted(
        &self,
        predicate: &At<'_>,
        version: Version,
        certificate: &SigningCertificate,
    ) -> Result<(), Mismatch> {
        if let Some(ExpectedRepository(repository)) = &self.source {
            let reference = self.reference.as_ref().map(|GitRef(expected)| ("ref", expected));
            let commit = self.commit.as_ref().map(|Commit(expected)| ("commit", expected));
            for (what, expected) in reference.into_iter().chain(commit) {
                run::same_revision(NAME, certificate, repository, what, expected)?;
            }
        }
        let compared = self.workflow.as_ref().map_or(run::Compared::Workflows, run::Compared::Demanded);
        for version in [version, version.other()] {
            let paths: Vec<_> = version.workflows().iter().map(|path| predicate.below(path)).collect();
            run::same_workflow(NAME, certificate, (&paths, compared), || of_workflow(predicate, version))?;
        }
        Ok(())
    }

    fn source(&self, expected: &ExpectedRepository, found: Found) -> Result<Vec<String>, Mismatch> {
        let mut held = Vec::new();
        for (path, source) in
            found.places.iter().filter_map(|place| Some((&place.path, place.source.as_ref()?)))
        {
            if source.repository != expected.0 {
                let (expected, found) =
                    (quoted(&expected.0.to_string()), quoted(&source.repository.to_string()));
                let mismatch = Mismatch::new(NAME, path, expected, found);
                return Err(match source.repository.differs_in_case(&self.source_or(source)) {
                    true => mismatch.hint(
                        "both differ in the case of letters alone: write the source as the statement does",
                    ),
                    false => mismatch,
                });
            }
        }
        held.push(format!("{NAME}: {} is {}", found.paths(), expected.0));
        if let Some(GitRef(expected)) = &self.reference {
            held.push(found.revision("ref", expected, |place| &place.references)?);
        }
        if let Some(Commit(expected)) = &self.commit {
            held.push(found.revision("commit", expected, |place| &place.commits)?);
        }
        Ok(held)
    }

    fn source_or(&self, other: &super::source::Source) -> super::source::Repository {
        self.source.as_ref().map_or_else(|| other.repository.clone(), |expected| expected.0.clone())
    }
}

/// The path and the ref of a workflow that is written with both: `.github/workflows/release.yml@refs/heads/main`. With the repository before the path it is
/// another text, which builders do write.
fn with_ref(text: &str) -> Option<(&str, &str)> {
    let (path, reference) = text.split_once('@').filter(|(_, reference)| reference.starts_with("refs/"))?;
    let is_path = !path.contains("/.github/") && (path.ends_with(".yml") || path.ends_with(".yaml"));
    is_path.then_some((path, reference))
}

/// Provenance of several artifacts is refused where one of them has another name: which of them is meant is not looked at.
fn subjects(expected: Option<&Text>, facts: &Facts) -> Result<Vec<String>, Mismatch> {
    let Some(expected) = expected else { return Ok(Vec::new()) };
    let names: Vec<Value> = facts.subjects.iter().map(|name| Value::from(name.as_str())).collect();
    let at = |i| At::root(NAME, &format!("subject[{i}].name"), names.get(i));
    (0..names.len().max(1)).map(|i| expected.check(&at(i))).collect()
}

/// The places of a workflow's path: all that are there have to agree.
fn workflow(expected: &Text, predicate: &At<'_>, version: Version) -> Result<Vec<String>, Mismatch> {
    let paths = version.workflows();
    let there = |paths: &[&str]| -> Vec<At<'_>> {
        paths.iter().map(|path| predicate.below(path)).filter(At::is_there).collect()
    };
    let places = there(paths);
    if let Some(first) = places.first() {
        there(version.other().workflows()).iter().try_for_each(|other| first.agrees_with(other))?;
    }
    match (places.is_empty(), paths.first()) {
        (true, Some(first)) => Err(predicate.below(first).not(expected.to_string())),
        _ => places.iter().map(|place| expected.check(place)).collect(),
    }
}

/// Whether an expectation of objects holds nothing at its ends.
fn is_hollow(members: &Map<String, Value>) -> bool {
    members.is_empty() || members.values().any(|value| value.as_object().is_some_and(is_hollow))
}

/// A number that was rounded when it was read, or may have been: another one in a statement would be equal to it.
fn inexact(value: &Value) -> Option<&serde_json::Number> {
    match value {
        Value::Number(number) => (!number.is_i64() && !number.is_u64()).then_some(number),
        Value::Array(items) => items.iter().find_map(inexact),
        Value::Object(members) => members.values().find_map(inexact),
        _ => None,
    }
}

/// Compares a value with what is expected of it: of an object the members that are named, all else as it is.
fn includes(at: &At<'_>, expected: &Value, held: &mut Vec<String>) -> Result<(), Mismatch> {
    match expected {
        Value::Object(members) => {
            at.members()?;
            members.iter().try_for_each(|(name, expected)| includes(&at.member(name), expected, held))
        }
        expected if at.value == Some(expected) => {
            held.push(at.holds());
            Ok(())
        }
        Value::Array(_) => Err(at.not(format!("the list `{}`", expected))),
        expected => Err(at.not(super::at::shown(expected))),
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
