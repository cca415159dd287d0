//! Programs `sigstore-kms-NAME` whose every answer a test decides, with real keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json as object};

use super::*;
use crate::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SignatureScheme, Signed, base64, sign_at_once,
};

/// What a program was asked.
#[derive(Debug, Clone)]
struct Asked {
    document: Value,
    input: Vec<u8>,
}

impl Asked {
    fn method(&self) -> &str {
        self.document["methodName"].as_str().unwrap()
    }
}

/// A folder with a program, which lays down what it is asked and prints what a thread of the test lays beside it.
struct Program {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

const SCRIPT: &str = r#"#!/bin/sh
[ "$#" = 2 ] && [ "$1" = v1 ] || exit 9
cat > "$D/input"
printf %s "$2" > "$D/question.new"
mv "$D/question.new" "$D/question"
while [ ! -f "$D/answer" ]; do sleep 0.01; done
mv "$D/answer" "$D/answered"
. "$D/answered"
"#;

/// Writes a program of this name.
fn write(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

impl Program {
    /// `answer` gives the lines of a shell that answer.
    fn start(mut answer: impl FnMut(&Asked) -> String + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_path_buf();
        let _ = write(&at, "sigstore-kms-test", &SCRIPT.replace("$D", at.to_str().unwrap()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        std::thread::spawn(move || {
            while at.exists() {
                std::thread::sleep(Duration::from_millis(2));
                let Ok(text) = fs::read(at.join("question")) else { continue };
                let _ = fs::remove_file(at.join("question"));
                let document = serde_json::from_slice(&text).unwrap();
                let asked = Asked { document, input: fs::read(at.join("input")).unwrap() };
                all.lock().unwrap().push(asked.clone());
                fs::write(at.join("answer.new"), answer(&asked)).unwrap();
                fs::rename(at.join("answer.new"), at.join("answer")).unwrap();
            }
        });
        Self { folder, asked }
    }

    fn world(&self) -> World {
        World::new(&[("PATH", self.folder.path().to_str().unwrap())]).allowing(|_| {})
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A line of a shell that prints a document.
fn print(answer: &Value) -> String {
    let text = answer.to_string();
    assert!(!text.contains('\''));
    format!("printf %s '{text}'\n")
}

/// What a good program answers.
fn good(key: &PrivateKey, asked: &Asked) -> Value {
    let Asked { document, input } = asked;
    let rpc = object!({ "keyVersion": "", "remoteVerification": false });
    let options = &document["initOptions"];
    assert_eq!(
        (&options["protocolVersion"], &options["keyResourceID"]),
        (&"v1".into(), &"the/key?a=b".into())
    );
    assert_eq!(options["rpcOptions"], rpc);
    let arguments = &document[asked.method()];
    let pem = base64::encode(key.public_key().to_pem().as_bytes());
    let member = match asked.method() {
        "publicKey" => {
            assert_eq!(arguments["publicKeyOptions"]["rpcOptions"], rpc);
            object!({ "publicKeyPEM": pem })
        }
        "defaultAlgorithm" => object!({ "defaultAlgorithm": "some-algorithm" }),
        "createKey" => {
            assert_eq!(*arguments, object!({ "algorithm": "some-algorithm" }));
            object!({ "publicKeyPEM": pem })
        }
        "signMessage" => {
            let message = &arguments["signOptions"]["messageOptions"];
            let input = match message["digest"].as_str() {
                None => SigningInput::message(input.clone()),
                Some(digest) => {
                    let algorithm = match message["hashFunc"].as_u64().unwrap() {
                        5 => HashAlgorithm::Sha256,
                        6 => HashAlgorithm::Sha384,
                        7 => HashAlgorithm::Sha512,
                        other => panic!("{other}"),
                    };
                    let digest = base64::decode(digest).unwrap();
                    if !input.is_empty() {
                        assert_eq!(algorithm.digest(input).bytes(), digest);
                    }
                    SigningInput::Digest(Digest::new(algorithm, &digest).unwrap())
                }
            };
            assert_eq!(options["hashFunc"], message.get("hashFunc").cloned().unwrap_or_else(|| 0.into()));
            object!({ "signature": base64::encode(sign_at_once(key, &input).unwrap()) })
        }
        other => panic!("{other}"),
    };
    let mut answer = object!({});
    answer[asked.method()] = member;
    answer
}

const KEY: &str = "test://the/key?a=b";

fn message() -> SigningInput {
    SigningInput::message(b"what is to be signed".to_vec())
}

#[test]
fn keys_of_every_kind_sign() {
    for (kind, scheme) in [
        (KeyType::P256, SignatureScheme::Ecdsa(HashAlgorithm::Sha256)),
        (KeyType::P384, SignatureScheme::Ecdsa(HashAlgorithm::Sha384)),
        (KeyType::P521, SignatureScheme::Ecdsa(HashAlgorithm::Sha512)),
        (KeyType::Rsa { bits: 2048 }, SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256)),
        (KeyType::Ed25519, SignatureScheme::Ed25519),
    ] {
        let key = PrivateKey::generate(kind).unwrap();
        let expected = key.public_key().clone();
        // What a program says by its exit code means nothing.
        let program = Program::start(move |asked| format!("{}exit 3", print(&good(&key, asked))));
        let (public, signature) = program.world().sign(KEY, &message()).unwrap();
        assert_eq!(public, expected);
        public.verify(scheme, Signed::Message(b"what is to be signed"), &signature).unwrap();
        let asked = program.asked();
        let methods: Vec<_> = asked.iter().map(Asked::method).collect();
        assert_eq!(methods, ["publicKey", "signMessage"]);
        assert_eq!(
            (asked[0].input.as_slice(), asked[1].input.as_slice()),
            (&b""[..], &b"what is to be signed"[..])
        );
    }
}

#[test]
fn a_digest_is_signed_without_its_message() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let program = Program::start(move |asked| print(&good(&key, asked)));
    let digest = SigningInput::Digest(HashAlgorithm::Sha256.digest(b"x"));
    let (public, signature) = program.world().sign(KEY, &digest).unwrap();
    public.verify(SignatureScheme::Ecdsa(HashAlgorithm::Sha256), Signed::Message(b"x"), &signature).unwrap();
}

#[test]
fn a_key_is_made_by_the_algorithm_that_the_program_prefers() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let expected = key.public_key().clone();
    let program = Program::start(move |asked| print(&good(&key, asked)));
    assert_eq!(program.world().create(KEY).unwrap(), expected);
    let asked = program.asked();
    let methods: Vec<_> = asked.iter().map(Asked::method).collect();
    assert_eq!(methods, ["defaultAlgorithm", "createKey", "publicKey"]);
    // One that shows another key than it made is not believed.
    let keys = [KeyType::P256; 2].map(|kind| PrivateKey::generate(kind).unwrap());
    let program =
        Program::start(move |asked| print(&good(&keys[usize::from(asked.method() == "createKey")], asked)));
    let error = failed(program.world().create(KEY));
    assert!(error.contains("made one public key, and shows another"), "{error}");
}

/// cosign starts `sigstore-kms-foo` from PATH for such a reference.
#[test]
fn unknown_schemes_are_errors_and_start_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let ran = folder.path().join("ran");
    let path = write(folder.path(), "sigstore-kms-foo", &format!("#!/bin/sh\ntouch {}\n", ran.display()));
    let world = World::new(&[("PATH", folder.path().to_str().unwrap())]);
    let failures = [
        failed(world.public_key("foo://bar")),
        failed(world.create("foo://bar")),
        world.sign("foo://bar", &message()).unwrap_err(),
    ];
    for error in failures {
        assert_eq!(
            error,
            format!(
                "unknown kind of key reference `foo://` in `foo://bar`: cosign would start the program `sigstore-kms-foo`, here `{}`; nothing is started here unless it is allowed",
                path.display()
            )
        );
    }
    for reference in ["file:///etc/key", "sk://x", "kms+x://y"] {
        let error = world.public_key(reference).unwrap_err();
        assert!(error.hint().unwrap().contains("--allow-kms-plugin"), "{error}");
        assert!(chain(&error).contains(", which no folder of PATH has;"), "{error}");
    }
    assert!(!ran.exists());
    let _ = world.allowing(|_| {}).public_key("foo://bar").unwrap_err();
    assert!(ran.exists());
}

#[test]
fn programs_are_found_in_whole_folders_of_path_alone() {
    let folder = tempfile::tempdir().unwrap();
    let answer = print(&object!({ "errorMessage": "this one" }));
    let _ = write(folder.path(), "sigstore-kms-foo", &format!("#!/bin/sh\n{answer}"));
    fs::write(folder.path().join("sigstore-kms-plain"), "").unwrap();
    fs::create_dir(folder.path().join("sigstore-kms-folder")).unwrap();
    let at = folder.path().to_str().unwrap();
    let asked = |path: &str, reference: &str| {
        failed(World::new(&[("PATH", path)]).allowing(|_| {}).public_key(reference))
    };
    assert!(asked(&format!("/nonexistent::.:{at}"), "foo://x").contains("failed: this one"));
    for name in ["plain", "folder", "absent"] {
        let error = asked(at, &format!("{name}://x"));
        assert!(
            error.contains(&format!("no folder of PATH has the program `sigstore-kms-{name}`")),
            "{error}"
        );
    }
    for path in ["", ".", "::", "relative/folder"] {
        assert!(asked(path, "foo://x").contains("no folder of PATH"), "{path}");
    }
}

#[test]
fn a_signature_is_believed_when_the_public_key_accepts_it() {
    for method in ["publicKey", "signMessage"] {
        let keys = [KeyType::P256; 2].map(|kind| PrivateKey::generate(kind).unwrap());
        let program =
            Program::start(move |asked| print(&good(&keys[usize::from(asked.method() == method)], asked)));
        let error = program.world().sign(KEY, &message()).unwrap_err();
        assert!(error.ends_with("not one of the key: nothing was signed"), "{error}");
    }
}

#[test]
fn answers_that_are_none_are_refused() {
    let pem = base64::encode(PrivateKey::generate(KeyType::P256).unwrap().public_key().to_pem().as_bytes());
    let found = object!({ "publicKey": { "publicKeyPEM": pem } }).to_string();
    let said = "the program `sigstore-kms-test` failed: ";
    for (lines, words) in [
        (print(&object!({ "errorMessage": "the HSM is asleep" })), format!("{said}the HSM is asleep")),
        (print(&object!({ "errorMessage": "x".repeat(2000) })), format!("{said}{}", "x".repeat(1000))),
        (String::new(), "not an answer of the protocol (exit status: 0)".to_owned()),
        ("exit 1".to_owned(), "not an answer of the protocol (exit status: 1)".to_owned()),
        ("echo oops".to_owned(), "not an answer of the protocol".to_owned()),
        ("kill -9 $$".to_owned(), "was ended (signal: 9".to_owned()),
        (print(&object!({})), "publicKey".to_owned()),
        // cosign panics.
        (print(&object!({ "errorMessage": "" })), "publicKey".to_owned()),
        (print(&object!({ "signMessage": { "signature": "AAAA" } })), "publicKey".to_owned()),
        (print(&object!({ "publicKey": { "publicKeyPEM": null } })), "publicKeyPEM".to_owned()),
        (print(&object!({ "publicKey": { "publicKeyPEM": "AAAA" } })), "public key".to_owned()),
        (print(&object!({ "publicKey": { "publicKeyPEM": "%" } })), "publicKeyPEM".to_owned()),
        (format!("printf %s '{found}{found}'"), "not an answer of the protocol".to_owned()),
        ("head -c 2000000 /dev/zero".to_owned(), "printed more than 1048576 bytes".to_owned()),
        ("cat /dev/zero".to_owned(), "printed more than 1048576 bytes".to_owned()),
    ] {
        let shown = lines.clone();
        let program = Program::start(move |_| lines.clone());
        let error = failed(program.world().public_key(KEY));
        assert!(error.contains(&words) && error.len() < 1200, "{shown}: {error}");
    }
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    for script in ["sleep 100", "exec >&-; sleep 100", "cat; sleep 100"] {
        let folder = tempfile::tempdir().unwrap();
        let _ = write(folder.path(), "sigstore-kms-test", &format!("#!/bin/sh\n{script}\n"));
        let world = World::new(&[("PATH", folder.path().to_str().unwrap())]).allowing(|_| {});
        let started = std::time::Instant::now();
        let world = world.within(Duration::from_millis(700));
        // Another PATH than that of this process does not reach the program.
        let error = failed(world.public_key("test://x"));
        assert!(error.contains("did not answer within 0 seconds"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

/// What programs have said.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn what_a_program_says_is_passed_on_line_by_line() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let program = Program::start(move |asked| {
        let lines = "echo 'touch the key' >&2; printf 'no end' >&2; i=0\n\
            while [ $i -lt 1500 ]; do echo $i >&2; i=$((i+1)); done; head -c 9000 /dev/zero >&2\n";
        format!("{lines}{}", print(&good(&key, asked)))
    });
    let world = program.world().allowing(|line| TOLD.lock().unwrap().push(line.to_owned()));
    let _ = world.public_key(KEY).unwrap();
    let told = TOLD.lock().unwrap();
    assert_eq!(told[0], "sigstore-kms-test: touch the key");
    assert_eq!(told[1], "sigstore-kms-test: no end0");
    assert_eq!(told.len(), 1001);
    assert_eq!(told[1000], "sigstore-kms-test: and more, which is not shown");
}

#[test]
fn what_stays_in_the_program_is_not_imported() {
    let world = World::new(&[]);
    let imported = |world: &World| {
        world.asks(async |sources| {
            crate::keys::load_importable_key(&KeyRef::parse("foo://x")?, sources).await.map(drop)
        })
    };
    assert!(failed(imported(&world)).starts_with("unknown kind of key reference"));
    assert!(failed(imported(&world.allowing(|_| {}))).contains("never leaves"));
}
