//! What is written, and where.

use std::path::PathBuf;

use super::{filled, known};
use crate::commands::{BundleForm, ReportFormat, ReportRequest};

/// What signing writes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct SignOutputArgs {
    /// Write a bundle to this file: signature, key or certificate, and the proofs that go with them
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// Write bundles in the Sigstore format v0.3; false is the older JSON of cosign
    #[arg(long)]
    pub new_bundle_format: Option<bool>,
    /// Write the signature, or the envelope of an attestation, to this file
    #[arg(long, value_name = "FILE")]
    pub output_signature: Option<PathBuf>,
    /// Write the certificate to this file, as base64 of PEM
    #[arg(long, value_name = "FILE", alias = "output-cert")]
    pub output_certificate: Option<PathBuf>,
}

impl SignOutputArgs {
    /// Where the bundle goes, and in which form.
    pub fn bundle(&self) -> Option<(PathBuf, BundleForm)> {
        let form =
            if self.new_bundle_format == Some(false) { BundleForm::Legacy } else { BundleForm::Sigstore };
        filled(&self.bundle).map(|path| (path, form))
    }
}

/// A report on a verification.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct ReportArgs {
    /// Write a report of every check: proven, waived or failed, and why
    ///
    /// FORMAT is json. Without a file it goes to standard output.
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = known(&["json"], report))]
    pub report: Option<ReportRequest>,
}

fn report(text: &str) -> Result<ReportRequest, String> {
    let (format, file) = match text.split_once('=') {
        Some((format, file)) => (format, Some(file)),
        None => (text, None),
    };
    match (format, file) {
        ("json", Some("")) => Err("the file after `json=` is missing".to_owned()),
        ("json", file) => Ok(ReportRequest { format: ReportFormat::Json, file: file.map(PathBuf::from) }),
        _ => Err("expected json or json=FILE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_format_and_perhaps_a_file() {
        assert_eq!(report("json").unwrap().file, None);
        assert_eq!(report("json=a=b").unwrap().file, Some(PathBuf::from("a=b")));
        for text in ["", "json=", "xml", "JSON", "=f"] {
            assert!(report(text).is_err(), "{text}");
        }
    }
}
