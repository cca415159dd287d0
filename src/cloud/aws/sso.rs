//! Logins with the IAM Identity Center: `aws sso login` leaves a token in a file, for which credentials are given (IAM Identity
//! Center Portal API reference: `GetRoleCredentials`).

use super::super::{Error, Settings};
use super::endpoint::is_region;
use super::profile::Profiles;
use super::{Aws, Credentials, refused};
use crate::crypto::{DecodeError, Node, Secret, UnixTime, json, sha1_name};
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Service};
use crate::program::shell;

const SERVICE: Service = Service::Cloud("AWS IAM Identity Center");

/// A login, and whose credentials are wanted.
pub struct SingleSignOn {
    profile: String,
    region: String,
    account: String,
    role: String,
    token: Secret,
}

impl SingleSignOn {
    /// The login of a profile, where it names one.
    ///
    /// # Errors
    /// Something is missing in the profile; there is no login, or it is over.
    pub fn find(settings: &Settings<'_>, profiles: &Profiles, name: &str) -> Result<Option<Self>, Error> {
        let value = |key: &str| profiles.of(name, key);
        let (session, start) = (value("sso_session"), value("sso_start_url"));
        // The file with the token is called by what was logged in to.
        let Some(logged_in) = session.or(start) else { return Ok(None) };
        let called = |key: &str| format!("{key} of the profile `{name}`");
        let needed = |key: &str, found: Option<&str>| {
            let missing = || Error::half(called(key), "it is missing");
            found.map(str::to_owned).ok_or_else(missing)
        };
        let region = match session {
            Some(session) => needed(
                &format!("sso_region in [sso-session {session}]"),
                profiles.of_session(session, "sso_region"),
            )?,
            None => needed("sso_region", value("sso_region"))?,
        };
        if !is_region(&region) {
            return Err(Error::setting(called("sso_region"), format!("`{region}` is no region")));
        }
        Ok(Some(Self {
            token: token(settings, name, logged_in)?,
            profile: name.to_owned(),
            region,
            account: needed("sso_account_id", value("sso_account_id"))?,
            role: needed("sso_role_name", value("sso_role_name"))?,
        }))
    }

    /// The credentials of the role.
    ///
    /// # Errors
    /// They are not given.
    pub async fn credentials(&self, aws: &Aws) -> Result<Credentials, Error> {
        let url = format!("{}/federation/credentials", aws.endpoint("portal.sso", &self.region)?);
        let address = guarded("the address of AWS IAM Identity Center", &url)?
            .with_query(&[("role_name", &self.role), ("account_id", &self.account)]);
        let token = String::from_utf8_lossy(self.token.expose());
        let ask = Ask {
            secret: Some(&self.token),
            headers: &[("x-amz-sso_bearer_token", &token)],
            ..asking::get(SERVICE, &address)
        };
        let read = |answer: &Node<'_>| {
            let given = answer.member("roleCredentials")?;
            Ok(Credentials {
                access_key_id: given.member("accessKeyId")?.non_empty_text()?.to_owned(),
                secret_access_key: asking::secret(&given, "secretAccessKey")?,
                session_token: Some(asking::secret(&given, "sessionToken")?),
            })
        };
        let source_of = format!("the login of the profile `{}`", self.profile);
        asking::document(&aws.client(false), &ask, read).await.map_err(refused(&source_of))
    }
}

fn token(settings: &Settings<'_>, profile: &str, logged_in: &str) -> Result<Secret, Error> {
    let again = format!("log in with `aws sso login --profile {}`", shell::word(profile));
    let file = format!(".aws/sso/cache/{}.json", sha1_name(logged_in.as_bytes()));
    let Some(path) = settings.home(&file)? else {
        return Err(Error::setting(
            format!("the login of the profile `{profile}`"),
            "there is no home folder with .aws/sso/cache".to_owned(),
        ));
    };
    let named = format!("the login of the profile `{profile}` in `{}`", path.display());
    let Some(text) = settings.file(&path)? else {
        return Err(Error::unread(named, format!("the file does not exist: {again}")));
    };
    let (token, ends) = json::parse("login", text.expose())
        .and_then(|value| read(&Node::root("login", &value)))
        .map_err(|error| Error::setting(&named, error.to_string()))?;
    match ends <= settings.now {
        true => Err(Error::setting(named, format!("it was good until {ends}: {again}"))),
        false => Ok(token),
    }
}

fn read(login: &Node<'_>) -> Result<(Secret, UnixTime), DecodeError> {
    let ends = login.member("expiresAt")?;
    // Older ones are written so.
    let text = ends.non_empty_text()?.replace("UTC", "Z");
    let ends = UnixTime::parse_rfc3339(&text).map_err(|_| ends.error("must be a time"))?;
    Ok((asking::secret(login, "accessToken")?, ends))
}
