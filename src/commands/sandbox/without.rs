//! What a build without sandboxes says.

use std::convert::Infallible;
use std::path::Path;

use serde_json::Value;

use super::super::{Context, Error, ErrorKind};
use super::{SandboxRunRequest, SandboxTokenRequest, SandboxUpRequest};

fn absent() -> Error {
    Error::new(ErrorKind::Other, "this build has no sandbox; the full build of rcosign has it")
}

/// None is ever started.
pub struct SandboxUp {
    /// Nothing.
    pub lines: String,
    never: Infallible,
}

impl SandboxUp {
    /// Never comes to pass.
    ///
    /// # Errors
    /// None.
    pub async fn until_ended(self, _: &mut Context) -> Result<(), Error> {
        match self.never {}
    }
}

/// None is ever started.
pub struct SandboxDemo {
    /// Nothing.
    pub variables: Vec<(&'static str, String)>,
    never: Infallible,
}

impl SandboxDemo {
    /// Never comes to pass.
    pub fn folder(&self) -> &Path {
        match self.never {}
    }
}

/// This build has no sandbox.
///
/// # Errors
/// Always.
pub async fn sandbox_up(_: &SandboxUpRequest, _: &mut Context) -> Result<SandboxUp, Error> {
    Err(absent())
}

/// This build has no sandbox.
///
/// # Errors
/// Always.
pub async fn sandbox_demo(_: &mut Context) -> Result<SandboxDemo, Error> {
    Err(absent())
}

/// This build has no sandbox.
///
/// # Errors
/// Always.
pub async fn sandbox_run(_: &SandboxRunRequest, _: &mut Context) -> Result<u8, (Error, Option<u8>)> {
    Err((absent(), None))
}

/// This build has no sandbox.
///
/// # Errors
/// Always.
pub fn sandbox_token(_: &SandboxTokenRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(absent())
}

/// This build has no sandbox.
///
/// # Errors
/// Always.
pub fn sandbox_status(_: Option<&Path>, _: &mut Context) -> Result<(Value, Result<(), Error>), Error> {
    Err(absent())
}

/// This build has no sandbox.
///
/// # Errors
/// Always.
pub async fn sandbox_down(_: Option<&Path>, _: &mut Context) -> Result<(), Error> {
    Err(absent())
}
