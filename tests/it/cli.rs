//! Parsing, help, exit codes, and what every command has in common.

use crate::support::{Output, Sandbox};

#[must_use]
fn run(args: &[&str]) -> Output {
    Sandbox::new().run(args)
}

#[test]
fn help_goes_to_standard_output_and_is_no_failure() {
    for args in [&[][..], &["help"], &["--help"], &["-h"]] {
        let shown = run(args).ok();
        assert!(shown.stdout.contains("sign-blob") && shown.stderr.is_empty(), "{args:?} {shown:?}");
    }
    for args in
        [&["help", "sign-blob"][..], &["sign-blob", "--help"], &["--help", "sign-blob"], &["sign-blob", "-h"]]
    {
        let shown = run(args).ok();
        assert!(
            shown.stdout.contains("--signing-config FILE") && shown.stderr.is_empty(),
            "{args:?} {shown:?}"
        );
    }
}

#[test]
fn deprecated_flags_have_a_heading_of_their_own_in_help() {
    let help = run(&["verify-blob", "--help"]).ok().stdout;
    let (usual, deprecated) = help.split_once("\nDeprecated in cosign 3, still accepted:\n").unwrap();
    for flag in ["--private-infrastructure", "--signature SIGNATURE", "--certificate FILE", "--sct FILE"] {
        assert!(!usual.contains(flag) && deprecated.contains(flag), "{flag}: {help}");
    }
    assert!(usual.contains("--no-log") && usual.contains("--insecure-ignore-tlog"), "{help}");
    assert!(!run(&["version", "--help"]).ok().stdout.contains("Deprecated"));
}

#[test]
fn help_needs_no_argument_but_every_flag_must_exist() {
    run(&["verify-blob", "--key=x", "--help"]).ok();
    run(&["verify-blob", "--no-such-flag", "--help"]).code(2).says("there is no flag --no-such-flag");
    run(&["verify-blob", "--help", "--no-such-flag"]).code(2);
    run(&["verify-blob", "--timeout=abc", "--help"]).code(2).says("`abc` is not a value for --timeout");
}

#[test]
fn unknown_words_are_usage_errors_with_a_hint() {
    run(&["sign-blub"])
        .code(2)
        .says("there is no command `sign-blub`")
        .says("hint: did you mean `sign-blob`?");
    for (word, meant) in [
        ("sig-blob", "sign-blob"),
        ("sing-blob", "sign-blob"),
        ("verify-blb", "verify-blob"),
        ("verifyblob", "verify-blob"),
        ("import", "import-key-pair"),
    ] {
        run(&[word]).code(2).says(&format!("hint: did you mean `{meant}`?"));
    }
    run(&["bogus"]).code(2).says("hint: `help` lists the commands");
    run(&["--", "version"]).code(2).says("`version` is one argument too many");
    run(&["verify-blob", "--timeout", "-5s"]).code(2).says("cannot be negative");
    run(&["help", "bogus"]).code(2).says("there is no command or topic `bogus`");
    run(&["--version"]).code(2).says("hint: the version is shown by the command `version`");
    run(&["sign-blob", "--bundel=x"]).code(2).says("hint: did you mean --bundle?");
    run(&["public-key", "x"]).code(2).says("`x` is one argument too many");
}

#[test]
fn a_flag_of_another_command_has_a_hint_and_no_wrong_suggestion() {
    for (args, hint) in [
        (["sign-blob", "--no-log"], "to sign without a transparency log: --offline"),
        (["sign-blob", "--insecure-ignore-tlog"], "to sign without a transparency log: --offline"),
        (["verify-blob", "--tlog-upload=false"], "to verify without a transparency log entry: --no-log"),
        (["sign-blob", "-k"], "a key is named with --key"),
        (["verify-blob", "--output-signature=s"], "`rcosign help verify-blob` lists the flags"),
        (["sign-blob", "--report=json"], "`rcosign help sign-blob` lists the flags"),
        (["verify-blob", "--certificat-identity=a"], "did you mean --certificate-identity?"),
    ] {
        let shown = run(&args).code(2);
        assert!(shown.stderr.ends_with(&format!("\nhint: {hint}\n")), "{args:?}: {}", shown.stderr);
    }
}

#[test]
fn an_error_is_printed_once_and_first() {
    let failed = run(&["sign-blob", "--bogus"]).code(2);
    assert_eq!(failed.stderr.matches("--bogus").count(), 1, "{}", failed.stderr);
    assert!(failed.stderr.starts_with("error: ") && failed.stdout.is_empty());
}

#[test]
fn version_has_the_lines_that_scripts_look_for() {
    let text = run(&["version"]).ok().stdout;
    assert!(text.starts_with("GitVersion:    v0.1.0\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&run(&["version", "--json"]).ok().stdout).unwrap();
    let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        ["gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"]
    );
    assert!(run(&["version", "--json=false"]).ok().stdout.starts_with("GitVersion"));
    assert!(run(&["version", "--json"]).ok().stdout.contains("\n  \"gitCommit\""));
}

#[test]
fn one_dash_is_read_as_two_with_a_warning() {
    run(&["-version"]).ok().says("-version is read as the command");
    let shown = run(&["version", "-json"]).ok().says("-json is read as --json");
    assert!(shown.stdout.starts_with('{'));
}

#[test]
fn booleans_need_an_equals_sign_to_be_false() {
    run(&["sign-blob", "--offline=no", "f"]).code(2).says("`no` is not a value for --offline");
    run(&["sign-blob", "--yes", "false"]).says("write --yes=false");
}

#[test]
fn the_last_of_a_repeated_flag_wins() {
    run(&["version", "--timeout=1s", "--timeout=2s", "--json", "--json=false"]).ok();
    let sandbox = Sandbox::new().env("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd");
    let failed = sandbox.run(&["verify-blob", "--bundle=b", "--key=a", "--key=", "--sk", "f"]).code(5);
    assert!(failed.stderr.contains("`/nonexistent/pcscd`"), "{}", failed.stderr);
    let warning = "WARNING: --key is given more than once, with different values: the last one counts\n";
    assert_eq!(failed.stderr.matches(warning).count(), 1, "{}", failed.stderr);
    // The same value, and flags that take several, are fine.
    let quiet = run(&["version", "--timeout=1s", "--timeout=1s", "--json", "--json=true"]).ok();
    assert!(quiet.stderr.is_empty(), "{}", quiet.stderr);
    for ours in [
        &["trusted-root", "inspect", "--output=text", "--output=json", "f"][..],
        &["bundle", "inspect", "--output=text", "--output=json", "f"],
        &["unpack", "--dir=a", "--dir=b", "f"],
        &["pack", "--out=a", "--out=b", "f"],
    ] {
        run(ours).code(2).says("is given more than once, with different values");
    }
    let several = run(&["pack", "--key=a", "--key=b", "f"]).code(2);
    assert!(!several.stderr.contains("more than once"), "{}", several.stderr);
}

#[test]
fn a_flag_without_its_value_does_not_take_the_next_flag() {
    run(&["verify-blob", "--key", "--bundle", "b", "f"]).code(2).says("--key comes without its value");
    // An empty variable of a script would otherwise make a key pair in files.
    run(&["generate-key-pair", "--kms", ""]).code(2).says("--kms is given and empty");
}

#[test]
fn a_variable_that_does_not_parse_is_an_error_that_names_it() {
    let sandbox = Sandbox::new().env("COSIGN_MAX_WORKERS", "abc");
    sandbox.run(&["verify-blob", "f"]).code(2).says("COSIGN_MAX_WORKERS").says("`abc`");
    sandbox.run(&["verify-blob", "--max-workers=3", "f"]).code(2).says("nobody is named");
    sandbox.run(&["verify-blob", "--help"]).ok();
    sandbox.run(&["version"]).ok();
    Sandbox::new().env("COSIGN_TIMEOUT", "5").run(&["verify-blob", "f"]).code(2).says("COSIGN_TIMEOUT");
}

#[test]
fn a_variable_fills_a_flag_that_is_not_given() {
    let sandbox = Sandbox::new().env("COSIGN_KEY", "cosign.pub").env("COSIGN_BUNDLE", "");
    sandbox.run(&["verify-blob", "f"]).code(2).says("there is no signature to verify");
    let sandbox = Sandbox::new().env("COSIGN_SK", "true").env("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd");
    sandbox.run(&["verify-blob", "--bundle=b", "f"]).code(5).says("`/nonexistent/pcscd`");
    sandbox.run(&["verify-blob", "--bundle=b", "--sk=false", "f"]).code(2).says("nobody is named");
}

#[test]
fn deprecated_flags_warn_once_and_only_when_used() {
    let shown = run(&["verify-blob", "--sct=a", "--sct=b", "f"]).code(2);
    assert_eq!(shown.stderr.matches("Flag --sct has been deprecated, ").count(), 1, "{}", shown.stderr);
    assert_eq!(shown.stderr.matches("deprecated").count(), 1, "{}", shown.stderr);
    // Nobody gave the flag: a variable is for all commands.
    let filled = Sandbox::new().env("COSIGN_SCT", "a").run(&["verify-blob", "f"]).code(2);
    assert!(!filled.stderr.contains("deprecated"), "{}", filled.stderr);
}

#[test]
fn output_file_takes_what_would_go_to_standard_output() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["version", "--output-file", "out"]).ok();
    assert!(shown.stdout.is_empty() && sandbox.text("out").starts_with("GitVersion"));
    sandbox
        .run(&["version", "--output-file", "missing/out"])
        .code(3)
        .says("its folder `missing` does not exist");
    assert_eq!(sandbox.names(), ["out"]);
}

#[test]
fn text_from_outside_cannot_drive_the_terminal() {
    let shown = run(&["sign-\u{1b}[2Jblob\u{202e}"]).code(2);
    assert!(shown.stderr.contains("\\u{1b}[2J") && !shown.stderr.contains('\u{1b}'), "{}", shown.stderr);
}

#[test]
fn a_type_or_a_digest_that_cannot_be_is_refused_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    sandbox.file("f", "x");
    sandbox.file("p.json", "{}");
    let line = ["attest-blob", "--key=none", "--offline", "--predicate=p.json", "f"];
    for flag in ["--type=bogus", "--type=spdx-json", "--type=:x", "--hash=abcd", "--hash=zz"] {
        sandbox.run(&[&line[..], &[flag]].concat()).code(2).says(&flag[..6]);
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::process::{Command, Stdio};

    #[test]
    fn under_the_name_of_cosign_it_behaves_the_same() {
        let sandbox = Sandbox::new();
        symlink(env!("CARGO_BIN_EXE_rcosign"), sandbox.at("cosign")).unwrap();
        let shown = sandbox.program(&sandbox.at("cosign"), &["help", "sign-blob"]).run().ok();
        assert!(shown.stdout.contains("Usage: cosign sign-blob"), "{}", shown.stdout);
    }

    #[test]
    fn a_reader_that_went_away_is_no_reason_for_words() {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rcosign"))
            .arg("help")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn standard_output_that_takes_nothing_is_a_failure() {
        if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
            let output =
                Command::new(env!("CARGO_BIN_EXE_rcosign")).arg("version").stdout(full).output().unwrap();
            assert_eq!(output.status.code(), Some(3));
        }
    }
}

/// A key in a variable must not decide against the identity that the command line names.
#[test]
fn a_key_in_a_variable_beside_an_identity_is_refused() {
    let sandbox = Sandbox::new().env("COSIGN_KEY", "cosign.pub");
    let identity =
        ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://issuer.example"];
    let commands: [&[&str]; 7] = [
        &["verify-blob", "--bundle", "b.json", "a.txt"],
        &["verify-blob-attestation", "--bundle", "b.json", "a.txt"],
        &["verify", "127.0.0.1:1/a:v1"],
        &["verify-attestation", "127.0.0.1:1/a:v1"],
        &["dockerfile", "verify", "Dockerfile"],
        &["manifest", "verify", "pod.yaml"],
        &["unpack", "--verify", "--key", "cosign.pub", "--dir", "d", "kit.tar"],
    ];
    for command in commands {
        let output = sandbox.run(&[command, &identity].concat()).code(2);
        let output = output.says("--key and --certificate-identity name two different signers");
        assert!(output.stdout.is_empty() && !output.stderr.contains("Verified"), "{command:?}");
    }
    // And the other way round.
    let sandbox = Sandbox::new().env("COSIGN_CERTIFICATE_IDENTITY", "dev@example.com");
    let _ = sandbox
        .run(&["verify-blob", "--key", "cosign.pub", "--bundle", "b.json", "a.txt"])
        .code(2)
        .says("COSIGN_CERTIFICATE_IDENTITY");
}

/// Whoever sets a variable is not the one who reads the command line.
#[test]
fn a_variable_that_gives_up_a_check_is_warned_of() {
    let blob = ["verify-blob-attestation", "--key", "k", "--bundle", "b.json", "a.txt"];
    let image = ["verify", "--key", "k", "127.0.0.1:1/a:v1"];
    let mut seen = 0;
    for (name, value, words) in [
        ("COSIGN_CHECK_CLAIMS", "false", "--check-claims=false"),
        ("COSIGN_CHECK_CLAIMS", "0", "--check-claims=false"),
        ("COSIGN_INSECURE_IGNORE_TLOG", "true", "--insecure-ignore-tlog=true"),
        ("COSIGN_INSECURE_IGNORE_SCT", "1", "--insecure-ignore-sct=true"),
        ("COSIGN_PRIVATE_INFRASTRUCTURE", "t", "--private-infrastructure=true"),
    ] {
        for command in [&blob[..], &image] {
            let output = Sandbox::new().env(name, value).run(command);
            let line = format!("WARNING: {name} is set and gives up a check: it stands for {words}");
            assert!(output.stderr.contains(&line), "{command:?} {}", output.stderr);
            seen += 1;
        }
    }
    assert_eq!(seen, 10);
    for (name, value) in [("COSIGN_CHECK_CLAIMS", "true"), ("COSIGN_INSECURE_IGNORE_TLOG", "false")] {
        let output = Sandbox::new().env(name, value).run(&blob);
        assert!(!output.stderr.contains("gives up"), "{}", output.stderr);
    }
}
