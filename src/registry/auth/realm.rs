//! Which token server may get the credentials of a registry.
//!
//! The registry names its token server in a header, so whoever can write that header chooses who gets the password:
//! CVE-2026-48978 of oras-go, CVE-2026-33540 of distribution. The rule here:
//!
//! 1. The token server is reached by https, or the registry itself is reached without TLS too.
//! 2. It is on the same host (any port), or the user named its host (`--registry-auth-host`), or it belongs to the
//!    same site: its host is the parent of the registry's host or stands below that parent. `auth.docker.io` is good for
//!    `index.docker.io`, `gitlab.com` for `registry.gitlab.com`, and nothing but itself for `ghcr.io`, `quay.io`, `gcr.io`.
//! 3. A parent that belongs to nobody alone makes no site: one label (`io`), a public suffix of two short labels (`co.uk`),
//!    the domains below which clouds give names to their customers. Addresses of the internet protocol have no parent.
//!
//! A token server that may not get the credentials is still asked without them, over https: some registries give everybody
//! a token to read. What it answers goes to the registry, so over http only the same site is asked.

use crate::http::Address;
use crate::registry::Registry;

/// Domains whose children belong to different people.
const SHARED: &[&str] = &[
    "amazonaws.com",
    "azurecr.cn",
    "azurecr.io",
    "azurecr.us",
    "azurewebsites.net",
    "cloudapp.azure.com",
    "cloudfront.net",
    "duckdns.org",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "jfrog.io",
    "netlify.app",
    "ngrok.io",
    "nip.io",
    "onrender.com",
    "pages.dev",
    "pkg.dev",
    "run.app",
    "sslip.io",
    "vercel.app",
    "web.app",
    "windows.net",
    "workers.dev",
];

/// Why a token server does not get credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// It is somebody else's, as far as the names say.
    OtherSite,
    /// It is reached without TLS, and the registry with it.
    WithoutTls,
}

/// Whether the token server `realm` may get credentials of `registry`, which is reached by TLS or not; the user allows
/// `allowed` hosts.
///
/// # Errors
/// Why not.
pub fn check(registry: &Registry, tls: bool, realm: &Address, allowed: &[String]) -> Result<(), Withheld> {
    if tls && !realm.is_https() {
        return Err(Withheld::WithoutTls);
    }
    let (host, other) = (registry.host().to_ascii_lowercase(), realm.host().to_ascii_lowercase());
    if host == other || is_same_site(&host, &other) || allowed.iter().any(|a| a.eq_ignore_ascii_case(&other))
    {
        Ok(())
    } else {
        Err(Withheld::OtherSite)
    }
}

fn is_same_site(host: &str, other: &str) -> bool {
    if [host, other].iter().any(|host| host.parse::<std::net::IpAddr>().is_ok()) {
        return false;
    }
    let Some((_, parent)) = host.split_once('.') else { return false };
    let below = other.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    below && !is_shared(parent)
}

fn is_shared(parent: &str) -> bool {
    let labels: Vec<_> = parent.split('.').collect();
    match labels.as_slice() {
        [_] => true,
        // `co.uk`, `com.au`, `ac.jp`: no list of them is complete, and few owners of two such labels run a registry.
        [second, top] if top.len() == 2 && second.len() <= 3 => true,
        _ => SHARED.iter().any(|shared| parent == *shared || parent.ends_with(&format!(".{shared}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(registry: &str, tls: bool, realm: &str, allowed: &[&str]) -> Result<(), Withheld> {
        let allowed: Vec<_> = allowed.iter().map(|host| (*host).to_owned()).collect();
        check(&Registry::parse(registry).unwrap(), tls, &Address::parse(realm).unwrap(), &allowed)
    }

    #[test]
    fn token_servers_of_known_registries_get_credentials() {
        for (registry, realm) in [
            ("index.docker.io", "https://auth.docker.io/token"),
            ("registry-1.docker.io", "https://auth.docker.io/token"),
            ("ghcr.io", "https://ghcr.io/token"),
            ("gcr.io", "https://gcr.io/v2/token"),
            ("us-docker.pkg.dev", "https://us-docker.pkg.dev/v2/token"),
            ("quay.io", "https://quay.io/v2/auth"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("registry.digitalocean.com", "https://api.digitalocean.com/v2/registry/auth"),
            ("public.ecr.aws", "https://public.ecr.aws/token/"),
            ("mine.azurecr.io", "https://mine.azurecr.io/oauth2/token"),
            ("Registry.Example.CO.UK", "https://auth.example.co.uk/"),
            ("r.example:5000", "https://r.example:5001/t"),
        ] {
            assert_eq!(may(registry, true, realm, &[]), Ok(()), "{registry} {realm}");
        }
        for registry in ["127.0.0.1:5000", "localhost:5000"] {
            let host = registry.split(':').next().unwrap();
            assert_eq!(may(registry, false, &format!("http://{host}:7/t"), &[]), Ok(()));
        }
    }

    /// CVE-2026-48978, CVE-2026-33540, CVE-2026-24845: the registry chose who got the credentials.
    #[test]
    fn cve_2026_48978_other_token_servers_do_not() {
        for (registry, realm) in [
            ("index.docker.io", "https://evil.example/token"),
            ("index.docker.io", "https://docker.io.evil.example/"),
            ("index.docker.io", "https://evildocker.io/"),
            ("ghcr.io", "https://evil.io/token"),
            ("ghcr.io", "https://auth.ghcr.io.evil.example/"),
            ("mine.azurecr.io", "https://evil.azurecr.io/oauth2/token"),
            ("1.dkr.ecr.us-east-1.amazonaws.com", "https://2.dkr.ecr.us-east-1.amazonaws.com/"),
            ("example.co.uk", "https://evil.co.uk/"),
            ("us.icr.io", "https://evil.icr.io/"),
            ("10.0.0.1", "https://10.0.0.2/"),
            ("10.0.0.1", "https://1.0.0.1/"),
            ("localhost:5000", "https://127.0.0.1/"),
            ("r.corp.example", "https://r.corp.example@evil.example/"),
        ] {
            assert_eq!(may(registry, true, realm, &[]), Err(Withheld::OtherSite), "{registry} {realm}");
        }
        assert_eq!(may("r.example", true, "http://r.example/t", &[]), Err(Withheld::WithoutTls));
        assert_eq!(may("r.example", true, "http://t.example/t", &["t.example"]), Err(Withheld::WithoutTls));
    }

    #[test]
    fn the_user_may_name_the_host() {
        assert_eq!(may("rg.scw.cloud", true, "https://API.other.example/t", &["api.other.example"]), Ok(()));
        assert!(may("rg.scw.cloud", true, "https://x.api.other.example/t", &["api.other.example"]).is_err());
    }
}
