//! ClusterImagePolicy (policy.sigstore.dev/v1beta1 and v1alpha1). An image needs every policy that has a glob for it, and of each of them
//! one authority; of ours, the first scope that matches decides. So each scope asks for every policy whose globs may match what it
//! matches, and the narrower globs come first.

use serde_json::Value;

use super::and::{and, strictest};
use super::authority::{self, Authority, Signed};
use super::draft::{Draft, DraftScope, Need, Requires, Signatures, Signer, Who};
use super::glob::{Glob, Unsaid};
use super::{Checker, Note, Source, Unusable, given, identity, items};
use crate::policy::scoped::value::{Members, Place};
use crate::policy::scoped::{Fault, Path};

const VERSIONS: [&str; 2] = ["policy.sigstore.dev/v1beta1", "policy.sigstore.dev/v1alpha1"];
const KIND: &str = "ClusterImagePolicy";
/// Globs in all: each is compared with each.
const MAX_GLOBS: usize = 400;
/// Lists in lists.
const MAX_LISTS: usize = 8;

/// A ClusterImagePolicy.
struct Policy {
    name: String,
    file: String,
    /// Where its `spec` is.
    spec: Path,
    globs: Vec<Glob>,
    need: Need,
    notes: Vec<Note>,
}

/// Reads all of them.
///
/// # Errors
/// There is none; one that the controller would not take either.
pub(super) fn read(sources: &[Source], check: Checker<'_>) -> Result<Draft, Unusable> {
    let (mut policies, mut notes) = (Vec::new(), Vec::new());
    for source in sources {
        let name = source.name();
        let unusable = |fault| Unusable { file: name.clone(), fault };
        let mut reader = Reader { file: &name, check, policies: &mut policies, notes: &mut notes };
        reader.document(&Place::new(&source.value), 0).map_err(unusable)?;
    }
    let whole = |reason: String| Unusable {
        file: sources.first().map(Source::name).unwrap_or_default(),
        fault: Fault::new(&Path::default(), reason),
    };
    if policies.is_empty() {
        return Err(whole(format!("there is no {KIND}, and no policy of containers (`default`)")));
    }
    if policies.iter().map(|policy: &Policy| policy.globs.len()).sum::<usize>() > MAX_GLOBS {
        return Err(whole(format!("more than {MAX_GLOBS} globs")));
    }
    Ok(Draft { scopes: scopes(&policies), notes })
}

struct Reader<'a> {
    file: &'a str,
    check: Checker<'a>,
    policies: &'a mut Vec<Policy>,
    notes: &'a mut Vec<Note>,
}

impl Reader<'_> {
    /// A policy, or a list of them.
    fn document(&mut self, place: &Place<'_>, depth: usize) -> Result<(), Fault> {
        let members = place.mapping()?;
        let text = |name: &str| members.get(name).and_then(|place| place.value.as_str()).unwrap_or_default();
        match text("kind") {
            "List" | "ClusterImagePolicyList" if depth > MAX_LISTS => {
                Err(place.fault(format!("lists are more than {MAX_LISTS} deep")))
            }
            "List" | "ClusterImagePolicyList" => {
                for item in items(&members.required("items")?)? {
                    self.document(&item, depth + 1)?;
                }
                Ok(())
            }
            KIND if VERSIONS.contains(&text("apiVersion")) => self.policy(&members),
            KIND => Err(place.fault(format!("`{}` is no version that is read here", text("apiVersion")))),
            other => {
                let reason = format!("it is no {KIND} (`{other}`), and was passed over");
                self.notes.push(Note::changed(self.file, &place.path, reason));
                Ok(())
            }
        }
    }

    fn policy(&mut self, members: &Members<'_>) -> Result<(), Fault> {
        let name = members.get("metadata").and_then(|place| place.value.get("name"));
        let name = match name.and_then(Value::as_str).filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => format!("policy-{}", self.policies.len() + 1),
        };
        let place = members.required("spec")?;
        let spec = place.mapping()?;
        let mut globs = Vec::new();
        for place in spec.required("images")?.list()? {
            globs.push(Glob::new(place.members(&["glob"])?.required("glob")?.text()?));
        }
        let mut notes = Vec::new();
        let need = match self.need(&place, &spec, &name, &mut notes) {
            Ok(need) => need,
            Err(fault) => {
                notes.push(Note::left_out(self.file, &fault.path, fault.reason));
                Need::Refuse
            }
        };
        let file = self.file.to_owned();
        self.policies.push(Policy { name, file, spec: place.path, globs, need, notes });
        Ok(())
    }

    fn need(
        &self,
        place: &Place<'_>,
        spec: &Members<'_>,
        name: &str,
        notes: &mut Vec<Note>,
    ) -> Result<Need, Fault> {
        place.members(&["images", "authorities", "policy", "mode", "match"])?;
        if let Some(place) = given(spec, "policy") {
            return Err(place.fault("a policy over the results of all authorities: scopes have none"));
        }
        if let Some(place) = given(spec, "match").filter(|place| place.value != &serde_json::json!([])) {
            return Err(
                place.fault("a policy for some workloads alone: a policy file knows images and no workloads")
            );
        }
        if let Some(place) = given(spec, "mode") {
            match place.text()? {
                "enforce" => {}
                "warn" => notes.push(Note::left_out(
                    self.file,
                    &place.path,
                    "the controller only warns of what does not satisfy it; here it is refused",
                )),
                other => return Err(place.fault(format!("`{other}` is neither `enforce` nor `warn`"))),
            }
        }
        let list = given(spec, "authorities").map(|place| items(&place)).transpose()?.unwrap_or_default();
        if list.is_empty() {
            return Err(
                place.fault("no authority is named: what the controller does then depends on its settings")
            );
        }
        let mut found = Vec::new();
        for (number, place) in list.iter().enumerate() {
            let own = place.value.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            let own = own.map_or_else(|| format!("authority-{number}"), str::to_owned);
            match authority::read(place, &format!("{name}-{own}"), self.check) {
                Ok(authority) => {
                    self.doubt(&authority, &place.path, notes);
                    found.push((place.path.clone(), authority));
                }
                Err(fault) => notes.push(Note::left_out(self.file, &fault.path, fault.reason)),
            }
        }
        Ok(self.one_of(found, notes))
    }

    /// Says which expressions match anywhere in a text.
    fn doubt(&self, authority: &Authority, path: &Path, notes: &mut Vec<Note>) {
        let Authority::Signed(signed) = authority else { return };
        for Signer { who, .. } in &signed.of {
            let Who::Identity { subject, issuer } = who else { continue };
            for text in [subject, issuer].into_iter().filter_map(|text| identity::loose(text)) {
                let reason = format!(
                    "`{text}` leaves an end of the text open, as for the controller: anybody who has something that matches in its name is accepted. Begin it with `^` and end it with `$`"
                );
                notes.push(Note::doubt(self.file, &path.member("keyless").member("identities"), reason));
            }
        }
    }

    /// One of several authorities. A scope asks for signatures by one of a list, and so for what they have in common; the others
    /// are left out, which refuses more.
    fn one_of(&self, found: Vec<(Path, Authority)>, notes: &mut Vec<Note>) -> Need {
        if found.iter().any(|(_, authority)| matches!(authority, Authority::Pass)) {
            return Need::Accept;
        }
        let mut signed: Vec<(Path, Signed)> = Vec::new();
        for (path, authority) in found {
            if let Authority::Signed(one) = authority {
                signed.push((path, one));
            }
        }
        let by_signatures = signed.iter().any(|(_, one)| one.attestations.is_empty());
        let mut chosen: Option<Signed> = None;
        for (path, one) in signed {
            if by_signatures != one.attestations.is_empty() {
                notes.push(Note::left_out(
                    self.file,
                    &path,
                    "another authority asks for signatures alone, and a scope cannot ask for either these attestations or signatures",
                ));
                continue;
            }
            chosen = Some(match chosen {
                None => one,
                Some(before) => self.join(before, one, &path, notes),
            });
        }
        let Some(Signed { of, attestations, proofs }) = chosen else { return Need::Refuse };
        let signatures = attestations.is_empty().then_some(Signatures { all: false, of });
        Need::Require(Box::new(Requires { signatures, attestations, proofs, signed_as: None }))
    }

    /// Either of two authorities of one kind.
    fn join(&self, mut before: Signed, one: Signed, path: &Path, notes: &mut Vec<Note>) -> Signed {
        match (before.attestations.as_mut_slice(), one.attestations.as_slice()) {
            ([], []) => {}
            // With several, one could be by the one and another by the other.
            ([a], [b]) if a.is_alike(b) => {
                let more: Vec<_> = b.of.iter().filter(|signer| !a.of.contains(signer)).cloned().collect();
                a.of.extend(more);
            }
            _ => {
                let reason = "a scope cannot ask for the attestations of either of two authorities";
                notes.push(Note::left_out(self.file, path, reason));
                return before;
            }
        }
        if before.proofs != one.proofs {
            before.proofs = strictest(before.proofs, one.proofs);
            let reason = "log entries, timestamps and SCTs are asked for by a scope: what one authority asks for, all signers have to bring";
            notes.push(Note::left_out(self.file, path, reason));
        }
        let more: Vec<_> = one.of.into_iter().filter(|signer| !before.of.contains(signer)).collect();
        before.of.extend(more);
        before
    }
}

/// A scope for each glob, and one for those in a row that need the same policies.
fn scopes(policies: &[Policy]) -> Vec<DraftScope> {
    let numbered = |(number, policy): (usize, &Policy)| {
        (0..policy.globs.len()).map(move |glob| (number, glob)).collect()
    };
    let mut rest: Vec<(usize, usize)> = policies.iter().enumerate().flat_map::<Vec<_>, _>(numbered).collect();
    let glob =
        |(policy, glob): (usize, usize)| policies.get(policy).and_then(|policy| policy.globs.get(glob));
    let covers = |one, other| glob(one).zip(glob(other)).is_some_and(|(one, other)| one.covers(other));
    let mut decided: Vec<(usize, usize)> = Vec::new();
    let mut scopes: Vec<(Vec<usize>, DraftScope)> = Vec::new();
    while !rest.is_empty() {
        // The first that covers none of the others, or only what covers it as well.
        let is_next =
            |one: &(usize, usize)| !rest.iter().any(|other| covers(*one, *other) && !covers(*other, *one));
        let next = rest.remove(rest.iter().position(is_next).unwrap_or_default());
        let (Some(own), Some(this)) = (policies.get(next.0), glob(next)) else { continue };
        // What an earlier scope matches whole comes to no later one.
        let is_about = |number: usize, policy: &Policy| {
            let mut globs =
                policy.globs.iter().enumerate().filter(|(glob, _)| !decided.contains(&(number, *glob)));
            number == next.0 || globs.any(|(_, other)| !other.is_nothing() && other.overlaps(this))
        };
        let numbers = policies.iter().enumerate().filter(|(number, policy)| is_about(*number, policy));
        let about: Vec<usize> = numbers.map(|(number, _)| number).collect();
        let (images, note) = match this.patterns() {
            Ok(found) => {
                decided.extend(found.is_exact.then_some(next));
                (found.images, None)
            }
            Err(unsaid) => (Vec::new(), Some(own.glob_left_out(next.1, this, unsaid))),
        };
        let mut scope = scope(policies, next.0, &about, this, images);
        scope.notes.splice(0..0, note);
        match scopes.last_mut().filter(|(before, last)| *before == about && last.need == scope.need) {
            Some((_, last)) if !scope.images.is_empty() && !last.images.is_empty() => last.merge(scope),
            _ => scopes.push((about, scope)),
        }
    }
    let mut scopes: Vec<DraftScope> = scopes.into_iter().map(|(_, scope)| scope).collect();
    one_name_each(&mut scopes);
    scopes
}

/// What all of these policies need together.
fn scope(policies: &[Policy], own: usize, about: &[usize], glob: &Glob, images: Vec<String>) -> DraftScope {
    let (mut need, mut notes, mut names) = (Need::Accept, Vec::new(), Vec::new());
    for (number, policy) in policies.iter().enumerate().filter(|(number, _)| about.contains(number)) {
        names.push(policy.name.clone());
        if images.is_empty() {
            continue;
        }
        notes.extend(policy.notes.iter().cloned());
        need = match and(need, policy.need.clone()) {
            Ok(need) => need,
            Err(reason) => {
                let reason = format!("`{}` together: {reason}", names.join("`, `"));
                notes.push(Note::left_out(&policy.file, &policy.spec, reason));
                Need::Refuse
            }
        };
        let is_more = policy.need != Need::Accept
            && policies.get(own).is_none_or(|own| own.need != policy.need && own.need != Need::Refuse);
        if number != own && is_more && !policy.globs.iter().any(|other| other.covers(glob)) {
            let reason =
                format!("it is asked of all that `{}` matches, of which it is about a part", glob.source);
            notes.push(Note::left_out(&policy.file, &policy.spec.member("images"), reason));
        }
    }
    DraftScope { name: names.join(" + "), images, need, notes }
}

impl Policy {
    fn glob_left_out(&self, number: usize, glob: &Glob, unsaid: Unsaid) -> Note {
        let path = self.spec.member("images").item(number).member("glob");
        let (glob, why) = (&glob.source, unsaid.reason);
        match unsaid.is_nothing {
            true => Note::changed(&self.file, &path, format!("`{glob}` matches nothing there: {why}")),
            false => Note::left_out(&self.file, &path, format!("`{glob}` is not written: {why}")),
        }
    }
}

impl DraftScope {
    fn merge(&mut self, other: Self) {
        let images: Vec<_> = other.images.into_iter().filter(|image| !self.images.contains(image)).collect();
        self.images.extend(images);
        let notes: Vec<_> = other.notes.into_iter().filter(|note| !self.notes.contains(note)).collect();
        self.notes.extend(notes);
    }
}

/// Two scopes never have one name.
pub(super) fn one_name_each(scopes: &mut [DraftScope]) {
    let mut seen = std::collections::HashSet::new();
    for scope in scopes {
        let first = scope.name.clone();
        let mut number = 1;
        while !seen.insert(scope.name.clone()) {
            number += 1;
            scope.name = format!("{first} ({number})");
        }
    }
}
