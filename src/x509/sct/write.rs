//! SCTs as logs write them.

use super::Sct;
use crate::crypto::{UnixTime, base64};

impl Sct {
    /// An SCT that has no signature yet; [`Self::signed_bytes`] says what to sign. Times before 1970 become 1970.
    pub(in crate::x509) fn unsigned(
        log_id: [u8; 32],
        time: UnixTime,
        extensions: &[u8],
        algorithm: (u8, u8),
    ) -> Self {
        let millis = u64::try_from(time.seconds()).unwrap_or(0).saturating_mul(1000);
        Self {
            log_id,
            time: UnixTime::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)),
            extensions: extensions.to_vec(),
            algorithm,
            signature: Vec::new(),
            embedded: false,
            timestamp_millis: millis,
        }
    }

    /// The TLS encoding (RFC 6962 section 3.2).
    pub(in crate::x509) fn to_tls(&self) -> Option<Vec<u8>> {
        let mut out = vec![0];
        out.extend(self.log_id);
        out.extend(self.timestamp_millis.to_be_bytes());
        out.extend(u16::try_from(self.extensions.len()).ok()?.to_be_bytes());
        out.extend(&self.extensions);
        out.extend([self.algorithm.0, self.algorithm.1]);
        out.extend(u16::try_from(self.signature.len()).ok()?.to_be_bytes());
        out.extend(&self.signature);
        Some(out)
    }

    /// The JSON of RFC 6962 section 4.1, as logs and Fulcio return it.
    pub fn to_json(&self) -> String {
        let length = u16::try_from(self.signature.len()).unwrap_or(u16::MAX).to_be_bytes();
        let signature = [&[self.algorithm.0, self.algorithm.1], length.as_slice(), &self.signature].concat();
        serde_json::json!({
            "sct_version": 0,
            "id": base64::encode(self.log_id),
            "timestamp": self.timestamp_millis,
            "extensions": base64::encode(&self.extensions),
            "signature": base64::encode(signature),
        })
        .to_string()
    }
}
