//! Every source of tokens, against servers in this process.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json as object};

use super::*;
use crate::crypto::{
    Digests, HashAlgorithm, KeyType, PrivateKey, SignatureScheme, Signed, SigningKey, base64, json as text,
    pem,
};
use crate::http::scripted::{Reply, Seen, Served, json, reply, run, serve};

const NOW: i64 = 1_800_000_000;
const RESOURCE: &str = "https://vault.azure.net";
const TOKEN: &str = "eyJ0eXAi.an-access-token.c2ln";

fn settings<T>(variables: &[(&str, &str)], then: impl FnOnce(&Settings<'_>) -> T) -> T {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    then(&Settings {
        variables: &|name| variables.get(name).map(Into::into),
        retry_for: Duration::ZERO,
        total: Duration::from_secs(10),
        now: UnixTime::new(NOW, 0),
    })
}

fn asked(variables: &[(&str, &str)]) -> Result<String, Error> {
    let azure = settings(variables, |settings| {
        let place = Place::read(settings, None)?;
        Azure::read(settings, &place, RESOURCE)
    })?;
    run(async { azure.token().await.map(|token| String::from_utf8(token.expose().to_vec()).unwrap()) })
}

fn found(variables: &[(&str, &str)]) -> String {
    asked(variables).unwrap_or_else(|error| panic!("{}", chain(&error)))
}

fn failed(variables: &[(&str, &str)]) -> String {
    chain(&asked(variables).unwrap_err())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A home folder with these files in `.azure`.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(this.0.path().join(".azure")).unwrap();
        for (name, text) in files {
            std::fs::write(this.0.path().join(".azure").join(name), text).unwrap();
        }
        this
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn at(&self, name: &str) -> String {
        Path::new(self.path()).join(".azure").join(name).to_str().unwrap().to_owned()
    }
}

fn given() -> Reply {
    json(
        200,
        &object!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": TOKEN }),
    )
}

/// Microsoft Entra; `check` looks at the form, whose scope is that of the resource.
fn entra(check: impl Fn(&HashMap<String, String>) -> Reply + Send + 'static) -> Served {
    serve(move |seen| {
        assert_eq!(seen.line, "POST /the-tenant/oauth2/v2.0/token");
        assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(seen.authorization(), None);
        let form = seen.form();
        assert_eq!(form["scope"], format!("{RESOURCE}/.default"));
        check(&form)
    })
}

fn application<'a>(server: &'a Served, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("AZURE_TENANT_ID", "the-tenant"),
        ("AZURE_CLIENT_ID", "the-client"),
        ("AZURE_AUTHORITY_HOST", &*server.url),
    ];
    all.extend_from_slice(more);
    all
}

/// Nobody is asked for the metadata of the machine that the tests run on.
fn no_machine() -> Served {
    serve(|_| reply(404))
}

#[test]
fn a_secret_becomes_a_token() {
    let server = entra(|form| {
        assert_eq!((&*form["client_id"], &*form["client_secret"]), ("the-client", "hush+/= &"));
        given()
    });
    assert_eq!(found(&application(&server, &[("AZURE_CLIENT_SECRET", "hush+/= &")])), TOKEN);
}

#[test]
fn a_workload_shows_the_token_in_its_file() {
    let home = Home::new(&[("token", "eyJhbGci.federated.token\n")]);
    let path = home.at("token");
    let server = entra(|form| {
        assert_eq!(form["client_assertion"], "eyJhbGci.federated.token");
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert_eq!(form["grant_type"], "client_credentials");
        given()
    });
    assert_eq!(found(&application(&server, &[("AZURE_FEDERATED_TOKEN_FILE", &path)])), TOKEN);
    let error = failed(&application(&server, &[("AZURE_FEDERATED_TOKEN_FILE", &home.at("absent"))]));
    assert!(error.contains("AZURE_FEDERATED_TOKEN_FILE") && error.contains("cannot be read"), "{error}");
    std::fs::write(&path, "two words").unwrap();
    let error = failed(&application(&server, &[("AZURE_FEDERATED_TOKEN_FILE", &path)]));
    assert!(error.contains("is no token") && !error.contains("two words"), "{error}");
}

#[test]
fn a_certificate_signs_what_is_shown() {
    let key = PrivateKey::generate(KeyType::Rsa { bits: 2048 }).unwrap();
    let pkcs8 = key.to_pkcs8().unwrap();
    let certificate = b"any bytes: it is known by its SHA-1";
    let both = pem::encode("PRIVATE KEY", pkcs8.expose()) + &pem::encode("CERTIFICATE", certificate);
    let home = Home::new(&[("app.pem", &both)]);
    let public = key.public_key().clone();
    let server = entra(move |form| {
        let parts: Vec<_> = form["client_assertion"].split('.').collect();
        let part = |at: usize| base64::decode(parts[at]).unwrap();
        let header = text::parse("header", &part(0)).unwrap();
        assert_eq!((&header["alg"], &header["typ"]), (&"RS256".into(), &"JWT".into()));
        let thumbprint = base64::decode(header["x5t"].as_str().unwrap()).unwrap();
        assert_eq!(hex::encode(thumbprint), crate::crypto::sha1_name(certificate));
        let claims = text::parse("claims", &part(1)).unwrap();
        assert_eq!((&claims["iss"], &claims["sub"]), (&"the-client".into(), &"the-client".into()));
        assert!(claims["aud"].as_str().unwrap().ends_with("/the-tenant/oauth2/v2.0/token"));
        assert_eq!((&claims["nbf"], &claims["exp"]), (&NOW.into(), &(NOW + 600).into()));
        let signed = form["client_assertion"].rsplit_once('.').unwrap().0.as_bytes();
        let digests = Digests::from(HashAlgorithm::Sha256.digest(signed));
        let signed = Signed::Stream { digests: &digests, ed25519: &[] };
        public.verify(SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256), signed, &part(2)).unwrap();
        given()
    });
    let path = home.at("app.pem");
    assert_eq!(found(&application(&server, &[("AZURE_CLIENT_CERTIFICATE_PATH", &path)])), TOKEN);
    let ec = PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8().unwrap();
    let ec = pem::encode("PRIVATE KEY", ec.expose());
    for (content, words) in [
        ("no PEM".to_owned(), "PKCS #12 is converted"),
        (pem::encode("CERTIFICATE", certificate), "holds no private key"),
        (pem::encode("PRIVATE KEY", pkcs8.expose()), "holds no certificate"),
        (ec + &pem::encode("CERTIFICATE", certificate), "takes RSA keys alone"),
        (
            pem::encode("ENCRYPTED PRIVATE KEY", b"x") + &pem::encode("CERTIFICATE", b"y"),
            "without a password alone",
        ),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = failed(&application(&server, &[("AZURE_CLIENT_CERTIFICATE_PATH", &path)]));
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn a_refusal_ends_the_search_and_shows_no_secret() {
    let server = entra(|form| {
        let said = format!("AADSTS7000215: Invalid client secret provided: {}", form["client_secret"]);
        json(
            401,
            &object!({ "error": "invalid_client", "error_description": said, "error_codes": [7_000_215] }),
        )
    });
    let error = failed(&application(&server, &[("AZURE_CLIENT_SECRET", "hush-hush-hush")]));
    assert!(error.starts_with("AZURE_CLIENT_SECRET brought no credentials"), "{error}");
    assert!(error.contains("AADSTS7000215") && !error.contains("hush-hush"), "{error}");
    for answer in [
        object!({}),
        object!({ "access_token": "" }),
        object!({ "access_token": "a b" }),
        object!([]),
        object!({ "access_token": "t", "token_type": "pop" }),
    ] {
        let server = entra(move |_| json(200, &answer));
        let error = failed(&application(&server, &[("AZURE_CLIENT_SECRET", "hush-hush-hush")]));
        assert!(error.contains("not what it should be"), "{error}");
    }
}

#[test]
fn halves_are_said() {
    for (variables, words) in [
        (
            vec![("AZURE_CLIENT_SECRET", "x")],
            "AZURE_CLIENT_SECRET cannot be used: AZURE_TENANT_ID is not set with it",
        ),
        (vec![("AZURE_CLIENT_SECRET", "x"), ("AZURE_TENANT_ID", "t")], "AZURE_CLIENT_ID is not set with it"),
        (
            vec![("AZURE_CLIENT_SECRET", "x"), ("AZURE_TENANT_ID", "a/../b"), ("AZURE_CLIENT_ID", "c")],
            "neither the id nor a domain",
        ),
        (vec![("AZURE_FEDERATED_TOKEN_FILE", "x")], "AZURE_TENANT_ID is not set with it"),
        (vec![("AZURE_USERNAME", "x"), ("AZURE_PASSWORD", "secret")], "by a password alone"),
        (vec![("AZURE_AUTH_METHOD", "magic")], "neither `environment` nor `cli`"),
        (vec![("IDENTITY_ENDPOINT", "http://127.0.0.1:1")], "IDENTITY_HEADER is not set with it"),
        (vec![("IDENTITY_ENDPOINT", "http://evil.example"), ("IDENTITY_HEADER", "h")], "without https"),
        (
            vec![("IDENTITY_ENDPOINT", "http://127.0.0.1:1"), ("IMDS_ENDPOINT", "http://127.0.0.1:2")],
            "Azure Arc",
        ),
        (vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://evil.example")], "without https"),
    ] {
        let error = failed(&variables);
        assert!(error.contains(words) && !error.contains("secret be"), "{error}");
    }
}

fn query(seen: &Seen) -> HashMap<String, String> {
    let path = seen.line.split(' ').nth(1).unwrap();
    crate::http::Address::parse(&format!("http://x{path}")).unwrap().query().into_iter().collect()
}

#[test]
fn machines_give_tokens() {
    let server = serve(|seen| {
        assert!(seen.is("GET /metadata/identity/oauth2/token"), "{}", seen.line);
        assert_eq!(seen.header("metadata"), Some("true"));
        let query = query(seen);
        assert_eq!((&*query["api-version"], &*query["resource"]), ("2018-02-01", RESOURCE));
        assert_eq!(query.get("client_id").map(String::as_str), Some("the-identity"));
        json(200, &object!({ "access_token": TOKEN, "expires_on": "1800003600", "token_type": "Bearer" }))
    });
    let machine = ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*server.url);
    assert_eq!(found(&[machine, ("AZURE_CLIENT_ID", "the-identity")]), TOKEN);
    let server = serve(|seen| {
        assert!(seen.is("GET /msi/token"), "{}", seen.line);
        assert_eq!((seen.header("x-identity-header"), seen.header("metadata")), (Some("the-header"), None));
        let query = query(seen);
        assert_eq!((&*query["api-version"], &*query["resource"]), ("2019-08-01", RESOURCE));
        json(200, &object!({ "access_token": TOKEN, "expires_on": "1800003600", "token_type": "Bearer" }))
    });
    let url = format!("{}/msi/token", server.url);
    assert_eq!(found(&[("IDENTITY_ENDPOINT", &url), ("IDENTITY_HEADER", "the-header")]), TOKEN);
    let server = serve(|seen| {
        assert_eq!((&*seen.line, seen.header("metadata")), ("POST /oauth2/token", Some("true")));
        assert_eq!(seen.form()["resource"], RESOURCE);
        json(200, &object!({ "access_token": TOKEN }))
    });
    assert_eq!(found(&[("MSI_ENDPOINT", &format!("{}/oauth2/token", server.url))]), TOKEN);
}

#[test]
fn where_nothing_is_everything_that_was_looked_at_is_said() {
    let home = Home::new(&[]);
    let server = serve(|_| {
        json(400, &object!({ "error": "invalid_request", "error_description": "Identity not found" }))
    });
    let error = failed(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", &server.url), ("HOME", home.path())]);
    for words in [
        "the credentials of Azure are not known",
        "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set",
        "AZURE_FEDERATED_TOKEN_FILE is not set",
        "gives no token (status 400: Identity not found)",
        "azureProfile.json` does not exist",
    ] {
        assert!(error.contains(words), "{error}");
    }
    let machine = no_machine();
    let error = failed(&[
        ("AZURE_AUTH_METHOD", "cli"),
        ("HOME", home.path()),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &machine.url),
    ]);
    assert!(!error.contains("metadata") && machine.lines().is_empty(), "{error}");
}

fn profile(kind: &str, environment: &str) -> String {
    let chosen = object!({
        "id": "s", "isDefault": true, "tenantId": "the-tenant", "environmentName": environment,
        "user": { "name": "me@example.com", "type": kind },
    });
    let other = object!({ "id": "o", "isDefault": false, "tenantId": "other", "user": { "name": "other", "type": "user" } });
    format!("\u{feff}{}", object!({ "installationId": "i", "subscriptions": [other, chosen] }))
}

fn cache(expires_on: Value, target: &str) -> String {
    let entry = |tenant: &str, secret: &str| {
        object!({
            "credential_type": "AccessToken", "secret": secret, "home_account_id": "u.t", "environment": "login.microsoftonline.com",
            "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "target": target, "realm": tenant, "token_type": "Bearer",
            "cached_at": "1", "expires_on": expires_on, "extended_expires_on": expires_on,
        })
    };
    object!({
        "AccessToken": { "a": entry("other", "of-another-tenant"), "b": entry("the-tenant", TOKEN) },
        "RefreshToken": {
            "r": { "home_account_id": "x.t", "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "secret": "of-somebody-else" },
            "s": { "home_account_id": "u.t", "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "secret": "the-refresh-token" },
        },
        "Account": {
            "x": { "home_account_id": "x.t", "username": "other@example.com" },
            "u": { "home_account_id": "u.t", "username": "Me@example.com" },
        },
    })
    .to_string()
}

#[test]
fn the_login_of_the_cli_is_used() {
    let target = "https://vault.azure.net/user_impersonation https://vault.azure.net/.default";
    let home = Home::new(&[
        ("azureProfile.json", &profile("user", "AzureCloud")),
        ("msal_token_cache.json", &cache(object!((NOW + 61).to_string()), target)),
    ]);
    let cli = [("AZURE_AUTH_METHOD", "cli"), ("HOME", home.path())];
    assert_eq!(found(&cli), TOKEN);
    let elsewhere = [("AZURE_AUTH_METHOD", "cli"), ("AZURE_CONFIG_DIR", &*home.at(""))];
    assert_eq!(found(&elsewhere), TOKEN);
    for (expires, target) in [
        (object!((NOW + 60).to_string()), target),
        (object!(NOW - 1), target),
        (object!(NOW + 3600), "https://management.core.windows.net//.default"),
        (object!(NOW + 3600), "https://vault.azure.net.evil.example/.default"),
    ] {
        let server = entra(|form| {
            assert_eq!(
                (&*form["grant_type"], &*form["refresh_token"]),
                ("refresh_token", "the-refresh-token")
            );
            assert_eq!(form["client_id"], "04b07795-8ddb-461a-bbee-02f9e1bf7b46");
            json(
                200,
                &object!({ "token_type": "Bearer", "access_token": "a-new-one", "refresh_token": "kept-by-nobody" }),
            )
        });
        std::fs::write(home.at("msal_token_cache.json"), cache(expires, target)).unwrap();
        let before = std::fs::read(home.at("msal_token_cache.json")).unwrap();
        assert_eq!(found(&[&cli[..], &[("AZURE_AUTHORITY_HOST", &server.url)]].concat()), "a-new-one");
        assert_eq!(std::fs::read(home.at("msal_token_cache.json")).unwrap(), before);
    }
    let server = entra(|_| {
        json(
            400,
            &object!({ "error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired" }),
        )
    });
    let error = failed(&[&cli[..], &[("AZURE_AUTHORITY_HOST", &server.url)]].concat());
    assert!(error.contains("the login of the Azure CLI in") && error.contains("AADSTS700082"), "{error}");
}

#[test]
fn a_login_of_the_cli_that_is_of_no_use_is_said() {
    let good = cache(object!(NOW + 3600), "https://vault.azure.net/.default");
    for (profile, cache, words) in [
        (profile("user", "AzureChinaCloud"), good.clone(), "is for AzureChinaCloud, not for AzureCloud"),
        (
            profile("user", "AzureCloud"),
            good.replace("Me@example.com", "you@example.com"),
            "holds no login of me@example.com",
        ),
        (
            profile("servicePrincipal", "AzureCloud"),
            good.clone(),
            "service_principal_entries.json` does not exist",
        ),
        ("{\"subscriptions\":[]}".to_owned(), good.clone(), "names no login"),
        (profile("user", "AzureCloud"), "secret{".to_owned(), "cannot be used"),
        (
            profile("user", "AzureCloud"),
            good.replace("\"expires_on\":1800003600", "\"expires_on\":[]"),
            "must be a time",
        ),
    ] {
        let home = Home::new(&[("azureProfile.json", &profile), ("msal_token_cache.json", &cache)]);
        let error = failed(&[("AZURE_AUTH_METHOD", "cli"), ("HOME", home.path())]);
        assert!(error.contains(words) && !error.contains("secret{"), "{words}: {error}");
    }
}

#[test]
fn an_application_that_has_logged_in_with_the_cli_shows_its_secret() {
    let entries = object!([
        { "client_id": "other", "tenant": "the-tenant", "client_secret": "no" },
        { "client_id": "me@example.com", "tenant": "the-tenant", "client_secret": "of-the-application" },
    ])
    .to_string();
    let home = Home::new(&[
        ("azureProfile.json", &profile("servicePrincipal", "AzureCloud")),
        ("service_principal_entries.json", &entries),
    ]);
    let server = entra(|form| {
        assert_eq!((&*form["client_id"], &*form["client_secret"]), ("me@example.com", "of-the-application"));
        given()
    });
    let cli = [("AZURE_AUTH_METHOD", "cli"), ("HOME", home.path()), ("AZURE_AUTHORITY_HOST", &server.url)];
    assert_eq!(found(&cli), TOKEN);
}
