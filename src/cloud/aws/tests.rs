//! Every source of credentials, against servers in this process; signatures, against Amazon's own example.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde_json::json as object;

use super::scripted::Signer;
use super::*;
use crate::crypto::sha1_name;
use crate::http::Address;
use crate::http::scripted::{Reply, Seen, Served, json, reply, run, serve};

const NOW: i64 = 1_800_000_000;
const KEYS: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");

fn read(variables: &[(&str, &str)]) -> Result<Aws, Error> {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Aws::read(&Settings {
        variables: &|name| variables.get(name).map(Into::into),
        retry_for: Duration::ZERO,
        total: Duration::from_secs(10),
        now: UnixTime::new(NOW, 0),
    })
}

/// Access key, secret and token that are found.
fn found(variables: &[(&str, &str)]) -> (String, String, Option<String>) {
    let aws = read(variables).unwrap_or_else(|error| panic!("{}", chain(&error)));
    let text = |secret: &Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
    let known = run(aws.credentials()).unwrap_or_else(|error| panic!("{}", chain(&error)));
    (known.access_key_id.clone(), text(&known.secret_access_key), known.session_token.as_ref().map(text))
}

fn failed(variables: &[(&str, &str)]) -> String {
    match read(variables) {
        Err(error) => chain(&error),
        Ok(aws) => chain(&run(aws.credentials()).unwrap_err()),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn given(id: &str, secret: &str, token: Option<&str>) -> (String, String, Option<String>) {
    (id.to_owned(), secret.to_owned(), token.map(str::to_owned))
}

/// A home folder with these files.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = this.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        this
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn at(&self, name: &str) -> String {
        Path::new(self.path()).join(name).to_str().unwrap().to_owned()
    }
}

/// The example of "Signature Version 4 signing process" in Amazon's documentation.
#[test]
fn the_published_example_is_signed() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec()),
        session_token: None,
    };
    let address = Address::parse("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08").unwrap();
    let request = Request {
        service: "iam",
        region: "us-east-1",
        now: UnixTime::new(1_440_938_160, 0),
        method: "GET",
        address: &address,
        headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
        body: b"",
    };
    let signed = sign(&credentials, &request).unwrap();
    assert_eq!(
        std::str::from_utf8(signed.authorization.expose()).unwrap(),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, \
         Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    );
    assert_eq!(signed.texts(), [("x-amz-date".to_owned(), "20150830T123600Z".to_owned())]);
}

#[test]
fn variables_go_before_everything() {
    let home =
        Home::new(&[(".aws/credentials", "[default]\naws_access_key_id=B\naws_secret_access_key=c\n")]);
    let keys = [(KEYS.0, "A"), (KEYS.1, "b"), ("HOME", home.path()), ("AWS_PROFILE", "none")];
    assert_eq!(found(&keys), given("A", "b", None));
    assert_eq!(found(&[&keys[..], &[("AWS_SESSION_TOKEN", "t")]].concat()), given("A", "b", Some("t")));
    let error = failed(&[(KEYS.0, "A")]);
    assert_eq!(error, "AWS_ACCESS_KEY_ID cannot be used: AWS_SECRET_ACCESS_KEY is not set with it");
    let error = failed(&[(KEYS.1, "hush")]);
    assert!(error.contains("AWS_ACCESS_KEY_ID is not set with it") && !error.contains("hush"), "{error}");
}

#[test]
fn profiles_are_read_from_both_files() {
    let home = Home::new(&[
        (
            ".aws/config",
            "# a comment\n[default]\nregion = eu-west-1 # mine\n[profile work]\nregion=us-gov-west-1\ns3 =\n  region = x\n\
             aws_access_key_id = FROM_CONFIG\naws_secret_access_key = c\n[services s]\nregion = y\n",
        ),
        (
            ".aws/credentials",
            "[default]\naws_access_key_id = D\naws_secret_access_key = e#f\naws_session_token = t\n\
             [work]\naws_access_key_id = W\naws_secret_access_key = w=/+\n",
        ),
    ]);
    let home = ("HOME", home.path());
    assert_eq!(found(&[home]), given("D", "e#f", Some("t")));
    assert_eq!(read(&[home]).unwrap().region().unwrap(), "eu-west-1");
    let work = [home, ("AWS_PROFILE", "work")];
    assert_eq!(found(&work), given("W", "w=/+", None));
    assert_eq!(read(&work).unwrap().region().unwrap(), "us-gov-west-1");
    assert_eq!(read(&[home, ("AWS_DEFAULT_REGION", "a-1")]).unwrap().region().unwrap(), "a-1");
    let both = [home, ("AWS_DEFAULT_REGION", "a-1"), ("AWS_REGION", "b-1")];
    assert_eq!(read(&both).unwrap().region().unwrap(), "b-1");
    let error = failed(&[home, ("AWS_PROFILE", "none")]);
    assert!(error.starts_with("AWS_PROFILE cannot be used: there is no profile `none` (`"), "{error}");
    for region in ["x/y", "evil.example#", "A", "-a"] {
        assert!(failed(&[home, ("AWS_REGION", region)]).contains("is no region"), "{region}");
    }
}

#[test]
fn what_a_profile_asks_for_and_nobody_does_is_said() {
    for (profile, words) in [
        ("credential_process = /bin/evil --print", "no programs are started for credentials"),
        (
            "role_arn = arn:aws:iam::1:role/r\nmfa_serial = arn:aws:iam::1:mfa/me\nsource_profile = x",
            "code of a device",
        ),
        ("role_arn = arn:aws:iam::1:role/r\nsource_profile = b", "there is no profile `b`"),
        ("role_arn = arn:aws:iam::1:role/r", "neither source_profile nor credential_source"),
        ("role_arn = arn:aws:iam::1:role/r\ncredential_source = Environment", "`Environment` is not set up"),
        ("aws_access_key_id = A", "one of the two keys is missing"),
        ("sso_session = s\nsso_account_id = 1\nsso_role_name = r", "sso_region in [sso-session s]"),
        (
            "role_arn = a\nsource_profile = p\n[profile p]\nrole_arn = b\nsource_profile = default",
            "point to each other",
        ),
    ] {
        let home = Home::new(&[(".aws/config", &format!("[default]\n{profile}\n"))]);
        let error = failed(&[("HOME", home.path())]);
        assert!(error.contains(words), "{profile}: {error}");
    }
}

fn sts(answer: impl Fn(&HashMap<String, String>, &Seen) -> Reply + Send + 'static) -> Served {
    serve(move |seen| {
        assert_eq!(seen.line, "POST /");
        assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
        let form = seen.form();
        assert_eq!(form["Version"], "2011-06-15");
        answer(&form, seen)
    })
}

fn assumed(action: &str) -> Reply {
    reply(200).body(format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n <{action}Result>\n  <Credentials>\
         <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s&amp;s</SecretAccessKey><SessionToken>t/+=</SessionToken>\
         <Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>\n </{action}Result></{action}Response>"
    ))
}

#[test]
fn a_web_identity_becomes_a_role() {
    let home = Home::new(&[("token", "eyJhbGciOi.web.identity\n")]);
    let server = sts(|form, seen| {
        assert_eq!(seen.authorization(), None, "nobody has credentials yet");
        assert_eq!(form["WebIdentityToken"], "eyJhbGciOi.web.identity");
        assert_eq!((&*form["RoleArn"], &*form["RoleSessionName"]), ("arn:aws:iam::1:role/r", "me"));
        assumed(&form["Action"])
    });
    let token = home.at("token");
    let mut world = vec![
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &*token),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_ROLE_SESSION_NAME", "me"),
        ("AWS_ENDPOINT_URL_STS", &*server.url),
    ];
    assert_eq!(found(&world), given("ASIA", "s&s", Some("t/+=")));
    world[0].1 = "/absent/token";
    assert!(failed(&world).contains("the token in `/absent/token` cannot be read"));
    world.remove(1);
    assert!(failed(&world).contains("AWS_ROLE_ARN is not set with it"));
}

#[test]
fn what_sts_refuses_is_said_without_the_token() {
    let home = Home::new(&[("token", "eyJhbGciOi.web.identity")]);
    for (status, code) in
        [(400, "ExpiredTokenException"), (403, "AccessDenied"), (400, "InvalidIdentityToken")]
    {
        let server = sts(move |_, _| {
            reply(status).body(format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no: eyJhbGciOi.web.identity</Message></Error>\
                 <RequestId>1</RequestId></ErrorResponse>"
            ))
        });
        let error = failed(&[
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &home.at("token")),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
            ("AWS_ENDPOINT_URL", &server.url),
        ]);
        assert!(error.contains(code) && error.contains("no: ***"), "{error}");
        assert_eq!(error.contains("sts:AssumeRoleWithWebIdentity"), code == "AccessDenied", "{error}");
        assert!(error.starts_with("AWS_WEB_IDENTITY_TOKEN_FILE brought no credentials"), "{error}");
    }
}

#[test]
fn a_role_is_taken_on_with_the_keys_of_another_profile() {
    let server = sts(|form, seen| {
        let date = "20270115T080000Z";
        let base =
            Signer { id: "BASE", secret: "key", token: None, region: "eu-west-1", service: "sts", date };
        base.has_signed(seen).unwrap();
        assert_eq!((&*form["ExternalId"], &*form["DurationSeconds"]), ("x", "900"));
        assert_eq!((&*form["Action"], &*form["RoleSessionName"]), ("AssumeRole", "rcosign-1800000000"));
        assumed("AssumeRole")
    });
    let home = Home::new(&[
        (
            ".aws/config",
            "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = x\n\
             duration_seconds = 900\n",
        ),
        (".aws/credentials", "[base]\naws_access_key_id = BASE\naws_secret_access_key = key\n"),
    ]);
    let world = [("HOME", home.path()), ("AWS_ENDPOINT_URL_STS", &server.url)];
    assert_eq!(found(&world), given("ASIA", "s&s", Some("t/+=")));
}

#[test]
fn a_login_with_the_identity_center_is_used_while_it_lasts() {
    let config = "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Signer\n[sso-session corp]\n\
                  sso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n";
    let server = serve(|seen| {
        assert_eq!(seen.line, "GET /federation/credentials?role_name=Signer&account_id=111122223333");
        assert_eq!(seen.header("x-amz-sso_bearer_token"), Some("a-login-token"));
        json(
            200,
            &object!({ "roleCredentials": {
            "accessKeyId": "ASIA", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1_800_000_900_000_i64,
        } }),
        )
    });
    let file = format!(".aws/sso/cache/{}.json", sha1_name(b"corp"));
    let login = |until: &str| {
        object!({ "accessToken": "a-login-token", "expiresAt": until, "region": "x" }).to_string()
    };
    let home = Home::new(&[(".aws/config", config), (&file, &login("2027-01-15T08:00:01Z"))]);
    let world = [("HOME", home.path()), ("AWS_ENDPOINT_URL_SSO", &server.url)];
    assert_eq!(found(&world), given("ASIA", "s", Some("t")));
    for (login, words) in [
        (login("2027-01-15T08:00:00Z"), "log in with `aws sso login --profile default`"),
        (login("tomorrow"), "must be a time"),
        ("{}".to_owned(), "expiresAt"),
    ] {
        let home = Home::new(&[(".aws/config", config), (&file, &login)]);
        let error = failed(&[("HOME", home.path())]);
        assert!(error.contains(words) && !error.contains("a-login-token"), "{error}");
    }
    let home = Home::new(&[(".aws/config", config)]);
    assert!(failed(&[("HOME", home.path())]).contains("aws sso login"));
    let home = Home::new(&[(".aws/config", &config.replace("[default]", "[profile it's]"))]);
    let error = failed(&[("HOME", home.path()), ("AWS_PROFILE", "it's")]);
    assert!(error.contains(r"`aws sso login --profile 'it'\''s'`"), "{error}");
}

#[test]
fn the_agent_of_a_container_is_asked_with_its_token() {
    let home = Home::new(&[("token", "agent-token\n")]);
    let server = serve(|seen| match seen.authorization() {
        Some("agent-token") => {
            assert_eq!(seen.line, "GET /v1/credentials");
            json(
                200,
                &object!({ "AccessKeyId": "C", "SecretAccessKey": "s", "Token": "t", "Expiration": "x" }),
            )
        }
        _ => reply(401),
    });
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/v1/credentials", server.url));
    let full = (full.0, &*full.1);
    let file = home.at("token");
    assert_eq!(
        found(&[full, ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "agent-token")]),
        given("C", "s", Some("t"))
    );
    let both = [
        full,
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "x"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &*file),
    ];
    assert_eq!(found(&both), given("C", "s", Some("t")), "the file goes before, it is renewed");
    assert!(failed(&[full]).contains("AWS_CONTAINER_CREDENTIALS_FULL_URI brought no credentials"));
    for url in
        ["http://evil.example/", "http://169.254.169.254/", "http://169.254.170.2.evil.example/", "nonsense"]
    {
        let error = failed(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)]);
        assert!(error.contains("cannot be used"), "{url}: {error}");
    }
    assert!(
        failed(&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/")])
            .contains("does not begin with `/`")
    );
}

fn instance(role: &'static str, code: &'static str) -> Served {
    serve(move |seen| match &*seen.line {
        "PUT /latest/api/token" => {
            assert_eq!(seen.header("x-aws-ec2-metadata-token-ttl-seconds"), Some("60"));
            reply(200).body("metadata-token")
        }
        _ if seen.header("x-aws-ec2-metadata-token") != Some("metadata-token") => reply(401),
        "GET /latest/meta-data/iam/security-credentials/" if role.is_empty() => reply(404),
        "GET /latest/meta-data/iam/security-credentials/" => reply(200).body(role),
        "GET /latest/meta-data/iam/security-credentials/signer" => json(
            200,
            &object!({ "Code": code, "AccessKeyId": "I", "SecretAccessKey": "s", "Token": "t", "Type": "AWS-HMAC" }),
        ),
        _ => reply(404),
    })
}

#[test]
fn the_instance_is_asked_last_and_with_a_token_only() {
    const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    let server = instance("signer", "Success");
    assert_eq!(found(&[(ENDPOINT, &server.url)]), given("I", "s", Some("t")));
    for (role, code, words) in [
        ("", "Success", "knows no role of this instance"),
        ("../../evil", "Success", "is not the name of a role"),
        ("signer", "Failed", "is not what it should be"),
    ] {
        let server = instance(role, code);
        let error = failed(&[(ENDPOINT, &server.url), ("HOME", "/absent")]);
        assert!(error.contains(words), "{error}");
    }
    // The first version is not fallen back to.
    let old = serve(|seen| if seen.line.starts_with("PUT") { reply(405) } else { reply(200).body("signer") });
    let _ = failed(&[(ENDPOINT, &old.url)]);
    assert_eq!(old.lines(), ["PUT /latest/api/token"]);
    assert!(failed(&[(ENDPOINT, "http://evil.example/")]).contains("cannot be used"));
}

#[test]
fn all_that_was_looked_at_is_said() {
    let error = failed(&[("HOME", "/absent"), ("AWS_EC2_METADATA_DISABLED", "true")]);
    assert_eq!(
        error,
        "the credentials of AWS are not known: AWS_ACCESS_KEY_ID is not set; AWS_WEB_IDENTITY_TOKEN_FILE is not set; there is \
         no profile `default` (`/absent/.aws/config` does not exist, `/absent/.aws/credentials` does not exist); \
         AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set; \
         AWS_EC2_METADATA_DISABLED is set"
    );
    let error = chain(&read(&[]).unwrap().region().unwrap_err());
    assert!(error.contains("AWS_REGION and AWS_DEFAULT_REGION are not set"), "{error}");
}

#[test]
fn services_are_where_their_region_is() {
    let keys = [(KEYS.0, "A"), (KEYS.1, "b")];
    let at = |more: &[(&str, &str)], region: &str| {
        read(&[&keys[..], more].concat()).unwrap().endpoint("kms", region).map_err(|error| error.to_string())
    };
    for (region, url) in [
        ("eu-west-1", "https://kms.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "https://kms.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://kms.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", "https://kms.us-iso-east-1.c2s.ic.gov"),
        ("eusc-de-east-1", "https://kms.eusc-de-east-1.amazonaws.eu"),
    ] {
        assert_eq!(at(&[], region).unwrap(), url);
    }
    assert_eq!(
        at(&[("AWS_USE_FIPS_ENDPOINT", "true")], "us-east-1").unwrap(),
        "https://kms-fips.us-east-1.amazonaws.com"
    );
    assert_eq!(
        at(&[("AWS_USE_DUALSTACK_ENDPOINT", "1")], "us-east-1").unwrap(),
        "https://kms.us-east-1.api.aws"
    );
    let named =
        [("AWS_ENDPOINT_URL", "https://all.example/"), ("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1/")];
    assert_eq!(at(&named, "us-east-1").unwrap(), "http://127.0.0.1:1");
    assert_eq!(at(&named[..1], "us-east-1").unwrap(), "https://all.example");
    let off = [named[0], ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
    assert_eq!(at(&off, "us-east-1").unwrap(), "https://kms.us-east-1.amazonaws.com");
    assert!(
        at(&[("AWS_ENDPOINT_URL", "http://all.example/")], "us-east-1")
            .unwrap_err()
            .contains("without https")
    );
}
