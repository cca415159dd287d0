//! The question before what cannot be undone.

use std::io;

use super::{Context, Error};

/// Asks whether to go on, in cosign's words.
///
/// # Errors
/// What `declined` makes of a cause: nobody says yes.
pub(super) fn confirm(context: &mut Context, declined: impl Fn(&str) -> Error) -> Result<(), Error> {
    answered(context, "Are you sure you would like to continue? [y/N] ", declined)
}

/// Asks this question, whose answer is `y` or something else.
///
/// # Errors
/// What `declined` makes of a cause: nobody says yes.
pub(super) fn answered(
    context: &mut Context,
    question: &str,
    declined: impl Fn(&str) -> Error,
) -> Result<(), Error> {
    match context.prompt.line(question) {
        Ok(answer) => match answer.trim() {
            "y" | "Y" => Ok(()),
            "" | "n" | "N" => Err(declined("user declined the prompt")),
            _ => Err(declined("the answer is neither y nor n")),
        },
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(declined("nobody answered")),
        Err(error) => Err(declined("nobody could be asked").cause(error.to_string())),
    }
}
