use std::fs;

use futures_util::FutureExt as _;

use super::*;
use crate::crypto::DecodeKind;
use crate::storage::images::Place;

const IMAGE: &str = "sha256:6625e2ac007fb9dff482d9b3048755fc3f9a0ceb52b0a3c410af0d7fc93434f1";
const BUNDLE: &str = "sha256:d0579f64d98e64fb1dcb296e797cebd2adf04049419ff5b6c83fe123490e6ee1";

/// No archive waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

/// A member, without anything before or after it.
fn member(path: &str, kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    let name = &mut header.as_ustar_mut().unwrap().name;
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(path: &str, content: &[u8]) -> Vec<u8> {
    member(path, tar::EntryType::Regular, content)
}

/// The files of a fixture, in their order, with something before each path.
fn members(name: &str, before: &str) -> Vec<u8> {
    let root = Path::new("testdata/layouts").join(name);
    let mut bytes = Vec::new();
    for path in ["oci-layout", "index.json"] {
        bytes.extend(file(&format!("{before}{path}"), &fs::read(root.join(path)).unwrap()));
    }
    let mut blobs: Vec<_> =
        fs::read_dir(root.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap().path()).collect();
    blobs.sort();
    for blob in blobs {
        let path = format!("{before}blobs/sha256/{}", blob.file_name().unwrap().to_str().unwrap());
        bytes.extend(file(&path, &fs::read(&blob).unwrap()));
    }
    bytes
}

const END: [u8; 1024] = [0; 1024];

fn open(parts: &[&[u8]]) -> (tempfile::TempDir, Result<Archive, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    fs::write(&path, parts.concat()).unwrap();
    let archive = Archive::open(&path);
    (folder, archive)
}

/// What is said of an archive that is refused.
#[track_caller]
fn refused(parts: &[&[u8]]) -> DecodeError {
    match open(parts).1 {
        Err(Error::NotALayout { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_archive_is_read_as_the_folder_that_it_was() {
    // As skopeo and docker write it, and as `tar -cf x -C DIR .` does.
    let folders: Vec<u8> = ["./", "./blobs/", "./blobs/sha256/"]
        .iter()
        .flat_map(|p| member(p, tar::EntryType::Directory, b""))
        .collect();
    for before in ["", "./"] {
        let (_folder, archive) = open(&[&folders, &members("cosign-3-save", before), &END, &[0; 8192]]);
        let archive = archive.unwrap();
        assert_eq!(archive.only_image().unwrap().to_string(), IMAGE);
        let subject = Digest::parse(IMAGE).unwrap();
        let referrers = archive.contents().referrers(&subject).unwrap().all();
        assert_eq!(referrers.iter().map(|found| found.digest.to_string()).collect::<Vec<_>>(), [BUNDLE]);
        let sig = Target::Tag(format!("{}.sig", IMAGE.replace(':', "-")));
        let manifest = archive.contents().manifest(&sig).unwrap().unwrap();
        let crate::registry::Kind::Image { layers, .. } = &manifest.kind else { panic!() };
        assert_eq!(archive.contents().blob(&layers[0], 999).unwrap().unwrap().len(), 234);
        let mut sizes = 0;
        assert!(archive.contents().stream(&layers[0], |part| sizes += part.len()).unwrap());
        assert_eq!(sizes, 234);
    }
}

#[test]
fn nothing_is_written_to_an_archive() {
    let (_folder, archive) = open(&[&members("crane-pull", ""), &END]);
    let archive = archive.unwrap();
    let target = archive.only_image().unwrap();
    let descriptor = archive.contents().resolve(&target).unwrap().unwrap();
    let place = Place::Archive(archive);
    assert!(matches!(now(place.put_blob(&descriptor, b"")), Err(Error::ReadOnly { .. })));
    assert!(matches!(now(place.put_file(&descriptor, Path::new("x"))), Err(Error::ReadOnly { .. })));
    assert!(matches!(now(place.put_manifest(&target, "", b"")), Err(Error::ReadOnly { .. })));
    assert!(matches!(now(place.put_manifest_once(&target, "", b"")), Err(Error::ReadOnly { .. })));
    assert!(matches!(now(place.delete(&target)), Err(Error::ReadOnly { .. })));
    assert!(matches!(now(place.copy_blob(&place, &descriptor)), Err(Error::ReadOnly { .. })));
}

#[test]
fn a_changed_byte_never_comes_out() {
    let good = members("crane-pull", "");
    let path = format!("blobs/sha256/{}", IMAGE.trim_start_matches("sha256:"));
    let at = good.windows(path.len()).position(|window| window == path.as_bytes()).unwrap() + 512;
    let mut bad = good;
    bad[at + 20] ^= 1;
    let (_folder, archive) = open(&[&bad, &END]);
    let target = Target::Digest(Digest::parse(IMAGE).unwrap());
    assert!(matches!(archive.unwrap().contents().manifest(&target), Err(Error::Digest { .. })));
}

/// oras-go and umoci wrote through links of archives; others read a file that another reader does not see.
#[test]
fn what_two_readers_could_read_in_two_ways_is_refused() {
    use tar::EntryType as Kind;
    let good = members("crane-pull", "");
    let blob = format!("blobs/sha256/{}", "0".repeat(64));
    for (bad, words) in [
        (member(&blob, Kind::Symlink, b""), "a symbolic link"),
        (member(&blob, Kind::Link, b""), "a hard link"),
        (member(&blob, Kind::Fifo, b""), "a pipe"),
        (member(&blob, Kind::Char, b""), "a device"),
        (member(&blob, Kind::Block, b""), "a device"),
        (member(&blob, Kind::GNUSparse, b"x"), "a sparse file"),
        (member("././@LongLink", Kind::GNULongName, b"x"), "a long name"),
        (member("././@LongLink", Kind::GNULongLink, b"x"), "a long name"),
        (member(&blob, Kind::Continuous, b"x"), "of type `7`"),
        (member(&blob, Kind::new(b'Z'), b"x"), "of type `Z`"),
        (member("blobs/x/", Kind::Directory, b"x"), "a folder with a content"),
        (member("../", Kind::Directory, b""), "leads out"),
        (file("../index.json", b"{}"), "leads out"),
        (file("blobs/../../x", b"{}"), "leads out"),
        (file("/etc/passwd", b"{}"), "absolute"),
        (file(".//x", b"{}"), "absolute"),
        (file("blobs//x", b"{}"), "empty part"),
        (file("././x", b"{}"), "empty part"),
        (file("blobs/x/", b"{}"), "empty part"),
        (file("", b"{}"), "no name"),
        (file("blobs\\x", b"{}"), "backslash"),
        (file("C:x", b"{}"), "drive"),
        (file("index.json", b"{}"), "twice"),
        (file("./oci-layout", b"{}"), "twice"),
        (member("x", Kind::XHeader, b"19 path=index.json\n"), "changes its `path`"),
        (member("x", Kind::XHeader, b"10 size=1\n"), "changes its `size`"),
        (member("x", Kind::XGlobalHeader, b"10 size=1\n"), "changes its `size`"),
        (member("x", Kind::XHeader, b"14 linkpath=x\n"), "changes its `linkpath`"),
        (member("x", Kind::XHeader, b"22 GNU.sparse.major=1\n"), "changes its `GNU.sparse.major`"),
        (member("x", Kind::XHeader, b"18 hdrcharset=BIN\n"), "changes its `hdrcharset`"),
        (member("x", Kind::XHeader, b"11 mtime=1\n10 size=1\n"), "changes its `size`"),
        (member("x", Kind::XHeader, b"11 mtime=1"), "not made of records"),
        (member("x", Kind::XHeader, b"99 mtime=1\n"), "not made of records"),
        (member("x", Kind::XHeader, b"0 mtime=1\n"), "not made of records"),
        (member("x", Kind::XHeader, b"+11 mtime=1\n"), "not made of records"),
        (member("x", Kind::XHeader, b"18446744073709551616 m=1\n"), "not made of records"),
    ] {
        for parts in [[&bad[..], &good, &END], [&good, &bad, &END]] {
            let error = refused(&parts);
            assert!(error.to_string().contains(words), "{words}: {error}");
        }
    }
    // Times and owners are nobody's business.
    let times = member("x", tar::EntryType::XHeader, b"13 mtime=1.5\n31 SCHILY.xattr.user.comment=x\n");
    assert!(open(&[&times, &good, &END]).1.is_ok());
}

#[test]
fn limits_hold() {
    let good = members("crane-pull", "");
    let long = member("x", tar::EntryType::XHeader, &vec![b'x'; (64 << 10) + 1]);
    assert_eq!(refused(&[&long, &good, &END]).kind, DecodeKind::Limit);
    // A size that no file has: octal, the binary form of GNU tar, and no number.
    for size in ["77777777777\0", "\u{0}xxxxxxxxxxx", "-0000000001\0", "zzzzzzzzzzz\0"] {
        for binary in [false, true] {
            let mut bad = file(&format!("blobs/sha256/{}", "0".repeat(64)), b"");
            bad[124..136].copy_from_slice(size.as_bytes());
            if binary {
                bad[124..136]
                    .copy_from_slice(&[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
            }
            let block: [u8; 512] = bad[..512].try_into().unwrap();
            let mut header = tar::Header::from_byte_slice(&block).clone();
            header.set_cksum();
            let error = refused(&[header.as_bytes(), &good, &END]).to_string();
            assert!(error.contains("cut short") || error.contains("not a number"), "{error}");
        }
    }
    let many: Vec<u8> = member("x/", tar::EntryType::Directory, b"").repeat(100_001);
    assert_eq!(refused(&[&many, &END]).kind, DecodeKind::Limit);
}

#[test]
fn the_end_is_the_end() {
    let good = members("crane-pull", "");
    assert!(open(&[&good, &END]).1.is_ok());
    for (parts, words) in [
        (&[&good[..]][..], "cut short"),
        (&[&good[..], &[0; 512]], "cut short"),
        (&[&good[..good.len() - 300]], "cut short"),
        (&[&good[..good.len() - 512]], "cut short"),
        (&[&good, &[0; 512], &file("x", b"")], "something follows"),
        (&[&good, &END, &file("index.json", b"{}"), &END], "something follows"),
        (&[&good, &END, b"x"], "something follows"),
        (&[&good, &END, &[0; (1 << 20) + 512]], "too much follows"),
        (&[b""], "no tar archive"),
        (&[b"{}"], "no tar archive"),
        (&[&[b'{'; 1024]], "not a tar archive"),
    ] {
        let error = refused(parts).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn what_is_compressed_is_not_unpacked() {
    for (magic, tool) in [
        (b"\x1f\x8b\x08\x00".as_slice(), "gunzip"),
        (b"\x28\xb5\x2f\xfd", "unzstd"),
        (b"\xfd7zXZ", "unxz"),
        (b"BZh9", "bunzip2"),
    ] {
        let error = refused(&[magic, &END]).to_string();
        assert!(error.contains(tool), "{error}");
    }
}

#[test]
fn what_holds_no_layout_is_told_apart() {
    let old = [file("manifest.json", b"[]"), file("repositories", b"{}")].concat();
    let error = refused(&[&old, &END]).to_string();
    assert!(error.contains("before Docker 25"), "{error}");
    let error = refused(&[&file("x", b"x"), &END]).to_string();
    assert!(error.contains("no `oci-layout`"), "{error}");
    // Docker 25 writes both.
    let (_folder, archive) = open(&[&members("oras-copy", ""), &old, &END]);
    assert_eq!(archive.unwrap().only_image().unwrap().to_string(), IMAGE);
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Archive::open(folder.path()), Err(Error::File(crate::storage::Error::Folder { .. }))));
    let missing = folder.path().join("x");
    assert!(matches!(Archive::open(&missing), Err(Error::File(crate::storage::Error::Missing { .. }))));
}

/// Whatever stands in an archive, opening it ends, and does not panic.
#[test]
fn any_byte_may_be_another() {
    let good = [&members("crane-pull", "")[..], &END].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        fs::write(&path, &bad).unwrap();
        let Ok(archive) = Archive::open(&path) else { continue };
        let target = Target::Digest(Digest::parse(IMAGE).unwrap());
        if let Ok(Some(manifest)) = archive.contents().manifest(&target) {
            assert_eq!(manifest.digest.to_string(), IMAGE);
            assert_eq!(manifest.digest, crate::crypto::HashAlgorithm::Sha256.digest(&manifest.bytes));
        }
    }
}
