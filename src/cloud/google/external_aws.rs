//! Workloads of AWS: a question to AWS who asks, signed and not sent, shows Google who the workload is (AIP-4117, "Determining the
//! subject token in AWS").

use serde_json::json;

use super::super::aws::{self, Instance, Request, sign};
use super::credentials::Fault;
use super::{Around, CloudError, Error};
use crate::crypto::{Node, Secret, UnixTime};
use crate::http::form;
use crate::http::service::asking::guarded;

/// The header that says for whom the signature is, so that nobody else can use it.
const TARGET: &str = "x-goog-cloud-target-resource";
/// The one question that is signed, as anything else could be done in the name of the workload with it.
const QUESTION: [(&str, &str); 2] = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];

/// Who asks, and what.
pub struct Aws {
    aws: aws::Aws,
    /// With `{region}` in it.
    url: String,
    /// The machine, where it may be asked for its region.
    machine: Option<Instance>,
    now: UnixTime,
}

impl Aws {
    /// What stands in `credential_source`; who asks is in the environment of AWS itself.
    ///
    /// # Errors
    /// It is not what it should be.
    pub fn read(around: &Around<'_>, source: &Node<'_>) -> Result<Self, Fault> {
        let url = source.member("regional_cred_verification_url")?;
        let address = guarded("regional_cred_verification_url", &url.text()?.replace("{region}", "r"))
            .map_err(|error| url.error(error.to_string()))?;
        let query = address.query();
        let asked = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        if !address.is_https() || address.port() != 443 || !asked.eq(QUESTION) {
            return Err(url.error("does not ask AWS for GetCallerIdentity, by https").into());
        }
        Ok(Self {
            aws: aws::Aws::read(&around.settings)?,
            url: url.text()?.to_owned(),
            machine: match source.optional("region_url")? {
                Some(_) => Instance::find(&around.settings)?,
                None => None,
            },
            now: around.settings.now,
        })
    }

    /// The signed question.
    ///
    /// # Errors
    /// There are no credentials of AWS, or no region.
    pub async fn token(&self, audience: &str) -> Result<Secret, Error> {
        let region = self.region().await?;
        let url = self.url.replace("{region}", &region);
        let address = guarded("regional_cred_verification_url", &url)?;
        let credentials = self.aws.credentials().await?;
        let request = Request {
            service: "sts",
            region: &region,
            now: self.now,
            method: "POST",
            address: &address,
            headers: &[(TARGET, audience)],
            body: &[],
        };
        let signed = sign(credentials, &request)?;
        let authorization = String::from_utf8_lossy(signed.authorization.expose()).into_owned();
        let mut headers = vec![
            json!({ "key": "Authorization", "value": authorization }),
            json!({ "key": "host", "value": address.host() }),
            json!({ "key": TARGET, "value": audience }),
        ];
        headers
            .extend(signed.texts().into_iter().map(|(name, value)| json!({ "key": name, "value": value })));
        let text = json!({ "url": address.whole(), "method": "POST", "headers": headers }).to_string();
        // In the form of a value of a query, which the form that it is sent in encodes once more.
        let text = form(&[("", &text)]);
        Ok(Secret::new(text.trim_start_matches('=').as_bytes().to_vec()))
    }

    async fn region(&self) -> Result<String, CloudError> {
        match (self.aws.region(), &self.machine) {
            (Ok(region), _) => Ok(region.to_owned()),
            (Err(error), None) => Err(error),
            (Err(_), Some(machine)) => machine.region().await,
        }
    }
}
