//! Paths from a certificate to a root, as Go builds and checks them (RFC 5280 section 6, with its leniency).

use super::certificate::Certificate;
use super::reader::{Fault, Read};
use crate::crypto::{PublicKey, Signed, UnixTime};

/// What a path is checked against.
pub(super) struct Options {
    /// Nanoseconds since 1970.
    pub(super) time: i128,
    /// Purposes, by Go's numbers, one of which has to be allowed.
    pub(super) purposes: Vec<u64>,
    /// A host, which the certificate has to name; empty for any.
    pub(super) host: String,
}

/// Go's numbers for any purpose, and for servers.
const ANY: u64 = 0;
pub(super) const SERVER: u64 = 1;
/// The bit of keyUsage by which a key may sign certificates.
const CERT_SIGN: u64 = 1 << 5;
/// Signatures that Go checks for one certificate.
const SIGNATURES: usize = 100;

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Intermediate,
    Leaf,
    Root,
}

type Path<'a> = Vec<&'a Certificate<'a>>;

/// The first path from the last certificate to the first by way of the others, or in words why there is none.
pub(super) fn verify<'a>(all: &'a [Certificate<'a>], options: &Options) -> Read<Result<Path<'a>, String>> {
    let [root, between @ .., leaf] = all else {
        return Ok(Err(
            "at least two certificates are needed: the first is the root, and the last the one that is verified"
                .to_owned(),
        ));
    };
    if let Some(why) = unusable(leaf, Place::Leaf, &[], options) {
        return Ok(Err(format!("the last certificate {why}")));
    }
    if !names_host(leaf, &options.host)? {
        return Ok(Err("the last certificate does not name the host of DNSName".to_owned()));
    }
    let mut paths = Vec::new();
    let mut search = Search { all, root, intermediates: Vec::new(), options, left: SIGNATURES, why: None };
    if leaf.raw == root.raw {
        paths.push(vec![leaf]);
    } else {
        for one in between {
            if !search.intermediates.iter().any(|other| other.raw == one.raw) {
                search.intermediates.push(one);
            }
        }
        search.extend(&[leaf], &mut paths)?;
    }
    let is_found = !paths.is_empty();
    for path in paths {
        if is_allowed(&path, &options.purposes) {
            decided(&path)?;
            return Ok(Ok(path));
        }
        // Go asks this first, and either way the path is none.
    }
    Ok(Err(match search.why {
        _ if is_found => "the certificates are for other purposes than the one that is asked for (KeyUsages; of servers, unless it says so)".to_owned(),
        Some(why) => why,
        None => "no certificate that is given has the name of the issuer of the last one".to_owned(),
    }))
}

struct Search<'a, 'b> {
    all: &'a [Certificate<'a>],
    root: &'a Certificate<'a>,
    intermediates: Path<'a>,
    options: &'b Options,
    left: usize,
    /// Why the last certificate that was looked at leads no further.
    why: Option<String>,
}

impl<'a> Search<'a, '_> {
    /// Adds all paths that begin so.
    fn extend(&mut self, path: &[&'a Certificate<'a>], paths: &mut Vec<Path<'a>>) -> Read<()> {
        let Some(last) = path.last() else { return Ok(()) };
        let intermediates =
            by_key(last, &self.intermediates).into_iter().map(|one| (one, Place::Intermediate));
        let parents: Vec<_> = by_key(last, &[self.root])
            .into_iter()
            .map(|one| (one, Place::Root))
            .chain(intermediates)
            .collect();
        if parents.is_empty() {
            self.why = Some(format!("the issuer of {} is not among them", self.called(last)));
        }
        for (parent, place) in parents {
            if parent.key_kind == 0 || path.iter().any(|one| is_same(one, parent)) {
                continue;
            }
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                Fault::Undecided("a path of certificates that takes more than 100 signatures".to_owned())
            })?;
            if !is_signed_by(last, parent)? {
                let why = format!("{} is not signed by {}", self.called(last), self.called(parent));
                self.why = Some(why);
                continue;
            }
            if let Some(why) = unusable(parent, place, path, self.options) {
                self.why = Some(format!("{} {why}", self.called(parent)));
                continue;
            }
            let longer = [path, &[parent]].concat();
            match place {
                Place::Root => paths.push(longer),
                _ => self.extend(&longer, paths)?,
            }
        }
        Ok(())
    }

    /// A certificate by its number among those that are given.
    fn called(&self, one: &Certificate<'_>) -> String {
        let number = self.all.iter().zip(1..).find(|(other, _)| other.raw == one.raw);
        let of = self.all.len();
        number.map_or_else(String::new, |(_, number): (_, usize)| format!("certificate {number} of {of}"))
    }
}

/// Those that bear the name of the issuer; first those whose key is the one that is named, last those with another.
fn by_key<'a>(child: &Certificate<'_>, all: &[&'a Certificate<'a>]) -> Path<'a> {
    let wanted = child.extensions.authority_key.as_deref().unwrap_or_default();
    let rank = |parent: &Certificate<'_>| match parent.extensions.subject_key.as_deref().unwrap_or_default() {
        own if own == wanted => 0,
        own if own.is_empty() || wanted.is_empty() => 1,
        _ => 2,
    };
    let mut found: Path<'a> = all.iter().copied().filter(|one| one.subject == child.issuer).collect();
    found.sort_by_key(|one| rank(one));
    found
}

/// Whether two stand for one authority: name, key, and other names.
fn is_same(one: &Certificate<'_>, other: &Certificate<'_>) -> bool {
    one.subject == other.subject
        && one.spki == other.spki
        && one.extensions.alternative_names() == other.extensions.alternative_names()
}

/// Whether `parent` may sign certificates and signed this one.
fn is_signed_by(child: &Certificate<'_>, parent: &Certificate<'_>) -> Read<bool> {
    let own = &parent.extensions;
    let is_none = if own.has_basic { !own.is_ca } else { parent.version == 3 };
    if is_none || (own.key_usage != 0 && own.key_usage & CERT_SIGN == 0) {
        return Ok(false);
    }
    // What Go does not trust (SHA-1, DSA) signs nothing.
    let (Some(scheme), false) = (child.signed_by.1, parent.key_kind == 2) else { return Ok(false) };
    let key = PublicKey::from_spki_der(parent.spki)
        .map_err(|e| Fault::Undecided(format!("a path of certificates with a key of another kind: {e}")))?;
    Ok(key.verify(scheme, Signed::Message(child.tbs), &child.signature).is_ok())
}

/// Why a certificate may not stand in its place behind `path`.
fn unusable(
    one: &Certificate<'_>,
    place: Place,
    path: &[&Certificate<'_>],
    options: &Options,
) -> Option<String> {
    let own = &one.extensions;
    let nanos = |seconds: i64| i128::from(seconds) * 1_000_000_000;
    let below = path.len().saturating_sub(1);
    let is_too_deep = own.has_basic && usize::try_from(own.path_length).is_ok_and(|most| below > most);
    let (from, until) = (one.not_before, one.not_after);
    if !own.unhandled.is_empty() {
        Some("has a critical extension that is not known".to_owned())
    } else if !(nanos(from)..=nanos(until)).contains(&options.time) {
        let [from, until] = [from, until].map(UnixTime::from_seconds);
        Some(format!("is valid from {from} until {until}, and not at the time that is asked for"))
    } else if place == Place::Intermediate && !own.is_ca {
        Some("is none of an authority".to_owned())
    } else if is_too_deep {
        Some("may not have so many certificates below it (pathLenConstraint)".to_owned())
    } else {
        None
    }
}

/// Whether some purpose is allowed by all certificates that name purposes.
fn is_allowed(path: &[&Certificate<'_>], wanted: &[u64]) -> bool {
    let allows = |one: &Certificate<'_>, purpose: u64| {
        let own = &one.extensions;
        (own.purposes.is_empty() && own.other_purposes.is_empty())
            || own.purposes.iter().any(|allowed| *allowed == ANY || *allowed == purpose)
    };
    wanted.contains(&ANY) || wanted.iter().any(|purpose| path.iter().all(|one| allows(one, *purpose)))
}

/// Refuses paths for which more would have to be looked at: policies that are demanded, and constraints on names.
fn decided(path: &[&Certificate<'_>]) -> Read<()> {
    if path.iter().any(|one| one.extensions.governs_policies) {
        return Err(Fault::Undecided("a path of certificates that demands policies".to_owned()));
    }
    let first = path.iter().position(|one| one.extensions.alternative_names().is_some());
    let last = path.iter().rposition(|one| one.extensions.has_constraints);
    match first.zip(last) {
        Some((named, constrained)) if named < constrained => {
            Err(Fault::Undecided("a path of certificates with name constraints".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Whether a certificate names a host.
fn names_host(one: &Certificate<'_>, host: &str) -> Read<bool> {
    if host.is_empty() {
        return Ok(true);
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<std::net::IpAddr>() {
        return Ok(one.extensions.names.addresses.contains(&address.to_canonical()));
    }
    let is_plain = |name: &str| {
        let is_label = |label: &str| {
            let ends = label.starts_with('-') || label.ends_with('-');
            !label.is_empty()
                && !ends
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        name.split('.').all(is_label)
    };
    let below = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase());
    let mut found = false;
    for name in &one.extensions.names.dns {
        let rest = name.strip_prefix("*.");
        if !is_plain(host) || !is_plain(rest.unwrap_or(name)) {
            return Err(Fault::Undecided("a host of unusual letters in a certificate".to_owned()));
        }
        found |= match rest {
            Some(rest) => below(host).is_some_and(|host| host == rest.to_ascii_lowercase()),
            None => name.eq_ignore_ascii_case(host),
        };
    }
    Ok(found)
}
