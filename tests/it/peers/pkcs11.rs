//! Keys in a software token, SoftHSM2, made by OpenSC's `pkcs11-tool`; what they sign the real cosigns verify with the public key.

use std::path::PathBuf;

use super::all_forms::Held;
use crate::support::{Output, Run, Sandbox, peer};

const PIN: &str = "271828";
/// Each with the kind that `pkcs11-tool` makes, and its identifier.
const KEYS: [(&str, &str, &str); 3] =
    [("p256", "EC:prime256v1", "01"), ("p384", "EC:secp384r1", "02"), ("rsa2048", "rsa:2048", "03")];

/// A token in a folder.
struct Token {
    sandbox: Sandbox,
    module: String,
    tool: PathBuf,
}

impl Token {
    /// Makes a token, if the programs for it are here.
    fn new() -> Option<Self> {
        let (util, tool, module) = (peer("softhsm2-util")?, peer("pkcs11-tool")?, peer("libsofthsm2.so")?);
        let sandbox = Sandbox::new();
        std::fs::create_dir(sandbox.at("tokens")).unwrap();
        let config = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\n",
            sandbox.at("tokens").display()
        );
        let config = sandbox.file("softhsm2.conf", config).display().to_string();
        let module = module.display().to_string();
        let sandbox = sandbox.env("SOFTHSM2_CONF", &config).env("COSIGN_PKCS11_MODULE_PATH", &module);
        let _ = sandbox.file("a.txt", "the artifact\n");
        let args = ["--module", &module, "--init-token", "--free", "--label", "release"];
        let _ =
            sandbox.program(&util, &[&args[..], &["--pin", PIN, "--so-pin", "314159"]].concat()).run().ok();
        Some(Self { sandbox, module, tool })
    }

    fn tool(&self, args: &[&str]) {
        let first = ["--module", &self.module, "--token-label", "release", "--login", "--pin", PIN];
        let _ = self.sandbox.program(&self.tool, &[&first[..], args].concat()).run().ok();
    }

    fn with_keys(self) -> Self {
        for (name, kind, id) in KEYS {
            self.tool(&["--keypairgen", "--key-type", kind, "--id", id, "--label", name, "--usage-sign"]);
        }
        self
    }

    /// With the PIN in its variable.
    fn knowing(&self, args: &[&str]) -> Run {
        self.sandbox.rcosign(args).env("COSIGN_PKCS11_PIN", PIN)
    }

    fn without(&self, args: &[&str]) -> Output {
        self.sandbox.run(args)
    }

    fn slot(&self) -> String {
        let listed = self.without(&["pkcs11-tool", "list-tokens"]).ok().stdout;
        let before = listed.split("\n\tLabel: release\n").next().unwrap();
        before.rsplit("Token in slot ").next().unwrap().to_owned()
    }
}

#[test]
fn tokens_and_keys_are_listed_and_what_is_listed_signs() {
    let Some(token) = Token::new().map(Token::with_keys) else { return };
    let listed = token.without(&["pkcs11-tool", "list-tokens"]).ok().stdout;
    assert!(
        listed.starts_with(&format!("\nListing tokens of PKCS11 module '{}'\nToken in slot ", token.module)),
        "{listed}"
    );
    assert!(
        listed.contains("\n\tLabel: release\n\tManufacturer: SoftHSM project\n\tModel: SoftHSM v2\n\tS/N: "),
        "{listed}"
    );
    let slot = token.slot();
    let _ = token.without(&["pkcs11-tool", "list-keys-uris", "-f", "--slot-id", &slot]).code(6);
    let keys =
        token.without(&["pkcs11-tool", "list-keys-uris", "--slot-id", &slot, "--pin", PIN]).ok().stdout;
    assert!(!keys.contains(PIN), "{keys}");
    let uris: Vec<_> = keys.lines().filter_map(|line| line.strip_prefix("\tURI: ")).collect();
    assert_eq!(uris.len(), KEYS.len(), "{keys}");
    for (name, _, id) in KEYS {
        let uri = format!(
            "pkcs11:token=release;slot-id={slot};id=%{id};object={name}?module-path={}",
            token.module
        );
        assert!(uris.contains(&uri.as_str()), "{keys}");
        assert!(keys.contains(&format!("\tLabel: {name}\n\tID: {id}\n\tURI: {uri}\n")), "{keys}");
        let _ = token
            .knowing(&["sign-blob", "--key", &uri, "--offline", "--bundle", "b.json", "a.txt"])
            .run()
            .ok();
        let _ =
            token.without(&["verify-blob", "--key", &uri, "--no-log", "--bundle", "b.json", "a.txt"]).ok();
    }
}

#[test]
fn everything_is_signed_by_a_token_and_verified_here_and_there() {
    let Some(token) = Token::new().map(Token::with_keys) else { return };
    for (kind, _, id) in KEYS {
        // Without a PIN where it is verified: the public key is public.
        for name in [format!("object={kind}"), format!("id=%{id}")] {
            let key = format!("pkcs11:token=release;{name}");
            let (key, secret) = (["--key", &key], Some(("COSIGN_PKCS11_PIN", PIN)));
            Held { sandbox: &token.sandbox, key: &key, kind, secret }.signs_everything();
        }
    }
}

#[test]
fn what_goes_wrong_with_a_token_is_said() {
    let Some(token) = Token::new().map(Token::with_keys) else { return };
    let sign = |key: &str| {
        token.sandbox.rcosign(&["sign-blob", "--key", key, "--offline", "--bundle", "b.json", "a.txt"])
    };
    let key = "pkcs11:token=release;object=p256";
    let said =
        sign(key).env("COSIGN_PKCS11_PIN", "161803").run().code(6).says("does not take the PIN: it is wrong");
    assert!(!said.stderr.contains("161803"), "{}", said.stderr);
    let said = sign(&format!("{key}?pin-value=161803")).run().code(6).says("it was not tried again");
    assert!(!said.stderr.contains("161803"), "{}", said.stderr);
    let _ = sign(key).stdin("").run().code(6).says("set the variable COSIGN_PKCS11_PIN");
    let _ = sign("pkcs11:token=other;object=p256")
        .run()
        .code(5)
        .says("there is no token `token=other`; there is `token=release;");
    let _ = sign("pkcs11:token=release;object=other")
        .env("COSIGN_PKCS11_PIN", PIN)
        .run()
        .code(3)
        .says("has no private key `object=other`; there is `id=%0");
    let _ = sign(&format!("{key}?module-path=/nonexistent.so")).run().code(3).says("there is no such file");
    let pin = token.sandbox.file("pin", format!("{PIN}\n")).display().to_string();
    let _ = sign(&format!("{key}?pin-source={pin}")).run().ok();
    // Without its public half, and without a certificate.
    token.tool(&["--delete-object", "--type", "pubkey", "--id", "01"]);
    let _ = token
        .without(&["verify-blob", "--key", key, "--no-log", "--bundle", "b.json", "a.txt"])
        .code(3)
        .says("that shows without a PIN");
    let _ = sign(key)
        .env("COSIGN_PKCS11_PIN", PIN)
        .run()
        .code(3)
        .says("tells the public key of `id=%01;object=p256`");
    // With a certificate, which says enough to sign and to verify.
    let s = &token.sandbox;
    let _ = token.without(&["public-key", "--key", "pkcs11:token=release;id=%02", "--outfile", "k.pub"]).ok();
    let openssl = "genpkey -algorithm ed25519 -out ca.key\nx509 -new -force_pubkey k.pub -key ca.key -subj /CN=t -days 30 -outform DER -out c.der";
    for line in openssl.lines() {
        let _ = s.program("/usr/bin/openssl".as_ref(), &Vec::from_iter(line.split(' '))).run().ok();
    }
    token.tool(&["--delete-object", "--type", "pubkey", "--id", "02"]);
    let certificate = s.at("c.der").display().to_string();
    token.tool(&["--write-object", &certificate, "--type", "cert", "--id", "02", "--label", "p384"]);
    let key = "pkcs11:token=release;object=p384";
    let _ = sign(key).env("COSIGN_PKCS11_PIN", PIN).run().ok();
    let _ = token.without(&["verify-blob", "--key", key, "--no-log", "--bundle", "b.json", "a.txt"]).ok();
    // An RSA key holds its public half itself.
    token.tool(&["--delete-object", "--type", "pubkey", "--id", "03"]);
    let _ = sign("pkcs11:token=release;object=rsa2048").env("COSIGN_PKCS11_PIN", PIN).run().ok();
}
