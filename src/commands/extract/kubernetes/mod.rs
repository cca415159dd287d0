//! The images that Kubernetes manifests name. Pure.

mod elsewhere;
mod injected;
mod path;

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::cloud::yaml;
use crate::crypto::{DecodeError, DecodeKind, json, text};
use injected::Injected;
pub use path::FieldPath;
use path::join;

const WHAT: &str = "Kubernetes manifest";
const MAX_IMAGES: usize = 10_000;
/// Lists of lists of lists.
const MAX_LISTS: usize = 8;

/// Where pods are described: in a Pod, in a workload or a Job, in a `CronJob`, in a `PodTemplate`.
const PODS: [&[&str]; 4] = [
    &["spec"],
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["template", "spec"],
];
/// Lists of containers in a pod, in the order in which they start. Cosign does not look at the last one.
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Kinds whose images all are where pods are described.
const WORKLOADS: &[&str] = &[
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// Kinds of Kubernetes itself without an image.
const WITHOUT: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "ControllerRevision",
    "CustomResourceDefinition",
    "Endpoints",
    "EndpointSlice",
    "Event",
    "FlowSchema",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "Lease",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "Namespace",
    "NetworkPolicy",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "Secret",
    "Service",
    "ServiceAccount",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// JSON, one document.
    Json,
    /// YAML, any number of documents.
    Yaml,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Images {
    /// All images, in order, each as often as it is named.
    pub all: Vec<String>,
    /// The name of the member that each of them stands in, through lists.
    pub members: Vec<String>,
    /// Kinds that are not known, and that no path found anything in.
    pub unknown: BTreeSet<String>,
    /// Paths that found nothing in any document.
    pub idle: Vec<FieldPath>,
    /// Kinds that are not known, and in them what looks like an image at a place where nobody looked.
    pub missed: Vec<Missed>,
}

/// What looks like an image and is none of [`Images::all`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missed {
    /// The kind of the document; may be empty.
    pub kind: String,
    /// A path that has the place in it.
    pub path: String,
}

/// Where to look beside the places that are known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    /// Images are there too.
    pub images: &'a [FieldPath],
    /// What is there is no image.
    pub ignored: &'a [FieldPath],
}

/// Finds the images of all documents.
///
/// # Errors
/// It cannot be read, or is not what Kubernetes takes: with the place.
pub(super) fn images(bytes: &[u8], syntax: Syntax, fields: Fields<'_>) -> Result<Images, DecodeError> {
    let paths = fields.images;
    let mut reader =
        Reader { fields, used: vec![false; paths.len()], judged: HashSet::new(), found: Images::default() };
    match syntax {
        Syntax::Json => reader.document(&json::parse(WHAT, bytes)?, None, 0)?,
        Syntax::Yaml => {
            let text = text::utf_8(bytes).map_err(|why| DecodeError::whole(WHAT, format!("it {why}")))?;
            let mut documents = yaml::Documents::new(WHAT, text.strip_prefix('\u{feff}').unwrap_or(text));
            while let Some(document) = documents.next()? {
                reader.document(&document, None, 0)?;
            }
        }
    }
    let Reader { used, mut found, .. } = reader;
    let idle = paths.iter().zip(used).filter(|(_, used)| !used).map(|(path, _)| path.clone());
    found.idle = idle.collect();
    Ok(found)
}

struct Reader<'a> {
    fields: Fields<'a>,
    used: Vec<bool>,
    /// Places of this document that were looked at.
    judged: HashSet<String>,
    found: Images,
}

impl Reader<'_> {
    /// `kind`: what it is where it does not say so itself.
    fn document(&mut self, document: &Value, kind: Option<&str>, lists: usize) -> Result<(), DecodeError> {
        if document.is_null() {
            return Ok(());
        }
        let Value::Object(members) = document else {
            let there = match document {
                Value::Array(_) => "a list",
                Value::String(_) => "a text",
                Value::Number(_) => "a number",
                _ => "`true` or `false`",
            };
            return Err(DecodeError::whole(
                WHAT,
                format!("a document is not a mapping, as those of Kubernetes are: it is {there}"),
            ));
        };
        let kind = match members.get("kind") {
            Some(Value::String(kind)) => kind.as_str(),
            None | Some(Value::Null) => kind.unwrap_or_default(),
            Some(_) => return Err(DecodeError::new(WHAT, "kind", "not a text")),
        };
        // `kubectl` takes whatever has items for a list, and what it is called for nothing.
        let of_list = kind.strip_suffix("List").filter(|_| members.contains_key("items"));
        if let Some(items) = members.get("items").filter(|items| of_list.is_some() || items.is_array()) {
            if lists >= MAX_LISTS {
                return Err(DecodeError::new(WHAT, "items", "too many lists in each other").over_limit());
            }
            let of = of_list.filter(|of| !of.is_empty());
            for item in list(items, "items")?.iter().filter(|item| of_list.is_some() || item.is_object()) {
                self.document(item, of, lists + 1)?;
            }
        }
        self.judged.clear();
        let shown = if kind.is_empty() { "a document".to_owned() } else { format!("`{kind}`") };
        let own = is_own(members.get("apiVersion"));
        let (is_workload, is_without) = (own && WORKLOADS.contains(&kind), own && WITHOUT.contains(&kind));
        for place in PODS {
            self.pod(document, place, is_workload).map_err(|error| of_kind(error, &shown))?;
        }
        let by_path = self.by_path(document).map_err(|error| of_kind(error, &shown))?;
        let ignored = self.fields.ignored.iter().flat_map(|path| path.values(document));
        self.judged.extend(ignored.map(|(at, _, _)| at));
        let doubtful =
            self.injected(document, is_workload || is_without).map_err(|error| of_kind(error, &shown))?;
        self.miss(kind, doubtful);
        if is_workload || is_without {
            return Ok(());
        }
        if !by_path && of_list.is_none() {
            self.found.unknown.insert(kind.to_owned());
        }
        let listed = members.get("items").is_some_and(Value::is_array);
        self.miss(kind, elsewhere::images(document, &self.judged, listed));
        Ok(())
    }

    /// Notes places that nobody judged.
    fn miss(&mut self, kind: &str, places: Vec<String>) {
        for at in places {
            if self.found.missed.len() < MAX_IMAGES {
                let path = elsewhere::path(&at);
                self.found.missed.push(Missed { kind: kind.to_owned(), path });
            }
        }
    }

    /// What its pods name beside their containers, but for what is looked at, or passed over, already. Left over is what merely looks like an image.
    /// `strictly`: as of [`Self::pod`].
    fn injected(&mut self, document: &Value, strictly: bool) -> Result<Vec<String>, DecodeError> {
        let Injected { images, mut doubtful } = Injected::of(document);
        for (at, value) in images {
            if !self.judged.contains(&at) && (strictly || value.is_string()) {
                self.add(value, &at)?;
            }
        }
        doubtful.retain(|at| !self.judged.contains(at));
        Ok(doubtful)
    }

    /// `strictly`: it is known that this is a pod. What merely looks like one in something else need not be one, and what is
    /// not as in a pod there is passed over by itself.
    fn pod(&mut self, document: &Value, place: &[&str], strictly: bool) -> Result<(), DecodeError> {
        let Some(pod) = place.iter().try_fold(document, |value, name| value.get(name)) else { return Ok(()) };
        let at = place.join(".");
        let serious = |error: DecodeError| {
            if strictly || error.kind == DecodeKind::Limit { Err(error) } else { Ok(()) }
        };
        for (name, of, field) in CONTAINERS.map(|name| (name, None, "image")).into_iter().chain([(
            "volumes",
            Some("image"),
            "reference",
        )]) {
            let at = join(&at, name);
            let items = match member(pod, name, &at) {
                Ok(items) => items,
                Err(error) => {
                    serious(error)?;
                    continue;
                }
            };
            for (index, item) in items.iter().enumerate() {
                let at = format!("{at}[{index}]");
                let (holder, at) = match of {
                    None => (Some(item), at),
                    Some(of) => (item.get(of).filter(|inner| !inner.is_null()), join(&at, of)),
                };
                if let Some(holder) = holder {
                    self.image(holder, field, &at).or_else(serious)?;
                }
            }
        }
        Ok(())
    }

    fn image(&mut self, holder: &Value, name: &str, at: &str) -> Result<(), DecodeError> {
        let Value::Object(members) = holder else { return Err(DecodeError::new(WHAT, at, "not a mapping")) };
        match members.get(name) {
            Some(value) => self.add(value, &join(at, name)),
            None => Ok(()),
        }
    }

    fn by_path(&mut self, document: &Value) -> Result<bool, DecodeError> {
        let mut any = false;
        for (index, path) in self.fields.images.iter().enumerate() {
            for (at, value, holder) in path.values(document) {
                is_whole(value, holder, &at)?;
                let before = self.found.all.len();
                self.add(value, &at)?;
                if self.found.all.len() > before {
                    any = true;
                    if let Some(used) = self.used.get_mut(index) {
                        *used = true;
                    }
                }
            }
        }
        Ok(any)
    }

    /// Nothing is no image: Kubernetes itself fills it in, or refuses it.
    fn add(&mut self, value: &Value, at: &str) -> Result<(), DecodeError> {
        match value {
            Value::Null => Ok(()),
            Value::String(image) if image.is_empty() => Ok(()),
            Value::String(_) if self.found.all.len() >= MAX_IMAGES => {
                Err(DecodeError::new(WHAT, at, format!("more than {MAX_IMAGES} images")).over_limit())
            }
            Value::String(image) => {
                self.found.all.push(image.clone());
                self.found.members.push(member_of(at).to_owned());
                self.judged.insert(at.to_owned());
                Ok(())
            }
            _ => Err(DecodeError::new(WHAT, at, "not a text that names an image")),
        }
    }
}

/// Members beside an image that are the rest of its name, in custom resources and in the values of charts.
const REST: [&str; 8] = ["digest", "imageDigest", "imageTag", "sha", "sha256", "tag", "tagName", "version"];
/// Those that come before it.
const BEFORE: [&str; 3] = ["hub", "imageRegistry", "registry"];

/// A name of which a part stands beside it is not what the cluster runs.
fn is_whole(image: &Value, holder: &Value, at: &str) -> Result<(), DecodeError> {
    let (Value::String(image), Value::Object(members)) = (image, holder) else { return Ok(()) };
    let says = |name: &&&str| match members.get(**name) {
        Some(Value::String(text)) => !text.is_empty() && text != image,
        Some(Value::Number(_)) => true,
        _ => false,
    };
    let is_tagged = image.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let rest = REST.iter().filter(|_| !is_tagged).chain(&BEFORE).find(says);
    match rest {
        Some(rest) => {
            let reason = format!(
                "`{image}` is not the whole name of an image: its `{rest}` stands beside it; verify the whole name by itself, and say `--ignore-path` of this place"
            );
            Err(DecodeError::new(WHAT, at, reason))
        }
        None => Ok(()),
    }
}

/// The name of the member at the end of a path.
fn member_of(at: &str) -> &str {
    // `annotations['vault.hashicorp.com/agent-image']`
    if let Some((_, name)) = at.strip_suffix("']").and_then(|at| at.rsplit_once("['")) {
        return name;
    }
    let named = at.trim_end_matches(|c: char| matches!(c, '[' | ']') || c.is_ascii_digit());
    named.rsplit('.').next().unwrap_or(named)
}

/// Whether something of this version is of Kubernetes itself, so that its kind is what it is called. Others have kinds of the
/// same names: a `Service` of Knative has pods, and a `Job` of Volcano has them elsewhere.
fn is_own(version: Option<&Value>) -> bool {
    let Some(Value::String(version)) = version else { return true };
    let group = version.split_once('/').map_or("", |(group, _)| group);
    matches!(group, "" | "apps" | "autoscaling" | "batch" | "extensions" | "policy")
        || group.ends_with(".k8s.io")
}

/// A member that is a list, or nothing.
fn member<'a>(holder: &'a Value, name: &str, at: &str) -> Result<&'a [Value], DecodeError> {
    holder.get(name).map_or(Ok(&[]), |value| list(value, at))
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a [Value], DecodeError> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(&[]),
        _ => Err(DecodeError::new(WHAT, at, "not a list")),
    }
}

fn of_kind(error: DecodeError, kind: &str) -> DecodeError {
    let at = format!("{kind}: {}", error.at);
    DecodeError { at, ..error }
}

#[cfg(test)]
mod tests;
