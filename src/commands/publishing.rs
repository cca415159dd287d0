//! How commands write what belongs to images: the room `storage` meets the context.

use super::{Context, RegistryRequest};
use crate::storage::images::{Writer, lock_folder};

/// How the shared tags of one command are written.
pub(super) fn writer(request: &RegistryRequest, context: &Context) -> Writer {
    Writer {
        locks: lock_folder(&*context.variables),
        budget: request.retry_for,
        docker_media_types: (context.variables)("COSIGN_DOCKER_MEDIA_TYPES")
            .is_some_and(|value| is_true(&value)),
        now: context.now,
    }
}

/// As Go reads a truth value.
fn is_true(value: &std::ffi::OsStr) -> bool {
    matches!(value.to_str(), Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}
