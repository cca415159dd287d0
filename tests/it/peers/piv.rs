//! The real PC/SC daemon with vsmartcard's virtual reader, the token of the test suite in it; what it signs the real cosigns verify
//! with the public key. Neither of them is built with PIV.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcosign::internals::crypto::{KeyType, PrivateKey};

use super::all_forms::Held;
use crate::support::piv_card::{PIN, PivCard};
use crate::support::{Run, Sandbox, peer};

/// Of a YubiKey 5: T=1 (ISO 7816-3 section 8).
const ATR: &[u8] = b"\x3b\xf8\x13\x00\x00\x81\x31\xfe\x15\x59\x75\x62\x69\x6b\x65\x79\x34\xd4";
const PATIENCE: Duration = Duration::from_secs(10);

/// A daemon of our own with one reader, and the token in it.
struct Desk {
    sandbox: Sandbox,
    daemon: Child,
    card: Arc<Mutex<PivCard>>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl Desk {
    /// Starts the daemon, if the programs for it are here. It is handed its socket as systemd hands it over.
    fn with(card: PivCard) -> Option<Self> {
        let (pcscd, driver) = (peer("pcscd")?, peer("libifdvpcd.so")?);
        let sandbox = Sandbox::new();
        let port = two_free_ports();
        std::fs::create_dir(sandbox.at("readers")).unwrap();
        let driver = driver.canonicalize().unwrap().display().to_string();
        let config = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x{port:X}\nLIBPATH {driver}\nCHANNELID 0x{port:X}\n"
        );
        let _ = sandbox.file("readers/vpcd.conf", config);
        let socket = sandbox.at("tmp/pcscd.comm");
        let listener = UnixListener::bind(&socket).unwrap();
        let daemon = Command::new("/bin/sh")
            .args(["-c", "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" -f -c \"$1\""])
            .arg(pcscd)
            .arg(sandbox.at("readers"))
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(std::fs::File::create(sandbox.at("tmp/pcscd.log")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let reader = connect(port);
        let card = Arc::new(Mutex::new(card));
        let shown = Arc::clone(&card);
        std::thread::spawn(move || serve(reader, &shown));
        let sandbox = sandbox.env("PCSCLITE_CSOCK_NAME", socket.to_str().unwrap());
        let _ = sandbox.file("a.txt", "the artifact\n");
        let desk = Self { sandbox, daemon, card };
        // The daemon looks at its readers now and then.
        let begun = std::time::Instant::now();
        while desk.sandbox.run(&["public-key", "--sk"]).stderr.contains("without a card") {
            assert!(begun.elapsed() < PATIENCE, "{}", desk.sandbox.text("tmp/pcscd.log"));
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(desk)
    }

    fn knowing(&self, args: &[&str]) -> Run {
        self.sandbox.rcosign(args).env("COSIGN_PIV_PIN", PIN)
    }
}

/// The driver takes the first one for its first reader and the second one for its second. They are none that the system gives to
/// whoever asks for any port, as the other tests do all the time.
fn two_free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 5000).unwrap();
    let is_free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let candidates = (0..100).map(|_| 20_000 + 2 * ((begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 6000));
    candidates.into_iter().find(|port| is_free(*port) && is_free(port + 1)).unwrap()
}

/// The card's end of the reader, as soon as the driver listens.
fn connect(port: u16) -> TcpStream {
    let begun = std::time::Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// vpcd's protocol: two bytes of length; a message of one byte switches power (0, 1), resets (2) or asks for the ATR (4), which alone
/// of them is answered; all others are commands.
fn serve(mut reader: TcpStream, card: &Mutex<PivCard>) {
    loop {
        let mut length = [0; 2];
        if reader.read_exact(&mut length).is_err() {
            return;
        }
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        reader.read_exact(&mut message).unwrap();
        let answer = match message.as_slice() {
            [0..=2] => {
                card.lock().unwrap().power_off();
                continue;
            }
            [4] => ATR.to_vec(),
            command => card.lock().unwrap().answer(command),
        };
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        reader.write_all(&[&length[..], &answer].concat()).unwrap();
    }
}

#[test]
fn a_token_in_a_virtual_reader_signs_for_everybody() {
    for (name, kind, reference, slot) in [
        ("p256", KeyType::P256, 0x9C, "signature"),
        ("p384", KeyType::P384, 0x9A, "authentication"),
        ("rsa2048", KeyType::Rsa { bits: 2048 }, 0x9D, "key-management"),
    ] {
        let card = PivCard::new().with_key(reference, PrivateKey::generate(kind).unwrap(), 3);
        let Some(desk) = Desk::with(card) else { return };
        let (key, secret) = (["--sk", "--slot", slot], Some(("COSIGN_PIV_PIN", PIN)));
        Held { sandbox: &desk.sandbox, key: &key, kind: name, secret }.signs_everything();
    }
}

#[test]
fn a_token_in_a_virtual_reader_is_managed() {
    let Some(desk) = Desk::with(PivCard::new()) else { return };
    let s = &desk.sandbox;
    let tool = |args: &[&str]| s.run(&[&["piv-tool"], args, &["-f"]].concat());
    // Of no authority of Yubico's: the key is made, and its attestation refused.
    let _ = tool(&["generate-key", "--pin-policy", "once"]).code(12).says("Generated public key");
    let _ = desk.knowing(&["sign-blob", "--sk", "--offline", "--bundle", "b.json", "a.txt"]).run().ok();
    let _ = s.run(&["verify-blob", "--sk", "--no-log", "--bundle", "b.json", "a.txt"]).ok();
    // The card was reset when the program ended: no PIN stays verified.
    let _ =
        s.rcosign(&["sign-blob", "--sk", "--offline", "--bundle", "c.json", "a.txt"]).stdin("").run().code(6);
    let _ = tool(&["set-pin", "--old-pin", "161803", "--new-pin", "271828"]).code(6).says("2 tries are left");
    let _ = tool(&["set-pin", "--old-pin", PIN, "--new-pin", "271828"]).ok();
    let _ = tool(&["set-management-key", "--random-management-key"]).ok();
    let _ = tool(&["generate-key"]).code(6).says("does not take the management key");
    let _ = tool(&["reset"]).ok();
    let _ = s.run(&["public-key", "--sk"]).code(3).says("nothing in the token tells");
    // Answers in pieces went through the daemon as they are.
    assert!(desk.card.lock().unwrap().log.iter().any(|command| command.starts_with("00c00000")));
}
