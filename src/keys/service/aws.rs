//! AWS Key Management Service (API reference, 2014-11-01: `GetPublicKey`, `DescribeKey`, `Sign`, `CreateKey`, `CreateAlias`).

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::aws_name::{KeyId, KeyName, key_of};
use super::{Answered, Backend, Failure};
use crate::cloud::Settings;
use crate::cloud::aws::{Aws, Refusal, Request, call, is_expected, sign};
use crate::crypto::{DecodeError, KeyType, Node, PublicKey, Secret, SigningInput, base64};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{self, Ask, Client, Service};

const SERVICE: Service = Service::Keys("AWS KMS");
const CONTENT: &str = "application/x-amz-json-1.1";
/// Cosign's own variable.
const SKIP_VERIFY: &str = "AWS_TLS_INSECURE_SKIP_VERIFY";
const MAX_ALGORITHMS: usize = 50;

/// A key of KMS.
pub(super) struct Kms {
    aws: Aws,
    client: Client,
    name: KeyName,
    region: String,
    /// Without a slash at its end.
    endpoint: String,
    /// The key whose public half was given out.
    found: OnceLock<Option<String>>,
}

/// Why KMS did not do something.
enum Denied {
    /// It said so, by this code.
    Code(String, Failure),
    Other(Failure),
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Code(_, failure) | Denied::Other(failure) => failure,
        }
    }
}

impl Kms {
    /// Reads who asks and where: variables and files that Amazon's own programs read.
    ///
    /// # Errors
    /// No region; something that cannot be used.
    pub fn open(name: &KeyName, settings: &Settings<'_>) -> Result<Self, Failure> {
        let aws = Aws::read(settings)?;
        let region = match name.region() {
            Some(region) => region.to_owned(),
            None => aws.region()?.to_owned(),
        };
        let endpoint = match name.endpoint() {
            Some(host) => format!("https://{host}"),
            None => aws.endpoint("kms", &region)?,
        };
        guarded("the address of AWS KMS", &endpoint)?;
        let client = aws.client(settings.switch(SKIP_VERIFY)?);
        Ok(Self { aws, client, name: name.clone(), region, endpoint, found: OnceLock::new() })
    }

    /// What the user should know before the service is asked.
    pub fn cautions(name: &KeyName, settings: &Settings<'_>) -> Vec<String> {
        let unchecked = settings.switch(SKIP_VERIFY).ok().filter(|is_set| *is_set).map(|_| {
            format!(
                "{SKIP_VERIFY} is set: the certificate of the service is not looked at, and anybody on the way can read the credentials and replace the key"
            )
        });
        // No request is good at another host than that which it is signed for, so this is no reason to refuse.
        let foreign = name.endpoint().filter(|host| !is_expected(settings, "kms", host)).map(|host| {
            format!(
                "`{host}` in the name of the key is neither Amazon's nor that of AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL or the profile's endpoint_url: it gets requests that are signed with the credentials of AWS, and the session token with them"
            )
        });
        unchecked.into_iter().chain(foreign).collect()
    }

    /// Asks for an action, and reads the JSON that comes back; what must not be done twice is not tried `again`.
    async fn ask<T>(
        &self,
        action: &str,
        again: bool,
        body: Value,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, Denied> {
        let other = |failure: Failure| Denied::Other(failure);
        let address = guarded("the address of AWS KMS", &format!("{}/", self.endpoint))
            .map_err(|error| other(error.into()))?;
        let credentials = self.aws.credentials().await.map_err(|error| other(error.into()))?;
        let target = format!("TrentService.{action}");
        let body = body.to_string();
        let signed = sign(
            credentials,
            &Request {
                service: "kms",
                region: &self.region,
                now: self.aws.now(),
                method: "POST",
                address: &address,
                headers: &[("content-type", CONTENT), ("x-amz-target", &target)],
                body: body.as_bytes(),
            },
        )
        .map_err(|error| other(error.into()))?;
        let texts = signed.texts();
        let mut headers = vec![("x-amz-target", target.as_str())];
        headers.extend(texts.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let body = Secret::new(body.into_bytes());
        let ask = Ask {
            content_type: CONTENT,
            accept: CONTENT,
            authorization: Some(&signed.authorization),
            secret: credentials.session_token.as_ref(),
            headers: &headers,
            repeat: again,
            ..asking::post_json(SERVICE, &address, &body)
        };
        let permission = format!("kms:{action}");
        match call(&self.client, self.aws.retry_for(), &ask, &permission, refusal).await {
            Err(error) => Err(other(error.into())),
            Ok(Err((refusal, error))) => {
                Err(Denied::Code(refusal.code.clone(), self.refused(&refusal.code, error)))
            }
            Ok(Ok(mut reply)) => {
                if reply.body.is_empty() {
                    reply.body = b"null".to_vec();
                }
                asking::document_of(&ask, reply, |_, node| read(node)).map_err(|error| other(error.into()))
            }
        }
    }

    /// What a refusal says of the key.
    fn refused(&self, code: &str, error: service::Error) -> Failure {
        let reason = match code {
            "NotFoundException" => {
                let reason = format!("AWS KMS has no such key in the region {}", self.region);
                return Failure::Absent { reason, source: Some(error.into()) };
            }
            "DisabledException" => "the key is disabled".to_owned(),
            "KMSInvalidStateException" => "the key is in a state in which it is not used".to_owned(),
            _ => return error.into(),
        };
        Failure::Unusable { reason, source: error.into() }
    }

    async fn get(&self, id: &str) -> Result<PublicKey, Denied> {
        let asked = self.ask("GetPublicKey", true, json!({ "KeyId": id }), Described::read).await;
        let found = match asked {
            Ok(found) => found,
            // Which is all that it says of a key that is no pair.
            Err(Denied::Code(code, failure)) if code == "UnsupportedOperationException" => {
                let read = |answer: &Node<'_>| Kind::read(&answer.member("KeyMetadata")?);
                let kind = self.ask("DescribeKey", true, json!({ "KeyId": id }), read).await;
                let reason = kind.ok().and_then(|kind| kind.flaw());
                return Err(Denied::Other(reason.map_or(failure, |reason| Failure::Key { reason })));
            }
            Err(denied) => return Err(denied),
        };
        let (arn, key) = self.checked(found).map_err(Denied::Other)?;
        self.found.get_or_init(|| key_of(&arn));
        Ok(key)
    }

    /// The key, where it is the one that was asked for and one that signs here.
    fn checked(&self, found: Described) -> Result<(String, PublicKey), Failure> {
        let fail = |reason: String| Failure::Key { reason };
        let Described { arn, kind, algorithms, key } = found;
        if !self.name.is(&arn) {
            let id = key_of(&arn).filter(|id| asking::is_word(id));
            let id = id.map(|id| format!(", `{id}`")).unwrap_or_default();
            return Err(fail(format!("AWS KMS answered with another one{id}")));
        }
        if let Some(reason) = kind.flaw() {
            return Err(fail(reason));
        }
        let key = PublicKey::from_spki_der(&key).map_err(Failure::PublicKey)?;
        if spec(key.key_type()) != Some(kind.spec.as_str()) {
            let is = key.key_type();
            return Err(fail(format!("AWS KMS calls it {}, and its public key is an {is} key", kind.spec)));
        }
        let algorithm =
            algorithm(key.key_type()).map_err(|_| fail(format!("it is of the kind {}", kind.spec)))?;
        if !algorithms.iter().any(|known| known == algorithm) {
            return Err(fail(format!("it does not sign with {algorithm}, which its kind takes here")));
        }
        Ok((arn, key))
    }

    async fn make(&self) -> Result<PublicKey, Failure> {
        let KeyId::Alias(alias) = self.name.id() else {
            return Err(Failure::Key {
                reason: "a key that is made needs an alias: awskms:///alias/NAME; AWS KMS itself chooses the rest of its names"
                    .to_owned(),
            });
        };
        match self.get(self.name.key_id()).await {
            Ok(key) => return Ok(key),
            Err(Denied::Code(code, _)) if code == "NotFoundException" => {}
            Err(denied) => return Err(denied.into()),
        }
        let body = json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "Description": "Created by rcosign" });
        let read = |answer: &Node<'_>| {
            answer.member("KeyMetadata")?.member("Arn")?.non_empty_text().map(str::to_owned)
        };
        let arn = self.ask("CreateKey", false, body, read).await?;
        // A new alias is not known at once everywhere, the key itself is.
        let body = json!({ "AliasName": alias, "TargetKeyId": arn });
        let named = self.ask("CreateAlias", false, body, |_| Ok(())).await.map_err(Failure::from);
        let unnamed = |source| Failure::Unnamed { key: arn.clone(), source: Box::new(source) };
        named.map_err(unnamed)?;
        Ok(self.get(&arn).await?)
    }
}

/// What KMS says of a key pair.
struct Described {
    arn: String,
    kind: Kind,
    algorithms: Vec<String>,
    key: Vec<u8>,
}

impl Described {
    fn read(answer: &Node<'_>) -> Result<Self, DecodeError> {
        let algorithms = match answer.optional("SigningAlgorithms")? {
            Some(list) => list.items(MAX_ALGORITHMS)?,
            None => Vec::new(),
        };
        let texts = algorithms.iter().map(|item| item.text().map(str::to_owned));
        Ok(Self {
            arn: answer.member("KeyId")?.non_empty_text()?.to_owned(),
            kind: Kind::read(answer)?,
            algorithms: texts.collect::<Result<_, _>>()?,
            key: answer.member("PublicKey")?.non_empty_base64()?,
        })
    }
}

/// What a key is, and what it is for.
struct Kind {
    spec: String,
    usage: String,
}

impl Kind {
    fn read(node: &Node<'_>) -> Result<Self, DecodeError> {
        let spec = match node.optional("KeySpec")? {
            Some(spec) => spec,
            None => node.member("CustomerMasterKeySpec")?,
        };
        Ok(Self {
            spec: asking::word(&spec)?.to_owned(),
            usage: asking::word(&node.member("KeyUsage")?)?.to_owned(),
        })
    }

    /// Why it does not sign here.
    fn flaw(&self) -> Option<String> {
        let Self { spec, usage } = self;
        if usage != "SIGN_VERIFY" {
            return Some(format!("it is for {usage}, not for SIGN_VERIFY (its kind is {spec})"));
        }
        let known = ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "RSA_2048", "RSA_3072", "RSA_4096"];
        (!known.contains(&spec.as_str())).then(|| {
            format!("it is of the kind {spec}, which does not sign here; those are {}", known.join(", "))
        })
    }
}

/// What KMS calls keys of a kind.
fn spec(key: KeyType) -> Option<&'static str> {
    Some(match key {
        KeyType::P256 => "ECC_NIST_P256",
        KeyType::P384 => "ECC_NIST_P384",
        KeyType::P521 => "ECC_NIST_P521",
        KeyType::Rsa { bits: 2048 } => "RSA_2048",
        KeyType::Rsa { bits: 3072 } => "RSA_3072",
        KeyType::Rsa { bits: 4096 } => "RSA_4096",
        KeyType::Rsa { .. } | KeyType::Ed25519 => return None,
    })
}

/// With what a key of a kind signs here.
fn algorithm(key: KeyType) -> Result<&'static str, Failure> {
    Ok(match key {
        KeyType::P256 => "ECDSA_SHA_256",
        KeyType::P384 => "ECDSA_SHA_384",
        KeyType::P521 => "ECDSA_SHA_512",
        KeyType::Rsa { .. } => "RSASSA_PKCS1_V1_5_SHA_256",
        KeyType::Ed25519 => return Err(Failure::Key { reason: format!("it is an {key} key") }),
    })
}

/// The name of an error, with or without that of the service before it.
fn refusal(body: &[u8]) -> Option<Refusal> {
    let value = crate::crypto::json::parse("error", body).ok()?;
    let node = Node::root("error", &value);
    let text = |name: &str| node.optional(name).ok().flatten()?.text().ok().map(str::to_owned);
    let code = text("__type")?;
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    Some(Refusal { code, message: text("message").or_else(|| text("Message")).unwrap_or_default() })
}

impl Backend for Kms {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(async move { Ok(self.get(self.name.key_id()).await?) })
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        Box::pin(async move {
            let SigningInput::Digest(digest) = input else {
                return Err(Failure::Key { reason: "AWS KMS is given digests".to_owned() });
            };
            let algorithm = algorithm(key.key_type())?;
            let body = json!({
                "KeyId": self.name.key_id(),
                "Message": base64::encode(digest.bytes()),
                "MessageType": "DIGEST",
                "SigningAlgorithm": algorithm,
            });
            let found = self.found.get();
            let read = |answer: &Node<'_>| {
                let signer = answer.member("KeyId")?;
                if found.is_some_and(|found| *found != key_of(signer.text().unwrap_or_default())) {
                    return Err(signer.error("must be the key whose public half was given"));
                }
                let used = answer.member("SigningAlgorithm")?;
                if used.text()? != algorithm {
                    return Err(used.error(format!("must be {algorithm}")));
                }
                answer.member("Signature")?.non_empty_base64()
            };
            Ok(self.ask("Sign", true, body, read).await?)
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.make())
    }
}
