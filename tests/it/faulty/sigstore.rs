//! A Sigstore in memory: certificate authority, logs of both versions, timestamp authority, issuer of tokens and repository of
//! trust material. Everything it signs can be forged, as its keys are at hand.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use rcosign::internals::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, PublicKey, SigningKey, UnixTime, base64, decode_base64,
    json::canonical,
};
use rcosign::internals::payload::Envelope;
use rcosign::internals::sandbox::tuf::TufRepository;
use rcosign::internals::timestamp::issue as stamps;
use rcosign::internals::tlog::issue::{IssuingLog, body};
use rcosign::internals::tlog::{Entry, LoggedVerifier, merkle};
use rcosign::internals::x509::issue::{CtLog, Extension, Issuer, Template, Validity};
use rcosign::internals::x509::{Certificate, SubjectAlternativeName};
use serde_json::{Value, json};

use super::server::{Answer, Request};

pub const EMAIL: &str = "dev@example.com";
const TREE: u64 = 0x0123_4567;
const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
const FAR: &str = "2099-01-01T00:00:00Z";

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Fulcio,
    Rekor1,
    Rekor2,
    Tsa,
    Oidc,
    Tuf,
}

/// All places, in their order in mock-sigstore.
pub const PLACES: [Place; 6] =
    [Place::Fulcio, Place::Rekor1, Place::Rekor2, Place::Tsa, Place::Oidc, Place::Tuf];

impl Place {
    /// What messages call it.
    pub fn called(self) -> &'static str {
        match self {
            Self::Fulcio => "Fulcio",
            Self::Rekor1 | Self::Rekor2 => "Rekor",
            Self::Tsa => "timestamp authority",
            Self::Oidc => "issuer",
            Self::Tuf => "TUF repository",
        }
    }
}

pub struct Sigstore {
    ca_key: PrivateKey,
    ca: Certificate,
    ct_log: PrivateKey,
    tsa_key: PrivateKey,
    tsa_root: Certificate,
    tsa: Certificate,
    log1: Mutex<(IssuingLog, Vec<(String, Entry)>)>,
    log2: Mutex<IssuingLog>,
    tuf: Mutex<TufRepository>,
}

pub fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::P256).unwrap()
}

pub fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    UnixTime::from_seconds(now.try_into().unwrap())
}

/// From and to these seconds from now.
pub fn span(from: i64, to: i64) -> Validity {
    Validity { not_before: now().plus_seconds(from), not_after: now().plus_seconds(to) }
}

/// A token as it is when nobody checks its signature.
pub fn token(claims: &Value) -> String {
    let part = |value: &Value| base64::encode_url(value.to_string());
    format!(
        "{}.{}.{}",
        part(&json!({ "alg": "ES256", "typ": "JWT" })),
        part(claims),
        base64::encode_url([7; 64])
    )
}

pub fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "sub": "subject", "aud": "sigstore", "exp": now().seconds() + 600,
        "email": EMAIL, "email_verified": true,
    })
}

/// What a certificate is to be, if not what was asked for.
#[derive(Default)]
pub struct Certify {
    pub validity: Option<Validity>,
    /// Changes what it says.
    pub template: Option<fn(Template) -> Template>,
    pub sct: Sct,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Sct {
    #[default]
    Good,
    Missing,
    /// Of a log that nobody knows.
    Foreign,
    /// Of another certificate.
    Another,
    /// Its signature is spoilt.
    Broken,
    /// Beside the certificate, and right.
    Beside,
    /// Beside the certificate, of another one.
    BesideAnother,
}

impl Sigstore {
    pub fn new() -> Self {
        let (ca_key, tsa_root_key, tsa_key) = (key(), key(), key());
        let life = span(-86_400, 86_400 * 30);
        let own = |template: Template, key: &PrivateKey| {
            template.issue(key.public_key(), Issuer { key, certificate: None }).unwrap()
        };
        let ca = own(Template::root("fulcio", life), &ca_key);
        let tsa_root = own(Template::root("tsa root", life), &tsa_root_key);
        let issuer = Issuer { key: &tsa_root_key, certificate: Some(&tsa_root) };
        let tsa = Template::time_stamping("tsa", life).issue(tsa_key.public_key(), issuer).unwrap();
        let log1 = IssuingLog::rekor_v1("127.0.0.1", key(), TREE, 1000);
        let mut log2 = IssuingLog::rekor_v2("127.0.0.1", PrivateKey::generate(KeyType::Ed25519).unwrap());
        let _ = log2.append(b"{}".to_vec(), now()).unwrap();
        let this = Self {
            ca_key,
            ca,
            ct_log: key(),
            tsa_key,
            tsa_root,
            tsa,
            log1: Mutex::new((log1, Vec::new())),
            log2: Mutex::new(log2),
            tuf: Mutex::new(TufRepository::new(FAR).unwrap()),
        };
        let _ = this.append1(b"{}".to_vec());
        {
            let mut tuf = this.tuf.lock().unwrap();
            tuf.add_target("targets", "trusted_root.json", this.trusted_root().to_string().as_bytes());
            tuf.bump("targets");
            tuf.update().unwrap();
        }
        this
    }

    /// The root of the TUF repository.
    pub fn tuf_root(&self) -> Vec<u8> {
        self.tuf.lock().unwrap().first_root()
    }

    pub fn trusted_root(&self) -> Value {
        let start = "2020-01-01T00:00:00Z";
        let log = |url: &str, key: &PublicKey, details: &str, id: &[u8]| {
            json!({
                "baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": { "keyId": base64::encode(id) },
                "publicKey": {
                    "rawBytes": base64::encode(key.spki_der()), "keyDetails": details, "validFor": { "start": start },
                },
            })
        };
        let authority = |uri: &str, chain: &[&Certificate]| {
            let chain: Vec<_> =
                chain.iter().map(|c| json!({ "rawBytes": base64::encode(c.der()) })).collect();
            json!({ "subject": {}, "uri": uri, "certChain": { "certificates": chain }, "validFor": { "start": start } })
        };
        let (log1, log2) = (self.log1.lock().unwrap(), self.log2.lock().unwrap());
        let p256 = "PKIX_ECDSA_P256_SHA_256";
        let ct = self.ct_log.public_key();
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                log("http://127.0.0.1:1", log1.0.public_key(), p256, &log1.0.log_id()),
                log("http://127.0.0.1:2", log2.public_key(), "PKIX_ED25519", &log2.log_id()),
            ],
            "ctlogs": [log("http://127.0.0.1:3", ct, p256, &ct.key_id())],
            "certificateAuthorities": [authority("http://127.0.0.1:4", &[&self.ca])],
            "timestampAuthorities": [authority("http://127.0.0.1:5", &[&self.tsa, &self.tsa_root])],
        })
    }

    /// A sound answer; `url` is the address by which the service is known.
    pub fn answer(&self, place: Place, url: &str, request: &Request) -> Answer {
        match place {
            Place::Fulcio => self.certificate(request, &Certify::default()),
            Place::Rekor1 => self.rekor1(request),
            Place::Rekor2 => self.rekor2(request),
            Place::Tsa => self.timestamp(request, |_| {}),
            Place::Oidc => oidc(url, request),
            Place::Tuf => self.tuf(request),
        }
    }

    /// `POST /api/v2/signingCert`.
    pub fn certificate(&self, request: &Request, certify: &Certify) -> Answer {
        let refused = |message: &str| Answer::json(400, &json!({ "code": 3, "message": message }));
        if !request.is("POST /api/v2/signingCert") {
            return Answer::new(404, "not found");
        }
        let asked = request.json();
        let token = asked["credentials"]["oidcIdentityToken"].as_str().unwrap();
        let claims = token.split('.').nth(1).and_then(decode_url).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        if claims["aud"] != "sigstore" {
            return refused("There was an error processing the identity token: audience");
        }
        if claims["exp"].as_i64().unwrap() <= now().seconds() {
            return refused("There was an error processing the identity token: expired");
        }
        let Some(email) = claims["email"].as_str() else {
            return refused("There was an error processing the identity token: no email claim");
        };
        let key = asked["publicKeyRequest"]["publicKey"]["content"].as_str().unwrap();
        let key = PublicKey::from_pem(key.as_bytes()).unwrap();
        let name = SubjectAlternativeName::Email(email.to_owned());
        let issuer = claims["iss"].as_str().unwrap();
        let validity = certify.validity.unwrap_or_else(|| span(-5, 600));
        let template = Template::fulcio(name, issuer, validity);
        let template = certify.template.map_or(template.clone(), |change| change(template));
        let (leaf, beside) = self.witnessed(&template, &key, certify.sct);
        let chain = json!({ "certificates": [leaf.to_pem(), self.ca.to_pem()] });
        Answer::json(
            200,
            &match beside {
                None => json!({ "signedCertificateEmbeddedSct": { "chain": chain } }),
                Some(sct) => json!({ "signedCertificateDetachedSct": {
                "chain": chain, "signedCertificateTimestamp": base64::encode(sct.to_string()),
            } }),
            },
        )
    }

    fn witnessed(&self, template: &Template, key: &PublicKey, sct: Sct) -> (Certificate, Option<Value>) {
        let issuer = Issuer { key: &self.ca_key, certificate: Some(&self.ca) };
        let log = |key| CtLog { key, time: now(), extensions: &[] };
        let with = |template: &Template, key: &PublicKey, log| {
            template.issue_with_scts(key, issuer, &[log]).unwrap()
        };
        let good = log(&self.ct_log);
        let another = template.clone().serial(&[9, 9]);
        match sct {
            Sct::Good => (with(template, key, good), None),
            Sct::Missing => (template.issue(key, issuer).unwrap(), None),
            Sct::Foreign => (with(template, key, log(&self::key())), None),
            Sct::Another | Sct::Broken => {
                let source = if sct == Sct::Another { &another } else { template };
                let mut value = sct_list(&with(source, key, good));
                if sct == Sct::Broken {
                    *value.last_mut().unwrap() ^= 1;
                }
                let template = template.clone().with(Extension::custom(SCT_LIST, false, value));
                (template.issue(key, issuer).unwrap(), None)
            }
            Sct::Beside | Sct::BesideAnother => {
                let leaf = template.issue(key, issuer).unwrap();
                let seen =
                    if sct == Sct::Beside { leaf.clone() } else { another.issue(key, issuer).unwrap() };
                let sct = good.detached(&seen).unwrap();
                let signature =
                    [&[4, 3][..], &u16::try_from(sct.signature.len()).unwrap().to_be_bytes(), &sct.signature];
                let sct = json!({
                    "sct_version": 0, "id": base64::encode(self.ct_log.public_key().key_id()),
                    "timestamp": now().seconds() * 1000, "extensions": "", "signature": base64::encode(signature.concat()),
                });
                (leaf, Some(sct))
            }
        }
    }

    fn append1(&self, body: Vec<u8>) -> usize {
        let (log, entries) = &mut *self.log1.lock().unwrap();
        let uuid = format!("{TREE:016x}{}", hex::encode(merkle::leaf_hash(&body)));
        let entry = log.append(body, now()).unwrap();
        entries.push((uuid, entry));
        entries.len() - 1
    }

    /// Takes an entry in as somebody else would, and returns where it is.
    pub fn append_foreign(&self) -> String {
        let at = self.append1(format!("{{\"foreign\":{}}}", self.log1.lock().unwrap().1.len()).into_bytes());
        self.log1.lock().unwrap().1[at].0.clone()
    }

    fn shown1(&self, at: usize) -> Value {
        let log = self.log1.lock().unwrap();
        let (uuid, entry) = &log.1[at];
        let proof = entry.inclusion_proof.as_ref().unwrap();
        let hashes: Vec<String> = proof.hashes.iter().map(hex::encode).collect();
        let proof = json!({
            "checkpoint": proof.checkpoint, "hashes": hashes, "logIndex": proof.log_index,
            "rootHash": hex::encode(&proof.root_hash), "treeSize": proof.tree_size,
        });
        json!({ uuid.as_str(): {
            "body": base64::encode(&entry.canonicalized_body),
            "integratedTime": entry.integrated_time.unwrap().seconds(),
            "logID": hex::encode(&entry.log_id),
            "logIndex": entry.log_index,
            "verification": {
                "inclusionProof": proof,
                "signedEntryTimestamp": base64::encode(entry.inclusion_promise.as_ref().unwrap()),
            },
        } })
    }

    fn rekor1(&self, request: &Request) -> Answer {
        let find = |wanted: &dyn Fn(&(String, Entry)) -> bool| -> Vec<usize> {
            let log = self.log1.lock().unwrap();
            (0..log.1.len()).filter(|at| wanted(&log.1[*at])).collect()
        };
        let one = |found: Vec<usize>| match found.first() {
            Some(at) => Answer::json(200, &self.shown1(*at)),
            None => Answer::json(404, &json!({ "code": 404, "message": "entry not found" })),
        };
        if request.is("POST /api/v1/log/entries") {
            let body = kept(&request.json());
            if let Some(at) = find(&|(_, entry)| entry.canonicalized_body == body).first() {
                return conflict(&self.log1.lock().unwrap().1[*at].0);
            }
            return Answer::json(201, &self.shown1(self.append1(body)));
        }
        if request.is("POST /api/v1/log/entries/retrieve") {
            let query = request.json();
            let list = |name: &str| query.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let bodies: Vec<Vec<u8>> = list("entries").iter().map(kept).collect();
            let found = find(&|(uuid, entry)| {
                list("entryUUIDs").iter().any(|wanted| uuid.ends_with(wanted.as_str().unwrap()))
                    || bodies.contains(&entry.canonicalized_body)
            });
            return Answer::json(200, &found.into_iter().map(|at| self.shown1(at)).collect());
        }
        if request.is("POST /api/v1/index/retrieve") {
            let hash = request.json()["hash"].as_str().unwrap_or_default().replace("sha256:", "");
            let log = self.log1.lock().unwrap();
            let found = log.1.iter().filter(|(_, entry)| {
                !hash.is_empty() && String::from_utf8_lossy(&entry.canonicalized_body).contains(&hash)
            });
            return Answer::json(200, &found.map(|(uuid, _)| uuid.clone()).collect());
        }
        if let Some(uuid) = request.line.strip_prefix("GET /api/v1/log/entries/") {
            return one(find(&|(known, _)| known.ends_with(uuid)));
        }
        if let Some(index) = request.line.strip_prefix("GET /api/v1/log/entries?logIndex=") {
            return one(find(&|(_, entry)| entry.log_index.to_string() == index));
        }
        Answer::new(404, "not found")
    }

    fn rekor2(&self, request: &Request) -> Answer {
        if !request.is("POST /api/v2/log/entries") {
            return Answer::new(404, "not found");
        }
        let asked = request.json();
        let record = &asked["hashedRekordRequestV002"];
        let bytes = |value: &Value| decode_base64(value.as_str().unwrap()).unwrap();
        let (signature, verifier) =
            (bytes(&record["signature"]["content"]), &record["signature"]["verifier"]);
        let logged = match verifier.get("x509Certificate") {
            Some(certificate) => LoggedVerifier::Certificate(bytes(&certificate["rawBytes"])),
            None => LoggedVerifier::PublicKey(
                PublicKey::from_spki_der(&bytes(&verifier["publicKey"]["rawBytes"])).unwrap(),
            ),
        };
        let digest = Digest::from_hex(HashAlgorithm::Sha256, &hex::encode(bytes(&record["digest"]))).unwrap();
        let details = verifier["keyDetails"].as_str().unwrap();
        let body = body::hashedrekord_002(&digest, &signature, &logged, details);
        let mut log = self.log2.lock().unwrap();
        let entry = log.append(body, now()).unwrap();
        let proof = entry.inclusion_proof.as_ref().unwrap();
        let hashes: Vec<String> = proof.hashes.iter().map(base64::encode).collect();
        Answer::json(
            201,
            &json!({
                "logIndex": entry.log_index.to_string(), "logId": { "keyId": base64::encode(&entry.log_id) },
                "kindVersion": { "kind": "hashedrekord", "version": "0.0.2" }, "integratedTime": "0",
                "inclusionProof": {
                    "logIndex": proof.log_index.to_string(), "rootHash": base64::encode(&proof.root_hash),
                    "treeSize": proof.tree_size.to_string(), "hashes": hashes,
                    "checkpoint": { "envelope": proof.checkpoint },
                },
                "canonicalizedBody": base64::encode(&entry.canonicalized_body),
            }),
        )
    }

    /// A timestamp, changed before it is signed.
    pub fn timestamp(&self, request: &Request, change: impl Fn(&mut stamps::Template)) -> Answer {
        // An octet string with the digest, and the number behind it.
        let at = request.body.windows(2).position(|two| two == [0x04, 0x20]).unwrap() + 2;
        let (digest, rest) = request.body[at..].split_at(32);
        let nonce = rest[2..2 + usize::from(rest[1])].to_vec();
        let mut template = stamps::Template::new(&[], now()).embedding(std::slice::from_ref(&self.tsa));
        template.imprint = Digest::from_hex(HashAlgorithm::Sha256, &hex::encode(digest)).unwrap();
        template.nonce = Some(nonce);
        change(&mut template);
        let body = template.response(&self.tsa_key, &self.tsa).unwrap();
        Answer::new(201, body).with("Content-Type", "application/timestamp-reply")
    }

    fn tuf(&self, request: &Request) -> Answer {
        let name = request.line.trim_start_matches("GET /");
        match self.tuf.lock().unwrap().files.get(name) {
            Some(bytes) => Answer::new(200, bytes.clone()),
            None => Answer::new(404, "not found"),
        }
    }
}

/// What Rekor v1 says of an entry that is there.
pub fn conflict(uuid: &str) -> Answer {
    let message = format!("an equivalent entry already exists in the transparency log with UUID {uuid}");
    Answer::json(409, &json!({ "code": 409, "message": message }))
        .with("Location", format!("/api/v1/log/entries/{uuid}"))
}

fn oidc(url: &str, request: &Request) -> Answer {
    if request.is("GET /.well-known/openid-configuration") {
        return Answer::json(
            200,
            &json!({
                "issuer": url, "authorization_endpoint": format!("{url}/auth"), "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"), "response_types_supported": ["code"],
                "grant_types_supported": ["client_credentials"], "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }),
        );
    }
    if request.is("POST /token") {
        let token = token(&claims(url));
        return Answer::json(200, &json!({ "access_token": "x", "id_token": token, "token_type": "Bearer" }));
    }
    Answer::new(404, "not found")
}

fn decode_url(text: &str) -> Option<Vec<u8>> {
    let text = text.replace('-', "+").replace('_', "/");
    decode_base64(&format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4)))
}

/// The content of the extension with the SCTs.
fn sct_list(certificate: &Certificate) -> Vec<u8> {
    let oid = [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02, 0x04];
    let der = certificate.der();
    let at = der.windows(oid.len()).position(|found| found == oid).unwrap() + oid.len();
    let length = usize::from(der[at]);
    assert!(length < 0x80, "a short list");
    der[at + 1..at + 1 + length].to_vec()
}

/// The body that Rekor v1 keeps of a proposed entry.
fn kept(proposed: &Value) -> Vec<u8> {
    let sha256 =
        |data: &[u8]| json!({ "algorithm": "sha256", "value": HashAlgorithm::Sha256.digest(data).hex() });
    let (kind, version) = (&proposed["kind"], &proposed["apiVersion"]);
    let spec = if *kind == "dsse" {
        let content = &proposed["spec"]["proposedContent"];
        let text = content["envelope"].as_str().unwrap();
        let envelope = Envelope::from_json(text.as_bytes()).unwrap();
        let signature = base64::encode(&envelope.signatures[0].sig);
        let signatures = json!([{ "signature": signature, "verifier": content["verifiers"][0] }]);
        json!({ "envelopeHash": sha256(text.as_bytes()), "payloadHash": sha256(&envelope.payload), "signatures": signatures })
    } else {
        proposed["spec"].clone()
    };
    canonical(&json!({ "apiVersion": version, "kind": kind, "spec": spec }))
}
