//! What is written, and where.

use std::path::PathBuf;

use super::{filled, known};
use crate::commands::{BundleForm, Error, ReportFormat, ReportRequest};

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

/// Reports on a verification.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct ReportArgs {
    /// Write a report of every check: proven, waived or failed, and why (can be repeated)
    ///
    /// FORMAT is json, junit, sarif, github (workflow commands, and a summary of the job) or text (a tree). Without a file it goes to
    /// standard output, which has room for one.
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = known(&["json", "junit", "sarif", "github", "text"], report))]
    pub report: Vec<ReportRequest>,
}

impl ReportArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// Several reports for standard output.
    pub fn requests(&self) -> Result<Vec<ReportRequest>, Error> {
        if self.report.iter().filter(|report| report.file.is_none()).count() > 1 {
            return Err(Error::usage(
                "standard output has room for one report, and --report sends several there",
            )
            .hint("name a file for each of the others: --report junit=FILE"));
        }
        Ok(self.report.clone())
    }
}

/// A report on the verification of a kit.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct KitReportArgs {
    /// Write a report of every check: proven, waived or failed, and why
    ///
    /// FORMAT is json. Without a file it goes to standard output.
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = known(&["json"], kit_report))]
    pub report: Option<ReportRequest>,
}

const FORMATS: [(&str, ReportFormat); 5] = [
    ("json", ReportFormat::Json),
    ("junit", ReportFormat::Junit),
    ("sarif", ReportFormat::Sarif),
    ("github", ReportFormat::Github),
    ("text", ReportFormat::Text),
];

fn report(text: &str) -> Result<ReportRequest, String> {
    one_of(text, &FORMATS)
}

fn kit_report(text: &str) -> Result<ReportRequest, String> {
    one_of(text, &FORMATS[..1])
}

/// A format of these, and perhaps a file.
fn one_of(text: &str, formats: &[(&str, ReportFormat)]) -> Result<ReportRequest, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(file)),
        None => (text, None),
    };
    match (formats.iter().find(|(known, _)| *known == name), file) {
        (Some(_), Some("")) => Err(format!("the file after `{name}=` is missing")),
        // As everywhere, `-` is standard output.
        (Some((_, format)), Some("-")) => Ok(ReportRequest { format: *format, file: None }),
        (Some((_, format)), file) => Ok(ReportRequest { format: *format, file: file.map(PathBuf::from) }),
        (None, _) => {
            let names: Vec<_> = formats.iter().map(|(name, _)| *name).collect();
            Err(format!("expected {}, or one of them with a file, as in {}=FILE", names.join(", "), names[0]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_format_and_perhaps_a_file() {
        assert_eq!(report("json").unwrap().file, None);
        assert_eq!(report("json=-").unwrap().file, None);
        assert_eq!(report("json=a=b").unwrap().file, Some(PathBuf::from("a=b")));
        assert_eq!(report("junit=x").unwrap().format, ReportFormat::Junit);
        for text in ["", "json=", "xml", "JSON", "=f"] {
            assert!(report(text).is_err(), "{text}");
        }
        assert!(kit_report("json").is_ok() && kit_report("sarif").is_err());
    }

    #[test]
    fn one_report_goes_to_standard_output() {
        let args =
            |texts: &[&str]| ReportArgs { report: texts.iter().map(|text| report(text).unwrap()).collect() };
        assert_eq!(args(&["json", "junit=a", "sarif=b"]).requests().unwrap().len(), 3);
        assert!(args(&["json", "text"]).requests().is_err());
    }
}
