use super::*;

fn found(files: &[&str], set: &[(&str, &str)]) -> Result<Images, (usize, DecodeError)> {
    let files: Vec<_> = files.iter().map(|file| file.as_bytes().to_vec()).collect();
    images(&files, &|name| {
        Ok(set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    })
}

fn all(file: &str, set: &[(&str, &str)]) -> Vec<String> {
    names(found(&[file], set).unwrap().all)
}

fn names(all: Vec<Written>) -> Vec<String> {
    all.into_iter().map(|one| one.image).collect()
}

fn refused(file: &str) -> String {
    let (_, error) = found(&[file], &[]).unwrap_err();
    format!("{}: {}", error.at, error.reason)
}

#[test]
fn images_of_services_in_their_order() {
    let file = "services:\n  web: {image: r/web:1}\n  db:\n    image: \"r/db\"\n    volumes:\n      - data:/d\n      - {type: image, source: r/files, target: /f}\n      - {type: bind, source: ./x, target: /x}\nvolumes: {data: {}}\n";
    assert_eq!(all(file, &[]), ["r/web:1", "r/files", "r/db"]);
    assert_eq!(all("services: {}\nx-image: r/no\n", &[]), Vec::<String>::new());
}

#[test]
fn what_is_built_has_no_image_to_verify_unless_it_may_be_pulled() {
    let file = "services:\n  a: {build: .}\n  b: {build: ., image: r/b}\n  c: {build: ., image: r/c, pull_policy: build}\n  d: {provider: {type: x}}\nmodels: {m: {model: ai/m}}\n";
    let found = found(&[file], &[]).unwrap();
    assert_eq!(
        (names(found.all), found.built),
        (vec!["r/b".to_owned()], vec!["a".to_owned(), "c".to_owned()])
    );
    assert_eq!(found.others, ["the model `m`", "the provider of `d`"]);
}

#[test]
fn a_later_file_goes_over_an_earlier_one() {
    let first = "services:\n  a: {image: r/a:1}\n  b: {image: r/b:1, build: .}\n";
    let second = "services:\n  a: {image: r/a:2}\n  b: {pull_policy: build}\n  c: {image: r/c}\n";
    let found = found(&[first, second], &[]).unwrap();
    assert_eq!(
        (names(found.all), found.built),
        (vec!["r/a:2".to_owned(), "r/c".to_owned()], vec!["b".to_owned()])
    );
}

#[test]
fn extends_within_a_file() {
    let file = "services:\n  base: {image: r/base}\n  a: {extends: base}\n  b: {extends: {service: a}, image: r/b}\n";
    assert_eq!(all(file, &[]), ["r/base", "r/base", "r/b"]);
    assert!(refused("services:\n  a: {extends: b}\n  b: {extends: a}\n").contains("circle"));
    assert!(refused("services: {a: {extends: {file: x.yml, service: b}}}").contains("not followed"));
    assert!(refused("services: {a: {extends: b}}").contains("not in this file"));
}

#[test]
fn what_cannot_be_followed_is_an_error() {
    for (file, words) in [
        ("include: [x.yml]\nservices: {a: {image: b}}", "not followed"),
        ("services: {a: {}}", "neither an image nor a build"),
        ("services: {a: {image: ''}}", "empty"),
        ("services: {a: {image: [x]}}", "not a text"),
        ("services: [a]", "not a mapping"),
        ("services: {a: b}", "not a mapping"),
        ("a: 1\n---\nb: 2\n", "several documents"),
        ("- a\n", "not a mapping"),
        ("", "not a mapping"),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", ""),
        ("services: {a: {image: !reset null}}", ""),
        ("services: {a: {volumes: [{type: image}], image: x}}", "without a source"),
    ] {
        assert!(refused(file).contains(words), "{file}: {}", refused(file));
    }
}

#[test]
fn variables_as_compose_has_them() {
    let set = [("A", "a"), ("E", ""), ("LONG_1", "l")];
    let image = |text: &str| {
        let file = serde_json::json!({ "services": { "s": { "image": text } } }).to_string();
        found(&[&file], &set).map(|found| found.all[0].image.clone()).map_err(|(_, error)| error.reason)
    };
    for (text, value) in [
        ("r/$A", "r/a"),
        ("r/${A}:1", "r/a:1"),
        ("${U:-d}", "d"),
        ("${U-d}", "d"),
        ("${E:-d}", "d"),
        ("x${E-d}", "x"),
        ("${A:-d}", "a"),
        ("${A:?e}", "a"),
        ("x${U:+r}", "x"),
        ("${A:+r}", "r"),
        ("x${E:+r}", "x"),
        ("x${E+r}", "xr"),
        ("${U:-${V:-$A}}/b", "a/b"),
        ("$LONG_1.x", "l.x"),
        ("a$$A", "a$A"),
        ("${U:-r/x:1}", "r/x:1"),
    ] {
        assert_eq!(image(text).as_deref(), Ok(value), "{text}");
    }
    for text in
        ["$U", "${U}", "${U:?gone}", "${A", "${}", "${A!}", "$", "x$-", "${A:}", "${E:?no}", "$1", "${U:-$V}"]
    {
        assert!(image(text).is_err(), "{text}");
    }
    assert!(image(&format!("{}x{}", "${U:-".repeat(40), "}".repeat(40))).is_err());
    assert!(image("${U:?gone}").unwrap_err().contains("gone"));
}

#[test]
fn files_of_variables() {
    let text = "\u{feff}# c\nA=1\nexport B = 'x # y' # z\nC=\"two\nlines\"\nD=a#b # c\r\nE=\nF=$A\nG=\"a\\n\"\nH\n I=i\n";
    let file = EnvFile::parse(text).unwrap();
    for (name, value) in
        [("A", "1"), ("B", "x # y"), ("C", "two\nlines"), ("D", "a#b"), ("E", ""), ("I", "i")]
    {
        assert_eq!(file.get(name), Ok(Some(value.to_owned())), "{name}");
    }
    assert!(file.get("F").is_err() && file.get("G").is_err());
    assert_eq!((file.get("H"), file.get("Z")), (Ok(None), Ok(None)));
    for text in ["a b\n", "1A=x\n", "A='x\n", "A='x' y\n", "=x\n"] {
        assert!(EnvFile::parse(text).is_err(), "{text}");
    }
}
