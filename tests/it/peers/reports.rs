//! Reports of every outcome, checked by validators that are not ours: `xmlschema` and `jsonschema` of PyPI, with the schemas of
//! `testdata/schemas` and of `docs/reference`.

use std::path::Path;

use serde_json::json;

use crate::support::{Output, peer, repository};
use crate::verify_images::signed::World;

/// What tries to get out of every form, in the name of a file: it has every kind of character that such a name can have.
const HOSTILE: &str = "a\u{1b}[31m]]>\n::error::x%0A\r|`<b>` \u{202e}&'\"{0}[l](u)\u{fffe}\u{1}\u{7f}\u{85}\u{9b}\u{2028}\u{1f980}\u{10ffff}:,#?%zz";

/// A world with what has to be judged, and the reports of all runs so far.
struct Reports {
    world: World,
    runs: Vec<String>,
}

impl Reports {
    /// One run, with a report of each form that has a schema; the words that have to be in its JUnit.
    fn run(&mut self, name: &str, args: &[&str], words: &[&str]) -> Output {
        let reports = ["junit=r.xml", "sarif=r.sarif", "json=r.json"];
        let reports = reports.map(|report| report.replace("=r.", &format!("={name}.")));
        let mut all = args.to_vec();
        all.extend(reports.iter().flat_map(|report| ["--report", report.as_str()]));
        let output = self.world.sandbox.run(&all);
        let text = self.world.sandbox.text(&format!("{name}.xml"));
        for word in words {
            assert!(text.contains(word), "{name}: {word}: {text}\n{}", output.stderr);
        }
        self.runs.push(name.to_owned());
        output
    }

    fn images(&mut self) {
        let [good, other, unsigned] = ["good", "other", "unsigned"].map(|tag| self.world.image(tag));
        self.world.sign_bundle(&good, "a");
        self.world.sign_bundle(&other, "b");
        let hostile = self.world.bundle(&good, "a", "t]]>\u{1}\u{fffe}\u{1f980}\n", &json!({}));
        self.world.refer("app/one", &good, crate::verify_images::signed::BUNDLE, &hostile);
        let names = [&good, &other, &unsigned].map(crate::verify_images::signed::Image::by_tag);
        let [good, other, unsigned] = names.each_ref().map(String::as_str);
        let key = ["verify", "--key", "a.pub", "--no-log", "--retry-for", "0s"];
        let with = |more: &[&'static str], images: &[&str]| -> Vec<String> {
            key.iter().chain(more).chain(images).map(|word| (*word).to_owned()).collect()
        };
        let lost = ["127.0.0.1:1/lost/image:v1", "no image ]]>\u{1f980}"];
        let all = [&[good, other, unsigned][..], &lost].concat();
        for (name, args, words) in [
            ("one", with(&[], &[good]), &["tests=\"1\" failures=\"0\" errors=\"0\""][..]),
            (
                "several",
                with(&[], &all),
                &["tests=\"5\" failures=\"2\" errors=\"2\"", "type=\"no-signature\"", "type=\"network\""],
            ),
            ("refused", with(&[], &[other]), &["tests=\"1\" failures=\"1\" errors=\"0\""]),
            ("judged", with(&["--resume", "journal"], &[good, unsigned]), &["failures=\"1\""]),
            (
                "resumed",
                with(&["--resume", "journal"], &[good, unsigned]),
                &["rcosign.resumed", "failures=\"1\""],
            ),
            ("empty-shard", with(&["--shard", "1/100000"], &[good]), &["tests=\"0\""]),
        ] {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let _ = self.run(name, &args, words);
        }
        self.world.sandbox.file(
            "policy.yaml",
            "version: 1\nsigners: {a: {key: a.pub}}\nscopes:\n- {name: free, images: ['**/app/one:unsigned'], accept: true}\n\
             - {name: rest, images: ['**/app/*'], signatures: a, log: not-required}\n",
        );
        let args = ["verify", "--policy-file", "policy.yaml", "--retry-for", "0s", good, other, unsigned];
        let _ = self.run("scopes", &args, &["rcosign.accepted-unsigned", "tests=\"3\" failures=\"1\""]);
        self.world.sandbox.file(HOSTILE, format!("FROM {good}\n"));
        let dockerfile = [&["dockerfile"], &key[..], &[HOSTILE]].concat();
        let _ = self.run("dockerfile", &dockerfile, &["tests=\"1\" failures=\"0\""]).ok();
    }

    fn files(&mut self) {
        let sandbox = &self.world.sandbox;
        for name in ["plain", HOSTILE] {
            sandbox.file(name, "x");
            let bundle = format!("{name}.sigstore.json");
            let _ =
                sandbox.run(&["sign-blob", "--key", "a.key", "--offline", "--bundle", &bundle, name]).ok();
        }
        let changed = format!("{HOSTILE}2");
        sandbox.file(&changed, "y");
        sandbox.file(&format!("{changed}.sigstore.json"), sandbox.read("plain.sigstore.json"));
        let broken = format!("{HOSTILE}3");
        sandbox.file(&broken, "y");
        sandbox.file(&format!("{broken}.sigstore.json"), "{");
        let key = ["verify-blob", "--key", "a.pub", "--no-log"];
        let own = format!("{HOSTILE}.sigstore.json");
        let one = [&key[..], &["--bundle", &own, HOSTILE]].concat();
        let _ = self.run("file", &one, &["tests=\"1\" failures=\"0\" errors=\"0\""]).ok();
        let all = [&key[..], &["plain", HOSTILE, &changed, &broken, "missing"]].concat();
        let _ = self.run("files", &all, &["tests=\"5\" failures=\"1\" errors=\"2\""]);
    }

    /// What the validator says of files of a kind.
    fn checked(&self, python: &Path, schema: &str, kind: &str, files: &[String]) -> Output {
        let root = repository();
        let (script, schema) = (root.join("tests/it/peers/reports.py"), root.join(schema));
        let mut args = vec![script.to_str().unwrap(), kind, schema.to_str().unwrap()];
        args.extend(files.iter().map(String::as_str));
        self.world.sandbox.program(python, &args).run()
    }
}

#[test]
fn other_validators_accept_reports_of_every_outcome() {
    let Some(python) = peer("validators") else { return };
    let mut reports = Reports { world: World::new(Default::default()), runs: Vec::new() };
    reports.images();
    reports.files();
    for (ending, kind, schema, broken) in [
        ("xml", "xml", "testdata/schemas/junit-10.xsd", ("failures=", "failure=")),
        ("sarif", "json", "testdata/schemas/sarif-2.1.0.schema.json", ("\"level\": \"", "\"level\": \"x")),
        ("json", "json", "docs/reference/report.schema.json", ("\"candidates\": ", "\"candidate\": ")),
    ] {
        let files: Vec<String> = reports.runs.iter().map(|name| format!("{name}.{ending}")).collect();
        let output = reports.checked(&python, schema, kind, &files);
        let said = format!("{} checked, 0 wrong", files.len());
        assert!(output.code == 0 && output.stdout.contains(&said), "{}{}", output.stdout, output.stderr);
        // The same validator sees what is wrong, in each of them alone.
        let text = reports.world.sandbox.text(&format!("several.{ending}"));
        for (name, text) in
            [("changed", text.replacen(broken.0, broken.1, 1)), ("cut", text[..text.len() / 2].to_owned())]
        {
            reports.world.sandbox.file(name, text);
            let output = reports.checked(&python, schema, kind, &[name.to_owned()]);
            assert!(output.code == 1 && output.stdout.contains(name), "{ending} {name}: {}", output.stderr);
        }
    }
}
