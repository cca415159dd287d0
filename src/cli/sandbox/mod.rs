//! `sandbox`: its commands.

pub mod demo;
pub mod down;
mod kind;
pub mod run;
pub mod status;
pub mod token;
pub mod up;

use super::render::Output;
use super::run::Request;
use crate::commands::{self, Context, Error};

/// Carries out what is asked of a sandbox, but for the demonstration.
///
/// # Errors
/// Whatever the command meets.
pub async fn run(request: Request, context: &mut Context, output: &mut Output) -> Result<(), Error> {
    match request {
        Request::SandboxUp(request) => {
            let up = commands::sandbox_up(&request, context).await?;
            output.data(up.lines.as_bytes());
            // Before it runs for hours.
            output.flush()?;
            up.until_ended(context).await;
        }
        Request::SandboxDown(folder) => commands::sandbox_down(folder.as_deref(), context).await?,
        Request::SandboxRun(request) => match commands::sandbox_run(&request, context).await {
            Ok(code) => output.end_with(code),
            Err((error, code)) => {
                if let Some(code) = code {
                    output.end_with(code);
                }
                return Err(error);
            }
        },
        Request::SandboxStatus(folder, format) => {
            let (status, result) = commands::sandbox_status(folder.as_deref(), context)?;
            output.data(&format.show(&status)?);
            return result;
        }
        Request::SandboxToken(request) => output.data(&commands::sandbox_token(&request, context)?),
        _ => {}
    }
    Ok(())
}
