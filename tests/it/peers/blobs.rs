//! Signatures of files, in every form, with every kind of key.

use super::{Form, KINDS, Kind, Peer, peers, sandbox};
use crate::support::{Output, Sandbox};

const FORMS: [Form; 4] = [Form::Detached, Form::Raw, Form::Legacy, Form::Bundle];

/// Signs `artifact.txt` into a file, whose name is returned. `signer` is a peer, or rcosign.
fn sign(sandbox: &Sandbox, signer: Option<&Peer>, kind: &Kind, form: Form) -> String {
    let file = format!("{}.{form:?}.{}", kind.name, signer.map_or(0, |peer| peer.version));
    let key = format!("{}.key", kind.name);
    let mut args = vec!["sign-blob", "--key", &key];
    args.extend(form.signing(signer));
    args.extend([form.flags().0, &file, "artifact.txt"]);
    let output = match signer {
        None => sandbox.run(&args),
        Some(peer) => peer.run(sandbox, &args),
    };
    let _ = output.ok();
    file
}

/// Verifies a signature of `blob`; `verifier` is a peer with flags of its own, or rcosign.
fn verify(
    sandbox: &Sandbox,
    verifier: Option<(&Peer, &[&str])>,
    key: &str,
    file: (Form, &str),
    blob: &str,
) -> Output {
    let key = format!("{key}.pub");
    let mut args = vec!["verify-blob", "--key", &key, file.0.flags().1, file.1];
    match verifier {
        None => {
            args.extend(["--no-log", blob]);
            sandbox.run(&args)
        }
        Some((peer, more)) => {
            let flags = peer.verifying(file.0);
            args.extend(flags.iter().map(String::as_str));
            args.extend(more);
            args.push(blob);
            peer.run(sandbox, &args)
        }
    }
}

#[test]
fn what_is_signed_here_verifies_there() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let sandbox = sandbox();
    for kind in KINDS {
        for form in FORMS {
            let file = sign(&sandbox, None, kind, form);
            for peer in &peers {
                let what = format!("{file} {peer:?}");
                let Some(more) = kind.verifiable_by(peer) else {
                    // 2.5 hashes with SHA-256 under every key; that it refuses is its own limit.
                    let output =
                        verify(&sandbox, Some((peer, &[])), kind.name, (form, &file), "artifact.txt");
                    assert_eq!(output.code, 1, "{what}: kind.verifiable_by can be extended");
                    continue;
                };
                let verifier = Some((peer, more.as_slice()));
                let output = verify(&sandbox, verifier, kind.name, (form, &file), "artifact.txt");
                assert_eq!(output.code, 0, "{what}: {}", output.stderr);
                let output = verify(&sandbox, verifier, kind.name, (form, &file), "other.txt");
                assert_eq!(output.code, 1, "{what}: {}", output.stderr);
            }
        }
    }
}

#[test]
fn what_is_signed_there_verifies_here() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let sandbox = sandbox();
    for peer in &peers {
        for kind in KINDS {
            for form in FORMS {
                let file = sign(&sandbox, Some(peer), kind, form);
                let file = (form, file.as_str());
                let _ = verify(&sandbox, None, kind.name, file, "artifact.txt").ok().says("Verified OK");
                let _ = verify(&sandbox, None, kind.name, file, "other.txt").code(12);
                let other = if kind.name == "p256" { "p384" } else { "p256" };
                let _ = verify(&sandbox, None, other, file, "artifact.txt").code(12);
            }
        }
    }
}

/// The bytes on standard output are the same as cosign's: base64 and a newline, or the raw signature alone.
#[test]
fn printed_signatures_are_read_there_and_here() {
    let sandbox = sandbox();
    for peer in peers() {
        let key = ["sign-blob", "--key", "p256.key"];
        for (raw, name) in [(false, "printed"), (true, "printed.raw")] {
            let form = if raw { Form::Raw } else { Form::Detached };
            let ours = sandbox.run(&[&key[..], &form.signing(None), &["artifact.txt"]].concat()).ok();
            let theirs =
                peer.run(&sandbox, &[&key[..], &form.signing(Some(&peer)), &["artifact.txt"]].concat()).ok();
            let newline = |printed: &Output| raw || printed.bytes.ends_with(b"\n");
            assert!(newline(&ours) && newline(&theirs), "{peer:?}");
            let _ = sandbox.file(name, &ours.bytes);
            let _ = verify(&sandbox, Some((&peer, &[])), "p256", (form, name), "artifact.txt").ok();
            let _ = sandbox.file(name, &theirs.bytes);
            let _ = verify(&sandbox, None, "p256", (form, name), "artifact.txt").ok();
        }
    }
}
