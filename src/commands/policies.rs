//! Policies of a run: read before anything is fetched, said of as cosign does, and what is told where one refuses.

use std::collections::BTreeMap;

use super::report::{LanguageReport, LanguageVerdict};
use super::{CandidateReport, Context, Error, ErrorKind, PolicyRequest};
use crate::attest::PredicateType;
use crate::policy::{self, By, Decision, Language, Policy, PolicyFile, Refusal, Unmet, decide};
use crate::storage::read_file;
use crate::verify::Verified;

/// Bytes of a policy.
pub(super) const POLICY_SIZE: u64 = 1 << 20;
/// How many attestations that are not the one that was meant are told of.
const RULES_SHOWN: usize = 10;
/// Bytes of a data file.
pub(super) const DATA_SIZE: u64 = 64 << 20;

/// Reads the policies; `None` where none is named.
pub(super) fn load(request: &PolicyRequest, context: &Context) -> Result<Option<Policy>, Error> {
    if request.files.is_empty() && request.github.is_none() {
        return Ok(None);
    }
    // A name that says no language is a slip on the command line, whether or not there is such a file.
    for file in &request.files {
        policy::language(&file.to_string_lossy()).map_err(|e| failed(&e))?;
    }
    let files = read("policy", &request.files, POLICY_SIZE)?;
    let data = read("policy data", &request.data, DATA_SIZE)?;
    let policy = Policy::load(files, data, context.now, request.strict).map_err(|e| failed(&e))?;
    if !request.data.is_empty() && policy.files(policy::Language::Rego).is_empty() {
        return Err(Error::usage("--policy-data comes without a Rego policy")
            .hint("only Rego policies look at data: leave it out, or name one with --policy FILE.rego"));
    }
    Ok(Some(policy.with_rules(request.github.iter().map(|github| github.rule.clone().into()).collect())))
}

fn read(what: &'static str, names: &[std::path::PathBuf], limit: u64) -> Result<Vec<PolicyFile>, Error> {
    let one = |name: &std::path::PathBuf| {
        let bytes = read_file(what, name, limit).map_err(|e| Error::file(&e))?;
        Ok(PolicyFile { name: name.to_string_lossy().into_owned(), bytes })
    };
    names.iter().map(one).collect()
}

/// What became of the verified attestations of one artifact.
pub(super) struct Judged<'a> {
    /// Lines for people, as cosign has them.
    pub said: Vec<String>,
    /// What people should think about.
    pub warnings: Vec<String>,
    /// Those that are accepted: all of them, or why not.
    pub accepted: Result<Vec<Decision<'a>>, Error>,
    /// What came of each of those that verified, in their order.
    fates: Vec<Fate>,
    /// The files of policies and what came of them; `None` where there are none.
    pub policies: Option<Vec<LanguageReport>>,
}

/// What came of a verified attestation.
enum Fate {
    /// It counts: what rules found to hold of it.
    Counts(Vec<String>),
    /// It does not: why not, a line each.
    Uncounted(Vec<String>),
}

impl Fate {
    fn unmet(unmet: &Unmet) -> Self {
        let first = format!("{}: {}", unmet.by, unmet.reason);
        Self::Uncounted(std::iter::once(first).chain(unmet.details.iter().cloned()).collect())
    }
}

impl Judged<'_> {
    /// Notes in the reports of all candidates what rules found to hold, or why one does not count; those that verified are in the same order.
    pub fn note(&self, reports: &mut [CandidateReport]) {
        let verified = reports.iter_mut().filter(|report| report.verified);
        for (report, fate) in verified.zip(&self.fates) {
            match fate {
                Fate::Counts(evidence) => report.evidence.clone_from(evidence),
                Fate::Uncounted(reasons) => report.uncount(reasons.clone()),
            }
        }
    }
}

/// What is asked about verified attestations.
pub(super) struct Asked<'a> {
    /// The policies.
    pub policy: Option<&'a Policy>,
    /// The predicate type as it was typed.
    pub predicate_type: &'a str,
    /// The artifact.
    pub name: Option<&'a str>,
}

/// Asks the policies about every attestation that verified: as in cosign, each has to pass, so that nobody can hide one that does
/// not behind one that does. `is_complete`: no limit kept others from being looked at.
pub(super) fn judge<'a>(verified: &'a [Verified], asked: &Asked<'_>, is_complete: bool) -> Judged<'a> {
    let mut verdicts = Verdicts::default();
    let judged = judged(verified, asked, is_complete, &mut verdicts);
    Judged { policies: described(asked.policy, &verdicts), ..judged }
}

/// What came of the policies of each language, as far as they were asked.
#[derive(Default)]
struct Verdicts(BTreeMap<&'static str, LanguageVerdict>);

impl Verdicts {
    /// Notes what came of one statement. Those of one language are asked after those of another, and not at all where the first refuse.
    fn note(&mut self, policy: Option<&Policy>, decided: &Result<Decision<'_>, Refusal>) {
        for language in policy.into_iter().flat_map(Policy::languages) {
            let (verdict, is_last) = match decided {
                Ok(_) => (LanguageVerdict::Accepted, false),
                Err(Refusal::Unmet(Unmet { by: By::Language(by), .. })) if *by == language => {
                    (LanguageVerdict::Refused, true)
                }
                Err(Refusal::Unmet(_)) => (LanguageVerdict::Accepted, false),
                Err(Refusal::Error(_)) => (LanguageVerdict::Undecided, false),
            };
            // What was refused once is not accepted for another statement.
            let known = self.0.entry(word(language)).or_insert(verdict);
            *known = (*known).max(verdict);
            if is_last {
                return;
            }
        }
    }
}

fn word(language: Language) -> &'static str {
    match language {
        Language::Cue => "cue",
        Language::Rego => "rego",
    }
}

/// The files of policies before one was asked.
pub(super) fn unasked(policy: Option<&Policy>) -> Option<Vec<LanguageReport>> {
    described(policy, &Verdicts::default())
}

fn described(policy: Option<&Policy>, verdicts: &Verdicts) -> Option<Vec<LanguageReport>> {
    let policy = policy?;
    let mut found = Vec::new();
    for language in policy.languages() {
        let verdict = verdicts.0.get(word(language)).copied().unwrap_or(LanguageVerdict::NotAsked);
        let files = policy.files(language).iter().zip(policy.digests(language));
        found.extend(files.map(|(name, digest)| LanguageReport {
            name: name.clone(),
            digest: digest.to_string(),
            language: word(language),
            verdict,
        }));
    }
    Some(found).filter(|found| !found.is_empty())
}

fn judged<'a>(
    verified: &'a [Verified],
    asked: &Asked<'_>,
    is_complete: bool,
    verdicts: &mut Verdicts,
) -> Judged<'a> {
    let Asked { policy, predicate_type, name } = *asked;
    // Of what flags ask, one that is so is enough.
    let is_for_all = policy.is_some_and(|policy| policy.languages().next().is_some());
    if is_for_all && !is_complete {
        let message = "an attestation exceeds a limit, and a policy has to see them all";
        return Judged {
            accepted: Err(Error::new(ErrorKind::LimitExceeded, message)),
            said: Vec::new(),
            warnings: Vec::new(),
            fates: verified.iter().map(|_| Fate::Uncounted(vec![message.to_owned()])).collect(),
            policies: None,
        };
    }
    let (mut said, mut warnings) = (Vec::new(), Vec::new());
    let (mut accepted, mut refusals, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut fates = Vec::new();
    for one in verified {
        let decided = decide(one, policy, predicate_type);
        // What flags ask of an attestation says which one is meant, as its type and its signer do: another one is passed over.
        if let Err(Refusal::Unmet(unmet @ Unmet { by: By::Rule(_), .. })) = decided {
            fates.push(Fate::unmet(&unmet));
            others.push(unmet);
            continue;
        }
        verdicts.note(policy, &decided);
        if let Some(policy) = policy {
            said.extend(policy.languages().map(|language| {
                let files = policy.files(language).join(" ");
                format!("will be validating against {language} policies: [{files}]")
            }));
        }
        match decided {
            Ok(decision) => {
                said.extend(decision.evidence().iter().cloned());
                fates.push(Fate::Counts(decision.evidence().to_vec()));
                warnings.extend(lacking(&decision, name));
                accepted.push(decision);
            }
            Err(Refusal::Unmet(unmet)) => {
                fates.push(Fate::unmet(&unmet));
                refusals.push(unmet);
            }
            Err(Refusal::Error(error)) => {
                // Those after it were not looked at.
                fates.resize_with(verified.len(), || Fate::Uncounted(vec![error.to_string()]));
                return Judged { said, warnings, accepted: Err(failed(&error)), fates, policies: None };
            }
        }
    }
    if refusals.is_empty() {
        let accepted = if accepted.is_empty() && !others.is_empty() {
            Err(refused(&others, verified.len(), asked))
        } else {
            Ok(accepted)
        };
        return Judged { said, warnings, accepted, fates, policies: None };
    }
    said.push(format!("There are {} number of errors occurred during the validation:", refusals.len()));
    said.push(String::new());
    said.extend(refusals.iter().map(|unmet| format!("- {}", unmet.reason)));
    let error = refused(&refusals, verified.len(), asked);
    Judged { said, warnings, accepted: Err(error), fates, policies: None }
}

/// A verdict that is a trap: CUE takes a field that is not there for one that may still come.
fn lacking(decision: &Decision<'_>, name: Option<&str>) -> Option<String> {
    const SHOWN: usize = 5;
    let absent = decision.absent();
    if absent.is_empty() {
        return None;
    }
    let of = name.map(|name| format!(" of `{name}`")).unwrap_or_default();
    let more = match absent.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown: Vec<_> = absent.iter().take(SHOWN).map(String::as_str).collect();
    Some(format!(
        "the statement{of} lacks what the policy constrains: {}{more}. CUE accepts that: write `name!:` in the policy to demand a field, or use --policy-strict",
        shown.join(", ")
    ))
}

fn refused(refusals: &[Unmet], count: usize, asked: &Asked<'_>) -> Error {
    let of = asked.name.map(|name| format!(" of `{name}`")).unwrap_or_default();
    let is_rule = |unmet: &Unmet| matches!(unmet.by, By::Rule(_));
    let what = if refusals.iter().all(is_rule) { "rule" } else { "policy" };
    let message = match (refusals.len(), count) {
        (_, 1) => format!("the attestation{of} is verified, and the {what} refuses it"),
        (refused, count) => format!("the {what} refuses {refused} of {count} verified attestations{of}"),
    };
    let mut error = Error::new(ErrorKind::Policy, message);
    let mut hints: Vec<&String> = Vec::new();
    let shown = if what == "rule" { RULES_SHOWN } else { usize::MAX };
    for unmet in refusals.iter().take(shown) {
        hints.extend(unmet.hint.iter().filter(|hint| !hints.contains(hint)).collect::<Vec<_>>());
        error = error.cause(format!("{}: {}", unmet.by, unmet.reason));
        for detail in &unmet.details {
            error = error.cause(detail.clone());
        }
    }
    if refusals.len() > shown {
        error = error.cause(format!("and so it is with {} more", refusals.len() - shown));
    }
    for hint in hints {
        error = error.hint(hint);
    }
    if refusals.iter().any(|unmet| matches!(unmet.by, By::Language(_))) {
        error = error.hint(
            "what is signed is shown by `bundle inspect --predicate`, or by verifying without --policy",
        );
        if policy::shows_part(asked.predicate_type) {
            let uri = PredicateType::uri_to_verify(asked.predicate_type);
            let name = asked.predicate_type;
            error = error.hint(format!(
                "with `--type {name}` a policy is shown the members that this type has in cosign, and no others; with `--type {uri}` it is shown all that is signed"
            ));
        }
    }
    error
}

/// Policies that give no verdict.
pub(super) fn failed(error: &policy::Error) -> Error {
    use policy::Error as E;
    let kind = match error {
        E::Format { .. } => ErrorKind::Usage,
        E::Text { .. } | E::Policy { .. } | E::Cue { .. } | E::Data { .. } => ErrorKind::Format,
        E::Limit { .. } => ErrorKind::LimitExceeded,
        E::NotBuilt { .. } | E::Thread { .. } => ErrorKind::Other,
    };
    let made = match error {
        E::Policy { .. } | E::Cue { .. } => Error::new(kind, format!("the policy cannot be used: {error}")),
        error => Error::new(kind, error.to_string()),
    };
    match error {
        E::Format { .. } => made.hint("a policy is a file FILE.rego or FILE.cue"),
        E::NotBuilt { language } => made
            .hint(format!("the build with the feature `{}` has them", language.to_string().to_lowercase())),
        _ => made,
    }
}
