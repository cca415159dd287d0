//! Keys in PIV tokens: the whole program against the token of the test suite, through a stand-in for the PC/SC daemon.

use std::sync::{Arc, Mutex};

use crate::support::piv_card::{PIN, PUK, PivCard};
use crate::support::piv_daemon::Daemon;
use crate::support::{Output, Run, Sandbox, repository};
use rcosign::internals::crypto::{KeyType, PrivateKey};

struct Desk {
    sandbox: Sandbox,
    daemon: Daemon,
}

impl Desk {
    fn with(cards: Vec<PivCard>) -> Self {
        let sandbox = Sandbox::new();
        let daemon = Daemon::start(&sandbox.at("tmp"), cards);
        let sandbox = sandbox.env("PCSCLITE_CSOCK_NAME", daemon.socket.to_str().unwrap());
        let _ = sandbox.file("a.txt", "the artifact\n");
        Self { sandbox, daemon }
    }

    fn new() -> Self {
        Self::with(vec![PivCard::new()])
    }

    fn card(&self) -> Arc<Mutex<PivCard>> {
        Arc::clone(&self.daemon.cards[0])
    }

    /// Without a PIN.
    fn run(&self, args: &[&str]) -> Output {
        self.sandbox.run(args)
    }

    /// With the PIN in its variable.
    fn knowing(&self, pin: &str, args: &[&str]) -> Run {
        self.sandbox.rcosign(args).env("COSIGN_PIV_PIN", pin)
    }
}

fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

const SIGN: [&str; 6] = ["sign-blob", "--sk", "--offline", "--bundle", "b.json", "a.txt"];
const VERIFY: [&str; 5] = ["verify-blob", "--no-log", "--bundle", "b.json", "a.txt"];

#[test]
fn what_a_token_signs_is_verified_by_it_and_by_its_public_key() {
    for (kind, slot, reference) in [
        (KeyType::P256, "signature", 0x9C),
        (KeyType::P384, "authentication", 0x9A),
        (KeyType::Rsa { bits: 2048 }, "key-management", 0x9D),
        (KeyType::P256, "card-authentication", 0x9E),
    ] {
        let policy = if reference == 0x9E { 1 } else { 3 };
        let desk = Desk::with(vec![PivCard::new().with_key(reference, key(kind), policy)]);
        let sign = [&SIGN[..], &["--slot", slot]].concat();
        let _ = desk.knowing(PIN, &sign).run().ok();
        let _ = desk.run(&[&VERIFY[..], &["--sk", "--slot", slot]].concat()).ok();
        let _ = desk.run(&["public-key", "--sk", "--slot", slot, "--outfile", "k.pub"]).ok();
        let _ = desk.run(&[&VERIFY[..], &["--key", "k.pub"]].concat()).ok();
        let other = format!("piv://{slot}");
        let _ = desk.run(&[&VERIFY[..], &["--key", &other]].concat()).ok();
        let _ = desk.sandbox.file("b.txt", "another artifact\n");
        let _ = desk
            .run(&["verify-blob", "--no-log", "--bundle", "b.json", "--sk", "--slot", slot, "b.txt"])
            .code(12);
        // Another slot is empty, and another token holds another key.
        let empty = if slot == "signature" { "authentication" } else { "signature" };
        let _ = desk
            .run(&[&VERIFY[..], &["--sk", "--slot", empty]].concat())
            .code(3)
            .says("nothing in the token tells");
    }
    let desk = Desk::with(vec![PivCard::new().with_key(0x9C, key(KeyType::P256), 3)]);
    let _ = desk.knowing(PIN, &SIGN).run().ok();
    let other = Desk::with(vec![PivCard::new().with_key(0x9C, key(KeyType::P256), 3)]);
    let _ = other.sandbox.file("b.json", desk.sandbox.read("b.json"));
    let _ = other.run(&[&VERIFY[..], &["--sk"]].concat()).code(12);
}

#[test]
fn images_and_attestations() {
    let desk = Desk::with(vec![PivCard::new().with_key(0x9C, key(KeyType::P256), 3)]);
    let s = &desk.sandbox;
    let layout = repository().join("testdata/layouts/cosign-3-save");
    let _ = s.program("/bin/cp".as_ref(), &["-R", layout.to_str().unwrap(), "app"]).run().ok();
    let _ = desk.knowing(PIN, &["sign", "--sk", "--offline", "oci:app"]).run().ok();
    let _ = desk.run(&["verify", "--sk", "--no-log", "oci:app"]).ok();
    let _ = s.file("predicate.json", "{}");
    let args = ["attest-blob", "--sk", "--offline", "--predicate", "predicate.json", "--type", "custom"];
    let _ = desk.knowing(PIN, &[&args[..], &["--bundle", "att.json", "a.txt"]].concat()).run().ok();
    let args =
        ["verify-blob-attestation", "--sk", "--no-log", "--type", "custom", "--bundle", "att.json", "a.txt"];
    let _ = desk.run(&args).ok();
    // No PIN stays verified when the program ends.
    let log = desk.card().lock().unwrap().log.len();
    let refused = desk.sandbox.rcosign(&SIGN).stdin("").run().code(6);
    refused.says("set the variable COSIGN_PIV_PIN");
    assert!(desk.card().lock().unwrap().log.len() > log);
}

#[test]
fn what_goes_wrong_with_a_token_is_said() {
    let desk = Desk::with(vec![PivCard::new().with_key(0x9C, key(KeyType::P256), 3)]);
    let said = desk
        .knowing("161803", &SIGN)
        .run()
        .code(6)
        .says("does not take the PIN: it is wrong, and 2 tries are left");
    assert!(!said.stderr.contains("161803"), "{}", said.stderr);
    assert!(!desk.sandbox.has("b.json"));
    let _ = desk.knowing("161803", &SIGN).run().code(6).says("one try is left");
    let _ = desk.knowing("161803", &SIGN).run().code(6).says("it is blocked");
    let _ = desk.knowing(PIN, &SIGN).run().code(6).says("piv-tool unblock --puk PUK");
    let _ = desk.knowing("1234567890", &SIGN).run().code(2).says("longer than eight");
    let none = Desk::with(Vec::new());
    let _ = none.run(&["public-key", "--sk"]).code(5).says("a reader `Empty Reader` without a card");
    let two = Desk::with(vec![PivCard::new(), PivCard::plain()]);
    let _ = two.run(&["public-key", "--sk"]).code(2).says("`Test Reader 0`, `Test Reader 1`");
    let nobody = Sandbox::new().env("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm");
    let _ = nobody.run(&["public-key", "--sk"]).code(5).says("does not answer at `/nonexistent/pcscd.comm`");
    let foreign = Desk::with(vec![
        PivCard::plain().with_key(0x9C, key(KeyType::P256), 3).with_certificate(0x9C, &key(KeyType::P256)),
    ]);
    let _ = foreign.knowing(PIN, &SIGN).run().code(5).says("nothing was signed");
    assert!(!foreign.sandbox.has("b.json"));
}

/// The token of the test suite is of no authority of Yubico's: its key is made, and its attestation refused.
#[test]
fn a_key_is_made_and_signs() {
    let desk = Desk::new();
    let make = ["piv-tool", "generate-key", "--pin-policy", "once", "--touch-policy", "cached"];
    let _ = desk.sandbox.rcosign(&make).stdin("n\n").run().code(1).says("nothing is changed");
    let _ = desk.run(&["public-key", "--sk"]).code(3);
    let made = desk.sandbox.rcosign(&make).stdin("y\n").run().code(12);
    made.says("Generated public key").says("of no authority of Yubico's").says("the key is made");
    let _ = desk.run(&["public-key", "--sk", "--outfile", "k.pub"]).ok();
    let signed = desk.knowing(PIN, &SIGN).run().ok();
    assert!(signed.stderr.contains("Please tap security key..."), "{}", signed.stderr);
    let _ = desk.run(&[&VERIFY[..], &["--key", "k.pub"]].concat()).ok();
    let _ = desk.run(&["piv-tool", "attestation"]).code(12).says("the slot `signature` proves nothing");
    let _ = desk
        .run(&["piv-tool", "attestation", "--slot", "authentication", "-o", "json"])
        .code(1)
        .says("does not attest");
    // A card that is not of Yubico's knows no policies, and no attestation.
    let plain = Desk::with(vec![PivCard::plain()]);
    let _ = plain.run(&[&make[..], &["-f"]].concat()).code(1).says("knows no policies");
    let made = plain.run(&["piv-tool", "generate-key", "-f"]).ok();
    assert!(made.stdout.starts_with("-----BEGIN PUBLIC KEY-----"), "{}", made.stdout);
    let wrong = ["piv-tool", "generate-key", "-f", "--management-key", "wrong"];
    let _ = plain.run(&wrong).code(6).says("does not take the management key");
}

#[test]
fn pins_and_puks() {
    let desk = Desk::with(vec![PivCard::new().with_key(0x9C, key(KeyType::P256), 3)]);
    let set = |args: &[&str]| desk.run(&[&["piv-tool"], args, &["-f"]].concat());
    let _ = set(&["set-pin", "--old-pin", PIN, "--new-pin", "271828"]).ok();
    let _ = desk.knowing("271828", &SIGN).run().ok();
    let _ = set(&["set-pin", "--new-pin", "31415926"]).code(6).says("does not take the PIN: it is wrong");
    let _ = set(&["set-pin", "--old-pin", "271828", "--new-pin", "12345"])
        .code(2)
        .says("the new PIN cannot be one");
    let _ = set(&["set-pin", "--old-pin", "271828"]).ok().says("WARNING: no new PIN is given");
    let _ = set(&["set-puk", "--old-puk", PUK, "--new-puk", "87654321"]).ok();
    for _ in 0..3 {
        let _ = desk.knowing("161803", &SIGN).run().code(6);
    }
    let _ = set(&["unblock", "--puk", PUK, "--new-PIN", "271828"]).code(6).says("does not take the PUK");
    let _ = set(&["unblock", "--puk", "87654321", "--new-PIN", "271828"]).ok();
    let _ = desk.knowing("271828", &SIGN).run().ok();
    let _ = desk.sandbox.rcosign(&["piv-tool", "reset"]).stdin("\n").run().code(1).says("nothing is changed");
    // The flag of the group stands before its command or behind it.
    for args in [["-f", "reset"], ["--no-input", "reset"], ["reset", "-f"], ["reset", "--no-input=true"]] {
        let _ = desk.sandbox.rcosign(&[&["piv-tool"], &args[..]].concat()).stdin("").run().ok();
    }
    let args = ["piv-tool", "--no-input=false", "reset"];
    let _ = desk.sandbox.rcosign(&args).stdin("\n").run().code(1).says("nothing is changed");
    let _ = desk.run(&["public-key", "--sk"]).code(3);
    let _ = set(&["set-pin", "--new-pin", "271828"]).ok();
    // The variables of cosign, which the shell's history does not keep.
    let args = ["piv-tool", "set-pin", "-f"];
    let run = desk.sandbox.rcosign(&args).env("COSIGN_OLD_PIN", "271828").env("COSIGN_NEW_PIN", PIN);
    let _ = run.run().ok();
}

#[test]
fn management_keys() {
    const HEX: &str = "000102030405060708090a0b0c0d0e0f1011121314151617";
    let desk = Desk::new();
    let set = |args: &[&str]| desk.run(&[&["piv-tool", "set-management-key", "-f"], args].concat());
    let make = |args: &[&str]| desk.run(&[&["piv-tool", "generate-key", "-f"], args].concat());
    let _ = set(&["--new-key", HEX]).ok();
    let _ = make(&[]).code(6).says("does not take the management key");
    let _ = make(&["--management-key", HEX]).code(12).says("Generated public key");
    // As in cosign: the characters of a text.
    let _ = set(&["--old-key", HEX, "--new-key", "a text"]).ok();
    let _ = make(&["--management-key", "a text"]).code(12);
    let _ = set(&["--old-key", "a text", "--new-key", "more than twenty-four characters"]).code(2);
    let _ = set(&["--old-key", "a text", "--new-key", HEX, "--random-management-key"]).code(2);
    // One that nobody knows, kept in the token: the PIN opens it, and nothing else is needed.
    let args = [
        "piv-tool",
        "set-management-key",
        "-f",
        "--old-key",
        "a text",
        "--random-management-key",
        "--store-management-key",
    ];
    let _ = desk.knowing("161803", &args).run().code(6);
    let _ = desk.knowing(PIN, &args).run().ok();
    let _ = make(&["--management-key", "a text"]).code(6);
    let _ =
        desk.sandbox.rcosign(&["piv-tool", "generate-key", "-f"]).stdin("").run().code(6).says("wants a PIN");
    let _ =
        desk.knowing(PIN, &["piv-tool", "generate-key", "-f"]).run().code(12).says("Generated public key");
    // With a key that is named, it is stored no more.
    let _ = desk.knowing(PIN, &["piv-tool", "set-management-key", "-f", "--new-key", HEX]).run().ok();
    let _ = make(&["--management-key", HEX]).code(12);
    let _ = make(&[]).code(6).says("does not take the management key");
}
