//! Where services of AWS are ("AWS SDKs and Tools Reference Guide": Region, service-specific endpoints, FIPS and dual-stack).

use super::super::{Error, Settings};
use super::profile::Profiles;
use crate::http::Address;
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

/// Whether a host (`HOST` or `HOST:PORT`) is one that requests to a service may well go to: Amazon's own, also by way of a private network; that of a
/// variable or of the profile; this machine.
pub fn is_expected(settings: &Settings<'_>, service: &str, host: &str) -> bool {
    let Ok(address) = Address::parse(&format!("https://{host}/")) else { return false };
    if address.is_loopback() || is_amazons(service, address.host()) {
        return true;
    }
    // Settings that cannot be read name nobody; whoever uses them says what is wrong.
    let endpoints = Profiles::read(settings).and_then(|profiles| Endpoints::read(settings, &profiles));
    let is_named = |(of, _, url): &(&str, String, String)| {
        (*of == service || of.is_empty())
            && Address::parse(url).is_ok_and(|named| named.host().eq_ignore_ascii_case(address.host()))
    };
    endpoints.is_ok_and(|endpoints| endpoints.named.iter().any(is_named))
}

/// `SERVICE[-fips].REGION.DOMAIN`, and `vpce-ID.SERVICE[-fips].REGION.vpce.DOMAIN` ("AWS PrivateLink": endpoint-specific names). What else is
/// below these domains is of Amazon's customers.
fn is_amazons(service: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let Some(rest) = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.')) else {
        return false;
    };
    let labels: Vec<_> = rest.split('.').collect();
    let (name, region) = match labels.as_slice() {
        [name, region] => (name, region),
        [id, name, region, "vpce"] if id.starts_with("vpce-") => (name, region),
        _ => return false,
    };
    // A bucket may be called as the service is.
    name.strip_suffix("-fips").unwrap_or(name) == service && is_region(region) && !region.starts_with("s3")
}

/// The domains of Amazon's partitions.
const DOMAINS: [&str; 9] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.com.cn",
    "api.aws",
    "c2s.ic.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "sc2s.sgov.gov",
];

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::crypto::UnixTime;

    #[test]
    fn hosts_are_expected_where_they_are_amazons_or_somebody_has_named_them() {
        let expected = |variable: &str, url: &str, host: &str| {
            let variables = |name: &str| (name == variable).then(|| url.into());
            let (retry_for, total) = (Duration::ZERO, Duration::from_secs(1));
            let settings =
                Settings { variables: &variables, retry_for, total, now: UnixTime::new(1_800_000_000, 0) };
            is_expected(&settings, "kms", host)
        };
        for host in [
            "kms.us-east-1.amazonaws.com",
            "KMS-fips.us-east-1.amazonaws.com:443",
            "kms.cn-north-1.amazonaws.com.cn",
            "kms.eu-west-1.api.aws",
            "vpce-0295a3caf8414c94a-dfm9tr04.kms.us-east-1.vpce.amazonaws.com",
            "localhost:4566",
            "127.0.0.1:1",
            "[::1]:4566",
        ] {
            assert!(expected("", "", host), "{host}");
        }
        for host in [
            "kms.example",
            "kms.us-east-1.amazonaws.com.evil.example",
            "evilamazonaws.com",
            "amazonaws.com",
            "mine.s3.us-east-1.amazonaws.com",
            "kms.s3.amazonaws.com",
            "kms.s3-us-west-2.amazonaws.com",
            "ec2-1-2-3-4.compute-1.amazonaws.com",
            "sts.us-east-1.amazonaws.com",
            "x.kms.us-east-1.vpce.amazonaws.com",
            "10.0.0.1",
        ] {
            assert!(!expected("", "", host), "{host}");
            for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"] {
                assert!(expected(variable, &format!("http://{host}:4566/"), host), "{host}");
            }
            assert!(!expected("AWS_ENDPOINT_URL_STS", &format!("https://{host}/"), host), "{host}");
        }
        let profile = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&profile, "[default]\nendpoint_url = https://kms.example:4566\n").unwrap();
        let file = profile.path().to_str().unwrap();
        assert!(expected("AWS_CONFIG_FILE", file, "kms.example"));
        assert!(!expected("AWS_CONFIG_FILE", file, "kms.example.com"));
        let settings =
            |region: &str| Endpoints { named: Vec::new(), fips: false, dual_stack: region.is_empty() };
        for region in [
            "us-east-1",
            "cn-north-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "us-isof-south-1",
            "eu-isoe-west-1",
            "eusc-de-east-1",
        ] {
            for dual_stack in [region, ""] {
                let address = settings(dual_stack).of("kms", region).unwrap();
                let host = address.strip_prefix("https://").unwrap();
                assert!(expected("", "", host), "{host}");
            }
        }
    }
}
