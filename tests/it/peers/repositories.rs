//! The cache of a TUF repository, shared with the real cosign 3: what one of us chooses and fetches, the other one uses. The
//! repository is that of `mock-sigstore`, made by parts of tuf-js.

use super::services::Services;
use crate::support::{Output, Run, Sandbox, peer};

fn online(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.rcosign(args).without("COSIGN_OFFLINE")
}

#[test]
fn what_one_chooses_the_other_one_uses() {
    let (Some(services), Some(cosign)) = (Services::start(), peer("cosign-3")) else { return };
    let (mirror, root, token) =
        (services.url(5), services.file("root.json"), services.file("identity_token"));
    let initialize = ["initialize", "--mirror", &mirror, "--root", &root];
    let identity = services.identity();
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let verify = [&["verify-blob", "--bundle", "b.json"], identity.as_slice(), &["artifact.txt"]].concat();
    for ours in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.file("artifact.txt", "an artifact");
        let peer = |args: &[&str]| -> Output { sandbox.program(&cosign, args).run() };
        if ours {
            let _ = online(&sandbox, &initialize).run().ok();
        } else {
            let _ = peer(&initialize).ok();
        }
        // Without another word about trust.
        let sign = ["sign-blob", "--yes", "--identity-token", &token, "--bundle", "b.json", "artifact.txt"];
        let _ = peer(&sign).ok();
        let _ = peer(&verify).ok();
        let known = format!("Trusted root: that of {mirror}, cached");
        let _ = online(&sandbox, &verify).run().ok().says(&known);
        let _ = sandbox.run(&verify).ok().says(&known);
        sandbox.file("artifact.txt", "another artifact");
        let _ = online(&sandbox, &verify).run().code(12);
    }
}

/// cosign 2 keeps the repository in a database of its own, which neither cosign 3 nor we write: each of us is told of it, in either
/// order, and then both verify what the other one signed without asking it again.
#[test]
fn cosign_2_is_told_of_the_repository_too() {
    let (Some(mut services), Some(cosign)) = (Services::start(), peer("cosign-2")) else { return };
    let (mirror, root, token) =
        (services.url(5), services.file("root.json"), services.file("identity_token"));
    let initialize = ["initialize", "--mirror", &mirror, "--root", &root];
    let identity = services.identity();
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let [urls, rekor] = [services.url(0), services.url(1)];
    let sign = ["sign-blob", "--yes", "--identity-token", &token];
    let theirs = ["--fulcio-url", &urls, "--rekor-url", &rekor, "--bundle", "theirs.json", "artifact.txt"];
    let ours = ["--new-bundle-format=false", "--bundle", "ours.json", "artifact.txt"];
    let verify =
        |bundle| [&["verify-blob", "--bundle", bundle], identity.as_slice(), &["artifact.txt"]].concat();
    let mut sandboxes = Vec::new();
    for first in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.file("artifact.txt", "an artifact");
        let peer = |args: &[&str]| -> Output { sandbox.program(&cosign, args).run() };
        let us = |args: &[&str]| online(&sandbox, args).run();
        if first {
            let _ = us(&initialize).ok();
            let _ = us(&[&sign[..], &ours].concat()).ok();
            // It has a root of its own, which is not that of this repository.
            let refused = peer(&verify("ours.json"));
            assert!(refused.code != 0 && refused.stderr.contains("TUF remote mirror"), "{}", refused.stderr);
            let _ = peer(&initialize).ok();
        } else {
            let _ = peer(&initialize).ok();
            let way_out = format!("initialize --mirror {mirror} --root FILE");
            let refused = us(&[&sign[..], &ours].concat()).says(&way_out);
            assert_ne!(refused.code, 0);
            let _ = us(&initialize).ok();
            let _ = us(&[&sign[..], &ours].concat()).ok();
        }
        let _ = peer(&[&sign[..], &theirs].concat()).ok();
        sandboxes.push(sandbox);
    }
    services.stop();
    for sandbox in &sandboxes {
        for bundle in ["ours.json", "theirs.json"] {
            let args = verify(bundle);
            let _ = sandbox.program(&cosign, &args).run().ok();
            let _ = online(sandbox, &args).run().ok().says("cached");
        }
    }
}
