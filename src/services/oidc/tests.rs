pub mod scripted;

use serde_json::json;

use super::*;
use scripted::{NOW, Scene, ok, serve, status, token};

const GITHUB: [(&str, &str); 2] = [("CI", "true"), ("GITHUB_ACTIONS", "true")];

fn request() -> TokenRequest<'static> {
    TokenRequest::default()
}

#[test]
fn a_token_is_given_itself_or_in_a_file() {
    // Longer than any name of a file may be.
    let long = token(json!({ "pad": "x".repeat(5000) }));
    let found = Scene::new().token(&TokenRequest { given: Some(&long), ..request() }).unwrap();
    assert_eq!(found.secret().expose(), long.as_bytes());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{long}\n")).unwrap();
    let name = file.to_str().unwrap();
    let found = Scene::new().token(&TokenRequest { given: Some(name), ..request() }).unwrap();
    assert_eq!(found.secret().expose(), long.as_bytes());

    std::fs::write(&file, "nonsense").unwrap();
    let refusal = Scene::new().refusal(&TokenRequest { given: Some(name), ..request() });
    assert!(refusal.contains(name) && refusal.contains("three parts"), "{refusal}");
    std::fs::write(&file, ".".repeat(1 << 20)).unwrap();
    let refusal = Scene::new().refusal(&TokenRequest { given: Some(name), ..request() });
    assert!(refusal.contains("the limit is 65536"), "{refusal}");
    for given in ["/nowhere/token", folder.path().to_str().unwrap(), "...", &".".repeat(100_000)] {
        let refusal = Scene::new().refusal(&TokenRequest { given: Some(given), ..request() });
        assert!(refusal.contains("not an identity token") && refusal.len() < 500, "{refusal}");
    }
}

#[test]
fn pieces_of_tokens_are_not_shown_in_errors() {
    let text = token(json!({}));
    let (_, rest) = text.split_at(3);
    for given in
        [&text[..40], &text.replace("eyJ", "ey!"), &format!("{text}.{rest}"), "ghs_0pAque", "/nowhere/t0ken"]
    {
        let refusal = Scene::new().refusal(&TokenRequest { given: Some(given), ..request() });
        assert!(given.split('.').all(|part| !refusal.contains(part)), "{refusal}");
        assert!(refusal.contains("--identity-token"), "{refusal}");
        let length = format!("of {} bytes", given.len());
        assert!(given.split('.').count() > 1 || refusal.contains(&length), "{refusal}");
    }
}

#[test]
fn tokens_that_are_over_are_refused_before_anything_is_sent() {
    for exp in [0, NOW - 1, NOW] {
        let given = token(json!({ "exp": exp }));
        let refusal = Scene::new().refusal(&TokenRequest { given: Some(&given), ..request() });
        assert!(refusal.starts_with("the identity token from --identity-token expired at "), "{refusal}");
    }
    let given = token(json!({ "exp": NOW + 1 }));
    assert!(Scene::new().token(&TokenRequest { given: Some(&given), ..request() }).is_ok());
}

#[test]
fn a_token_for_somebody_else_is_warned_of() {
    let given = token(json!({ "aud": ["a", "b"] }));
    let mut scene = Scene::new();
    scene.token(&TokenRequest { given: Some(&given), ..request() }).unwrap();
    assert_eq!(
        scene.said,
        [
            "WARNING: the identity token from --identity-token is made out to `a`, `b`, not to `sigstore`: Fulcio may refuse it"
        ]
    );
    let mut scene = Scene::new();
    scene.token(&TokenRequest { given: Some(&given), client_id: "b", ..request() }).unwrap();
    assert!(scene.said.is_empty());
}

/// One second, and no address is asked: that of the issuer is where nobody is.
#[test]
fn without_a_token_a_ci_system_is_told_at_once_what_is_missing() {
    for (variables, advice) in [
        (&GITHUB[..], "id-token: write"),
        (&[("GITLAB_CI", "true")], "aud: sigstore"),
        (&[("BUILDKITE", "true")], "buildkite-agent oidc request-token"),
        (&[("CIRCLECI", "true")], "circleci run oidc get"),
        (&[("CI", "1")], "SIGSTORE_ID_TOKEN"),
    ] {
        let started = std::time::Instant::now();
        let mut scene = Scene::new();
        scene.variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let error = scene.token(&TokenRequest { issuer: "http://127.0.0.1:1", ..request() }).unwrap_err();
        let Error::NoToken { ci, ambient: true } = &error else { panic!("{error:?}") };
        assert!(ci.advice.iter().any(|line| line.contains(advice)), "{ci:?}");
        assert!(matches!(scene.foresee(&request()), Err(Error::NoToken { .. })));
        assert!(scene.foresee(&TokenRequest { given: Some("t"), ..request() }).is_ok());
        scene.variables.insert("SIGSTORE_ID_TOKEN", "t".to_owned());
        assert!(scene.foresee(&request()).is_ok());
        assert!(scene.foresee(&TokenRequest { ambient: false, ..request() }).is_err());
        assert!(started.elapsed() < std::time::Duration::from_secs(1));
        assert!(scene.said.is_empty());
    }
}

/// A secret that a job was not given is an empty variable, and no reason to log in.
#[test]
fn an_empty_variable_is_no_login() {
    let issuer = serve(|_, _| status(404, ""));
    let request = TokenRequest { issuer: &issuer.url, ..request() };
    for ci in [None, Some(("CI", "true"))] {
        let mut scene = Scene::new().with("SIGSTORE_ID_TOKEN", "");
        scene.variables.extend(ci.map(|(name, value)| (name, value.to_owned())));
        let error = scene.token(&request).unwrap_err();
        assert!(matches!(error, Error::Empty { variable: "SIGSTORE_ID_TOKEN" }), "{error:?}");
        assert!(matches!(scene.foresee(&request), Err(Error::Empty { .. })));
        assert!(issuer.requests().is_empty() && scene.said.is_empty());
        // Another provider has one.
        scene.variables.insert("GOOGLE_SERVICE_ACCOUNT_NAME", "a@b".to_owned());
        assert!(scene.foresee(&request).is_ok());
    }
    // Who asks for a login gets it, and who does not look at the environment is not refused by it.
    for request in
        [TokenRequest { flow: Some(Flow::Device), ..request }, TokenRequest { ambient: false, ..request }]
    {
        let mut scene = Scene::new().with("SIGSTORE_ID_TOKEN", "");
        assert!(scene.foresee(&request).is_ok());
        scene.token(&request).unwrap_err();
        assert!(!issuer.requests().is_empty());
    }
}

#[test]
fn the_flow_is_chosen_by_what_there_is() {
    let issuer = serve(|_, _| status(404, ""));
    let request = TokenRequest { issuer: &issuer.url, ..request() };
    let asked = |scene: &mut Scene, request: &TokenRequest<'_>| {
        issuer.requests();
        scene.token(request).unwrap_err();
        !issuer.requests().is_empty()
    };
    let mut nobody = Scene::new();
    assert!(asked(&mut nobody, &request));
    assert_eq!(nobody.said, ["Non-interactive mode detected, using device flow."]);
    // Some CI systems give their jobs a terminal, and nobody sits there.
    let mut terminal = Scene::new().with("CI", "true");
    terminal.terminal = true;
    assert!(!asked(&mut terminal, &request));
    assert!(terminal.said.is_empty());
    assert!(matches!(terminal.foresee(&request), Err(Error::NoToken { .. })));
    assert!(asked(&mut terminal, &TokenRequest { flow: Some(Flow::Normal), ..request }));
    // Who asks for the device flow gets it.
    let mut ci = Scene::new().with("CI", "true");
    assert!(asked(&mut ci, &TokenRequest { flow: Some(Flow::Device), ..request }));
    assert!(!asked(&mut Scene::new(), &TokenRequest { flow: Some(Flow::Token), ..request }));
}

#[test]
fn two_ways_at_once_are_none() {
    let given = token(json!({}));
    for request in [
        TokenRequest { given: Some(&given), provider: Some("envvar"), ..request() },
        TokenRequest { given: Some(&given), flow: Some(Flow::Device), ..request() },
        TokenRequest { provider: Some("envvar"), flow: Some(Flow::Normal), ..request() },
        TokenRequest { provider: Some("envvar"), ambient: false, ..request() },
    ] {
        let refusal = Scene::new().with("SIGSTORE_ID_TOKEN", &given).refusal(&request);
        assert!(refusal.contains("two ways"), "{refusal}");
    }
    let request = TokenRequest { given: Some(&given), flow: Some(Flow::Token), ..request() };
    assert!(Scene::new().token(&request).is_ok());
}

/// The next one would sign in another name than the user thinks.
#[test]
fn what_was_found_and_fails_is_the_end() {
    let server = serve(|_, seen| match seen.line.as_str() {
        "POST /jobs/j/oidc/tokens" => ok(json!({ "token": token(json!({})) })),
        _ => status(500, "x"),
    });
    let mut scene = Scene::new()
        .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")
        .with("ACTIONS_ID_TOKEN_REQUEST_URL", &server.url)
        .with("BUILDKITE_AGENT_ACCESS_TOKEN", "t")
        .with("BUILDKITE_AGENT_ENDPOINT", &server.url)
        .with("BUILDKITE_JOB_ID", "j");
    scene.terminal = true;
    let refusal = scene.refusal(&request());
    assert!(
        refusal.starts_with("the OIDC provider github-actions fails: ") && refusal.contains("500"),
        "{refusal}"
    );
    assert_eq!(server.requests().len(), 1);
    assert!(scene.said.is_empty());
    // The other one alone.
    scene.variables.remove("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    assert!(scene.token(&request()).is_ok());
    // Nobody is asked where the environment is not to be looked at, or another way was named.
    assert_eq!(server.requests().len(), 1);
    let refusal = scene.refusal(&TokenRequest { ambient: false, issuer: "http://127.0.0.1:1", ..request() });
    assert!(refusal.contains("OIDC issuer"), "{refusal}");
    let flow = Some(Flow::Device);
    scene.refusal(&TokenRequest { flow, issuer: "http://127.0.0.1:1", ..request() });
    assert!(server.requests().is_empty());
}
