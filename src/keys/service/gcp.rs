//! Google Cloud Key Management Service (REST reference, v1).

mod answer;
mod create;
mod name;

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use self::answer::{Algorithm, Described, Page, Version, crc32c, sum};
pub use self::name::KeyName;
use super::{Answered, Backend, Failure};
use crate::cloud::Settings;
use crate::cloud::google::Google;
use crate::crypto::{DecodeError, HashAlgorithm, Node, PublicKey, Secret, SigningInput, base64};
use crate::http::Address;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Client, Error, Service};

const SERVICE: Service = Service::Keys("Google Cloud KMS");
/// As gcloud has it.
const ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS";
/// Versions on one page, and pages that are looked at.
const PAGE: &str = "200";
const MAX_PAGES: usize = 50;
/// More is not signed at once (Cloud KMS, "Quotas").
const MAX_MESSAGE: usize = 1 << 16;

/// A key of Cloud KMS.
pub(super) struct Kms {
    google: Google,
    client: Client,
    name: KeyName,
    /// Without a slash at its end.
    endpoint: String,
    retry_for: Duration,
    /// The version whose public half was given out, and with what it signs.
    found: OnceLock<(u64, Algorithm)>,
}

/// One question.
struct Question<'a> {
    /// Behind the version of the interface, with the query.
    path: String,
    query: &'a [(&'a str, &'a str)],
    /// With one something is done.
    body: Option<Value>,
    /// Whether what fails in passing is tried again.
    again: bool,
    /// What is needed for it, and for what.
    permission: &'static str,
    resource: String,
}

impl Question<'_> {
    fn get(resource: String, more: &str, permission: &'static str) -> Self {
        let path = format!("{resource}{more}");
        Question { path, query: &[], body: None, again: true, permission, resource }
    }
}

impl Kms {
    /// Reads who asks and where: variables and files that Google's own programs read.
    ///
    /// # Errors
    /// Something that cannot be used.
    pub fn open(name: &KeyName, settings: &Settings<'_>) -> Result<Self, Failure> {
        let google = Google::read(settings)?;
        let endpoint = match settings.variable(ENDPOINT)? {
            Some(url) => {
                guarded(ENDPOINT, &url)?;
                url.trim_end_matches('/').to_owned()
            }
            None => format!("https://cloudkms.{}", google.universe()),
        };
        Ok(Self {
            google,
            client: settings.client(|_| ()),
            name: name.clone(),
            endpoint,
            retry_for: settings.retry_for,
            found: OnceLock::new(),
        })
    }

    /// Asks, and reads the JSON that comes back.
    async fn ask<T>(
        &self,
        question: &Question<'_>,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        let address = guarded(ENDPOINT, &format!("{}/v1/{}", self.endpoint, question.path))?;
        let address: Address = match question.query {
            [] => address,
            query => address.with_query(query),
        };
        let token = self.google.token().await?;
        let authorization = Secret::new([b"Bearer ", token.expose()].concat());
        let project = self.google.quota_project().map(|project| ("x-goog-user-project", project));
        let headers: Vec<_> = project.into_iter().collect();
        let body = question.body.as_ref().map(|body| Secret::new(body.to_string().into_bytes()));
        let ask = match &body {
            Some(body) => asking::post_json(SERVICE, &address, body),
            None => asking::get(SERVICE, &address),
        };
        let ask =
            Ask { authorization: Some(&authorization), headers: &headers, repeat: question.again, ..ask };
        let answer = asking::document(&self.client, &ask, |node| read(node)).await;
        answer.map_err(|error| denied(error, question))
    }

    /// The key behind the name: of the version that is named, or of the newest one that is enabled.
    async fn get(&self) -> Result<PublicKey, Failure> {
        let version = match self.name.version() {
            Some(version) => version,
            None => self.newest().await?,
        };
        self.public(version).await
    }

    /// The newest version that is enabled.
    async fn newest(&self) -> Result<u64, Failure> {
        let versions = self.versions().await?;
        let is_enabled = |version: &&Version| version.state == "ENABLED";
        let Some(newest) = versions.iter().filter(is_enabled).max_by_key(|version| version.number) else {
            return Err(Failure::Key { reason: none(&versions) });
        };
        // Which says more than the public key of a kind that has none.
        Algorithm::of(&newest.algorithm).map_err(|reason| Failure::Key { reason })?;
        Ok(newest.number)
    }

    async fn versions(&self) -> Result<Vec<Version>, Failure> {
        const PERMISSION: &str = "cloudkms.cryptoKeyVersions.list";
        let (mut versions, mut next) = (Vec::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let mut query = vec![("pageSize", PAGE)];
            query.extend(next.as_deref().map(|next| ("pageToken", next)));
            let question = Question {
                query: &query,
                ..Question::get(self.name.key(), "/cryptoKeyVersions", PERMISSION)
            };
            let page = self.ask(&question, |answer| Page::read(answer, &self.name)).await?;
            versions.extend(page.versions);
            match page.next {
                Some(token) => next = Some(token),
                None => return Ok(versions),
            }
        }
        let reason =
            format!("it has more than {MAX_PAGES} pages of versions: name one, with /versions/NUMBER");
        Err(Failure::Key { reason })
    }

    /// The public key of a version.
    async fn public(&self, version: u64) -> Result<PublicKey, Failure> {
        let name = self.name.of_version(version);
        let question = Question::get(name.clone(), "/publicKey", "cloudkms.cryptoKeyVersions.viewPublicKey");
        let asked = self.ask(&question, |answer| Described::read(answer, &name)).await;
        let found = match asked {
            Ok(found) => found,
            Err(failure) => return Err(self.explained(failure, version).await),
        };
        let fail = |reason: String| Failure::Key { reason };
        let algorithm = Algorithm::of(&found.algorithm).map_err(fail)?;
        let key = PublicKey::from_pem(found.pem.as_bytes()).map_err(Failure::PublicKey)?;
        let is = key.key_type();
        if !algorithm.fits(is) {
            let algorithm = &found.algorithm;
            return Err(fail(format!(
                "Google Cloud KMS says that it signs with {algorithm}, and its public key is an {is} key"
            )));
        }
        // Whoever makes a new version meanwhile does not change what is signed with.
        let (first, _) = self.found.get_or_init(|| (version, algorithm));
        match *first == version {
            true => Ok(key),
            false => Err(fail(format!("version {first} was used before, and now it is version {version}"))),
        }
    }

    /// Of a version that has no public key, or does not sign, the version itself says why.
    async fn explained(&self, failure: Failure, version: u64) -> Failure {
        let Failure::Service(error @ Error::Status { status: 400, .. }) = failure else { return failure };
        match self.flaw(version).await {
            Some(reason) => Failure::Unusable { reason, source: error.into() },
            None => Failure::Service(error),
        }
    }

    /// Why a version does not sign, if it tells.
    async fn flaw(&self, version: u64) -> Option<String> {
        let name = self.name.of_version(version);
        let question = Question::get(name, "", "cloudkms.cryptoKeyVersions.get");
        let version = self.ask(&question, |answer| Version::read(answer, &self.name)).await.ok()?;
        Algorithm::of(&version.algorithm).err().or_else(|| {
            let is_enabled = version.state == "ENABLED";
            (!is_enabled).then(|| format!("version {} of it is {}", version.number, version.state))
        })
    }

    /// What is sent of the input, the name of the answer that it has arrived whole.
    fn work(&self, input: &SigningInput, algorithm: Algorithm) -> Result<(Value, &'static str), Failure> {
        let fail = |reason: &str| Failure::Key { reason: reason.to_owned() };
        match (input, algorithm.hash()) {
            (SigningInput::Message(message), None) if message.len() > MAX_MESSAGE => Err(fail(
                "an Ed25519 key of Google Cloud KMS signs at most 64 KiB at once: take an EC key, which signs a digest",
            )),
            (SigningInput::Message(message), None) => {
                let sum = crc32c(message).to_string();
                Ok((
                    json!({ "data": base64::encode(message.as_slice()), "dataCrc32c": sum }),
                    "verifiedDataCrc32c",
                ))
            }
            (SigningInput::Digest(digest), Some(hash)) if digest.algorithm() == hash => {
                let member = match hash {
                    HashAlgorithm::Sha256 => "sha256",
                    HashAlgorithm::Sha384 => "sha384",
                    HashAlgorithm::Sha512 => "sha512",
                    HashAlgorithm::Sha224 => return Err(fail("it does not sign SHA-224")),
                };
                let sum = crc32c(digest.bytes()).to_string();
                let body =
                    json!({ "digest": { member: base64::encode(digest.bytes()) }, "digestCrc32c": sum });
                Ok((body, "verifiedDigestCrc32c"))
            }
            _ => Err(fail("it does not sign what it would have to")),
        }
    }
}

/// An error that names the permission, where it is one that is missing.
fn denied(error: Error, question: &Question<'_>) -> Failure {
    if let Error::Status { status: 404, .. } = &error {
        let reason = format!("Google Cloud KMS has no {}", question.resource);
        return Failure::Absent { reason, source: Some(error.into()) };
    }
    let Error::Status { status: 403, said, .. } = &error else { return error.into() };
    // Other reasons are a service that is not turned on, or the scopes of a machine: the answer says which.
    if said.as_ref().is_some_and(|said| !said.starts_with("Permission ")) {
        return error.into();
    }
    let Question { permission, resource, .. } = question;
    Failure::Denied {
        reason: format!("the permission {permission} on {resource} is missing"),
        source: error.into(),
    }
}

/// Why none of these versions can be used.
fn none(versions: &[Version]) -> String {
    /// As many are named.
    const SHOWN: usize = 5;
    if versions.is_empty() {
        return "it has no version".to_owned();
    }
    let mut all: Vec<_> = versions.iter().collect();
    all.sort_by_key(|version| std::cmp::Reverse(version.number));
    let shown: Vec<_> =
        all.iter().take(SHOWN).map(|version| format!("{} is {}", version.number, version.state)).collect();
    let more = if all.len() > SHOWN { ", ..." } else { "" };
    format!("no version of it is enabled ({}{more})", shown.join(", "))
}

impl Backend for Kms {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.get())
    }

    fn sign<'a>(&'a self, _: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        Box::pin(async move {
            let Some((version, algorithm)) = self.found.get() else {
                return Err(Failure::Key { reason: "its public key is not known".to_owned() });
            };
            let name = self.name.of_version(*version);
            let (body, verified) = self.work(input, *algorithm)?;
            let question = Question {
                path: format!("{name}:asymmetricSign"),
                query: &[],
                body: Some(body),
                again: true,
                permission: "cloudkms.cryptoKeyVersions.useToSign",
                resource: name.clone(),
            };
            let read = |answer: &Node<'_>| {
                let signer = answer.member("name")?;
                if signer.text()? != name {
                    return Err(signer.error(format!("must be {name}")));
                }
                if answer.optional(verified)?.map(|found| found.value() == &Value::Bool(true)) != Some(true) {
                    return Err(
                        answer.error(format!("must say that what was sent arrived whole ({verified})"))
                    );
                }
                let signature = answer.member("signature")?.non_empty_base64()?;
                sum(answer, "signatureCrc32c", &signature)?;
                Ok(signature)
            };
            match self.ask(&question, read).await {
                Ok(signature) => Ok(signature),
                Err(failure) => Err(self.explained(failure, *version).await),
            }
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.make())
    }
}
