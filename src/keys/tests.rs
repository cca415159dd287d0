use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::crypto::{KeyType, PrivateKey, PublicKey, Secret, SigningKey, UnixTime, pem, sealed};
use crate::http;

/// A person, or a pipe, with the answers prepared.
#[derive(Default)]
pub(super) struct Script {
    answers: Option<VecDeque<&'static str>>,
    stdin: &'static [u8],
    asked: Vec<String>,
    stdin_reads: usize,
}

impl Script {
    pub(super) fn person(answers: &[&'static str]) -> Self {
        Self { answers: Some(answers.iter().copied().collect()), ..Self::default() }
    }
    fn pipe(stdin: &'static [u8]) -> Self {
        Self { stdin, ..Self::default() }
    }
}

fn sources<'a>(variables: Variables<'a>, http: &'a http::Client) -> Sources<'a> {
    let patience = Patience { retry_for: Duration::ZERO, total: Duration::from_secs(10) };
    Sources {
        variables,
        http,
        patience,
        now: UnixTime::new(1_800_000_000, 0),
        plugins: None,
        kube_exec: None,
    }
}

impl Prompt for Script {
    fn is_interactive(&self) -> bool {
        self.answers.is_some()
    }
    fn password(&mut self, question: &str) -> io::Result<Secret> {
        self.asked.push(question.to_string());
        let answer = self.answers.as_mut().and_then(VecDeque::pop_front);
        answer.map(|a| Secret::new(a.into())).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
    fn line(&mut self, _question: &str) -> io::Result<String> {
        panic!("nothing here asks for a line")
    }
    fn stdin(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        self.stdin_reads += 1;
        Ok(self.stdin.iter().copied().take(limit as usize + 1).collect())
    }
}

/// Everything that loading needs, with nothing of the process in it.
struct World {
    variables: Vec<(&'static str, OsString)>,
    http: http::Client,
    script: Script,
    stdin: StdinUse,
}

impl World {
    fn new(variables: &[(&'static str, &str)], script: Script) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
        Self { variables, http: http::Client::direct(), script, stdin: StdinUse::Free }
    }

    fn silent() -> Self {
        Self::new(&[], Script::default())
    }

    fn variable(variables: &[(&'static str, OsString)], name: &str) -> Option<OsString> {
        variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
    }

    fn public(&self, reference: &str) -> Result<PublicKey, Error> {
        let variables = |name: &str| Self::variable(&self.variables, name);
        let sources = sources(&variables, &self.http);
        run(load_public_key(&KeyRef::parse(reference)?, sources))
    }

    fn private(&mut self, reference: &str) -> Result<Box<dyn SigningKey>, Error> {
        let variables = |name: &str| Self::variable(&self.variables, name);
        let sources = sources(&variables, &self.http);
        let mut passwords = Passwords::new(&variables, &mut self.script, self.stdin);
        run(find_signing_key(&KeyRef::parse(reference)?, sources, &mut passwords))?.open()
    }

    fn importable(&self, reference: &str) -> Result<PrivateKey, Error> {
        let variables = |name: &str| Self::variable(&self.variables, name);
        let sources = sources(&variables, &self.http);
        run(load_importable_key(&KeyRef::parse(reference)?, sources))
    }

    fn new_password(&mut self) -> Result<NewPassword, Error> {
        let variables = |name: &str| Self::variable(&self.variables, name);
        Passwords::new(&variables, &mut self.script, self.stdin).new_password()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn file(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "testdata", "keys", name].iter().collect();
    path.into_os_string().into_string().unwrap()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// The message of an error and all beneath it.
fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |s| format!("{error}: {}", chain(s)))
}

#[track_caller]
fn fails<T>(result: Result<T, Error>, part: &str) -> Error {
    let Err(error) = result else { panic!("accepted; expected: {part}") };
    assert!(chain(&error).contains(part), "{}\nexpected: {part}", chain(&error));
    error
}

#[test]
fn public_keys_from_files_and_variables() {
    let p256 = World::silent().public(&file("p256.pub.pem")).unwrap();
    // In DER too; the DER of a certificate stays a certificate, whose identity would go unchecked.
    let folder = tempfile::tempdir().unwrap();
    let der = |name: &str, der: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, der).unwrap();
        path.to_str().unwrap().to_owned()
    };
    assert_eq!(World::silent().public(&der("p256.der", p256.spki_der())).unwrap(), p256);
    let certificate = std::fs::read(file("refused/certificate.pem")).unwrap();
    let certificate = crate::x509::Certificate::chain_from_pem(&certificate).unwrap();
    let given = World::silent().public(&der("certificate.der", certificate[0].der()));
    assert!(matches!(given, Err(Error::CertificateGiven { .. })), "{given:?}");
    let cut = &p256.spki_der()[..40];
    assert!(matches!(World::silent().public(&der("cut.der", cut)), Err(Error::Public { .. })));
    assert_eq!(p256.key_type(), KeyType::P256);
    let world = World::new(&[("PUB", &text("p256.pub.pem"))], Script::default());
    assert_eq!(world.public("env://PUB").unwrap(), p256);
    let rsa = World::silent().public(&file("rsa2048.pkcs1.pub.pem")).unwrap();
    assert_eq!(rsa, World::silent().public(&file("rsa2048.pub.pem")).unwrap());
    fails(world.public("env://OTHER"), "`env://OTHER` names an environment variable that is not set");
}

#[test]
fn what_is_given_in_place_of_a_public_key_is_named() {
    let world = World::silent();
    for (name, part, hint) in [
        ("cosign-3.key", "is a private key, and a public key is needed", "public-key"),
        ("p256.pkcs8.pem", "is a private key, and a public key is needed", "public-key"),
        ("p256.parameters-sec1.pem", "is a private key", "public-key"),
        ("p256.encrypted-pkcs8.pem", "is a private key", "public-key"),
        ("refused/certificate.pem", "is a certificate, not a public key", "--certificate"),
    ] {
        let error = fails(world.public(&file(name)), part);
        assert!(error.hint().unwrap().contains(hint), "{name}");
    }
    fails(world.public(&file("refused/rsa1024.pub.pem")), "RSA modulus of 1024 bits");
    fails(world.public(&file("README.md")), "holds no usable public key: public key: no PEM block");
    fails(world.public(&file("no such file")), "does not exist");
    fails(world.public(&file("")), "is a folder, not a file");
}

#[test]
fn private_keys_from_files_and_variables() {
    let mut world =
        World::new(&[("COSIGN_PASSWORD", "pw"), ("KEY", &text("cosign-3.key"))], Script::default());
    for generation in ["cosign-2", "cosign-3"] {
        let key = world.private(&file(&format!("{generation}.key"))).unwrap();
        assert_eq!(key.public_key(), &world.public(&file(&format!("{generation}.pub"))).unwrap());
    }
    assert_eq!(
        world.private("env://KEY").unwrap().public_key(),
        &world.public(&file("cosign-3.pub")).unwrap()
    );
    // Plain keys need no password, so none is asked for.
    let mut world = World::silent();
    for name in [
        "p256.parameters-sec1.pem",
        "p256.pkcs8.pem",
        "p384.sec1.pem",
        "p521.sec1.pem",
        "ed25519.pkcs8.pem",
        "rsa2048.pkcs1.pem",
        "rsa3072.pkcs8.pem",
    ] {
        world.private(&file(name)).unwrap();
    }
    assert_eq!(world.script.stdin_reads, 0);
}

#[test]
fn what_is_given_in_place_of_a_private_key_is_named_before_a_password_is_asked_for() {
    let mut world = World::new(&[], Script::pipe(b"pw"));
    for (name, part) in [
        ("cosign-3.pub", "is a public key, and a private key is needed"),
        (
            "p256.encrypted-pkcs8.pem",
            "encrypted in a way that is not supported (PEM block `ENCRYPTED PRIVATE KEY`)",
        ),
        (
            "refused/p256-old-encryption.sec1.pem",
            "encrypted in a way that is not supported (PEM block `EC PRIVATE KEY`)",
        ),
        ("refused/secp256k1.pkcs8.pem", "elliptic curve secp256k1 is not supported"),
        ("refused/rsa1024.pkcs8.pem", "RSA modulus of 1024 bits"),
        ("refused/certificate.pem", "PEM block `CERTIFICATE` is not a supported private key"),
        ("README.md", "no PEM block"),
    ] {
        fails(world.private(&file(name)), part);
    }
    let block = pem::decode("", text("cosign-3.key").as_bytes(), 1).unwrap().remove(0);
    let json = String::from_utf8(block.contents).unwrap().replace("\"N\":65536", "\"N\":1073741824");
    let mut world = World::new(&[("KEY", &pem::encode(&block.label, json.as_bytes()))], Script::pipe(b"pw"));
    let error =
        fails(world.private("env://KEY"), "the key asks for scrypt N=1073741824 r=8 p=1, above the limits");
    assert!(error.hint().unwrap().contains("import-key-pair"));
    assert_eq!(world.script.stdin_reads, 0);
}

#[test]
fn files_larger_than_any_key_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, vec![b'x'; (1 << 20) + 1]).unwrap();
    let path = path.to_str().unwrap();
    assert!(matches!(World::silent().public(path), Err(Error::TooLarge { limit: 0x10_0000, .. })));
    assert!(matches!(World::silent().private(path), Err(Error::TooLarge { .. })));
    #[cfg(target_os = "linux")]
    assert!(matches!(World::silent().public("/dev/zero"), Err(Error::TooLarge { .. })));
}

#[test]
fn the_variable_wins_and_may_be_empty() {
    let mut world = World::new(&[("COSIGN_PASSWORD", "")], Script::person(&["pw"]));
    assert!(world.new_password().unwrap().password.expose().is_empty());
    let error = fails(world.private(&file("cosign-3.key")), "the password does not open the key");
    assert!(error.hint().unwrap().contains("COSIGN_PASSWORD"));
    assert!(world.script.asked.is_empty() && world.script.stdin_reads == 0);
    // The value is taken as it is: no newline is dropped from it.
    let mut world = World::new(&[("COSIGN_PASSWORD", "pw\n")], Script::default());
    fails(world.private(&file("cosign-3.key")), "the password does not open the key");
}

#[test]
fn a_person_is_asked_with_the_words_of_cosign() {
    let mut world = World::new(&[], Script::person(&["pw", "new", "new"]));
    world.private(&file("cosign-3.key")).unwrap();
    assert_eq!(world.new_password().unwrap().password.expose(), b"new");
    assert_eq!(
        world.script.asked,
        [
            "Enter password for private key: ",
            "Enter password for private key: ",
            "Enter password for private key again: "
        ]
    );
    let mut world = World::new(&[], Script::person(&["a", "b"]));
    fails(world.new_password(), "the passwords do not match");
    fails(World::new(&[], Script::person(&[])).new_password(), "cannot read the password");
    // An empty answer of a person is an answer.
    let mut world = World::new(&[], Script::person(&["", ""]));
    assert!(world.new_password().unwrap().password.expose().is_empty());
}

/// cosign keeps the newline of `echo pw |` and opens nothing with it.
#[test]
fn standard_input_opens_a_key_with_and_without_a_final_newline() {
    for stdin in [&b"pw"[..], b"pw\n", b"pw\r\n"] {
        let mut world = World::new(&[], Script::pipe(stdin));
        world.private(&file("cosign-3.key")).unwrap();
        assert_eq!(world.script.stdin_reads, 1);
    }
    for stdin in [&b"pw\n\n"[..], b"pw ", b"\npw", b"pw\r", b"\n"] {
        let mut world = World::new(&[], Script::pipe(stdin));
        fails(world.private(&file("cosign-3.key")), "the password does not open the key");
    }
    // A key whose password does end in a newline opens as well.
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let sealed = sealed::seal(&key.to_pkcs8().unwrap(), &Secret::new(b"pw\n".to_vec())).unwrap();
    let mut world = World::new(&[("KEY", &sealed)], Script::pipe(b"pw\n"));
    assert_eq!(world.private("env://KEY").unwrap().public_key(), key.public_key());
}

/// Empty standard input silently gave an empty password in cosign.
#[test]
fn empty_standard_input_is_no_password() {
    let mut world = World::new(&[], Script::pipe(b""));
    for error in [
        fails(world.private(&file("cosign-3.key")), "no password: standard input is empty"),
        fails(world.new_password(), "no password: standard input is empty"),
        fails(World::new(&[], Script::pipe(b"\n")).new_password(), "no password"),
    ] {
        assert!(error.hint().unwrap().contains("COSIGN_PASSWORD"));
    }
}

#[test]
fn standard_input_brings_one_thing() {
    let mut world = World::new(&[], Script::pipe(b"pw"));
    world.stdin = StdinUse::Taken;
    let error = fails(
        world.private(&file("cosign-3.key")),
        "standard input cannot bring the artifact and the password",
    );
    assert!(error.hint().unwrap().contains("COSIGN_PASSWORD"));
    assert_eq!(world.script.stdin_reads, 0);
    let mut world = World::new(&[("COSIGN_PASSWORD", "pw")], Script::default());
    world.stdin = StdinUse::Taken;
    world.private(&file("cosign-3.key")).unwrap();
}

#[test]
fn an_endless_password_is_refused() {
    static LONG: [u8; 70_000] = [b'x'; 70_000];
    fails(World::new(&[], Script::pipe(&LONG)).new_password(), "longer than 65536 bytes");
    fails(World::new(&[], Script::pipe(&LONG)).private(&file("cosign-3.key")), "longer than 65536 bytes");
}

#[test]
fn a_new_password_loses_one_newline_and_says_so() {
    for (stdin, password, dropped) in [
        (&b"pw"[..], &b"pw"[..], false),
        (b"pw\n", b"pw", true),
        (b"pw\r\n", b"pw", true),
        (b"pw\n\n", b"pw\n", true),
        (b" \n", b" ", true),
    ] {
        let new = World::new(&[], Script::pipe(stdin)).new_password().unwrap();
        assert_eq!((new.password.expose(), new.newline_dropped), (password, dropped));
    }
}

#[test]
fn new_pairs_open_again() {
    let password = Secret::new(b"pw".to_vec());
    let pair = KeyPair::generate(&password).unwrap();
    let mut world = World::new(
        &[("COSIGN_PASSWORD", "pw"), ("KEY", &pair.private), ("PUB", &pair.public)],
        Script::default(),
    );
    let key = world.private("env://KEY").unwrap();
    assert_eq!(key.public_key(), &world.public("env://PUB").unwrap());
    assert_eq!(key.public_key().key_type(), KeyType::P256);
}

#[test]
fn imports_follow_the_rules_of_cosign() {
    let mut world = World::new(&[("COSIGN_PASSWORD", "pw")], Script::default());
    for name in [
        "p256.parameters-sec1.pem",
        "p256.pkcs8.pem",
        "p384.sec1.pem",
        "p521.sec1.pem",
        "ed25519.pkcs8.pem",
        "rsa2048.pkcs1.pem",
        "rsa3072.pkcs8.pem",
    ] {
        let key = world.importable(&file(name)).unwrap();
        let pair = KeyPair::seal(&key, &Secret::new(b"pw".to_vec())).unwrap();
        world.variables.retain(|(n, _)| *n != "KEY");
        world.variables.push(("KEY", pair.private.into()));
        assert_eq!(world.private("env://KEY").unwrap().public_key(), key.public_key(), "{name}");
    }
    for (name, part) in [
        ("refused/secp256k1.sec1.pem", "elliptic curve secp256k1 is not supported"),
        ("refused/secp256k1.pkcs8.pem", "elliptic curve secp256k1 is not supported"),
        ("refused/rsa1024.pkcs8.pem", "RSA modulus of 1024 bits"),
        ("refused/dsa.pkcs8.pem", "DSA is not supported"),
        (
            "refused/rsa5120.pkcs8.pem",
            "is an RSA 5120 key; RSA keys are imported with 2048, 3072 or 4096 bits",
        ),
        ("cosign-2.key", "is an encrypted cosign key already"),
        ("cosign-3.pub", "is a public key, and a private key is needed"),
        ("p256.encrypted-pkcs8.pem", "encrypted in a way that is not supported"),
        ("", "is a folder, not a file"),
    ] {
        fails(world.importable(&file(name)), part);
    }
}

/// A key that the user named by its address, and the page of an error in its place (cosign issue 4877).
#[cfg(feature = "http")]
#[test]
fn keys_from_the_web() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            let length = stream.read(&mut head).unwrap();
            let found = head[..length].starts_with(b"GET /key ");
            let (status, body) =
                if found { ("200 OK", text("p256.pub.pem")) } else { ("404 No", text("p256.pub.pem")) };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    let world = World::silent();
    assert_eq!(world.public(&format!("http://{address}/key")).unwrap().key_type(), KeyType::P256);
    let error = fails(
        world.public(&format!("http://user:secret@{address}/other?x=secret")),
        "answered with status 404",
    );
    assert!(!format!("{error:?} {}", chain(&error)).contains("secret"));
}
