use super::*;
use crate::crypto::DecodeKind;

fn of(text: &str, paths: &[&str]) -> Result<Images, DecodeError> {
    let paths: Vec<_> = paths.iter().map(|path| FieldPath::parse(path).unwrap()).collect();
    images(text.as_bytes(), Syntax::Yaml, Fields { images: &paths, ignored: &[] })
}

fn all(text: &str) -> String {
    of(text, &[]).unwrap_or_else(|error| panic!("{text}: {error}")).all.join(" ")
}

#[test]
fn every_workload() {
    let pod = "{initContainers: [{image: i}], containers: [{image: c}, {name: none}, {image: d}], \
               ephemeralContainers: [{image: e}], volumes: [{name: v}, {image: {reference: r}}]}";
    let spec = format!("spec: {pod}");
    let template = format!("spec: {{template: {{{spec}}}}}");
    for (kind, body) in [
        ("Pod", spec.clone()),
        ("PodTemplate", format!("template: {{{spec}}}")),
        ("Deployment", template.clone()),
        ("StatefulSet", template.clone()),
        ("DaemonSet", template.clone()),
        ("ReplicaSet", template.clone()),
        ("ReplicationController", template.clone()),
        ("Job", template.clone()),
        ("CronJob", format!("spec: {{jobTemplate: {{{template}}}}}")),
    ] {
        let found = of(&format!("kind: {kind}\n{body}"), &[]).unwrap();
        assert_eq!(found.all.join(" "), "i c d e r", "{kind}");
        assert!(found.unknown.is_empty(), "{kind}");
        // A list of its own, whose items do not say again what they are.
        let found = of(&format!("kind: {kind}List\nitems:\n- {{{body}}}\n- {{{body}}}"), &[]).unwrap();
        assert_eq!((found.all.len(), found.unknown.len()), (10, 0), "{kind}");
    }
}

#[test]
fn documents_lists_and_anchors() {
    for (text, expected) in [
        ("", ""),
        (
            "---\n---\nkind: Pod\nspec: {containers: [{image: a}]}\n---\nkind: Pod\nspec: {containers: [{image: a}]}",
            "a a",
        ),
        (
            "kind: List\nitems:\n- kind: Pod\n  spec: {containers: [{image: a}]}\n- kind: List\n  items: [{kind: Pod, spec: {containers: [{image: b}]}}]",
            "a b",
        ),
        (
            "kind: Pod\nspec: {containers: [&c {image: a}, *c, {<<: *c, name: x}, {<<: *c, image: b}]}",
            "a a a b",
        ),
        ("kind: Pod\nspec: {containers: null, volumes: }", ""),
        ("kind: Pod\nspec: {containers: [{image: }, {image: ''}, {image: \"a\"}]}", "a"),
        ("{\"kind\": \"Pod\", \"spec\": {\"containers\": [{\"image\": \"a\"}]}}", "a"),
        ("kind: Thing\nspec: {containers: [{image: a}, b], volumes: x}", "a"),
        (
            "kind: ConfigMap\ndata:\n  x: |\n    kind: Pod\n    ---\n    spec: {containers: [{image: a}]}\n",
            "",
        ),
    ] {
        assert_eq!(all(text), expected, "{text}");
    }
    let json = br#"{"kind": "Pod", "spec": {"containers": [{"image": "a"}, {"image": null}]}}"#;
    assert_eq!(images(json, Syntax::Json, Fields::default()).unwrap().all, ["a"]);
}

#[test]
fn kinds_that_are_not_known_are_named_and_looked_at_by_path() {
    let text = "kind: Rollout\nspec: {template: {spec: {containers: [{image: a}]}}, sidecar: {image: b}}\n---\n\
                kind: Thing\nspec: {images: [c, d]}\n---\nspec: {}\n---\nkind: Service\nspec: {}";
    let found = of(text, &[]).unwrap();
    assert_eq!(found.all, ["a"]);
    assert_eq!(found.unknown.into_iter().collect::<Vec<_>>(), ["", "Rollout", "Thing"]);
    let found = of(text, &["spec.sidecar.image", "spec.images[*]", "spec.none"]).unwrap();
    assert_eq!(found.all, ["a", "b", "c", "d"]);
    assert_eq!(found.unknown.into_iter().collect::<Vec<_>>(), [""]);
    assert_eq!(found.idle.iter().map(ToString::to_string).collect::<Vec<_>>(), ["spec.none"]);
    let error = of(text, &["spec.images"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Kubernetes manifest: `Thing`: spec.images: not a text that names an image"
    );
}

#[test]
fn a_name_of_which_a_part_stands_beside_it_is_not_judged_alone() {
    for (spec, path, rest) in [
        ("{image: {repository: r/a, tag: x}}", "spec.image.repository", "`tag`"),
        ("{image: r/a, imageTag: 1.2}", "spec.image", "`imageTag`"),
        (
            "{images: [{repository: 'r:5000/a', digest: 'sha256:00'}]}",
            "spec.images[*].repository",
            "`digest`",
        ),
        ("{image: {registry: r, repository: 'a:1'}}", "spec.image.repository", "`registry`"),
    ] {
        let error = of(&format!("kind: Thing\nspec: {spec}"), &[path]).unwrap_err().to_string();
        assert!(error.contains(path.trim_end_matches("[*].repository")) && error.contains(rest), "{error}");
    }
    for spec in ["{image: 'r/a:1', version: '2'}", "{image: r/a, tag: ''}", "{image: r/a, tag: null}"] {
        of(&format!("kind: Thing\nspec: {spec}"), &["spec.image"]).unwrap();
    }
}

#[test]
fn what_kubernetes_would_not_take_is_refused() {
    for (text, words) in [
        ("a: [", "not YAML"),
        ("[a]", "not a mapping"),
        ("kind: [Pod]", "kind: not a text"),
        ("kind: Pod\nspec: {containers: {image: a}}", "`Pod`: spec.containers: not a list"),
        ("kind: Pod\nspec: {containers: [a]}", "`Pod`: spec.containers[0]: not a mapping"),
        ("kind: Pod\nspec: {containers: [{image: [a]}]}", "spec.containers[0].image: not a text"),
        ("kind: Pod\nspec: {containers: [{image: a, image: b}]}", "`image` appears twice"),
        (
            "kind: Job\nspec: {template: {spec: {volumes: [{image: a}]}}}",
            "`Job`: spec.template.spec.volumes[0].image: not a mapping",
        ),
        ("kind: List\nitems: {a: b}", "items: not a list"),
    ] {
        let error = of(text, &[]).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    assert!(images(b"kind: \xff", Syntax::Yaml, Fields::default()).is_err());
    for json in [&b"{} {}"[..], b"{\"kind\": 1, \"kind\": 2}", b"kind: Pod"] {
        assert!(images(json, Syntax::Json, Fields::default()).is_err());
    }
}

#[test]
fn limits() {
    let deep = (0..=MAX_LISTS)
        .fold("{kind: Pod}".to_owned(), |inner, _| format!("{{kind: List, items: [{inner}]}}"));
    assert_eq!(of(&deep, &[]).unwrap_err().kind, DecodeKind::Limit);
    let many = format!("kind: Pod\nspec: {{containers: [{}]}}", "{image: a}, ".repeat(MAX_IMAGES + 1));
    assert_eq!(of(&many, &[]).unwrap_err().kind, DecodeKind::Limit);
}

/// Each of these is read by Kubernetes, or by `kubectl`, as an image.
#[test]
fn attack_images_that_only_a_cluster_sees() {
    for (text, expected) in [
        // Whatever has items is a list, whatever it is called.
        (
            "kind: Pod\nspec: {containers: [{image: a}]}\nitems: [{kind: Pod, spec: {containers: [{image: b}]}}]",
            "b a",
        ),
        (
            "kind: List\nspec: {containers: [{image: a}]}\nitems: [{kind: Pod, spec: {containers: [{image: b}]}}]",
            "b a",
        ),
        ("kind: Thing\nitems: [x, {kind: Pod, spec: {containers: [{image: b}]}}]", "b"),
        // What is no list of containers hides none.
        (
            "kind: Thing\nspec: {initContainers: {x: y}, containers: [x, {image: [a]}, {image: b}], volumes: 1}",
            "b",
        ),
        ("kind: Thing\nspec: {containers: x, volumes: [{image: {reference: b}}, {image: y}]}", "b"),
    ] {
        assert_eq!(all(text), expected, "{text}");
    }
    // Kinds of others are not those of Kubernetes that have the same names.
    for text in [
        "apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {tasks: [{template: {spec: {containers: [{image: b}]}}}]}",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {other: [{image: b}]}",
    ] {
        assert_eq!(of(text, &[]).unwrap().unknown.len(), 1, "{text}");
    }
    for version in ["v1", "apps/v1", "networking.k8s.io/v1"] {
        assert!(of(&format!("apiVersion: {version}\nkind: Service"), &[]).unwrap().unknown.is_empty());
    }
    // JSON, one after the other, as `kubectl` takes it.
    assert!(
        of("{\"kind\": \"Pod\"}\n{\"kind\": \"Pod\", \"spec\": {\"containers\": [{\"image\": \"b\"}]}}", &[])
            .is_err()
    );
    assert!(
        of(
            "kind: Pod\nspec: {containers: [{image: a}]}\n...\nkind: Pod\nspec: {containers: [{image: b}]}",
            &[]
        )
        .is_ok_and(|found| found.all.len() == 2)
    );
}

/// A cluster runs them, and nobody looked at them.
#[test]
fn attack_images_of_unknown_kinds_are_not_passed_over() {
    let missed = |text: &str, images: &[&str], ignored: &[&str]| {
        let paths = |of: &[&str]| of.iter().map(|path| FieldPath::parse(path).unwrap()).collect::<Vec<_>>();
        let fields = Fields { images: &paths(images), ignored: &paths(ignored) };
        let found = super::images(text.as_bytes(), Syntax::Yaml, fields).unwrap();
        found
            .missed
            .iter()
            .map(|missed| format!("{} {}", missed.kind, missed.path))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let task =
        "apiVersion: tekton.dev/v1\nkind: Task\nspec: {steps: [{image: a}, {image: b}], sidecar: {image: c}}";
    assert_eq!(
        missed(task, &[], &[]),
        "Task spec.steps[*].image, Task spec.steps[*].image, Task spec.sidecar.image"
    );
    assert_eq!(missed(task, &["spec.steps[*].image"], &[]), "Task spec.sidecar.image");
    assert_eq!(missed(task, &["spec.steps[0].image"], &["spec.sidecar.image"]), "Task spec.steps[*].image");
    assert_eq!(missed(task, &["spec.steps[*].image", "spec.sidecar.image"], &[]), "");
    assert_eq!(missed(task, &[], &["spec.steps", "spec.sidecar.image"]).matches("steps").count(), 2);

    // What looks like a pod was looked at, and what stands beside it was not.
    let rollout = "kind: Rollout\nspec: {template: {spec: {containers: [{image: a}], volumes: [{image: {reference: b}}], x: {image: c}}}}";
    assert_eq!(missed(rollout, &[], &[]), "Rollout spec.template.spec.x.image");
    // A place in one document says nothing of the same place in the next.
    let two = "kind: A\nspec: {containers: [{image: a}]}\n---\nkind: B\nspec: {containers: {x: {image: a}}}";
    assert_eq!(missed(two, &[], &[]), "B spec.containers.x.image");
    // Lists, and what stands beside their items.
    let list = "kind: ThingList\nspec: {image: a}\nitems: [{image: b}, {kind: Pod, spec: {containers: [{image: c}]}}]";
    assert_eq!(missed(list, &[], &[]), "Thing image, ThingList spec.image");
    let job = "apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {tasks: [{template: {spec: {containers: [{image: b}]}}}]}";
    assert_eq!(missed(job, &[], &[]), "Job spec.tasks[*].template.spec.containers[*].image");
    assert_eq!(missed("image: a", &[], &[]), " image");

    for text in [
        "kind: ConfigMap\ndata: {image: a}",
        "kind: Secret\nstringData: {image: a}",
        "apiVersion: v1\nkind: Node\nstatus: {image: a}",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{schema: {default: {image: a}}}]}",
        "kind: Deployment\nmetadata: {labels: {image: a}}\nspec: {template: {spec: {containers: [{image: a}]}}}",
        "kind: List\nitems: [{kind: Pod, spec: {containers: [{image: a}]}}]",
        "kind: Thing\nspec: {image: 'not an image'}",
    ] {
        assert_eq!(missed(text, &[], &[]), "", "{text}");
    }
}

#[test]
fn attack_images_that_a_pod_names_beside_its_containers() {
    let text = "kind: Deployment\nspec: {template: {metadata: {annotations: {vault.hashicorp.com/agent-image: b, sidecar.istio.io/proxyImage: 'c'}}, \
        spec: {containers: [{image: a, env: [{name: RELATED_IMAGE_X, value: d}]}], \
        volumes: [{csi: {driver: csi-image.warm-metal.tech, volumeAttributes: {image: e}}}]}}}";
    assert_eq!(all(text), "a b c d e");
    let volume = "kind: PersistentVolume\nspec: {csi: {volumeAttributes: {image: a}}}";
    assert_eq!(all(volume), "a");
    // What nobody knows is said, until it is named.
    let other = text.replace("vault.hashicorp.com/agent-image", "config.linkerd.io/proxy-image");
    let found = of(&other, &[]).unwrap();
    let place = "spec.template.metadata.annotations['config.linkerd.io/proxy-image']";
    assert_eq!(found.missed, [Missed { kind: "Deployment".to_owned(), path: place.to_owned() }]);
    let found = of(&other, &[place]).unwrap();
    assert_eq!((found.missed.len(), found.all.len()), (0, 5));
    let ignored = [FieldPath::parse("spec.template.metadata.annotations[*]").unwrap()];
    let fields = Fields { images: &[], ignored: &ignored };
    let found = images(other.as_bytes(), Syntax::Yaml, fields).unwrap();
    assert_eq!((found.all.join(" "), found.missed.len()), ("a d e".to_owned(), 0));
    let list = text.replace("agent-image: b", "agent-image: [b]");
    assert!(of(&list, &[]).unwrap_err().reason.contains("not a text"));
}
