//! What each certificate of a path has to be (RFC 5280 section 6.1), once names and signatures fit.

use der::asn1::ObjectIdentifier;

use super::certificate::{Certificate, label};
use super::name_constraints::{self, Violation};
use super::oid;
use super::path::{PathError, Usage};
use crate::crypto::UnixTime;

/// The most comparisons of a name with a constraint in one search: webpki's number.
const MAX_NAME_COMPARISONS: usize = 250_000;

/// keyUsage bits (RFC 5280 section 4.2.1.3).
const DIGITAL_SIGNATURE: u16 = 1 << 0;
const NON_REPUDIATION: u16 = 1 << 1;
const KEY_CERT_SIGN: u16 = 1 << 5;

/// Extensions that may be critical because they are acted upon. Of certificate policies every one is acceptable here, so
/// that nothing is left to do for them.
const UNDERSTOOD: [ObjectIdentifier; 8] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::EXTENDED_KEY_USAGE,
    oid::KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::SUBJECT_ALT_NAME,
    oid::SUBJECT_KEY_IDENTIFIER,
];

/// When and for what a path has to hold.
pub(super) struct Rules {
    time: UnixTime,
    usage: Usage,
    /// What is left of [`MAX_NAME_COMPARISONS`].
    name_comparisons: usize,
}

impl Rules {
    pub(super) fn new(time: UnixTime, usage: Usage) -> Self {
        Self { time, usage, name_comparisons: MAX_NAME_COMPARISONS }
    }
}

/// Judges a path, leaf first, anchor last, whose names and signatures fit. Validity comes first, as its reasons say most.
pub(super) fn judge(path: &[&Certificate], rules: &mut Rules) -> Result<(), PathError> {
    path.iter().try_for_each(|c| validity(c, rules.time))?;
    let Some((leaf, issuers)) = path.split_first() else { return Ok(()) };
    leaf_usage(leaf, rules.usage)?;
    issuers.iter().try_for_each(|c| issuer_usage(c, rules.usage))?;
    path.iter().try_for_each(|c| critical_extensions(c))?;
    if leaf.version() != 3 {
        return Err(invalid(leaf, format!("version {}, not 3", leaf.version())));
    }
    for (i, issuer) in issuers.iter().enumerate() {
        let (is_anchor, below) = (i + 1 == issuers.len(), issuers.get(..i).unwrap_or_default());
        authority(issuer, is_anchor, below)?;
        names(issuer, leaf, below, rules)?;
    }
    Ok(())
}

/// RFC 5280 section 4.1.2.5: both ends belong to the period.
fn validity(certificate: &Certificate, time: UnixTime) -> Result<(), PathError> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if time < not_before {
        return Err(PathError::NotYetValid { subject: label(certificate), time, not_before });
    }
    if time > not_after {
        return Err(PathError::Expired { subject: label(certificate), time, not_after });
    }
    Ok(())
}

fn leaf_usage(leaf: &Certificate, usage: Usage) -> Result<(), PathError> {
    let constraints = leaf.constraints();
    let signs = constraints.key_usage.is_none_or(|bits| bits & (DIGITAL_SIGNATURE | NON_REPUDIATION) != 0);
    let extended = match usage {
        Usage::CodeSigning => allows(leaf, usage),
        Usage::TimeStamping => {
            constraints.extended_key_usage.as_deref() == Some(&[Some(oid::TIME_STAMPING)])
                && leaf.criticality(oid::EXTENDED_KEY_USAGE) == Some(true)
        }
    };
    if signs && extended { Ok(()) } else { Err(PathError::Usage { subject: label(leaf), usage }) }
}

/// The extended key usages of authorities limit what they may issue for, as Go's, Windows' and OpenSSL's validation has
/// it; Fulcio's intermediates rely on that.
fn issuer_usage(issuer: &Certificate, usage: Usage) -> Result<(), PathError> {
    if allows(issuer, usage) { Ok(()) } else { Err(PathError::Usage { subject: label(issuer), usage }) }
}

fn allows(certificate: &Certificate, usage: Usage) -> bool {
    let wanted = match usage {
        Usage::CodeSigning => oid::CODE_SIGNING,
        Usage::TimeStamping => oid::TIME_STAMPING,
    };
    let list = certificate.constraints().extended_key_usage.as_ref();
    list.is_none_or(|l| l.contains(&Some(wanted)) || l.contains(&Some(oid::ANY_EXTENDED_KEY_USAGE)))
}

/// RFC 5280 section 4.2: a critical extension that is not understood refuses the certificate.
fn critical_extensions(certificate: &Certificate) -> Result<(), PathError> {
    let understood = |oid: &oid::Oid<'_>| UNDERSTOOD.iter().any(|known| oid == known);
    match certificate.extensions().find(|(oid, critical, _)| *critical && !understood(oid)) {
        Some((oid, ..)) if oid == oid::PRECERTIFICATE_POISON => {
            Err(invalid(certificate, "it is a precertificate".to_owned()))
        }
        Some((oid, ..)) => Err(invalid(certificate, format!("unknown critical extension {oid}"))),
        None => Ok(()),
    }
}

/// RFC 5280 section 6.1.4 (k) to (n), for an issuer with these issuers below it. An anchor of version 1 has no extensions
/// that could say what it may do: that it was named as an anchor says it.
fn authority(issuer: &Certificate, is_anchor: bool, below: &[&Certificate]) -> Result<(), PathError> {
    if issuer.version() < 3 {
        let reason =
            || invalid(issuer, format!("version {} cannot be a certification authority", issuer.version()));
        return if is_anchor { Ok(()) } else { Err(reason()) };
    }
    let constraints = issuer.constraints();
    if !constraints.ca {
        return Err(invalid(issuer, "it is not a certification authority".to_owned()));
    }
    if constraints.key_usage.is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
        return Err(invalid(issuer, "its key usage does not include signing certificates".to_owned()));
    }
    let length = below.iter().filter(|c| !c.is_self_issued()).count();
    match constraints.path_length {
        Some(limit) if usize::try_from(limit).is_ok_and(|l| length > l) => {
            Err(invalid(issuer, format!("{length} authorities below it where it allows {limit}")))
        }
        _ => Ok(()),
    }
}

/// RFC 5280 section 6.1.3 (b) and (c): the constraints of an authority hold for all certificates below it, self-issued
/// ones excepted unless they are the leaf.
fn names(
    issuer: &Certificate,
    leaf: &Certificate,
    below: &[&Certificate],
    rules: &mut Rules,
) -> Result<(), PathError> {
    let constraints = name_constraints::of(issuer).map_err(|e| invalid(issuer, e.to_string()))?;
    let Some(constraints) = constraints else { return Ok(()) };
    let others = below.iter().copied().filter(|c| !c.is_self_issued());
    for certificate in others.chain([leaf]) {
        constraints.check(certificate, &mut rules.name_comparisons).map_err(|violation| match violation {
            Violation::Name(reason) => {
                invalid(certificate, format!("name constraints of `{}`: {reason}", label(issuer)))
            }
            Violation::Malformed(e) => invalid(certificate, e.to_string()),
            Violation::Budget => PathError::Budget { steps: MAX_NAME_COMPARISONS },
        })?;
    }
    Ok(())
}

fn invalid(certificate: &Certificate, reason: String) -> PathError {
    PathError::Invalid { subject: label(certificate), reason }
}
