//! How a plan's services are reached.

#[cfg(feature = "http")]
pub(super) use asked::Services;
#[cfg(not(feature = "http"))]
pub(super) use nobody::Services;

#[cfg(feature = "http")]
mod asked {
    use std::cell::RefCell;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::super::plan::{Carrier, Plan, PlannedLog};
    use super::super::token::{foresee, identity_token};
    use super::super::{EntryType, SignWith, TimestampTls};
    use crate::commands::{Context, Error, ErrorKind};
    use crate::crypto::{Secret, SigningKey, UnixTime};
    use crate::http::{Address, Authorities, ClientCertificate, ServerName};
    use crate::services::oidc::IdentityToken;
    use crate::services::{Client, Connection};
    use crate::sign::certify::{self, CertificateOrder, Certified, certify};
    use crate::sign::{Log, LogKind, StatementEntry, TimestampAuthority};
    use crate::storage::read_file;
    use crate::verify::{ExpectedSigner, Requirement, Waiver};

    /// Certificates and keys in PEM.
    const MAX_PEM: u64 = 1 << 22;

    /// The services of a plan, and who asks them.
    pub(in super::super) struct Services {
        tls: Tls,
        entry_type: StatementEntry,
        sct: Requirement,
        token: Option<IdentityToken>,
        timeout: Duration,
        clients: RefCell<Vec<Made>>,
    }

    /// A client that was made.
    struct Made {
        /// For the timestamp authority with this address; `None` is for everybody else.
        whom: Option<String>,
        when: Instant,
        client: Arc<Client>,
    }

    /// What TLS of the timestamp authority needs.
    #[derive(Default)]
    struct Tls {
        authorities: Option<Authorities>,
        certificate: Option<(String, Vec<u8>, Vec<u8>)>,
        server_name: Option<String>,
    }

    impl Services {
        /// Reads what is needed to reach them, and gets the identity token, for which people may have to log in. Of the
        /// witnesses, nobody is asked yet.
        pub async fn prepare(plan: &Plan, with: &SignWith, context: &mut Context) -> Result<Self, Error> {
            let mut services = Self {
                tls: Tls::read(&with.timestamp_tls)?,
                entry_type: match with.entry_type {
                    EntryType::Dsse => StatementEntry::Dsse,
                    EntryType::Intoto => StatementEntry::Intoto,
                },
                sct: match with.without_sct {
                    true => Requirement::Waived(Waiver::Flag("--insecure-skip-verify")),
                    false => Requirement::ONE,
                },
                token: None,
                timeout: context.settings.timeout,
                clients: RefCell::default(),
            };
            if let Some(identity) = &plan.identity {
                let client = services.client(None)?;
                let token =
                    identity_token(&client, &with.token, identity.oidc_issuer.as_deref(), context).await?;
                services.token = Some(token);
            }
            Ok(services)
        }

        /// Fails where there can be no identity token and one is needed: before the trusted root is fetched, or anything else.
        pub async fn foresee(with: &SignWith, context: &mut Context) -> Result<(), Error> {
            if with.needs_certificate() { foresee(&with.token, context).await } else { Ok(()) }
        }

        /// Whose certificate that will be, as far as the token says.
        pub fn foreseen(&self) -> Option<ExpectedSigner> {
            self.token.as_ref().and_then(certify::foreseen)
        }

        /// Which certificate timestamps it needs.
        pub fn certificate_timestamps(&self) -> Requirement {
            self.sct
        }

        /// Gets a certificate for the key.
        pub async fn certify(
            &self,
            key: &dyn SigningKey,
            plan: &Plan,
            now: UnixTime,
        ) -> Result<Certified, Error> {
            let (Some(identity), Some(token)) = (&plan.identity, &self.token) else {
                return Err(Error::new(ErrorKind::Authentication, "there is no identity token"));
            };
            if token.expires() <= now {
                let message = format!(
                    "the identity token expired at {}, before everything was signed",
                    token.expires()
                );
                return Err(Error::new(ErrorKind::Authentication, message)
                    .hint("sign what is left with another token; `sign --skip-existing` leaves alone what is signed"));
            }
            let url = identity.certificate_authority.as_str();
            let order = CertificateOrder { url, token, key, root: &plan.root, now, sct: self.sct };
            Ok(certify(&*self.client(None)?, &order).await?)
        }

        /// Who confirms when.
        pub fn timestamp_authorities(
            &self,
            plan: &Plan,
            carrier: Carrier,
        ) -> Result<Vec<TimestampAuthority>, Error> {
            let urls = &plan.witnesses(carrier).timestamp_authorities;
            urls.iter()
                .map(|url| Ok(TimestampAuthority { client: self.client(Some(url))?, url: url.clone() }))
                .collect()
        }

        /// Where it is published.
        pub fn logs(&self, plan: &Plan, carrier: Carrier) -> Result<Vec<Log>, Error> {
            let kind =
                |log: &PlannedLog| if log.version == 1 { LogKind::V1(self.entry_type) } else { LogKind::V2 };
            let logs = &plan.witnesses(carrier).logs;
            logs.iter()
                .map(|log| Ok(Log { client: self.client(None)?, url: log.url.clone(), kind: kind(log) }))
                .collect()
        }

        /// A client for this timestamp authority, or for everybody else. `--timeout` is for each signature, so that one run
        /// about many may take its time: after a while there is a new one.
        fn client(&self, timestamps: Option<&str>) -> Result<Arc<Client>, Error> {
            let mut clients = self.clients.borrow_mut();
            clients.retain(|made| made.when.elapsed() < self.timeout / 4);
            if let Some(made) = clients.iter().find(|made| made.whom.as_deref() == timestamps) {
                return Ok(made.client.clone());
            }
            let connection = Connection { total: self.timeout, ..Connection::default() };
            let connection = match timestamps {
                Some(url) => self.tls.connection(connection, url)?,
                None => connection,
            };
            let client = Arc::new(Client::new(connection));
            let whom = timestamps.map(str::to_owned);
            clients.push(Made { whom, when: Instant::now(), client: client.clone() });
            Ok(client)
        }
    }

    impl Tls {
        fn read(asked: &TimestampTls) -> Result<Self, Error> {
            let read = |what, path: &Path| read_file(what, path, MAX_PEM).map_err(|e| Error::trust_file(&e));
            let authorities = match &asked.authorities {
                Some(path) => Some(Authorities {
                    name: format!("`{}`", path.display()),
                    pem: read("file of the timestamp authority's certificate authorities", path)?,
                }),
                None => None,
            };
            let certificate = match (&asked.certificate, &asked.key) {
                (Some(certificate), Some(key)) => Some((
                    format!("the client certificate `{}`", certificate.display()),
                    read("client certificate", certificate)?,
                    read("key of the client certificate", key)?,
                )),
                (None, None) => None,
                _ => {
                    return Err(Error::usage(
                        "--timestamp-client-cert and --timestamp-client-key go together, and one is missing",
                    )
                    .hint("name both files, or neither"));
                }
            };
            Ok(Self { authorities, certificate, server_name: asked.server_name.clone() })
        }

        fn connection(&self, base: Connection, url: &str) -> Result<Connection, Error> {
            let server_name = match &self.server_name {
                Some(name) => {
                    let address =
                        Address::parse(url).map_err(|e| Error::with_sources(ErrorKind::Usage, &e))?;
                    Some(ServerName { host: address.host().to_owned(), name: name.clone() })
                }
                None => None,
            };
            Ok(Connection {
                authorities: self.authorities.clone(),
                certificate: self.certificate.as_ref().map(|(name, certificate, key)| ClientCertificate {
                    name: name.clone(),
                    certificate: certificate.clone(),
                    key: Secret::new(key.clone()),
                }),
                server_name,
                ..base
            })
        }
    }
}

#[cfg(not(feature = "http"))]
mod nobody {
    use super::super::SignWith;
    use super::super::plan::{Carrier, Plan};
    use crate::commands::{Context, Error, ErrorKind};
    use crate::sign::{Log, TimestampAuthority};
    use crate::verify::{ExpectedSigner, Requirement};

    /// In a build without the HTTP client there is nobody to ask.
    pub(in super::super) struct Services(());

    impl Services {
        pub async fn foresee(_: &SignWith, _: &mut Context) -> Result<(), Error> {
            Ok(())
        }

        pub async fn prepare(plan: &Plan, _: &SignWith, _: &mut Context) -> Result<Self, Error> {
            if plan.asks_somebody() {
                let message = "this program was built without the HTTP client: it can ask no service";
                return Err(
                    Error::new(ErrorKind::Other, message).hint("sign with the key alone: add --offline")
                );
            }
            Ok(Self(()))
        }

        pub fn foreseen(&self) -> Option<ExpectedSigner> {
            None
        }

        pub fn certificate_timestamps(&self) -> Requirement {
            Requirement::ONE
        }

        pub fn timestamp_authorities(&self, _: &Plan, _: Carrier) -> Result<Vec<TimestampAuthority>, Error> {
            Ok(Vec::new())
        }

        pub fn logs(&self, _: &Plan, _: Carrier) -> Result<Vec<Log>, Error> {
            Ok(Vec::new())
        }
    }
}
