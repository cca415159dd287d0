//! A key of a service as everybody else sees it.

use super::{Backend, Failure};
use crate::crypto::{
    Digests, KeyType, PublicKey, SignError, SignatureScheme, Signed, SigningFuture, SigningInput, SigningKey,
};

/// Signs by asking the service, and believes its answer when the public key does.
pub(in crate::keys) struct RemoteKey {
    public_key: PublicKey,
    backend: Box<dyn Backend>,
}

impl RemoteKey {
    /// Asks for the public key.
    ///
    /// # Errors
    /// The service does not tell it.
    pub async fn new(backend: Box<dyn Backend>) -> Result<Self, Failure> {
        let public_key = backend.public_key().await?;
        Ok(Self { public_key, backend })
    }

    /// What the service is given: a digest, unless the key is of a kind that has to see the message.
    fn work(&self, input: &SigningInput) -> Result<SigningInput, SignError> {
        let key = self.public_key.key_type();
        match (key, input) {
            (KeyType::Ed25519, SigningInput::Digest(digest)) => {
                Err(SignError::Input { key, input: format!("a {} digest", digest.algorithm().name()) })
            }
            (KeyType::Ed25519, SigningInput::Message(_)) => Ok(input.clone()),
            (_, SigningInput::Message(_)) if self.backend.takes_messages() => Ok(input.clone()),
            (_, SigningInput::Message(message)) => {
                Ok(SigningInput::Digest(key.default_hash().digest(message)))
            }
            (_, SigningInput::Digest(digest)) if digest.algorithm() == key.default_hash() => {
                Ok(input.clone())
            }
            (_, SigningInput::Digest(digest)) => {
                Err(SignError::Input { key, input: format!("a {} digest", digest.algorithm().name()) })
            }
        }
    }

    fn accepts(&self, work: &SigningInput, signature: &[u8]) -> bool {
        let key = self.public_key.key_type();
        let scheme = match key {
            KeyType::P256 | KeyType::P384 | KeyType::P521 => SignatureScheme::Ecdsa(key.default_hash()),
            KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(key.default_hash()),
            KeyType::Ed25519 => SignatureScheme::Ed25519,
        };
        let digests;
        let signed = match work {
            SigningInput::Message(message) => Signed::Message(message),
            SigningInput::Digest(digest) => {
                digests = Digests::from(digest.clone());
                Signed::Stream { digests: &digests, ed25519: &[] }
            }
        };
        self.public_key.verify(scheme, signed, signature).is_ok()
    }
}

impl SigningKey for RemoteKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn prefers_messages(&self) -> bool {
        self.backend.takes_messages()
    }

    fn sign<'a>(&'a self, input: &'a SigningInput) -> SigningFuture<'a> {
        Box::pin(async move {
            let work = self.work(input)?;
            let signature = self.backend.sign(&self.public_key, &work).await;
            let signature = signature.map_err(|failure| SignError::Backend(Box::new(failure)))?;
            if !self.accepts(&work, &signature) {
                return Err(SignError::Backend(Box::new(Failure::Signature)));
            }
            Ok(signature)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::crypto::{PrivateKey, sign_at_once};
    use crate::keys::service::Answered;

    /// A key that takes messages, and remembers the last one.
    struct Watched {
        key: PrivateKey,
        seen: Arc<Mutex<Option<Arc<Vec<u8>>>>>,
    }

    impl Backend for Watched {
        fn public_key(&self) -> Answered<'_, PublicKey> {
            let key = self.key.public_key().clone();
            Box::pin(async move { Ok(key) })
        }
        fn takes_messages(&self) -> bool {
            true
        }
        fn sign<'a>(&'a self, _: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>> {
            let SigningInput::Message(message) = input else { panic!("{input:?}") };
            *self.seen.lock().unwrap() = Some(Arc::clone(message));
            let signature = sign_at_once(&self.key, input).unwrap();
            Box::pin(async move { Ok(signature) })
        }
        fn create(&self) -> Answered<'_, PublicKey> {
            self.public_key()
        }
    }

    /// A blob of gigabytes fits into memory once, and not three times.
    #[test]
    fn a_message_is_handed_on_and_never_copied() {
        for kind in [KeyType::P256, KeyType::Ed25519] {
            let (key, seen) = (PrivateKey::generate(kind).unwrap(), Arc::default());
            let watched = Watched { key, seen: Arc::clone(&seen) };
            let key = RemoteKey { public_key: watched.key.public_key().clone(), backend: Box::new(watched) };
            let message = Arc::new(vec![7; 100_000]);
            let _ = sign_at_once(&key, &SigningInput::Message(Arc::clone(&message))).unwrap();
            assert!(Arc::ptr_eq(&message, seen.lock().unwrap().as_ref().unwrap()));
        }
    }
}
