//! Source text to a tree that says what is written; what its names mean, `resolve` says.

mod expressions;
mod lexer;
mod number;
mod parser;
mod text;
mod token;
pub mod tree;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub use parser::MAX_DEPTH;
pub use parser::parse;
