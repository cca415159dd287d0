//! Keys behind plug-in programs: `NAME://KEY` is a key of the program `sigstore-kms-NAME`, which speaks sigstore's protocol for plug-ins of
//! key management services, version `v1` (`sigstore/sigstore`, `pkg/signature/kms/cliplugin`).
//!
//! The program is started once for each question, with the version and a JSON document as its two arguments and the message on its
//! standard input; its answer is a JSON document on standard output. Its exit code means nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Answered, Backend, Failure};
use crate::crypto::{
    DecodeError, HashAlgorithm, KeyType, Node, PublicKey, SigningInput, base64, json as documents,
};
use crate::http::Redacted;
use crate::keys::{Sources, Variables};
use crate::program::{self, Call, Printed, Program, ProgramError};

const PROTOCOL: &str = "v1";
const MAX_NAME: usize = 64;
/// As much of what went wrong as is shown.
const MAX_SAID: usize = 1000;

/// `NAME://KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginKey {
    name: String,
    key: String,
}

impl PluginKey {
    /// A scheme, in lower case, and what follows it; `None` for one that is too long for the name of a program.
    pub fn parse(scheme: &str, rest: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
        let sound = scheme.len() <= MAX_NAME && !scheme.is_empty() && scheme.bytes().all(plain);
        sound.then(|| Self { name: scheme.to_owned(), key: rest.to_owned() })
    }

    /// NAME.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The program that is asked.
    pub fn program(&self) -> String {
        format!("sigstore-kms-{}", self.name)
    }

    /// Where the program is.
    pub fn find(&self, variables: Variables<'_>) -> Option<PathBuf> {
        program::find(&self.program(), variables)
    }
}

impl std::fmt::Display for PluginKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Redacted(&format!("{}://{}", self.name, self.key)).fmt(f)
    }
}

/// A key of a plug-in program.
pub(super) struct Plugin {
    program: Program,
    key: String,
    limit: Duration,
    tell: fn(&str),
}

impl Plugin {
    /// Looks for the program.
    ///
    /// # Errors
    /// There is none.
    pub fn open(name: &PluginKey, sources: &Sources<'_>, tell: fn(&str)) -> Result<Self, Failure> {
        Ok(Self {
            program: Program::find(name.program(), sources.variables)?,
            key: name.key.clone(),
            limit: sources.patience.total,
            tell,
        })
    }

    /// Asks the program, and reads the member of its answer that is called as the question is.
    async fn ask<T>(
        &self,
        question: Question,
        read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, ProgramError> {
        let Question { method, arguments, hash, input } = question;
        let options = json!({
            "protocolVersion": PROTOCOL, "keyResourceID": self.key, "hashFunc": hash, "rpcOptions": rpc_options(),
        });
        let document = json!({ "initOptions": options, "methodName": method, method: arguments }).to_string();
        let (program, arguments) = (self.program.clone(), vec![PROTOCOL.to_owned(), document]);
        let call = Call { arguments, environment: Vec::new(), input, limit: self.limit, tell: self.tell };
        let run = move || program.run(call);
        let name = || self.program.name.clone();
        let Ok(printed) = tokio::task::spawn_blocking(run).await else {
            return Err(ProgramError::Absent { program: name() });
        };
        let Printed { bytes, status } = printed?;
        let broken = |source| ProgramError::Answer { program: name(), status, source };
        let value = documents::parse("answer", bytes.expose()).map_err(broken)?;
        let answer = Node::root("answer", &value);
        if let Some(said) = answer.optional("errorMessage").map_err(broken)? {
            let said = said.text().map_err(broken)?;
            if !said.is_empty() {
                return Err(ProgramError::Said {
                    program: name(),
                    said: said.chars().take(MAX_SAID).collect(),
                });
            }
        }
        answer.member(method).and_then(|node| read(&node)).map_err(broken)
    }

    async fn described(&self) -> Result<PublicKey, Failure> {
        let arguments = json!({ "publicKeyOptions": { "rpcOptions": rpc_options() } });
        let question = Question { method: "publicKey", arguments, hash: SHA256, input: Arc::default() };
        let pem = self.ask(question, |node| node.member("publicKeyPEM")?.non_empty_base64()).await?;
        PublicKey::from_pem(&pem).map_err(Failure::PublicKey)
    }

    async fn make(&self) -> Result<PublicKey, Failure> {
        let ask = |method, arguments| Question { method, arguments, hash: SHA256, input: Arc::default() };
        let read = |node: &Node<'_>| Ok(node.member("defaultAlgorithm")?.non_empty_text()?.to_owned());
        let algorithm = self.ask(ask("defaultAlgorithm", json!({})), read).await?;
        let read = |node: &Node<'_>| node.member("publicKeyPEM")?.non_empty_base64();
        let made = self.ask(ask("createKey", json!({ "algorithm": algorithm })), read).await?;
        let made = PublicKey::from_pem(&made).map_err(Failure::PublicKey)?;
        // What signs later is what the program shows then.
        if self.described().await? != made {
            let reason = "the program made one public key, and shows another".to_owned();
            return Err(Failure::Key { reason });
        }
        Ok(made)
    }
}

/// One question.
struct Question {
    method: &'static str,
    arguments: Value,
    /// The digest, as Go numbers them.
    hash: u8,
    /// The message, where there is one.
    input: Arc<Vec<u8>>,
}

const NO_HASH: u8 = 0;
const SHA256: u8 = 5;

/// The numbers of Go's `crypto.Hash`.
fn number(hash: HashAlgorithm) -> u8 {
    match hash {
        HashAlgorithm::Sha224 => 4,
        HashAlgorithm::Sha256 => SHA256,
        HashAlgorithm::Sha384 => 6,
        HashAlgorithm::Sha512 => 7,
    }
}

/// As cosign sends them: the newest version of the key, and no check by the service.
fn rpc_options() -> Value {
    json!({ "keyVersion": "", "remoteVerification": false })
}

impl Backend for Plugin {
    fn public_key(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.described())
    }

    /// Programs are given the message beside its digest, and may look at either.
    fn takes_messages(&self) -> bool {
        true
    }

    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
        Box::pin(async move {
            let key = key.key_type();
            let (message, digest) = match input {
                SigningInput::Message(message) if key == KeyType::Ed25519 => (Arc::clone(message), None),
                SigningInput::Message(message) => {
                    (Arc::clone(message), Some(key.default_hash().digest(message)))
                }
                SigningInput::Digest(digest) => (Arc::default(), Some(digest.clone())),
            };
            let hash = digest.as_ref().map_or(NO_HASH, |digest| number(digest.algorithm()));
            let message_options = match digest {
                Some(digest) => json!({ "digest": base64::encode(digest.bytes()), "hashFunc": hash }),
                None => json!({}),
            };
            let options = json!({ "rpcOptions": rpc_options(), "messageOptions": message_options });
            let arguments = json!({ "signOptions": options });
            let question = Question { method: "signMessage", arguments, hash, input: message };
            Ok(self.ask(question, |node| node.member("signature")?.non_empty_base64()).await?)
        })
    }

    fn create(&self) -> Answered<'_, PublicKey> {
        Box::pin(self.make())
    }
}
