//! `sandbox`: its commands.

pub mod demo;
pub mod down;
mod kind;
pub mod run;
pub mod status;
pub mod token;
pub mod up;

use std::path::PathBuf;

use super::args::format::Format;
use super::render::Output;
use crate::commands::{
    self, Context, Error, Files, SandboxRunRequest, SandboxTokenRequest, SandboxUpRequest,
};

/// What is asked of a sandbox.
#[derive(Debug)]
pub enum SandboxRequest {
    /// `sandbox down`, of this folder.
    Down(Option<PathBuf>),
    /// `sandbox run`.
    Run(Box<SandboxRunRequest>),
    /// `sandbox status`, of this folder, and how to show it.
    Status(Option<PathBuf>, Format),
    /// `sandbox token`.
    Token(Box<SandboxTokenRequest>),
    /// `sandbox up`.
    Up(Box<SandboxUpRequest>),
}

impl SandboxRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        match self {
            Self::Token(request) => request.files(),
            Self::Down(_) | Self::Run(_) | Self::Status(..) | Self::Up(_) => Files::default(),
        }
    }
}

/// Carries it out.
///
/// # Errors
/// Whatever the command meets.
pub async fn run(request: SandboxRequest, context: &mut Context, output: &mut Output) -> Result<(), Error> {
    match request {
        SandboxRequest::Up(request) => {
            let up = commands::sandbox_up(&request, context).await?;
            output.data(up.lines.as_bytes());
            // Before it runs for hours.
            output.flush()?;
            up.until_ended(context).await?;
        }
        SandboxRequest::Down(folder) => commands::sandbox_down(folder.as_deref(), context).await?,
        SandboxRequest::Run(request) => match commands::sandbox_run(&request, context).await {
            Ok(code) => output.end_with(code),
            Err((error, code)) => {
                if let Some(code) = code {
                    output.end_with(code);
                }
                return Err(error);
            }
        },
        SandboxRequest::Status(folder, format) => {
            let (status, result) = commands::sandbox_status(folder.as_deref(), context)?;
            output.data(&format.show(&status)?);
            return result;
        }
        SandboxRequest::Token(request) => output.data(&commands::sandbox_token(&request, context)?),
    }
    Ok(())
}
