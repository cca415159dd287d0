//! Whose registry it is, by its whole name. The last labels alone decide what a host is: `x.azurecr.io.evil.example` is evil's.

use crate::cloud::azure::Environment;
use crate::registry::Registry;

/// A cloud that the registry is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Amazon ECR.
    Aws(EcrHost),
    /// GitHub's container registry.
    GitHub,
    /// Google Artifact Registry or Container Registry.
    Google,
    /// Azure Container Registry.
    Azure {
        /// The cloud.
        environment: Environment,
        /// The whole host.
        host: String,
    },
}

/// A registry of Amazon.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "kms-aws"), allow(dead_code, reason = "this build cannot sign requests to Amazon"))]
pub enum EcrHost {
    /// That of an account in a region (Amazon ECR user guide, "Private registry authentication").
    Private {
        /// Twelve digits.
        account: String,
        /// Such as `eu-west-1`.
        region: String,
        /// Whether it is the endpoint by FIPS 140.
        fips: bool,
    },
    /// The public gallery.
    Public,
}

impl Owner {
    /// The owner of a registry: reached by https on its own port, and called in full.
    pub fn of(registry: &Registry) -> Option<Self> {
        let host = registry.host().to_ascii_lowercase();
        let name = registry.as_str().to_ascii_lowercase();
        if name != host && name != format!("{host}:443") {
            return None;
        }
        if host == "public.ecr.aws" {
            return Some(Self::Aws(EcrHost::Public));
        }
        if host == "ghcr.io" {
            return Some(Self::GitHub);
        }
        if let Some(ecr) = ecr(&host) {
            return Some(Self::Aws(ecr));
        }
        if is_google(&host) {
            return Some(Self::Google);
        }
        let environment =
            Environment::ALL.into_iter().find(|cloud| below(&host, cloud.registries()).is_some())?;
        Some(Self::Azure { environment, host })
    }

    /// What messages call the source of its credentials.
    pub fn source(&self) -> &'static str {
        match self {
            Self::Aws(_) => "AWS",
            Self::GitHub => "GitHub",
            Self::Google => "Google Cloud",
            Self::Azure { .. } => "Azure",
        }
    }
}

/// `ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com[.cn]`.
fn ecr(host: &str) -> Option<EcrHost> {
    let (rest, is_china) = match host.strip_suffix(".amazonaws.com.cn") {
        Some(rest) => (rest, true),
        None => (host.strip_suffix(".amazonaws.com")?, false),
    };
    let labels: Vec<_> = rest.split('.').collect();
    let [account, "dkr", service @ ("ecr" | "ecr-fips"), region] = labels.as_slice() else { return None };
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let is_sound = is_account && is_label(region) && region.starts_with("cn-") == is_china;
    is_sound.then(|| EcrHost::Private {
        account: (*account).to_owned(),
        region: (*region).to_owned(),
        fips: *service == "ecr-fips",
    })
}

/// `gcr.io` and the regions below it; `LOCATION-docker.pkg.dev`.
fn is_google(host: &str) -> bool {
    host == "gcr.io"
        || below(host, "gcr.io").is_some()
        || below(host, "pkg.dev").is_some_and(|label| label.strip_suffix("-docker").is_some_and(is_label))
}

/// The one label before a domain.
fn below<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    host.strip_suffix(domain)?.strip_suffix('.').filter(|label| is_label(label))
}

fn is_label(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_part)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(registry: &str) -> Option<Owner> {
        Registry::parse(registry).ok().and_then(|registry| Owner::of(&registry))
    }

    #[test]
    fn registries_of_clouds_are_known_by_their_whole_names() {
        let private = |region: &str, fips| {
            let (account, region) = ("123456789012".to_owned(), region.to_owned());
            Some(Owner::Aws(EcrHost::Private { account, region, fips }))
        };
        assert_eq!(owner("123456789012.dkr.ecr.us-east-1.amazonaws.com"), private("us-east-1", false));
        assert_eq!(owner("123456789012.dkr.ecr.us-east-1.amazonaws.com:443"), private("us-east-1", false));
        assert_eq!(
            owner("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com"),
            private("us-gov-west-1", true)
        );
        assert_eq!(owner("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"), private("cn-north-1", false));
        assert_eq!(owner("public.ecr.aws"), Some(Owner::Aws(EcrHost::Public)));
        for host in ["ghcr.io", "ghcr.io:443"] {
            assert_eq!(owner(host), Some(Owner::GitHub), "{host}");
        }
        for host in ["gcr.io", "eu.gcr.io", "us-docker.pkg.dev", "europe-west1-docker.pkg.dev", "GCR.io:443"]
        {
            assert_eq!(owner(host), Some(Owner::Google), "{host}");
        }
        for (host, environment) in [
            ("mine.azurecr.io", Environment::Public),
            ("mine-a1b2.azurecr.io", Environment::Public),
            ("mine.azurecr.cn", Environment::China),
            ("mine.azurecr.us", Environment::UsGovernment),
        ] {
            assert_eq!(owner(host), Some(Owner::Azure { environment, host: host.to_owned() }));
        }
    }

    #[test]
    fn hosts_that_are_called_alike_are_nobodys() {
        for host in [
            "evil.dkr.ecr.us-east-1.amazonaws.com.evil.com",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.com",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com:5000",
            "123456789012.dkr.ecr.us-east-1.evilamazonaws.com",
            "123456789012.dkr.ecr.us-east-1.x.amazonaws.com",
            "x.123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "evil.dkr.ecr.us-east-1.amazonaws.com",
            "12345678901.dkr.ecr.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr.amazonaws.com",
            "123456789012.s3.us-east-1.amazonaws.com",
            "s3.amazonaws.com",
            "public.ecr.aws.evil.com",
            "evil-public.ecr.aws",
            "public.ecr.aws:5000",
            "evilgcr.io",
            "gcr.io.evil.com",
            "a.b.gcr.io",
            "gcr.io:5000",
            "pkg.dev",
            "-docker.pkg.dev",
            "us-npm.pkg.dev",
            "x.us-docker.pkg.dev",
            "us-docker.pkg.dev.evil.com",
            "azurecr.io",
            "evilazurecr.io",
            "mine.azurecr.io.evil.com",
            "a.b.azurecr.io",
            "mine.azurecr.io:8443",
            "mine.azurecr.de",
            "127.0.0.1:5000",
            "localhost",
            "index.docker.io",
            "ghcr.io:5000",
            "x.ghcr.io",
            "ghcr.io.evil.com",
            "evilghcr.io",
        ] {
            assert_eq!(owner(host), None, "{host}");
        }
    }
}
