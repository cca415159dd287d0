//! Servers whose certificate is that of an authority: their own.
//!
//! `openssl req -x509` makes certificates that say `CA:TRUE`, and registries on private networks show them. Webpki lets no server
//! show the certificate of an authority, whoever trusts it. Go does where that very certificate is among those that are trusted: it
//! needs no issuer then, and what it may issue besides is decided by whoever trusts it as an authority anyway. So it is here, and in
//! no other case: equal byte by byte, in its validity, for servers, and with the name that was asked for.

use rustls::client::danger::ServerCertVerified;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;

use crate::x509::Certificate;

/// What the TLS library says of a certificate that is one of an authority.
const OF_AUTHORITY: &str = "CaUsedAsEndEntity";
const FOR_SERVERS: &str = "serverAuth";

/// A certificate that was `refused`, judged again by itself: accepted if it is one of those that are `trusted`.
///
/// # Errors
/// Why it is refused.
pub fn or_own<'a>(
    refused: rustls::Error,
    shown: &CertificateDer<'_>,
    trusted: impl IntoIterator<Item = &'a CertificateDer<'static>>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    let is_of_authority = format!("{refused:?}").contains(OF_AUTHORITY);
    if !is_of_authority || !trusted.into_iter().any(|known| known.as_ref() == shown.as_ref()) {
        return Err(refused);
    }
    if !is_in_use(shown, now) {
        return Err(refused);
    }
    verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
    Ok(ServerCertVerified::assertion())
}

/// Whether a certificate is valid now, and may be that of a server.
fn is_in_use(shown: &CertificateDer<'_>, now: UnixTime) -> bool {
    let Ok(certificate) = Certificate::from_der(shown.as_ref()) else { return false };
    let Ok(now) = i64::try_from(now.as_secs()) else { return false };
    let is_valid = certificate.not_before().seconds() <= now && now <= certificate.not_after().seconds();
    let for_servers = certificate
        .extended_key_usage()
        .is_ok_and(|uses| uses.is_empty() || uses.iter().any(|usage| usage == FOR_SERVERS));
    is_valid && for_servers
}
