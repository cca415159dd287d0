//! Many processes sign one image at the same time, each with a key of its own, in real registries that do not list referrers:
//! every signature that a process did not fail with is there afterwards, and verifies.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rcosign::internals::crypto::{KeyType, PrivateKey, SigningKey as _, pem};

use super::registries::{Registry, crane_registry, distribution, push};
use super::{Peer, peers};
use crate::support::{Output, Sandbox, peer};

const SIGNERS: usize = 32;
/// As many behind a slow proxy, where each write may take a second.
const SLOW_SIGNERS: usize = 12;

/// A folder with `0.key`, `0.pub` and so on, none of them encrypted.
fn with_keys(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 0..count {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        sandbox.file(&format!("{number}.key"), pem::encode("PRIVATE KEY", key.to_pkcs8().unwrap().expose()));
        sandbox.file(&format!("{number}.pub"), key.public_key().to_pem());
    }
    // Two machines: a lock serialises the processes of each.
    for machine in ["machine-0", "machine-1"] {
        std::fs::create_dir(sandbox.at(machine)).unwrap();
    }
    sandbox
}

/// Signs with as many processes at once as there are keys; `keys` says which one each takes.
fn sign_at_once(sandbox: &Sandbox, keys: &[usize], flags: &[&str], image: &str) -> Vec<Output> {
    std::thread::scope(|scope| {
        let start = |(process, key): (usize, &usize)| {
            let (key, machine) = (format!("{key}.key"), sandbox.at(&format!("machine-{}", process % 2)));
            scope.spawn(move || {
                let args = [&["sign", "--offline", "--key", &key], flags, &[image]].concat();
                sandbox.rcosign(&args).env("XDG_RUNTIME_DIR", machine.to_str().unwrap()).run()
            })
        };
        let runs: Vec<_> = keys.iter().enumerate().map(start).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// The flags that choose a form, for those who verify.
const FORMS: [(&str, &str); 2] =
    [("bundle", "--new-bundle-format=true"), ("tag", "--new-bundle-format=false")];

/// What did not fail is there, by this program and by every peer that knows the form, where nothing is said of other forms.
#[track_caller]
fn nothing_lost(sandbox: &Sandbox, outputs: &[Output], form: &str, image: &str) {
    let mut arguments = Vec::new();
    let flag = FORMS.iter().find(|(name, _)| *name == form).unwrap().1;
    for (number, output) in outputs.iter().enumerate() {
        let key = format!("{number}.pub");
        let found = sandbox.run(&["verify", "--no-log", flag, "--key", &key, image]);
        match output.code {
            0 => assert_eq!(found.code, 0, "{form} {number}: {}\n{}", output.stderr, found.stderr),
            // It may be there all the same.
            5 => assert!(output.stderr.contains("may not be listed"), "{}", output.stderr),
            _ => panic!("{form} {number}: {}", output.stderr),
        }
        arguments.push(key);
    }
    for Peer { version, program } in peers() {
        let flags: &[&str] = match (version, form) {
            (2, "bundle") => continue,
            (2, _) => &["--insecure-ignore-tlog"],
            _ => &["--insecure-ignore-tlog", flag],
        };
        for number in [0, outputs.len() / 2, outputs.len() - 1] {
            if outputs[number].code == 0 {
                let args = [&["verify", "--key", &arguments[number]], flags, &[image]].concat();
                let _ = sandbox.program(&program, &args).run().ok();
            }
        }
    }
}

/// Signs in both forms, each an image of its own, with this many keys, by way of this address, and looks.
fn many_sign(sandbox: &Sandbox, crane: &Path, registry: &Registry, count: usize, address: SocketAddr) {
    for (form, _) in FORMS {
        let path = format!("app/{form}");
        let digest = push(sandbox, crane, &format!("{}/{path}:v1", registry.address), &[]);
        let image = format!("{address}/{path}@{digest}");
        let keys: Vec<_> = (0..count).collect();
        let started = Instant::now();
        let outputs = sign_at_once(sandbox, &keys, &["--write", form, "--retry-for", "60s"], &image);
        let failed = outputs.iter().filter(|output| output.code != 0).count();
        eprintln!("{form}, {count} signers: {:?}, {failed} failed", started.elapsed());
        nothing_lost(sandbox, &outputs, form, &format!("{}/{path}@{digest}", registry.address));
        assert_eq!(failed, 0, "{outputs:#?}");
    }
}

#[test]
fn of_32_signers_none_loses_a_signature_in_dockers_registry() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = with_keys(SIGNERS);
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    many_sign(&sandbox, &crane, &registry, SIGNERS, registry.address);
}

#[test]
fn of_32_signers_none_loses_a_signature_in_the_registry_of_crane() {
    let (Some(crane), Some(registry)) = (peer("crane"), crane_registry()) else { return };
    many_sign(&with_keys(SIGNERS), &crane, &registry, SIGNERS, registry.address);
}

#[test]
fn signers_lose_nothing_behind_a_proxy_that_delays_single_writes() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = with_keys(SLOW_SIGNERS);
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    let proxy = Proxy::start(registry.address);
    many_sign(&sandbox, &crane, &registry, SLOW_SIGNERS, proxy.address);
    assert!(proxy.writes.load(Ordering::Relaxed) >= 2 * SLOW_SIGNERS, "{proxy:?}");
}

/// As with cosign, a signature of the same payload by the same key is not added to the tag once more; those who do not see each
/// other yet add one each.
#[test]
fn of_32_signers_with_one_key_everybody_succeeds() {
    let Some(crane) = peer("crane") else { return };
    let sandbox = with_keys(1);
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    for (form, suffix, entry, expected) in [
        ("tag", ".sig", "simplesigning.v1+json", 1..=SIGNERS / 4),
        ("bundle", "", "\"artifactType\"", SIGNERS..=SIGNERS),
    ] {
        let name = format!("{}/app/one-key-{form}", registry.address);
        let digest = push(&sandbox, &crane, &format!("{name}:v1"), &[]);
        let image = format!("{name}@{digest}");
        for output in sign_at_once(&sandbox, &[0; SIGNERS], &["--write", form], &image) {
            let _ = output.ok();
        }
        let tag = format!("{name}:{}{suffix}", digest.replacen(':', "-", 1));
        let manifest = sandbox.program(&crane, &["manifest", &tag]).run().ok().stdout;
        assert!(expected.contains(&manifest.matches(entry).count()), "{manifest}");
        let _ = sandbox.run(&["verify", "--no-log", "--key=0.pub", &image]).ok();
    }
}

/// A proxy that passes everything on, and every third write of a shared tag later than anybody waits for.
#[derive(Debug)]
struct Proxy {
    address: SocketAddr,
    writes: Arc<AtomicUsize>,
}

impl Proxy {
    const DELAY: Duration = Duration::from_millis(900);

    fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, writes) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&writes);
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(server).unwrap();
                let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || pass(client, server, |part| delay(part, &counter)));
                std::thread::spawn(move || pass(back, forth, |_| ()));
            }
        });
        Self { address, writes }
    }
}

/// A request of HTTP/1.1 comes in one part, as nobody sends the next one before the answer.
fn delay(part: &[u8], writes: &AtomicUsize) {
    let line = part.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let writes_tag = line.starts_with("PUT ") && line.contains("/manifests/sha256-");
    if writes_tag && writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
        std::thread::sleep(Proxy::DELAY);
    }
}

/// Passes on what comes until it ends.
fn pass(mut from: TcpStream, mut to: TcpStream, before: impl Fn(&[u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        before(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
