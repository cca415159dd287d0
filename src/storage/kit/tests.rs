use std::io::{Cursor, Read, Write};
use std::path::Path;

use super::header::{BLOCK, header};
use super::*;
use crate::crypto::{DecodeKind, Digest, Digests, HashAlgorithm};

const FILES: [(Role, &str, &[u8]); 5] = [
    (Role::Artifact, "app", b"the artifact"),
    (Role::Artifact, "two words", &[7; 600]),
    (Role::Bundle, "app.json", b"{}"),
    (Role::Bundle, "words.json", b"{ }"),
    (Role::PublicKey, "cosign.pub", b"key"),
];

fn piece((role, name, bytes): (Role, &str, &[u8])) -> Piece {
    let sha256 = HashAlgorithm::Sha256.digest(bytes);
    Piece { role, name: name.to_owned(), size: bytes.len() as u64, sha256 }
}

fn planned(pieces: &[Piece], artifact: usize, bundles: &[usize]) -> Planned {
    let Piece { name, sha256, .. } = &pieces[artifact];
    let digests = Digests::from(sha256.clone());
    Planned { name: name.clone(), digests, file: Some(artifact), bundles: bundles.to_vec() }
}

fn manifest() -> (Manifest, Vec<usize>) {
    let pieces: Vec<Piece> = FILES.into_iter().map(piece).collect();
    Manifest::new(&pieces, &[planned(&pieces, 0, &[2]), planned(&pieces, 1, &[3])]).unwrap()
}

fn kit() -> Vec<u8> {
    let (manifest, sources) = manifest();
    let mut out = Vec::new();
    let mut sources = sources.into_iter();
    write_kit(&mut out, Path::new("out"), &manifest, |_| {
        let bytes = FILES[sources.next().unwrap()].2;
        Ok((Box::new(Cursor::new(bytes)) as Box<dyn Read>, "source".into()))
    })
    .unwrap();
    out
}

fn read(kit: &[u8]) -> Result<Unpacked, KitError> {
    let folder = tempfile::tempdir().unwrap();
    read_kit(&mut &*kit, folder.path())
}

fn refused(kit: &[u8]) -> DecodeError {
    match read(kit) {
        Err(KitError::Content(error) | KitError::NotAKit(error, _)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_packed_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = read_kit(&mut kit().as_slice(), folder.path()).unwrap();
    assert_eq!(unpacked.manifest, manifest().0);
    assert_eq!(std::fs::read(folder.path().join(MANIFEST)).unwrap(), manifest().0.to_json().as_bytes());
    assert_eq!(std::fs::read(folder.path().join("artifacts/app")).unwrap(), FILES[0].2);
    assert_eq!(std::fs::read(folder.path().join("artifacts/two_words")).unwrap(), FILES[1].2);
    assert_eq!(std::fs::read(folder.path().join("keys/cosign.pub")).unwrap(), FILES[4].2);
    assert_eq!(kit().len() % BLOCK, 0);
}

/// A reader that gives a byte at a time, as a pipe may.
#[test]
fn pieces_of_any_size_are_read() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let one = self.0.get(..1.min(buffer.len())).unwrap_or_default();
            buffer[..one.len()].copy_from_slice(one);
            self.0 = &self.0[one.len()..];
            Ok(one.len())
        }
    }
    let (kit, folder) = (kit(), tempfile::tempdir().unwrap());
    read_kit(&mut Slow(&kit), folder.path()).unwrap();
}

/// A kit has one form, so that no byte of it can be another one.
#[test]
fn no_byte_can_be_changed() {
    let good = kit();
    // Of the zeros that fill the blocks, and of the one long content, a sample: all bytes there go one way.
    for at in (0..good.len()).filter(|at| !matches!(good[*at], 0 | 7) || at % 29 == 0) {
        let mut bad = good.clone();
        bad[at] ^= [0x01, 0x20, 0x80, 0xff][at % 4];
        assert!(read(&bad).is_err(), "byte {at}");
    }
}

#[test]
fn nothing_can_be_cut_off_or_added() {
    let good = kit();
    for length in (0..good.len()).step_by(97).chain(good.len() - 3..good.len()) {
        let error = refused(&good[..length]);
        assert!(error.reason.contains("cut short") || error.reason.contains("empty"), "{length}: {error}");
    }
    for tail in [&b"\0"[..], &[0; BLOCK], b"x", &good] {
        let error = refused(&[&good, tail].concat());
        assert!(error.reason.contains("bytes after its end"), "{error}");
    }
}

/// The kit with its blocks changed at a place.
fn spliced(at: usize, remove: usize, insert: &[u8]) -> Vec<u8> {
    let mut kit = kit();
    kit.splice(at..at + remove, insert.iter().copied());
    kit
}

/// Where the header of a member is.
fn place(path: &str) -> usize {
    let kit = kit();
    kit.chunks(BLOCK).position(|block| block.starts_with(path.as_bytes()) && block[path.len()] == 0).unwrap()
        * BLOCK
}

/// A header of one's own making, with the checksum that goes with it.
fn forged(path: &str, change: impl Fn(&mut tar::Header)) -> Vec<u8> {
    let mut forged = tar::Header::from_byte_slice(&header(path, 0)).clone();
    change(&mut forged);
    forged.set_cksum();
    forged.as_bytes().to_vec()
}

#[test]
fn members_that_do_not_belong_are_refused() {
    let (app, second) = (place("artifacts/app"), place("artifacts/two_words"));
    let member = &kit()[app..second];
    let more = [header("artifacts/other", 1).as_slice(), &[0; BLOCK]].concat();
    for (kit, words) in [
        (spliced(app, 0, &more), "artifacts/other: it is not in the manifest"),
        (spliced(second, 0, member), "artifacts/app: it is in the archive twice"),
        (spliced(app, second - app, &[]), "artifacts/two_words: it comes where `artifacts/app` has to be"),
        (spliced(kit().len() - 2 * BLOCK, 0, member), "artifacts/app: it is in the archive twice"),
        (spliced(app, kit().len() - app, &[0; 2 * BLOCK]), "artifacts/app: it is missing from the archive"),
        (spliced(0, app, &[]), "artifacts/app: it comes first, where a kit has manifest.json"),
        (spliced(app, 0, &kit()[..app]), "manifest.json: it is in the archive twice"),
        (spliced(app, BLOCK, &header("artifacts/app", 13)), "artifacts/app: 13 bytes, the manifest says 12"),
        (spliced(app + BLOCK, 3, b"THE"), "artifacts/app: its content has another digest"),
        (spliced(app + BLOCK + 12, 1, b"x"), "artifacts/app: the bytes after it, up to the next block"),
        (spliced(kit().len() - BLOCK, 1, b"x"), "one block of zeros marks its end"),
    ] {
        let error = refused(&kit).to_string();
        assert!(error.contains(words), "{error}\n{words}");
    }
}

#[test]
fn whatever_else_tar_knows_is_refused() {
    use tar::EntryType as Kind;
    let kind = |kind| move |header: &mut tar::Header| header.set_entry_type(kind);
    let name = |name: &'static [u8]| {
        move |header: &mut tar::Header| {
            let field = &mut header.as_ustar_mut().unwrap().name;
            field.fill(0);
            field[..name.len()].copy_from_slice(name);
        }
    };
    let path = "artifacts/app";
    let mut cases = vec![
        (forged(path, kind(Kind::Link)), "a hard link"),
        (forged(path, kind(Kind::Symlink)), "a symbolic link"),
        (forged(path, kind(Kind::Char)), "a device"),
        (forged(path, kind(Kind::Block)), "a device"),
        (forged(path, kind(Kind::Directory)), "a folder"),
        (forged(path, kind(Kind::Fifo)), "a pipe"),
        (forged(path, kind(Kind::GNUSparse)), "a sparse file"),
        (forged(path, kind(Kind::GNULongName)), "a long name of GNU tar"),
        (forged(path, kind(Kind::GNULongLink)), "a long name of GNU tar"),
        (forged(path, kind(Kind::XHeader)), "an extended header (pax)"),
        (forged(path, kind(Kind::XGlobalHeader)), "an extended header (pax)"),
        (forged(path, kind(Kind::new(b'M'))), "of type `M`"),
        (
            forged(path, |h| h.as_ustar_mut().unwrap().typeflag = [0]),
            "header is not as `rcosign pack` writes it",
        ),
        (forged(path, |h| h.as_ustar_mut().unwrap().prefix[0] = b'x'), "its path is in two pieces"),
        (forged(path, |h| h.as_ustar_mut().unwrap().linkname[0] = b'x'), "header is not as"),
        (forged(path, |h| h.as_ustar_mut().unwrap().uname[0] = b'x'), "header is not as"),
        (forged(path, |h| h.set_mode(0o4755)), "header is not as"),
        (forged(path, |h| h.set_mtime(1)), "header is not as"),
        (forged(path, |h| h.set_size(1 << 40)), "header is not as"),
        (forged(path, |h| h.as_ustar_mut().unwrap().size.fill(b'x')), "its size is not a number"),
        (forged(path, |h| h.as_ustar_mut().unwrap().magic = *b"ustar "), "another format than ustar"),
    ];
    for (bytes, words) in [
        (&b"../evil"[..], "leads out of the folder"),
        (b"artifacts/../../evil", "leads out of the folder"),
        (b"/etc/passwd", "is an absolute path"),
        (b"C:\\evil", "has a backslash"),
        (b"C:evil", "names a drive"),
        (b"artifacts\\evil", "has a backslash"),
        (b"artifacts/CON", "is the name of a device"),
        (b"artifacts/a:b", "has a character"),
        (b"artifacts/\xff", "its path is not UTF-8"),
        (b"", "has no name"),
    ] {
        cases.push((forged(path, name(bytes)), words));
    }
    let place = place(path);
    for (header, words) in cases {
        for at in [0, place] {
            let error = refused(&spliced(at, BLOCK, &header)).to_string();
            assert!(error.contains(words), "{error}\n{words}");
        }
    }
    for (start, words) in
        [(&b"\x1f\x8b\x08"[..], "gzip"), (b"PK\x03\x04", "zip"), (b"{}", "JSON"), (b"x", "checksum")]
    {
        let error = refused(&spliced(0, start.len(), start)).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Another manifest in a kit whose other bytes stay.
fn with_manifest(text: &str) -> Vec<u8> {
    let mut out = header(MANIFEST, text.len() as u64).to_vec();
    out.extend_from_slice(text.as_bytes());
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    out.extend_from_slice(&kit()[place("artifacts/app")..]);
    out
}

#[test]
fn a_manifest_has_one_form() {
    let good = manifest().0.to_json();
    assert!(read(&with_manifest(&good)).is_ok());
    for (from, to, words) in [
        ("rcosign-kit/v1", "rcosign-kit/v2", "this program reads `rcosign-kit/v1`"),
        ("\"artifacts/app\"", "\"../app\"", "leads out of the folder"),
        ("\"artifacts/app\"", "\"/app\"", "is an absolute path"),
        ("\"artifacts/app\"", "\"artifacts/other\"", "not in the form"),
        ("\"artifacts/app\"", "\"artifacts/TWO_words\"", "letter case alone"),
        ("\"artifacts/app\"", "\"artifacts/two_words\"", "two members are called"),
        ("\"name\": \"app\"", "\"name\": \"other\"", "another one by name or digest"),
        ("\"public-key\"", "\"policy\"", "a newer program may have made it"),
        ("\"size\": 12,", "\"size\": -1,", "is not a size"),
        ("\"size\": 12,", "\"size\": 12.0,", "is not a size"),
        ("\"size\": 12,", "\"size\": 12, \"size\": 12,", "twice"),
        ("\"size\": 12,", "\"size\": 12, \"mode\": 0,", "not in the form"),
        ("{\n  \"schema\"", "{ \"schema\"", "not in the form"),
        ("\n}\n", "\n}", "not in the form"),
        ("\n}\n", "\n}{", "not JSON"),
        ("\"digests\": [", "\"digests\": [\"md5:00\", ", "unknown algorithm"),
        (
            "\"bundles/app.json\"\n      ]",
            "\"artifacts/app\"\n      ]",
            "what it names as its bundle is none",
        ),
        ("\"bundles/app.json\"\n      ]", "\"bundles/none\"\n      ]", "there is no member"),
        ("\"bundles/app.json\"\n      ]", "\"bundles/words.json\"\n      ]", "belongs to no artifact"),
        ("[\n        \"bundles/app.json\"\n      ]", "[]", "has no bundle"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = if from.starts_with("\"artifacts/") {
            good.replace(from, to)
        } else {
            good.replacen(from, to, 1)
        };
        let error = refused(&with_manifest(&bad));
        assert!(error.to_string().contains(words), "{from}: {error}");
        assert_eq!(error.kind, DecodeKind::Malformed, "{error}");
    }
    let empty = "{\n  \"schema\": \"rcosign-kit/v1\",\n  \"members\": [],\n  \"artifacts\": []\n}\n";
    assert!(refused(&with_manifest(empty)).to_string().contains("it has no artifact"));
}

#[test]
fn limits_hold() {
    let limit = |kit: &[u8]| {
        let error = refused(kit);
        assert_eq!(error.kind, DecodeKind::Limit, "{error}");
    };
    let good = manifest().0.to_json();
    let large = good.replacen("\"size\": 12,", "\"size\": 8589934592,", 1);
    limit(&with_manifest(&large));
    limit(&with_manifest(&good.replacen("\"size\": 3,", "\"size\": 4294967296,", 1)));
    limit(&with_manifest(&good.replacen(
        "\"name\": \"app\"",
        &format!("\"name\": \"{}\"", "x".repeat(2000)),
        1,
    )));
    // The header alone is enough: nothing of that size is read.
    limit(&header(MANIFEST, 1 << 32));
    let one = piece(FILES[0]);
    let many: Vec<Piece> = (0..1100).map(|i| Piece { name: format!("app{i}"), ..one.clone() }).collect();
    assert_eq!(Manifest::new(&many, &[]).unwrap_err().kind, DecodeKind::Limit);
    let bundle = piece(FILES[2]);
    let mut pieces = vec![one.clone()];
    pieces.extend((0..65).map(|i| Piece { name: format!("{i}.json"), ..bundle.clone() }));
    let plan = planned(&pieces, 0, &(1..66).collect::<Vec<_>>());
    assert_eq!(Manifest::new(&pieces, &[plan]).unwrap_err().kind, DecodeKind::Limit);
    let huge = Piece { size: (8 << 30) - 1, ..one };
    let mut pieces: Vec<Piece> =
        (0..129).map(|i| Piece { name: format!("app{i}"), ..huge.clone() }).collect();
    pieces.push(bundle);
    let plans: Vec<Planned> = (0..129).map(|i| planned(&pieces, i, &[129])).collect();
    let error = Manifest::new(&pieces, &plans).unwrap_err();
    assert!(error.kind == DecodeKind::Limit && error.reason.contains("in all"), "{error}");
}

#[test]
fn order_and_repetition_do_not_show() {
    let pieces: Vec<Piece> = FILES.into_iter().map(piece).collect();
    let mut other: Vec<Piece> = pieces.iter().rev().cloned().collect();
    other.push(pieces[0].clone());
    let plans = [planned(&other, 5, &[2]), planned(&other, 3, &[1]), planned(&other, 4, &[2])];
    let (again, sources) = Manifest::new(&other, &plans).unwrap();
    assert_eq!(again.to_json(), manifest().0.to_json());
    let found: Vec<&Piece> = sources.iter().map(|i| &other[*i]).collect();
    assert_eq!(found, again.members().iter().map(|member| &member.piece).collect::<Vec<_>>());
}

#[test]
fn a_source_that_is_not_what_it_was_is_noticed() {
    let (manifest, _) = manifest();
    for content in [&b"the artifacT"[..], b"the artifac", b"the artifact!", b""] {
        let mut out = Vec::new();
        let result = write_kit(&mut out, Path::new("out"), &manifest, |_| {
            Ok((Box::new(content) as Box<dyn Read>, "source".into()))
        });
        assert!(matches!(result, Err(KitError::Changed(path)) if path == Path::new("source")));
    }
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let result = write_kit(&mut Full, Path::new("out"), &manifest, |_| panic!("nothing is asked for"));
    assert!(matches!(result, Err(KitError::Write { .. })));
}

mod folder {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn appears_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("out");
        for exists in [false, true] {
            if exists {
                std::fs::create_dir(&target).unwrap();
            }
            drop(WorkFolder::beside(&target).unwrap());
            assert_eq!(names(parent.path()), if exists { vec!["out"] } else { vec![] });
            let work = WorkFolder::beside(&target).unwrap();
            std::fs::create_dir(work.path().join("a")).unwrap();
            std::fs::write(work.path().join("a/file"), "x").unwrap();
            let kept = work.keep().unwrap();
            assert_eq!(std::fs::read(target.join("a/file")).unwrap(), b"x");
            kept.withdraw();
            assert_eq!(names(parent.path()), if exists { vec!["out"] } else { vec![] });
            assert!(!target.join("a").exists());
            let work = WorkFolder::beside(&target).unwrap();
            std::fs::write(work.path().join("file"), "x").unwrap();
            drop(work.keep().unwrap());
            assert_eq!(names(parent.path()), ["out"]);
            assert_eq!(std::fs::read(target.join("file")).unwrap(), b"x");
            std::fs::remove_dir_all(&target).unwrap();
        }
    }

    #[test]
    fn takes_no_others_place() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        std::fs::create_dir(at("full")).unwrap();
        std::fs::write(at("full/x"), "").unwrap();
        let error = |path: &Path| WorkFolder::beside(path).unwrap_err();
        assert!(matches!(error(&at("file")), FolderError::Taken(_)));
        assert!(matches!(error(&at("full")), FolderError::Taken(_)));
        assert!(matches!(error(&at("missing/out")), FolderError::NoParent(_)));
        assert!(matches!(error(&at("file/out")), FolderError::NoParent(_) | FolderError::Make { .. }));
        assert!(matches!(error(Path::new("")), FolderError::NoName(_)));
        // To Windows that is the folder above, which is taken.
        assert!(matches!(error(&at("missing/..")), FolderError::NoName(_) | FolderError::Taken(_)));
        // What comes in between is not replaced either.
        let work = WorkFolder::beside(&at("out")).unwrap();
        std::fs::create_dir(at("out")).unwrap();
        std::fs::write(at("out/x"), "mine").unwrap();
        assert!(work.keep().is_err());
        assert_eq!(names(&at("out")), ["x"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("elsewhere", parent.path().join("out")).unwrap();
        assert!(matches!(WorkFolder::beside(&parent.path().join("out")), Err(FolderError::Taken(_))));
    }
}

/// The manifest that [`manifest`] gives, with other digests and without the bytes where `file` is false.
fn with_digests(digests: &[&str], name: &str, file: bool) -> Result<(Manifest, Vec<usize>), DecodeError> {
    let mut pieces: Vec<Piece> = FILES.into_iter().map(piece).collect();
    pieces[0].name = name.to_owned();
    let digests = digests.iter().map(|digest| Digest::parse(digest).unwrap()).collect();
    let mut artifact = Planned { digests, ..planned(&pieces, 0, &[2, 3]) };
    if !file {
        artifact.file = None;
        pieces.drain(..2);
        artifact.bundles = vec![0, 1];
    } else {
        pieces.remove(1);
        artifact.bundles = vec![1, 2];
    }
    Manifest::new(&pieces, &[artifact])
}

/// Every digest that a manifest states of a file is compared with the file, also one that names no member.
#[test]
fn a_second_digest_of_a_file_is_compared_too() {
    let right = HashAlgorithm::Sha512.digest(FILES[0].2).to_string();
    let wrong = HashAlgorithm::Sha512.digest(b"another").to_string();
    let sha256 = HashAlgorithm::Sha256.digest(FILES[0].2).to_string();
    let kit = |sha512: &str| {
        let (manifest, _) = with_digests(&[&sha256, sha512], "app", true).unwrap();
        let mut out = Vec::new();
        write_kit(&mut out, Path::new("out"), &manifest, |member| {
            let (_, _, bytes) = FILES.into_iter().find(|(_, name, _)| *name == member.piece.name).unwrap();
            Ok((Box::new(Cursor::new(bytes)) as Box<dyn Read>, "source".into()))
        })
        .unwrap();
        out
    };
    read(&kit(&right)).unwrap();
    let error = refused(&kit(&wrong));
    assert!(error.reason.contains("another digest than the manifest says"), "{error}");
}

/// The line that says what was verified begins with the name.
#[test]
fn no_artifact_is_called_by_the_digest_of_another_one() {
    let (own, other) = (HashAlgorithm::Sha256.digest(b"own"), HashAlgorithm::Sha256.digest(b"other"));
    let (own, other) = (own.to_string(), other.to_string());
    with_digests(&[&own], &own, false).unwrap();
    for name in [other.clone(), other.to_ascii_uppercase()] {
        let error = with_digests(&[&own], &name, false).unwrap_err();
        assert!(error.reason.contains("digest of another one"), "{error}");
    }
}

/// One large bundle that is said to be of every artifact would be read as often.
#[test]
fn work_has_a_limit_that_the_size_of_the_kit_does_not_show() {
    let bundle = |size| Piece { size, ..piece((Role::Bundle, "large.json", b"{}")) };
    let artifact = |i: usize| {
        let digest = HashAlgorithm::Sha256.digest(&i.to_be_bytes());
        Planned { name: i.to_string(), digests: digest.into(), file: None, bundles: vec![0] }
    };
    let planned: Vec<Planned> = (0..1024).map(artifact).collect();
    Manifest::new(&[bundle(8 << 20)], &planned).unwrap();
    let error = Manifest::new(&[bundle((8 << 20) + 1)], &planned).unwrap_err();
    assert!(error.kind == DecodeKind::Limit && error.reason.contains("bundles for all artifacts"), "{error}");
}
