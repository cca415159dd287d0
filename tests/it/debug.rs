//! `debug`.

use crate::support::Sandbox;

#[test]
fn providers_are_shown_as_cosign_shows_them_and_what_they_lack_beside() {
    let sandbox = Sandbox::new();
    let shown = sandbox
        .rcosign(&["debug", "providers"])
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example/secret?token=x")
        .env("SIGSTORE_ID_TOKEN", "secret")
        .env("GOOGLE_SERVICE_ACCOUNT_NAME", "a@b")
        .run()
        .ok()
        .says("github-actions: ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set")
        .says("buildkite-agent: BUILDKITE_AGENT_ACCESS_TOKEN is not set");
    assert!(!shown.stdout.contains("secret") && !shown.stderr.contains("secret"));
    let lines: Vec<_> = shown.stdout.lines().collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    for line in
        ["envvar: true", "github-actions: false", "buildkite-agent: false", "google-impersonate: true"]
    {
        assert!(lines.contains(&line), "{lines:?}");
    }
    assert!(lines.iter().all(|line| line.ends_with(": true") || line.ends_with(": false")));
}

#[test]
fn without_a_command_it_says_which_there_are() {
    let shown = Sandbox::new().run(&["debug"]).ok();
    assert!(shown.stdout.contains("providers"));
}

#[test]
fn an_argument_too_many_is_refused() {
    let _ =
        Sandbox::new().run(&["debug", "providers", "extra"]).code(2).says("`extra` is one argument too many");
}

/// Whoever asks the provider would get an error.
#[test]
fn a_token_that_is_over_or_none_is_told() {
    let sandbox = Sandbox::new();
    let part = |text: &str| rcosign::internals::crypto::base64::encode_url(text);
    let claims = r#"{"iss":"https://issuer.example","sub":"me","aud":"sigstore","exp":1700000000,"iat":1}"#;
    let over = format!("{}.{}.{}", part(r#"{"alg":"ES256"}"#), part(claims), part("signature"));
    for (token, flaw) in [
        (
            over.as_str(),
            "WARNING: envvar: the identity token from SIGSTORE_ID_TOKEN expired at 2023-11-14T22:13:20Z",
        ),
        (
            "no token",
            "WARNING: envvar: the identity token from SIGSTORE_ID_TOKEN cannot be used: identity token: is not",
        ),
    ] {
        let shown =
            sandbox.rcosign(&["debug", "providers"]).env("SIGSTORE_ID_TOKEN", token).run().ok().says(flaw);
        assert!(shown.stdout.contains("envvar: true") && !shown.stderr.contains(token));
    }
}
