//! The trusted root of a run about several images, which are judged at the same time.

use std::cell::OnceCell;

use futures_util::lock::Mutex;

use crate::commands::trust::trusted_root;
use crate::commands::{Context, Error, TrustRequest};
use crate::trust::TrustedRoot;

/// The trusted root, read when the first signature needs it, and once: whether it was found or not.
pub(super) struct LazyRoot<'a> {
    request: &'a TrustRequest,
    context: Mutex<&'a mut Context>,
    root: OnceCell<Result<TrustedRoot, Error>>,
    nothing: TrustedRoot,
}

impl<'a> LazyRoot<'a> {
    pub(super) fn new(request: &'a TrustRequest, context: &'a mut Context) -> Self {
        Self { request, context: Mutex::new(context), root: OnceCell::new(), nothing: TrustedRoot::default() }
    }

    /// What is trusted.
    pub(super) fn request(&self) -> &TrustRequest {
        self.request
    }

    /// The root, which is empty as long as nothing needed it.
    pub(super) async fn read(&self, needed: bool) -> Result<&TrustedRoot, Error> {
        if self.root.get().is_none() && !needed {
            return Ok(&self.nothing);
        }
        // Others that need it meanwhile wait here.
        let mut context = self.context.lock().await;
        let root = match self.root.get() {
            Some(root) => root,
            None => {
                let root = trusted_root(self.request, &mut context).await;
                self.root.get_or_init(|| root)
            }
        };
        root.as_ref().map_err(Clone::clone)
    }

    /// Tells something.
    pub(super) async fn say(&self, lines: &[String]) {
        self.tell(lines, &[]).await;
    }

    /// Tells something, and what should be thought about.
    pub(super) async fn tell(&self, lines: &[String], warnings: &[String]) {
        if lines.is_empty() && warnings.is_empty() {
            return;
        }
        let mut context = self.context.lock().await;
        lines.iter().for_each(|line| context.narrator.say(line));
        warnings.iter().for_each(|line| context.narrator.warn(line));
    }

    /// Does something with the context.
    pub(super) async fn with<T>(&self, work: impl FnOnce(&mut Context) -> T) -> T {
        work(&mut **self.context.lock().await)
    }

    /// The root, if it was read.
    pub(super) fn get(&self) -> Option<&TrustedRoot> {
        self.root.get().and_then(|root| root.as_ref().ok())
    }
}
