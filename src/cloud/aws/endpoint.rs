//! Where services of AWS are ("AWS SDKs and Tools Reference Guide": Region, service-specific endpoints, FIPS and dual-stack).

use super::super::{Error, Settings};
use super::profile::Profiles;
use crate::http::service::asking::guarded;

/// The region that the environment names, or where it was looked for.
pub fn region(settings: &Settings<'_>, profiles: &Profiles) -> Result<Result<String, String>, Error> {
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = settings.variable(name)? {
            return checked(name, region).map(Ok);
        }
    }
    match profiles.value("region") {
        Some(region) => checked(&profiles.called("region"), region.to_owned()).map(Ok),
        None => Ok(Err(format!(
            "AWS_REGION and AWS_DEFAULT_REGION are not set, and no `region` stands in the profile `{}` ({})",
            profiles.name,
            profiles.looked_at()
        ))),
    }
}

/// A name that becomes part of the name of a host.
fn checked(name: &str, region: String) -> Result<String, Error> {
    match is_region(&region) {
        true => Ok(region),
        false => Err(Error::setting(name, format!("`{region}` is no region"))),
    }
}

/// Whether a text may be the name of a region.
pub fn is_region(text: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=40).contains(&text.len())
        && text.bytes().all(is_part)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The addresses that the environment names in place of Amazon's, and which of Amazon's are meant.
pub struct Endpoints {
    /// By the name of the service in variables; empty for all others. With what names it.
    named: Vec<(&'static str, String, String)>,
    fips: bool,
    dual_stack: bool,
}

impl Endpoints {
    /// Reads the variables and the profile.
    ///
    /// # Errors
    /// One is neither true nor false.
    pub fn read(settings: &Settings<'_>, profiles: &Profiles) -> Result<Self, Error> {
        let mut named = Vec::new();
        if !settings.switch("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")? {
            for (service, variable) in [
                ("kms", "AWS_ENDPOINT_URL_KMS"),
                ("sts", "AWS_ENDPOINT_URL_STS"),
                ("portal.sso", "AWS_ENDPOINT_URL_SSO"),
                ("api.ecr", "AWS_ENDPOINT_URL_ECR"),
                ("api.ecr-public", "AWS_ENDPOINT_URL_ECR_PUBLIC"),
                ("", "AWS_ENDPOINT_URL"),
            ] {
                if let Some(url) = settings.variable(variable)? {
                    named.push((service, variable.to_owned(), url));
                }
            }
            if let Some(url) = profiles.value("endpoint_url") {
                named.push(("", profiles.called("endpoint_url"), url.to_owned()));
            }
        }
        Ok(Self {
            named,
            fips: settings.switch("AWS_USE_FIPS_ENDPOINT")?,
            dual_stack: settings.switch("AWS_USE_DUALSTACK_ENDPOINT")?,
        })
    }

    /// The address of a service in a region, without a slash at its end.
    ///
    /// # Errors
    /// The named one is no place for secrets.
    pub fn of(&self, service: &str, region: &str) -> Result<String, Error> {
        if let Some((_, name, url)) = self.named.iter().find(|(of, ..)| *of == service || of.is_empty()) {
            guarded(name, url)?;
            return Ok(url.trim_end_matches('/').to_owned());
        }
        let fips = if self.fips { "-fips" } else { "" };
        Ok(format!("https://{service}{fips}.{region}.{}", self.suffix(region)))
    }

    /// The domain of the partition that a region is in (Amazon's `partitions.json`).
    fn suffix(&self, region: &str) -> &'static str {
        let starts = |prefix: &str| region.starts_with(prefix);
        match () {
            () if starts("cn-") && self.dual_stack => "api.amazonwebservices.com.cn",
            () if starts("cn-") => "amazonaws.com.cn",
            () if starts("us-iso-") => "c2s.ic.gov",
            () if starts("us-isob-") => "sc2s.sgov.gov",
            () if starts("us-isof-") || starts("eu-isof-") => "csp.hci.ic.gov",
            () if starts("eu-isoe-") => "cloud.adc-e.uk",
            () if starts("eusc-") => "amazonaws.eu",
            () if self.dual_stack => "api.aws",
            () => "amazonaws.com",
        }
    }
}
