//! Amazon ECR (API reference 2015-09-21: `GetAuthorizationToken`; of the public gallery, 2020-10-30).

use super::super::keychain::Credentials;
use super::AmbientError;
use super::owner::EcrHost;
use crate::cloud::Settings;
use crate::cloud::aws::{Aws, Refusal, Request, call, sign};
use crate::crypto::{DecodeError, Node, Secret, base64, json};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Service};

const SERVICE: Service = Service::Cloud("Amazon ECR");
const CONTENT: &str = "application/x-amz-json-1.1";

/// A user and a password, which are good for twelve hours. Everybody may read the public gallery: unless somebody has asked for
/// credentials, no metadata of an instance are looked for on its behalf.
///
/// # Errors
/// There are no credentials of AWS, or they are not taken.
pub async fn find(
    settings: &Settings<'_>,
    host: &EcrHost,
    is_wanted: bool,
) -> Result<Credentials, AmbientError> {
    let without_instance = |name: &str| match name {
        "AWS_EC2_METADATA_DISABLED" => Some("true".into()),
        name => (settings.variables)(name),
    };
    let aws = match is_wanted || *host != EcrHost::Public {
        true => Aws::read(settings)?,
        false => Aws::read(&Settings { variables: &without_instance, ..*settings })?,
    };
    let (service, endpoint, region, target, body) = match host {
        EcrHost::Private { account, region, fips } => {
            let endpoint = if *fips { "ecr-fips" } else { "api.ecr" };
            let body = serde_json::json!({ "registryIds": [account] }).to_string();
            (
                "ecr",
                endpoint,
                region.as_str(),
                "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
                body,
            )
        }
        EcrHost::Public => {
            let target = "SpencerFrontendService.GetAuthorizationToken";
            ("ecr-public", "api.ecr-public", "us-east-1", target, "{}".to_owned())
        }
    };
    let url = format!("{}/", aws.endpoint(endpoint, region)?);
    let address = guarded("the address of Amazon ECR", &url).map_err(crate::cloud::Error::from)?;
    let signed = sign(
        aws.credentials().await?,
        &Request {
            service,
            region,
            now: aws.now(),
            method: "POST",
            address: &address,
            headers: &[("content-type", CONTENT), ("x-amz-target", target)],
            body: body.as_bytes(),
        },
    )?;
    let texts = signed.texts();
    let mut headers = vec![("x-amz-target", target)];
    headers.extend(texts.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let body = Secret::new(body.into_bytes());
    let session = aws.credentials().await?.session_token.as_ref();
    let ask = Ask {
        content_type: CONTENT,
        accept: CONTENT,
        authorization: Some(&signed.authorization),
        secret: session,
        headers: &headers,
        ..asking::post_json(SERVICE, &address, &body)
    };
    let permission = format!("{service}:GetAuthorizationToken");
    let reply = call(&aws.client(false), aws.retry_for(), &ask, &permission, refusal).await?;
    let reply = reply.map_err(|(_, error)| error)?;
    Ok(asking::document_of(&ask, reply, |_, answer| credentials(answer))?)
}

/// `authorizationData` is a list of one where accounts are asked for, and alone in the public gallery.
fn credentials(answer: &Node<'_>) -> Result<Credentials, DecodeError> {
    let data = answer.member("authorizationData")?;
    let data = match data.value() {
        serde_json::Value::Array(_) => {
            let items = data.items(1)?;
            items.into_iter().next().ok_or_else(|| data.error("is empty"))?
        }
        _ => data,
    };
    let token = data.member("authorizationToken")?;
    let fail = || token.error("must be base64 of `AWS:` and a password");
    let both = Secret::new(base64::decode(token.non_empty_text()?).ok_or_else(fail)?);
    let both = std::str::from_utf8(both.expose()).map_err(|_| fail())?;
    let (user, password) = both.split_once(':').ok_or_else(fail)?;
    if user != "AWS" {
        return Err(fail());
    }
    Credentials::of(user, Secret::new(password.as_bytes().to_vec())).ok_or_else(fail)
}

/// The name of an error, with or without that of the service before it.
fn refusal(body: &[u8]) -> Option<Refusal> {
    let value = json::parse("error", body).ok()?;
    let node = Node::root("error", &value);
    let text = |name: &str| node.optional(name).ok().flatten()?.text().ok().map(str::to_owned);
    let code = text("__type")?;
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    Some(Refusal { code, message: text("message").or_else(|| text("Message")).unwrap_or_default() })
}
