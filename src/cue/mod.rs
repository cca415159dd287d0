//! The CUE language, as far as a policy that validates a statement can use it; it knows nothing of signatures.
//!
//! Source text becomes tokens and a tree (`syntax`), then a tree whose names are bound (`resolve`, into [`ast`]). What a
//! construct means is in the language specification, <https://cuelang.org/docs/reference/spec/>; where cosign's evaluator
//! (CUE 0.15, inside cosign 3.1) does something else, it is followed, and the place says so. What is not supported is an error
//! that names it: never a pass.

#![allow(clippy::result_large_err, reason = "an error ends the evaluation, and says much")]

#[allow(
    dead_code,
    reason = "the tree says where everything stands and what it is called, whether or not an error names it"
)]
pub mod ast;
pub mod data;
pub mod error;
pub mod eval;
pub mod load;
pub mod number;
pub mod pkg;
mod resolve;
pub mod statement;
pub mod subset;
mod syntax;
