use super::*;

const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What cosign 3.1.1 `triangulate NAME@sha256:...` answers for these names, measured: the repository, or a refusal.
#[test]
fn golden_table_of_names_that_go_takes() {
    let longest = format!("h.x/{}", "a".repeat(255));
    let full_tag = format!("h.x/aa:{}", "t".repeat(128));
    for (name, repository) in [
        ("ubuntu", "index.docker.io/library/ubuntu"),
        ("ab", "index.docker.io/library/ab"),
        ("ubuntu:v1", "index.docker.io/library/ubuntu"),
        ("ubuntu:-x", "index.docker.io/library/ubuntu"),
        ("ubuntu:.x", "index.docker.io/library/ubuntu"),
        // Without a port `localhost` is the name of a user of Docker Hub.
        ("localhost/x", "index.docker.io/localhost/x"),
        ("localhost/xx", "index.docker.io/localhost/xx"),
        ("localhost:5000/xx", "localhost:5000/xx"),
        ("a.b/cc", "a.b/cc"),
        ("a.b:80/cc", "a.b:80/cc"),
        ("a_b.c/dd", "a_b.c/dd"),
        ("[::1]:5000/xx", "[::1]:5000/xx"),
        ("[::1]/xx", "[::1]/xx"),
        ("h.x", "index.docker.io/library/h.x"),
        ("h.x/--", "h.x/--"),
        ("h.x/a__b", "h.x/a__b"),
        ("docker.io/ubuntu", "index.docker.io/library/ubuntu"),
        ("docker.io/library/ubuntu", "index.docker.io/library/ubuntu"),
        ("index.docker.io/ubuntu", "index.docker.io/library/ubuntu"),
        ("registry-1.docker.io/ubuntu", "registry-1.docker.io/ubuntu"),
        ("H.X/aa", "H.X/aa"),
        ("10.0.0.1/aa", "10.0.0.1/aa"),
        ("foo/bar", "index.docker.io/foo/bar"),
        ("foo/bar/baz", "index.docker.io/foo/bar/baz"),
        ("localhost", "index.docker.io/library/localhost"),
        (longest.as_str(), longest.as_str()),
        (full_tag.as_str(), "h.x/aa"),
    ] {
        let reference = Reference::parse(&format!("{name}@sha256:{HEX}")).unwrap();
        assert_eq!(reference.repository().to_string(), repository, "{name}");
        assert_eq!(reference.to_string(), format!("{repository}@sha256:{HEX}"));
        assert_eq!(reference.target().to_string(), format!("sha256:{HEX}"));
    }
}

#[test]
fn golden_table_of_names_that_go_refuses() {
    let (long_path, long_tag) = (format!("h.x/{}", "a".repeat(256)), format!("h.x/aa:{}", "t".repeat(129)));
    for name in [
        "",
        "a",
        "A/b",
        "Ub",
        "ubuntu:",
        "a.b:x/cc",
        "user@host.x/aa",
        "h.x/",
        "h.x/aa:t@x",
        "h.x/aa:b:c",
        "h.x/aa b",
        " h.x/aa",
        "h.x/\u{e4}",
        "h%41.x/aa",
        "h.x?/aa",
        "h.x#/aa",
        "h.x/aa@sha256:1",
        &long_path,
        &long_tag,
    ] {
        assert!(Reference::parse(&format!("{name}@sha256:{HEX}")).is_err(), "{name}");
    }
}

/// Go takes these; what would be asked for is not what stands there, or no server can have the name.
#[test]
fn names_that_go_takes_and_we_do_not() {
    for name in [
        "h.x/../bb",
        "h.x/./bb",
        "h.x/aa//bb",
        "h.x/aa/",
        "/aa",
        "h.x/aa:..",
        "h..x/aa",
        ".x/aa",
        "x./aa",
        "h.x:/aa",
        "localhost:/xx",
        "a.b:99999/cc",
        "a.b:0/cc",
        "a.b:+80/cc",
        "::1/xx",
        "[::1/xx",
        "[zz]:1/xx",
        "https://h.x/aa",
    ] {
        assert!(Reference::parse(name).is_err(), "{name}");
    }
}

/// containers/image CVE-2024-3727: digests that are none became paths.
#[test]
fn cve_2024_3727_digests_are_checked() {
    let (upper, short) = (HEX.to_uppercase(), &HEX[1..]);
    for digest in [
        format!("sha256:{upper}"),
        format!("sha256:{short}"),
        format!("sha256:{HEX}a"),
        format!("SHA256:{HEX}"),
        format!("sha256:{HEX} "),
        format!("sha512:{HEX}{HEX}"),
        "sha256:../../x".to_owned(),
        "md5:aaaa".to_owned(),
        String::new(),
    ] {
        let error = Reference::parse(&format!("h.x/aa@{digest}")).unwrap_err();
        assert!(
            matches!(&error, ReferenceError::Digest { digest: shown, .. } if *shown == digest),
            "{error}"
        );
    }
}

#[test]
fn without_a_digest_the_tag_counts_and_latest_is_meant() {
    for (name, shown) in [
        ("ubuntu", "index.docker.io/library/ubuntu:latest"),
        ("localhost:5000/xx", "localhost:5000/xx:latest"),
        ("localhost:5000/xx:V1_.-", "localhost:5000/xx:V1_.-"),
    ] {
        assert_eq!(Reference::parse(name).unwrap().to_string(), shown);
    }
}

#[test]
fn loopback_is_this_machine_alone() {
    for (host, is) in [
        ("localhost:5000", true),
        ("LOCALHOST", true),
        ("127.0.0.1:1", true),
        ("127.9.9.9", true),
        ("[::1]:5000", true),
        ("localhost.evil.example", false),
        ("127.0.0.1.evil.example", false),
        ("10.0.0.1", false),
        ("x127.0.0.1.x", false),
        ("[::2]", false),
    ] {
        assert_eq!(Registry::parse(host).unwrap().is_loopback(), is, "{host}");
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    for (name, why) in [
        ("https://h.x/aa", "it is an address; a reference begins with the host, without `https://`"),
        ("h.x/Aa", "`Aa` is not the name of a repository: it is written in lower case"),
        ("a", "`a` is not the name of a repository: it has from 2 to 255 characters"),
        ("h.x/aa:", "`` is not a tag: it has from 1 to 128 characters"),
        ("", "the name is empty"),
    ] {
        assert_eq!(Reference::parse(name).unwrap_err().to_string(), why);
    }
}
