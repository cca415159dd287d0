//! An application that shows a certificate ("Microsoft identity platform application authentication certificate credentials").

use super::super::Error;
use crate::crypto::{
    KeyType, PrivateKey, Secret, SigningInput, SigningKey, UnixTime, base64, pem, random, sha1_name,
};
use crate::http::Address;

/// As long as one assertion is good, in seconds.
const LIFETIME: i64 = 600;
/// Blocks in one file: a key, and a chain.
const MAX_BLOCKS: usize = 20;

/// A certificate and its key.
pub struct ClientCertificate {
    named_by: &'static str,
    key: PrivateKey,
    /// The name of the certificate: its SHA-1, as base64.
    thumbprint: String,
}

impl ClientCertificate {
    /// Reads a file in PEM, the certificate of the application before others.
    ///
    /// # Errors
    /// Another file; a key that is encrypted, or no RSA key.
    pub fn read(named_by: &'static str, path: &str, text: &Secret) -> Result<Self, Error> {
        let fail = |reason: &str| Error::setting(named_by, format!("`{path}` {reason}"));
        let blocks = pem::decode("file", text.expose(), MAX_BLOCKS).unwrap_or_default();
        if blocks.is_empty() {
            return Err(fail("is no file of PEM blocks; PKCS #12 is converted with `openssl pkcs12 -nodes`"));
        }
        let certificate = blocks.iter().find(|block| block.label == "CERTIFICATE");
        let certificate = certificate.ok_or_else(|| fail("holds no certificate"))?;
        let key = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY"));
        let key = key.ok_or_else(|| fail("holds no private key beside the certificate"))?;
        let key = Secret::new(pem::encode(&key.label, &key.contents).into_bytes());
        let key = PrivateKey::from_pem(key.expose()).map_err(|_| {
            fail("holds a private key that cannot be used: it is taken without a password alone")
        })?;
        match key.public_key().key_type() {
            KeyType::Rsa { .. } => {}
            other => {
                return Err(fail(&format!("holds an {other} key, and Microsoft Entra takes RSA keys alone")));
            }
        }
        let thumbprint = hex::decode(sha1_name(&certificate.contents)).unwrap_or_default();
        Ok(Self { named_by, key, thumbprint: base64::encode_url(thumbprint) })
    }

    /// What shows `to` that it is the application that asks (RFC 7523 section 3).
    ///
    /// # Errors
    /// The key does not sign.
    pub fn assertion(&self, to: &Address, client: &str, now: UnixTime) -> Result<Secret, Error> {
        let fail = |reason: String| Error::setting(self.named_by, reason);
        let id = random::<16>().ok_or_else(|| fail("there are no random bytes".to_owned()))?;
        let header = serde_json::json!({ "alg": "RS256", "typ": "JWT", "x5t": self.thumbprint });
        let claims = serde_json::json!({
            "aud": to.whole(), "iss": client, "sub": client, "jti": hex::encode(id),
            "nbf": now.seconds(), "iat": now.seconds(), "exp": now.seconds() + LIFETIME,
        });
        let part = |value: &serde_json::Value| base64::encode_url(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign_now(&SigningInput::message(signed.clone().into_bytes()));
        let signature = signature.map_err(|error| fail(error.to_string()))?;
        Ok(Secret::new(format!("{signed}.{}", base64::encode_url(signature)).into_bytes()))
    }
}
