//! What services answer meets the errors of commands.

use std::time::Duration;

use super::{Error, ErrorKind};
use crate::http::{self, CertificateFault};
use crate::services::{self, Error as E, Service};
use crate::sign::certify::CertifyError;
use crate::verify::Reason;

/// Has `tell` say of all that is tried again in `future` why, and after what time.
pub async fn telling_retries<F: Future>(tell: impl Fn(&str) + 'static, future: F) -> F::Output {
    let listener = move |error: &dyn std::error::Error, pause: Duration| {
        let last = std::iter::successors(error.source(), |error| error.source()).last();
        let why = last.map(|last| format!(": {last}")).unwrap_or_default();
        tell(&format!("Trying again in {:.1} s: {error}{why}", pause.as_secs_f64()));
    };
    http::told(std::rc::Rc::new(listener), future).await
}

impl From<services::Error> for Error {
    fn from(error: services::Error) -> Self {
        let hint = hint(&error);
        let mut converted = Self::with_sources(kind(&error), &error);
        if let E::Http { source, .. } = &error
            && let Some(fault) = source.certificate_fault()
        {
            // In place of the words of every layer below.
            converted.causes.truncate(1);
            converted.causes.push(fault.to_string());
        }
        match hint {
            Some(hint) => converted.hint(hint),
            None => converted,
        }
    }
}

impl From<CertifyError> for Error {
    fn from(error: CertifyError) -> Self {
        match error {
            CertifyError::Service(error) => error.into(),
            CertifyError::Untrusted { ref reason, .. } if is_of_time(reason) => {
                Self::with_sources(ErrorKind::TrustMaterial, &error)
                    .hint("is the clock of this machine right, and that of the certificate authority? certificates are of use for minutes alone")
            }
            CertifyError::Untrusted { .. } => Self::with_sources(ErrorKind::TrustMaterial, &error)
                .hint("the trusted root has to know the certificate authority and its log: --trusted-root FILE, or `initialize --mirror URL --root FILE`"),
            CertifyError::Identity { .. } => Self::with_sources(ErrorKind::Authentication, &error),
        }
    }
}

/// Whether two clocks differ, or the trusted root knows the authority of another time.
fn is_of_time(reason: &Reason) -> bool {
    use crate::x509::path::PathError;
    matches!(
        reason,
        Reason::Path(PathError::NotYetValid { .. } | PathError::Expired { .. })
            | Reason::SctWindow { .. }
            | Reason::Future { .. }
    )
}

pub(super) fn kind(error: &services::Error) -> ErrorKind {
    match error {
        error if error.is_refusal() => ErrorKind::Authentication,
        E::Http { source: http::Error::Roots { .. } | http::Error::ClientCertificate { .. }, .. } => {
            ErrorKind::TrustMaterial
        }
        E::Http { source: http::Error::Address { .. }, .. } | E::Unfit { .. } => ErrorKind::Usage,
        E::Http { source: http::Error::TooLarge { .. }, .. } | E::TooLarge { .. } => ErrorKind::LimitExceeded,
        E::Key { .. } => ErrorKind::Other,
        // Fulcio says of a token that it does not take that the request is bad.
        E::Status { service: Service::Fulcio, status: 400, .. } => ErrorKind::Authentication,
        E::Http { .. } | E::Status { .. } | E::Answer { .. } | E::Mismatch { .. } | E::Refused { .. } => {
            ErrorKind::Network
        }
    }
}

/// What to do, if anything can be done.
pub(super) fn hint(error: &services::Error) -> Option<String> {
    if let E::Status { retry_after: Some(time), .. } = error {
        return Some(format!("it asks to be left alone for {} s: try again after that", time.as_secs()));
    }
    words(error).map(str::to_owned)
}

fn words(error: &services::Error) -> Option<&'static str> {
    match error {
        E::Status { service: Service::Fulcio, status: 400 | 401 | 403, .. } => Some(
            "the certificate authority did not take the identity token: it has to be of use by the authority's clock, of an issuer that it knows, and made out to it",
        ),
        // Version 2 has other addresses, and only signing configs name those.
        E::Status { service: Service::Rekor, status: 404 | 405, url, .. } if !url.contains("/api/v1/") => {
            Some(
                "look whether a log of version 2, with its tiles, is at the address that the signing config names",
            )
        }
        E::Status { service: Service::Rekor, status: 404 | 405, .. } => Some(
            "--rekor-url takes the address of a log of version 1; one of version 2 is listed in a signing config: --signing-config FILE",
        ),
        E::TooLarge { .. } => {
            Some("sign without a log (--tlog-upload=false), or name another one with --rekor-url URL")
        }
        E::Http { service: Service::TimestampAuthority, source } if of_tls(source).is_some() => {
            of_tls(source)
        }
        E::Http { service, .. } | E::Status { service, status: 429 | 500.., .. } => match service {
            Service::Fulcio => Some(
                "nothing was signed; try again later, or name another one: --fulcio-url URL, or in the signing config",
            ),
            Service::Rekor => Some(
                "nothing was written; try again later, or name another log: --rekor-url URL, or, when signing, in the signing config",
            ),
            Service::TimestampAuthority => Some(
                "nothing was written; try again later, or name another one: --timestamp-server-url URL, or in the signing config",
            ),
            Service::OidcIssuer => Some(ISSUER),
            Service::Provider(_) => Some(
                "try again later, or name a token with --identity-token FILE, or another provider with --oidc-provider",
            ),
            Service::Tuf | Service::Keys(_) | Service::Cloud(_) => None,
        },
        E::Status { service: Service::OidcIssuer, status: 400, .. } => Some(
            "log in again: a code is good once, for a short time and for one login; or look at --oidc-client-id and --oidc-client-secret-file",
        ),
        E::Answer { service: Service::OidcIssuer, .. } | E::Status { service: Service::OidcIssuer, .. } => {
            Some(ISSUER)
        }
        E::Answer { service: Service::Fulcio, .. } => Some(
            "nothing was signed; look whether a certificate authority is at that address: --fulcio-url URL, or in the signing config",
        ),
        E::Answer { service: Service::Rekor, .. } => Some(
            "nothing was written; look whether a log is at that address: --rekor-url URL, or, when signing, in the signing config",
        ),
        E::Answer { service: Service::TimestampAuthority, .. } => Some(
            "nothing was written; look whether a timestamp authority is at that address: --timestamp-server-url URL, or in the signing config",
        ),
        _ => None,
    }
}

/// What to do where nobody can log in.
const ISSUER: &str =
    "try again later, or name another issuer with --oidc-issuer URL, or a token with --identity-token FILE";

/// What to do where TLS with the timestamp authority fails.
fn of_tls(error: &http::Error) -> Option<&'static str> {
    match error.certificate_fault() {
        Some(
            CertificateFault::UnknownIssuer | CertificateFault::OfAuthority | CertificateFault::Other(_),
        ) => Some(
            "nothing was written; name the authority that issued the certificate of the timestamp authority with --timestamp-client-cacert FILE",
        ),
        Some(CertificateFault::OtherName { .. }) => Some(
            "nothing was written; name the timestamp authority by a name that its certificate is for, in --timestamp-server-url URL or with --timestamp-server-name NAME",
        ),
        Some(CertificateFault::Expired(_)) => None,
        None if error.is_client_refused() => Some(
            "nothing was written; the timestamp authority takes only clients whose certificate it trusts: name one with --timestamp-client-cert FILE and --timestamp-client-key FILE",
        ),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_has_nothing_at_an_address_gets_the_hint_for_its_version() {
        let of = |url: &str| {
            let url = url.to_owned();
            hint(&E::Status { service: Service::Rekor, url, status: 404, said: None, retry_after: None })
                .unwrap()
        };
        assert!(of("http://a/api/v1/log/entries").contains("--rekor-url"));
        for url in ["http://a/api/v2/log/entries", "http://a/tile/0/000", "http://a/checkpoint"] {
            assert!(!of(url).contains("--rekor-url") && of(url).contains("signing config"), "{url}");
        }
    }
}
