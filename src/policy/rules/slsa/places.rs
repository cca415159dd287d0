//! Where provenance names its source.
//!
//! v0.2: `invocation.configSource`, and the materials that are repositories (slsa-github-generator, npm, Tekton, BuildKit).
//! v1: below `buildDefinition.externalParameters` the members `workflow` (GitHub, npm), `source` (a text: GitLab, an object:
//! slsa-github-generator), `sourceToBuild` (Google Cloud Build) and `configSource` (BuildKit), and the resolved dependencies that are
//! repositories.

use serde::Deserialize;
use serde_json::Value;

use super::super::at::{At, Mismatch, quoted};
use super::super::source::{Repository, Source, is_commit};
use super::{NAME, Version};

/// The places that count, where a rule says so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum SourceFrom {
    /// `config-source`: v0.2 `invocation.configSource`.
    ConfigSource,
    /// `materials`: v0.2.
    Materials,
    /// `external-parameters`: v1.
    ExternalParameters,
    /// `resolved-dependencies`: v1; those of one name with `resolved-dependencies/NAME`.
    ResolvedDependencies(Option<String>),
}

impl TryFrom<String> for SourceFrom {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match (text.as_str(), text.split_once('/')) {
            ("config-source", _) => Ok(Self::ConfigSource),
            ("materials", _) => Ok(Self::Materials),
            ("external-parameters", _) => Ok(Self::ExternalParameters),
            ("resolved-dependencies", _) => Ok(Self::ResolvedDependencies(None)),
            (_, Some(("resolved-dependencies", name))) if !name.is_empty() => {
                Ok(Self::ResolvedDependencies(Some(name.to_owned())))
            }
            _ => Err(format!(
                "`{text}` is no place of a source: it is config-source or materials (v0.2), external-parameters, resolved-dependencies or resolved-dependencies/NAME (v1)"
            )),
        }
    }
}

impl SourceFrom {
    /// The version of provenance that has this place.
    pub(super) fn version(&self) -> Version {
        match self {
            Self::ConfigSource | Self::Materials => Version::V0_2,
            Self::ExternalParameters | Self::ResolvedDependencies(_) => Version::V1,
        }
    }
}

impl std::fmt::Display for SourceFrom {
    /// As a rule writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ConfigSource => f.write_str("config-source"),
            Self::Materials => f.write_str("materials"),
            Self::ExternalParameters => f.write_str("external-parameters"),
            Self::ResolvedDependencies(None) => f.write_str("resolved-dependencies"),
            Self::ResolvedDependencies(Some(name)) => write!(f, "resolved-dependencies/{name}"),
        }
    }
}

/// A place that names a repository, or a revision of the one that others name.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where it is.
    pub path: String,
    /// What it names; `None` where it says nothing of a repository.
    pub source: Option<Source>,
    /// The refs that are stated there.
    pub references: Vec<String>,
    /// The commits that are stated there.
    pub commits: Vec<String>,
}

impl Place {
    /// The repository.
    pub(in crate::policy::rules) fn repository(&self) -> Option<&Repository> {
        self.source.as_ref().map(|source| &source.repository)
    }

    /// A place without a repository, if it says anything of the revision.
    fn without_repository(path: &str) -> Self {
        Self { path: path.to_owned(), source: None, references: Vec::new(), commits: Vec::new() }
    }

    fn says_anything(self) -> Option<Self> {
        let is_silent = self.source.is_none() && self.references.is_empty() && self.commits.is_empty();
        (!is_silent).then_some(self)
    }

    /// Notes the commits of a digest.
    fn state_digest(&mut self, digest: &At<'_>) -> Result<(), Mismatch> {
        if digest.is_there() {
            digest.members()?;
            for (_, commit) in commits(digest) {
                self.commits.extend(commit.optional_text()?.map(str::to_owned));
            }
        }
        Ok(())
    }

    /// Notes what is stated of the revision: the name of a commit, in whatever case, is none of a ref.
    fn state(&mut self, revision: &str) {
        let names =
            if is_commit(&revision.to_ascii_lowercase()) { &mut self.commits } else { &mut self.references };
        names.push(revision.to_owned());
    }
}

/// The places of one statement: at least one that names a repository, and no other repository.
#[derive(Debug, Clone)]
pub struct Found {
    pub places: Vec<Place>,
}

impl Found {
    pub(super) fn paths(&self) -> String {
        let named = self.places.iter().filter(|place| place.source.is_some());
        named.map(|place| place.path.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// That a place which does not count says nothing else: one that no statement of this version has, or one of the workflow.
    pub(super) fn agrees_with(&self, other: &Place, hint: &str) -> Result<(), Mismatch> {
        let unlike = |what: &str, place: &Place, expected: &str, found: &str| {
            let at = format!("{}{}", what, other.path);
            let expected = format!("{} as at {}", quoted(expected), place.path);
            Err(Mismatch::new(NAME, at, expected, quoted(found)).hint(hint))
        };
        for place in &self.places {
            if let Some((mine, its)) = place.repository().zip(other.repository())
                && mine != its
            {
                return unlike("", place, &mine.to_string(), &its.to_string());
            }
            for (what, mine, its) in [
                ("the ref at ", &place.references, &other.references),
                ("the commit at ", &place.commits, &other.commits),
            ] {
                if let (Some(first), Some(unknown)) =
                    (mine.first(), its.iter().find(|one| !mine.contains(one)))
                {
                    return unlike(what, place, first, unknown);
                }
            }
        }
        Ok(())
    }

    /// Compares what is stated of the revision: a place that names the repository states something, and all that any place states is this.
    pub(super) fn revision(
        &self,
        what: &str,
        expected: &str,
        stated: impl Fn(&Place) -> &Vec<String>,
    ) -> Result<String, Mismatch> {
        let mut at = Vec::new();
        for place in &self.places {
            if let Some(other) = stated(place).iter().find(|stated| *stated != expected) {
                let mismatch = Mismatch::new(
                    NAME,
                    format!("the {what} at {}", place.path),
                    quoted(expected),
                    quoted(other),
                );
                let is_short = what == "ref"
                    && !expected.starts_with("refs/")
                    && other.ends_with(&format!("/{expected}"));
                return Err(if is_short {
                    mismatch.hint(format!("write it in full: {other}"))
                } else {
                    mismatch
                });
            }
            if place.source.is_some() && !stated(place).is_empty() {
                at.push(place.path.as_str());
            }
        }
        if at.is_empty() {
            let at = format!("the {what} at {}", self.paths());
            return Err(Mismatch::new(NAME, at, quoted(expected), "missing"));
        }
        Ok(format!("{NAME}: the {what} at {} is {}", at.join(", "), quoted(expected)))
    }
}

/// Finds the places.
///
/// # Errors
/// There is none; one of them cannot be read; they name several repositories.
pub fn places(predicate: &At<'_>, version: Version, from: Option<&SourceFrom>) -> Result<Found, Mismatch> {
    let found = one_repository(all(predicate, version, from)?, predicate, version)?;
    if from.is_none() {
        let hint = "the statement contradicts itself: it has members of both versions of provenance";
        all(predicate, version.other(), None)?.iter().try_for_each(|other| found.agrees_with(other, hint))?;
    }
    Ok(found)
}

/// All places that count in a statement of this version.
fn all(predicate: &At<'_>, version: Version, from: Option<&SourceFrom>) -> Result<Vec<Place>, Mismatch> {
    let mut places = Vec::new();
    let counts = |place: &SourceFrom| from.is_none_or(|from| from == place);
    let parameters = predicate.below("buildDefinition.externalParameters");
    if version == Version::V0_2 {
        if counts(&SourceFrom::ConfigSource) {
            places.extend(resource(&predicate.below("invocation.configSource"))?);
        }
        if counts(&SourceFrom::Materials) {
            places.extend(repositories(&predicate.member("materials"), None)?);
        }
    } else {
        if counts(&SourceFrom::ExternalParameters) {
            places.extend(parameter_places(&parameters)?);
        }
        let dependencies = predicate.below("buildDefinition.resolvedDependencies");
        match from {
            None => places.extend(repositories(&dependencies, None)?),
            Some(SourceFrom::ResolvedDependencies(name)) => {
                places.extend(repositories(&dependencies, name.as_deref())?);
            }
            Some(_) => {}
        }
    }
    Ok(places)
}

fn one_repository(places: Vec<Place>, predicate: &At<'_>, version: Version) -> Result<Found, Mismatch> {
    let named = || places.iter().filter_map(|place| Some((place, place.repository()?)));
    let Some((first, repository)) = named().next() else {
        let (at, what) = match version {
            Version::V0_2 => ("invocation.configSource", "a repository here or in the materials"),
            Version::V1 => {
                ("buildDefinition.externalParameters", "a repository here or in the resolved dependencies")
            }
        };
        return Err(Mismatch::new(NAME, format!("{}.{at}", predicate.path), what, "without one"));
    };
    if let Some((other, its)) = named().find(|(_, its)| *its != repository) {
        let expected = format!("{} as at {}", quoted(&repository.to_string()), first.path);
        return Err(Mismatch::new(NAME, &other.path, expected, quoted(&its.to_string()))
            .hint("the statement names several repositories: say which of them counts with `source-from`"));
    }
    Ok(Found { places })
}

fn parameter_places(parameters: &At<'_>) -> Result<Vec<Place>, Mismatch> {
    let mut places = Vec::new();
    places.extend(checkout(&parameters.member("workflow"))?);
    places.extend(text_or_resource(&parameters.member("source"))?);
    let build = parameters.member("sourceToBuild");
    if build.value.is_some_and(Value::is_object) && !build.member("repository").is_there() {
        build.member("repository").text()?;
    }
    places.extend(checkout(&build)?);
    places.extend(resource(&parameters.member("configSource"))?);
    Ok(places)
}

/// The places that name the repository of the workflow's path, whichever of all places count for the source.
pub fn of_workflow(predicate: &At<'_>, version: Version) -> Result<Vec<Place>, Mismatch> {
    let parameters = predicate.below("buildDefinition.externalParameters");
    let found = match version {
        Version::V0_2 => vec![resource(&predicate.below("invocation.configSource"))?],
        Version::V1 => vec![
            checkout(&parameters.member("workflow"))?,
            checkout(&parameters.member("buildConfigSource"))?,
            resource(&parameters.member("configSource"))?,
            text_or_resource(&parameters.member("source"))?,
        ],
    };
    Ok(found.into_iter().flatten().collect())
}

/// `{repository, ref}`, if anything is said there of either.
pub(in crate::policy::rules) fn checkout(at: &At<'_>) -> Result<Option<Place>, Mismatch> {
    if at.is_there() {
        at.members()?;
    }
    let repository = at.member("repository");
    let mut place = match repository.is_there() {
        true => place(&repository, &At::root(NAME, "", None))?,
        false => Place::without_repository(&at.path),
    };
    if let Some(revision) = at.member("ref").optional_text()? {
        place.state(revision);
    }
    Ok(place.says_anything())
}

/// An address as a text, or a resource.
fn text_or_resource(at: &At<'_>) -> Result<Option<Place>, Mismatch> {
    match at.value {
        Some(Value::String(_)) => place(at, &At::root(NAME, "", None)).map(Some),
        Some(_) => resource(at),
        None => Ok(None),
    }
}

/// A resource `{uri, digest}`, if anything is said there of a repository or its revision.
fn resource(at: &At<'_>) -> Result<Option<Place>, Mismatch> {
    if at.is_there() {
        at.members()?;
    }
    let digest = at.member("digest");
    if at.member("uri").optional_text()?.is_some() {
        return place(&at.member("uri"), &digest).map(Some);
    }
    let mut place = Place::without_repository(&at.path);
    place.state_digest(&digest)?;
    Ok(place.says_anything())
}

/// The items of a list of resources that are repositories; those of one name.
fn repositories(list: &At<'_>, name: Option<&str>) -> Result<Vec<Place>, Mismatch> {
    let mut places = Vec::new();
    for item in list.optional_items()? {
        item.members()?;
        if name.is_some() && item.member("name").optional_text()? != name {
            continue;
        }
        let (uri, digest) = (item.member("uri"), item.member("digest"));
        if is_source(uri.optional_text()?, &digest) {
            places.push(place(&uri, &digest)?);
        }
    }
    Ok(places)
}

/// Schemes, or parts of them between `+`, of what is kept in a repository.
const VERSIONED: [&str; 8] = ["git", "ssh", "svn", "hg", "bzr", "github", "gitlab", "bitbucket"];

/// Further types of packages that are repositories of source, by the package URL specification (its type definitions and proposed types): the name is one's, and the version
/// its commit or tag.
const SOURCES: [&str; 6] = ["golang", "gitea", "gogs", "swift", "huggingface", "carthage"];

/// Whether an item of a list is a repository: by its address, or by a digest that is the name of a commit. `sha1` is how v0.2 and BuildKit call that;
/// of a package it is that of a file.
fn is_source(uri: Option<&str>, digest: &At<'_>) -> bool {
    let has = |kind: Commit| commits(digest).any(|(known, _)| known == kind);
    uri.is_some_and(is_repository)
        || has(Commit::Git)
        || has(Commit::Sha1) && !uri.is_some_and(|uri| is_package(uri) || is_archive(uri))
}

/// How a digest is called that may be the name of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    /// `gitCommit` (in-toto), which some builders spell `git_commit`, or in another case, or call `commit`, `commitHash`, `git` or `revision`.
    Git,
    /// `sha1`.
    Sha1,
}

/// The digests that may be names of commits. Of nothing, and of what is no object, none.
fn commits<'a>(digest: &At<'a>) -> impl Iterator<Item = (Commit, At<'a>)> {
    let names = digest.value.and_then(Value::as_object).into_iter().flat_map(|members| members.keys());
    names.filter_map(|name| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let kind = match plain.to_ascii_lowercase().as_str() {
            "sha1" => Commit::Sha1,
            "git" | "gitsha" | "gitsha1" | "revision" => Commit::Git,
            name if name.contains("commit") => Commit::Git,
            _ => return None,
        };
        let at = digest.member(name);
        at.is_there().then_some((kind, at))
    })
}

/// Whether an address is that of a package (purl) which is no repository.
fn is_package(uri: &str) -> bool {
    // Slashes behind `pkg:` say nothing: the package URL specification, "Rules for each component".
    let package = uri.strip_prefix("pkg:").map(|rest| rest.trim_start_matches('/'));
    let kind = package.and_then(|rest| rest.split_once('/')).map(|(kind, _)| kind);
    // A qualifier may name a repository all the same.
    kind.is_some_and(|kind| {
        !uri.to_ascii_lowercase().contains("vcs_url")
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && !VERSIONED.contains(&kind)
            && !SOURCES.contains(&kind)
    })
}

/// Whether an address is that of one file in an archive's form: the last segment of its path says so, and nothing before it could begin a ref.
fn is_archive(uri: &str) -> bool {
    const ENDS: [&str; 16] = [
        ".tgz", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip", ".jar", ".pom", ".whl", ".gem",
        ".crate", ".deb", ".rpm", ".apk", ".nupkg",
    ];
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '?' | '%' | '\\');
    // `@scope` begins a segment; a ref ends one.
    let is_scope = |at: usize| uri.get(..at).is_some_and(|before| before.ends_with('/'));
    (uri.starts_with("https://") || uri.starts_with("http://"))
        && uri.chars().all(plain)
        && uri.match_indices('@').all(|(at, _)| is_scope(at))
        && ENDS.iter().any(|end| uri.ends_with(end))
}

/// Whether an address is one of a repository, and not of an image, a package or a file: its scheme or its end says so. What cannot be compared
/// counts as well, and is the address of another one: blanks and characters beyond ASCII hide nothing.
fn is_repository(uri: &str) -> bool {
    let plain: String = uri.chars().filter(char::is_ascii_graphic).collect::<String>().to_ascii_lowercase();
    let before = plain.split_once(':').map_or("", |(before, _)| before);
    // `git@github.com:org/repo`, which has no scheme.
    let is_scp = before.split_once('@').is_some_and(|(_, host)| host.contains('.')) && !before.contains('/');
    let ends = |at: usize| plain.get(..at).is_some_and(|path| path.trim_end_matches('/').ends_with(".git"));
    before.split('+').any(|part| VERSIONED.contains(&part))
        || is_scp
        || ends(plain.len())
        || plain.match_indices(['@', '#', '?', '%', ';', '&']).any(|(at, _)| ends(at))
}

fn place(uri: &At<'_>, digest: &At<'_>) -> Result<Place, Mismatch> {
    let text = uri.text()?;
    let unusable = |reason: String| {
        uri.not("the address of a repository").hint(format!("the address cannot be compared: {reason}"))
    };
    let source = Source::parse(text).map_err(unusable)?;
    let revision = source.revision.clone();
    let mut place = Place { source: Some(source), ..Place::without_repository(&uri.path) };
    revision.iter().for_each(|revision| place.state(revision));
    place.state_digest(digest)?;
    Ok(place)
}

/// The repositories among the dependencies of provenance v1, for a comparison with a certificate.
pub(in crate::policy::rules) fn dependencies(predicate: &At<'_>) -> Result<Vec<Place>, Mismatch> {
    repositories(&predicate.below("buildDefinition.resolvedDependencies"), None)
}

/// Whether two names of repositories are one.
pub(in crate::policy::rules) fn is_same(repository: &Repository, address: &str) -> bool {
    Source::parse(address).is_ok_and(|source| source.repository == *repository && source.revision.is_none())
}
