//! Who may do what: basic authentication, and bearer tokens of a token endpoint (the protocols of Docker's registry, "Token
//! Authentication" and "OAuth2 Token Authentication").

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::names::Route;
use super::reply::{Code, Reply};
use super::request::{Host, Request, parameter, parameters};
use crate::crypto::{base64, sha256};

/// Whom a registry asks for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Access {
    /// Nobody is asked.
    #[default]
    Anyone,
    /// Basic authentication on every request.
    Basic {
        /// The one user there is.
        user: String,
        /// The password.
        password: String,
    },
    /// Bearer tokens, from the endpoint `/token`, which takes basic authentication (GET) and OAuth2 (POST, with a password or the
    /// identity token).
    Bearer {
        /// The one user there is.
        user: String,
        /// The password.
        password: String,
        /// The refresh token that is taken in place of the password.
        identity_token: String,
        /// The server whose `/token` the challenge names.
        realm: Host,
    },
}

impl Access {
    /// Basic authentication.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    /// Bearer tokens of the registry itself or of the other host; the identity token is `identity-token-of-USER`.
    pub fn bearer(user: &str, password: &str, realm: Host) -> Self {
        let identity_token = format!("identity-token-of-{user}");
        Self::Bearer { user: user.to_owned(), password: password.to_owned(), identity_token, realm }
    }
}

/// The door.
#[derive(Debug)]
pub(super) struct Guard {
    pub access: Access,
    pub anonymous_pull: bool,
    /// The address of the token endpoint.
    pub realm: String,
    tokens: Mutex<HashMap<String, Vec<Grant>>>,
}

/// What a token allows: a scope with its actions.
#[derive(Debug, Clone)]
struct Grant {
    /// Such as `repository:app`.
    resource: String,
    actions: Vec<String>,
}

/// How long tokens are said to live. They live until they are revoked.
const TOKEN_SECONDS: u32 = 300;

impl Guard {
    pub fn new(access: Access, anonymous_pull: bool, realm: String) -> Self {
        Self { access, anonymous_pull, realm, tokens: Mutex::default() }
    }

    /// Forgets all tokens.
    pub fn revoke(&self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets a request in, or says what is asked of the client.
    pub fn admit(&self, request: &Request, route: Option<&Route>) -> Result<(), Box<Reply>> {
        if request.host == Host::Other {
            return Ok(());
        }
        let (resource, action) = needed(&request.method, route);
        let anonymous = self.anonymous_pull && action == "pull" && request.authorization().is_none();
        match &self.access {
            Access::Anyone => Ok(()),
            Access::Basic { user, password } if has_basic(request, user, password) => Ok(()),
            Access::Basic { .. } if anonymous && !resource.is_empty() => Ok(()),
            Access::Basic { .. } => {
                Err(Box::new(refused().with("WWW-Authenticate", "Basic realm=\"sandbox\"")))
            }
            Access::Bearer { .. } => match self.grants(request) {
                Some(grants) if resource.is_empty() || allows(&grants, &resource, action) => Ok(()),
                grants => Err(Box::new(self.challenge(&resource, action, grants.is_some()))),
            },
        }
    }

    /// Whether a request that was let in may also read another repository: what a mount is from.
    pub fn may_pull(&self, request: &Request, repository: &str) -> bool {
        match &self.access {
            Access::Bearer { .. } if request.host == Host::Registry => {
                let resource = format!("repository:{repository}");
                self.grants(request).is_some_and(|grants| allows(&grants, &resource, "pull"))
            }
            _ => true,
        }
    }

    /// The token endpoint.
    pub fn token(&self, request: &Request) -> Reply {
        let Access::Bearer { user, password, identity_token, .. } = &self.access else {
            return Reply::no_route();
        };
        let form = match request.method.as_str() {
            "GET" => request.query.clone(),
            "POST" => String::from_utf8_lossy(request.body()).into_owned(),
            _ => return Reply::no_method("GET, POST"),
        };
        let is = |name: &str, value: &str| parameter(&form, name).as_deref() == Some(value);
        let known = if request.method == "GET" {
            has_basic(request, user, password)
        } else if is("grant_type", "refresh_token") {
            is("refresh_token", identity_token)
        } else {
            is("grant_type", "password") && is("username", user) && is("password", password)
        };
        let anonymous = self.anonymous_pull && request.method == "GET" && request.authorization().is_none();
        if !known && !anonymous {
            return refused();
        }
        let mut grants: Vec<Grant> = parameters(&form, "scope")
            .flat_map(|scopes| scopes.split(' ').filter_map(grant).collect::<Vec<_>>())
            .collect();
        if !known {
            grants.iter_mut().for_each(|grant| grant.actions.retain(|action| action == "pull"));
        }
        let token = self.issue(grants);
        let mut answer = json!({ "token": token, "access_token": token, "expires_in": TOKEN_SECONDS });
        let wants_more =
            is("offline_token", "true") || is("access_type", "offline") || is("grant_type", "refresh_token");
        if let Some(members) = answer.as_object_mut().filter(|_| known && wants_more) {
            members.insert("refresh_token".to_owned(), json!(identity_token));
        }
        Reply::json(200, &answer)
    }

    fn issue(&self, grants: Vec<Grant>) -> String {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let seed = format!("{:?} {}", std::time::SystemTime::now(), tokens.len());
        let token = hex::encode(sha256(seed.as_bytes()));
        tokens.insert(token.clone(), grants);
        token
    }

    /// What the token of a request allows; `None` without one that was issued here.
    fn grants(&self, request: &Request) -> Option<Vec<Grant>> {
        let token = credentials(request, "Bearer")?;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn challenge(&self, resource: &str, action: &str, known: bool) -> Reply {
        let actions = if action == "push" { "pull,push" } else { action };
        let mut challenge = format!("Bearer realm=\"{}\",service=\"sandbox\"", self.realm);
        if !resource.is_empty() {
            challenge += &format!(",scope=\"{resource}:{actions}\"");
        }
        if known {
            challenge += ",error=\"insufficient_scope\"";
        }
        refused().with("WWW-Authenticate", challenge)
    }
}

fn refused() -> Reply {
    Reply::error(Code::Unauthorized, Value::Null)
}

/// The resource and the action that a request needs; no resource where any token will do.
fn needed(method: &str, route: Option<&Route>) -> (String, &'static str) {
    let action = match method {
        "GET" | "HEAD" => "pull",
        "DELETE" => "delete",
        _ => "push",
    };
    match route {
        Some(Route::Catalog) => ("registry:catalog".to_owned(), "*"),
        Some(route) => {
            (route.repository().map(|name| format!("repository:{name}")).unwrap_or_default(), action)
        }
        None => (String::new(), action),
    }
}

/// `*` allows everything; who may push may also delete.
fn allows(grants: &[Grant], resource: &str, action: &str) -> bool {
    let allowed =
        |granted: &String| granted == action || granted == "*" || (action == "delete" && granted == "push");
    grants.iter().any(|grant| grant.resource == resource && grant.actions.iter().any(allowed))
}

/// A scope: `type:name:actions`.
fn grant(scope: &str) -> Option<Grant> {
    let (resource, actions) = scope.rsplit_once(':')?;
    Some(Grant { resource: resource.to_owned(), actions: actions.split(',').map(str::to_owned).collect() })
}

fn has_basic(request: &Request, user: &str, password: &str) -> bool {
    let given = credentials(request, "Basic").and_then(|text| base64::decode_standard(text.as_bytes()));
    given.is_some_and(|given| given == format!("{user}:{password}").into_bytes())
}

/// What follows the scheme in the Authorization header. Two such headers count as none.
fn credentials<'a>(request: &'a Request, scheme: &str) -> Option<&'a str> {
    let mut all = request.headers("authorization");
    let (first, None) = (all.next()?, all.next()) else { return None };
    let (given, rest) = first.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}
