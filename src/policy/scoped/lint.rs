//! What is allowed in a policy file and is probably not meant.

use std::collections::HashMap;

use super::document::{Count, Demand, Document, Requirements, Scope, SignerSource, Signers, Witnesses};
use super::identity::written;
use super::impossible::IMPOSSIBLE;
use super::path::Path;
use super::voices::{is_address, person};
use crate::crypto::PublicKey;
use crate::verify::{IdentityMatcher, StringMatcher};

/// The kind of what says that a scope asks for nothing.
pub const ACCEPT: &str = "accept";
/// The kind of what says that a scope asks for signatures of the older format.
pub const SIGNED_AS: &str = "signed-as";
/// Kinds of findings that are not doubtful: what they tell is said by the policy file itself.
pub const NOTES: [&str; 2] = [ACCEPT, SIGNED_AS];
/// What stands for the names of files and of images in a policy file that is suggested for a bundle.
pub const PLACEHOLDERS: [&str; 2] = ["ARTIFACT", "registry.example/artifact"];

/// Issuers that many policies name, which are written without a slash at their end.
const ISSUERS: [&str; 4] = [
    "https://accounts.google.com",
    "https://github.com/login/oauth",
    "https://gitlab.com",
    "https://token.actions.githubusercontent.com",
];
/// Registries where anybody may have a repository, as patterns have them.
const PUBLIC: [&str; 7] =
    ["index.docker.io", "docker.io", "ghcr.io", "quay.io", "public.ecr.aws", "registry.gitlab.com", "ttl.sh"];

/// Something to think about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind, for those who look for one: `unanchored`, `unescaped`, `unreachable`, ...
    pub code: &'static str,
    /// The place.
    pub path: Path,
    /// What it is.
    pub message: String,
}

/// Looks at a policy file. `keys`: the public key of each signer, as far as it could be read.
pub fn lint(document: &Document, keys: &[Option<PublicKey>]) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    findings.signers(document);
    let groups = same(document, keys);
    for (number, scope) in document.scopes.iter().enumerate() {
        findings.patterns(scope);
        findings.reach(scope, document.scopes.get(..number).unwrap_or_default());
        for signers in scope.signers() {
            findings.distinct(document, signers, &groups);
        }
        match &scope.demand {
            Demand::Accept => findings.add(
                ACCEPT,
                &scope.path,
                format!("the scope `{}` accepts artifacts without any signature", scope.name),
            ),
            Demand::Refuse => {}
            Demand::Require(requirements) => findings.requirements(document, scope, requirements),
        }
    }
    findings.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: &'static str, path: &Path, message: String) {
        self.0.push(Finding { code, path: path.clone(), message });
    }

    fn signers(&mut self, document: &Document) {
        for (signer, used) in document.signers.iter().zip(document.used_signers()) {
            if !used {
                self.add("unused", &signer.path, format!("no scope names the signer `{}`", signer.name));
            }
            if let SignerSource::Identity(identity) = &signer.source {
                self.expressions(identity, &signer.path);
                for (what, matcher) in [("identity", &identity.subject), ("issuer", &identity.issuer)] {
                    let StringMatcher::Exact(text) = matcher else { continue };
                    self.exact(what, text, &signer.path.member(what));
                }
            }
        }
    }

    /// A name that is compared as it is.
    fn exact(&mut self, what: &str, text: &str, path: &Path) {
        if text.contains('*') {
            self.add("literal", path, format!(
                "the `*` in `{text}` is itself and stands for nothing else: expressions are written with `{what}-regexp`"
            ));
        } else if text.starts_with('^') || text.ends_with('$') {
            self.add("literal", path, format!(
                "`{text}` looks like an expression and is compared as it is: expressions are written with `{what}-regexp`"
            ));
        }
        let bare = text.trim();
        if bare != text {
            self.add(
                IMPOSSIBLE,
                path,
                format!(
                    "`{text}` begins or ends with a blank, and no name in a certificate does: write `{bare}`"
                ),
            );
        } else if what == "issuer" && !text.contains("://") {
            self.add("issuer-form", path, format!(
                "the issuer `{text}` is no address: write it as certificates have it, such as `https://accounts.example.com`"
            ));
        } else if what == "issuer" && text.strip_suffix('/').is_some_and(|bare| ISSUERS.contains(&bare)) {
            let bare = text.trim_end_matches('/');
            self.add("issuer-form", path, format!(
                "the issuer `{text}` has a slash at its end, and certificates have none there: write `{bare}`"
            ));
        }
    }

    fn expressions(&mut self, identity: &IdentityMatcher, path: &Path) {
        for (what, matcher) in [("identity-regexp", &identity.subject), ("issuer-regexp", &identity.issuer)] {
            let StringMatcher::Pattern(pattern) = matcher else { continue };
            let (path, text) = (path.member(what), written(pattern));
            if !text.starts_with('^') || !text.ends_with('$') || text.ends_with("\\$") {
                self.add("unanchored", &path, format!(
                    "`{text}` has to match all of the text here: begin it with `^` and end it with `$`, so that it means the same everywhere"
                ));
            } else if let Some(open) = open(text) {
                self.add(
                    "unanchored",
                    &path,
                    format!(
                        "`{open}` at an end of `{text}` matches whatever stands there: write what has to"
                    ),
                );
            }
            if let Some(at) = unescaped(text) {
                self.add(
                    "unescaped",
                    &path,
                    format!("the point in `{at}` matches any character: write `\\.` for a point"),
                );
            }
            if is_anything(text) {
                self.add("too-wide", &path, format!("`{text}` matches everybody"));
            }
        }
    }

    fn patterns(&mut self, scope: &Scope) {
        let wide = scope.images.iter().filter(|pattern| pattern.is_wide()).map(|pattern| pattern.source());
        let files = scope.files.iter().filter(|pattern| pattern.is_wide()).map(|pattern| pattern.source());
        // What is refused wherever it is from accepts nothing.
        for pattern in wide.chain(files).filter(|_| !matches!(scope.demand, Demand::Refuse)) {
            self.add("too-wide", &scope.path, format!("`{pattern}` matches wherever it is from"));
        }
        let open = scope.images.iter().filter(|pattern| pattern.is_all_of(&PUBLIC));
        for pattern in open.filter(|_| matches!(scope.demand, Demand::Accept)) {
            let pattern = pattern.source();
            self.add(
                "accept-public",
                &scope.path,
                format!("`{pattern}` is accepted without any signature, and anybody can push an image there"),
            );
        }
        let files = scope.files.iter().map(|pattern| pattern.source());
        let images = scope.images.iter().map(|pattern| pattern.source());
        for pattern in files.chain(images).filter(|pattern| PLACEHOLDERS.contains(pattern)) {
            self.add("placeholder", &scope.path, format!(
                "`{pattern}` stands where `bundle inspect --suggest=policy` knows no name: write a pattern of what is meant"
            ));
        }
        for pattern in scope.images.iter().filter(|pattern| pattern.has_tag()) {
            let pattern = pattern.source();
            self.add("tag", &scope.path, format!(
                "`{pattern}` is about images that are named by this tag; the same image named by its digest is not matched"
            ));
        }
    }

    /// Says where earlier scopes decide about everything that this one matches.
    fn reach(&mut self, scope: &Scope, before: &[Scope]) {
        let image =
            |pattern| before.iter().find(|scope| scope.images.iter().any(|other| other.covers(pattern)));
        let file =
            |pattern| before.iter().find(|scope| scope.files.iter().any(|other| other.covers(pattern)));
        let images = scope.images.iter().map(|pattern| (pattern.source(), image(pattern)));
        let files = scope.files.iter().map(|pattern| (pattern.source(), file(pattern)));
        for (pattern, by) in images.chain(files) {
            if let Some(by) = by {
                self.add(
                    "unreachable",
                    &scope.path,
                    format!(
                        "the scope `{}`, which comes first, decides about all that `{pattern}` matches",
                        by.name
                    ),
                );
            }
        }
    }

    /// Counts those who are surely not the same.
    fn distinct(&mut self, document: &Document, signers: &Signers, groups: &[usize]) {
        let mut distinct: Vec<_> = signers.of.iter().filter_map(|signer| groups.get(*signer)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let mut words: Vec<_> = signers.of.iter().filter_map(|signer| address(document, *signer)).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        let of_address = match words.len() < all {
            true => " (an e-mail address is one signer, whichever issuer confirmed it)",
            false => "",
        };
        if signers.needed() > distinct.len() {
            let (needed, distinct) = (signers.needed(), distinct.len());
            self.add(
                IMPOSSIBLE,
                &signers.path,
                format!(
                    "{needed} distinct signers are needed, and the names are of {distinct}{of_address}: nothing satisfies that"
                ),
            );
        } else if matches!(signers.count, Count::AtLeast(_)) && distinct.len() < signers.of.len() {
            let (names, distinct) = (signers.of.len(), distinct.len());
            self.add(
                "same-signer",
                &signers.path,
                format!(
                    "{names} names are of {distinct} distinct signers{of_address}: names of the same signer count once"
                ),
            );
        }
    }

    fn requirements(&mut self, document: &Document, scope: &Scope, requirements: &Requirements) {
        for code in requirements.attestations.iter().flat_map(|demand| &demand.code) {
            for reference in code.rules.iter().filter_map(|rule| rule.short_ref()) {
                self.add("short-ref", &code.path, format!(
                    "the ref `{reference}` is compared as it is, and builders write it in full: `refs/heads/{reference}` or `refs/tags/{reference}`"
                ));
            }
        }
        if requirements.signed_as.is_some() {
            self.add(SIGNED_AS, &scope.path.member("signed-as"), format!(
                "the scope `{}` accepts signatures of cosign's older format alone, as bundles name no repository: `rcosign sign --new-bundle-format=false` makes them",
                scope.name
            ));
        }
        let is_keyless = |signers: &Signers| {
            let mut signers = signers.of.iter().filter_map(|signer| document.signers.get(*signer));
            signers.any(|signer| matches!(signer.source, SignerSource::Identity(_)))
        };
        let is_timeless =
            requirements.log == Witnesses::NotRequired && requirements.timestamp == Witnesses::NotRequired;
        if is_timeless && scope.signers().any(is_keyless) {
            self.add("timeless", &scope.path, format!(
                "the scope `{}` needs neither a log entry nor a timestamp: certificates, which live for minutes, are then judged by the present time",
                scope.name
            ));
        }
    }
}

/// What matches any text, lines and all; and any line.
const ANYTHING: [&str; 8] =
    ["(?s:.*)", "(?s:.+)", "[\\s\\S]*", "[\\s\\S]+", "(.|\\n)*", "(.|\\n)+", "(?:.|\\n)*", "(?:.|\\n)+"];
const LINE: [&str; 4] = ["(.*)", "(.+)", ".*", ".+"];

/// What stands at an end of an expression and matches anything. What follows a beginning that is told may be any line.
fn open(text: &str) -> Option<&'static str> {
    let bare = text.trim_start_matches('^').trim_end_matches('$');
    let begins = ANYTHING.into_iter().chain(LINE).find(|open| bare.starts_with(open));
    begins.or_else(|| ANYTHING.into_iter().find(|open| bare.ends_with(open))).filter(|_| !is_anything(text))
}

/// Whether an expression says nothing of what it matches.
fn is_anything(text: &str) -> bool {
    let mut bare = text.trim_start_matches('^').trim_end_matches('$');
    let mut is_any = false;
    while let Some(open) = ANYTHING.into_iter().chain(LINE).find(|open| bare.starts_with(open)) {
        bare = bare.strip_prefix(open).unwrap_or_default();
        is_any = true;
    }
    is_any && bare.is_empty()
}

/// The part of an expression with a point that stands for any character and most likely means a point: between letters or digits.
fn unescaped(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut in_class, mut is_escaped) = (false, false);
    for (at, c) in chars.iter().enumerate() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class => {
                let is_plain = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
                let before = at.checked_sub(1).and_then(|before| chars.get(before));
                if is_plain(before) && is_plain(chars.get(at + 1)) {
                    let part = chars.iter().skip(at.saturating_sub(8)).take(16);
                    return Some(part.collect());
                }
            }
            _ => {}
        }
    }
    None
}

/// The e-mail address of a signer that is told by one, to be compared.
fn address(document: &Document, signer: usize) -> Option<String> {
    match &document.signers.get(signer)?.source {
        SignerSource::Identity(identity) => match &identity.subject {
            StringMatcher::Exact(subject) => is_address(subject).then(|| subject.to_lowercase()),
            StringMatcher::Pattern(_) => None,
        },
        SignerSource::Key(_) => None,
    }
}

/// A number for each signer; those of one number are surely the same: the same key, or the same identity.
fn same(document: &Document, keys: &[Option<PublicKey>]) -> Vec<usize> {
    let mut known: HashMap<String, usize> = HashMap::new();
    let name = |(number, source): (usize, &SignerSource)| match source {
        SignerSource::Key(reference) => match keys.get(number).and_then(Option::as_ref) {
            Some(key) => format!("key {}", hex::encode(key.key_id())),
            None => format!("reference {reference}"),
        },
        SignerSource::Identity(identity) => {
            let text = |matcher: &StringMatcher| match matcher {
                StringMatcher::Exact(text) => format!("exact {}", text.to_lowercase()),
                StringMatcher::Pattern(pattern) => format!("expression {}", pattern.source()),
            };
            match (&identity.subject, &identity.issuer) {
                (StringMatcher::Exact(subject), StringMatcher::Exact(issuer)) => {
                    format!("person {:?}", person(subject, issuer))
                }
                (StringMatcher::Exact(subject), _) if is_address(subject) => {
                    format!("person {:?}", person(subject, ""))
                }
                (subject, issuer) => format!("identity {} {}", text(subject), text(issuer)),
            }
        }
    };
    let sources = document.signers.iter().map(|signer| &signer.source).enumerate();
    sources
        .map(|signer| {
            let next = known.len();
            *known.entry(name(signer)).or_insert(next)
        })
        .collect()
}
