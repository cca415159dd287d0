//! Credential helpers: programs `docker-credential-NAME` that the user's own configuration names. The only programs that
//! are ever started.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::Credentials;
use crate::crypto::{Node, Secret, json};

/// How long a helper may take; some ask the user.
const LIMIT: Duration = Duration::from_secs(60);
const MAX_ANSWER: u64 = 1 << 20;
/// What helpers say of servers that they do not know, word for word.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The NAME of `docker-credential-NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperName(String);

impl HelperName {
    /// A name of letters, digits, `-`, `_` and `.` that begins with a letter or a digit: never a path, never a flag.
    pub fn parse(text: &str) -> Option<Self> {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let sound = text.len() <= 64
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
            && text.bytes().all(known);
        sound.then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Display for HelperName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "docker-credential-{}", self.0)
    }
}

/// A helper that is of no help. What it says is never shown: it may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// It is not there, or does not start.
    #[error("the credential helper `{helper}` could not be started")]
    Start {
        /// The program.
        helper: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("the credential helper `{helper}` failed ({status})")]
    Failed {
        /// The program.
        helper: String,
        /// Its exit status.
        status: String,
    },
    /// It did not end.
    #[error("the credential helper `{helper}` did not answer within {} seconds", LIMIT.as_secs())]
    Timeout {
        /// The program.
        helper: String,
    },
    /// Its answer is not what such a program answers.
    #[error("the credential helper `{helper}` gave an answer that is none")]
    Answer {
        /// The program.
        helper: String,
    },
}

/// Asks `helper` for the credentials of `server`; `None` when it has none. Blocks.
///
/// # Errors
/// The helper is of no help.
pub fn get(helper: &HelperName, server: &str) -> Result<Option<Credentials>, HelperError> {
    let (success, status, answer) = run(helper, "get", server.as_bytes())?;
    if !success {
        let text = String::from_utf8_lossy(answer.expose());
        if text.trim() == NOT_FOUND {
            return Ok(None);
        }
        return Err(HelperError::Failed { helper: helper.to_string(), status });
    }
    let broken = || HelperError::Answer { helper: helper.to_string() };
    let value = json::parse("answer", answer.expose()).map_err(|_| broken())?;
    let root = Node::root("answer", &value);
    let text = |name: &str| root.member(name).and_then(|node| node.text().map(str::to_owned));
    let username = text("Username").map_err(|_| broken())?;
    let secret = Secret::new(text("Secret").map_err(|_| broken())?.into_bytes());
    Ok(Credentials::of(&username, secret))
}

/// Gives `helper` the credentials of `server` to keep. Blocks.
///
/// # Errors
/// The helper is of no help.
pub fn store(
    helper: &HelperName,
    server: &str,
    username: &str,
    password: &Secret,
) -> Result<(), HelperError> {
    let broken = || HelperError::Answer { helper: helper.to_string() };
    let password = std::str::from_utf8(password.expose()).map_err(|_| broken())?;
    let document = serde_json::json!({ "ServerURL": server, "Username": username, "Secret": password });
    let document = Secret::new(document.to_string().into_bytes());
    match run(helper, "store", document.expose())? {
        (true, ..) => Ok(()),
        (false, status, _) => Err(HelperError::Failed { helper: helper.to_string(), status }),
    }
}

/// Starts the helper; gives whether it succeeded, its status in words, and what it printed.
fn run(helper: &HelperName, action: &str, input: &[u8]) -> Result<(bool, String, Secret), HelperError> {
    let start = |source| HelperError::Start { helper: helper.to_string(), source };
    let mut child = Command::new(helper.to_string())
        .arg(action)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(start)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let input = Secret::new(input.to_vec());
    let (sender, receiver) = mpsc::channel();
    // A thread of its own: a helper that never reads or never ends is given up by the clock.
    std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // A helper that does not read says why by its status.
            let _ = stdin.write_all(input.expose());
        }
        let mut answer = Vec::new();
        let read = stdout.map(|out| out.take(MAX_ANSWER).read_to_end(&mut answer));
        drop(sender.send((read.is_some_and(|read| read.is_ok()), Secret::new(answer))));
    });
    let Ok((read, answer)) = receiver.recv_timeout(LIMIT) else {
        give_up(&mut child);
        return Err(HelperError::Timeout { helper: helper.to_string() });
    };
    if !read || answer.expose().len() as u64 >= MAX_ANSWER {
        give_up(&mut child);
        return Err(HelperError::Answer { helper: helper.to_string() });
    }
    let status = child.wait().map_err(start)?;
    Ok((status.success(), status.to_string(), answer))
}

fn give_up(child: &mut Child) {
    // It may have ended meanwhile; either way nothing is left of it.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path_or_a_flag() {
        for name in ["pass", "ecr-login", "osxkeychain", "wincred.exe", "a_b", "1password"] {
            assert_eq!(HelperName::parse(name).unwrap().to_string(), format!("docker-credential-{name}"));
        }
        for name in ["", "../x", "a/b", "a\\b", "-x", ".x", "a b", "a;b", "\u{e4}", "a\nb", &"x".repeat(65)] {
            assert_eq!(HelperName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_helper_that_is_not_there_is_named() {
        let helper = HelperName::parse("no-such-helper-here").unwrap();
        let error = get(&helper, "r.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the credential helper `docker-credential-no-such-helper-here` could not be started"
        );
    }
}
