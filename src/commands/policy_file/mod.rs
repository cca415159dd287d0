//! Policy files: read, with all that they name, and the commands about them.

mod check;
mod explain;
mod import;
mod request;
mod test;
#[cfg(test)]
mod tests;

pub use check::{PolicyCheckRequest, PolicyChecked, PolicyFinding, policy_check};
pub use explain::{PolicyExplainRequest, explained};
pub use import::{PolicyImportRequest, PolicyImported, policy_import};
pub use request::{file_by_policy, images_by_policy};
pub use test::{PolicyCase, PolicyTestError, PolicyTestRequest, PolicyTested, policy_test};

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::policies::{DATA_SIZE, POLICY_SIZE, failed};
use super::verification::worst;
use super::{Context, Error, ErrorKind, PolicyReport, PolicyVerdict, TrustRequest, keys};
use crate::attest::PredicateType;
use crate::cloud::yaml::{self, Position};
use crate::crypto::{DecodeError, DecodeKind, text};
use crate::keys::{KeyRef, MISSING};
use crate::policy::scoped::{Code, Demand, Document, Fault, NamedSigner, Ready, SignerSource, Step, Subject};
use crate::policy::scoped::{FOREIGN, is_foreign};
use crate::policy::{Policy, PolicyFile};
use crate::storage::{open_file, read_file};
use crate::verify::{ExpectedSigner, NonEmpty};

const WHAT: &str = "policy file";
const FROM_FOLDER: &str = "a relative path in a policy file starts at the folder of the policy file";
/// How many mistakes are told at once.
const SHOWN: usize = 20;
/// Bytes of a policy file: some ten thousand scopes.
const MAX_FILE: u64 = 1 << 20;

/// A policy file as it was read: nothing that it names was looked at.
pub(super) struct Source {
    /// As it was named.
    pub name: PathBuf,
    /// What it says.
    pub document: Document,
    text: String,
}

/// A policy file with all that it names.
pub(super) struct Loaded {
    /// As it was named.
    pub name: String,
    /// What verification needs.
    pub ready: Ready,
    /// The trusted root of the file, and where the file names it.
    root: Option<(PathBuf, String)>,
    /// The files that it names, each with what it is called.
    pub files: Vec<(&'static str, PathBuf)>,
    /// What patterns see in place of the name of an image, for tests of policy files.
    pub alias: Option<Subject>,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read; something in it has no meaning: with the line.
    pub fn read(name: &Path) -> Result<Self, Error> {
        let shown = name.display();
        without_waiting(WHAT, name)?;
        let bytes = read_file(WHAT, name, MAX_FILE).map_err(|e| Error::file(&e))?;
        let unusable = |error: &DecodeError| {
            let kind =
                if error.kind == DecodeKind::Limit { ErrorKind::LimitExceeded } else { ErrorKind::Format };
            unreadable(Error::new(kind, format!("the policy file `{shown}` cannot be used")), name, error)
        };
        let text = text::utf_8(&bytes)
            .map_err(|why| unusable(&DecodeError::whole(WHAT, format!("it {why}"))))?
            .to_owned();
        let value = value(&text).map_err(|e| match starts_foreign(&text) {
            true => unusable(&e).hint(FOREIGN),
            false => unusable(&e),
        })?;
        let document = Document::read(&value).map_err(|faults| faulty(name, &text, &faults))?;
        Ok(Self { name: name.to_owned(), document, text })
    }

    /// A file that the policy file names, seen from where this program runs.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.name.parent().unwrap_or(Path::new("")).join(name)
    }

    /// The key that a reference names: one in a file is beside the policy file.
    pub fn key(&self, reference: &str) -> Result<String, Error> {
        match KeyRef::parse(reference)? {
            KeyRef::Path(path) => {
                Ok(self.name.parent().unwrap_or(Path::new("")).join(path).to_string_lossy().into_owned())
            }
            _ => Ok(reference.to_owned()),
        }
    }

    /// Why the key of a signer cannot be used. What the file names starts in its own folder, other than what flags name.
    pub fn of_signer(&self, signer: &NamedSigner, error: Error) -> Error {
        let is_missing = error.hints.iter().any(|hint| hint == MISSING);
        let place = self.at(&signer.path);
        let error = error
            .without_hint(MISSING)
            .cause(format!("it is the key of the signer `{}` in {place}", signer.name));
        match is_missing {
            true => error.hint(FROM_FOLDER),
            false => error,
        }
    }

    /// Where it is in the file.
    pub fn position(&self, path: &crate::policy::scoped::Path) -> Option<Position> {
        position(&self.text, path)
    }

    /// Reads all that the scopes name: keys, policies.
    ///
    /// # Errors
    /// Something that is named cannot be used.
    pub async fn load(self, context: &mut Context) -> Result<Loaded, Error> {
        let mut signers = Vec::new();
        for (signer, used) in self.document.signers.iter().zip(self.document.used_signers()) {
            signers.push(match &signer.source {
                _ if !used => None,
                SignerSource::Identity(identity) => {
                    Some(ExpectedSigner::Identity(NonEmpty::new((**identity).clone(), [])))
                }
                SignerSource::Key(reference) => {
                    let of = |error| self.of_signer(signer, error);
                    let reference = self.key(reference).map_err(of)?;
                    Some(ExpectedSigner::Key(keys::public_key(&reference, context).await.map_err(of)?))
                }
            });
        }
        let policies = self.policies(context)?;
        let root = self.document.root.as_ref().map(|root| (self.beside(root), self.at_root()));
        Ok(Loaded {
            name: self.name.display().to_string(),
            root,
            files: self.files()?,
            alias: None,
            ready: Ready { document: self.document, signers, policies, uri: PredicateType::uri_to_verify },
        })
    }

    /// The files that it names: keys that scopes use, policies with their data, the trusted root.
    fn files(&self) -> Result<Vec<(&'static str, PathBuf)>, Error> {
        let mut files: Vec<_> =
            self.document.root.iter().map(|root| ("trusted root", self.beside(root))).collect();
        for (signer, used) in self.document.signers.iter().zip(self.document.used_signers()) {
            if let (true, SignerSource::Key(reference)) = (used, &signer.source) {
                files.push(("key", PathBuf::from(self.key(reference)?)));
            }
        }
        for scope in &self.document.scopes {
            let Demand::Require(requirements) = &scope.demand else { continue };
            for code in requirements.attestations.iter().flat_map(|attestation| &attestation.code) {
                files.extend(code.files.iter().map(|name| ("policy", self.beside(name))));
                files.extend(code.data.iter().map(|name| ("policy data", self.beside(name))));
            }
        }
        Ok(files)
    }

    /// The policies of each rule, of each attestation, of each scope.
    pub fn policies(&self, context: &Context) -> Result<Vec<Vec<Vec<Policy>>>, Error> {
        let of_scope = |demand: &Demand| match demand {
            Demand::Require(requirements) => requirements
                .attestations
                .iter()
                .map(|attestation| attestation.code.iter().map(|code| self.policy(code, context)).collect())
                .collect(),
            Demand::Accept | Demand::Refuse => Ok(Vec::new()),
        };
        self.document.scopes.iter().map(|scope| of_scope(&scope.demand)).collect()
    }

    fn policy(&self, code: &Code, context: &Context) -> Result<Policy, Error> {
        let of = |error: Error| error.cause(format!("it is named in {}", self.at(&code.path)));
        let read = |what, names: &[String], limit| -> Result<Vec<PolicyFile>, Error> {
            let one = |name: &String| {
                let path = self.beside(name);
                let bytes =
                    read_file(what, &path, limit).map_err(|e| self.named(&code.path, what, &path, &e))?;
                Ok(PolicyFile { name: path.to_string_lossy().into_owned(), bytes })
            };
            names.iter().map(one).collect()
        };
        let (files, data) =
            (read("policy", &code.files, POLICY_SIZE)?, read("policy data", &code.data, DATA_SIZE)?);
        // What a statement lacks was never said by its signer.
        let policy = Policy::load(files, data, context.now, true).map_err(|e| of(failed(&e)))?;
        Ok(policy.with_rules(code.rules.clone()))
    }

    /// Why a file cannot be used that the policy file names: with the line that names it.
    fn named(
        &self,
        place: &crate::policy::scoped::Path,
        what: &str,
        path: &Path,
        error: &crate::storage::Error,
    ) -> Error {
        let message = format!("{}: the {what} `{}` cannot be used", self.at(place), path.display());
        Error::new(Error::file(error).kind, message).caused_by(error).hint(FROM_FOLDER)
    }

    /// Where the trusted root is named.
    fn at_root(&self) -> String {
        self.at(&crate::policy::scoped::Path::default().member("trust").member("root"))
    }

    fn at(&self, path: &crate::policy::scoped::Path) -> String {
        place(&self.name, self.position(path), path)
    }
}

impl Loaded {
    /// The same, where patterns see images by this name.
    pub(super) fn seen_as(self, subject: Subject) -> Self {
        Self { alias: Some(subject), ..self }
    }

    /// The scope that decides about an artifact, before anything was judged.
    pub fn unjudged(&self, subject: &Subject) -> PolicyReport {
        let found = self.ready.document.scope_of(subject).map(|(_, scope)| scope);
        PolicyReport {
            file: self.name.clone(),
            artifact: subject.to_string(),
            scope: found.map(|scope| scope.name.clone()),
            pattern: found.and_then(|scope| scope.matches(subject)).map(str::to_owned),
            verdict: if found.is_some() { PolicyVerdict::Undecided } else { PolicyVerdict::NoScope },
            demands: Vec::new(),
        }
    }

    /// What is trusted: the root of the file, or what the command line says.
    ///
    /// # Errors
    /// Both name one.
    pub fn trust(&self, request: &TrustRequest) -> Result<TrustRequest, Error> {
        let Some((root, place)) = &self.root else { return Ok(request.clone()) };
        let flags = [
            ("--trusted-root", request.trusted_root.is_some()),
            ("--ca-roots", request.ca_roots.is_some()),
            ("--ca-intermediates", request.ca_intermediates.is_some()),
            ("--certificate-chain", request.certificate_chain.is_some()),
            ("--timestamp-certificate-chain", request.timestamp_certificate_chain.is_some()),
        ];
        if let Some((flag, _)) = flags.into_iter().find(|(_, given)| *given) {
            return Err(Error::usage(format!("{flag} and `trust` in `{}` name two roots", self.name))
                .hint(format!("leave {flag} out, or `trust` in the policy file")));
        }
        open_file("trusted root", root).map_err(|error| {
            Error::trust_file(&error).cause(format!("it is named in {place}")).hint(FROM_FOLDER)
        })?;
        Ok(TrustRequest { trusted_root: Some(root.clone()), ..request.clone() })
    }
}

/// Refuses a pipe by its name in a folder, which would be waited for until somebody writes into it. Those that a shell hands over are
/// no files of a folder, and are read as they are.
fn without_waiting(what: &'static str, path: &Path) -> Result<(), Error> {
    let is_handed = path.as_os_str() == "-" || path.starts_with("/dev") || path.starts_with("/proc");
    if is_handed { Ok(()) } else { open_file(what, path).map(drop).map_err(|e| Error::file(&e)) }
}

/// Whether the first document of a text is a policy of another program: of these, a file may have several.
fn starts_foreign(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = yaml::Documents::new(WHAT, text).typed();
    // An empty one may come first.
    let first = std::iter::from_fn(|| documents.next().ok().flatten()).find(|value| !value.is_null());
    first.is_some_and(|value| is_foreign(&value))
}

/// The one document of a policy file.
fn value(text: &str) -> Result<Value, DecodeError> {
    document(WHAT, text)
}

/// The one document of a text, of a kind of file that is called `what`.
fn document(what: &'static str, text: &str) -> Result<Value, DecodeError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = yaml::Documents::new(what, text).typed();
    let empty = || DecodeError::whole(what, "it is empty");
    let value = documents.next()?.ok_or_else(empty)?;
    match documents.next()? {
        None if value.is_null() => Err(empty()),
        None => Ok(value),
        Some(_) => Err(DecodeError::whole(
            what,
            "it has more than one document, parted by a line `---`, and only one of them could count: write each into a file of its own",
        )),
    }
}

/// All that is wrong in a policy file.
fn faulty(name: &Path, text: &str, faults: &[Fault]) -> Error {
    let about = Error::new(ErrorKind::Format, format!("the policy file `{}` cannot be used", name.display()));
    let mut error = faults.iter().take(SHOWN).fold(about, |error, fault| misread(error, name, text, fault));
    if faults.len() > SHOWN {
        error = error.cause(format!("and {} more", faults.len() - SHOWN));
    }
    let mut told = HashSet::new();
    error.hints.retain(|hint| told.insert(hint.clone()));
    error
}

/// An error in one line.
fn line_of(error: &Error) -> String {
    let causes = error.causes.iter().chain(&error.candidates);
    std::iter::once(&error.message).chain(causes).cloned().collect::<Vec<_>>().join(": ")
}

/// Several errors as one; one stays what it is.
fn together(message: &str, errors: Vec<Error>) -> Result<(), Error> {
    if let [one] = errors.as_slice() {
        return Err(one.clone());
    }
    let lines: Vec<_> = errors.iter().map(|error| (line_of(error), error)).collect();
    joined(message, &lines).map_or(Ok(()), Err)
}

/// Several errors, each with what is told of it in a line, as one: of the worst kind, with the hints of all. `None` of none.
fn joined(message: &str, errors: &[(String, &Error)]) -> Option<Error> {
    let kind = worst::kind(errors.iter().map(|(_, error)| error.kind))?;
    let lines = errors.iter().take(SHOWN).map(|(line, _)| line.clone());
    let more = errors.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let lines = lines.chain(more.map(|more| format!("and {more} more")));
    let mut all = lines.fold(Error::new(kind, message), Error::cause);
    for hint in errors.iter().flat_map(|(_, error)| &error.hints) {
        if !all.hints.contains(hint) {
            all.hints.push(hint.clone());
        }
    }
    Some(all)
}

/// What is wrong in a file, with its line and column.
fn misread(about: Error, name: &Path, text: &str, fault: &Fault) -> Error {
    let at = place(name, position(text, &fault.path), &fault.path);
    let error = about.cause(format!("{at}: {}", fault.reason));
    fault.hint.iter().fold(error, |error, hint| error.hint(hint.clone()))
}

/// Why a text is no YAML that is read, with its place as all places have it.
fn unreadable(about: Error, name: &Path, error: &DecodeError) -> Error {
    let Some(position) = Position::in_error(&error.at) else { return about.cause(error.reason.clone()) };
    let about = about.cause(format!("{}:{position}: {}", name.display(), error.reason));
    match error.kind {
        DecodeKind::Limit => about,
        _ if error.reason.ends_with("appears twice") => {
            about.hint("leave one of them out: readers do not agree which of two counts")
        }
        _ if !error.reason.starts_with("not YAML") => about,
        _ => about.hint(
            "look at the indentation of this line and of the one before; a text that begins with `*`, `&`, `@`, `[` or `{`, or holds `: `, stands in quotation marks: `[\"**/prod\"]`",
        ),
    }
}

/// `policy.yaml:12:5: scopes[0].signatures`.
fn place(name: &Path, position: Option<Position>, path: &crate::policy::scoped::Path) -> String {
    let position = position.map(|position| format!(":{position}")).unwrap_or_default();
    let path = if path.steps().is_empty() { String::new() } else { format!(": {path}") };
    format!("{}{position}{path}", name.display())
}

fn position(text: &str, path: &crate::policy::scoped::Path) -> Option<Position> {
    let steps: Vec<_> = path
        .steps()
        .iter()
        .map(|step| match step {
            Step::Member(name) => yaml::Step::Member(name),
            Step::Item(number) => yaml::Step::Item(*number),
        })
        .collect();
    yaml::position_of(text.strip_prefix('\u{feff}').unwrap_or(text), &steps)
}
