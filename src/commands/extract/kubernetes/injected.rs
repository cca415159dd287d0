//! Images that a pod names beside its containers: annotations, for what adds containers to it; attributes of volumes, for their drivers; variables,
//! for operators. Pure.

use serde_json::Value;

use super::elsewhere;
use super::path::join;
use super::{CONTAINERS, PODS};

/// Annotations of a pod whose value is the image of a container that is added to it.
const ANNOTATIONS: [&str; 3] =
    ["dapr.io/sidecar-image", "sidecar.istio.io/proxyImage", "vault.hashicorp.com/agent-image"];
/// Where a volume says to its driver what it is made of.
const DRIVERS: [[&str; 2]; 2] = [["csi", "volumeAttributes"], ["flexVolume", "options"]];
/// What the variables are called by which an operator is told of the images that it runs.
const OPERATORS: &str = "RELATED_IMAGE_";
/// Annotations of a pod that are digests of something, so that it is started again where that changes.
const CHECKSUMS: &str = "checksum/";

/// What was found in a document, each with its place.
#[derive(Debug, Default)]
pub(super) struct Injected<'a> {
    /// Images.
    pub images: Vec<(String, &'a Value)>,
    /// What looks like one, by its name and its text.
    pub doubtful: Vec<String>,
}

impl<'a> Injected<'a> {
    /// Looks at the pods of a document, and at what it says of a volume itself (`PersistentVolume`).
    pub fn of(document: &'a Value) -> Self {
        let mut found = Self::default();
        for place in PODS {
            let Some((pod, above)) = place.split_last() else { continue };
            let Some(holder) = above.iter().try_fold(document, |value, name| value.get(*name)) else {
                continue;
            };
            let at = join(&above.join("."), pod);
            let Some(pod) = holder.get(*pod).filter(|pod| pod.get("containers").is_some()) else { continue };
            let metadata = holder.get("metadata").and_then(|metadata| metadata.get("annotations"));
            let of_metadata = join(&join(&above.join("."), "metadata"), "annotations");
            found.look(metadata, &of_metadata, &ANNOTATIONS);
            for list in CONTAINERS {
                found.variables(pod, &at, list);
            }
            for (index, volume) in items(pod, "volumes").iter().enumerate() {
                found.volume(volume, &format!("{}[{index}]", join(&at, "volumes")));
            }
        }
        if let Some(spec) = document
            .get("spec")
            .filter(|_| document.get("kind").is_some_and(|kind| kind == "PersistentVolume"))
        {
            found.volume(spec, "spec");
        }
        found
    }

    fn volume(&mut self, volume: &'a Value, at: &str) {
        for [driver, attributes] in DRIVERS {
            let holder = volume.get(driver).and_then(|driver| driver.get(attributes));
            self.look(holder, &join(&join(at, driver), attributes), &["image"]);
        }
    }

    fn variables(&mut self, pod: &'a Value, at: &str, list: &str) {
        for (index, container) in items(pod, list).iter().enumerate() {
            for (number, variable) in items(container, "env").iter().enumerate() {
                let is_image = |name: &Value| name.as_str().is_some_and(|name| name.starts_with(OPERATORS));
                if let Some(value) =
                    variable.get("value").filter(|_| variable.get("name").is_some_and(is_image))
                {
                    self.images.push((format!("{}[{index}].env[{number}].value", join(at, list)), value));
                }
            }
        }
    }

    /// The members of an object of texts: those of `known` names, and those whose names say that they are an image.
    fn look(&mut self, holder: Option<&'a Value>, at: &str, known: &[&str]) {
        for (name, value) in holder.and_then(Value::as_object).into_iter().flatten() {
            let place = join(at, name);
            if known.contains(&name.as_str()) {
                self.images.push((place, value));
            } else if !name.starts_with(CHECKSUMS) {
                // Before the slash stands who reads it.
                let short = name.rsplit('/').next().unwrap_or(name);
                self.doubtful.extend(elsewhere::is_image_called(short, value).then_some(place));
            }
        }
    }
}

/// The items of a list, or none.
fn items<'a>(holder: &'a Value, name: &str) -> &'a [Value] {
    holder.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(document: &Value) -> (Vec<String>, Vec<String>) {
        let found = Injected::of(document);
        (found.images.into_iter().map(|(at, _)| at).collect(), found.doubtful)
    }

    #[test]
    fn what_a_pod_names_beside_its_containers() {
        let pod = |annotations: Value, spec: Value| {
            let mut spec = spec;
            spec["containers"] = json!([{"image": "a", "env": [{"name": "RELATED_IMAGE_X", "value": "b"}, {"name": "IMAGE", "value": "c"}]}]);
            json!({"kind": "Deployment", "metadata": {"annotations": {"vault.hashicorp.com/agent-image": "no"}},
                "spec": {"template": {"metadata": {"annotations": annotations}, "spec": spec}}})
        };
        let env = "spec.template.spec.containers[0].env[0].value".to_owned();
        let at = |name: &str| format!("spec.template.metadata.annotations['{name}']");
        for name in ANNOTATIONS {
            assert_eq!(of(&pod(json!({name: "r/a"}), json!({}))), (vec![at(name), env.clone()], vec![]));
        }
        let other = "config.linkerd.io/proxy-image";
        assert_eq!(of(&pod(json!({other: "r/a"}), json!({}))), (vec![env.clone()], vec![at(other)]));
        let none = json!({
            "checksum/image": "3e", "image.example.com/x": "a", "a/imagePullPolicy": "Always", "a/image": "A picture",
            "sidecar.istio.io/inject": "true"});
        assert_eq!(of(&pod(none, json!({}))), (vec![env.clone()], vec![]));
        let volumes = json!({"volumes": [
            {"csi": {"driver": "csi-image.warm-metal.tech", "volumeAttributes": {"image": "r/a", "secret": "x"}}},
            {"flexVolume": {"options": {"baseImage": "r/b"}}}]});
        let volume = |rest: &str| format!("spec.template.spec.volumes{rest}");
        assert_eq!(
            of(&pod(json!({}), volumes)),
            (
                vec![env, volume("[0].csi.volumeAttributes.image")],
                vec![volume("[1].flexVolume.options.baseImage")]
            )
        );
        let kept =
            json!({"kind": "PersistentVolume", "spec": {"csi": {"volumeAttributes": {"image": "r/a"}}}});
        assert_eq!(of(&kept), (vec!["spec.csi.volumeAttributes.image".to_owned()], vec![]));
    }
}
