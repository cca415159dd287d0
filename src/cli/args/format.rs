//! How facts are shown: for people, or as JSON.

use super::known;
use crate::cli::render;
use crate::commands::{Error, ErrorKind};

/// How to show facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Labels and values, indented.
    #[default]
    Text,
    /// JSON, indented.
    Json,
}

/// The flag that chooses.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct FormatArgs {
    /// Show it as text or as json (default text)
    #[arg(long, short = 'o', value_name = "FORMAT", value_parser = known(&["text", "json"], format))]
    pub output: Option<Format>,
}

impl FormatArgs {
    /// The format asked for.
    pub fn format(&self) -> Format {
        self.output.unwrap_or_default()
    }
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err("expected text or json".to_owned()),
    }
}

impl Format {
    /// The bytes to show. Both formats are made from the same JSON value, so that neither can say more than the other.
    ///
    /// # Errors
    /// The facts are not JSON, which their types rule out.
    pub fn show(self, facts: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
        let fault = |error: serde_json::Error| {
            Error::new(ErrorKind::Other, "the facts cannot be shown").caused_by(&error)
        };
        let value = serde_json::to_value(facts).map_err(fault)?;
        Ok(match self {
            Self::Text => render::outline(&value),
            Self::Json => {
                format!("{}\n", render::json(&serde_json::to_string_pretty(&value).map_err(fault)?))
            }
        }
        .into_bytes())
    }
}
