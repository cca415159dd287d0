//! Where an artifact is named by a file, reports point to the line.

use serde_json::Value;

use crate::support::Sandbox;

/// Names with file and line, in JSON; addresses and lines of SARIF; places of the workflow commands.
type Told = (Vec<(String, String, u64)>, Vec<(String, u64)>, Vec<String>);

/// A command line, its input, and the names that it finds, with file and line.
type Case<'a> = (&'a [&'a str], &'a str, &'a [(&'a str, &'a str, u64)]);

/// What reports say of a run in which everything is refused, as the policy file says: names with file and line, in JSON; addresses and lines of
/// SARIF; places of the workflow commands.
fn told(sandbox: &Sandbox, line: &[&str], input: &str) -> Told {
    let forms = ["--report", "json=r.json", "--report", "sarif=r.sarif", "--report", "github=r.txt"];
    let line = [line, &["--policy-file", "policy.yaml"], &forms].concat();
    sandbox.rcosign(&line).stdin(input).run().code(7);
    let read = |name: &str| serde_json::from_slice::<Value>(&sandbox.read(name)).unwrap();
    let report = read("r.json");
    let items = report["images"].as_array().or(report["files"].as_array()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let at = |item: &Value| {
        (text(&item["name"]), text(&item["namedAt"]["file"]), item["namedAt"]["line"].as_u64().unwrap_or(0))
    };
    let sarif = read("r.sarif");
    let place = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        (text(&place["artifactLocation"]["uri"]), place["region"]["startLine"].as_u64().unwrap())
    };
    let commands = String::from_utf8(sandbox.read("r.txt")).unwrap();
    let errors = commands.lines().filter_map(|line| line.strip_prefix("::error "));
    let places = errors.map(|rest| rest.split("title=").next().unwrap().to_owned());
    (
        items.iter().map(at).collect(),
        sarif["runs"][0]["results"].as_array().unwrap().iter().map(place).collect(),
        places.collect(),
    )
}

#[test]
fn reports_point_to_the_line_that_names_it() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "policy.yaml",
        "version: 1\nscopes:\n  - { name: none, images: ['**'], files: ['**'], refuse: true }\n",
    );
    sandbox.file("images.txt", "# release\nr.example/app:1\n\nr.example/bee:1\n");
    sandbox.file("Dockerfile", "# syntax=x/y\nARG V=3\nFROM r.example/app:$V AS build\nRUN true\nFROM \\\n  r.example/bee\nCOPY --from=build /x /x\n");
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: r.example/app}\nspec:\n  containers:\n    - name: x\n      image: r.example/app\n    - image: r.example/bee\n---\napiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n    - image: r.example/app\n  containers: []\n";
    sandbox.file("pod.yaml", manifest);
    sandbox.file("pod.json", "{\n\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\"spec\": {\"containers\": [\n{\"image\": \"r.example/app\"}]}}\n");
    sandbox.file("compose.yaml", "services:\n  a: {image: 'r.example/app:${TAG:-1}'}\n  b:\n    image: r.example/bee\n    volumes:\n      - type: image\n        source: r.example/vol\n");
    sandbox.file("over.yaml", "# over\nservices:\n  b: {image: r.example/cee}\n");
    let pods = [("r.example/app", 7), ("r.example/bee", 8), ("r.example/app", 14)];
    let cases: [Case<'_>; 7] = [
        (
            &["verify", "--from-file", "images.txt"],
            "",
            &[("r.example/app:1", "images.txt", 2), ("r.example/bee:1", "images.txt", 4)],
        ),
        (&["verify", "--from-file", "-"], "\nr.example/app:1\n", &[("r.example/app:1", "-", 2)]),
        (
            &["dockerfile", "verify", "./Dockerfile"],
            "",
            &[("r.example/app:3", "./Dockerfile", 3), ("r.example/bee", "./Dockerfile", 5)],
        ),
        (
            &["dockerfile", "verify", "--base-image-only", "Dockerfile"],
            "",
            &[("r.example/bee", "Dockerfile", 5)],
        ),
        (&["manifest", "verify", "pod.yaml"], "", &pods.map(|(name, line)| (name, "pod.yaml", line))),
        // As Helm writes.
        (&["manifest", "verify", "-"], manifest, &pods.map(|(name, line)| (name, "-", line))),
        (&["manifest", "verify", "pod.json"], "", &[("r.example/app", "pod.json", 4)]),
    ];
    for (line, input, expected) in cases {
        check(told(&sandbox, line, input), expected);
    }
    let composed = [
        ("r.example/app:1", "compose.yaml", 2),
        ("r.example/vol", "compose.yaml", 7),
        ("r.example/cee", "over.yaml", 3),
    ];
    check(told(&sandbox, &["compose", "verify", "compose.yaml", "over.yaml"], ""), &composed);
    // Files, of which the command line names one.
    for name in ["a.txt", "b.txt"] {
        sandbox.file(name, name);
    }
    sandbox.file("files.txt", "\n\nb.txt\n");
    let (items, results, commands) =
        told(&sandbox, &["verify-blob", "--from-file", "files.txt", "a.txt"], "");
    assert_eq!(items[0], ("a.txt".to_owned(), String::new(), 0));
    assert_eq!(items[1], ("b.txt".to_owned(), "files.txt".to_owned(), 3));
    assert_eq!(results, [("files.txt".to_owned(), 1), ("files.txt".to_owned(), 3)]);
    assert_eq!(commands, ["file=files.txt,", "file=files.txt,line=3,"]);
}

#[track_caller]
fn check((items, results, commands): Told, expected: &[(&str, &str, u64)]) {
    let items: Vec<_> =
        items.iter().map(|(name, file, line)| (name.as_str(), file.as_str(), *line)).collect();
    assert_eq!(items, expected);
    let place = |file: &str| if file == "-" { "stdin".to_owned() } else { file.replacen("./", "", 1) };
    let places: Vec<_> = expected.iter().map(|(_, file, line)| (place(file), *line)).collect();
    assert_eq!(results, places);
    let of_runner = |(_, file, line): &(&str, &str, u64)| match *file {
        "-" => String::new(),
        file => format!("file={},line={line},", place(file)),
    };
    assert_eq!(commands, expected.iter().map(of_runner).collect::<Vec<_>>());
}
