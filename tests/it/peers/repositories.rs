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
