//! What is about referrers.

use super::*;

requirements! {
    referrers_are_listed, "Listing Referrers", "200, an index of descriptors with type, artifact type, annotations", |r| {
        let image = r.image("v1");
        let subject = sha256(&image);
        let digest = r.refer(&subject, json!({ "artifactType": "application/x.one", "annotations": { "a": "b" } }));
        let answer = r.ask(&format!("GET /v2/app/referrers/{subject}")).is(200);
        assert_eq!(answer.header("content-type"), Some(OCI_INDEX));
        let index = answer.json();
        let size = r.ask(&format!("GET /v2/app/manifests/{digest}")).is(200).body.len();
        assert_eq!((&index["schemaVersion"], &index["mediaType"]), (&json!(2), &json!(OCI_INDEX)));
        assert_eq!(index["manifests"], json!([{
            "mediaType": OCI_MANIFEST,
            "digest": digest,
            "size": size,
            "artifactType": "application/x.one",
            "annotations": { "a": "b" },
        }]));
        let _ = r.ask(&format!("HEAD /v2/app/referrers/{subject}")).is(200);
    };
    artifact_types_of_configs, "Listing Referrers", "Without artifactType it is the type of the config; an index has none", |r| {
        let subject = sha256(b"subject");
        let _ = r.refer(&subject, json!({}));
        let index = json!({ "schemaVersion": 2, "manifests": [], "subject": { "mediaType": OCI_MANIFEST, "digest": subject, "size": 7 } });
        let _ = r.put("index", OCI_INDEX, index.to_string().as_bytes()).is(201);
        let listed = r.ask(&format!("GET /v2/app/referrers/{subject}")).is(200).json();
        let kinds = |media_type: &str| {
            let all = listed["manifests"].as_array().unwrap();
            all.iter().find(|m| m["mediaType"] == media_type).unwrap()["artifactType"].clone()
        };
        assert_eq!((kinds(OCI_MANIFEST), kinds(OCI_INDEX)), (json!("application/x.config"), Value::Null));
    };
    referrers_of_what_is_not_there, "Listing Referrers", "200 and an empty index; 400 for what is no digest", |r| {
        for repository in ["app", "none"] {
            let answer = r.ask(&format!("GET /v2/{repository}/referrers/{}", sha256(b"none"))).is(200);
            assert_eq!(answer.json()["manifests"], json!([]));
            assert_eq!(answer.header("content-type"), Some(OCI_INDEX));
        }
        let _ = r.ask("GET /v2/app/referrers/sha256:1").is(400);
    };
    referrers_are_filtered, "Listing Referrers", "artifactType takes those of a type, and says so", |r| {
        let subject = sha256(b"subject");
        let one = r.refer(&subject, json!({ "artifactType": "application/x.one+json" }));
        let _ = r.refer(&subject, json!({ "artifactType": "application/x.two" }));
        let path = format!("GET /v2/app/referrers/{subject}?artifactType=");
        let answer = r.ask(&format!("{path}application%2Fx.one%2Bjson")).is(200);
        assert_eq!(answer.header("oci-filters-applied"), Some("artifactType"));
        assert_eq!(answer.json()["manifests"].as_array().unwrap().len(), 1);
        assert_eq!(answer.json()["manifests"][0]["digest"], one.as_str());
        assert_eq!(r.ask(&format!("{path}application/x.three")).is(200).json()["manifests"], json!([]));
        let all = r.ask(&format!("GET /v2/app/referrers/{subject}")).is(200);
        assert_eq!((all.header("oci-filters-applied"), all.json()["manifests"].as_array().unwrap().len()), (None, 2));
    };
    referrers_come_and_go, "Listing Referrers", "What is deleted is not listed; what has lost its subject is", |r| {
        let image = r.image("v1");
        let subject = sha256(&image);
        let (first, second) = (r.refer(&subject, json!({})), r.refer(&subject, json!({ "artifactType": "x/y" })));
        let _ = r.ask(&format!("DELETE /v2/app/manifests/{first}")).is(202);
        let _ = r.ask(&format!("DELETE /v2/app/manifests/{subject}")).is(202);
        let listed = r.ask(&format!("GET /v2/app/referrers/{subject}")).is(200).json();
        assert_eq!(listed["manifests"].as_array().unwrap().len(), 1);
        assert_eq!(listed["manifests"][0]["digest"], second.as_str());
    };
}

#[test]
fn the_referrers_api_may_be_absent() {
    for r in Asked::both(&Options { referrers: false, ..Options::default() }) {
        let subject = json!({ "mediaType": OCI_MANIFEST, "digest": sha256(b"x"), "size": 1 });
        let answer = r.put("v1", OCI_MANIFEST, &r.manifest(json!({ "subject": subject }))).is(201);
        assert_eq!(answer.header("oci-subject"), None);
        let _ = r.ask(&format!("GET /v2/app/referrers/{}", sha256(b"x"))).is(404);
    }
}
