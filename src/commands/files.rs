//! The files that a request names: no result may take the place of something that is read, a private key least of all, or
//! of another result.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::{
    AttestBlobRequest, Error, ImportKeyPairRequest, PolicyRequest, PublicKeyRequest, ReportFormat,
    ReportRequest, SignBlobRequest, SignOutputs, SignWith, Signer, SigningKeyName, StatementSource, Subject,
    VerifyRequest, Witness,
};
use crate::storage::real_name;

/// What is read and what is written, each with what it is called in messages.
#[derive(Debug, Default)]
pub struct Files<'a> {
    read: Vec<(&'static str, &'a Path)>,
    written: Vec<(&'static str, &'a Path)>,
}

impl<'a> Files<'a> {
    /// Adds a file that is written.
    #[must_use]
    pub fn and_written(mut self, what: &'static str, path: Option<&'a Path>) -> Self {
        self.written.extend(path.map(|path| (what, path)));
        self
    }

    /// The files that are read, each with what it is called.
    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, &'a Path)> {
        self.read.iter().copied()
    }

    /// Adds a file that is read.
    #[must_use]
    pub fn and_read(mut self, what: &'static str, path: Option<&'a Path>) -> Self {
        self.read.extend(path.map(|path| (what, path)));
        self
    }

    /// Adds the reports that are written.
    #[must_use]
    pub(super) fn and_reports(self, reports: &'a [ReportRequest]) -> Self {
        let paths = reports.iter().map(|report| report.file.as_deref());
        paths.fold(self, |files, path| files.and_written("report", path))
    }

    /// Adds the summary of a CI job, which a report is added to.
    #[must_use]
    pub fn and_summary(self, summary: Option<&'a Path>) -> Self {
        self.and_written("summary of the job (GITHUB_STEP_SUMMARY)", summary)
    }

    /// Adds files that another file names, each with what it is called.
    #[must_use]
    pub(super) fn and_named(self, named: &'a [(&'static str, PathBuf)]) -> Self {
        named.iter().fold(self, |files, (what, path)| files.and_read(what, Some(path)))
    }

    /// Adds what a signer is read from.
    #[must_use]
    pub(super) fn and_signer(self, with: &'a SignWith) -> Self {
        let config = match &with.witness {
            Witness::SigningConfig(path) => Some(path.as_path()),
            Witness::Nobody(_) | Witness::Default | Witness::Named(_) => None,
        };
        let key = match &with.key {
            SigningKeyName::Reference(key) => Some(Path::new(key)),
            SigningKeyName::Ephemeral(_) => None,
        };
        let tls = &with.timestamp_tls;
        self.and_read("key", key)
            .and_read("certificate", with.certificate.as_deref())
            .and_read("certificate chain", with.certificate_chain.as_deref())
            .and_read("signing config", config)
            .and_read("trusted root", with.trusted_root.as_deref())
            .and_read("identity token", with.token.given.as_deref().map(Path::new))
            .and_read("client secret", with.token.client_secret.as_deref())
            .and_read("certificates for the timestamp authority", tls.authorities.as_deref())
            .and_read("certificate for the timestamp authority", tls.certificate.as_deref())
            .and_read("key for the timestamp authority", tls.key.as_deref())
    }

    fn and_signing(self, with: &'a SignWith, outputs: &'a SignOutputs) -> Self {
        self.and_signer(with)
            .and_written("bundle", outputs.bundle.as_ref().map(|(path, _)| path.as_path()))
            .and_written("signature", outputs.signature.as_deref())
            .and_written("certificate", outputs.certificate.as_deref())
            .and_written("timestamp", outputs.timestamp.as_deref())
    }

    /// Compares every file that is written with every other file. Devices and pipes are not replaced, so they may be
    /// named twice.
    ///
    /// # Errors
    /// Of kind `Usage`, naming the file and both of its parts.
    pub fn check(&self) -> Result<(), Error> {
        let mut taken: Vec<(PathBuf, &str)> = Vec::new();
        for (what, path) in &self.written {
            let Some(name) = real_name(path) else { continue };
            let shown = path.display();
            if let Some((input, _)) =
                self.read.iter().find(|(_, read)| real_name(read).as_ref() == Some(&name))
            {
                let message = format!("`{shown}` is read as the {input}: the {what} would take its place");
                return Err(Error::usage(message).hint(format!("name another file for the {what}")));
            }
            if let Some((_, other)) = taken.iter().find(|(taken, _)| *taken == name) {
                let message = format!("`{shown}` is named for two results: the {other} and the {what}");
                return Err(Error::usage(message).hint("name a file of its own for each"));
            }
            taken.push((name, what));
        }
        Ok(())
    }
}

/// The file that GitHub shows as the summary of the job, where one of these reports is added to it.
pub fn summary_of(reports: &[ReportRequest], variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let is_added = reports.iter().any(|report| report.format == ReportFormat::Github);
    let name = is_added.then(|| variable("GITHUB_STEP_SUMMARY")).flatten();
    name.filter(|name| !name.is_empty()).map(PathBuf::from)
}

pub(super) fn path(argument: &OsStr) -> Option<&Path> {
    Some(Path::new(argument)).filter(|path| path.as_os_str() != "-")
}

impl SignBlobRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let files = Files::default().and_signing(&self.with, &self.outputs);
        self.blobs.iter().fold(files, |files, blob| files.and_read("file to sign", path(blob)))
    }
}

impl AttestBlobRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let files = Files::default().and_signing(&self.with, &self.outputs);
        let files = files.and_written("attestation", self.attestation.as_deref());
        match &self.source {
            StatementSource::Predicate { predicate, blob, .. } => files
                .and_read("predicate", path(predicate.as_os_str()))
                .and_read("file to attest", path(blob)),
            StatementSource::Statement { statement, blob } => files
                .and_read("statement", path(statement.as_os_str()))
                .and_read("file to attest", blob.as_deref().and_then(path)),
        }
    }
}

impl PublicKeyRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let files = Files::default().and_read("key", Some(Path::new(&self.key)));
        files.and_written("public key", self.outfile.as_deref())
    }
}

impl ImportKeyPairRequest {
    /// The files that it names, without those that it asks about before it replaces them.
    pub fn files(&self) -> Files<'_> {
        Files::default().and_read("key", Some(Path::new(&self.key)))
    }
}

impl PolicyRequest {
    /// Adds the files that it names.
    pub(super) fn add_to<'a>(&'a self, files: Files<'a>) -> Files<'a> {
        let files = self.files.iter().fold(files, |files, policy| files.and_read("policy", Some(policy)));
        self.data.iter().fold(files, |files, data| files.and_read("policy data", Some(data)))
    }
}

impl VerifyRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let (signature, trust) = (&self.signature, &self.trust);
        let (key, policy_file) = match &self.signer {
            Signer::Key(key) => (Some(Path::new(key)), None),
            Signer::Identity(_) => (None, None),
            Signer::Scopes(file) => (None, Some(file.as_path())),
        };
        let blob = match &self.subject {
            Subject::Blob(blob) => path(blob),
            Subject::Digest { .. } | Subject::Digests { .. } | Subject::None => None,
        };
        [
            ("file to verify", blob),
            ("key", key),
            ("policy file", policy_file),
            ("bundle", signature.bundle.as_deref()),
            ("signature", signature.signature.as_deref().and_then(path)),
            ("certificate", signature.certificate.as_deref()),
            ("certificate timestamp", signature.sct.as_deref()),
            ("timestamp", signature.timestamp.as_deref()),
            ("trusted root", trust.trusted_root.as_deref()),
            ("CA roots", trust.ca_roots.as_deref()),
            ("CA intermediates", trust.ca_intermediates.as_deref()),
            ("certificate chain", trust.certificate_chain.as_deref()),
            ("timestamp certificate chain", trust.timestamp_certificate_chain.as_deref()),
        ]
        .into_iter()
        .chain(signature.other_bundles.iter().map(|bundle| ("bundle", Some(bundle.as_path()))))
        .fold(self.policy.add_to(Files::default()), |files, (what, path)| files.and_read(what, path))
        .and_reports(&self.reports)
    }
}
