//! What tokens say (OpenID Connect Core 1.0 section 2), and what is looked at of those that come back.

use serde_json::{Map, Value, json};

use super::jws;
use crate::crypto::{DecodeError, PrivateKey, PublicKey, SignError, UnixTime};

/// To whom tokens are made out that Fulcio takes.
pub const AUDIENCE: &str = "sigstore";
/// How long a token lives unless it says otherwise, in seconds.
pub const LIFETIME: u32 = 600;
/// What a token that says it was made in the future is forgiven, in seconds.
const LEEWAY: i64 = 30;
const WHAT: &str = "identity token";

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whom it is about.
    pub identity: Identity,
    /// To whom it is made out (`aud`).
    pub audience: String,
    /// For how many seconds it is of use.
    pub lifetime: u32,
    /// The nonce of the request that it answers.
    pub nonce: Option<String>,
    /// The issuer behind this issuer (`federated_claims.connector_id`), which Fulcio writes into the certificate in its place:
    /// so a sandbox can make certificates as `https://token.actions.githubusercontent.com` would get them.
    pub upstream_issuer: Option<String>,
}

/// Whom a token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Somebody with an address of e-mail, which counts as verified.
    Email(String),
    /// A machine with a URI, such as a SPIFFE ID.
    Uri(String),
    /// A run of a workflow of GitHub.
    GithubWorkflow(Box<GithubWorkflow>),
}

/// A run of a workflow, as GitHub's tokens describe it. What is not here is made of it, or the same in every token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubWorkflow {
    /// `owner/name`.
    pub repository: String,
    /// The workflow's file in the repository: `.github/workflows/release.yml`.
    pub file: String,
    /// Its name, as it calls itself.
    pub name: String,
    /// `refs/heads/main`.
    pub git_ref: String,
    /// The commit, in hexadecimal digits.
    pub sha: String,
    /// What started it: `push`.
    pub event: String,
    /// The deployment environment, if it has one.
    pub environment: Option<String>,
    /// `public`, `private` or `internal`.
    pub visibility: String,
}

impl Claims {
    /// A token for Fulcio, of the usual lifetime.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            audience: AUDIENCE.to_owned(),
            lifetime: LIFETIME,
            nonce: None,
            upstream_issuer: None,
        }
    }
}

impl GithubWorkflow {
    /// A run on the branch `main` of this repository, started by a push.
    pub fn new(repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            file: ".github/workflows/release.yml".to_owned(),
            name: "Release".to_owned(),
            git_ref: "refs/heads/main".to_owned(),
            sha: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            event: "push".to_owned(),
            environment: None,
            visibility: "public".to_owned(),
        }
    }

    fn subject(&self) -> String {
        match &self.environment {
            Some(environment) => format!("repo:{}:environment:{environment}", self.repository),
            None if self.event == "pull_request" => format!("repo:{}:pull_request", self.repository),
            None => format!("repo:{}:ref:{}", self.repository, self.git_ref),
        }
    }

    /// The claims beside those that every token has.
    fn claims(&self) -> Map<String, Value> {
        let owner = self.repository.split('/').next().unwrap_or_default();
        let workflow = format!("{}/{}@{}", self.repository, self.file, self.git_ref);
        let ref_type = if self.git_ref.starts_with("refs/tags/") { "tag" } else { "branch" };
        let pairs = [
            ("actor", "octocat"),
            ("actor_id", "583231"),
            ("base_ref", ""),
            ("event_name", &self.event),
            ("head_ref", ""),
            ("job_workflow_ref", &workflow),
            ("job_workflow_sha", &self.sha),
            ("ref", &self.git_ref),
            ("ref_protected", "false"),
            ("ref_type", ref_type),
            ("repository", &self.repository),
            ("repository_id", "1296269"),
            ("repository_owner", owner),
            ("repository_owner_id", "583231"),
            ("repository_visibility", &self.visibility),
            ("run_attempt", "1"),
            ("run_id", "30433642"),
            ("run_number", "562"),
            ("runner_environment", "github-hosted"),
            ("sha", &self.sha),
            ("workflow", &self.name),
            ("workflow_ref", &workflow),
            ("workflow_sha", &self.sha),
        ];
        let environment = self.environment.as_deref().map(|name| ("environment", name));
        pairs.into_iter().chain(environment).map(|(name, value)| (name.to_owned(), value.into())).collect()
    }
}

/// Makes a token of this issuer, signed by its key, which has to be an RSA key of 2048 bits.
///
/// # Errors
/// The key does not sign.
pub fn mint(key: &PrivateKey, issuer: &str, claims: &Claims, now: UnixTime) -> Result<String, SignError> {
    let now = now.seconds();
    let subject = match &claims.identity {
        Identity::Email(address) => address.clone(),
        Identity::Uri(uri) => uri.clone(),
        Identity::GithubWorkflow(run) => run.subject(),
    };
    let mut out = json!({
        "iss": issuer, "sub": subject, "aud": claims.audience,
        "iat": now, "nbf": now, "exp": now.saturating_add(i64::from(claims.lifetime)),
    });
    if let Value::Object(out) = &mut out {
        match &claims.identity {
            Identity::Email(address) => {
                out.insert("email".to_owned(), address.as_str().into());
                out.insert("email_verified".to_owned(), true.into());
            }
            Identity::Uri(_) => {}
            Identity::GithubWorkflow(run) => out.extend(run.claims()),
        }
        if let Some(nonce) = &claims.nonce {
            out.insert("nonce".to_owned(), nonce.as_str().into());
        }
        if let Some(upstream) = &claims.upstream_issuer {
            out.insert(
                "federated_claims".to_owned(),
                json!({ "connector_id": upstream, "user_id": subject }),
            );
        }
    }
    jws::sign(key, &out)
}

/// The claims of a token that this issuer made out to Fulcio and that is of use now.
///
/// # Errors
/// Not signed by the key; another issuer or audience; expired, or not of use yet; a claim of another type than it should have.
pub fn verify(key: &PublicKey, issuer: &str, token: &str, now: UnixTime) -> Result<Value, DecodeError> {
    let claims = jws::open(key, token)?;
    let wrong = |at: &str, reason: String| DecodeError::new(WHAT, at, reason);
    match claims.get("iss").and_then(Value::as_str) {
        Some(found) if found == issuer => {}
        found => return Err(wrong("iss", format!("`{}` where `{issuer}` is trusted", found.unwrap_or("")))),
    }
    let is_meant = |audience: &Value| audience.as_str() == Some(AUDIENCE);
    let meant = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(is_meant),
        Some(one) => is_meant(one),
        None => false,
    };
    if !meant {
        return Err(wrong("aud", format!("the token is not made out to `{AUDIENCE}`")));
    }
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(seconds) => Ok(Some(UnixTime::from_seconds(seconds))),
            None => Err(wrong(name, "not a number of seconds".to_owned())),
        },
    };
    let expires = time("exp")?.ok_or_else(|| wrong("exp", "missing".to_owned()))?;
    if expires <= now {
        return Err(wrong("exp", format!("the token expired at {expires}, and it is {now}")));
    }
    for name in ["nbf", "iat"] {
        if let Some(begins) = time(name)?
            && begins > now.plus_seconds(LEEWAY)
        {
            return Err(wrong(name, format!("the token is of use from {begins} on, and it is {now}")));
        }
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::issue::fixtures::{key, second};

    const ISSUER: &str = "http://127.0.0.1:1";

    fn token(change: impl FnOnce(&mut Value)) -> String {
        let now = second(0).seconds();
        let mut claims = json!({ "iss": ISSUER, "sub": "x", "aud": AUDIENCE, "iat": now, "exp": now + 60 });
        change(&mut claims);
        jws::sign(key(jws::KEY_TYPE, "oidc"), &claims).unwrap()
    }

    fn read(token: &str, now: i64) -> Result<Value, DecodeError> {
        use crate::crypto::SigningKey as _;
        verify(key(jws::KEY_TYPE, "oidc").public_key(), ISSUER, token, second(now))
    }

    #[test]
    fn tokens_are_of_use_for_their_time_to_whom_they_are_made_out() {
        assert_eq!(read(&token(|_| ()), 59).unwrap()["sub"], "x");
        assert!(read(&token(|claims| claims["aud"] = json!(["other", "sigstore"])), 0).is_ok());
        assert!(read(&token(|_| ()), -LEEWAY).is_ok());
        type Change = fn(&mut Value);
        for (change, now, reason) in [
            ((|_| ()) as Change, 60, "expired at"),
            (|_| (), -LEEWAY - 1, "of use from"),
            (|claims| claims["exp"] = json!("soon"), 0, "exp: not a number"),
            (|claims| drop(claims.as_object_mut().unwrap().remove("exp")), 0, "exp: missing"),
            (|claims| claims["aud"] = json!("other"), 0, "not made out to"),
            (|claims| claims["aud"] = json!([]), 0, "not made out to"),
            (|claims| claims["aud"] = json!({ "sigstore": 1 }), 0, "not made out to"),
            (|claims| drop(claims.as_object_mut().unwrap().remove("aud")), 0, "not made out to"),
            (|claims| claims["iss"] = json!("http://127.0.0.1:2"), 0, "is trusted"),
            (|claims| claims["iss"] = json!("http://127.0.0.1:1/"), 0, "is trusted"),
            (|claims| drop(claims.as_object_mut().unwrap().remove("iss")), 0, "is trusted"),
        ] {
            let error = read(&token(change), now).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }

    #[test]
    fn workflows_have_the_claims_of_their_kind() {
        let mut run = GithubWorkflow::new("octo/repo");
        let minted = |run: &GithubWorkflow| {
            let claims = Claims::new(Identity::GithubWorkflow(Box::new(run.clone())));
            read(&mint(key(jws::KEY_TYPE, "oidc"), ISSUER, &claims, second(0)).unwrap(), 0).unwrap()
        };
        let claims = minted(&run);
        assert_eq!(claims["sub"], "repo:octo/repo:ref:refs/heads/main");
        assert_eq!(claims["job_workflow_ref"], "octo/repo/.github/workflows/release.yml@refs/heads/main");
        assert_eq!((&claims["repository_owner"], claims.get("environment")), (&json!("octo"), None));
        run.environment = Some("prod".into());
        assert_eq!(minted(&run)["sub"], "repo:octo/repo:environment:prod");
        (run.environment, run.event) = (None, "pull_request".into());
        assert_eq!(minted(&run)["sub"], "repo:octo/repo:pull_request");
    }
}
