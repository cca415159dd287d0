//! The sandbox, with rcosign as its client: initialized from its TUF repository, files and images are signed and verified.

use std::time::{Duration, Instant};

use rcosign::internals::sandbox::{Options, Sandbox as Sigstore, SandboxError, Service};

use crate::support::{Output, Run, Sandbox};

/// A sandbox that runs, and a folder for the programs that use it.
pub struct World {
    sigstore: Option<Sigstore>,
    /// The folder of the programs.
    pub programs: Sandbox,
    place: tempfile::TempDir,
    witness: bool,
}

impl World {
    /// One without faults.
    pub fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// One with a witness of its second log.
    pub fn start_witnessed() -> Self {
        Self::start_as(true, &[], &[])
    }

    /// One with these faults and clocks.
    pub fn start_with(faults: &[&str], clocks: &[&str]) -> Self {
        Self::start_as(false, faults, clocks)
    }

    fn start_as(witness: bool, faults: &[&str], clocks: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let programs = Sandbox::new().env("COSIGN_OFFLINE", "");
        programs.file("a.txt", "the artifact\n");
        programs.file("other.txt", "another one\n");
        let mut world = Self { sigstore: None, programs, place, witness };
        world.sigstore = Some(world.try_start(faults, clocks).unwrap());
        world
    }

    fn try_start(&self, faults: &[&str], clocks: &[&str]) -> Result<Sigstore, SandboxError> {
        Sigstore::start(Options {
            folder: self.place.path().join("state"),
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            clocks: clocks.iter().map(|clock| clock.parse().unwrap()).collect(),
            witness: self.witness,
            ..Options::default()
        })
    }

    /// Ends it, and starts it in the same folder.
    fn restart(&mut self, faults: &[&str]) {
        self.sigstore = None;
        self.sigstore = Some(self.try_start(faults, &[]).unwrap());
    }

    /// What runs.
    pub fn sigstore(&self) -> &Sigstore {
        self.sigstore.as_ref().unwrap()
    }

    /// Where a service is.
    pub fn url(&self, service: Service) -> &str {
        self.sigstore().addresses().url(service)
    }

    /// The path of one of its documents.
    pub fn document(&self, name: &str) -> String {
        self.sigstore().file(name).to_str().unwrap().to_owned()
    }

    fn documents(&self) -> [Vec<u8>; 5] {
        let read = |name: &str| std::fs::read(self.document(name)).unwrap();
        ["trusted_root.json", "signing_config.json", "root.json", "tuf/timestamp.json", "env"].map(read)
    }

    /// An identity token.
    pub fn token(&self) -> String {
        std::fs::read_to_string(self.document("identity_token")).unwrap()
    }

    /// A run with the variables of the file for shells, and a token.
    pub fn with_variables(&self, run: Run, for_cosign_2: bool) -> Run {
        let documents = self.sigstore().documents();
        let variables = documents.variables(self.sigstore().folder(), for_cosign_2);
        let run = variables.into_iter().fold(run, |run, (name, value)| run.env(name, &value));
        run.env("SIGSTORE_ID_TOKEN", &self.token())
    }

    /// Runs rcosign with the variables.
    pub fn rcosign(&self, args: &[&str]) -> Output {
        self.with_variables(self.programs.rcosign(args), false).run()
    }

    /// The flags that name the signer.
    pub fn signer(&self) -> [String; 4] {
        let issuer = self.url(Service::Oidc);
        ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", issuer].map(str::to_owned)
    }

    fn verify(&self, bundle: &str, file: &str, more: &[&str]) -> Output {
        let signer = self.signer();
        let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
        self.rcosign(&[&["verify-blob", "--bundle", bundle], &signer[..], more, &[file]].concat())
    }

    /// An image in the registry that nobody has signed, by its digest.
    pub fn image(&self, seed: &str) -> String {
        let registry = self.sigstore().registry();
        let digest = registry.contents().plant_image("app", seed);
        format!("{}/app@{digest}", registry.address())
    }
}

#[test]
fn initialized_from_its_repository_files_are_signed_and_verified() {
    let world = World::start();
    let (mirror, root) = (world.url(Service::Tuf).to_owned(), world.document("root.json"));
    let token = world.document("identity_token");
    let run = |args: &[&str]| world.programs.run(args);
    run(&["initialize", "--mirror", &mirror, "--root", &root]).ok();
    run(&["sign-blob", "--yes", "--identity-token", &token, "--bundle", "b.json", "a.txt"]).ok();
    let signer = world.signer();
    let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
    let verify =
        |file, signer: &[&str]| run(&[&["verify-blob", "--bundle", "b.json"], signer, &[file]].concat());
    verify("a.txt", &signer).ok().says("Verified OK");
    verify("other.txt", &signer).code(12);
    let eve = [signer[0], "eve@example.com", signer[2], signer[3]];
    verify("a.txt", &eve).code(12).says("dev@example.com");
}

#[test]
fn variables_are_enough_and_each_log_is_good() {
    let world = World::start();
    world.rcosign(&["sign-blob", "--yes", "--bundle", "1.json", "a.txt"]).ok();
    let config = world.document("signing_config.rekor2.json");
    let args = ["sign-blob", "--yes", "--signing-config", &config, "--bundle", "2.json", "a.txt"];
    world.rcosign(&args).ok();
    for (bundle, kind) in [("1.json", "0.0.1"), ("2.json", "0.0.2")] {
        assert!(world.programs.text(bundle).contains(&format!("\"version\":\"{kind}\"")), "{bundle}");
        world.verify(bundle, "a.txt", &[]).ok();
        world.verify(bundle, "other.txt", &[]).code(12);
        let root = world.document("trusted_root.json");
        world.verify(bundle, "a.txt", &["--trusted-root", &root]).ok();
    }
}

/// The signatures of RSA keys are the same each time, and so are their entries.
#[test]
fn what_a_log_has_already_is_fetched_from_each_log() {
    let world = World::start();
    let key = crate::support::repository().join("testdata/keys/rsa2048.pkcs1.pem");
    world.programs.file("key.pem", std::fs::read(key).unwrap());
    for config in ["signing_config.json", "signing_config.rekor2.json"] {
        let config = world.document(config);
        for bundle in ["1.json", "2.json"] {
            let args = ["--key", "key.pem", "--signing-config", &config, "--bundle", bundle, "a.txt"];
            world.rcosign(&[&["sign-blob", "--yes"], &args[..]].concat()).ok();
            let verify = ["verify-blob", "--key", "key.pub", "--bundle", bundle];
            world.rcosign(&["public-key", "--key", "key.pem", "--outfile", "key.pub"]).ok();
            world.rcosign(&[&verify[..], &["a.txt"]].concat()).ok();
            world.rcosign(&[&verify[..], &["other.txt"]].concat()).code(12);
        }
        let index = |bundle: &str| {
            let bundle: serde_json::Value = serde_json::from_str(&world.programs.text(bundle)).unwrap();
            bundle.pointer("/verificationMaterial/tlogEntries/0/logIndex").unwrap().clone()
        };
        assert_eq!(index("1.json"), index("2.json"));
    }
}

#[test]
fn an_image_is_signed_and_verified() {
    let world = World::start();
    let (image, unsigned) = (world.image("one"), world.image("two"));
    world.rcosign(&["sign", "--yes", &image]).ok();
    let signer = world.signer();
    let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
    world.rcosign(&[&["verify"], &signer[..], &[&image]].concat()).ok();
    world.rcosign(&[&["verify"], &signer[..], &[&unsigned]].concat()).code(10);
}

#[test]
fn after_a_restart_everything_is_where_it_was() {
    let mut world = World::start();
    world.rcosign(&["sign-blob", "--yes", "--bundle", "b.json", "a.txt"]).ok();
    let image = world.image("one");
    world.rcosign(&["sign", "--yes", &image]).ok();
    let addresses = world.sigstore().addresses().clone();
    let before = world.documents();
    world.restart(&[]);
    assert_eq!(world.sigstore().addresses(), &addresses);
    assert_eq!(world.documents(), before);
    world.verify("b.json", "a.txt", &[]).ok();
    let signer = world.signer();
    let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
    world.rcosign(&[&["verify"], &signer[..], &[&image]].concat()).ok();
    world.rcosign(&["sign-blob", "--yes", "--bundle", "c.json", "other.txt"]).ok();
    world.verify("c.json", "other.txt", &[]).ok();
}

#[test]
fn one_folder_is_for_one_sandbox_and_a_port_that_is_taken_is_named() {
    let mut world = World::start();
    let error = world.try_start(&[], &[]).unwrap_err();
    assert!(error.to_string().contains("another sandbox runs in"), "{error}");
    let address = world.url(Service::Tsa).trim_start_matches("http://").to_owned();
    world.sigstore = None;
    let taken = std::net::TcpListener::bind(&address).unwrap();
    let error = world.try_start(&[], &[]).unwrap_err();
    let port = address.split(':').nth(1).unwrap();
    assert_eq!(error.to_string(), format!("tsa cannot have port {port}"));
    drop(taken);
    world.restart(&[]);
}

#[test]
fn faults_and_wrong_clocks_end_in_an_error_and_nothing_is_written() {
    let sign = ["sign-blob", "--yes", "--bundle", "b.json", "a.txt"];
    for fault in ["fulcio=400", "rekor=garbage", "tsa=truncate"] {
        let world = World::start_with(&[fault], &[]);
        let output = world.rcosign(&sign);
        assert_ne!(output.code, 0, "{fault}: {}", output.stderr);
        assert!(!world.programs.has("b.json"), "{fault}");
    }
    let world = World::start_with(&["rekor=503:1", "tsa=reset:1", "fulcio=slow:100ms"], &[]);
    world.rcosign(&sign).ok();
    world.verify("b.json", "a.txt", &[]).ok();
    let world = World::start_with(&["registry=503:1", "registry=truncate:1", "registry=slow:100ms"], &[]);
    world.rcosign(&["sign", "--yes", &world.image("one")]).ok();
    let world = World::start_with(&[], &["tuf=-400d"]);
    let output = world.rcosign(&sign);
    assert_ne!(output.code, 0);
    assert!(output.stderr.contains("expired"), "{}", output.stderr);
}

/// One request, and what came of it until so long has gone by.
fn asked(address: &str, request: &str, patience: Duration) -> (std::io::Result<String>, Duration) {
    use std::io::{Read as _, Write as _};
    let begun = Instant::now();
    let mut stream = std::net::TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    let ask = |stream: &mut std::net::TcpStream| {
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    (ask(&mut stream), begun.elapsed())
}

/// There is no pair of a service and a fault that changes nothing.
#[test]
fn every_fault_of_every_service_is_met() {
    let pages = [
        ("page", "/"),
        ("oidc", "/keys"),
        ("fulcio", "/api/v2/trustBundle"),
        ("ct", "/ct/v1/get-sth"),
        ("rekor", "/api/v1/log"),
        ("rekor2", "/api/v2/checkpoint"),
        ("tsa", "/api/v1/timestamp/certchain"),
        ("tuf", "/timestamp.json"),
        ("registry", "/v2/_catalog"),
    ];
    let faults = ["503", "slow:400ms", "hang", "reset", "garbage", "truncate"];
    let all: Vec<String> = pages
        .iter()
        .flat_map(|(service, _)| faults.iter().map(move |fault| format!("{service}={fault}:1")))
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let world = World::start_with(&all, &[]);
    for (service, path) in pages {
        let url = world.url(service.parse().unwrap());
        let get = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        let ask = |millis| asked(url, &get, Duration::from_millis(millis));
        let (unavailable, _) = ask(20_000);
        assert!(unavailable.unwrap().starts_with("HTTP/1.1 503"), "{service}");
        let (slow, took) = ask(20_000);
        assert!(slow.unwrap().starts_with("HTTP/1.1 200") && took >= Duration::from_millis(400), "{service}");
        let (hung, _) = ask(600);
        assert!(hung.is_err(), "{service}");
        let (reset, _) = ask(20_000);
        assert_eq!(reset.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{service}");
        let (garbage, _) = ask(20_000);
        assert!(garbage.unwrap().contains("garbage\u{fffd} on purpose"), "{service}");
        let (cut, _) = ask(20_000);
        let (whole, _) = ask(20_000);
        let (cut, whole) = (cut.unwrap_or_default(), whole.unwrap());
        assert!(whole.starts_with("HTTP/1.1 200") && cut.len() < whole.len(), "{service}: {cut}");
    }
}

/// Nobody but the certificate authority asks the log of certificates while something is signed.
#[test]
fn where_the_log_of_certificates_fails_nothing_is_certified() {
    let sign = ["sign-blob", "--yes", "--bundle", "b.json", "a.txt"];
    let world = World::start_with(
        &["ct=503:1", "ct=reset:1", "ct=garbage:1", "ct=truncate:1", "ct=slow:300ms:1"],
        &[],
    );
    let post = "POST /api/v2/signingCert HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for _ in 0..4 {
        let (answer, _) = asked(world.url(Service::Fulcio), post, Duration::from_secs(20));
        let answer = answer.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 500") && answer.contains("error entering certificate in CTL"),
            "{answer}"
        );
    }
    let begun = Instant::now();
    world.rcosign(&sign).ok();
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn it_ends_though_a_client_waits() {
    let mut world = World::start_with(&["tuf=hang"], &[]);
    let address = world.url(Service::Tuf).trim_start_matches("http://").to_owned();
    let waiting = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /timestamp.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    world.sigstore = None;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(waiting.join().unwrap().unwrap().starts_with("HTTP/1.1 503"));
}
