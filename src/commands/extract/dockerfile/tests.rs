use super::*;
use crate::crypto::DecodeKind;

fn of(text: &str, arguments: &[(&str, &str)]) -> Result<Images, Unreadable> {
    let arguments = arguments.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let environment = |name: &str| (name == "ENVV").then(|| "fromenv".to_owned());
    images(
        text.as_bytes(),
        &Values { arguments: &arguments, environment: &environment, architecture: ("arm", "v7") },
    )
}

fn all(text: &str) -> String {
    of(text, &[]).unwrap_or_else(|error| panic!("{text}: {error:?}")).all.join(" ")
}

fn refused(text: &str) -> String {
    match of(text, &[]) {
        Ok(images) => panic!("{text}: {images:?}"),
        Err(Unreadable { error, .. }) => error.to_string().replacen("Dockerfile: ", "", 1),
    }
}

#[test]
fn images_of_stages() {
    for (text, expected) in [
        ("FROM alpine", "alpine"),
        ("from --platform=linux/amd64 alpine:3 AS build\nFROM build", "alpine:3"),
        ("FROM --platform=$NONE a@sha256:00", "a@sha256:00"),
        ("FROM a As One\nFROM One aS two\nFROM b\nCOPY --from=One /x /y", "a b"),
        ("FROM alpine AS alpine\nFROM alpine", "alpine"),
        ("FROM x AS y\nFROM y AS x\nFROM x", "x"),
        ("FROM a\nFROM a", "a a"),
        ("FROM \"a\"\nFROM 'b'", "a b"),
        ("\u{feff}FROM a\r\nFROM b\r\n", "a b"),
        ("FROM \\\n# FROM no\n a\nLABEL x=\"FROM b\"\nFROM b", "a b"),
        ("# escape=`\nFROM `\n a", "a"),
        ("RUN <<EOF\nUSER no\nEOF\nFROM a", "a"),
        ("", ""),
    ] {
        assert_eq!(all(text), expected, "{text}");
    }
}

#[test]
fn images_that_files_are_taken_from() {
    for (text, expected) in [
        ("FROM a\nCOPY --from=b:1 /x /y", "a b:1"),
        ("FROM a\nCOPY --chown=1 --from=b:1 --link /x /y", "a b:1"),
        ("FROM a\nCOPY /x --from=no", "a"),
        ("FROM a\nRUN --mount=type=bind,from=b:2,target=/x ls", "a b:2"),
        ("FROM a\nRUN --mount=type=cache,target=/c --mount=FROM=b,type=bind ls --mount=from=no", "a b"),
        ("FROM a\nRUN --mount=\"type=bind,from=b\" ls", "a b"),
        ("FROM a\nRUN --mount=type=bind,\"from=b\" ls", "a b"),
        ("FROM a AS s\nFROM b\nCOPY --from=0 /x /y\nRUN --mount=from=s ls", "a b"),
        ("FROM a\nONBUILD copy --from=b /x /y\nONBUILD RUN --mount=from=c ls", "a b c"),
        ("FROM a\nCOPY <<EOF /x\nCOPY /x /y\nfrom os import path\nEOF", "a"),
    ] {
        assert_eq!(all(text), expected, "{text}");
    }
}

#[test]
fn variables() {
    for (text, expected) in [
        ("ARG V=1\nFROM a:$V", "a:1"),
        ("ARG V=1 W=\"2 3\"\nARG X=$V-${W}\nFROM a:$X", "a:1-2 3"),
        ("FROM a:${ENVV}", "a:fromenv"),
        // As cosign: what the file says comes first.
        ("ARG ENVV=default\nFROM a:${ENVV}", "a:default"),
        ("ARG ENVV\nFROM a:${ENVV}", "a:fromenv"),
        ("FROM ${U:-a}:${U:-3}$ENVV${U:+-x}", "a:3fromenv"),
        ("ARG B=$U\nFROM a", "a"),
        ("ARG S=one\nFROM a AS one\nFROM $S", "a"),
        ("ARG S=b\nFROM a\nARG S=c\nFROM $S AS s\nFROM c\nCOPY --from=s /x /y", "a b c"),
        ("FROM a:$TARGETARCH-$BUILDOS-$TARGETVARIANT", "a:arm-linux-v7"),
        ("FROM x-${TARGETPLATFORM#}", ""),
    ] {
        if expected.is_empty() {
            assert!(refused(text).contains("not supported"));
        } else {
            assert_eq!(all(text), expected, "{text}");
        }
    }
    let found = of("FROM --platform=$BUILDPLATFORM a:$TARGETARCH-$TARGETOS", &[]).unwrap();
    assert_eq!(found.platform, BTreeMap::from([("TARGETARCH".to_owned(), "arm".to_owned())]));
    let given = |text: &str| of(text, &[("V", "9")]).unwrap();
    assert_eq!(given("ARG V=1\nFROM a:$V").all, ["a:9"]);
    assert_eq!(given("ARG V\nFROM a:$V\nARG V=2\nFROM b:$V").all, ["a:9", "b:9"]);
    assert_eq!(given("ARG W=1\nFROM a:$W").undeclared, ["V"]);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    for (text, line, words) in [
        ("FROM ${U}", 1, "the variable `U` in `${U}` is not set"),
        ("\nFROM a \\\n\n AS b\nFROM $U", 5, "the variable `U`"),
        ("ARG U\nFROM a:$U", 2, "is declared and has no value"),
        ("FROM a\nARG V=b\nFROM $V", 3, "counts in that stage alone"),
        ("ARG V=\nFROM $V", 2, "the name of the image is empty"),
        ("FROM", 1, "FROM takes"),
        ("FROM a b", 1, "FROM takes"),
        ("FROM a # comment", 1, "FROM takes"),
        ("FROM a XS b", 1, "FROM takes"),
        ("FROM a AS b c", 1, "FROM takes"),
        ("FROM a\nCOPY --from b /x /y", 2, "--from needs a value"),
        ("FROM a\nCOPY --from=b --from=c /x /y", 2, "more than once"),
        ("FROM a\nADD --from=b /x /y", 2, "ADD takes no --from"),
        ("FROM a\nCOPY --from=0 /x /y", 2, "there is no stage 0 before this one"),
        ("FROM a\nCOPY --from=later /x /y\nFROM b AS Later", 2, "a later stage"),
        ("FROM a\nCOPY --from=$X /x /y", 2, "variables, quotes or escapes in `from=$X`"),
        ("ARG X=b\nFROM a\nARG X\nENV X=c\nCOPY --from=${X} /x /y", 5, "variables"),
        ("FROM a\nRUN --mount=type=bind,from=b:$X true", 2, "variables"),
        ("FROM a\nCOPY --from=\\\"b\\\" /x /y", 2, "quotes"),
        ("FROM a AS s\nFROM b\nRUN --mount=from=0,target=/x true", 3, "an image for others"),
        ("FROM a AS s\nFROM b\nCOPY --from=00 x y", 3, "write 0"),
        ("FROM a AS 0\nFROM b", 1, "no name of a stage"),
        ("FROM a AS c/d\nFROM b", 1, "no name of a stage"),
        ("FROM a AS \u{212a}\nFROM b", 1, "no name of a stage"),
        ("FROM a AS Scratch\nFROM b", 1, "no name of a stage"),
        ("FROM a AS s\nFROM b AS S", 2, "the name of an earlier stage"),
        ("FROM a AS Build\nFROM build", 2, "write `Build`"),
        ("FROM a AS build\nFROM b\nCOPY --from=Build x y", 3, "write `build`"),
        ("# syntax=docker/dockerfile:1.0\nFROM a\nRUN <<EOF\nFROM b\nEOF", 4, "without here-documents"),
        ("FROM a\nRUN <<EOF\nCOPY --from=b x y\nRUN true \\\nEOF", 3, "without here-documents"),
        ("FROM a\nCOPY \\\r\r\n --from=b x y", 2, "carriage return"),
        ("# syntax=x\n# escape=`\nFROM a\nRUN true # \\\nCOPY --from=b x y", 2, "the first line"),
        ("COPY --from=b /x /y\nFROM a", 1, "no FROM before it"),
        ("FROM a\nONBUILD FROM b", 2, "ONBUILD FROM"),
        ("FROM a\nONBUILD ONBUILD COPY --from=b x y", 2, "ONBUILD ONBUILD"),
        ("FROM a\nRUN <<X\nFROM b", 2, "has no end"),
        ("FROM \"a", 1, "is missing"),
    ] {
        let error = refused(text);
        assert!(error.starts_with(&format!("line {line}: ")) && error.contains(words), "{text:?}: {error}");
    }
    let values = Values { arguments: &BTreeMap::new(), environment: &|_| None, architecture: ("amd64", "") };
    assert!(images(b"FROM \xff", &values).is_err());
}

#[test]
fn what_would_give_a_variable_its_value() {
    for (text, expected) in [
        ("ARG U\nFROM a:$U", "give it the value that the build gets: `--build-arg U=VALUE`"),
        ("ARG A=$U\nFROM a:$A", "give it the value that the build gets: `--build-arg A=VALUE`"),
        // A value from outside is none for what FROM does not see.
        ("FROM a\nARG V=b\nFROM $V", "declare it before the first FROM: `ARG V=VALUE`"),
        ("FROM $V", "declare it before the first FROM: `ARG V=VALUE`"),
        (
            "FROM c\nCOPY --from=b:$V /x /y",
            "name a stage, and take it from that: `FROM b:$V AS files` before this stage, and `from=files`",
        ),
        ("FROM a${ENVV:+x}", "declare it before the first FROM: `ARG ENVV=VALUE`"),
        ("ARG ENVV\nFROM a${ENVV:+x}", "give it the value that the build gets: `--build-arg ENVV=VALUE`"),
    ] {
        let hint = of(text, &[("V", "9")]).map_err(|unreadable| unreadable.hint);
        assert_eq!(hint, Err(Some(expected.to_owned())), "{text}");
    }
    assert_eq!(of("FROM a b", &[]).map_err(|unreadable| unreadable.hint), Err(None));
}

#[test]
fn the_base_is_that_of_the_last_stage() {
    for (text, base) in [
        ("FROM a\nCOPY --from=b /x /y", Some("a")),
        ("FROM a AS one\nFROM b AS two\nFROM one", Some("a")),
        ("FROM a AS one\nFROM one AS two\nFROM b\nFROM two\nCOPY --from=2 x y", Some("a")),
        ("FROM a\nFROM scratch\nCOPY --from=b /x /y", None),
        ("", None),
    ] {
        assert_eq!(of(text, &[]).unwrap().base.as_deref(), base, "{text}");
    }
    assert_eq!(
        of("FROM scratch\nFROM scratch AS s\nFROM s\nCOPY --from=scratch x y", &[]).unwrap().scratch,
        3
    );
    let frontend = of("# syntax=docker/dockerfile:1\nFROM a", &[]).unwrap().frontend;
    assert_eq!(frontend.as_deref(), Some("docker/dockerfile:1"));
}

#[test]
fn limits() {
    let doubling: String =
        (1..60).map(|n| format!("ARG A{n}=$A{}$A{}\n", n - 1, n - 1)).collect::<Vec<_>>().concat();
    let many = "FROM a\n".repeat(MAX_IMAGES + 1);
    for text in [
        format!("ARG A0=xxxx\n{doubling}FROM $A59"),
        many,
        (0..=MAX_STAGES).fold("FROM a AS s\n".to_owned(), |text, n| text + &format!("FROM s AS s{n}\n")),
    ] {
        assert_eq!(of(&text, &[]).unwrap_err().error.kind, DecodeKind::Limit);
    }
}

/// Each of these is read by a builder as an image that is not found, unless it is read as builders read it.
#[test]
fn attack_images_that_only_a_builder_sees() {
    for (text, expected) in [
        // Flags are unquoted, their names too.
        ("FROM a\nCOPY --fr\"om\"=b x y", "a b"),
        ("FROM a\nCOPY --\\from='b' x y", "a b"),
        ("FROM a\nCOPY --chown='1 2' --from=b x y", "a b"),
        ("FROM a\nRUN --mo'unt'=type=bind,fr\"om\"=b x", "a b"),
        ("FROM a\nRUN --mount=type=bind,\\\"fr\"om\"=b\\\" x", "a b"),
        ("FROM a\nCOPY --link --parents --from=b x y", "a b"),
        // The backslash escapes in here-documents, whatever the directive says.
        ("# escape=`\nFROM a\nRUN echo \\ <<EOF\nFROM b", "a b"),
        // ARG without a value takes none away.
        ("ARG X=b\nARG X\nFROM ${X:-a}", "b"),
        ("ARG X=a\nARG A=b\u{a0}X=c\nFROM $X", "c"),
    ] {
        assert_eq!(all(text), expected, "{text}");
    }
    for (text, words) in [
        ("FROM a\n--from=b x y", "is not known"),
        ("FROM a\nINCLUDE b", "is not known"),
        ("FROM a\nONBUILD INCLUDE b", "is not known"),
        ("//syntax=b\nFROM a", "is not known"),
        ("FROM a\nRUN --mount type=bind,from=b x", "--mount needs a value"),
        ("FROM a\nCOPY --chown 1:1 --from=b x y", "--chown needs a value"),
        ("FROM a\nCOPY --chown=\u{e0}--from=b x y", "not ASCII"),
        ("FROM a\nCOPY --chown=1\u{a0}--from=b x y", "not ASCII"),
        ("FROM a\nRUN --mount=target=/x\u{3000},from=b true", "not ASCII"),
        ("FROM a\nCOPY --link \u{3000}--from=b x y", "not ASCII"),
        ("FROM a\nRUN <<LABEL\" \"a=\\b\nLABEL a=b\nFROM b\nLABEL a=\\b", "plain letters"),
        ("FROM a\nRUN <<\"USER x\"\nFROM b\nUSER x", "plain letters"),
        // A builder does not see the environment.
        ("FROM a${ENVV:+-signed}", "a build does not see that"),
        ("FROM ${ENVV:-b}", "a build does not see that"),
        ("ARG ENVV\nFROM a${ENVV+-signed}", "a build does not see that"),
        ("ARG Q=$ENVV\nFROM a${Q:+-signed}", "needs one that is not set"),
        // For a builder, what is not set is nothing.
        ("ARG X=b$U\nFROM ${X:-a}", "needs one that is not set"),
        ("ARG X=$@\nFROM a${X:+-signed}", "needs one that is not set"),
        ("FROM ${TARGETSTAGE:+b/}a", "`TARGETSTAGE`"),
        ("ARG X=b\nARG \"X\"=a\nFROM $X", "no name for ARG"),
        ("ARG X=1\nARG Y=$X\u{e9}\nFROM a${Y:+-signed}", "no name of a variable"),
    ] {
        let error = refused(text);
        assert!(error.contains(words), "{text:?}: {error}");
    }
    assert_eq!(of("FROM $ENVV", &[]).unwrap().outside.into_iter().collect::<Vec<_>>(), ["ENVV"]);
}
