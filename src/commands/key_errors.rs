//! Why a key is of no use, as the errors of commands: the same situation has the same exit code in every source of keys
//! (`docs/reference/exit-codes.md`), and the hint names what belongs to that source.

use super::{Error, ErrorKind};
#[cfg(feature = "http")]
use crate::cloud;
#[cfg(feature = "http")]
use crate::crypto::DecodeKind;
use crate::crypto::SignError;
use crate::crypto::sealed::OpenError;
use crate::http;
use crate::keys;
use crate::program::ProgramError;

impl From<keys::Error> for Error {
    fn from(error: keys::Error) -> Self {
        let mut converted = Self::with_sources(kind(&error), &error);
        if let keys::Error::Fetch(_) = error {
            // Of what the layers of a transport have to say, the first word and the last are for people.
            let last = converted.causes.pop();
            converted.causes.truncate(1);
            converted.causes.extend(last);
        }
        match hint(&error) {
            Some(hint) => converted.hint(hint),
            None => converted,
        }
    }
}

/// The failure of a token that no key was asked of.
pub(super) fn token_error(failure: &keys::TokenFailure) -> Error {
    let error = Error::with_sources(token(failure), failure);
    match failure.hint_of_tool() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn kind(error: &keys::Error) -> ErrorKind {
    match error {
        keys::Error::EmptyReference
        | keys::Error::KeyInPlaceOfReference
        | keys::Error::Reference { .. }
        | keys::Error::TokenUri(_)
        | keys::Error::NoService { .. }
        | keys::Error::NoStore { .. }
        | keys::Error::StaysThere { .. }
        | keys::Error::PluginNotAllowed { .. }
        | keys::Error::UnknownScheme { .. } => ErrorKind::Usage,
        keys::Error::Service { source, .. } => failure(source),
        keys::Error::Token { source, .. } => token(source),
        keys::Error::NotBuilt { .. } | keys::Error::Make(_) => ErrorKind::Other,
        keys::Error::TooLarge { .. } | keys::Error::PasswordTooLong { .. } => ErrorKind::LimitExceeded,
        keys::Error::Sealed { source: OpenError::ExcessiveWork { .. }, .. } => ErrorKind::LimitExceeded,
        keys::Error::Sealed { source: OpenError::Password, .. }
        | keys::Error::KeptPassword { .. }
        | keys::Error::PasswordMissing
        | keys::Error::PasswordStdinTaken
        | keys::Error::PasswordsDiffer
        | keys::Error::Prompt(_) => ErrorKind::Authentication,
        keys::Error::Fetch(error) => fetched(error),
        keys::Error::VariableUnset { .. }
        | keys::Error::Missing { .. }
        | keys::Error::Read { .. }
        | keys::Error::Directory { .. }
        | keys::Error::Public { .. }
        | keys::Error::CertificateGiven { .. }
        | keys::Error::Otherwise { .. }
        | keys::Error::PrivateGiven { .. }
        | keys::Error::PublicGiven { .. }
        | keys::Error::Private { .. }
        | keys::Error::ForeignEncryption { .. }
        | keys::Error::Sealed { .. }
        | keys::Error::SealedAlready { .. }
        | keys::Error::ImportLength { .. } => ErrorKind::Format,
    }
}

/// Of what kind it is that a key could not be fetched from its address.
fn fetched(error: &http::Error) -> ErrorKind {
    match error {
        http::Error::Address { .. } => ErrorKind::Usage,
        // What is not built in is no trouble of the network.
        #[cfg(not(feature = "http"))]
        http::Error::NotBuilt { .. } => ErrorKind::Other,
        http::Error::Roots { .. } => ErrorKind::TrustMaterial,
        http::Error::Status { status: 404 | 410, .. } => ErrorKind::Format,
        http::Error::Status { status: 401 | 403, .. } => ErrorKind::Authentication,
        _ => ErrorKind::Network,
    }
}

/// Of what kind it is that a key has not signed: the same as where it is not found.
pub(super) fn of_signing(error: &SignError) -> ErrorKind {
    match error {
        SignError::Backend(source) => {
            source.downcast_ref::<keys::Failure>().map_or(ErrorKind::Other, failure)
        }
        SignError::Input { .. } => ErrorKind::Other,
    }
}

/// Of what kind the failure of a service is that holds a key.
fn failure(of: &keys::Failure) -> ErrorKind {
    use keys::Failure as F;
    match of {
        F::Token(failure) => token(failure),
        F::Piv(failure) => piv(failure),
        F::Program(error) => program(error),
        F::Partly { source, .. } | F::Unnamed { source, .. } => failure(source),
        F::Key { .. } | F::PublicKey(_) | F::Value(_) => ErrorKind::Format,
        F::NotAllowed => ErrorKind::Usage,
        F::Signature => ErrorKind::Network,
        #[cfg(feature = "http")]
        F::Absent { .. } | F::Unusable { .. } => ErrorKind::Format,
        #[cfg(feature = "http")]
        F::Address(_) => ErrorKind::Usage,
        #[cfg(feature = "http")]
        F::Service(error) => super::services::kind(error),
        #[cfg(feature = "http")]
        F::Denied { .. } => ErrorKind::Authentication,
        #[cfg(feature = "http")]
        F::Cloud(error) => of_cloud(error),
    }
}

/// Of what kind it is that the environment does not say where a service is, or who asks.
#[cfg(feature = "http")]
pub(super) fn of_cloud(error: &cloud::Error) -> ErrorKind {
    use cloud::Error as E;
    match error {
        E::Nowhere { .. } | E::Setting { .. } | E::Address(_) | E::NotAllowed { .. } => ErrorKind::Usage,
        E::Unset { .. } | E::Half { .. } => ErrorKind::Authentication,
        E::Unread { .. } | E::File { .. } => ErrorKind::Format,
        E::Program { source, .. } => program(source),
        E::Refused { source, .. } => super::services::kind(source),
        E::Google(error) => of_google(error),
    }
}

/// Of what kind it is that Google gives no token.
#[cfg(feature = "http")]
pub(super) fn of_google(error: &cloud::google::Error) -> ErrorKind {
    use cloud::google::Error as G;
    match error {
        G::Document { source, .. } if source.kind == DecodeKind::Limit => ErrorKind::LimitExceeded,
        G::File { .. } | G::Document { .. } | G::Key { .. } => ErrorKind::Format,
        G::Address(_) => ErrorKind::Usage,
        G::Unsupported { .. } => ErrorKind::Authentication,
        G::Metadata(_) => ErrorKind::Network,
        G::Service(error) => super::services::kind(error),
        G::Cloud(error) => of_cloud(error),
        G::Sign(_) => ErrorKind::Other,
    }
}

/// Of what kind the failure of a plug-in program is.
fn program(of: &ProgramError) -> ErrorKind {
    match of {
        ProgramError::Absent { .. } | ProgramError::NoFile { .. } | ProgramError::Start { .. } => {
            ErrorKind::Format
        }
        ProgramError::TooLong { .. } => ErrorKind::LimitExceeded,
        // Those that end so give credentials.
        ProgramError::Failed { .. } => ErrorKind::Authentication,
        ProgramError::Answer { .. }
        | ProgramError::Timeout { .. }
        | ProgramError::Ended { .. }
        | ProgramError::Said { .. } => ErrorKind::Network,
    }
}

/// Of what kind the failure of a token is that holds a key.
fn token(failure: &keys::TokenFailure) -> ErrorKind {
    use keys::TokenFailure as F;
    match failure {
        F::NoModule | F::Setting { .. } | F::ManyTokens { .. } | F::ManyObjects { .. } => ErrorKind::Usage,
        F::Module { .. } | F::NoObject { .. } | F::NoPublicKey { .. } | F::Key { .. } => ErrorKind::Format,
        F::PinMissing { .. } | F::PinEmpty { .. } | F::PinPlace { .. } | F::Prompt(_) | F::Pin { .. } => {
            ErrorKind::Authentication
        }
        F::NoToken { .. } | F::Gone { .. } | F::Refused { .. } => ErrorKind::Network,
        F::NotBuilt | F::Static => ErrorKind::Other,
    }
}

/// Of what kind the failure of a PIV token is.
pub(super) fn piv(failure: &keys::PivFailure) -> ErrorKind {
    use keys::PivFailure as F;
    match failure {
        F::ManyTokens { .. } | F::PinForm { .. } | F::KeyForm { .. } => ErrorKind::Usage,
        F::NoKey { .. } | F::Key { .. } => ErrorKind::Format,
        F::Wrong { .. }
        | F::Blocked { .. }
        | F::PinMissing
        | F::PinEmpty { .. }
        | F::Prompt(_)
        | F::ManagementKey
        | F::Status { status: 0x6982, .. } => ErrorKind::Authentication,
        F::Attestation { .. } => ErrorKind::NoneValid,
        F::NoToken { .. } | F::Daemon { .. } | F::Refused { .. } | F::Status { .. } | F::Answer(_) => {
            ErrorKind::Network
        }
        F::NotBuilt | F::NoSystem | F::NotProven | F::Unable { .. } | F::Random => ErrorKind::Other,
    }
}

/// What the user can do about it.
fn hint(error: &keys::Error) -> Option<String> {
    #[cfg(feature = "http")]
    if let keys::Error::Service { key, source } = error
        && let Some(hint) = hint_of(key, source)
    {
        return Some(hint);
    }
    #[cfg(feature = "http")]
    if let keys::Error::Fetch(error) = error
        && let Some(fault) = error.certificate_fault()
    {
        return Some(of_certificate(&fault, "SSL_CERT_FILE"));
    }
    error.hint().map(str::to_owned)
}

/// What can be done in the source of keys that `key` names.
#[cfg(feature = "http")]
fn hint_of(key: &str, failure: &keys::Failure) -> Option<String> {
    use cloud::Error as C;
    use keys::Failure as F;
    let (scheme, name) = key.split_once("://").unwrap_or(("", key));
    let source = SOURCES.iter().find(|source| source.scheme == scheme)?;
    let text = match failure {
        F::Absent { .. } if scheme == "awskms" && !name.contains("/alias/") => {
            return Some(format!(
                "{}; `generate-key-pair --kms awskms:///alias/NAME` makes one",
                source.place
            ));
        }
        // Of a project that there is not, no pair can be made.
        F::Absent { source: Some(_), .. } if ["gitlab", "github"].contains(&scheme) => return None,
        F::Absent { .. } => {
            let made = key.split("/cryptoKeyVersions/").next().unwrap_or(key);
            let flag = if source.is_store { "" } else { "--kms " };
            return Some(format!("`generate-key-pair {flag}{made}` makes one"));
        }
        F::Cloud(C::Nowhere { .. }) => source.place,
        F::Cloud(C::Unset { .. }) => source.login,
        F::Service(error) => return of_service(error, source),
        F::Cloud(C::Refused { source: error, .. }) => return of_service(error, source),
        F::Partly { is_mixed: true, source, .. } | F::Unnamed { source, .. } => return hint_of(key, source),
        _ => return None,
    };
    Some(text.to_owned())
}

/// What can be done about a service that does not answer, or fails.
#[cfg(feature = "http")]
fn of_service(error: &http::service::Error, source: &Source) -> Option<String> {
    if let http::service::Error::Http { source: error, .. } = error
        && let Some(fault) = error.certificate_fault()
    {
        return Some(of_certificate(&fault, source.authorities));
    }
    super::services::hint(error)
}

/// What can be done about a certificate that is refused, where `authorities` names those that are trusted.
#[cfg(feature = "http")]
fn of_certificate(fault: &http::CertificateFault, authorities: &str) -> String {
    use http::CertificateFault as Fault;
    match fault {
        Fault::Expired(_) => "is the clock of this machine right?".to_owned(),
        Fault::OtherName { .. } => "look at the host in the address".to_owned(),
        Fault::UnknownIssuer | Fault::OfAuthority | Fault::Other(_) => {
            format!("{authorities} names the certificate authorities that are trusted")
        }
    }
}

/// What is said of the services of one kind.
#[cfg(feature = "http")]
struct Source {
    scheme: &'static str,
    /// Whether key pairs are put there, in difference to being made there.
    is_store: bool,
    /// How it is said where the service is.
    place: &'static str,
    /// How it is said who asks.
    login: &'static str,
    /// What names the authorities of its certificate.
    authorities: &'static str,
}

#[cfg(feature = "http")]
const SOURCES: [Source; 7] = [
    Source {
        scheme: "awskms",
        is_store: false,
        place: "AWS_REGION names the region, and so does an ARN: `awskms:///arn:aws:kms:REGION:ACCOUNT:key/ID`",
        login: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with AWS_PROFILE, after `aws sso login`",
        authorities: "AWS_CA_BUNDLE",
    },
    Source {
        scheme: "azurekms",
        is_store: false,
        place: "name the vault in full: `azurekms://VAULT.vault.azure.net/KEY`",
        login: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in with `az login`",
        authorities: "SSL_CERT_FILE",
    },
    Source {
        scheme: "gcpkms",
        is_store: false,
        place: "name the key in full: `gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY`",
        login: "set GOOGLE_APPLICATION_CREDENTIALS to a file, or log in with `gcloud auth application-default login`",
        authorities: "SSL_CERT_FILE",
    },
    Source {
        scheme: "github",
        is_store: true,
        place: "GITHUB_HOST names another server",
        login: "set GITHUB_TOKEN to a token that may write secrets",
        authorities: "SSL_CERT_FILE",
    },
    Source {
        scheme: "gitlab",
        is_store: true,
        place: "GITLAB_HOST names another server",
        login: "set GITLAB_TOKEN to a token with the scope `api`",
        authorities: "SSL_CERT_FILE",
    },
    Source {
        scheme: "hashivault",
        is_store: false,
        place: "set VAULT_ADDR, such as `https://vault.example:8200`",
        login: "set VAULT_TOKEN, or log in with `vault login`",
        authorities: "VAULT_CACERT (a file) or VAULT_CAPATH (a folder)",
    },
    Source {
        scheme: "k8s",
        is_store: true,
        place: "KUBECONFIG names the file; `kubectl config use-context NAME` chooses one of its contexts",
        login: "in a pod, its service account has to be mounted; elsewhere KUBECONFIG names a file with a user",
        authorities: "`certificate-authority` of the cluster in kubeconfig",
    },
];

#[cfg(test)]
#[cfg(feature = "http")]
mod tests;
