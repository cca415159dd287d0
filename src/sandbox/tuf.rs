//! A TUF repository in memory, whose owner is honest or not: documents are plain values that tests change as they like before
//! they are signed. The canonical form that is signed is written here once more, apart from the client's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::crypto::{KeyType, PrivateKey, SignError, SigningInput, SigningKey, sha256};

/// A repository.
#[derive(Debug, Default)]
pub struct TufRepository {
    /// What is served, by path: `1.root.json`, `timestamp.json`, `targets/...`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What the roles say, not signed yet, by the role's name.
    pub roles: BTreeMap<String, Value>,
    /// Who signs for a role: ids of keys.
    pub signers: BTreeMap<String, Vec<String>>,
    /// Whether length and digest are announced with every version.
    pub announce_hashes: bool,
    keys: BTreeMap<String, PrivateKey>,
}

const TOP_LEVEL: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];

impl TufRepository {
    /// A repository with one key for each role, consistent snapshots and no target, all of version 1, published.
    ///
    /// # Errors
    /// No key can be made.
    pub fn new(expires: &str) -> Result<Self, SignError> {
        let mut this = Self::default();
        let head =
            |kind: &str| json!({ "_type": kind, "spec_version": "1.0.34", "version": 1, "expires": expires });
        for role in TOP_LEVEL {
            this.roles.insert(role.to_owned(), head(role));
        }
        this.role("root")["consistent_snapshot"] = true.into();
        this.role("root")["keys"] = json!({});
        this.role("targets")["targets"] = json!({});
        this.role("snapshot")["meta"] = json!({ "targets.json": { "version": 1 } });
        this.role("timestamp")["meta"] = json!({ "snapshot.json": { "version": 1 } });
        for role in TOP_LEVEL {
            this.role("root")["roles"][role] = json!({ "keyids": [], "threshold": 1 });
            this.add_key(role, KeyType::P256)?;
        }
        for role in TOP_LEVEL {
            this.publish(role)?;
        }
        Ok(this)
    }

    /// What a role says, to be changed.
    pub fn role(&mut self, role: &str) -> &mut Value {
        self.roles.entry(role.to_owned()).or_insert(Value::Null)
    }

    /// The version that a role has now.
    pub fn version(&self, role: &str) -> u64 {
        self.roles.get(role).and_then(|role| role["version"].as_u64()).unwrap_or_default()
    }

    /// The next version of a role, not published yet.
    pub fn bump(&mut self, role: &str) {
        let version = self.version(role) + 1;
        self.role(role)["version"] = version.into();
    }

    /// The first root.
    pub fn first_root(&self) -> Vec<u8> {
        self.files.get("1.root.json").cloned().unwrap_or_default()
    }

    /// Makes a key that signs for nobody yet, and returns its id and how metadata writes it.
    ///
    /// # Errors
    /// No key can be made.
    pub fn new_key(&mut self, key_type: KeyType) -> Result<(String, Value), SignError> {
        let key = PrivateKey::generate(key_type).map_err(|error| SignError::Backend(Box::new(error)))?;
        let (kind, scheme) = match key_type {
            KeyType::P384 => ("ecdsa", "ecdsa-sha2-nistp384"),
            KeyType::Ed25519 => ("ed25519", "ed25519"),
            KeyType::Rsa { .. } => ("rsa", "rsa-pkcs1v15-sha256"),
            _ => ("ecdsa", "ecdsa-sha2-nistp256"),
        };
        let public = match key_type {
            // The last 32 bytes are the key.
            KeyType::Ed25519 => hex::encode(key.public_key().spki_der().get(12..).unwrap_or_default()),
            _ => key.public_key().to_pem(),
        };
        let value = json!({ "keytype": kind, "scheme": scheme, "keyval": { "public": public } });
        let id = hex::encode(sha256(&canonical(&value)));
        self.keys.insert(id.clone(), key);
        Ok((id, value))
    }

    /// Makes a key that may sign, and signs, for a top-level role; the root is to be published then.
    ///
    /// # Errors
    /// No key can be made.
    pub fn add_key(&mut self, role: &str, key_type: KeyType) -> Result<String, SignError> {
        let (id, value) = self.new_key(key_type)?;
        let root = self.role("root");
        root["keys"][&id] = value;
        push(&mut root["roles"][role]["keyids"], id.as_str().into());
        self.signers.entry(role.to_owned()).or_default().push(id.clone());
        Ok(id)
    }

    /// Takes a top-level role's keys away and gives it a new one; the root is to be published then.
    ///
    /// # Errors
    /// No key can be made.
    pub fn rotate(&mut self, role: &str) -> Result<(), SignError> {
        self.role("root")["roles"][role]["keyids"] = json!([]);
        self.signers.remove(role);
        self.add_key(role, KeyType::P256).map(|_| ())
    }

    /// Adds a role to which another one delegates, with a key of its own. Neither is published.
    ///
    /// # Errors
    /// No key can be made.
    pub fn delegate(&mut self, from: &str, mut delegation: Value) -> Result<(), SignError> {
        let name = delegation["name"].as_str().unwrap_or_default().to_owned();
        let (id, key) = self.new_key(KeyType::P256)?;
        delegation["keyids"] = json!([id]);
        if delegation["threshold"].is_null() {
            delegation["threshold"] = 1.into();
        }
        let expires = self.roles.get("targets").map(|targets| targets["expires"].clone());
        let delegator = self.role(from);
        if delegator["delegations"].is_null() {
            delegator["delegations"] = json!({ "keys": {}, "roles": [] });
        }
        delegator["delegations"]["keys"][&id] = key;
        push(&mut delegator["delegations"]["roles"], delegation);
        self.signers.entry(name.clone()).or_default().push(id);
        self.roles.entry(name).or_insert_with(|| {
            json!({ "_type": "targets", "spec_version": "1.0.34", "version": 1, "expires": expires, "targets": {} })
        });
        Ok(())
    }

    /// Offers a file, under its name and under the one that begins with its digest; the role is not published.
    pub fn add_target(&mut self, role: &str, name: &str, content: &[u8]) {
        let digest = hex::encode(sha256(content));
        self.role(role)["targets"][name] = json!({ "length": content.len(), "hashes": { "sha256": digest } });
        let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
        let slash = if folder.is_empty() { "" } else { "/" };
        self.files.insert(format!("targets/{folder}{slash}{digest}.{file}"), content.to_vec());
        self.files.insert(format!("targets/{name}"), content.to_vec());
    }

    /// Signs what a role says and serves it.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn publish(&mut self, role: &str) -> Result<(), SignError> {
        let signed = self.roles.get(role).cloned().unwrap_or_default();
        let bytes = self.signed(&signed, &self.signers.get(role).cloned().unwrap_or_default())?;
        let name = escaped(role);
        self.files.insert(format!("{}.{name}.json", signed["version"]), bytes.clone());
        self.files.insert(format!("{name}.json"), bytes);
        Ok(())
    }

    /// The document in which `signed` is signed by these keys.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn signed(&self, signed: &Value, signers: &[String]) -> Result<Vec<u8>, SignError> {
        let message = canonical(signed);
        let mut signatures = Vec::new();
        for id in signers {
            let Some(key) = self.keys.get(id) else { continue };
            let signature = key.sign_now(&SigningInput::message(message.clone()))?;
            signatures.push(json!({ "keyid": id, "sig": hex::encode(signature) }));
        }
        Ok(json!({ "signatures": signatures, "signed": signed }).to_string().into_bytes())
    }

    /// Publishes the next root.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn next_root(&mut self) -> Result<(), SignError> {
        self.bump("root");
        self.publish("root")
    }

    /// Publishes all roles that have targets, as they are, and the next snapshot and timestamp.
    ///
    /// # Errors
    /// They cannot be signed.
    pub fn update(&mut self) -> Result<(), SignError> {
        let names: BTreeSet<String> = self.roles.keys().cloned().collect();
        for role in names.iter().filter(|role| !["root", "timestamp", "snapshot"].contains(&role.as_str())) {
            self.publish(role)?;
            let announced = self.announced(role);
            self.role("snapshot")["meta"][format!("{role}.json")] = announced;
        }
        self.bump("snapshot");
        self.publish("snapshot")?;
        self.update_timestamp()
    }

    /// Publishes the next timestamp.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn update_timestamp(&mut self) -> Result<(), SignError> {
        let announced = self.announced("snapshot");
        self.role("timestamp")["meta"]["snapshot.json"] = announced;
        self.bump("timestamp");
        self.publish("timestamp")
    }

    fn announced(&self, role: &str) -> Value {
        let version = self.version(role);
        match self.files.get(&format!("{}.json", escaped(role))) {
            Some(bytes) if self.announce_hashes => json!({
                "version": version, "length": bytes.len(), "hashes": { "sha256": hex::encode(sha256(bytes)) }
            }),
            _ => json!({ "version": version }),
        }
    }
}

fn push(list: &mut Value, value: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}

fn escaped(role: &str) -> String {
    role.replace('%', "%25").replace('/', "%2F").replace('?', "%3F").replace('#', "%23")
}

/// OLPC canonical JSON.
fn canonical(value: &Value) -> Vec<u8> {
    let text = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into_bytes();
    match value {
        Value::String(string) => text(string),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            [b"[".as_slice(), &items.join(&b","[..]), b"]"].concat()
        }
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            let members: Vec<_> = members
                .into_iter()
                .map(|(name, value)| [text(name), canonical(value)].join(&b":"[..]))
                .collect();
            [b"{".as_slice(), &members.join(&b","[..]), b"}"].concat()
        }
        other => other.to_string().into_bytes(),
    }
}
