//! `sandbox status` and `sandbox down`.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::{Context, Error, ErrorKind};
use super::place;
use crate::sandbox::{self, Folder};

/// How often is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// What the sandbox in a folder says of itself, and whether one runs: as an error if not.
///
/// # Errors
/// It cannot be asked.
pub fn sandbox_status(
    folder: Option<&Path>,
    context: &mut Context,
) -> Result<(Value, Result<(), Error>), Error> {
    let dir = place::flag(folder);
    let folder = place::folder(folder, context)?;
    match sandbox::status(&folder).map_err(|error| no_answer(&folder, &error))? {
        Some(status) => Ok((status, Ok(()))),
        None => {
            let status = json!({ "running": false, "folder": folder.display().to_string() });
            Ok((status, Err(none(&folder, &dir))))
        }
    }
}

/// Ends the sandbox in a folder and waits until it has ended.
///
/// # Errors
/// None runs there, it cannot be asked, or does not end in time.
pub async fn sandbox_down(folder: Option<&Path>, context: &mut Context) -> Result<(), Error> {
    let dir = place::flag(folder);
    let folder = place::folder(folder, context)?;
    if !sandbox::end(&folder).map_err(|error| no_answer(&folder, &error))? {
        return Err(none(&folder, &dir));
    }
    let begun = Instant::now();
    while Folder::is_used(&folder).map_err(|error| Error::with_sources(ErrorKind::Other, &error))? {
        if begun.elapsed() > context.settings.timeout {
            let message = format!("the sandbox in {} does not end", folder.display());
            return Err(Error::new(ErrorKind::Other, message).hint("--timeout is how long is waited for it"));
        }
        tokio::time::sleep(PAUSE).await;
    }
    context.narrator.say(&format!("The sandbox has ended; its state is in {}", folder.display()));
    Ok(())
}

fn none(folder: &Path, dir: &str) -> Error {
    Error::new(ErrorKind::Other, format!("no sandbox runs in {}", folder.display()))
        .hint(format!("`sandbox up --detach{dir}` starts one; --dir DIR names another folder"))
}

fn no_answer(folder: &Path, error: &sandbox::ControlError) -> Error {
    let message = format!("the sandbox in {} cannot be asked", folder.display());
    Error::new(ErrorKind::Other, message).caused_by(error)
}
