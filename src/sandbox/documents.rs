//! The documents of a sandbox: what clients have to be told of it, in each form that they read.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::folder::{Folder, FolderError};
use super::service::Service;
use super::tuf_repository::Target;
use crate::crypto::{PublicKey, UnixTime, pem};
use crate::program::shell::quoted;
use crate::trust::{CertificateAuthority, Log, RootDocument, Selection, SigningConfig, Window};
use crate::x509::Certificate;

/// Who runs the services.
const OPERATOR: &str = "rcosign sandbox";
/// The media type of sigstore-python's trust config.
const CLIENT_TRUST_CONFIG: &str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";
/// The file with an identity token.
pub const IDENTITY_TOKEN: &str = "identity_token";
/// The folder in which cosign and rcosign keep what they fetch of the TUF repository.
const CACHE: &str = "tuf-cache";

/// Variables that lead elsewhere than to the sandbox: it must not happen that what was meant for it is signed for everybody to see.
pub const ELSEWHERE: [&str; 20] = [
    "COSIGN_FULCIO_URL",
    "COSIGN_IDENTITY_TOKEN",
    "COSIGN_KEY",
    "COSIGN_OFFLINE",
    "COSIGN_OIDC_CLIENT_ID",
    "COSIGN_OIDC_ISSUER",
    "COSIGN_OIDC_PROVIDER",
    "COSIGN_REKOR_URL",
    "COSIGN_REPOSITORY",
    "COSIGN_SIGNING_CONFIG",
    "COSIGN_STAGING",
    "COSIGN_TIMESTAMP_SERVER_URL",
    "COSIGN_TRUSTED_ROOT",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_NO_CACHE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
    "TUF_MIRROR",
    "TUF_ROOT_JSON",
];

/// Where the services are: `http://127.0.0.1:PORT`, without a slash at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(BTreeMap<Service, String>);

impl Addresses {
    /// These.
    pub fn new(addresses: impl IntoIterator<Item = (Service, String)>) -> Self {
        Self(addresses.into_iter().collect())
    }

    /// Where a service is; empty if it does not run.
    pub fn url(&self, service: Service) -> &str {
        self.0.get(&service).map_or("", String::as_str)
    }

    /// `127.0.0.1:PORT`, as references to images begin.
    pub fn registry(&self) -> &str {
        self.url(Service::Registry).trim_start_matches("http://")
    }

    /// Where timestamps are made: signing configs name the whole of it.
    pub fn timestamps(&self) -> String {
        format!("{}/api/v1/timestamp", self.url(Service::Tsa))
    }

    /// By the words of the services.
    pub fn to_json(&self) -> Value {
        self.0.iter().map(|(service, url)| (service.word().to_owned(), Value::from(url.as_str()))).collect()
    }
}

/// A log's key and the identifier by which entries name it.
#[derive(Debug, Clone)]
pub struct LogKey {
    /// The key.
    pub key: PublicKey,
    /// The identifier.
    pub id: Vec<u8>,
}

/// What is to be trusted.
#[derive(Debug, Clone)]
pub struct Authorities {
    /// Since when: when the keys were made.
    pub since: UnixTime,
    /// The chain of the certificate authority, its root last.
    pub fulcio: Vec<Certificate>,
    /// The log of certificates.
    pub ct: LogKey,
    /// The log, version 1.
    pub rekor: LogKey,
    /// The log, version 2.
    pub rekor2: LogKey,
    /// The chain of the timestamp authority: its own certificate first, its root last.
    pub tsa: Vec<Certificate>,
}

/// The documents.
#[derive(Debug, Clone)]
pub struct Documents {
    addresses: Addresses,
    fulcio: Vec<String>,
    tsa: Vec<String>,
    files: BTreeMap<&'static str, String>,
}

impl Documents {
    /// Writes them, in memory.
    pub fn new(addresses: &Addresses, authorities: &Authorities) -> Self {
        let trusted_root = trusted_root(addresses, authorities).to_json();
        let config = |version| signing_config(addresses, authorities, version).to_json();
        let pems = |chain: &[Certificate]| -> Vec<String> {
            chain.iter().map(|certificate| pem::encode("CERTIFICATE", certificate.der())).collect()
        };
        let (fulcio, tsa) = (pems(&authorities.fulcio), pems(&authorities.tsa));
        let client_trust_config = format!(
            r#"{{"mediaType":"{CLIENT_TRUST_CONFIG}","trustedRoot":{trusted_root},"signingConfig":{}}}"#,
            config(1)
        );
        let lines = |text: String| text + "\n";
        let files = [
            ("README", readme(addresses)),
            // sigstore-python can be told one file alone.
            ("client_trust_config.json", lines(client_trust_config)),
            ("ctfe.pub", authorities.ct.key.to_pem()),
            // Older programs take anchors and intermediates from one file.
            ("fulcio_root.pem", fulcio.concat()),
            ("rekor.pub", authorities.rekor.key.to_pem()),
            ("rekor2.pub", authorities.rekor2.key.to_pem()),
            ("services.json", lines(format!("{:#}", addresses.to_json()))),
            ("signing_config.json", lines(config(1))),
            ("signing_config.rekor2.json", lines(config(2))),
            ("trusted_root.json", lines(trusted_root)),
            ("tsa_chain.pem", tsa.concat()),
        ];
        Self { addresses: addresses.clone(), fulcio, tsa, files: files.into() }
    }

    /// A document by the name of its file.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// What the TUF repository holds. Clients before the trusted root take single keys and certificates.
    pub fn targets(&self) -> Vec<Target> {
        let file = |name: &str| self.file(name).unwrap_or_default();
        let address = |service| self.addresses.url(service);
        let mut targets = vec![
            Target::new("trusted_root.json", file("trusted_root.json")),
            Target::new("signing_config.v0.2.json", file("signing_config.json")),
            Target::new("rekor.pub", file("rekor.pub")).used_as("Rekor", address(Service::RekorV1)),
            Target::new("ctfe.pub", file("ctfe.pub")).used_as("CTFE", address(Service::Ct)),
        ];
        for (place, certificate) in self.fulcio.iter().rev().enumerate() {
            let name = if place == 0 { "fulcio_v1.crt.pem" } else { "fulcio_intermediate_v1.crt.pem" };
            let target = Target::new(name, certificate.as_str());
            targets.push(target.used_as("Fulcio", address(Service::Fulcio)));
        }
        // cosign tells them apart by their names.
        let last = self.tsa.len().saturating_sub(1);
        for (place, certificate) in self.tsa.iter().enumerate() {
            let name = match place {
                0 => "tsa_leaf.crt.pem".to_owned(),
                _ if place == last => "tsa_root.crt.pem".to_owned(),
                _ => format!("tsa_intermediate_{}.crt.pem", place - 1),
            };
            let target = Target::new(&name, certificate.as_str());
            targets.push(target.used_as("TSA", &self.addresses.timestamps()));
        }
        targets
    }

    /// Writes them into the folder, with the first root of the TUF repository and the files for shells.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn write(&self, folder: &Folder, tuf_root: &[u8]) -> Result<(), FolderError> {
        for (name, content) in &self.files {
            folder.write(name, content.as_bytes())?;
        }
        folder.write("root.json", tuf_root)?;
        folder.write("env", self.shell(folder.path(), false).as_bytes())?;
        folder.write("env.cosign-2", self.shell(folder.path(), true).as_bytes())
    }

    /// The variables by which rcosign and cosign 3 use this sandbox, without a token; `folder` is where the documents are. cosign 2
    /// takes no signing config and no address of a TUF repository, but single addresses and files, which cosign 3 would refuse.
    pub fn variables(&self, folder: &Path, for_cosign_2: bool) -> Vec<(&'static str, String)> {
        let path = |name: &str| folder.join(name).display().to_string();
        let url = |service| self.addresses.url(service).to_owned();
        let mut variables = vec![
            ("RCOSIGN_SANDBOX", folder.display().to_string()),
            ("RCOSIGN_SANDBOX_CT", url(Service::Ct)),
            ("RCOSIGN_SANDBOX_FULCIO", url(Service::Fulcio)),
            ("RCOSIGN_SANDBOX_OIDC", url(Service::Oidc)),
            ("RCOSIGN_SANDBOX_PAGE", url(Service::Page)),
            ("RCOSIGN_SANDBOX_REGISTRY", self.addresses.registry().to_owned()),
            ("RCOSIGN_SANDBOX_REKOR", url(Service::RekorV1)),
            ("RCOSIGN_SANDBOX_REKOR2", url(Service::RekorV2)),
            ("RCOSIGN_SANDBOX_TSA", self.addresses.timestamps()),
            ("RCOSIGN_SANDBOX_TUF", url(Service::Tuf)),
            ("TUF_ROOT", path(CACHE)),
        ];
        variables.retain(|(_, value)| !value.is_empty());
        if for_cosign_2 {
            variables.extend([
                ("COSIGN_FULCIO_URL", url(Service::Fulcio)),
                ("COSIGN_OIDC_ISSUER", url(Service::Oidc)),
                ("COSIGN_REKOR_URL", url(Service::RekorV1)),
                ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", path("ctfe.pub")),
                ("SIGSTORE_REKOR_PUBLIC_KEY", path("rekor.pub")),
                ("SIGSTORE_ROOT_FILE", path("fulcio_root.pem")),
                ("SIGSTORE_TSA_CERTIFICATE_FILE", path("tsa_chain.pem")),
            ]);
        } else {
            variables.extend([("TUF_MIRROR", url(Service::Tuf)), ("TUF_ROOT_JSON", path("root.json"))]);
        }
        variables
    }

    fn shell(&self, folder: &Path, for_cosign_2: bool) -> String {
        let program = if for_cosign_2 { "cosign 2" } else { "rcosign and cosign 3" };
        let mut text = format!(
            "# A Sigstore for testing, for {program}. Nothing that it signs is to be trusted elsewhere.\n"
        );
        text.push_str(&format!("unset {}\n", ELSEWHERE.join(" ")));
        for (name, value) in self.variables(folder, for_cosign_2) {
            text.push_str(&format!("export {name}={}\n", quoted(&value)));
        }
        let token = quoted(&folder.join(IDENTITY_TOKEN).display().to_string());
        text.push_str(&format!("export SIGSTORE_ID_TOKEN=\"$(cat {token})\"\n"));
        text
    }
}

/// What is where, for whoever finds the folder.
fn readme(addresses: &Addresses) -> String {
    let mut text = "\
A Sigstore for testing, made by `rcosign sandbox up`. Its roots are worth nothing elsewhere: whoever can read keys/ can be anybody.

env                          variables for shells: rcosign and cosign 3 (. env)
env.cosign-2                 variables for shells: cosign 2, which takes none of the others
trusted_root.json            what is trusted (--trusted-root)
signing_config.json          which services sign (--signing-config), with Rekor v1
signing_config.rekor2.json   the same with Rekor v2
client_trust_config.json     both of them in one file, for sigstore-python (--trust-config)
root.json                    the first root of the TUF repository (initialize --root)
identity_token               a token of a day, made at each start
services.json                addresses
fulcio_root.pem, ctfe.pub, rekor.pub, rekor2.pub, tsa_chain.pem   keys and certificates one by one
log                          what it said, if it was started in the background

Where its services are while it runs; in a browser, look at `page`:

"
    .to_owned();
    for (service, url) in &addresses.0 {
        text.push_str(&format!("{:<9}{url}\n", service.word()));
    }
    text
}

fn trusted_root(addresses: &Addresses, authorities: &Authorities) -> RootDocument {
    let valid_for = Window { start: Some(authorities.since), end: None };
    let authority = |uri: String, chain: &[Certificate]| {
        let (anchors, intermediates) = match chain.split_last() {
            Some((root, rest)) => (vec![root.clone()], rest.to_vec()),
            None => (Vec::new(), Vec::new()),
        };
        CertificateAuthority { uri, anchors, intermediates, valid_for }.into()
    };
    let log = |service, log: &LogKey| {
        Log {
            base_url: addresses.url(service).to_owned(),
            origin: None,
            log_id: log.id.clone(),
            key: log.key.clone(),
            valid_for,
        }
        .into()
    };
    let fulcio = authority(addresses.url(Service::Fulcio).to_owned(), &authorities.fulcio);
    let mut document = RootDocument::default();
    document.certificate_authorities.push(fulcio);
    document.logs.push(log(Service::RekorV1, &authorities.rekor));
    document.logs.push(log(Service::RekorV2, &authorities.rekor2));
    document.ct_logs.push(log(Service::Ct, &authorities.ct));
    document.timestamp_authorities.push(authority(addresses.timestamps(), &authorities.tsa));
    document
}

/// One log alone: programs take the newest version that is offered, and what version 2 logged cosign 2 does not read.
fn signing_config(addresses: &Addresses, authorities: &Authorities, log_version: u32) -> SigningConfig {
    let service = |url: &str, major_api_version| crate::trust::Service {
        url: url.to_owned(),
        major_api_version,
        valid_for: Window { start: Some(authorities.since), end: None },
        operator: OPERATOR.to_owned(),
    };
    let log = if log_version == 1 { Service::RekorV1 } else { Service::RekorV2 };
    SigningConfig {
        certificate_authorities: vec![service(addresses.url(Service::Fulcio), 1)],
        oidc_providers: vec![service(addresses.url(Service::Oidc), 1)],
        logs: vec![service(addresses.url(log), log_version)],
        timestamp_authorities: vec![service(&addresses.timestamps(), 1)],
        log_selection: Selection::Any,
        timestamp_selection: Selection::Any,
    }
}
