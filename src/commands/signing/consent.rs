//! What somebody has to agree to before anything gets into a public log.

use super::super::confirmation::confirm;
use super::super::{Context, Error, ErrorKind};

/// What becomes public, and for how long: one line each.
pub fn notice(identity: Option<&str>) -> Vec<String> {
    let who = match identity {
        Some(identity) => format!("The identity `{identity}` becomes part of the signature"),
        None => "The identity with which you log in, such as your address of e-mail, becomes part of the signature".to_owned(),
    };
    vec![
        format!("{who} and of public transparency logs."),
        "Whoever looks there sees it, together with the digest of what is signed and the time; nobody can remove it again."
            .to_owned(),
        "If it is the personal data of somebody else, you need that person's consent. Sigstore's public services have terms: \
         https://lfprojects.org/policies/hosted-project-tools-terms-of-use/ and \
         https://lfprojects.org/policies/hosted-project-tools-immutable-records/"
            .to_owned(),
    ]
}

/// What becomes public where a key signs, and no identity is in it.
pub fn notice_for_key() -> Vec<String> {
    vec![
        "The digest of what is signed, the public key and the time become part of a public transparency log; nobody can remove \
         them again."
            .to_owned(),
    ]
}

/// Shows what becomes public, and asks whether to go on, unless `assume_yes`.
///
/// # Errors
/// Nobody says yes.
pub fn ask(lines: &[String], assume_yes: bool, context: &mut Context) -> Result<(), Error> {
    for line in lines {
        context.narrator.say(line);
    }
    if assume_yes {
        return Ok(());
    }
    confirm(context, |cause| {
        Error::new(ErrorKind::Other, "nothing was signed, and nothing was published")
            .cause(cause)
            .hint("answer y, or say so beforehand: --yes")
    })
}
