//! The paths of a service and what answers there. To the router all handlers are of one type: what it makes of each type of handler is
//! then in the program once, and not some fifty times.

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodFilter, on};

/// A response on its way, as axum's handlers give it.
type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler with its state.
#[derive(Clone)]
struct Erased(Arc<dyn Fn(Request) -> Answering + Send + Sync>);

impl Handler<(), ()> for Erased {
    type Future = Answering;
    fn call(self, request: Request, (): ()) -> Answering {
        (self.0)(request)
    }
}

/// The paths of a service so far; its handlers share a state.
pub(super) struct Routes<S> {
    router: Router,
    state: S,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No paths yet.
    pub fn new(state: S) -> Self {
        Self { router: Router::new(), state }
    }

    /// Answers GET, and HEAD as HTTP wants it, at a path.
    pub fn get<T>(self, path: &str, handler: impl Handler<T, S, Future = Answering>) -> Self {
        self.on(MethodFilter::GET, path, handler)
    }

    /// Answers POST at a path.
    pub fn post<T>(self, path: &str, handler: impl Handler<T, S, Future = Answering>) -> Self {
        self.on(MethodFilter::POST, path, handler)
    }

    /// Answers at every other path.
    pub fn elsewhere<T>(self, handler: impl Handler<T, S, Future = Answering>) -> Self {
        let handler = self.erased(handler);
        Self { router: self.router.fallback(handler), ..self }
    }

    /// Answers other methods at the paths so far.
    pub fn otherwise<T>(self, handler: impl Handler<T, S, Future = Answering>) -> Self {
        let handler = self.erased(handler);
        Self { router: self.router.method_not_allowed_fallback(handler), ..self }
    }

    /// All of them.
    pub fn router(self) -> Router {
        self.router
    }

    fn on<T>(
        self,
        method: MethodFilter,
        path: &str,
        handler: impl Handler<T, S, Future = Answering>,
    ) -> Self {
        let handler = self.erased(handler);
        Self { router: self.router.route(path, on(method, handler)), ..self }
    }

    fn erased<T>(&self, handler: impl Handler<T, S, Future = Answering>) -> Erased {
        let state = self.state.clone();
        Erased(Arc::new(move |request| handler.clone().call(request, state.clone())))
    }
}
