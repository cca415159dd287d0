//! Roots that are read when the first server shows a certificate. A server that speaks no TLS, as on this machine, costs no
//! reading of some hundred files.

use std::sync::{Arc, OnceLock};

use reqwest::ClientBuilder;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::files::{self, Broken, Store, System};
use super::own::or_own;
use crate::http::Error;

/// The roots of a client; they tell why they cannot be used.
#[derive(Debug, Clone)]
pub struct OnDemand(Arc<Verifier>);

impl OnDemand {
    /// Why the roots could not be read when they were needed.
    pub fn failure(&self) -> Option<Error> {
        match self.0.loaded.get() {
            Some(Err(_)) => self.0.load().err(),
            _ => None,
        }
    }
}

/// The builder with roots that are read when a server shows a certificate. What else a builder says of certificates has no
/// effect then.
///
/// # Errors
/// [`Error::Setup`].
pub fn on_demand(builder: ClientBuilder) -> Result<(ClientBuilder, OnDemand), Error> {
    let verifier =
        Arc::new(Verifier::new(|| files::find(|n| std::env::var_os(n), files::Places::of_the_system)));
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&verifier.provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Setup(Box::new(e)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((builder.tls_backend_preconfigured(config), OnDemand(verifier)))
}

/// Checks certificates as [`WebPkiServerVerifier`] does, which it asks.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    find: fn() -> Result<Store, Error>,
    loaded: OnceLock<Result<Loaded, String>>,
}

#[derive(Debug)]
struct Loaded {
    verifier: Arc<WebPkiServerVerifier>,
    store: System,
    /// With all that belongs to the store.
    whole: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
}

impl Verifier {
    fn new(find: fn() -> Result<Store, Error>) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Self { provider, find, loaded: OnceLock::new() }
    }

    fn load(&self) -> Result<Loaded, Error> {
        let store = match (self.find)()? {
            Store::System(system) => system,
            Store::BuiltIn => System {
                certificates: webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec(),
                ..System::default()
            },
        };
        let verifier = self
            .verifier(&store.certificates, &[])
            .map_err(|source| Error::Roots { store: store.name.clone(), source })?;
        Ok(Loaded { verifier, store, whole: OnceLock::new() })
    }

    /// What cannot be read of a store is left out, as long as there is anything.
    fn verifier(
        &self,
        certificates: &[CertificateDer<'static>],
        more: &[CertificateDer<'static>],
    ) -> Result<Arc<WebPkiServerVerifier>, Box<dyn std::error::Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        if roots.add_parsable_certificates(certificates.iter().chain(more).cloned()).0 == 0 {
            return Err(Box::new(Broken::NoCertificate));
        }
        let provider = Arc::clone(&self.provider);
        Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
    }

    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let loaded = self.loaded.get_or_init(|| self.load().map_err(|error| error.to_string()));
        let Loaded { verifier, store, whole } =
            loaded.as_ref().map_err(|error| rustls::Error::General(error.clone()))?;
        let by = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let refused = match by(verifier) {
            Err(refused) if store.more.is_empty() => {
                return or_own(refused, end_entity, &store.certificates, server_name, now);
            }
            Err(refused) => refused,
            accepted => return accepted,
        };
        // More roots take nothing back that fewer have allowed: it is as if all had been asked at once.
        match whole.get_or_init(|| self.verifier(&store.certificates, &store.rest()).ok()) {
            Some(whole) => by(whole).or_else(|refused| {
                let rest = store.rest();
                or_own(refused, end_entity, store.certificates.iter().chain(&rest), server_name, now)
            }),
            None => Err(refused),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    const SERVER: &[u8] = include_bytes!("../../../testdata/tls/server.pem");

    fn shown(verifier: &Verifier) -> Result<ServerCertVerified, rustls::Error> {
        let name = ServerName::try_from("localhost").unwrap();
        let server = CertificateDer::from_pem_slice(SERVER).unwrap();
        verifier.verify_server_cert(&server, &[], &name, &[], UnixTime::now())
    }

    /// Nothing is read before a server shows a certificate, and what is wrong is told then.
    #[test]
    fn a_store_is_read_when_a_certificate_is_shown() {
        let verifier = Verifier::new(|| {
            Err(Error::Roots { store: "`/ca`".to_owned(), source: Box::new(Broken::NoCertificate) })
        });
        assert!(!verifier.supported_verify_schemes().is_empty());
        let roots = OnDemand(Arc::new(verifier));
        assert!(roots.failure().is_none());
        let error = shown(&roots.0).unwrap_err();
        assert!(error.to_string().contains("`/ca`"), "{error}");
        assert!(matches!(roots.failure(), Some(Error::Roots { .. })));
    }

    /// A certificate is checked by what is in the file, and by what is beside it where that does not do.
    #[test]
    fn what_is_beside_the_file_counts() {
        let alone = Verifier::new(|| Ok(Store::BuiltIn));
        let error = shown(&alone).unwrap_err();
        assert!(error.to_string().contains("UnknownIssuer"), "{error}");
        let beside = Verifier::new(|| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tls");
            let certificates = webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec();
            Ok(Store::System(System { name: "s".to_owned(), certificates, more: vec![folder.into()] }))
        });
        shown(&beside).unwrap();
    }
}
