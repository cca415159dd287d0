//! Several files in one run, each with a bundle of its own. Keys, policies and the trusted root are read once; every file is judged, several at a time, and
//! reported in the order in which they were named. What is in memory at a time is what those have that are judged: not the files, but their bundles.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt};

use super::desk::Desk;
use super::scoped::file_at;
use super::{Common, ShardRequest, list, worst};
use crate::commands::extract::Named;
use crate::commands::policy_file::{Loaded, Source};
use crate::commands::report::{ErrorReport, ItemReport, NamedAt, Report};
use crate::commands::{
    Context, Error, ErrorKind, Expected, Files, Signer, Subject, VerifyRequest, summary_of,
};
use crate::progress;

/// What stands for the file in the name of its bundle.
const PLACE: &str = "{}";
/// How many names are told of at a time.
const SHOWN: usize = 5;

/// `verify-blob` and `verify-blob-attestation`, of several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyFilesRequest {
    /// What is asked of each; subject and bundle are those of the file.
    pub each: VerifyRequest,
    /// The files.
    pub files: Vec<OsString>,
    /// A file with more of them, one in a line; `-` is standard input.
    pub list: Option<OsString>,
    /// The name of a bundle, with `{}` in place of the name of its file.
    pub bundle: String,
    /// The part of the files that is judged (`--shard`).
    pub shard: Option<ShardRequest>,
    /// How many files are judged at a time (`--max-workers`).
    pub workers: usize,
}

impl VerifyFilesRequest {
    /// The files that it names; those that only a list names are not known yet.
    pub fn files(&self) -> Files<'_> {
        let files = self.each.files().and_read("list of files", self.list.as_deref().map(Path::new));
        self.files.iter().fold(files, |files, file| files.and_read("file to verify", Some(Path::new(file))))
    }

    /// The bundle of a file.
    fn bundle_of(&self, file: &str) -> PathBuf {
        PathBuf::from(self.bundle.replace(PLACE, file))
    }

    /// The file whose bundle this name is.
    fn file_of<'n>(&self, bundle: &'n str) -> Option<&'n str> {
        let (before, after) = self.bundle.split_once(PLACE)?;
        let file = bundle.strip_prefix(before)?.strip_suffix(after)?;
        // What is no shorter is the bundle of itself.
        (!file.is_empty() && file.len() < bundle.len() && self.bundle_of(file) == Path::new(bundle))
            .then_some(file)
    }

    /// The names of the files to judge, and those of the bundles of these: `dist/*` names both. The bundle of what is passed over
    /// is not read, so that it is a file like any other. A policy file may ask for no bundle, so that beside one nothing is
    /// passed over.
    fn without_bundles(&self, names: Vec<String>) -> (Vec<String>, Vec<String>) {
        if matches!(self.each.signer, Signer::Scopes(_)) {
            return (names, Vec::new());
        }
        let all: HashSet<&str> = names.iter().map(String::as_str).collect();
        let owner =
            |name: &str| self.file_of(name).map(str::to_owned).filter(|file| all.contains(file.as_str()));
        let is_bundle = |name: &String| {
            // The bundle of a bundle of a file: those of them that are judged and those that are read take turns.
            let chain = std::iter::successors(owner(name), |file| owner(file));
            chain.count() % 2 == 1
        };
        let is_bundle: Vec<bool> = names.iter().map(is_bundle).collect();
        let (passed, judged): (Vec<_>, Vec<_>) = names.into_iter().zip(is_bundle).partition(|(_, is)| *is);
        let only = |pairs: Vec<(String, bool)>| pairs.into_iter().map(|(name, _)| name).collect();
        (only(judged), only(passed))
    }

    /// The error about a file that has no bundle.
    fn no_bundle(&self, name: &str, bundle: &Path) -> Error {
        if matches!(Path::new(name).try_exists(), Ok(false)) {
            return Error::new(ErrorKind::Format, format!("the file to verify `{name}` does not exist"));
        }
        if let Some(file) = self.file_of(name) {
            let message = format!("`{name}` is named like the bundle of `{file}`, which is not judged");
            return Error::new(ErrorKind::NoSignature, message)
                .cause(format!("no signature of it was found: `{}` does not exist", bundle.display()))
                .hint("name the file: its bundle is found by its name");
        }
        Error::new(ErrorKind::NoSignature, format!("no signature of `{name}` was found"))
            .cause(format!("`{}` does not exist", bundle.display()))
            .hint("bundles of another name or in another folder: --bundle 'proofs/{}.json', with {} for the file")
    }

    /// What is asked of one file.
    fn of_file(&self, file: &str) -> VerifyRequest {
        let mut each = self.each.clone();
        each.subject = Subject::Blob(file.into());
        each.signature.bundle = Some(self.bundle_of(file));
        for other in &mut each.signature.other_bundles {
            *other = other.to_string_lossy().replace(PLACE, file).into();
        }
        each
    }

    /// What is asked of one file by a policy file, which decides what of these bundles it needs: those that are not there count as
    /// nothing, and come back.
    fn of_file_by_scopes(&self, file: &str) -> (VerifyRequest, Vec<PathBuf>) {
        let mut each = self.of_file(file);
        let signature = &mut each.signature;
        let named = signature.bundle.take().into_iter().chain(signature.other_bundles.drain(..));
        let (absent, there): (Vec<_>, Vec<_>) =
            named.partition(|bundle| matches!(bundle.try_exists(), Ok(false)));
        let mut there = there.into_iter();
        signature.bundle = there.next();
        signature.other_bundles = there.collect();
        (each, absent)
    }
}

/// Verifies several files. The report is complete whether or not the run succeeded; success needs a verified candidate of each file.
pub async fn verify_files(
    request: &VerifyFilesRequest,
    context: &mut Context,
) -> (Report, Result<(), Error>) {
    let command = match request.each.expected {
        Expected::Signature => "verify-blob",
        Expected::Attestation { .. } => "verify-blob-attestation",
    };
    let mut report = Report::new(command, context.now);
    let result = run(request, context, &mut report).await;
    match &result {
        Ok(()) => report.verified = true,
        Err(error) => report.fail(error),
    }
    (report, result)
}

/// Who says what a file has to have.
enum Judge {
    /// One signer, and policies for statements.
    Signer(Box<Common>),
    /// A policy file.
    Scopes(Box<Loaded>),
}

async fn run(request: &VerifyFilesRequest, context: &mut Context, report: &mut Report) -> Result<(), Error> {
    let (names, listed) = names(request, context, report)?;
    let judge = match &request.each.signer {
        Signer::Scopes(file) => Judge::Scopes(Box::new(Source::read(file)?.load(context).await?)),
        _ => Judge::Signer(Box::new(Common::read(&request.each, context).await?)),
    };
    not_written(request, &names, &judge, context)?;
    let trust = match &judge {
        Judge::Scopes(loaded) => loaded.trust(&request.each.trust)?,
        Judge::Signer(_) => request.each.trust.clone(),
    };
    let (count, mut failed, mut files) = (names.len(), Vec::new(), Vec::new());
    let (work, desk) = (progress::things("files", count), Desk::new(&trust, context).shared());
    let command = report.command;
    let judged = names.into_iter().map(|name| async {
        let mut own = Report::new(command, desk.now);
        let result = judge.one(request, &name, &desk, &mut own).await;
        work.one(result.is_ok());
        (name, own, result)
    });
    let mut judged = stream::iter(judged).buffered(request.workers);
    while let Some((name, own, result)) = judged.next().await {
        report.trusted_root = report.trusted_root.take().or(own.trusted_root);
        files.push(ItemReport {
            bundle: Some(request.bundle_of(&name).to_string_lossy().into_owned()),
            digests: Some(own.artifact.map(|artifact| artifact.digests).unwrap_or_default()),
            verified: result.is_ok(),
            candidates: own.candidates,
            policy: own.policy,
            policies: own.policies,
            error: result.as_ref().err().map(ErrorReport::of),
            named_at: listed.get(&name).cloned(),
            ..ItemReport::new(name.clone())
        });
        failed.extend(result.err().map(|error| (name, error)));
    }
    report.files = Some(files);
    worst::of(failed, count, "files").map_or(Ok(()), Err)
}

impl Judge {
    /// One of the files.
    async fn one(
        &self,
        request: &VerifyFilesRequest,
        name: &str,
        desk: &Desk<'_>,
        report: &mut Report,
    ) -> Result<(), Error> {
        match self {
            Self::Signer(common) => {
                let (bundle, each) = (request.bundle_of(name), request.of_file(name));
                let is_missing = matches!(bundle.try_exists(), Ok(false));
                let _turn = desk.turn(&each.signature).await;
                common.judge(&each, desk, report).await.map_err(|error| match error.kind {
                    ErrorKind::Format if is_missing => request.no_bundle(name, &bundle),
                    _ => error,
                })
            }
            Self::Scopes(loaded) => {
                let (each, absent) = request.of_file_by_scopes(name);
                let _turn = desk.turn(&each.signature).await;
                let result = file_at(name, &each, loaded, desk, report).await;
                let is_asked = report.policy.as_ref().is_some_and(|policy| !policy.demands.is_empty());
                result.map_err(|error| match error.kind {
                    ErrorKind::Policy if is_asked => absent.iter().fold(error, |error, bundle| {
                        error.cause(format!("`{}` does not exist", bundle.display()))
                    }),
                    _ => error,
                })
            }
        }
    }
}

/// Compares the reports with all that is read, now that it is known: none of them takes the place of a file, of its bundle, or of what a policy
/// file names.
fn not_written(
    request: &VerifyFilesRequest,
    names: &[String],
    judge: &Judge,
    context: &Context,
) -> Result<(), Error> {
    let bundles: Vec<PathBuf> = names.iter().map(|name| request.bundle_of(name)).collect();
    let summary = summary_of(&request.each.reports, &*context.variables);
    let files = names.iter().zip(&bundles).fold(request.files(), |files, (name, bundle)| {
        files.and_read("file to verify", Some(Path::new(name))).and_read("bundle", Some(bundle))
    });
    let files = match judge {
        Judge::Signer(_) => files,
        Judge::Scopes(loaded) => files.and_named(&loaded.files),
    };
    files.and_summary(summary.as_deref()).check()
}

/// The files that are named, or those of them that are this shard's, and where those of a list stand. What is the bundle of another one is no file to verify: `dist/*` names both.
fn names(
    request: &VerifyFilesRequest,
    context: &mut Context,
    report: &mut Report,
) -> Result<(Vec<String>, HashMap<String, NamedAt>), Error> {
    let mut listed = HashMap::new();
    let text = |file: &OsString| match file.to_str() {
        Some("") => {
            Err(Error::usage("the name of a file is empty").hint("check the variable that it comes from"))
        }
        Some("-") => Err(Error::usage("standard input has no bundle beside it")
            .hint("verify it alone: `verify-blob --bundle FILE -`")),
        Some(text) => Ok(text.to_owned()),
        None => {
            let message = format!(
                "`{}` is not text, as the name of its bundle would have to be",
                file.to_string_lossy()
            );
            Err(Error::usage(message).hint("rename it, or verify it alone with --bundle FILE"))
        }
    };
    let mut names = request.files.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    if let Some(list) = &request.list {
        for Named { name, at } in list::files(list, context)? {
            names.push(text(&OsString::from(&name))?);
            at.map(|at| listed.entry(name).or_insert(at));
        }
        report.named_in =
            Some(list).filter(|list| *list != "-").map(|list| list.to_string_lossy().into_owned());
    }
    let (mut names, passed) = request.without_bundles(names);
    if !passed.is_empty() {
        let shown = passed.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let more = match passed.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        context
            .narrator
            .say(&format!("Not judged, for they are read as bundles of other files: {shown}{more}"));
    }
    if names.is_empty() {
        return Err(Error::usage("there is no file to verify").hint("name files, or a file with --from-file"));
    }
    if let Some(shard) = request.shard {
        let (shard, all) = (shard.resolve(context)?, names.len());
        names.retain(|name| shard.has(name));
        report.shard = Some(shard.to_string());
        context.narrator.say(&shard.told(names.len(), all, "files"));
    }
    Ok((names, listed))
}
