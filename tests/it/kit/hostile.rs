//! Kits that somebody made to do harm, as raw bytes. What each must not do is done by no tar here, so that nothing of ours could
//! help.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{BY_KEY, TWO, run, signed};
use crate::support::{Random, Sandbox, repository};

const BLOCK: usize = 512;

/// A header with every field as given, and its checksum.
fn header(name: &[u8], kind: u8, size: &str, link: &[u8], magic: &[u8]) -> Vec<u8> {
    let mut block = vec![0u8; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..124 + size.len()].copy_from_slice(size.as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[148..156].fill(b' ');
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..257 + magic.len()].copy_from_slice(magic);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:07o}").as_bytes());
    block[155] = 0;
    block
}

fn file(name: &str, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}", content.len());
    let mut member = header(name.as_bytes(), b'0', &size, b"", b"ustar\x0000");
    member.extend_from_slice(content);
    member.resize(member.len().next_multiple_of(BLOCK), 0);
    member
}

fn odd(name: &[u8], kind: u8) -> Vec<u8> {
    header(name, kind, "00000000000", b"/etc/passwd", b"ustar\x0000")
}

const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// All files below a folder, with their content.
fn everything(folder: &Path) -> BTreeSet<(PathBuf, Vec<u8>)> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.insert((path.clone(), Vec::new()));
            found.extend(everything(&path));
        } else {
            found.insert((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// The kit is refused with these words, and the disk is as it was.
#[track_caller]
fn refused(sandbox: &Sandbox, kit: &[u8], code: i32, words: &str) {
    sandbox.file("hostile.tar", kit);
    let before = everything(sandbox.path());
    for args in
        [&["unpack", "--dir", "out", "hostile.tar"][..], &[BY_KEY, &["--dir", "out", "hostile.tar"]].concat()]
    {
        sandbox.run(args).code(code).says(words);
    }
    assert!(everything(sandbox.path()) == before, "something is left: {words}");
}

/// The members of a kit, each with its header and padding; the last is the end.
fn members(kit: &[u8]) -> Vec<Vec<u8>> {
    let (mut members, mut at) = (Vec::new(), 0);
    while kit[at] != 0 {
        let size = std::str::from_utf8(&kit[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap().next_multiple_of(BLOCK) + BLOCK;
        members.push(kit[at..at + size].to_vec());
        at += size;
    }
    members.push(kit[at..].to_vec());
    members
}

#[test]
fn cve_2021_29136_cve_2026_50162_cve_2026_50163_what_a_tar_can_do_is_not_done() {
    let sandbox = signed();
    run(&sandbox, &[TWO]).ok();
    let kit = sandbox.read("kit.tar");
    let good = members(&kit);
    let with = |at: usize, member: Vec<u8>| {
        let mut all = good.clone();
        all.insert(at, member);
        all.concat()
    };
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (odd(b"artifacts/app.bin", b'2'), "it is a symbolic link"),
        (odd(b"artifacts", b'2'), "it is a symbolic link"),
        (odd(b"artifacts/app.bin", b'1'), "it is a hard link"),
        (odd(b"artifacts/null", b'3'), "it is a device"),
        (odd(b"artifacts/disk", b'4'), "it is a device"),
        (odd(b"artifacts/", b'5'), "it is a folder"),
        (odd(b"artifacts/pipe", b'6'), "it is a pipe"),
        (odd(b"artifacts/app.bin", b'7'), "it is of type `7`"),
        (odd(b"././@LongLink", b'L'), "a long name of GNU tar"),
        (odd(b"././@LongLink", b'K'), "a long name of GNU tar"),
        (odd(b"PaxHeaders/app.bin", b'x'), "an extended header (pax)"),
        (odd(b"pax_global_header", b'g'), "an extended header (pax)"),
        (odd(b"artifacts/app.bin", b'S'), "it is a sparse file"),
        (header(b"x", b'0', "00000000000", b"", b"ustar  \0"), "another format than ustar"),
        (
            header(b"x", b'0', "77777777777", b"x", b"ustar\x0000"),
            "header is not as `rcosign pack` writes it",
        ),
        (file("../evil", b"x"), "../evil: its path leads out of the folder"),
        (file("artifacts/../../evil", b"x"), "its path leads out of the folder"),
        (file("/tmp/evil", b"x"), "/tmp/evil: its path is an absolute path"),
        (file("C:\\evil", b"x"), "its path has a backslash"),
        (file("C:evil", b"x"), "its path names a drive"),
        (file("..\\evil", b"x"), "its path has a backslash"),
        (file("artifacts/APP.bin", b"x"), "artifacts/APP.bin: it is not in the manifest"),
        (file("artifacts/nul.txt", b"x"), "is the name of a device on Windows"),
        (file("artifacts/app.bin:stream", b"x"), "has a character that not every file system takes"),
        (file("artifacts/more", b"x"), "artifacts/more: it is not in the manifest"),
        (file("manifest.json", b"{}"), "manifest.json: it is in the archive twice"),
    ];
    for (member, words) in cases {
        refused(&sandbox, &with(1, member.clone()), 3, words);
        refused(&sandbox, &with(good.len() - 1, member), 3, words);
    }
    refused(&sandbox, &with(2, good[1].clone()), 3, "artifacts/app.bin: it is in the archive twice");
    refused(&sandbox, &good[1..].concat(), 3, "it comes first, where a kit has manifest.json");
    refused(
        &sandbox,
        &[&good[..2], &good[3..]].concat().concat(),
        3,
        "it comes where `artifacts/notes.txt` has to be",
    );
    refused(
        &sandbox,
        &[&good[..1], &good[good.len() - 1..]].concat().concat(),
        3,
        "it is missing from the archive",
    );
    refused(&sandbox, &[kit.clone(), kit.clone()].concat(), 3, "there are bytes after its end");
    refused(&sandbox, &[kit.as_slice(), b"\n"].concat(), 3, "there are bytes after its end");
    for cut in
        [0, 1, 100, 600, kit.len() / 2, kit.len() - 1025, kit.len() - 1024, kit.len() - 512, kit.len() - 1]
    {
        refused(&sandbox, &kit[..cut], 3, "cut short");
    }
    refused(&sandbox, &END, 3, "the archive is empty");
    refused(&sandbox, b"\x1f\x8b\x08 and so on".repeat(100).as_slice(), 3, "it is compressed with gzip");
    refused(&sandbox, &b"some text\n".repeat(100), 3, "not a tar archive");
}

#[test]
fn limits_end_with_their_own_code() {
    let sandbox = signed();
    run(&sandbox, &[TWO]).ok();
    let good = members(&sandbox.read("kit.tar"));
    let manifest = String::from_utf8(good[0][BLOCK..].to_vec()).unwrap();
    let manifest = manifest.trim_end_matches('\0');
    let with = |text: &str| [file("manifest.json", text.as_bytes()), good[1..].concat()].concat();
    let size = format!("\"size\": {}", "an artifact\n".len());
    refused(
        &sandbox,
        &with(&manifest.replacen(&size, "\"size\": 8589934592", 1)),
        8,
        "the limit of a member of its role",
    );
    refused(
        &sandbox,
        &header(b"manifest.json", b'0', "77777777777", b"", b"ustar\x0000"),
        8,
        "the limit is 8388608",
    );
    let member = "{\"path\": \"artifacts/app.bin\"},".repeat(2000);
    let many = manifest.replacen("\"members\": [", &format!("\"members\": [{member}"), 1);
    refused(&sandbox, &with(&many), 8, "items, the limit is 1024");
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    refused(&sandbox, &with(&deep), 8, "nested deeper than 127");
}

/// Bytes changed, moved, doubled and lost at random: never a success, never a panic, nothing left.
#[test]
fn mutated_kits_never_pass() {
    let sandbox = signed();
    run(&sandbox, &[TWO, &["--with-default-trusted-root"]]).ok();
    let kit = sandbox.read("kit.tar");
    let names = sandbox.names();
    let mut random = Random(0x6b69_7431);
    for round in 0..150 {
        let mut bad = kit.clone();
        let (from, to) = (random.below(kit.len()), random.below(kit.len()));
        let longest = *random.pick(&[8, 64, BLOCK, 4 * BLOCK]);
        let length = 1 + random.below(longest);
        let end = (from + length).min(kit.len());
        match round % 5 {
            0 => bad[from] ^= 1 << random.below(8),
            1 => drop(bad.drain(from..end)),
            2 => {
                let piece = kit[from..end].to_vec();
                bad.splice(to..to, piece);
            }
            3 => bad[from..end].fill(0),
            _ => bad.swap(from, to),
        }
        if bad == kit {
            continue;
        }
        let args = [BY_KEY, &["--dir", "out", "-"]].concat();
        let output = sandbox.rcosign(&args).stdin(&bad).run();
        assert!(matches!(output.code, 3 | 8), "round {round}: {} {}", output.code, output.stderr);
        assert!(
            !output.stderr.contains("internal fault") && output.stderr.starts_with("error: "),
            "{}",
            output.stderr
        );
    }
    assert_eq!(sandbox.names(), names);
}

/// A kit can state digests of two different files for one artifact. What is signed of them proves nothing of the other one.
#[test]
fn only_the_digests_that_are_signed_are_said_to_be_verified() {
    let sandbox = Sandbox::new();
    let data = |name: &str| repository().join("testdata/cosign-3.x").join(name).to_str().unwrap().to_owned();
    let (bundle, key) = (data("p384.bundle.json"), data("p384.pub"));
    let artifact = data("artifact.txt");
    sandbox.run(&["pack", "--out", "kit.tar", "--bundle", &bundle, "--digests-only", &artifact]).ok();
    let good = members(&sandbox.read("kit.tar"));
    let manifest = String::from_utf8(good[0][BLOCK..].to_vec()).unwrap();
    let manifest = manifest.trim_end_matches('\0');
    let own = manifest.split('"').find(|text| text.starts_with("sha256:")).unwrap();
    let signed = manifest.split('"').find(|text| text.starts_with("sha384:")).unwrap();
    let other = format!("sha256:{}", "ab".repeat(32));
    let forged =
        [file("manifest.json", manifest.replace(own, &other).as_bytes()), good[1..].concat()].concat();
    sandbox.file("forged.tar", &forged);
    let args = ["unpack", "--verify", "--no-log", "--key", &key, "--report", "json", "forged.tar"];
    let output = sandbox.run(&args).ok().says(&format!("Verified OK by its digest alone, {signed}:"));
    assert!(!output.stderr.contains(&other) && !output.stdout.contains(&other), "{}", output.stderr);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["artifacts"][0]["digests"], serde_json::json!([signed]));
}
