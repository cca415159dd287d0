//! Which services of a signing config to use (sigstore/protobuf-specs, `ServiceConfiguration` and `ServiceSelector`).

use std::cmp::Reverse;

use super::{Selection, Service, SigningConfig};
use crate::crypto::UnixTime;

/// The interfaces that are spoken, as signing configs count them. (Fulcio's is 1 whatever the paths of its requests say.)
const CERTIFICATE_AUTHORITY: &[u32] = &[1];
const OIDC_PROVIDER: &[u32] = &[1];
const TIMESTAMP_AUTHORITY: &[u32] = &[1];
/// Rekor v1 and v2.
pub const LOG_VERSIONS: &[u32] = &[1, 2];

/// Why no service, or not as many as are wanted, can be taken from a signing config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// None is listed.
    #[error("the signing config lists no {what}")]
    None {
        /// The kind of service.
        what: &'static str,
    },
    /// None of those that are listed can be used.
    #[error("no {what} of the signing config can be used: {}", .why.join("; "))]
    Unusable {
        /// The kind of service.
        what: &'static str,
        /// Each that is listed, with why it cannot.
        why: Vec<String>,
    },
    /// Too few of different operators.
    #[error("the signing config wants {wanted} {what}s of different operators, and {found} can be used")]
    TooFew {
        /// The kind of service.
        what: &'static str,
        /// How many are wanted.
        wanted: u32,
        /// How many there are.
        found: usize,
    },
    /// It is not said how many to use.
    #[error("the signing config does not say how many {what}s to use")]
    Undefined {
        /// The kind of service.
        what: &'static str,
    },
}

impl SigningConfig {
    /// The certificate authority to ask.
    ///
    /// # Errors
    /// None is listed, or none of them is of a known version and valid now.
    pub fn certificate_authority(&self, now: UnixTime) -> Result<&Service, SelectError> {
        one("certificate authority", &self.certificate_authorities, CERTIFICATE_AUTHORITY, now)
    }

    /// The issuer of identity tokens to ask.
    ///
    /// # Errors
    /// As [`SigningConfig::certificate_authority`].
    pub fn oidc_provider(&self, now: UnixTime) -> Result<&Service, SelectError> {
        one("OIDC provider", &self.oidc_providers, OIDC_PROVIDER, now)
    }

    /// The logs to use: none where none is listed, else as many as the config says, of the highest of `versions` that any
    /// has, and of different operators.
    ///
    /// # Errors
    /// Logs are listed, and none of them is valid now and of one of these versions, or fewer than wanted; it is not said how
    /// many to use.
    pub fn logs_to_use(&self, versions: &[u32], now: UnixTime) -> Result<Vec<&Service>, SelectError> {
        several("transparency log", (&self.logs, self.log_selection), versions, now)
    }

    /// The timestamp authorities to use, as [`SigningConfig::logs_to_use`].
    ///
    /// # Errors
    /// As [`SigningConfig::logs_to_use`].
    pub fn timestamp_authorities_to_use(&self, now: UnixTime) -> Result<Vec<&Service>, SelectError> {
        let listed = (self.timestamp_authorities.as_slice(), self.timestamp_selection);
        several("timestamp authority", listed, TIMESTAMP_AUTHORITY, now)
    }
}

fn one<'a>(
    what: &'static str,
    listed: &'a [Service],
    versions: &[u32],
    now: UnixTime,
) -> Result<&'a Service, SelectError> {
    usable(what, listed, versions, now)?.into_iter().next().ok_or(SelectError::None { what })
}

fn several<'a>(
    what: &'static str,
    (listed, selection): (&'a [Service], Selection),
    versions: &[u32],
    now: UnixTime,
) -> Result<Vec<&'a Service>, SelectError> {
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let mut usable = usable(what, listed, versions, now)?;
    let wanted = match selection {
        Selection::Undefined => return Err(SelectError::Undefined { what }),
        Selection::All => usable.len(),
        // The specification leaves the choice to the client; the newest is the one that is meant to last.
        Selection::Any => 1,
        Selection::Exact(count) => usize::try_from(count).unwrap_or(usize::MAX),
    };
    if let Selection::Exact(count) = selection
        && usable.len() < wanted
    {
        return Err(SelectError::TooFew { what, wanted: count, found: usable.len() });
    }
    usable.truncate(wanted);
    Ok(usable)
}

/// The services of the highest version that any has, one for each operator, the newest first. Empty where none is listed.
fn usable<'a>(
    what: &'static str,
    listed: &'a [Service],
    versions: &[u32],
    now: UnixTime,
) -> Result<Vec<&'a Service>, SelectError> {
    let fits =
        |service: &&Service| versions.contains(&service.major_api_version) && service.valid_for.contains(now);
    let mut usable: Vec<&Service> = listed.iter().filter(fits).collect();
    if usable.is_empty() && !listed.is_empty() {
        let why = listed.iter().map(|service| unfit(service, versions, now)).collect();
        return Err(SelectError::Unusable { what, why });
    }
    let highest = usable.iter().map(|service| service.major_api_version).max();
    usable.retain(|service| Some(service.major_api_version) == highest);
    // A stable order: what was listed first wins among equals.
    usable.sort_by_key(|service| Reverse(service.valid_for.start));
    let mut operators: Vec<&str> = Vec::new();
    usable.retain(|service| {
        let is_new = !operators.contains(&service.operator.as_str());
        operators.push(&service.operator);
        is_new
    });
    Ok(usable)
}

fn unfit(service: &Service, versions: &[u32], now: UnixTime) -> String {
    let Service { url, major_api_version: version, valid_for, .. } = service;
    if !versions.contains(version) {
        return format!("{url} has version {version} of its interface");
    }
    match (valid_for.start, valid_for.end) {
        (Some(start), _) if start > now => format!("{url} is not used before {start}"),
        (_, Some(end)) => format!("{url} has not been used since {end}"),
        _ => format!("{url} is never used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Window;

    const NOW: UnixTime = UnixTime::from_seconds(1_000);

    fn service(url: &str, version: u32, operator: &str, from: Option<i64>, to: Option<i64>) -> Service {
        Service {
            url: url.into(),
            major_api_version: version,
            valid_for: Window {
                start: from.map(UnixTime::from_seconds),
                end: to.map(UnixTime::from_seconds),
            },
            operator: operator.into(),
        }
    }

    fn config(logs: Vec<Service>, log_selection: Selection) -> SigningConfig {
        SigningConfig { logs, log_selection, ..SigningConfig::default() }
    }

    fn urls(found: Result<Vec<&Service>, SelectError>) -> Vec<String> {
        found.unwrap().into_iter().map(|service| service.url.clone()).collect()
    }

    #[test]
    fn the_highest_version_then_the_newest_and_one_of_each_operator() {
        let logs = || {
            vec![
                service("old-1", 1, "a", Some(1), None),
                service("old-2", 2, "a", Some(10), None),
                service("new-2", 2, "a", Some(20), None),
                service("future-2", 2, "a", Some(2_000), None),
                service("past-2", 2, "c", Some(30), Some(999)),
                service("b-2", 2, "b", Some(15), Some(1_000)),
                service("b-3", 3, "b", Some(15), None),
            ]
        };
        let all = config(logs(), Selection::All);
        assert_eq!(urls(all.logs_to_use(LOG_VERSIONS, NOW)), ["new-2", "b-2"]);
        assert_eq!(urls(all.logs_to_use(&[1], NOW)), ["old-1"]);
        let any = config(logs(), Selection::Any);
        assert_eq!(urls(any.logs_to_use(LOG_VERSIONS, NOW)), ["new-2"]);
        let exact = config(logs(), Selection::Exact(2));
        assert_eq!(urls(exact.logs_to_use(LOG_VERSIONS, NOW)), ["new-2", "b-2"]);
        // A version down there would be two operators, which is not looked at: versions are not mixed.
        let three = config(logs(), Selection::Exact(3));
        let refused = three.logs_to_use(LOG_VERSIONS, NOW).unwrap_err();
        assert_eq!(refused, SelectError::TooFew { what: "transparency log", wanted: 3, found: 2 });
    }

    #[test]
    fn what_is_missing_is_named() {
        let none = SigningConfig::default();
        assert_eq!(urls(none.logs_to_use(LOG_VERSIONS, NOW)), [""; 0]);
        assert_eq!(urls(none.timestamp_authorities_to_use(NOW)), [""; 0]);
        assert_eq!(
            none.certificate_authority(NOW).unwrap_err().to_string(),
            "the signing config lists no certificate authority"
        );
        assert!(none.oidc_provider(NOW).is_err());
        let two = config(vec![service("https://v2.example", 2, "a", None, None)], Selection::Any);
        assert_eq!(
            two.logs_to_use(&[1], NOW).unwrap_err().to_string(),
            "no transparency log of the signing config can be used: https://v2.example has version 2 of its interface"
        );
        for (from, to, said) in
            [(Some(1_001), None, "is not used before"), (None, Some(999), "has not been used since")]
        {
            let config = config(vec![service("u", 1, "a", from, to)], Selection::Any);
            let refused = config.logs_to_use(LOG_VERSIONS, NOW).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
        let undefined = config(vec![service("u", 1, "a", None, None)], Selection::Undefined);
        assert_eq!(
            undefined.logs_to_use(LOG_VERSIONS, NOW).unwrap_err(),
            SelectError::Undefined { what: "transparency log" }
        );
    }

    #[test]
    fn one_authority_and_one_provider() {
        let config = SigningConfig {
            certificate_authorities: vec![
                service("old", 1, "a", Some(1), None),
                service("new", 1, "b", Some(2), None),
                service("other", 2, "b", Some(3), None),
            ],
            oidc_providers: vec![service("issuer", 1, "a", None, None)],
            timestamp_authorities: vec![
                service("tsa", 1, "a", None, None),
                service("tsa-2", 2, "a", None, None),
            ],
            timestamp_selection: Selection::All,
            ..SigningConfig::default()
        };
        assert_eq!(config.certificate_authority(NOW).unwrap().url, "new");
        assert_eq!(config.oidc_provider(NOW).unwrap().url, "issuer");
        assert_eq!(urls(config.timestamp_authorities_to_use(NOW)), ["tsa"]);
    }
}
