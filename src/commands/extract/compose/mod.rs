//! The images that Compose files name (compose-spec, "Services top-level element"). Pure. What cannot be followed is an error: nothing that
//! runs may stand behind a success unseen.

mod env_file;
mod interpolate;

use serde_json::{Map, Value};

use crate::cloud::yaml;
use crate::crypto::{DecodeError, text};
pub(super) use env_file::EnvFile;
use interpolate::interpolated;

const WHAT: &str = "Compose file";
/// The variable that Compose sets by itself: the name of the project.
pub(super) const PROJECT: &str = "COMPOSE_PROJECT_NAME";
/// The reason why a file of the other kind is refused.
pub(super) const KUBERNETES: &str = "a Kubernetes manifest, and no Compose file";
/// Services that extend services that extend services.
const MAX_EXTENDS: usize = 16;

/// The value of a variable, or why its value is not known.
pub(super) type Values<'a> = &'a dyn Fn(&str) -> Result<Option<String>, String>;

/// An image, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The image.
    pub image: String,
    /// With its variables.
    pub text: String,
    /// The name of the member that it stands in.
    pub member: &'static str,
    /// The number of its file.
    pub file: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Images {
    /// All images, in the order of the services.
    pub all: Vec<Written>,
    /// Services that are built and have no image to pull.
    pub built: Vec<String>,
    /// What else is run and is not looked at: service or model, and what it is.
    pub others: Vec<String>,
}

/// A service, as far as images go.
#[derive(Debug, Clone, Default)]
struct Service {
    image: Option<Written>,
    pull_policy: Option<String>,
    is_built: bool,
    is_provided: bool,
    volumes: Vec<Written>,
}

/// Finds the images of files, a later one over an earlier one. `index` of an error's file is the first of the pair.
///
/// # Errors
/// One cannot be read, or has what is not followed: with the place.
pub(super) fn images(files: &[Vec<u8>], values: Values<'_>) -> Result<Images, (usize, DecodeError)> {
    let mut services: Vec<(String, Service)> = Vec::new();
    let mut found = Images::default();
    for (index, bytes) in files.iter().enumerate() {
        let document = document(bytes).map_err(|error| (index, error))?;
        let of_file = of_file(&document, values).map_err(|error| (index, error))?;
        for (name, mut service) in of_file {
            service.image.iter_mut().chain(&mut service.volumes).for_each(|one| one.file = index);
            match services.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = service.over(known),
                None => services.push((name, service)),
            }
        }
        let models = document.get("models").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        found.others.extend(models.map(|name| format!("the model `{name}`")));
    }
    for (name, service) in services {
        found.add(name, service).map_err(|error| (files.len() - 1, error))?;
    }
    Ok(found)
}

impl Images {
    fn add(&mut self, name: String, service: Service) -> Result<(), DecodeError> {
        self.all.extend(service.volumes);
        match (service.image, service.is_built) {
            (Some(_), true) if service.pull_policy.as_deref() == Some("build") => self.built.push(name),
            (Some(image), _) => self.all.push(image),
            (None, true) => self.built.push(name),
            (None, false) if service.is_provided => self.others.push(format!("the provider of `{name}`")),
            (None, false) => {
                return Err(DecodeError::new(WHAT, place(&name), "neither an image nor a build"));
            }
        }
        Ok(())
    }
}

impl Service {
    /// This one, with what it lacks from another.
    fn over(self, other: &Self) -> Self {
        Self {
            image: self.image.or_else(|| other.image.clone()),
            pull_policy: self.pull_policy.or_else(|| other.pull_policy.clone()),
            is_built: self.is_built || other.is_built,
            is_provided: self.is_provided || other.is_provided,
            volumes: other.volumes.iter().cloned().chain(self.volumes).collect(),
        }
    }
}

/// The one document of a file.
fn document(bytes: &[u8]) -> Result<Value, DecodeError> {
    let text = text::utf_8(bytes).map_err(|why| DecodeError::whole(WHAT, format!("it {why}")))?;
    let mut documents = yaml::Documents::new(WHAT, text.strip_prefix('\u{feff}').unwrap_or(text));
    let document = documents.next()?.unwrap_or(Value::Null);
    let is_manifest = |name: &str| document.get(name).is_some_and(Value::is_string);
    if is_manifest("apiVersion") && is_manifest("kind") {
        return Err(DecodeError::whole(WHAT, KUBERNETES));
    }
    if documents.next()?.is_some() {
        return Err(DecodeError::whole(
            WHAT,
            "several documents in one file, which Compose merges: put each into a file of its own",
        ));
    }
    match document {
        Value::Object(_) => Ok(document),
        _ => Err(DecodeError::whole(WHAT, "not a mapping")),
    }
}

fn of_file(document: &Value, values: Values<'_>) -> Result<Vec<(String, Service)>, DecodeError> {
    if document.get("include").is_some_and(|include| !include.is_null()) {
        return Err(DecodeError::new(
            WHAT,
            "include",
            "other files are not followed: name them on the command line",
        ));
    }
    let services = match document.get("services") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(services) => {
            services.as_object().ok_or_else(|| DecodeError::new(WHAT, "services", "not a mapping"))?
        }
    };
    let one = |name: &String| Ok((name.clone(), service(services, name, values, MAX_EXTENDS)?));
    services.keys().map(one).collect()
}

/// A service with what it extends.
fn service(
    services: &Map<String, Value>,
    name: &str,
    values: Values<'_>,
    depth: usize,
) -> Result<Service, DecodeError> {
    let at = place(name);
    let found = services
        .get(name)
        .ok_or_else(|| DecodeError::new(WHAT, &at, "it is extended and is not in this file"))?;
    let members = found.as_object().ok_or_else(|| DecodeError::new(WHAT, &at, "not a mapping"))?;
    let text = |member: &str| optional_text(members, member, &at, values);
    let own = Service {
        image: text("image")?.and_then(|image| written(members, "image", image)),
        pull_policy: text("pull_policy")?,
        is_built: members.get("build").is_some_and(|build| !build.is_null()),
        is_provided: members.get("provider").is_some_and(|provider| !provider.is_null()),
        volumes: volumes(members, &at, values)?,
    };
    let base = match members.get("extends") {
        None | Some(Value::Null) => return Ok(own),
        Some(Value::String(base)) => base.clone(),
        Some(Value::Object(extends)) => {
            if extends.get("file").is_some_and(|file| !file.is_null()) {
                let reason =
                    "another file is not followed: let Compose resolve it with `docker compose config`";
                return Err(DecodeError::new(WHAT, format!("{at}.extends.file"), reason));
            }
            let at = format!("{at}.extends");
            optional_text(extends, "service", &at, values)?
                .ok_or_else(|| DecodeError::new(WHAT, &at, "no service"))?
        }
        Some(_) => {
            return Err(DecodeError::new(WHAT, format!("{at}.extends"), "neither a text nor a mapping"));
        }
    };
    if depth == 0 {
        return Err(DecodeError::new(WHAT, at, "services extend each other in a circle, or too deep"));
    }
    Ok(own.over(&service(services, &base, values, depth - 1)?))
}

/// The images that are mounted.
fn volumes(members: &Map<String, Value>, at: &str, values: Values<'_>) -> Result<Vec<Written>, DecodeError> {
    let items = members.get("volumes").and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut images = Vec::new();
    for (index, item) in items {
        let Some(volume) = item.as_object() else { continue };
        let at = format!("{at}.volumes[{index}]");
        if optional_text(volume, "type", &at, values)?.as_deref() == Some("image") {
            let source = optional_text(volume, "source", &at, values)?;
            let source = source.and_then(|image| written(volume, "source", image));
            images.push(source.ok_or_else(|| DecodeError::new(WHAT, &at, "an image without a source"))?);
        }
    }
    Ok(images)
}

/// An image with the text in this member that it was made of.
fn written(members: &Map<String, Value>, member: &'static str, image: String) -> Option<Written> {
    let text = members.get(member)?.as_str()?.to_owned();
    Some(Written { image, text, member, file: 0 })
}

/// A text with its variables replaced; an empty one is an error.
fn optional_text(
    members: &Map<String, Value>,
    name: &str,
    at: &str,
    values: Values<'_>,
) -> Result<Option<String>, DecodeError> {
    let at = || format!("{at}.{name}");
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            match interpolated(text, values).map_err(|reason| DecodeError::new(WHAT, at(), reason))? {
                text if text.trim().is_empty() => Err(DecodeError::new(WHAT, at(), "empty")),
                text => Ok(Some(text)),
            }
        }
        Some(_) => Err(DecodeError::new(WHAT, at(), "not a text")),
    }
}

fn place(service: &str) -> String {
    format!("services.{service}")
}

#[cfg(test)]
mod tests;
