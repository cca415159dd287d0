use super::*;

fn found(file: &str, registry: &str, path: Option<&str>) -> Vec<String> {
    let file = AuthFile::parse(file.as_bytes()).unwrap();
    let entries = file.entries(&Registry::parse(registry).unwrap(), path).unwrap();
    entries.iter().map(shown).collect()
}

fn shown(entry: &Entry) -> String {
    let text = |secret: &Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
    match entry {
        Entry::Helper(name) => name.to_string(),
        Entry::Known(Credentials::Basic { username, password }) => format!("{username}:{}", text(password)),
        Entry::Known(Credentials::IdentityToken(token)) => format!("identity {}", text(token)),
        Entry::Known(Credentials::RegistryToken(token)) => format!("registry {}", text(token)),
    }
}

/// cosign issues 587 and 3301: some spellings of Docker Hub's login were not found.
#[test]
fn issue_587_docker_hub_in_all_spellings() {
    for key in [
        "https://index.docker.io/v1/",
        "https://index.docker.io/v1",
        "https://index.docker.io/v2/",
        "https://index.docker.io",
        "http://index.docker.io/v1/",
        "index.docker.io",
        "index.docker.io/v1/",
        "docker.io",
        "https://docker.io",
        "registry-1.docker.io",
        "https://registry-1.docker.io/v2/",
    ] {
        let file = format!(r#"{{"auths":{{"other.example":{{"auth":"eDp5"}},"{key}":{{"auth":"dTpw"}}}}}}"#);
        for registry in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            assert_eq!(found(&file, registry, Some("library/ubuntu")), ["u:p"], "{key} {registry}");
        }
        assert_eq!(found(&file, "quay.io", None), [""; 0]);
    }
}

#[test]
fn the_login_of_one_host_is_not_that_of_another() {
    let file = r#"{"auths":{"r.example":{"auth":"dTpw"},"https://s.example/v1/":{"auth":"dTpw"}}}"#;
    for other in ["r.example:5000", "x.r.example", "r.example.evil", "example", "docker.io"] {
        assert_eq!(found(file, other, None), [""; 0], "{other}");
    }
    assert_eq!(found(file, "R.EXAMPLE", None), ["u:p"]);
    assert_eq!(found(file, "s.example", None), ["u:p"]);
}

#[test]
fn every_shape_of_a_login() {
    for (entry, expected) in [
        (r#"{"auth":"dTpw"}"#, vec!["u:p"]),
        (r#"{"auth":"dTpwOnE="}"#, vec!["u:p:q"]),
        (r#"{"auth":"dTpwAA=="}"#, vec!["u:p"]),
        (r#"{"username":"u","password":"p"}"#, vec!["u:p"]),
        (r#"{"auth":"PHRva2VuPjp0"}"#, vec!["identity t"]),
        (r#"{"auth":"dTpw","identitytoken":"i"}"#, vec!["identity i"]),
        (r#"{"identitytoken":"i","registrytoken":"r"}"#, vec!["registry r"]),
        ("{}", vec![]),
        ("null", vec![]),
        (r#"{"auth":""}"#, vec![]),
        (r#"{"email":"x"}"#, vec![]),
        // sigstore/cosign 4120: a login with a user name alone is none.
        (r#"{"auth":"dTo="}"#, vec![]),
    ] {
        let file = format!(r#"{{"auths":{{"r.example":{entry}}}}}"#);
        assert_eq!(found(&file, "r.example", None), expected, "{entry}");
    }
}

#[test]
fn a_login_of_a_part_goes_before_that_of_the_whole() {
    let file = r#"{"auths":{"r.example":{"auth":"YTox"},"r.example/team":{"auth":"Yjoy"},"r.example/team/app":{"auth":"Yzoz"}}}"#;
    for (path, expected) in [
        (None, "a:1"),
        (Some("other/app"), "a:1"),
        (Some("teams/app"), "a:1"),
        (Some("team/x"), "b:2"),
        (Some("team"), "b:2"),
        (Some("team/app"), "c:3"),
        (Some("team/app/x"), "c:3"),
        (Some("team/apps"), "b:2"),
    ] {
        assert_eq!(found(file, "r.example", path), [expected], "{path:?}");
    }
}

#[test]
fn helpers_are_asked_before_the_file() {
    let file = r#"{"auths":{"r.example":{"auth":"dTpw"}},"credsStore":"pass","credHelpers":{"e.example":"ecr-login"}}"#;
    assert_eq!(found(file, "r.example", None), ["docker-credential-pass", "u:p"]);
    assert_eq!(found(file, "e.example", None), ["docker-credential-ecr-login"]);
    assert_eq!(found(r#"{"credsStore":""}"#, "r.example", None), [""; 0]);
}

#[test]
fn broken_files_are_refused_and_their_secrets_not_shown() {
    for text in ["", "[]", "{", "null", r#"{"a":1,"a":2}"#] {
        assert!(AuthFile::parse(text.as_bytes()).is_err(), "{text}");
    }
    for text in [
        r#"{"auths":[]}"#,
        r#"{"auths":{"r.example":"c2VjcmV0"}}"#,
        r#"{"auths":{"r.example":{"auth":"c2VjcmV0"}}}"#,
        r#"{"auths":{"r.example":{"auth":"*secret*"}}}"#,
        r#"{"auths":{"r.example":{"auth":["secret"]}}}"#,
        r#"{"credsStore":"../secret"}"#,
        r#"{"credHelpers":{"r.example":"/bin/secret"}}"#,
    ] {
        let file = AuthFile::parse(text.as_bytes()).unwrap();
        let error = file.entries(&Registry::parse("r.example").unwrap(), None).unwrap_err();
        assert!(!error.to_string().contains("secret") && !error.to_string().contains("c2Vj"), "{error}");
    }
}

#[test]
fn a_new_login_leaves_the_rest_alone() {
    let file =
        AuthFile::parse(br#"{"x":{"b":1,"a":[2]},"auths":{"r.example":{"auth":"old","email":"e"},"s":{}}}"#);
    let registry = Registry::parse("r.example").unwrap();
    let text = file.unwrap().with_login(&registry, "u", &Secret::new(b"p".to_vec()));
    let text = String::from_utf8(text.expose().to_vec()).unwrap();
    let compact: String = text.split_whitespace().collect();
    assert_eq!(compact, r#"{"x":{"b":1,"a":[2]},"auths":{"r.example":{"auth":"dTpw"},"s":{}}}"#);
    let hub = Registry::parse("docker.io").unwrap();
    let text = AuthFile::parse(b"{}").unwrap().with_login(&hub, "u", &Secret::new(b"p".to_vec()));
    assert_eq!(found(std::str::from_utf8(text.expose()).unwrap(), "docker.io", None), ["u:p"]);
    assert!(String::from_utf8_lossy(text.expose()).contains("\"https://index.docker.io/v1/\""));
}
