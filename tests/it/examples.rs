//! The examples of help, run in their order in one folder.

use crate::support::{Sandbox, repository};

#[test]
fn the_examples_of_help_work_as_printed() {
    let sandbox = Sandbox::new();
    sandbox.file("artifact.txt", "an artifact\n");
    sandbox.file("predicate.json", "{\"buildDefinition\":{},\"runDetails\":{}}");
    let key = std::fs::read(repository().join("testdata/keys/p256.pkcs8.pem")).unwrap();
    sandbox.file("other.pem", key);
    let layout = repository().join("testdata/layouts/cosign-3-save");
    let _ = sandbox.program("/bin/cp".as_ref(), &["-R", layout.to_str().unwrap(), "app"]).run().ok();
    let mut count = 0;
    for line in examples() {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.run(&words).ok();
        count += 1;
    }
    assert!(count >= 10, "{count}");
    for name in ["cosign.pub", "release.key", "report.json", "import-cosign.pub"] {
        assert!(sandbox.has(name), "{name}");
    }
}

/// The examples of every command, in the order of the reference, which is the order of help.
fn examples() -> Vec<String> {
    let reference = std::fs::read_to_string(repository().join("docs/reference/commands.md")).unwrap();
    let blocks = reference.split("**Examples**").skip(1).filter_map(|section| section.split("```").nth(1));
    blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("rcosign ")).map(str::to_owned).collect()
}
