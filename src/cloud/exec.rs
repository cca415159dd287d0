//! Programs that give credentials for a cluster (Kubernetes, "client-go credential plugins"; `client.authentication.k8s.io`, versions
//! `v1` and `v1beta1`).
//!
//! Who can write a kubeconfig would choose what is started, so nothing is that the user has not allowed for this command.

use std::path::{MAIN_SEPARATOR, Path};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::kubeconfig::Entry;
use super::{Error, Variables};
use crate::crypto::{DecodeError, Node, Secret, base64, json as documents};
use crate::http::ClientCertificate;
use crate::program::{self, Call, Printed, Program, ProgramError};

const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const KIND: &str = "ExecCredential";
/// The variable that tells a program what it is asked.
const QUESTION: &str = "KUBERNETES_EXEC_INFO";
/// The extension of a cluster that is for such programs.
const EXTENSION: &str = "client.authentication.k8s.io/exec";
/// Arguments or variables of one program.
const MAX_ITEMS: usize = 1000;
/// Of what a kubeconfig advises, that much is shown.
const MAX_ADVICE: usize = 500;

/// That such programs may be started.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// Who is told, from any thread, what they say on standard error.
    pub tell: fn(&str),
    /// How long one may take.
    pub limit: Duration,
}

/// What a program gave.
pub(super) struct Given {
    pub token: Option<Secret>,
    pub certificate: Option<ClientCertificate>,
}

/// What a user has below `exec`.
struct Exec {
    version: String,
    command: String,
    arguments: Vec<String>,
    environment: Vec<(String, Secret)>,
    /// What to do where there is no such program.
    advice: Option<String>,
    wants_person: bool,
    wants_cluster: bool,
}

/// Starts the program of this user, and reads what it gives.
///
/// # Errors
/// It may not be started; what is said of it cannot be used; it gives nothing.
pub(super) async fn credentials(
    user: &Entry<'_>,
    cluster: &Entry<'_>,
    variables: Variables<'_>,
    allowed: Option<Allowed>,
) -> Result<Given, Error> {
    let exec = user.decode(|user| read(&user.member("exec")?))?;
    let Some(Allowed { tell, limit }) = allowed else {
        return Err(Error::NotAllowed { name: user.to_string(), program: exec.command });
    };
    if exec.wants_person {
        return Err(user.refused(format!(
            "the program `{}` wants to talk to somebody (`interactiveMode: Always`), and standard input is not given to it",
            exec.command
        )));
    }
    let question = question(&exec, cluster)?;
    let advice = exec.advice.clone();
    let name = user.to_string();
    let fail = move |source| Error::Program { name, advice, source: Box::new(source) };
    let program = match found(&exec.command, user.folder(), variables) {
        Ok(program) => program,
        Err(error) => return Err(fail(error)),
    };
    let mut environment = exec.environment;
    environment.push((QUESTION.to_owned(), Secret::new(question.to_string().into_bytes())));
    let call = Call { arguments: exec.arguments, environment, input: Arc::default(), limit, tell };
    let version = exec.version;
    let asked = tokio::task::spawn_blocking(move || {
        let printed = program.run(call)?;
        answer(&program.name, &printed, &version)
    });
    match asked.await {
        Ok(given) => given.map_err(fail),
        Err(_) => Err(fail(ProgramError::Absent { program: exec.command })),
    }
}

fn read(exec: &Node<'_>) -> Result<Exec, DecodeError> {
    let version = exec.member("apiVersion")?;
    if !VERSIONS.contains(&version.text()?) {
        return Err(version.error(format!("is neither {}", VERSIONS.join(" nor "))));
    }
    let text = |name: &str| exec.optional(name)?.map(|node| Ok(node.text()?.to_owned())).transpose();
    let is_set = |name: &str| match exec.optional(name)? {
        None => Ok(false),
        Some(node) => match node.text()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(node.error("is neither true nor false")),
        },
    };
    let items = |name: &str| match exec.optional(name)? {
        Some(list) => list.items(MAX_ITEMS),
        None => Ok(Vec::new()),
    };
    let arguments = items("args")?.into_iter().map(|item| plain(&item).map(str::to_owned));
    let variable = |item: &Node<'_>| {
        let name = item.member("name")?;
        if name.non_empty_text()?.contains(['=', '\0']) {
            return Err(name.error("is not the name of a variable"));
        }
        let value = item.optional("value")?.map(|value| plain(&value)).transpose()?;
        Ok((name.text()?.to_owned(), Secret::new(value.unwrap_or_default().as_bytes().to_vec())))
    };
    let wants_person = match exec.optional("interactiveMode")? {
        None => false,
        Some(mode) => match mode.text()? {
            "Never" | "IfAvailable" => false,
            "Always" => true,
            _ => return Err(mode.error("is none of Never, IfAvailable and Always")),
        },
    };
    let command = exec.member("command")?;
    command.non_empty_text()?;
    Ok(Exec {
        version: version.text()?.to_owned(),
        command: plain(&command)?.to_owned(),
        arguments: arguments.collect::<Result<_, _>>()?,
        environment: items("env")?.iter().map(variable).collect::<Result<_, _>>()?,
        advice: text("installHint")?.map(|text| {
            text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_ADVICE).collect()
        }),
        wants_person,
        wants_cluster: is_set("provideClusterInfo")?,
    })
}

/// What can be given to a program at all.
fn plain<'a>(node: &Node<'a>) -> Result<&'a str, DecodeError> {
    match node.text()? {
        text if text.contains('\0') => Err(node.error("has a NUL in it")),
        text => Ok(text),
    }
}

/// A command with a folder in it is looked for from the kubeconfig's folder, another one in PATH, as kubectl does.
fn found(command: &str, folder: &Path, variables: Variables<'_>) -> Result<Program, ProgramError> {
    if !command.contains(['/', MAIN_SEPARATOR]) {
        return Program::find(command.to_owned(), variables);
    }
    let path = folder.join(command);
    // A path without a folder would be looked for in PATH after all.
    let path = std::path::absolute(&path).unwrap_or(path);
    if program::is_program(&path) {
        return Ok(Program::at(command.to_owned(), path));
    }
    Err(ProgramError::NoFile { path })
}

/// The document of [`QUESTION`].
fn question(exec: &Exec, cluster: &Entry<'_>) -> Result<Value, Error> {
    let mut spec = json!({ "interactive": false });
    if exec.wants_cluster {
        let has_extension = cluster.decode(|cluster| {
            let Some(list) = cluster.optional("extensions")? else { return Ok(false) };
            for item in list.items(MAX_ITEMS)? {
                if item.member("name")?.text()? == EXTENSION {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        if has_extension {
            return Err(cluster.refused(format!(
                "what it tells programs (the extension `{EXTENSION}`) is not handed on to them"
            )));
        }
        let mut told = json!({ "server": cluster.text("server")? });
        if let Some(name) = cluster.text("tls-server-name")? {
            told["tls-server-name"] = name.into();
        }
        if cluster.switch("insecure-skip-tls-verify")? {
            told["insecure-skip-tls-verify"] = true.into();
        }
        if let Some((_, pem)) = cluster.content("certificate-authority")? {
            told["certificate-authority-data"] = base64::encode(pem.expose()).into();
        }
        spec["cluster"] = told;
    }
    Ok(json!({ "kind": KIND, "apiVersion": exec.version, "spec": spec }))
}

/// What a program printed.
fn answer(program: &str, printed: &Printed, version: &str) -> Result<Given, ProgramError> {
    let status = printed.status;
    let program = || program.to_owned();
    if !status.success() {
        return Err(ProgramError::Failed { program: program(), status });
    }
    let broken = |source| ProgramError::Answer { program: program(), status, source };
    let value = documents::parse(KIND, printed.bytes.expose()).map_err(broken)?;
    given(&Node::root(KIND, &value), version, &program()).map_err(broken)
}

fn given(answer: &Node<'_>, version: &str, program: &str) -> Result<Given, DecodeError> {
    for (name, expected) in [("kind", KIND), ("apiVersion", version)] {
        let found = answer.member(name)?;
        if found.text()? != expected {
            return Err(found.error(format!("is not `{expected}`, which was asked for")));
        }
    }
    let status = answer.member("status")?;
    let secret = |name: &str| {
        let Some(node) = status.optional(name)? else { return Ok(None) };
        let text = node.text()?.trim_ascii();
        Ok(Some((node, Secret::new(text.as_bytes().to_vec()))).filter(|_| !text.is_empty()))
    };
    let token = secret("token")?;
    if let Some((node, token)) = &token
        && !token.expose().iter().all(u8::is_ascii_graphic)
    {
        return Err(node.error("has characters that no token has"));
    }
    let certificate = match (secret("clientCertificateData")?, secret("clientKeyData")?) {
        (None, None) => None,
        (Some((_, certificate)), Some((_, key))) => Some(ClientCertificate {
            name: format!("`clientCertificateData` of the program `{program}`"),
            certificate: certificate.expose().to_vec(),
            key,
        }),
        _ => return Err(status.error("has one alone of `clientCertificateData` and `clientKeyData`")),
    };
    if token.is_none() && certificate.is_none() {
        return Err(status.error("has neither a token nor a certificate"));
    }
    Ok(Given { token: token.map(|(_, token)| token), certificate })
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
