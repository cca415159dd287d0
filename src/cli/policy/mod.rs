//! `policy`: its commands.

pub mod check;
pub mod explain;
pub mod import;
pub mod test;

use super::args::format::Format;
use super::render::Output;
use crate::commands::{
    Context, Error, Files, PolicyCheckRequest, PolicyExplainRequest, PolicyImportRequest, PolicyTestRequest,
};

/// What is asked of policy files.
#[derive(Debug)]
pub enum Request {
    /// `policy check`.
    Check(PolicyCheckRequest),
    /// `policy explain`.
    Explain(PolicyExplainRequest),
    /// `policy import`.
    Import(PolicyImportRequest),
    /// `policy test`.
    Test(PolicyTestRequest),
}

impl Request {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        match self {
            Self::Check(request) => request.files(),
            Self::Explain(request) => request.files(),
            Self::Import(request) => request.files(),
            Self::Test(request) => request.files(),
        }
    }
}

/// Does it, and shows what came of it.
///
/// # Errors
/// Whatever is met; what was looked at is not good.
pub async fn run(
    request: &Request,
    format: Format,
    context: &mut Context,
    output: &mut Output,
) -> Result<(), Error> {
    match request {
        Request::Check(request) => check::run(request, format, context, output).await,
        Request::Explain(request) => explain::run(request, format, context, output).await,
        Request::Import(request) => import::run(request, context, output),
        Request::Test(request) => test::run(request, format, context, output).await,
    }
}
