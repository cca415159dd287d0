//! What is asked of a registry.

use std::pin::Pin;

use crate::http::{Address, Method, Parts};
use crate::registry::auth::Access;
use crate::registry::error::Error;

/// A request to a registry.
#[derive(Debug)]
pub(in crate::registry) struct Request<'a> {
    pub method: Method,
    pub to: To<'a>,
    pub accept: &'a str,
    pub access: &'a Access,
    /// The size of what may come beyond a small document; more time is given for it.
    pub large: u64,
    pub content: Content<'a>,
}

/// What a request sends.
#[derive(Clone, Copy)]
pub(in crate::registry) enum Content<'a> {
    /// Nothing.
    None,
    /// This, of a media type.
    Bytes(&'a str, &'a [u8]),
    /// So many bytes, which are opened anew for each attempt.
    Parts(u64, &'a dyn Open),
}

/// Opens what is to be sent.
pub(in crate::registry) trait Open {
    /// Opens it, from its beginning.
    fn open(&self) -> Pin<Box<dyn Future<Output = Result<Parts, Error>> + '_>>;
}

impl<F: AsyncFn() -> Result<Parts, Error>> Open for F {
    fn open(&self) -> Pin<Box<dyn Future<Output = Result<Parts, Error>> + '_>> {
        Box::pin(self())
    }
}

impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bytes(media_type, bytes) => write!(f, "Bytes({media_type}, {})", bytes.len()),
            Self::Parts(length, _) => write!(f, "Parts({length})"),
        }
    }
}

/// Where a request goes.
#[derive(Debug)]
pub(in crate::registry) enum To<'a> {
    /// To this path, which begins with `/v2/`.
    Path(&'a str),
    /// To the next page of a list, which is on the same registry.
    Page(&'a Address),
    /// To where the registry wants an upload, which may be elsewhere.
    Upload(&'a Address),
}

/// The address of a request to the registry at `base`.
pub(super) fn target(base: &Address, request: &Request<'_>) -> Result<Address, Error> {
    match request.to {
        To::Path(path) => Ok(base.join(path)?),
        To::Upload(address) => Ok(address.clone()),
        To::Page(page) if page.is_same_origin(base) => Ok(page.clone()),
        To::Page(page) => Err(Error::Elsewhere {
            url: base.to_string(),
            target: page.to_string(),
            reason: "a list does not lead to another server",
        }),
    }
}
