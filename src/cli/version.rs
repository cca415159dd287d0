//! `version`.

use std::ffi::OsString;

use super::args::root::RootArgs;
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::Error;

/// Show the version of this program
#[derive(Debug, clap::Args)]
pub struct VersionArgs {
    /// Ignored, as in cosign.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Show it as JSON
    #[arg(long, help_heading = "Output")]
    pub json: Option<bool>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for VersionArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::Text(self.text()))
    }
}

impl VersionArgs {
    /// What is shown: cosign's keys, so that scripts that look for them go on working.
    pub fn text(&self) -> String {
        let rows = rows();
        if self.json.unwrap_or_default() {
            let object: serde_json::Map<String, serde_json::Value> =
                rows.iter().map(|(_, key, value)| ((*key).to_owned(), value.as_str().into())).collect();
            return format!("{:#}\n", serde_json::Value::Object(object));
        }
        rows.iter().map(|(label, _, value)| format!("{:<15}{value}\n", format!("{label}:"))).collect()
    }
}

/// Label, JSON key and value. Whoever packages the program sets the two variables at build time.
fn rows() -> [(&'static str, &'static str, String); 7] {
    let or_unknown = |value: Option<&'static str>| value.unwrap_or("unknown").to_owned();
    [
        ("GitVersion", "gitVersion", format!("v{}", env!("CARGO_PKG_VERSION"))),
        ("GitCommit", "gitCommit", or_unknown(option_env!("RCOSIGN_GIT_COMMIT"))),
        ("GitTreeState", "gitTreeState", or_unknown(option_env!("RCOSIGN_GIT_TREE_STATE"))),
        ("BuildDate", "buildDate", or_unknown(option_env!("RCOSIGN_BUILD_DATE"))),
        ("GoVersion", "goVersion", "none".to_owned()),
        ("Compiler", "compiler", "rustc".to_owned()),
        ("Platform", "platform", platform()),
    ]
}

/// Operating system and architecture, by Go's names.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}/{arch}")
}
