//! `policy test`: policy files judged by what is expected of them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Loaded, MAX_FILE, Source, document, joined, line_of, misread, unreadable, without_waiting};
use crate::commands::report::{PolicyReport, PolicyVerdict, Report};
use crate::commands::verification::{file_named, images_by};
use crate::commands::{
    Context, Error, ErrorKind, Files, RegistryRequest, Signer, TrustRequest, file_by_policy, images,
    images_by_policy,
};
use crate::crypto::{UnixTime, text};
use crate::policy::scoped::{self, Demand, Fault, Unrehearsed, typed};
use crate::storage::{images::ImageName, read_file};

/// How the files end that hold cases.
const ENDINGS: [&str; 2] = ["test.yaml", "test.yml"];
/// Folders in folders.
const MAX_DEPTH: usize = 16;
/// Bytes of a statement.
const MAX_STATEMENT: u64 = 64 << 20;
/// Files with cases in one run.
const MAX_FILES: usize = 10_000;

/// What `policy test` is asked for.
#[derive(Debug)]
pub struct PolicyTestRequest {
    /// A folder with cases, or a file.
    pub path: PathBuf,
    /// What is trusted where a policy file names no root.
    pub trusted_root: Option<PathBuf>,
}

impl PolicyTestRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default().and_read("trusted root", self.trusted_root.as_deref())
    }
}

/// What came of the cases.
#[derive(Debug, Serialize)]
pub struct PolicyTested {
    /// How many came out as they should.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Each of them.
    pub cases: Vec<PolicyCase>,
    /// What kept cases from being judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PolicyTestError>,
}

/// Cases that could not be judged: all of a file, or one.
#[derive(Debug, Serialize)]
pub struct PolicyTestError {
    /// The file with the cases.
    pub file: String,
    /// The name of the case, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind of failure: `format`.
    pub code: &'static str,
    /// Why, in a line: with the file that is at fault, and its line.
    pub reason: String,
    /// The error itself.
    #[serde(skip)]
    pub error: Error,
}

/// What came of one case.
#[derive(Debug, Serialize)]
pub struct PolicyCase {
    /// The file with the case.
    pub file: String,
    /// The name of the case.
    pub name: String,
    /// Whether it came out as it should.
    pub passed: bool,
    /// What was expected and what came, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A file with cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// The policy file; beside this one, as everything else.
    policy: String,
    /// The time of judging, RFC 3339.
    time: Option<String>,
    cases: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    /// A file, as patterns see it.
    file: Option<String>,
    /// Where it is; without it, it is called as `file` says.
    content: Option<String>,
    #[serde(default)]
    bundles: Vec<String>,
    /// An image, as patterns see it.
    image: Option<String>,
    /// The layout that it is in.
    layout: Option<String>,
    /// A statement that nobody signed, in place of what is signed: the rules are tried on it.
    statement: Option<String>,
    expect: Expectation,
    /// The scope that has to decide.
    scope: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Expectation {
    Accepted,
    AcceptedUnsigned,
    NoScope,
    Refused,
}

impl Expectation {
    const ALL: [Self; 4] = [Self::Accepted, Self::Refused, Self::NoScope, Self::AcceptedUnsigned];

    /// As a case writes it.
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AcceptedUnsigned => "accepted-unsigned",
            Self::NoScope => "no-scope",
            Self::Refused => "refused",
        }
    }
}

impl TryFrom<String> for Expectation {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::ALL.into_iter().find(|expectation| expectation.word() == text).ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join("`, `");
            format!("`expect` is one of `{words}`, and not `{}`", text.escape_debug())
        })
    }
}

/// Judges every case beneath a folder, without asking any service.
///
/// # Errors
/// There are no cases; a case that does not come out as it should, or cannot be judged: all others are judged, and the facts are there
/// all the same.
pub async fn policy_test(
    request: &PolicyTestRequest,
    context: &mut Context,
) -> Result<(PolicyTested, Result<(), Error>), Error> {
    let mut files = Vec::new();
    find(&request.path, &mut files, MAX_DEPTH, context)?;
    if files.is_empty() {
        let message = format!("`{}` has no cases", request.path.display());
        return Err(Error::usage(message).hint("cases are in files whose names end in `test.yaml`"));
    }
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    for file in &files {
        let before = context.now;
        let came = run(file, request, (&mut cases, &mut errors), context).await;
        context.now = before;
        if let Err(error) = came {
            errors.push(PolicyTestError::new(file, None, error));
        }
    }
    let failed = cases.iter().filter(|case| !case.passed).count();
    let tested = PolicyTested { passed: cases.len() - failed, failed, cases, errors };
    let result = outcome(&tested);
    Ok((tested, result))
}

impl PolicyTestError {
    fn new(file: &Path, name: Option<&str>, error: Error) -> Self {
        Self {
            file: file.display().to_string(),
            name: name.map(str::to_owned),
            code: error.kind.name(),
            reason: line_of(&error),
            error,
        }
    }
}

/// What the run ends with: the worst of all that went wrong.
fn outcome(tested: &PolicyTested) -> Result<(), Error> {
    let (failed, all, errors) = (tested.failed, tested.cases.len(), &tested.errors);
    let came = format!("{failed} of {all} cases did not come out as they should");
    // A run about one thing fails with its error.
    if let ([one], 0) = (errors.as_slice(), all) {
        return Err(one.error.clone());
    }
    let of = match errors.len() {
        1 => "1 file or case".to_owned(),
        count => format!("{count} files or cases"),
    };
    let message = match failed {
        0 => format!("{of} could not be judged"),
        _ => format!("{of} could not be judged, and {came}"),
    };
    let line = |one: &PolicyTestError| {
        let name = one.name.as_deref().map(|name| format!(": {name}")).unwrap_or_default();
        format!("{}{name}: {}", one.file, one.reason)
    };
    let lines: Vec<_> = errors.iter().map(|one| (line(one), &one.error)).collect();
    match joined(&message, &lines) {
        Some(error) => Err(error),
        None if failed == 0 => Ok(()),
        None => Err(Error::new(ErrorKind::Other, came)),
    }
}

/// The files with cases, in the order of their names. A folder that a link leads to may be above this one: it is named, and not entered.
fn find(path: &Path, found: &mut Vec<PathBuf>, depth: usize, context: &mut Context) -> Result<(), Error> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let unreadable = |error: std::io::Error| {
        Error::new(ErrorKind::Format, format!("the folder `{}` cannot be read", path.display()))
            .caused_by(&error)
    };
    let limit = |message: String| Err(Error::new(ErrorKind::LimitExceeded, message));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.path());
    }
    names.sort();
    for name in names {
        let is_cases = ENDINGS.iter().any(|ending| name.to_string_lossy().ends_with(ending));
        if name.is_dir() && name.is_symlink() {
            let message =
                format!("`{}` is a link to a folder: no cases are looked for in it", name.display());
            context.narrator.warn(&message);
        } else if name.is_dir() && depth == 0 {
            return limit(format!("`{}` is more than {MAX_DEPTH} folders deep", name.display()));
        } else if name.is_dir() {
            find(&name, found, depth - 1, context)?;
        } else if is_cases {
            found.push(name);
        }
        if found.len() > MAX_FILES {
            return limit(format!("more than {MAX_FILES} files with cases"));
        }
    }
    Ok(())
}

/// Judges the cases of a file.
///
/// # Errors
/// The file, or the policy file that it names, cannot be used.
async fn run(
    file: &Path,
    request: &PolicyTestRequest,
    (cases_came, errors): (&mut Vec<PolicyCase>, &mut Vec<PolicyTestError>),
    context: &mut Context,
) -> Result<(), Error> {
    let shown = file.display().to_string();
    let unusable = |reason: String| {
        Error::new(ErrorKind::Format, format!("the cases in `{shown}` cannot be used")).cause(reason)
    };
    without_waiting("cases", file)?;
    let bytes = read_file("cases", file, MAX_FILE).map_err(|e| Error::file(&e))?;
    let text = text::utf_8(&bytes).map_err(|why| unusable(format!("it {why}")))?.to_owned();
    let about = || Error::new(ErrorKind::Format, format!("the cases in `{shown}` cannot be used"));
    let value = document("cases", &text).map_err(|e| unreadable(about(), file, &e))?;
    if value.get("scopes").is_some() && value.get("cases").is_none() {
        let message =
            format!("`{shown}` is a policy file, and cases that are to be tried on one are expected");
        return Err(Error::new(ErrorKind::Format, message)
            .hint(format!("`policy check {shown}` looks at a policy file"))
            .hint("cases stand in files of their own, whose names end in `test.yaml`, with `policy` and `cases`: name one, or their folder"));
    }
    let (head, cases) = cases(value).map_err(|fault| misread(about(), file, &text, &fault))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    if let Some(time) = &head.time {
        context.now = UnixTime::parse_rfc3339(time).map_err(|e| unusable(e.to_string()))?;
    }
    for (number, case) in cases.iter().enumerate() {
        let name = case.name.clone().unwrap_or_else(|| format!("case {}", number + 1));
        // A policy file that cannot be used is told once, and not for each of its cases.
        let loaded = Source::read(&folder.join(&head.policy))?.load(context).await?;
        match judge(case, folder, loaded, request, context).await {
            Ok((report, error)) => {
                let reason = compare(case, report.as_ref(), error.as_ref());
                cases_came.push(PolicyCase { file: shown.clone(), name, passed: reason.is_none(), reason });
            }
            Err(reason) => {
                let path = scoped::Path::default().member("cases").item(number);
                let error = misread(about(), file, &text, &Fault::new(&path, reason));
                errors.push(PolicyTestError::new(file, Some(&name), error));
            }
        }
    }
    Ok(())
}

/// The cases of a file, and what is said of all of them.
fn cases(value: Value) -> Result<(Cases, Vec<Case>), Fault> {
    let whole = scoped::Path::default();
    if !value.is_object() {
        return Err(Fault::new(&whole, "a mapping with `policy` and `cases` is expected"));
    }
    let mut head: Cases = typed(&value, &whole)?;
    let list = whole.member("cases");
    let values = std::mem::take(&mut head.cases);
    if values.is_empty() {
        return Err(Fault::new(&list, "there are none"));
    }
    let one = |(number, value)| typed(value, &list.item(number));
    let cases = values.iter().enumerate().map(one).collect::<Result<_, _>>()?;
    Ok((head, cases))
}

/// What the policy file says of the artifact of a case; the error in which it ended.
async fn judge(
    case: &Case,
    folder: &Path,
    loaded: Loaded,
    request: &PolicyTestRequest,
    context: &mut Context,
) -> Result<(Option<PolicyReport>, Option<Error>), String> {
    let trust = TrustRequest {
        trusted_root: loaded.root.is_none().then(|| request.trusted_root.clone()).flatten(),
        offline: true,
        ..TrustRequest::default()
    };
    let signer = Signer::Scopes(PathBuf::from(&loaded.name));
    match (&case.file, &case.image, &case.layout, &case.statement) {
        (Some(name), None, None, None) => {
            let content = folder.join(case.content.as_ref().unwrap_or(name));
            let bundles: Vec<_> = case.bundles.iter().map(|bundle| folder.join(bundle)).collect();
            let request = file_by_policy(content.into_os_string(), bundles, signer, trust);
            let mut report = Report::new("policy test", context.now);
            let result = file_named(name, &request, &loaded, context, &mut report).await;
            Ok((report.policy, result.err()))
        }
        (None, Some(image), Some(layout), None) if case.bundles.is_empty() && case.content.is_none() => {
            let subject = named(image)?;
            let images = vec![format!("oci:{}", folder.join(layout).display())];
            let request = images_by_policy("policy test", images, signer, trust, nowhere());
            let (found, result) = images_by(&request, loaded.seen_as(subject), context).await;
            let report = found.report.images.into_iter().flatten().find_map(|image| image.policy);
            Ok((report, result.err()))
        }
        (file, image, None, Some(statement)) if case.bundles.is_empty() && case.content.is_none() => {
            let subject = match (file, image) {
                (Some(file), None) => scoped::Subject::File(file.clone()),
                (None, Some(image)) => named(image)?,
                _ => return Err("a `statement` is about a `file` or an `image`".to_owned()),
            };
            Ok(rehearsed(&subject, &folder.join(statement), &loaded))
        }
        _ => Err("a case is about a `file` with its `bundles`, about an `image` in a `layout`, or about either with a `statement`"
            .to_owned()),
    }
}

/// What the rules of the scope say of a statement that nobody signed.
fn rehearsed(
    subject: &scoped::Subject,
    statement: &Path,
    loaded: &Loaded,
) -> (Option<PolicyReport>, Option<Error>) {
    let document = &loaded.ready.document;
    let mut report = loaded.unjudged(subject);
    let Some((position, scope)) = document.scope_of(subject) else { return (Some(report), None) };
    if matches!(scope.demand, Demand::Accept) {
        report.verdict = PolicyVerdict::AcceptedUnsigned;
        return (Some(report), None);
    }
    let read = read_file("statement", statement, MAX_STATEMENT).map_err(|e| Error::file(&e));
    let payload = match without_waiting("statement", statement).and(read) {
        Ok(payload) => payload,
        Err(error) => return (Some(report), Some(error)),
    };
    let error = match loaded.ready.rehearse(position, &payload) {
        Ok(()) => {
            report.verdict = PolicyVerdict::Accepted;
            None
        }
        Err(Unrehearsed::NoStatement(error)) => {
            let message = format!("`{}` is no in-toto statement", statement.display());
            Some(Error::new(ErrorKind::Format, message).caused_by(&error))
        }
        Err(Unrehearsed::Limit(error)) => {
            Some(Error::new(ErrorKind::LimitExceeded, "the rules have no verdict").caused_by(&error))
        }
        Err(Unrehearsed::Unmet(lines)) => {
            report.verdict = PolicyVerdict::Refused;
            let error = Error::new(ErrorKind::Policy, "the statement does not satisfy the rules");
            Some(lines.into_iter().fold(error, Error::cause))
        }
    };
    (Some(report), error)
}

/// No registry is reached.
fn nowhere() -> RegistryRequest {
    RegistryRequest {
        plain_http: false,
        accept_any_certificate: false,
        authorities: None,
        certificate: None,
        server_name: None,
        token_servers: Vec::new(),
        retry_for: std::time::Duration::ZERO,
        tag_prefix: String::new(),
        credentials: None,
        cloud_credentials: false,
    }
}

/// An image as patterns see it.
fn named(image: &str) -> Result<scoped::Subject, String> {
    match images::parse(image).map_err(|error| error.message)? {
        name @ ImageName::Registry(_) => Ok(crate::commands::verification::subject(&name)),
        _ => Err(format!("`{image}` is no image of a registry: `layout` says where it is")),
    }
}

/// Why a case did not come out as it should.
fn compare(case: &Case, report: Option<&PolicyReport>, error: Option<&Error>) -> Option<String> {
    let none = || Some(format!("there is no verdict: {}", error.map(line_of).unwrap_or_default()));
    // A run that ended for another reason than the policy has no verdict, whatever was expected.
    if error.is_some_and(|error| error.kind != ErrorKind::Policy) {
        return none();
    }
    let Some(report) = report else { return none() };
    let came = match report.verdict {
        PolicyVerdict::Accepted => Expectation::Accepted,
        PolicyVerdict::AcceptedUnsigned => Expectation::AcceptedUnsigned,
        PolicyVerdict::NoScope => Expectation::NoScope,
        PolicyVerdict::Refused => Expectation::Refused,
        PolicyVerdict::Undecided => return none(),
    };
    if came != case.expect {
        let why = error.map(|error| format!(": {}", line_of(error))).unwrap_or_default();
        return Some(format!("expected {}, and it is {}{why}", case.expect.word(), came.word()));
    }
    if case.scope.is_some() && case.scope != report.scope {
        let scope = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
        return Some(format!(
            "expected the scope {}, and it is {}",
            scope(&case.scope),
            scope(&report.scope)
        ));
    }
    None
}
