//! `signing-config create`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::spec::{Form, Spec};
use super::super::args::{filled, none, not_empty, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{
    ConfigBase, DefaultConfig, Error, Selection, Service, SigningConfigCreateRequest, Window,
};

/// Make a signing config: which services to sign with
///
/// Without flags it names no service: signing with it needs no network.
#[derive(Debug, clap::Args)]
pub struct SigningConfigCreateArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Use this certificate authority
    ///
    /// May be given several times, as the next three.
    #[arg(long, value_name = PAIRS, help_heading = "Services")]
    pub fulcio: Vec<String>,
    /// Use this OpenID Connect provider
    #[arg(long, value_name = PAIRS, help_heading = "Services")]
    pub oidc_provider: Vec<String>,
    /// Use this transparency log; needs --rekor-config
    #[arg(long, value_name = PAIRS, help_heading = "Services")]
    pub rekor: Vec<String>,
    /// How many of the transparency logs to use: ANY one, ALL, or EXACT:n
    #[arg(long, value_name = "ANY|ALL|EXACT:n", value_parser = selection, help_heading = "Services")]
    pub rekor_config: Option<Chosen>,
    /// Use this timestamp authority; needs --tsa-config
    #[arg(long, value_name = PAIRS, help_heading = "Services")]
    pub tsa: Vec<String>,
    /// How many of the timestamp authorities to use: ANY one, ALL, or EXACT:n
    #[arg(long, value_name = "ANY|ALL|EXACT:n", value_parser = selection, help_heading = "Services")]
    pub tsa_config: Option<Chosen>,
    /// Begin with the services of the signing config of the TUF repository: the public one, or that of `initialize`
    #[arg(long, help_heading = "Services")]
    pub with_default_services: Option<bool>,
    /// Begin with the services of its signing config that has a log of Rekor v2 before that of Rekor v1
    #[arg(long, help_heading = "Services")]
    pub with_default_rekor_v2: Option<bool>,
    /// Do not ask the TUF repository: begin with the cached signing config, or the one built into this program
    #[arg(long, help_heading = "Services")]
    pub offline: Option<bool>,
    /// Leave out the public certificate authority
    #[arg(long, help_heading = "Services")]
    pub no_default_fulcio: Option<bool>,
    /// Leave out the public OpenID Connect provider
    #[arg(long, help_heading = "Services")]
    pub no_default_oidc: Option<bool>,
    /// Leave out the public transparency logs
    #[arg(long, help_heading = "Services")]
    pub no_default_rekor: Option<bool>,
    /// Leave out the public timestamp authority
    #[arg(long, help_heading = "Services")]
    pub no_default_tsa: Option<bool>,
    /// Begin with this signing config; services that are given replace those of their kind
    #[arg(long, value_name = "FILE", help_heading = "Services")]
    pub base_config: Option<PathBuf>,
    /// Write the signing config to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

/// How a service is named.
const PAIRS: &str = "url=URL,api-version=NUMBER,start-time=TIME,operator=NAME[,end-time=TIME]";

/// What `--rekor-config` and `--tsa-config` say; nothing where the value is empty, as in cosign.
pub type Chosen = Option<Selection>;

impl CommandArgs for SigningConfigCreateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let (rekor_config, tsa_config) = (self.rekor_config.flatten(), self.tsa_config.flatten());
        for (flag, services, config, chosen) in [
            ("--rekor", &self.rekor, "--rekor-config", rekor_config),
            ("--tsa", &self.tsa, "--tsa-config", tsa_config),
        ] {
            if !services.is_empty() && chosen.is_none() {
                return Err(Error::usage(format!("{flag} needs {config}"))
                    .hint(format!("say how many of the services to use: {config} ANY, ALL or EXACT:n")));
            }
        }
        Ok(Request::SigningConfigCreate(SigningConfigCreateRequest {
            base: self.base()?,
            offline: self.offline.unwrap_or_default(),
            certificate_authorities: services("--fulcio", &self.fulcio)?,
            oidc_providers: services("--oidc-provider", &self.oidc_provider)?,
            logs: services("--rekor", &self.rekor)?,
            timestamp_authorities: services("--tsa", &self.tsa)?,
            log_selection: rekor_config,
            timestamp_selection: tsa_config,
            out: filled(&self.out),
        }))
    }
}

impl SigningConfigCreateArgs {
    fn base(&self) -> Result<ConfigBase, Error> {
        let on = Option::unwrap_or_default;
        let file = not_empty("--base-config", &self.base_config)?;
        let defaults = [
            ("--with-default-services", on(self.with_default_services)),
            ("--with-default-rekor-v2", on(self.with_default_rekor_v2)),
        ];
        let left_out = [
            ("--no-default-fulcio", on(self.no_default_fulcio)),
            ("--no-default-oidc", on(self.no_default_oidc)),
            ("--no-default-rekor", on(self.no_default_rekor)),
            ("--no-default-tsa", on(self.no_default_tsa)),
        ];
        let Some(file) = file else {
            if defaults.iter().all(|(_, on)| !on) {
                return Ok(ConfigBase::Nothing);
            }
            return Ok(ConfigBase::Public(DefaultConfig {
                rekor_v2: on(self.with_default_rekor_v2),
                certificate_authorities: !on(self.no_default_fulcio),
                oidc_providers: !on(self.no_default_oidc),
                logs: !on(self.no_default_rekor),
                timestamp_authorities: !on(self.no_default_tsa),
            }));
        };
        match defaults.into_iter().chain(left_out).find(|(_, on)| *on) {
            Some((flag, _)) => Err(Error::usage(format!("--base-config and {flag} cannot be used together"))
                .hint("begin with one of them: the file, or the public services")),
            None => Ok(ConfigBase::File(file)),
        }
    }
}

fn services(flag: &'static str, texts: &[String]) -> Result<Vec<Service>, Error> {
    let form =
        Form { flag, required: &["url", "api-version", "start-time", "operator"], optional: &["end-time"] };
    let service = |text: &String| {
        let spec = Spec::parse(form, text)?;
        let digits = spec.text("api-version");
        let version = digits.parse().ok().filter(|version| *version > 0 && !digits.starts_with('+'));
        let Some(major_api_version) = version else {
            return Err(spec.refused(&format!("`api-version`: `{digits}` is no number from 1 on")));
        };
        let valid_for = Window { start: spec.time("start-time")?, end: spec.time("end-time")? };
        if valid_for.is_empty() {
            return Err(spec.refused("`end-time` lies before `start-time`"));
        }
        Ok(Service {
            url: spec.text("url").to_owned(),
            major_api_version,
            valid_for,
            operator: spec.text("operator").to_owned(),
        })
    };
    texts.iter().map(service).collect()
}

fn selection(text: &str) -> Result<Chosen, String> {
    let (mode, count) = match text.split_once(':') {
        Some((mode, count)) => (mode, Some(count)),
        None => (text, None),
    };
    match (mode.to_ascii_uppercase().as_str(), count) {
        ("", None) => Ok(None),
        ("ANY", None) => Ok(Some(Selection::Any)),
        ("ALL", None) => Ok(Some(Selection::All)),
        (mode @ ("ANY" | "ALL"), Some(_)) => Err(format!("{mode} takes no number")),
        ("EXACT", None) => Err("EXACT needs a number, as in EXACT:2".to_owned()),
        ("EXACT", Some(count)) => match count.parse() {
            Ok(number) if number > 0 && !count.starts_with('+') => Ok(Some(Selection::Exact(number))),
            _ => Err("EXACT needs a number from 1 on, as in EXACT:2".to_owned()),
        },
        _ => Err("expected ANY, ALL or EXACT:n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_words_in_any_case() {
        for (text, chosen) in [
            ("", None),
            ("ANY", Some(Selection::Any)),
            ("all", Some(Selection::All)),
            ("Exact:1", Some(Selection::Exact(1))),
            ("EXACT:4294967295", Some(Selection::Exact(u32::MAX))),
        ] {
            assert_eq!(selection(text).unwrap(), chosen, "{text}");
        }
        for text in [
            "ANY:2",
            "ALL:",
            "EXACT",
            "EXACT:",
            "EXACT:0",
            "EXACT:-1",
            "EXACT:+1",
            "EXACT:4294967296",
            "MOST",
            " ANY",
            ":1",
        ] {
            assert!(selection(text).is_err(), "{text}");
        }
    }
}
