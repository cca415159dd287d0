//! `env`.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;

use super::args::{none, root::RootArgs};
use super::environment;
use super::render::Safe;
use super::run::Request;
use super::tree::{self, CommandArgs};
use super::variables::{self, VARIABLES, Variable};
use crate::commands::Error;

/// What is shown of a value that may be a secret.
const MASK: &str = "******";
/// Beginnings of the names of other variables that are shown when they are set.
const PREFIXES: &[&str] = &["COSIGN_", "SIGSTORE_", "TUF_"];

/// Show the variables of the environment that this program and cosign know
///
/// Each stands on a line of its own as NAME=VALUE; other variables of the two programs that are set follow. Secrets, and
/// the values of variables that are not known, are shown as ******. What a terminal would obey, line breaks and bytes
/// that are not UTF-8 are shown as escapes.
#[derive(Debug, clap::Args)]
pub struct EnvArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Say of each variable what it does and what its value is (default true)
    #[arg(long, help_heading = "Output")]
    pub show_descriptions: Option<bool>,
    /// Show values that may be secrets
    #[arg(long, help_heading = "Output")]
    pub show_sensitive_values: Option<bool>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for EnvArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let shown = Shown {
            descriptions: self.show_descriptions.unwrap_or(true),
            secrets: self.show_sensitive_values.unwrap_or_default(),
        };
        Ok(Request::Text(shown.text(std::env::vars_os().collect())))
    }
}

/// How much is shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    descriptions: bool,
    secrets: bool,
}

impl Shown {
    fn text(self, mut set: Vec<(OsString, OsString)>) -> String {
        set.sort();
        let mut out = String::new();
        for variable in VARIABLES {
            let value =
                set.iter().find(|(name, _)| name == variable.name).map(|(_, value)| value.as_os_str());
            self.known(&mut out, variable, value);
        }
        for (name, value) in &set {
            self.other(&mut out, name, value);
        }
        out
    }

    fn known(self, out: &mut String, variable: &Variable, value: Option<&OsStr>) {
        let Variable { name, does, expects, sensitive, works } = variable;
        if self.descriptions {
            let effect = if *works { "" } else { " (no effect in this version)" };
            let _ = writeln!(out, "# {name} {does}{effect}\n# Expects: {expects}");
            if value.is_some_and(OsStr::is_empty) {
                let _ = writeln!(out, "# It is set, and empty");
            }
        }
        let value = value.unwrap_or_default();
        let _ = writeln!(out, "{name}={}", self.value(value, *sensitive));
    }

    /// A variable that is set and not in the table, if it looks like one of ours or of cosign's.
    fn other(self, out: &mut String, name: &OsStr, value: &OsStr) {
        let starts = |prefix: &&str| name.as_encoded_bytes().starts_with(prefix.as_bytes());
        let text = name.to_str().unwrap_or_default();
        let listed = variables::named(text);
        if listed.is_some_and(|variable| variable.name == text) {
            return;
        }
        if listed.is_none() && variables::is_of_a_cloud(text) {
            if self.descriptions {
                let _ =
                    writeln!(out, "# {text} says where a cloud or a service with keys is, or who asks it");
            }
            // Nobody needs to see these here, and half of them are secret.
            let _ = writeln!(out, "{text}={}", if value.is_empty() { "" } else { MASK });
            return;
        }
        if listed.is_none() && !PREFIXES.iter().any(starts) {
            return;
        }
        let shown = one_line(name);
        if self.descriptions {
            let _ = writeln!(out, "# {shown} {}", other_does(text, listed));
        }
        let _ = writeln!(out, "{shown}={}", self.value(value, true));
    }

    fn value(self, value: &OsStr, sensitive: bool) -> String {
        match (self.secrets, sensitive && !value.is_empty()) {
            (true, _) => one_line(value),
            (false, true) => MASK.to_owned(),
            (false, false) => without_credentials(&one_line(value)),
        }
    }
}

/// What a variable does that is not in the table, or that is there by another name.
fn other_does(name: &str, listed: Option<&Variable>) -> String {
    if let Some(variable) = listed {
        return format!("is {} in lower case", variable.name);
    }
    match stands_in(name) {
        Some((flag, commands)) => format!("stands in for --{flag} of {}", commands.join(", ")),
        None => "is not known: it has no effect".to_owned(),
    }
}

/// The flag that a variable stands in for, with the commands that have it.
fn stands_in(name: &str) -> Option<(String, Vec<&'static str>)> {
    let mut found: Option<(String, Vec<&'static str>)> = None;
    for (command, spec) in tree::names().zip(tree::all()) {
        for flag in spec.get_arguments().filter_map(|arg| arg.get_long()) {
            if environment::variable(command, flag).as_deref() == Some(name) {
                found.get_or_insert_with(|| (flag.to_owned(), Vec::new())).1.push(command);
            }
        }
    }
    found
}

/// A text whose addresses name nobody: `https://user:password@host/` has a secret in it wherever it stands.
fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (authority, rest) = part.split_at(part.find(['/', '?', '#']).unwrap_or(part.len()));
        let host = authority.rsplit_once('@').map(|(_, host)| format!("{MASK}@{host}"));
        out.extend(["://", host.as_deref().unwrap_or(authority), rest]);
    }
    out
}

/// A text of the environment on one line: bytes that are not UTF-8 as `\xff`, what a terminal would obey as [`Safe`] does.
fn one_line(text: &OsStr) -> String {
    let mut out = String::new();
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        let _ = write!(out, "{}", Safe(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(descriptions: bool, secrets: bool, set: &[(&str, &str)]) -> String {
        let set = set.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        Shown { descriptions, secrets }.text(set)
    }

    fn line(text: &str, name: &str) -> String {
        let start = format!("{name}=");
        text.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{name}")).to_owned()
    }

    #[test]
    fn variables_of_clouds_are_named_when_they_are_set_and_never_shown() {
        let set = [
            ("AWS_SECRET_ACCESS_KEY", "s3cret"),
            ("VAULT_ADDR", "s3cret"),
            ("KUBECONFIG", ""),
            ("AWS_OTHER", "x"),
        ];
        for secrets in [false, true] {
            let text = shown(true, secrets, &set);
            assert_eq!(line(&text, "AWS_SECRET_ACCESS_KEY"), "AWS_SECRET_ACCESS_KEY=******");
            assert_eq!(line(&text, "VAULT_ADDR"), "VAULT_ADDR=******");
            assert_eq!(line(&text, "KUBECONFIG"), "KUBECONFIG=");
            assert!(!text.contains("s3cret") && !text.contains("AWS_OTHER"), "{text}");
        }
        assert!(!shown(true, false, &[]).contains("AWS_"));
    }

    #[test]
    fn secrets_and_what_is_not_known_are_masked_unless_asked_for() {
        let set = [
            ("COSIGN_PASSWORD", "s3cret"),
            ("COSIGN_REPOSITORY", "r"),
            ("HTTPS_PROXY", "http://u:p@h"),
            ("https_proxy", "http://u:p@l"),
            ("TUF_X", "v"),
            ("OTHER", "o"),
        ];
        let text = shown(false, false, &set);
        assert!(!text.contains("s3cret") && !text.contains("u:p") && !text.contains("OTHER"), "{text}");
        assert_eq!(line(&text, "COSIGN_PASSWORD"), "COSIGN_PASSWORD=******");
        assert_eq!(line(&text, "COSIGN_REPOSITORY"), "COSIGN_REPOSITORY=r");
        assert_eq!(line(&text, "TUF_X"), "TUF_X=******");
        let text = shown(false, true, &set);
        assert_eq!(line(&text, "COSIGN_PASSWORD"), "COSIGN_PASSWORD=s3cret");
        assert_eq!(line(&text, "https_proxy"), "https_proxy=http://u:p@l");
        assert_eq!(line(&text, "TUF_X"), "TUF_X=v");
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (value, expected) in [
            ("https://u:s3cret@t.example/x?a@b", "https://******@t.example/x?a@b"),
            ("https://u:s3@cret@t.example", "https://******@t.example"),
            ("oci://u:s3cret@r.example,x://a:s3cret@b", "oci://******@r.example,x://******@b"),
            ("https://t.example/@scope", "https://t.example/@scope"),
            ("r.example/a@sha256:00", "r.example/a@sha256:00"),
            ("://", "://"),
        ] {
            let text = shown(false, false, &[("TUF_MIRROR", value)]);
            assert_eq!(line(&text, "TUF_MIRROR"), format!("TUF_MIRROR={expected}"));
            let text = shown(false, true, &[("TUF_MIRROR", value)]);
            assert_eq!(line(&text, "TUF_MIRROR"), format!("TUF_MIRROR={value}"));
        }
    }

    #[test]
    fn a_value_with_an_equals_sign_is_whole() {
        let text = shown(false, true, &[("COSIGN_KEY", "k?a=b=c"), ("TUF_MIRROR", "https://t/?x=y")]);
        assert_eq!(line(&text, "COSIGN_KEY"), "COSIGN_KEY=k?a=b=c");
        assert_eq!(line(&text, "TUF_MIRROR"), "TUF_MIRROR=https://t/?x=y");
    }

    #[test]
    fn no_value_makes_a_line_of_its_own() {
        let text = shown(
            false,
            true,
            &[("COSIGN_REPOSITORY", "r\nCOSIGN_PASSWORD=forged\u{1b}[2J"), ("TUF_A\nB", "x\r")],
        );
        assert_eq!(text.lines().count(), VARIABLES.len() + 1);
        assert_eq!(
            line(&text, "COSIGN_REPOSITORY"),
            "COSIGN_REPOSITORY=r\\nCOSIGN_PASSWORD=forged\\u{1b}[2J"
        );
        assert_eq!(line(&text, "TUF_A\\nB"), "TUF_A\\nB=x\\r");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_text_are_escaped() {
        use std::os::unix::ffi::OsStringExt;
        let name = OsString::from_vec(b"COSIGN_\xff".to_vec());
        let value = OsString::from_vec(b"a\xfe\xc3\xa4".to_vec());
        let text = Shown { descriptions: false, secrets: true }.text(vec![(name, value)]);
        assert_eq!(text.lines().last(), Some("COSIGN_\\xff=a\\xfe\u{e4}"));
    }

    #[test]
    fn descriptions_say_what_has_an_effect() {
        let text = shown(
            true,
            false,
            &[("COSIGN_OUTPUT_KEY_PREFIX", "x"), ("COSIGN_BOGUS", "x"), ("COSIGN_PASSWORD", "")],
        );
        assert!(text.contains("# COSIGN_OUTPUT_KEY_PREFIX stands in for --output-key-prefix of generate-key-pair, import-key-pair\n"), "{text}");
        assert!(text.contains("# COSIGN_BOGUS is not known: it has no effect\n"));
        assert!(text.contains("# It is set, and empty\nCOSIGN_PASSWORD=\n"));
        assert!(text.contains("# SOURCE_DATE_EPOCH is the time of creation to write into manifests of images (no effect in this version)\n"));
    }
}
