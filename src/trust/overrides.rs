//! Trust material from PEM files: cosign's `SIGSTORE_*` variables and certificate flags.

#[cfg(test)]
#[cfg(feature = "public-root")]
mod tests;

use super::{CertificateAuthority, Log, TrustedRoot, Window};
use crate::crypto::{DecodeError, PublicKey, pem};
use crate::x509::Certificate;

/// The most keys of one file.
const MAX_KEYS: usize = 32;

/// A PEM text that the user named, with the name that messages give it: a flag or a variable, and the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemText {
    /// The name, such as ``--ca-roots `roots.pem` ``.
    pub source: String,
    /// The text as read.
    pub text: Vec<u8>,
}

/// What replaces parts of a trusted root. Every part is PEM, and may hold several blocks.
///
/// A flag wins over the variable for the same part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PemOverrides {
    /// `SIGSTORE_ROOT_FILE`: roots (self-issued) and intermediates of the certificate authority, in any order.
    pub root_file: Option<PemText>,
    /// `SIGSTORE_REKOR_PUBLIC_KEY`: keys of transparency logs.
    pub rekor_public_key: Option<PemText>,
    /// `SIGSTORE_CT_LOG_PUBLIC_KEY_FILE`: keys of certificate transparency logs.
    pub ct_log_public_key: Option<PemText>,
    /// `SIGSTORE_TSA_CERTIFICATE_FILE`: the chain of the timestamp authority, with its root.
    pub tsa_certificate: Option<PemText>,
    /// `--ca-roots`: each certificate is an anchor.
    pub ca_roots: Option<PemText>,
    /// `--ca-intermediates`: certificates between an anchor and a leaf.
    pub ca_intermediates: Option<PemText>,
    /// `--certificate-chain`: the self-issued certificates are anchors, or else the last one.
    pub certificate_chain: Option<PemText>,
    /// `--timestamp-certificate-chain`: as `SIGSTORE_TSA_CERTIFICATE_FILE`.
    pub timestamp_certificate_chain: Option<PemText>,
}

impl PemOverrides {
    /// Puts the parts that are there in the place of the base's lists. Windows are open: PEM has none. The identifier of
    /// a log is the SHA-256 of its key's SubjectPublicKeyInfo, as in cosign.
    ///
    /// # Errors
    /// A text that holds no such block or an unreadable one; authorities without a self-issued root (see the members for
    /// what needs one); `--ca-roots` together with `--certificate-chain`.
    pub fn apply(&self, base: TrustedRoot) -> Result<TrustedRoot, DecodeError> {
        let mut root = base;
        let mut sources = Vec::new();
        if let Some((source, authority)) = self.certificate_authority()? {
            root.certificate_authorities = vec![authority];
            sources.push(format!("certificate authorities from {source}"));
        }
        if let Some(pem) = &self.ca_intermediates {
            let more = certificates(pem)?;
            for authority in &mut root.certificate_authorities {
                authority.intermediates.extend(more.iter().cloned());
            }
            sources.push(format!("intermediate certificates from {}", pem.source));
        }
        if let Some(pem) = &self.rekor_public_key {
            root.logs = logs("Rekor public key", pem)?;
            sources.push(format!("transparency logs from {}", pem.source));
        }
        if let Some(pem) = &self.ct_log_public_key {
            root.ct_logs = logs("CT log public key", pem)?;
            sources.push(format!("certificate transparency logs from {}", pem.source));
        }
        if let Some(pem) = self.timestamp_certificate_chain.as_ref().or(self.tsa_certificate.as_ref()) {
            root.timestamp_authorities = vec![rooted(pem)?];
            sources.push(format!("timestamp authorities from {}", pem.source));
        }
        if !sources.is_empty() {
            let base = if root.source.is_empty() { String::new() } else { format!("{} with ", root.source) };
            root.source = format!("{base}{}", sources.join(", "));
        }
        Ok(root)
    }

    fn certificate_authority(&self) -> Result<Option<(&str, CertificateAuthority)>, DecodeError> {
        let (pem, authority) = match (&self.ca_roots, &self.certificate_chain, &self.root_file) {
            (Some(roots), Some(chain), _) => {
                let reason = format!("given by {} and by {} at once", roots.source, chain.source);
                return Err(DecodeError::whole("certificate authorities", reason));
            }
            (Some(pem), None, _) => (pem, authority(certificates(pem)?, Vec::new())),
            (None, Some(pem), _) => (pem, chain(pem)?),
            (None, None, Some(pem)) => (pem, rooted(pem)?),
            (None, None, None) => return Ok(None),
        };
        Ok(Some((&pem.source, authority)))
    }
}

fn authority(anchors: Vec<Certificate>, intermediates: Vec<Certificate>) -> CertificateAuthority {
    CertificateAuthority { uri: String::new(), anchors, intermediates, valid_for: Window::default() }
}

/// An authority with at least one self-issued root.
fn rooted(pem: &PemText) -> Result<CertificateAuthority, DecodeError> {
    let (anchors, others) =
        certificates(pem)?.into_iter().partition::<Vec<_>, _>(Certificate::is_self_issued);
    if anchors.is_empty() {
        return Err(within(pem, DecodeError::whole("certificate chain", "no self-issued root certificate")));
    }
    Ok(authority(anchors, others))
}

/// An authority whose root is the last certificate where none is self-issued: whoever names a chain that ends with an
/// intermediate trusts that intermediate (so does cosign).
fn chain(pem: &PemText) -> Result<CertificateAuthority, DecodeError> {
    let (mut anchors, mut others) =
        certificates(pem)?.into_iter().partition::<Vec<_>, _>(Certificate::is_self_issued);
    if anchors.is_empty() {
        anchors.extend(others.pop());
    }
    Ok(authority(anchors, others))
}

fn certificates(pem: &PemText) -> Result<Vec<Certificate>, DecodeError> {
    Certificate::chain_from_pem(&pem.text).map_err(|e| within(pem, e))
}

fn logs(what: &'static str, pem: &PemText) -> Result<Vec<Log>, DecodeError> {
    let blocks = pem::decode(what, &pem.text, MAX_KEYS).map_err(|e| within(pem, e))?;
    if blocks.is_empty() {
        return Err(within(pem, DecodeError::whole(what, "no PEM block")));
    }
    let log = |block: &pem::Block| {
        let key = PublicKey::from_pem(pem::encode(&block.label, &block.contents).as_bytes())?;
        let log_id = key.key_id().to_vec();
        Ok(Log { base_url: String::new(), origin: None, log_id, key, valid_for: Window::default() })
    };
    blocks.iter().map(|block| log(block).map_err(|e| within(pem, e))).collect()
}

/// The error, with the name of the text that it is about.
fn within(pem: &PemText, error: DecodeError) -> DecodeError {
    let at = if error.at.is_empty() { pem.source.clone() } else { format!("{}: {}", pem.source, error.at) };
    DecodeError { at, ..error }
}
