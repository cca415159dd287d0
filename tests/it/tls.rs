//! Keys behind https addresses: whom TLS trusts. Where the platform itself decides (Windows, macOS) there is no file to name.
#![cfg(all(unix, not(target_vendor = "apple")))]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{Run, Sandbox, own_authority, repository};

/// Serves a public key with the certificate of `testdata/tls`; returns the port.
fn serve(address: &str) -> u16 {
    let folder = repository().join("testdata/tls");
    serve_as(address, &folder.join("server.pem"), &folder.join("server.key"))
}

/// As [`serve`], with this certificate.
fn serve_as(address: &str, certificate: &Path, key: &Path) -> u16 {
    serve_body(
        address,
        certificate,
        key,
        std::fs::read(repository().join("testdata/keys/p256.pub.pem")).unwrap(),
    )
}

/// As [`serve_as`], with this answer.
fn serve_body(address: &str, certificate: &Path, key: &Path, body: Vec<u8>) -> u16 {
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = BufReader::new(rustls::StreamOwned::new(connection, stream));
            let mut line = String::new();
            while tls.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let stream = tls.get_mut();
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    port
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("garbage.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    // PEM that is sound around something that is no certificate.
    sandbox.file("odd.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    std::fs::create_dir(sandbox.at("empty")).unwrap();
    std::fs::create_dir(sandbox.at("folder")).unwrap();
    std::fs::copy(repository().join("testdata/tls/authority.pem"), sandbox.at("authority.pem")).unwrap();
    std::fs::copy(sandbox.at("authority.pem"), sandbox.at("folder/ca.pem")).unwrap();
    sandbox
}

/// Fetches the key, which needs no other part of the program.
fn fetch(sandbox: &Sandbox, host: &str, port: u16) -> Run {
    sandbox.rcosign(&["public-key", "--key", &format!("https://{host}:{port}/k.pub")])
}

/// The key arrived: it is not a private one.
fn arrived(run: Run) {
    let _ = run.run().code(3).says("private key is needed");
}

#[test]
fn a_private_authority_is_named_by_a_variable() {
    let (sandbox, port) = (sandbox(), serve("127.0.0.1"));
    for host in ["127.0.0.1", "localhost"] {
        arrived(fetch(&sandbox, host, port).env("SSL_CERT_FILE", "authority.pem"));
    }
    arrived(fetch(&sandbox, "127.0.0.1", port).env("SSL_CERT_DIR", "folder"));
}

#[test]
fn a_server_of_an_authority_that_is_not_trusted_is_refused() {
    let (sandbox, port) = (sandbox(), serve("127.0.0.1"));
    let _ = fetch(&sandbox, "127.0.0.1", port)
        .run()
        .code(5)
        .says("nobody who is trusted issued the certificate of the server");
    // The certificate is for localhost and 127.0.0.1.
    let port = serve("127.0.0.2");
    let _ = fetch(&sandbox, "127.0.0.2", port)
        .env("SSL_CERT_FILE", "authority.pem")
        .run()
        .code(5)
        .says("not for 127.0.0.2");
}

/// `openssl req -x509` makes certificates of authorities, and Go takes them from those who trust them.
#[test]
fn a_server_that_is_its_own_authority_is_trusted_by_that_very_certificate() {
    let sandbox = sandbox();
    let (certificate, key) = own_authority(&sandbox, "own");
    let _ = own_authority(&sandbox, "other");
    let port = serve_as("127.0.0.1", &certificate, &key);
    for host in ["127.0.0.1", "localhost"] {
        arrived(fetch(&sandbox, host, port).env("SSL_CERT_FILE", "own.pem"));
    }
    for store in ["other.pem", "authority.pem"] {
        let _ = fetch(&sandbox, "localhost", port).env("SSL_CERT_FILE", store).run().code(5);
    }
    let port = serve_as("127.0.0.2", &certificate, &key);
    let output = fetch(&sandbox, "127.0.0.2", port).env("SSL_CERT_FILE", "own.pem").run().code(5);
    let _ = output.says("not for 127.0.0.2");
}

#[test]
fn a_store_that_cannot_be_used_is_an_error_that_names_it() {
    let (sandbox, port) = (sandbox(), serve("127.0.0.1"));
    for (variable, value, why) in [
        ("SSL_CERT_FILE", "missing.pem", "No such file"),
        ("SSL_CERT_FILE", "garbage.pem", "failed to read PEM"),
        ("SSL_CERT_FILE", "odd.pem", "there is no certificate in it"),
        ("SSL_CERT_FILE", "empty", "failed to read PEM"),
        ("SSL_CERT_FILE", "/dev/null", "there is no certificate in it"),
        ("SSL_CERT_DIR", "empty", "there is no certificate in it"),
        ("SSL_CERT_DIR", "missing", "No such file"),
    ] {
        let output = fetch(&sandbox, "127.0.0.1", port).env(variable, value).run().code(4).says(why);
        let name = format!("the certificate store `{value}` ({variable}) cannot be used");
        assert!(output.stderr.contains(&name), "{}", output.stderr);
    }
    let _ =
        fetch(&sandbox, "127.0.0.1", port).env("SSL_CERT_FILE", "").run().code(4).says("is set and empty");
}

/// What needs no server does not look at the store.
#[test]
fn a_broken_store_does_no_harm_offline() {
    let sandbox = sandbox();
    let broken = |args: &[&str]| sandbox.rcosign(args).env("SSL_CERT_FILE", "missing.pem").run();
    let _ = broken(&["generate-key-pair"]).ok();
    let _ = broken(&["public-key", "--key", "cosign.key"]).ok();
}

/// What Vault's and OpenBao's own clients read of TLS.
#[test]
fn vault_is_trusted_by_its_own_variables() {
    let sandbox = sandbox();
    let pem = std::fs::read_to_string(repository().join("testdata/keys/p256.pub.pem")).unwrap();
    let body = serde_json::json!({ "data": {
        "type": "ecdsa-p256", "latest_version": 1, "keys": { "1": { "public_key": pem } },
    } });
    let folder = repository().join("testdata/tls");
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    let serve = |host: &str| {
        let port = serve_body(host, &certificate, &key, body.to_string().into_bytes());
        format!("https://{host}:{port}")
    };
    let (named, unnamed) = (serve("127.0.0.1"), serve("127.0.0.2"));
    let ask = |address: &str, variables: &[(&str, &str)]| {
        let run = sandbox.rcosign(&["public-key", "--key", "hashivault://k"]).env("VAULT_TOKEN", "t");
        let run = run.env("VAULT_ADDR", address);
        variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
    };
    let _ = ask(&named, &[]).code(5).says("certificate");
    let authority = sandbox.text("authority.pem");
    for variable in [
        ("VAULT_CACERT", "authority.pem"),
        ("VAULT_CAPATH", "folder"),
        ("VAULT_CACERT_BYTES", authority.as_str()),
    ] {
        assert_eq!(ask(&named, &[variable]).ok().stdout, pem, "{variable:?}");
        let _ = ask(&unnamed, &[variable]).code(5);
        let name = ("VAULT_TLS_SERVER_NAME", "localhost");
        assert_eq!(ask(&unnamed, &[variable, name]).ok().stdout, pem, "{variable:?}");
        let _ = ask(&unnamed, &[variable, ("VAULT_TLS_SERVER_NAME", "other.example")]).code(5);
    }
    let said = ask(&unnamed, &[("VAULT_SKIP_VERIFY", "true")]).ok();
    assert_eq!(
        said.says("WARNING: VAULT_SKIP_VERIFY is set: the certificate of the server is not").stdout,
        pem
    );
    let bao = [("VAULT_ADDR", ""), ("BAO_ADDR", named.as_str()), ("BAO_CACERT", "authority.pem")];
    assert_eq!(ask(&named, &bao).ok().stdout, pem);
}
