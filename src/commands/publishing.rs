//! How commands write what belongs to images: the room `storage` meets the context.

use super::{Context, RegistryRequest, images};
use crate::storage::images::{Writer, lock_folder};

/// How the shared tags of one command are written.
pub(super) fn writer(request: &RegistryRequest, context: &Context) -> Writer {
    Writer {
        locks: lock_folder(&*context.variables),
        budget: request.retry_for,
        media_types: images::media_types(context),
        now: context.now,
    }
}
