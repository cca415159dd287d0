//! Authorities that a flag names, in place of those of the platform.

use std::sync::Arc;

use reqwest::ClientBuilder;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::own::or_own;
use crate::crypto::Secret;
use crate::http::{Authorities, ClientCertificate, Error, Settings};

/// The builder with these authorities alone, and with the certificate for servers that ask for one. Where any certificate of a
/// server will do, it is as it was.
///
/// # Errors
/// [`Error::Roots`], [`Error::ClientCertificate`], [`Error::Setup`].
pub fn given(
    builder: ClientBuilder,
    authorities: &Authorities,
    settings: &Settings<'_>,
) -> Result<ClientBuilder, Error> {
    let setup = |source: rustls::Error| Error::Setup(Box::new(source));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trusted = certificates(authorities)?;
    if settings.accept_any_certificate {
        return Ok(builder);
    }
    let mut roots = RootCertStore::empty();
    for certificate in &trusted {
        let fail = |source| Error::Roots { store: authorities.name.clone(), source: Box::new(source) };
        roots.add(certificate.clone()).map_err(fail)?;
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|source| Error::Setup(Box::new(source)))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Given { inner, trusted }));
    let mut config = match settings.certificate {
        None => config.with_no_client_auth(),
        Some(certificate) => {
            let fail = || Error::ClientCertificate { name: certificate.name.clone() };
            let (chain, key) = identity(certificate).ok_or_else(fail)?;
            config.with_client_auth_cert(chain, key).map_err(|_| fail())?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(builder.tls_backend_preconfigured(config))
}

fn certificates(authorities: &Authorities) -> Result<Vec<CertificateDer<'static>>, Error> {
    let Authorities { name, pem } = authorities;
    let fail =
        |source: Box<dyn std::error::Error + Send + Sync>| Error::Roots { store: name.clone(), source };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|source| fail(source.into()))?;
    if found.is_empty() {
        return Err(fail("there is no certificate in it".into()));
    }
    Ok(found)
}

/// Whether certificate and key can be used, and belong together.
///
/// # Errors
/// [`Error::ClientCertificate`], [`Error::ClientKey`].
pub fn check(certificate: &ClientCertificate) -> Result<(), Error> {
    let name = || certificate.name.clone();
    let (chain, key) = identity(certificate).ok_or_else(|| Error::ClientCertificate { name: name() })?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    match CertifiedKey::from_der(chain, key, &provider) {
        Ok(_) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => Err(Error::ClientKey { name: name() }),
        Err(_) => Err(Error::ClientCertificate { name: name() }),
    }
}

/// Either may be in the other's file.
fn identity(
    certificate: &ClientCertificate,
) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let mut both = certificate.certificate.clone();
    both.push(b'\n');
    both.extend_from_slice(certificate.key.expose());
    let both = Secret::new(both);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(both.expose()).collect::<Result<_, _>>().ok()?;
    let key = PrivateKeyDer::from_pem_slice(both.expose()).ok()?;
    (!chain.is_empty()).then_some((chain, key))
}

/// Checks certificates as [`WebPkiServerVerifier`] does, which it asks, but for [`super::own`].
#[derive(Debug)]
struct Given {
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Given {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let decided =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        decided.or_else(|refused| or_own(refused, end_entity, &self.trusted, server_name, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{KeyType, PrivateKey, SigningKey as _, UnixTime as Time, pem};
    use crate::x509::issue::{ExtendedKeyUsage, Extension, Issuer, Template, Validity};
    use crate::x509::{Certificate, SubjectAlternativeName};

    const NOW: i64 = 1_800_000_000;

    /// A certificate that is its own authority, for `localhost`.
    fn own(until: i64, usage: Option<ExtendedKeyUsage>) -> (Certificate, PrivateKey) {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let validity =
            Validity { not_before: Time::from_seconds(NOW - 100), not_after: Time::from_seconds(until) };
        let names = [SubjectAlternativeName::Dns("localhost".to_owned())];
        let mut template = Template::root("own", validity).with(Extension::subject_alternative_names(&names));
        if let Some(usage) = usage {
            template = template.with(Extension::extended_key_usage(false, &[usage]));
        }
        let made = template.issue(key.public_key(), Issuer { key: &key, certificate: None }).unwrap();
        (made, key)
    }

    /// Whether a server that shows one certificate is accepted where another one is trusted.
    fn judged(shown: &Certificate, trusted: &Certificate, name: &str) -> Result<(), String> {
        let der = |certificate: &Certificate| CertificateDer::from(certificate.der().to_vec());
        let mut roots = RootCertStore::empty();
        roots.add(der(trusted)).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let given = Given { inner, trusted: vec![der(trusted)] };
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW.try_into().unwrap()));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        given
            .verify_server_cert(&der(shown), &[], &name, &[], now)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_may_show_the_very_authority_that_is_trusted() {
        let (certificate, _) = own(NOW + 100, None);
        assert_eq!(judged(&certificate, &certificate, "localhost"), Ok(()));
        let (for_servers, _) = own(NOW + 100, Some(ExtendedKeyUsage::ServerAuth));
        assert_eq!(judged(&for_servers, &for_servers, "localhost"), Ok(()));
    }

    #[test]
    fn nothing_else_of_an_authority_is_accepted() {
        let (certificate, key) = own(NOW + 100, None);
        let refusal = |shown: &Certificate, name| judged(shown, &certificate, name).unwrap_err();
        assert!(refusal(&certificate, "other.example").contains("not valid for name"));
        // Issued by the trusted one, and an authority itself; of the same name and another key.
        let below = PrivateKey::generate(KeyType::P256).unwrap();
        let names = [SubjectAlternativeName::Dns("localhost".to_owned())];
        let validity =
            Validity { not_before: Time::from_seconds(NOW - 9), not_after: Time::from_seconds(NOW + 9) };
        let below = Template::root("below", validity)
            .with(Extension::subject_alternative_names(&names))
            .issue(below.public_key(), Issuer { key: &key, certificate: Some(&certificate) })
            .unwrap();
        for shown in [&below, &own(NOW + 100, None).0] {
            assert!(refusal(shown, "localhost").contains("CaUsedAsEndEntity"));
        }
        let (expired, _) = own(NOW - 1, None);
        assert!(judged(&expired, &expired, "localhost").unwrap_err().contains("expired"));
        let (for_code, _) = own(NOW + 100, Some(ExtendedKeyUsage::CodeSigning));
        assert!(judged(&for_code, &for_code, "localhost").unwrap_err().contains("CaUsedAsEndEntity"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let of = |text: &str| Authorities { name: "`ca.pem`".to_owned(), pem: text.as_bytes().to_vec() };
        let build = |text: &str, certificate| {
            let settings = Settings {
                authorities: None,
                certificate,
                server_name: None,
                accept_any_certificate: false,
                proxy: false,
                stall: std::time::Duration::ZERO,
            };
            given(reqwest::Client::builder(), &of(text), &settings).map(drop).unwrap_err().to_string()
        };
        assert!(build("", None).contains("`ca.pem`"));
        assert!(
            build("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None)
                .contains("`ca.pem`")
        );
        let good = pem::encode("CERTIFICATE", own(NOW + 100, None).0.der());
        let certificate = ClientCertificate {
            name: "the client certificate `c`".to_owned(),
            certificate: good.clone().into_bytes(),
            key: Secret::new(b"none".to_vec()),
        };
        assert!(build(&good, Some(&certificate)).contains("`c`"));
    }

    #[test]
    fn the_key_of_another_certificate_is_told_from_what_is_no_key() {
        let (certificate, _) = own(NOW + 100, None);
        let given = |key: Vec<u8>| ClientCertificate {
            name: "the client certificate `c.pem`".to_owned(),
            certificate: certificate.to_pem().into_bytes(),
            key: Secret::new(key),
        };
        let (_, other) = own(NOW + 100, None);
        let other = pem::encode("PRIVATE KEY", other.to_pkcs8().unwrap().expose());
        let refused = check(&given(other.into_bytes())).unwrap_err();
        assert!(matches!(refused, Error::ClientKey { .. }), "{refused:?}");
        let said =
            "the private key is not that of the client certificate `c.pem`: the two do not belong together";
        assert_eq!(refused.to_string(), said);
        assert!(matches!(check(&given(b"no key".to_vec())), Err(Error::ClientCertificate { .. })));
    }
}
