//! The flags by which cosign named the services of a trusted root before there were pairs: lists side by side, where the
//! first of each belong together, and the second, and so on.

use super::super::args::spec;
use crate::commands::{AuthoritySource, AuthorityStart, Error, LogSource, Window};
use crate::crypto::UnixTime;

/// Flags that are going away.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Services")]
pub struct OlderArgs {
    /// Trust the certificate authority with this chain
    #[arg(long, value_name = "FILE", alias = "cert-chain")]
    pub certificate_chain: Vec<String>,
    /// Address of the certificate authority
    #[arg(long, value_name = "URL")]
    pub fulcio_uri: Vec<String>,
    /// Trust the transparency log with this public key; its origin may follow after a comma
    #[arg(long, value_name = "FILE[,NAME]")]
    pub rekor_key: Vec<String>,
    /// Address of the transparency log
    #[arg(long, value_name = "URL")]
    pub rekor_url: Vec<String>,
    /// Since when the key of the transparency log is used (default 1970-01-01T00:00:00Z)
    #[arg(long, value_name = "TIME")]
    pub rekor_start_time: Vec<String>,
    /// Until when the key of the transparency log is used
    #[arg(long, value_name = "TIME")]
    pub rekor_end_time: Vec<String>,
    /// Trust the certificate transparency log with this public key
    #[arg(long, value_name = "FILE")]
    pub ctfe_key: Vec<String>,
    /// Address of the certificate transparency log
    #[arg(long, value_name = "URL")]
    pub ctfe_url: Vec<String>,
    /// Since when the key of the certificate transparency log is used (default 1970-01-01T00:00:00Z)
    #[arg(long, value_name = "TIME")]
    pub ctfe_start_time: Vec<String>,
    /// Until when the key of the certificate transparency log is used
    #[arg(long, value_name = "TIME")]
    pub ctfe_end_time: Vec<String>,
    /// Trust the timestamp authority with this chain, the certificate that signs timestamps first
    #[arg(long, value_name = "FILE")]
    pub timestamp_certificate_chain: Vec<String>,
    /// Address of the timestamp authority
    #[arg(long, value_name = "URL")]
    pub timestamp_uri: Vec<String>,
}

/// A flag and what was given to it.
type Given<'a> = (&'static str, &'a [String]);

impl OlderArgs {
    /// The flags that say which services there are, each with those that say more about them: certificate authorities,
    /// transparency logs, certificate transparency logs, timestamp authorities.
    fn groups(&self) -> [(&'static str, Given<'_>, Vec<Given<'_>>); 4] {
        [
            (
                "--fulcio",
                ("--certificate-chain", &self.certificate_chain),
                vec![("--fulcio-uri", &self.fulcio_uri)],
            ),
            (
                "--rekor",
                ("--rekor-key", &self.rekor_key),
                vec![
                    ("--rekor-url", &self.rekor_url),
                    ("--rekor-start-time", &self.rekor_start_time),
                    ("--rekor-end-time", &self.rekor_end_time),
                ],
            ),
            (
                "--ctfe",
                ("--ctfe-key", &self.ctfe_key),
                vec![
                    ("--ctfe-url", &self.ctfe_url),
                    ("--ctfe-start-time", &self.ctfe_start_time),
                    ("--ctfe-end-time", &self.ctfe_end_time),
                ],
            ),
            (
                "--tsa",
                ("--timestamp-certificate-chain", &self.timestamp_certificate_chain),
                vec![("--timestamp-uri", &self.timestamp_uri)],
            ),
        ]
    }

    /// Refuses services of one kind that are named in both ways, and words about services that are not there. `newer` are
    /// the values of `--fulcio`, `--rekor`, `--ctfe` and `--tsa`.
    ///
    /// # Errors
    /// Naming the flags.
    pub fn refuse_mixtures(&self, newer: [&[String]; 4]) -> Result<(), Error> {
        for ((flag, first, others), newer) in self.groups().into_iter().zip(newer) {
            let used =
                std::iter::once(first).chain(others.iter().copied()).find(|(_, values)| !values.is_empty());
            if let (Some((older, _)), false) = (used, newer.is_empty()) {
                return Err(Error::usage(format!("{flag} and {older} cannot be used together"))
                    .hint(format!("name every service of this kind with {flag}")));
            }
            if let Some((other, values)) = others.into_iter().find(|(_, values)| values.len() > first.1.len())
            {
                let (more, less) = (values.len(), first.1.len());
                return Err(Error::usage(format!(
                    "{other} is given {}, and {} {}",
                    times(more),
                    first.0,
                    times(less)
                ))
                .hint(format!("give {} for each service, or name the services with {flag}", first.0)));
            }
        }
        Ok(())
    }

    /// Those of `--certificate-chain`.
    ///
    /// # Errors
    /// An empty path.
    pub fn certificate_authorities(&self) -> Result<Vec<AuthoritySource>, Error> {
        authorities("--certificate-chain", &self.certificate_chain, &self.fulcio_uri)
    }

    /// Those of `--timestamp-certificate-chain`.
    ///
    /// # Errors
    /// An empty path.
    pub fn timestamp_authorities(&self) -> Result<Vec<AuthoritySource>, Error> {
        let (chains, uris) = (&self.timestamp_certificate_chain, &self.timestamp_uri);
        authorities("--timestamp-certificate-chain", chains, uris)
    }

    /// Those of `--rekor-key`.
    ///
    /// # Errors
    /// An empty path, a time that is none.
    pub fn logs(&self) -> Result<Vec<LogSource>, Error> {
        let times = [
            ("--rekor-start-time", self.rekor_start_time.as_slice()),
            ("--rekor-end-time", self.rekor_end_time.as_slice()),
        ];
        logs(("--rekor-key", &self.rekor_key), &self.rekor_url, times, |text| match text.split_once(',') {
            Some((path, origin)) => (path, Some(origin).filter(|origin| !origin.is_empty())),
            None => (text, None),
        })
    }

    /// Those of `--ctfe-key`.
    ///
    /// # Errors
    /// An empty path, a time that is none.
    pub fn ct_logs(&self) -> Result<Vec<LogSource>, Error> {
        let times = [
            ("--ctfe-start-time", self.ctfe_start_time.as_slice()),
            ("--ctfe-end-time", self.ctfe_end_time.as_slice()),
        ];
        logs(("--ctfe-key", &self.ctfe_key), &self.ctfe_url, times, |text| (text, None))
    }
}

fn times(count: usize) -> String {
    match count {
        0 => "not at all".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

fn authorities(flag: &str, chains: &[String], uris: &[String]) -> Result<Vec<AuthoritySource>, Error> {
    let source = |(i, chain): (usize, &String)| {
        Ok(AuthoritySource {
            named: named(flag, chain)?,
            uri: uris.get(i).cloned().unwrap_or_default(),
            chain: chain.into(),
            start: AuthorityStart::Anchor,
            end: None,
        })
    };
    chains.iter().enumerate().map(source).collect()
}

fn logs(
    (flag, keys): Given<'_>,
    urls: &[String],
    [starts, ends]: [Given<'_>; 2],
    split: impl Fn(&str) -> (&str, Option<&str>),
) -> Result<Vec<LogSource>, Error> {
    let time = |(flag, values): Given<'_>, i| {
        let time =
            |text: &String| spec::time(text).map_err(|reason| Error::usage(format!("{flag}: {reason}")));
        values.get(i).map(time).transpose()
    };
    let source = |(i, key): (usize, &String)| {
        let (path, origin) = split(key);
        let start = time(starts, i)?.unwrap_or(UnixTime::from_seconds(0));
        Ok(LogSource {
            named: named(flag, path)?,
            base_url: urls.get(i).cloned().unwrap_or_default(),
            key: path.into(),
            valid_for: Window { start: Some(start), end: time(ends, i)? },
            origin: origin.map(str::to_owned),
        })
    };
    keys.iter().enumerate().map(source).collect()
}

fn named(flag: &str, path: &str) -> Result<String, Error> {
    if path.is_empty() {
        return Err(
            Error::usage(format!("{flag} is given and empty")).hint(format!("name a file with {flag} FILE"))
        );
    }
    Ok(format!("{flag} `{path}`"))
}
