//! `sandbox`: a Sigstore on loopback, for trying, testing and teaching.

#[cfg(all(feature = "sandbox", feature = "http"))]
mod background;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod child;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod cosign;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod demo;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod identity;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod options;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod place;
#[cfg_attr(
    not(all(feature = "sandbox", feature = "http")),
    allow(dead_code, reason = "this build carries none of it out")
)]
mod request;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod run;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod signals;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod status;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod token;
#[cfg(all(feature = "sandbox", feature = "http"))]
mod up;
#[cfg(not(all(feature = "sandbox", feature = "http")))]
mod without;

pub use request::{
    SandboxKind, SandboxRunRequest, SandboxTokenIdentity, SandboxTokenRequest, SandboxUpRequest,
    WorkflowRequest,
};

#[cfg(all(feature = "sandbox", feature = "http"))]
pub use self::{
    demo::{SandboxDemo, sandbox_demo},
    run::sandbox_run,
    status::{sandbox_down, sandbox_status},
    token::sandbox_token,
    up::sandbox_up,
};
#[cfg(not(all(feature = "sandbox", feature = "http")))]
pub use without::{
    SandboxDemo, sandbox_demo, sandbox_down, sandbox_run, sandbox_status, sandbox_token, sandbox_up,
};
