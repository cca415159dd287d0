//! The sources of credentials, in order. Which one it is is known without asking anybody.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::{Error, Settings};
use super::metadata::{Container, Instance};
use super::profile::Profiles;
use super::sso::SingleSignOn;
use super::sts::{self, Role};
use super::{Aws, Credentials};
use crate::crypto::Secret;

/// More profiles in a row are a circle.
const MAX_PROFILES: usize = 8;

/// Where credentials are from.
pub enum Source {
    /// They stand there.
    Known(Arc<Credentials>),
    /// A token that somebody else gave, for those of a role.
    WebIdentity { role: Role, token: PathBuf },
    /// Those of somebody who may take on a role.
    Role { base: Box<Self>, role: Role },
    /// A login with the IAM Identity Center.
    SingleSignOn(SingleSignOn),
    /// The agent of a container.
    Container(Container),
    /// The metadata of an instance.
    Instance(Instance),
}

/// The first source that is set up. `looked_at` says of each before it what was found there.
///
/// # Errors
/// One is set up and cannot be used.
pub fn find(
    settings: &Settings<'_>,
    profiles: &Profiles,
    looked_at: &mut Vec<String>,
) -> Result<Option<Source>, Error> {
    if let Some(found) = variables(settings)? {
        return Ok(Some(Source::Known(Arc::new(found))));
    }
    looked_at.push("AWS_ACCESS_KEY_ID is not set".to_owned());
    if let Some(found) = web_identity(settings)? {
        return Ok(Some(found));
    }
    looked_at.push("AWS_WEB_IDENTITY_TOKEN_FILE is not set".to_owned());
    match profile(settings, profiles, &profiles.name, &mut Vec::new())? {
        Ok(found) => return Ok(Some(found)),
        Err(why) => looked_at.push(why),
    }
    if let Some(found) = Container::find(settings)? {
        return Ok(Some(Source::Container(found)));
    }
    looked_at.push(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set"
            .to_owned(),
    );
    let found = Instance::find(settings)?;
    if found.is_none() {
        looked_at.push("AWS_EC2_METADATA_DISABLED is set".to_owned());
    }
    Ok(found.map(Source::Instance))
}

/// Asks whoever gives the credentials.
///
/// # Errors
/// They are not given.
pub async fn resolve(aws: &Aws) -> Result<Arc<Credentials>, Error> {
    let Some(source) = &aws.source else {
        return Err(Error::Unset { what: "the credentials of AWS are", looked_at: aws.looked_at.join("; ") });
    };
    given(aws, source).await
}

async fn given(aws: &Aws, source: &Source) -> Result<Arc<Credentials>, Error> {
    let given = match source {
        Source::Known(known) => return Ok(Arc::clone(known)),
        Source::WebIdentity { role, token } => sts::with_web_identity(aws, role, token).await,
        Source::Role { base, role } => {
            let base = Box::pin(given(aws, base)).await?;
            sts::assume(aws, role, &base).await
        }
        Source::SingleSignOn(login) => login.credentials(aws).await,
        Source::Container(container) => container.credentials().await,
        Source::Instance(instance) => instance.credentials(&aws.looked_at).await,
    };
    given.map(Arc::new)
}

fn variables(settings: &Settings<'_>) -> Result<Option<Credentials>, Error> {
    let secret = |name| settings.variable(name).map(|value| value.map(|text| Secret::new(text.into_bytes())));
    let id = settings.variable("AWS_ACCESS_KEY_ID")?;
    match (id, secret("AWS_SECRET_ACCESS_KEY")?) {
        (Some(access_key_id), Some(secret_access_key)) => {
            let session_token = secret("AWS_SESSION_TOKEN")?;
            Ok(Some(Credentials { access_key_id, secret_access_key, session_token }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(Error::half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY is not set with it")),
        (None, Some(_)) => Err(Error::half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID is not set with it")),
    }
}

fn web_identity(settings: &Settings<'_>) -> Result<Option<Source>, Error> {
    let Some(token) = settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE")? else { return Ok(None) };
    let Some(arn) = settings.variable("AWS_ROLE_ARN")? else {
        return Err(Error::half("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN is not set with it"));
    };
    let role = Role {
        arn,
        session: session(settings, None)?,
        external_id: None,
        seconds: None,
        named_by: "AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(),
    };
    Ok(Some(Source::WebIdentity { role, token: PathBuf::from(token) }))
}

/// The name under which a role is taken on.
fn session(settings: &Settings<'_>, of_profile: Option<&str>) -> Result<String, Error> {
    let named = match of_profile {
        Some(name) => Some(name.to_owned()),
        None => settings.variable("AWS_ROLE_SESSION_NAME")?,
    };
    Ok(named.unwrap_or_else(|| format!("rcosign-{}", settings.now.seconds())))
}

/// What a profile says, or why it says nothing. `above` are those that point to it.
fn profile(
    settings: &Settings<'_>,
    profiles: &Profiles,
    name: &str,
    above: &mut Vec<String>,
) -> Result<Result<Source, String>, Error> {
    let called = |value: &str| format!("{value} of the profile `{name}`");
    if !profiles.has(name) {
        let why = format!("there is no profile `{name}` ({})", profiles.looked_at());
        return match (above.last(), profiles.named_by) {
            (Some(from), _) => Err(Error::setting(format!("source_profile of the profile `{from}`"), why)),
            (None, Some(variable)) => Err(Error::setting(variable, why)),
            (None, None) => Ok(Err(why)),
        };
    }
    if above.len() >= MAX_PROFILES {
        return Err(Error::setting(called("source_profile"), "the profiles point to each other"));
    }
    let value = |key: &str| profiles.of(name, key);
    let Some(arn) = value("role_arn") else { return own(settings, profiles, name) };
    if value("mfa_serial").is_some() {
        return Err(Error::setting(
            called("mfa_serial"),
            "nobody is asked for the code of a device: take the role on with `aws sts assume-role`, and set AWS_ACCESS_KEY_ID, \
             AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        ));
    }
    let seconds = value("duration_seconds").map(str::parse::<u32>).transpose();
    let role = Role {
        arn: arn.to_owned(),
        session: session(settings, value("role_session_name"))?,
        external_id: value("external_id").map(str::to_owned),
        seconds: seconds.map_err(|_| Error::setting(called("duration_seconds"), "it is no number"))?,
        named_by: called("role_arn"),
    };
    if let Some(token) = value("web_identity_token_file") {
        return Ok(Ok(Source::WebIdentity { role, token: PathBuf::from(token) }));
    }
    let base = match (value("source_profile"), value("credential_source")) {
        // A profile with keys of its own may be its own source.
        (Some(source), _) if source == name => own(settings, profiles, name)?,
        (Some(source), _) => {
            above.push(name.to_owned());
            profile(settings, profiles, source, above)?
        }
        (None, Some(source)) => Ok(credential_source(settings, &called("credential_source"), source)?),
        (None, None) => Err("it names neither source_profile nor credential_source".to_owned()),
    };
    match base {
        Ok(base) => Ok(Ok(Source::Role { base: Box::new(base), role })),
        Err(why) => Err(Error::setting(called("role_arn"), why)),
    }
}

fn credential_source(settings: &Settings<'_>, called: &str, source: &str) -> Result<Source, Error> {
    let found = match source {
        "Environment" => variables(settings)?.map(|found| Source::Known(Arc::new(found))),
        "EcsContainer" => Container::find(settings)?.map(Source::Container),
        "Ec2InstanceMetadata" => Instance::find(settings)?.map(Source::Instance),
        _ => None,
    };
    found.ok_or_else(|| Error::setting(called, format!("`{source}` is not set up")))
}

/// What stands in a profile itself.
fn own(settings: &Settings<'_>, profiles: &Profiles, name: &str) -> Result<Result<Source, String>, Error> {
    let value = |key: &str| profiles.of(name, key);
    let called = |value: &str| format!("{value} of the profile `{name}`");
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(key)) => {
            return Ok(Ok(Source::Known(Arc::new(Credentials {
                access_key_id: id.to_owned(),
                secret_access_key: secret(key),
                session_token: value("aws_session_token").map(secret),
            }))));
        }
        (None, None) => {}
        _ => return Err(Error::half(called("aws_access_key_id"), "one of the two keys is missing")),
    }
    if let Some(login) = SingleSignOn::find(settings, profiles, name)? {
        return Ok(Ok(Source::SingleSignOn(login)));
    }
    if value("credential_process").is_some() {
        return Err(Error::setting(
            called("credential_process"),
            "no programs are started for credentials: run it, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
             AWS_SESSION_TOKEN to what it prints",
        ));
    }
    Ok(Err(format!("the profile `{name}` names no credentials ({})", profiles.looked_at())))
}
