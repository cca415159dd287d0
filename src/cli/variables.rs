//! Variables of the environment, as data: `env` shows them, the manual and docs/reference/environment.md list them.

/// A variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, as the rest of a sentence that begins with the name.
    pub does: &'static str,
    /// What its value is.
    pub expects: &'static str,
    /// Whether its value may be a secret.
    pub sensitive: bool,
    /// Whether this version looks at it.
    pub works: bool,
}

const fn works(name: &'static str, does: &'static str, expects: &'static str) -> Variable {
    Variable { name, does, expects, sensitive: false, works: true }
}

/// A variable of cosign that this version does not look at.
const fn idle(name: &'static str, does: &'static str, expects: &'static str) -> Variable {
    Variable { works: false, ..works(name, does, expects) }
}

/// A variable of the HTTP client, which not every build has. Addresses of proxies may hold a password.
const fn network(name: &'static str, does: &'static str, expects: &'static str) -> Variable {
    Variable { works: cfg!(feature = "http"), ..works(name, does, expects) }
}

const fn secret(variable: Variable) -> Variable {
    Variable { sensitive: true, ..variable }
}

/// Whether a variable is one of those that clouds, and services with keys, have named, and that are looked at here.
pub fn is_of_a_cloud(name: &str) -> bool {
    CLOUDS.binary_search(&name).is_ok()
}

/// By name, without those of the table.
const CLOUDS: [&str; 79] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_ECR_PUBLIC",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_TLS_INSECURE_SKIP_VERIFY",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_AUTH_METHOD",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CONFIG_DIR",
    "AZURE_ENVIRONMENT",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "AZURE_TENANT_ID",
    "AZURE_USERNAME",
    "BAO_ADDR",
    "BAO_CACERT",
    "BAO_CACERT_BYTES",
    "BAO_CAPATH",
    "BAO_CLIENT_CERT",
    "BAO_CLIENT_KEY",
    "BAO_NAMESPACE",
    "BAO_SKIP_VERIFY",
    "BAO_TLS_SERVER_NAME",
    "BAO_TOKEN",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS",
    "CLOUDSDK_CONFIG",
    "GITHUB_ACTOR",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "NO_GCE_CHECK",
    "TRANSIT_SECRET_ENGINE_PATH",
    "VAULT_ADDR",
    "VAULT_CACERT",
    "VAULT_CACERT_BYTES",
    "VAULT_CAPATH",
    "VAULT_CLIENT_CERT",
    "VAULT_CLIENT_KEY",
    "VAULT_KEY_PREFIX",
    "VAULT_NAMESPACE",
    "VAULT_SKIP_VERIFY",
    "VAULT_TLS_SERVER_NAME",
    "VAULT_TOKEN",
];

/// The variables, by name: those that cosign's `env` shows, and those that have an effect here.
pub const VARIABLES: &[Variable] = &[
    secret(network(
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "is the secret with which a GitHub workflow asks for an identity token",
        "a token, set by GitHub Actions",
    )),
    network(
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "is where a GitHub workflow asks for an identity token",
        "an address, set by GitHub Actions",
    ),
    secret(network(
        "ALL_PROXY",
        "names the proxy to servers that neither HTTPS_PROXY nor HTTP_PROXY covers; lower case works too",
        "an address",
    )),
    secret(network(
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "is the secret with which a Buildkite job asks for an identity token",
        "a token, set by Buildkite",
    )),
    network(
        "BUILDKITE_AGENT_ENDPOINT",
        "is where the API of Buildkite's agents is",
        "an address, set by Buildkite",
    ),
    idle(
        "BUILDKITE_AGENT_LOG_LEVEL",
        "says how much the client of Buildkite's agent tells",
        "debug, notice, info, error, warn or fatal",
    ),
    network(
        "BUILDKITE_JOB_ID",
        "is the Buildkite job that an identity token speaks of",
        "an id, set by Buildkite",
    ),
    works(
        "CI",
        "shows no progress of long work, where it is neither empty nor false",
        "any text, set by CI services",
    ),
    works("CLICOLOR", "turns colour off where it is 0; there is colour on a terminal alone", "0 or 1"),
    works(
        "COMPOSE_DISABLE_ENV_FILE",
        "has Compose read no .env: `compose verify` then wants --env-file to say so",
        "anything",
    ),
    works(
        "COMPOSE_ENV_FILES",
        "names the files that Compose reads in place of .env: `compose verify` then wants them with --env-file",
        "paths",
    ),
    works("COSIGN_DOCKER_MEDIA_TYPES", "writes Docker's media types in place of those of OCI", "1"),
    idle("COSIGN_EXPERIMENTAL", "turns on experiments, such as the referrers of OCI 1.1", "true or false"),
    works(
        "COSIGN_MAX_ATTACHMENT_SIZE",
        "bounds what is read of an attachment in a registry; without it that is 128MiB",
        "a size such as 5120, 20K, 3M or 45MiB",
    ),
    secret(works(
        "COSIGN_PASSWORD",
        "is the password of private keys; without it the terminal is asked, or standard input is read if it is not a \
         terminal",
        "any text; set and empty, it is the empty password",
    )),
    secret(works("COSIGN_PIV_PIN", "is the PIN of a PIV token; without it the terminal is asked", "a PIN")),
    works("COSIGN_PKCS11_IGNORE_CERTIFICATE", "leaves the certificate on a PKCS #11 token alone", "1"),
    works("COSIGN_PKCS11_MODULE_PATH", "names the PKCS #11 module, if a key's URI does not", "a path"),
    secret(works(
        "COSIGN_PKCS11_PIN",
        "is the PIN of a PKCS #11 token, if a key's URI does not hold it",
        "a PIN",
    )),
    works(
        "COSIGN_REPOSITORY",
        "keeps signatures and attestations of images in another repository",
        "a repository",
    ),
    secret(network(
        "DOCKER_AUTH_CONFIG",
        "holds logins of registries, which go before those in files",
        "the content of Docker's configuration",
    )),
    network("DOCKER_CONFIG", "holds Docker's configuration, with logins of registries", "a folder"),
    network(
        "GCE_METADATA_HOST",
        "is where Google's metadata server is, in place of its usual address",
        "a host",
    ),
    network(
        "GITHUB_HOST",
        "names the GitHub Enterprise server that stores a key pair",
        "a host or an address",
    ),
    works(
        "GITHUB_STEP_SUMMARY",
        "is the file that --report github adds a summary of the job to",
        "a path, set by GitHub Actions",
    ),
    secret(network(
        "GITHUB_TOKEN",
        "is the credential for storing a key pair with GitHub, and with --k8s-keychain for `ghcr.io`",
        "a token",
    )),
    network("GITLAB_HOST", "names the GitLab server that stores a key pair", "an address"),
    secret(network("GITLAB_TOKEN", "is the credential for key pairs that GitLab stores", "a token")),
    network(
        "GOOGLE_APPLICATION_CREDENTIALS",
        "holds the credentials with which Google is asked for identity tokens, and for keys",
        "a JSON file",
    ),
    network(
        "GOOGLE_SERVICE_ACCOUNT_NAME",
        "is the Google service account that an identity token is asked for",
        "the name of an account",
    ),
    secret(network(
        "HTTPS_PROXY",
        "names the proxy to servers behind https addresses: services, registries, keys; lower case works too",
        "an address",
    )),
    secret(network(
        "HTTP_PROXY",
        "names the proxy to servers behind http addresses: services, registries, keys; lower case works too",
        "an address",
    )),
    works(
        "JOB_COMPLETION_INDEX",
        "says which shard this is where --shard names only how many there are",
        "a number from 0, set by Kubernetes in the Pods of an Indexed Job",
    ),
    works("NO_COLOR", "turns colour off where it is set and not empty", "any text"),
    network(
        "NO_PROXY",
        "lists the servers that are asked without a proxy; lower case works too",
        "hosts, with commas between",
    ),
    network(
        "RCOSIGN_AZURE_VAULT_URL",
        "is where Azure Key Vault is asked, in place of the vault's own address",
        "an address",
    ),
    Variable {
        works: cfg!(all(feature = "sandbox", feature = "http")),
        ..works(
            "RCOSIGN_SANDBOX",
            "names the folder of the sandbox that the commands of `sandbox` are about",
            "a folder; without it that is rcosign/sandbox in XDG_DATA_HOME or ~/.local/share",
        )
    },
    network(
        "REGISTRY_AUTH_FILE",
        "holds Podman's logins of registries, in place of its usual files",
        "a JSON file",
    ),
    works(
        "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
        "holds certificate transparency log keys in place of those of the trusted root that is kept or built in",
        "a PEM file",
    ),
    secret(network("SIGSTORE_ID_TOKEN", "is the identity token for signing without a key", "a token")),
    works("SIGSTORE_NO_CACHE", "keeps nothing of what was fetched of a TUF repository", "true or false"),
    works(
        "SIGSTORE_REKOR_PUBLIC_KEY",
        "holds transparency log keys in place of those of the trusted root that is kept or built in",
        "a PEM file",
    ),
    works(
        "SIGSTORE_ROOT_FILE",
        "holds certificate authorities in place of those of the trusted root that is kept or built in",
        "a PEM file",
    ),
    works(
        "SIGSTORE_TSA_CERTIFICATE_FILE",
        "holds the timestamp authority in place of that of the trusted root that is kept or built in",
        "a PEM file, the root last",
    ),
    idle(
        "SOURCE_DATE_EPOCH",
        "is the time of creation to write into manifests of images",
        "seconds since 1970",
    ),
    network(
        "SPIFFE_ENDPOINT_SOCKET",
        "is where SPIFFE's workload API gives identity tokens",
        "the path of a socket",
    ),
    network(
        "SSL_CERT_DIR",
        "holds the authorities for TLS in place of the system's (not on Windows and macOS)",
        "folders of PEM files, with colons between",
    ),
    network(
        "SSL_CERT_FILE",
        "holds the authorities for TLS in place of the system's (not on Windows and macOS)",
        "a PEM file",
    ),
    works("TERM", "turns colour off, and progress, where it is dumb", "the name of a terminal"),
    works("TUF_MIRROR", "names the repository that trusted roots are fetched from", "an address"),
    works("TUF_ROOT", "is where what was fetched of that repository is kept", "a folder"),
    works("TUF_ROOT_JSON", "holds the root metadata to begin with, beside TUF_MIRROR", "a file, root.json"),
];

/// The variable of this name. The proxies' names may be in lower case too.
pub fn named(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| {
        variable.name == name
            || variable.name.ends_with("_PROXY") && variable.name.to_ascii_lowercase() == name
    })
}

#[cfg(test)]
mod tests;
