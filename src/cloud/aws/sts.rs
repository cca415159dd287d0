//! Roles (AWS Security Token Service, API reference: `AssumeRole`, `AssumeRoleWithWebIdentity`).

use std::path::{Path, PathBuf};

use super::super::Error;
use super::call::{Refusal, call};
use super::sign::{Request, sign};
use super::{Aws, Credentials, refused, xml};
use crate::crypto::{DecodeError, Secret};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Service};
use crate::http::{Address, form};

const SERVICE: Service = Service::Cloud("AWS STS");
const FORM: &str = "application/x-www-form-urlencoded";
/// More than any token takes.
const MAX_TOKEN: usize = 1 << 16;

/// A role that is to be taken on.
pub struct Role {
    /// Its name.
    pub arn: String,
    /// Under which name it is taken on.
    pub session: String,
    /// What its owner wants to be told.
    pub external_id: Option<String>,
    /// For how long.
    pub seconds: Option<u32>,
    /// What names it.
    pub named_by: String,
}

impl Role {
    fn pairs<'a>(&'a self, action: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("Action", action),
            ("Version", "2011-06-15"),
            ("RoleArn", &self.arn),
            ("RoleSessionName", &self.session),
        ]
    }
}

/// The credentials of a role for a token that somebody else gave, which is in a file.
///
/// # Errors
/// There is no token; STS does not give any.
pub async fn with_web_identity(aws: &Aws, role: &Role, path: &Path) -> Result<Credentials, Error> {
    let token = token(&role.named_by, path)?;
    let text = String::from_utf8_lossy(token.expose());
    let mut pairs = role.pairs("AssumeRoleWithWebIdentity");
    pairs.push(("WebIdentityToken", &text));
    let body = Secret::new(form(&pairs).into_bytes());
    let address = address(aws)?.1;
    let ask = Ask { secret: Some(&token), ..asking::post(SERVICE, &address, &body) };
    ask_for(aws, role, &ask, "AssumeRoleWithWebIdentity").await
}

/// The credentials of a role for those of somebody who may take it on.
///
/// # Errors
/// STS does not give any.
pub async fn assume(aws: &Aws, role: &Role, base: &Credentials) -> Result<Credentials, Error> {
    let seconds = role.seconds.map(|seconds| seconds.to_string());
    let mut pairs = role.pairs("AssumeRole");
    pairs.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    pairs.extend(seconds.as_deref().map(|seconds| ("DurationSeconds", seconds)));
    let body = Secret::new(form(&pairs).into_bytes());
    let (region, address) = address(aws)?;
    let signed = sign(
        base,
        &Request {
            service: "sts",
            region: &region,
            now: aws.now(),
            method: "POST",
            address: &address,
            headers: &[("content-type", FORM)],
            body: body.expose(),
        },
    )?;
    let headers = signed.texts();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let ask = Ask {
        authorization: Some(&signed.authorization),
        secret: base.session_token.as_ref(),
        headers: &headers,
        ..asking::post(SERVICE, &address, &body)
    };
    ask_for(aws, role, &ask, "AssumeRole").await
}

async fn ask_for(aws: &Aws, role: &Role, ask: &Ask<'_>, action: &str) -> Result<Credentials, Error> {
    let ask = Ask { accept: "text/xml", ..*ask };
    let fail = refused(&role.named_by);
    let answer =
        match call(&aws.client(false), aws.retry_for(), &ask, &format!("sts:{action}"), refusal).await {
            Ok(answer) => answer.map_err(|(_, error)| error),
            Err(error) => Err(error),
        };
    let read = answer.and_then(|reply| {
        let body = Secret::new(reply.body);
        credentials(body.expose(), action).map_err(|source| asking::answer_error(&ask, source))
    });
    read.map_err(fail)
}

/// The region and the address: the global one where no region is set, which is in `us-east-1`.
fn address(aws: &Aws) -> Result<(String, Address), Error> {
    let region = aws.region().unwrap_or("us-east-1").to_owned();
    let address = guarded("the address of AWS STS", &format!("{}/", aws.endpoint("sts", &region)?))?;
    Ok((region, address))
}

fn refusal(body: &[u8]) -> Option<Refusal> {
    let texts = xml::texts(body).ok()?;
    let text = |path: &str| texts.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone());
    let code = text("ErrorResponse/Error/Code")?;
    Some(Refusal { code, message: text("ErrorResponse/Error/Message").unwrap_or_default() })
}

fn credentials(document: &[u8], action: &str) -> Result<Credentials, DecodeError> {
    let texts = xml::texts(document)?;
    let text = |name: &str| {
        let path = format!("{action}Response/{action}Result/Credentials/{name}");
        let found = texts.iter().find(|(known, text)| *known == path && !text.is_empty());
        found.map(|(_, text)| text.clone()).ok_or_else(|| DecodeError::new("answer", path, "is missing"))
    };
    let secret = |name: &str| text(name).map(|text| Secret::new(text.into_bytes()));
    Ok(Credentials {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: secret("SecretAccessKey")?,
        session_token: Some(secret("SessionToken")?),
    })
}

/// The token in a file, which changes from time to time.
fn token(named_by: &str, path: &Path) -> Result<Secret, Error> {
    let shown = PathBuf::from(path);
    let fail =
        |reason: String| Error::unread(named_by, format!("the token in `{}` {reason}", shown.display()));
    let text =
        super::super::settings::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let token = text.expose().trim_ascii();
    match std::str::from_utf8(token) {
        Ok(text) if (1..=MAX_TOKEN).contains(&text.len()) => Ok(Secret::new(token.to_vec())),
        _ => Err(fail("is no token".to_owned())),
    }
}
