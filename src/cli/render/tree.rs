//! What belongs to an image, as cosign shows it.

use std::fmt::Write as _;

use super::Safe;
use crate::commands::{ImageTree, TreeAttachment};

/// The tree, in lines.
pub fn tree(tree: &ImageTree) -> String {
    let image = Safe(&tree.image);
    let mut out = format!("\u{1f4e6} Supply Chain Security Related artifacts for an image: {image}\n");
    // Writing to a String cannot fail.
    if tree.attachments.is_empty() {
        let _ = writeln!(out, "No Supply Chain Security Related Artifacts found for image {image}");
    }
    for attachment in &tree.attachments {
        let _ = writeln!(out, "\u{2514}\u{2500}\u{2500} {}: {}", heading(attachment), Safe(&attachment.name));
        let problem =
            attachment.problem.iter().map(|problem| format!("it cannot be read: {}", Safe(problem)));
        let content = attachment.content.iter().map(|content| format!("\u{1f352} {}", Safe(&content.digest)));
        let lines: Vec<_> = problem.chain(content).collect();
        for (i, line) in lines.iter().enumerate() {
            let branch = if i + 1 == lines.len() { '\u{2514}' } else { '\u{251c}' };
            let _ = writeln!(out, "   {branch}\u{2500}\u{2500} {line}");
        }
    }
    out
}

fn heading(attachment: &TreeAttachment) -> String {
    match attachment.found_as {
        "signatures" => "\u{1f510} Signatures for an image tag".to_owned(),
        "attestations" => "\u{1f4be} Attestations for an image tag".to_owned(),
        "sboms" => "\u{1f4e6} SBOMs for an image tag".to_owned(),
        _ => {
            let known = attachment.predicate_type.as_ref().or(attachment.artifact_type.as_ref());
            let kind = known.map_or("unknown", |kind| kind.as_str());
            format!("\u{1f517} {} artifacts via OCI referrer", Safe(kind))
        }
    }
}
