//! The cluster that is asked, and who asks: as kubeconfig says, or as a pod is told.

use std::path::{Path, PathBuf};

use super::kubeconfig::{Config, Entry};
use super::{Allowed, Error, Variables, exec, file};
use crate::crypto::{Secret, base64};
use crate::http::service::Connection;
use crate::http::service::asking::guarded;
use crate::http::{Authorities, ClientCertificate, ServerName};

/// Where a pod finds its service account (Kubernetes, "Accessing the Kubernetes API from a Pod").
pub const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The member of a cluster by which the certificate of its server goes unchecked.
const SKIP_VERIFY: &str = "insecure-skip-tls-verify";

/// A cluster, and who asks it.
pub struct Cluster {
    /// The address of the API, without a slash at its end.
    pub server: String,
    /// What goes into `Authorization`, if anything does.
    pub authorization: Option<Secret>,
    authorities: Option<Authorities>,
    certificate: Option<ClientCertificate>,
    server_name: Option<ServerName>,
    accept_any_certificate: bool,
}

impl Cluster {
    /// The cluster of the current context of the files that KUBECONFIG names, or of `.kube/config` in the home folder; without
    /// any such file, the cluster that this pod is in. `account` is where pods find their service account; `allowed` is there where the
    /// program that a file names for credentials may be started.
    ///
    /// # Errors
    /// There is none; something in a file cannot be used, which the error names.
    pub async fn find(
        variables: Variables<'_>,
        account: &Path,
        allowed: Option<Allowed>,
    ) -> Result<Self, Error> {
        let set = |name: &str| variables(name).filter(|value| !value.is_empty());
        let (paths, looked_at) = files(variables);
        let config = Config::read(&paths)?;
        if !config.is_empty() {
            let (cluster, user) = config.current()?;
            return Self::of(&cluster, user.as_ref(), variables, allowed).await;
        }
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        match (text("KUBERNETES_SERVICE_HOST"), text("KUBERNETES_SERVICE_PORT")) {
            (Some(host), Some(port)) => Self::of_pod(&host, &port, account),
            _ => Err(Error::Nowhere {
                what: "the cluster is",
                looked_at: format!(
                    "{looked_at}, and this is no pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)"
                ),
            }),
        }
    }

    /// Whether the files say that any certificate will do for the server. No program is started.
    ///
    /// # Errors
    /// Something in a file cannot be used.
    pub fn is_unchecked(variables: Variables<'_>) -> Result<bool, Error> {
        let config = Config::read(&files(variables).0)?;
        if config.is_empty() {
            return Ok(false);
        }
        config.current()?.0.switch(SKIP_VERIFY)
    }

    /// The cluster that this pod is in; `None` where this is no pod.
    ///
    /// # Errors
    /// The service account cannot be used.
    pub fn of_this_pod(variables: Variables<'_>, account: &Path) -> Result<Option<Self>, Error> {
        let text = |name: &str| variables(name).and_then(|v| v.into_string().ok()).filter(|v| !v.is_empty());
        match (text("KUBERNETES_SERVICE_HOST"), text("KUBERNETES_SERVICE_PORT")) {
            (Some(host), Some(port)) => Self::of_pod(&host, &port, account).map(Some),
            _ => Ok(None),
        }
    }

    /// Puts into a connection what this cluster needs.
    pub fn configure(&mut self, connection: &mut Connection) {
        connection.authorities = self.authorities.take();
        connection.certificate = self.certificate.take();
        connection.server_name = self.server_name.take();
        connection.accept_any_certificate = self.accept_any_certificate;
    }

    fn of_pod(host: &str, port: &str, account: &Path) -> Result<Self, Error> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let server = format!("https://{host}:{port}");
        guarded("KUBERNETES_SERVICE_HOST", &server)?;
        let path = account.join("token");
        let token = file(&path)?.ok_or_else(|| Error::Unset {
            what: "the token of the service account is",
            looked_at: format!(
                "`{}` does not exist, and KUBECONFIG names no file that exists either",
                path.display()
            ),
        })?;
        let path = account.join("ca.crt");
        let authorities = file(&path)?
            .map(|pem| Authorities { name: format!("`{}`", path.display()), pem: pem.expose().to_vec() });
        Ok(Self {
            server,
            authorization: Some(bearer(&token)),
            authorities,
            certificate: None,
            server_name: None,
            accept_any_certificate: false,
        })
    }

    async fn of(
        cluster: &Entry<'_>,
        user: Option<&Entry<'_>>,
        variables: Variables<'_>,
        allowed: Option<Allowed>,
    ) -> Result<Self, Error> {
        let server = cluster.text("server")?.ok_or_else(|| cluster.lacks("server"))?;
        let server = server.trim_end_matches('/').to_owned();
        let address = guarded(&format!("the server of {cluster}"), &server)?;
        if cluster.has("proxy-url") {
            return Err(cluster.refused(
                "a proxy of its own (`proxy-url`) is not supported: name the proxy in HTTPS_PROXY",
            ));
        }
        let accept_any_certificate = cluster.switch(SKIP_VERIFY)?;
        let authorities = cluster.content("certificate-authority")?;
        if accept_any_certificate && authorities.is_some() {
            return Err(cluster
                .refused("`insecure-skip-tls-verify` and `certificate-authority` contradict each other"));
        }
        let server_name = cluster.text("tls-server-name")?;
        // Last, for a program may be started.
        let (authorization, certificate) = match user {
            Some(user) if user.has("exec") => {
                alone(user)?;
                let exec::Given { token, certificate } =
                    exec::credentials(user, cluster, variables, allowed).await?;
                (token.as_ref().map(bearer), certificate)
            }
            Some(user) => (authorization(user)?, certificate(user)?),
            None => (None, None),
        };
        Ok(Self {
            authorities: authorities.map(|(name, pem)| Authorities { name, pem: pem.expose().to_vec() }),
            server_name: server_name.map(|name| ServerName { host: address.host().to_owned(), name }),
            accept_any_certificate,
            certificate,
            authorization,
            server,
        })
    }
}

/// The files that may name a cluster, and what to say where none exists.
fn files(variables: Variables<'_>) -> (Vec<PathBuf>, &'static str) {
    let set = |name: &str| variables(name).filter(|value| !value.is_empty());
    match set("KUBECONFIG") {
        Some(list) => {
            let paths = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
            (paths.collect(), "no file that KUBECONFIG names exists")
        }
        None => {
            let home = set("HOME").or_else(|| set("USERPROFILE"));
            let paths = home.map(|home| PathBuf::from(home).join(".kube").join("config"));
            (paths.into_iter().collect(), "KUBECONFIG is not set, there is no ~/.kube/config")
        }
    }
}

fn bearer(token: &Secret) -> Secret {
    Secret::new([b"Bearer ", token.expose().trim_ascii()].concat())
}

fn certificate(user: &Entry<'_>) -> Result<Option<ClientCertificate>, Error> {
    match (user.content("client-certificate")?, user.content("client-key")?) {
        (None, None) => Ok(None),
        (Some((name, certificate)), Some((_, key))) => {
            Ok(Some(ClientCertificate { name, certificate: certificate.expose().to_vec(), key }))
        }
        _ => Err(user.refused("of `client-certificate` and `client-key` there is one alone")),
    }
}

/// That nothing but a program says who the user is: which of two would count is known to nobody.
fn alone(user: &Entry<'_>) -> Result<(), Error> {
    supported(user)?;
    let others = ["client-certificate", "client-key", "tokenFile", "token", "username"];
    match others.iter().find(|name| user.has(name) || user.has(&format!("{name}-data"))) {
        Some(name) => Err(user.refused(format!("`exec` and `{name}` are two ways to say who asks"))),
        None => Ok(()),
    }
}

/// That there is nothing in it that would change who asks, and cannot be heeded.
fn supported(user: &Entry<'_>) -> Result<(), Error> {
    if user.has("auth-provider") {
        return Err(user.refused(
            "its credentials come from a plug-in (`auth-provider`), which Kubernetes has given up: use a context with a token or a certificate, such as one of `kubectl create token`",
        ));
    }
    for member in ["as", "as-groups", "as-uid", "as-user-extra"] {
        if user.has(member) {
            return Err(user.refused(format!("acting as somebody else (`{member}`) is not supported")));
        }
    }
    Ok(())
}

/// What the user shows; a file of a token goes before a token.
fn authorization(user: &Entry<'_>) -> Result<Option<Secret>, Error> {
    supported(user)?;
    if let Some(path) = user.text("tokenFile")? {
        let (_, token) = user.file("tokenFile", &path)?;
        return Ok(Some(bearer(&token)));
    }
    if let Some(token) = user.text("token")? {
        return Ok(Some(bearer(&Secret::new(token.into_bytes()))));
    }
    let (name, password) = (user.text("username")?, user.text("password")?);
    Ok(name.map(|name| {
        let pair = Secret::new(format!("{name}:{}", password.unwrap_or_default()).into_bytes());
        Secret::new(format!("Basic {}", base64::encode(pair.expose())).into_bytes())
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct World {
        folder: tempfile::TempDir,
        variables: HashMap<String, String>,
    }

    impl World {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            Self { folder, variables: HashMap::new() }
        }

        fn with(mut self, name: &str, value: &str) -> Self {
            self.variables.insert(name.to_owned(), value.to_owned());
            self
        }

        /// `KUBECONFIG` names these files of the folder.
        fn config(self, names: &[&str]) -> Self {
            let list = std::env::join_paths(names.iter().map(|name| self.folder.path().join(name))).unwrap();
            self.with("KUBECONFIG", list.to_str().unwrap())
        }

        fn find(&self) -> Result<Cluster, String> {
            let variables = |name: &str| self.variables.get(name).map(Into::into);
            crate::http::scripted::run(Cluster::find(&variables, self.folder.path(), None)).map_err(|error| {
                match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                }
            })
        }
    }

    fn shown(cluster: &Cluster) -> (&str, &str) {
        let authorization = cluster.authorization.as_ref().map_or(&b""[..], Secret::expose);
        (&cluster.server, std::str::from_utf8(authorization).unwrap())
    }

    fn one(cluster: &str, user: &str) -> String {
        format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nclusters: [{{name: k, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
        )
    }

    #[test]
    fn of_several_files_the_first_counts() {
        let first = "current-context: c\nusers: [{name: u, user: {token: first}}]";
        let world =
            World::new(&[("a", first), ("b", &one("server: 'https://k.example/x/'", "token: second"))])
                .config(&["absent", "a", "b"]);
        assert_eq!(shown(&world.find().unwrap()), ("https://k.example/x", "Bearer first"));
    }

    #[test]
    fn whoever_asks() {
        for (user, expected) in [
            ("token: t", "Bearer t"),
            ("tokenFile: file, token: t", "Bearer of the file"),
            ("username: a, password: b", "Basic YTpi"),
            ("client-certificate-data: YQ==, client-key: file", ""),
        ] {
            let config =
                one("server: 'https://k.example', certificate-authority: file, tls-server-name: n", user);
            let world = World::new(&[("config", &config), ("file", "of the file\n")]).config(&["config"]);
            let cluster = world.find().unwrap();
            assert_eq!(shown(&cluster).1, expected);
            assert_eq!(cluster.certificate.is_some(), expected.is_empty());
            assert_eq!(cluster.authorities.unwrap().pem, b"of the file\n");
            assert_eq!(cluster.server_name.unwrap().name, "n");
        }
    }

    #[test]
    fn what_is_refused() {
        const SERVER: &str = "server: 'https://k.example'";
        for (cluster, user, words) in [
            (
                SERVER,
                "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}",
                "from the program `aws` (`exec`), and none is started",
            ),
            (SERVER, "exec: {command: aws}", "apiVersion"),
            (SERVER, "exec: {command: aws}, token: hidden", "`exec` and `token` are two ways"),
            (SERVER, "exec: {command: aws}, client-key-data: YQ==", "`exec` and `client-key` are two ways"),
            (SERVER, "exec: {command: aws}, as: admin", "acting as somebody else"),
            (SERVER, "auth-provider: {name: gcp}", "come from a plug-in"),
            (SERVER, "as: admin, token: t", "acting as somebody else"),
            (SERVER, "client-key-data: YQ==", "one alone"),
            (SERVER, "client-key-data: '%', client-certificate-data: YQ==", "is not base64"),
            (SERVER, "tokenFile: absent", "does not exist"),
            ("server: 'http://k.example'", "token: hidden", "without https"),
            ("server: 'https://a:b@k.example'", "token: hidden", "password in it"),
            ("x: y", "token: hidden", "no `server`"),
            ("server: 'https://k.example', proxy-url: 'http://p'", "", "proxy-url"),
            ("server: 'https://k.example', insecure-skip-tls-verify: maybe", "", "neither true nor false"),
            (
                "server: 'https://k.example', insecure-skip-tls-verify: true, certificate-authority-data: YQ==",
                "",
                "contradict",
            ),
        ] {
            let world = World::new(&[("config", &one(cluster, user))]).config(&["config"]);
            let Err(error) = world.find() else { panic!("{cluster} {user}") };
            assert!(error.contains(words) && !error.contains("hidden"), "{error}");
        }
        for (config, words) in [
            ("", "no `current-context`"),
            ("current-context: x", "no context `x`"),
            ("current-context: x\ncontexts: [{name: x, context: {}}]", "no `cluster`"),
            ("- x", "not a mapping"),
            ("a: 1\n---\nb: 2", "more than one document"),
            ("a: [", "not YAML"),
            (
                "current-context: x\ncontexts: [{name: x, context: {}}, {name: x, context: {}}]",
                "appears twice",
            ),
        ] {
            let world = World::new(&[("config", config)]).config(&["config"]);
            let Err(error) = world.find() else { panic!("{config}") };
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_pod_asks_with_its_service_account() {
        let world = World::new(&[("token", "of the pod\n"), ("ca.crt", "ca")])
            .config(&["absent"])
            .with("KUBERNETES_SERVICE_HOST", "fd00::1")
            .with("KUBERNETES_SERVICE_PORT", "443");
        let cluster = world.find().unwrap();
        assert_eq!(shown(&cluster), ("https://[fd00::1]:443", "Bearer of the pod"));
        assert_eq!(cluster.authorities.unwrap().pem, b"ca");
        let bare = World::new(&[])
            .with("KUBERNETES_SERVICE_HOST", "10.0.0.1")
            .with("KUBERNETES_SERVICE_PORT", "443");
        let Err(error) = bare.find() else { panic!("without a token") };
        assert!(error.contains("token"), "{error}");
        let Err(error) = World::new(&[]).find() else { panic!("without anything") };
        assert!(error.contains("KUBECONFIG is not set") && error.contains("this is no pod"), "{error}");
    }
}
