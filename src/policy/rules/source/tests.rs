use super::*;

fn parsed(text: &str) -> Result<(String, Option<String>), String> {
    let source = Source::parse(text)?;
    Ok((source.repository.to_string(), source.revision))
}

#[test]
fn addresses_that_are_one_have_one_form() {
    let main = Some("refs/heads/main");
    for (text, reference) in [
        ("https://github.com/org/repo", None),
        ("git+https://github.com/org/repo", None),
        ("GIT+HTTPS://GitHub.com/org/repo", None),
        ("https://github.com/org/repo.git", None),
        ("https://github.com/org/repo/", None),
        ("https://github.com:443/org/repo", None),
        ("git+https://github.com/org/repo@refs/heads/main", main),
        ("git+https://github.com/org/repo.git@refs/heads/main", main),
        ("https://github.com/org/repo.git#refs/heads/main", main),
        ("https://github.com/org/repo.git#refs/heads/main:folder", main),
        ("git+https://github.com/org/repo@refs/tags/@scope/name@1.0.0", Some("refs/tags/@scope/name@1.0.0")),
    ] {
        let expected = ("https://github.com/org/repo".to_owned(), reference.map(str::to_owned));
        assert_eq!(parsed(text), Ok(expected), "{text}");
    }
}

#[test]
fn addresses_that_are_not_one_keep_their_difference() {
    let all = [
        "https://github.com/org/repo",
        "https://github.com/org/repo-evil",
        "https://github.com/org/Repo",
        "https://github.com/org-evil/repo",
        "https://github.com/org",
        "https://github.com/org/repo/sub",
        "https://github.com/org/repo.git.git",
        "https://github.com.evil.example/org/repo",
        "https://evil.example/github.com/org/repo",
        "https://github.com:8443/org/repo",
        "http://github.com/org/repo",
        "ssh://git@github.com/org/repo",
        "git://github.com/org/repo",
    ];
    for (i, one) in all.iter().enumerate() {
        for other in &all[i + 1..] {
            assert_ne!(
                Source::parse(one).unwrap().repository,
                Source::parse(other).unwrap().repository,
                "{one} {other}"
            );
        }
    }
}

#[test]
fn what_two_readers_may_take_for_two_repositories_is_unusable() {
    for text in [
        "",
        "github.com/org/repo",
        "git@github.com:org/repo.git",
        "pkg:github/org/repo",
        "file:///org/repo",
        "https://",
        "https:///org/repo",
        "https://github.com",
        "https://github.com/",
        "https://github.com//org/repo",
        "https://github.com/org//repo",
        "https://github.com/org/repo//",
        "https://github.com/org/../repo",
        "https://github.com/./org/repo",
        "https://github.com/org/.git",
        "https://github.com/org/repo%2e",
        "https://github.com/org%2Frepo",
        "https://user@github.com/org/repo",
        "https://github.com@evil.example/org/repo",
        "https://user:pass@github.com/org/repo",
        "https://github.com:@evil.example/org/repo",
        "https://github.com/org/repo?ref=main",
        "https://github.com/org/repo#",
        "https://github.com/org/repo@",
        "https://github.com/org/repo@refs//main",
        "https://github.com/org/repo@refs/../main",
        "https://github.com/org/repo#a#b",
        "https://github.com/org/repo name",
        "https://github.com/org/repo\n",
        "https://github.com/org/repo\\evil",
        "https://github.com/\u{43e}rg/repo",
        "https://g\u{131}thub.com/org/repo",
        "https://github.com/org/repo\u{200b}",
        "https://github.com./org/repo",
        "https://github..com/org/repo",
        "https://github.com:443:443/org/repo",
        "https://github.com:x/org/repo",
        "https://[::1]/org/repo",
        "https://github.com/org/repo;x",
        "ssh://other@github.com/org/repo",
    ] {
        assert!(Source::parse(text).is_err(), "{text:?} {:?}", Source::parse(text));
    }
}

#[test]
fn an_expected_source_is_an_address_without_a_ref() {
    for (text, says) in [
        ("https://github.com/org/repo@refs/heads/main", "the matter of `ref`"),
        ("org/repo", "no address with a scheme"),
    ] {
        let said = ExpectedRepository::try_from(text.to_owned()).unwrap_err();
        assert!(said.contains(says) && said.contains("write it as https://"), "{said}");
    }
}

#[test]
fn refs_and_commits_are_written_in_full() {
    let digits = "f0b49a04e5a62250e0f60fb128004a73110fe311";
    Commit::try_from(digits.to_owned()).unwrap();
    Commit::try_from("0".repeat(64)).unwrap();
    for text in
        ["", "f0b49a0", "F0B49A04E5A62250E0F60FB128004A73110FE311", &format!("{digits}0"), &"g".repeat(40)]
    {
        assert!(Commit::try_from(text.to_owned()).is_err(), "{text}");
    }
    for text in ["", "refs/heads/a b", "refs/heads/\u{430}", digits] {
        assert!(GitRef::try_from(text.to_owned()).is_err(), "{text}");
    }
    GitRef::try_from("refs/tags/v1".to_owned()).unwrap();
}
