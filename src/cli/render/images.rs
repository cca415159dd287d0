//! What cosign prints of verified images, to the byte: scripts read it.

use super::json;
use crate::commands::{Performed, ShownImage};

/// The checks that were made, for standard error; from the evidence, so a check that was waived is not among them.
pub fn checks(image: &ShownImage) -> Vec<String> {
    let Performed { annotations, claims, log, online, key } = image.performed;
    let signer = if key {
        "The signatures were verified against the specified public key"
    } else {
        "The code-signing certificate was verified using trusted certificate authority certificates"
    };
    let checks = [
        (annotations, "The specified annotations were verified."),
        (claims, "The cosign claims were validated"),
        (log && !online, "Existence of the claims in the transparency log was verified offline"),
        (log && online, "The claims were present in the transparency log"),
        (true, signer),
    ];
    let name = format!("Verification for {} --", image.name);
    if let Some(scope) = &image.scope {
        // Each signature was judged for each signer who may count: what holds of them all is the scope's to say.
        let scope = format!("  - The scope `{scope}` of the policy file accepts it");
        return vec![String::new(), name, scope];
    }
    let head =
        [String::new(), name, "The following checks were performed on each of these signatures:".to_owned()];
    let made = checks.into_iter().filter(|(made, _)| *made).map(|(_, check)| format!("  - {check}"));
    head.into_iter().chain(made).collect()
}

/// The signatures, for standard output: a line of JSON after an empty one, or an object in each line.
pub fn signatures(image: &ShownImage, text: bool) -> String {
    let documents: Vec<_> = image.documents.iter().map(|document| json(document)).collect();
    if text { lines(&documents) } else { format!("\n[{}]\n", documents.join(",")) }
}

/// The envelopes of attestations, for standard output, one in each line.
pub fn attestations(image: &ShownImage) -> String {
    let documents: Vec<_> = image.documents.iter().map(|document| json(document)).collect();
    lines(&documents)
}

fn lines(documents: &[String]) -> String {
    documents.iter().map(|document| format!("{document}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_was_not_made_is_not_listed() {
        let performed = Performed { annotations: false, claims: true, log: false, online: false, key: true };
        let mut image = ShownImage {
            until: None,
            name: "r/a:1".into(),
            performed,
            documents: vec!["{}".into(), "{\"a\":1}".into()],
            scope: None,
        };
        assert_eq!(
            checks(&image),
            [
                "",
                "Verification for r/a:1 --",
                "The following checks were performed on each of these signatures:",
                "  - The cosign claims were validated",
                "  - The signatures were verified against the specified public key",
            ]
        );
        assert_eq!(signatures(&image, false), "\n[{},{\"a\":1}]\n");
        assert_eq!(signatures(&image, true), "{}\n{\"a\":1}\n");
        image.performed =
            Performed { annotations: true, claims: false, log: true, online: false, key: false };
        assert_eq!(checks(&image)[3..].len(), 3);
        image.scope = Some("production".into());
        assert_eq!(checks(&image)[2..], ["  - The scope `production` of the policy file accepts it"]);
    }
}
