//! Certificates of the servers and of one client, under an authority of their own.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::crypto::{KeyType, PrivateKey, SigningKey, UnixTime, pem};
use crate::x509::issue::{ExtendedKeyUsage, Extension, Issuer, KeyUsage, Template, Validity};
use crate::x509::{Certificate, SubjectAlternativeName};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An authority that has issued a certificate for both servers and one for a client.
pub(super) struct Authority {
    /// The authority's certificate.
    pub certificate: String,
    /// The client's certificate and its key (PKCS #8).
    pub client: (String, String),
    pub config: Arc<ServerConfig>,
}

impl Authority {
    /// A new authority. With `mutual` the servers take only clients with a certificate of it.
    pub fn new(mutual: bool) -> Result<Self, Failure> {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let validity = Validity {
            not_before: UnixTime::new(now - 3600, 0),
            not_after: UnixTime::new(now + 7 * 86400, 0),
        };
        let (key, server_key, client_key) = (
            PrivateKey::generate(KeyType::P256)?,
            PrivateKey::generate(KeyType::P256)?,
            PrivateKey::generate(KeyType::P256)?,
        );
        let root = Template::root("registry sandbox CA", validity)
            .issue(key.public_key(), Issuer { key: &key, certificate: None })?;
        let issuer = Issuer { key: &key, certificate: Some(&root) };
        let names = [
            SubjectAlternativeName::Dns("localhost".to_owned()),
            SubjectAlternativeName::Ip("127.0.0.1".to_owned()),
            SubjectAlternativeName::Ip("::1".to_owned()),
        ];
        let server = leaf("registry", names.to_vec(), &[ExtendedKeyUsage::ServerAuth], validity)
            .issue(server_key.public_key(), issuer)?;
        let names = vec![SubjectAlternativeName::Dns("client".to_owned())];
        let client =
            leaf("client", names, &[], validity).serial(&[3]).issue(client_key.public_key(), issuer)?;
        let pkcs8 = client_key.to_pkcs8()?;
        Ok(Self {
            certificate: encode(&root),
            client: (encode(&client), pem::encode("PRIVATE KEY", pkcs8.expose())),
            config: Arc::new(config(&root, &server, &server_key, mutual)?),
        })
    }
}

fn leaf(
    name: &str,
    names: Vec<SubjectAlternativeName>,
    uses: &[ExtendedKeyUsage],
    validity: Validity,
) -> Template {
    let mut extensions = vec![
        Extension::key_usage(&[KeyUsage::DigitalSignature]),
        Extension::subject_alternative_names(&names),
    ];
    if !uses.is_empty() {
        extensions.push(Extension::extended_key_usage(false, uses));
    }
    let template = Template::root(name, validity);
    Template { extensions, serial: vec![2], ..template }
}

fn encode(certificate: &Certificate) -> String {
    pem::encode("CERTIFICATE", certificate.der())
}

fn config(
    root: &Certificate,
    server: &Certificate,
    key: &PrivateKey,
    mutual: bool,
) -> Result<ServerConfig, Failure> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if mutual {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.der().to_vec()))?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from(server.der().to_vec())];
    let key = PrivatePkcs8KeyDer::from(key.to_pkcs8()?.expose().to_vec());
    let mut config = builder.with_single_cert(chain, PrivateKeyDer::Pkcs8(key))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
