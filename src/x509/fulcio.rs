//! Fulcio's certificate extensions (Fulcio `oid-info`, 1.3.6.1.4.1.57264.1).

use super::Certificate;
use crate::crypto::DecodeError;

/// The extensions' values by what they mean. Issuer: `.8` (DER string) where present, else `.1` (raw).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FulcioExtensions {
    pub issuer: Option<String>,
    pub github_workflow_trigger: Option<String>,
    pub github_workflow_sha: Option<String>,
    pub github_workflow_name: Option<String>,
    pub github_workflow_repository: Option<String>,
    pub github_workflow_ref: Option<String>,
    /// All other known extensions (`.9` to `.23` and later) as (OID, name, value), in the certificate's order.
    pub others: Vec<(String, &'static str, String)>,
}

/// Reads them.
///
/// # Errors
/// A value that is not decodable, or `.1` and `.8` that contradict each other, or an extension that appears twice.
pub fn extensions(_certificate: &Certificate) -> Result<FulcioExtensions, DecodeError> {
    todo!()
}
