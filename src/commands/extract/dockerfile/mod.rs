//! The images that a Dockerfile builds on: those of FROM, of COPY --from and of RUN --mount=from, without those that it
//! builds itself. Pure.

mod directives;
mod flags;
mod heredoc;
mod heretext;
mod lines;
mod stages;
mod words;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::{DecodeError, text};
use flags::{flags, mount_sources};
use lines::{Instruction, at};
use stages::{Stage, earlier, from_words, stage_names};
use words::{Unusable, Variable};

const WHAT: &str = "Dockerfile";
/// More are nobody's.
const MAX_IMAGES: usize = 1_000;
const MAX_STAGES: usize = 1_000;
/// The image with nothing in it.
const SCRATCH: &str = "scratch";

/// Instructions that name no image.
const WITHOUT_IMAGES: [&str; 12] = [
    "cmd",
    "entrypoint",
    "env",
    "expose",
    "healthcheck",
    "label",
    "maintainer",
    "shell",
    "stopsignal",
    "user",
    "volume",
    "workdir",
];

/// Values from outside of the file.
pub(super) struct Values<'a> {
    /// Those of `--build-arg`, for what the file declares.
    pub arguments: &'a BTreeMap<String, String>,
    /// Variables of the environment, for what the file gives no value.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// The architecture of the builder, by Go's name, and its variant.
    pub architecture: (&'static str, &'static str),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Images {
    /// All images, in order, each as often as it is named.
    pub all: Vec<String>,
    /// The line of each of them.
    pub lines: Vec<usize>,
    /// The one that the last stage is built on; `None` where that is nothing.
    pub base: Option<String>,
    /// How often `scratch` is named.
    pub scratch: usize,
    /// The image that reads the file in place of the builder (`# syntax=`).
    pub frontend: Option<String>,
    /// Names of `--build-arg` that the file does not declare.
    pub undeclared: Vec<String>,
    /// Variables that have their value from the environment here.
    pub outside: BTreeSet<String>,
    /// Variables whose value is another one where it is built for another platform, with the value here.
    pub platform: BTreeMap<String, String>,
}

/// Why the images are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// What is wrong, with the line.
    pub error: DecodeError,
    /// What would do.
    pub hint: Option<String>,
}

/// Finds the images.
///
/// # Errors
/// A variable has no value, or the file is not one that a builder takes.
pub(super) fn images(bytes: &[u8], values: &Values<'_>) -> Result<Images, Unreadable> {
    let hint = RefCell::default();
    read(bytes, values, &hint).map_err(|error| Unreadable { error, hint: hint.take() })
}

fn read(bytes: &[u8], values: &Values<'_>, hint: &RefCell<Option<String>>) -> Result<Images, DecodeError> {
    let text = text::utf_8(bytes).map_err(|why| DecodeError::whole(WHAT, format!("it {why}")))?;
    let lines = lines::split(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    let names = stage_names(&lines.instructions)?;
    let mut reader = Reader {
        values,
        hint,
        escape: lines.escape,
        names,
        global: BTreeMap::new(),
        local: BTreeMap::new(),
        declared: BTreeSet::new(),
        unknown: BTreeSet::new(),
        outside: RefCell::default(),
        platform: RefCell::default(),
        stages: Vec::new(),
        found: Vec::new(),
        lines: Vec::new(),
        scratch: 0,
    };
    for instruction in &lines.instructions {
        reader.take(instruction)?;
    }
    let undeclared = values.arguments.keys().filter(|name| !reader.declared.contains(*name)).cloned();
    Ok(Images {
        base: reader.stages.last().and_then(|stage| stage.base.clone()),
        undeclared: undeclared.collect(),
        outside: reader.outside.take(),
        platform: reader.platform.take(),
        all: reader.found,
        lines: reader.lines,
        scratch: reader.scratch,
        frontend: lines.frontend,
    })
}

struct Reader<'a> {
    values: &'a Values<'a>,
    /// What would do, where a variable has no value.
    hint: &'a RefCell<Option<String>>,
    escape: char,
    /// The names of all stages, those to come included.
    names: Vec<Option<String>>,
    /// What ARG says before the first FROM: what FROM sees. `None`: declared, without a value.
    global: BTreeMap<String, Option<String>>,
    /// What ARG says in the stage.
    local: BTreeMap<String, Option<String>>,
    declared: BTreeSet<String>,
    /// Those whose default needs a variable that is not set: builders go on without it.
    unknown: BTreeSet<String>,
    /// Those that only the environment here has a value for, and that were needed.
    outside: RefCell<BTreeSet<String>>,
    /// Those that say something of the platform, and that were needed.
    platform: RefCell<BTreeMap<String, String>>,
    stages: Vec<Stage>,
    found: Vec<String>,
    lines: Vec<usize>,
    scratch: usize,
}

impl Reader<'_> {
    fn take(&mut self, instruction: &Instruction) -> Result<(), DecodeError> {
        let line = instruction.line;
        match instruction.name.as_str() {
            "arg" => self.arg(instruction),
            "from" => self.from(instruction),
            // What it says is done when another build begins with this image. That knows other stages, but these images.
            "onbuild" => {
                let (name, rest) = words::first(&instruction.rest);
                let name = name.to_ascii_lowercase();
                if matches!(name.as_str(), "from" | "onbuild") {
                    let reason = format!("ONBUILD {} is not allowed", name.to_ascii_uppercase());
                    return Err(DecodeError::new(WHAT, at(line), reason));
                }
                self.take(&Instruction { line, name, rest: rest.to_owned() })
            }
            "copy" | "add" => {
                let (flags, _) = flags(instruction)?;
                let from: Vec<_> = flags.iter().filter_map(|flag| flag.value_of("from")).collect();
                match from[..] {
                    [] => Ok(()),
                    [_] if instruction.name == "add" => {
                        Err(DecodeError::new(WHAT, at(line), "ADD takes no --from; COPY does"))
                    }
                    [from] => self.other(line, from),
                    _ => Err(DecodeError::new(WHAT, at(line), "--from is there more than once")),
                }
            }
            "run" => {
                let (flags, _) = flags(instruction)?;
                for from in flags.iter().filter_map(|flag| flag.value_of("mount")).flat_map(mount_sources) {
                    let digits = from.trim_start_matches(['+', '-']);
                    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                        self.advise("give the stage a name, and write that".to_owned());
                        let reason = format!(
                            "in a mount, `from={from}` is a stage for some builders and an image for others"
                        );
                        return Err(DecodeError::new(WHAT, at(line), reason));
                    }
                    self.other(line, &from)?;
                }
                Ok(())
            }
            name if WITHOUT_IMAGES.contains(&name) => Ok(()),
            // It might be one with an image, or what is left of one that was cut in two.
            name => Err(DecodeError::new(WHAT, at(line), format!("the instruction `{name}` is not known"))),
        }
    }

    fn arg(&mut self, instruction: &Instruction) -> Result<(), DecodeError> {
        for word in words::split(&instruction.rest, self.escape) {
            let (name, default) = match word.split_once('=') {
                Some((name, default)) => (name, Some(default)),
                None => (word, None),
            };
            // In quotes, or with a variable in it, it is not the same name for every builder.
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let reason = format!("`{name}` is no name for ARG");
                return Err(DecodeError::new(WHAT, at(instruction.line), reason));
            }
            let name = name.to_owned();
            let given = self.values.arguments.get(&name).cloned();
            let (value, known) = match (given, default) {
                (Some(given), _) => (Some(given), true),
                (None, Some(default)) => self.expand_default(instruction.line, default)?,
                (None, None) => (None, true),
            };
            self.declared.insert(name.clone());
            match (&value, known) {
                (_, false) => self.unknown.insert(name.clone()),
                (Some(_), true) => self.unknown.remove(&name),
                (None, true) => false,
            };
            if !self.stages.is_empty() {
                let value = value.or_else(|| self.global.get(&name).cloned().flatten());
                self.local.insert(name, value);
            } else if value.is_some() || !known {
                self.global.insert(name, value);
            } else {
                // Without a value it takes none away.
                self.global.entry(name).or_default();
            }
        }
        Ok(())
    }

    /// A default that needs a variable without a value, and whether it is known what builders make of it: it is no trouble
    /// unless an image needs it in turn.
    fn expand_default(&self, line: usize, default: &str) -> Result<(Option<String>, bool), DecodeError> {
        let variable = |name: &str| match self.variable(name) {
            Variable::Outside(_) => Variable::Unset,
            known => known,
        };
        match words::expand(default, self.escape, &variable) {
            Ok(value) => Ok((Some(value), true)),
            Err(Unusable::Unset(_)) => Ok((None, false)),
            Err(other) => Err(self.unusable((line, ""), default, other)),
        }
    }

    fn from(&mut self, instruction: &Instruction) -> Result<(), DecodeError> {
        let line = instruction.line;
        // FROM sees what stands before the first one.
        self.local.clear();
        let (words, name) = from_words(instruction)?;
        let word = match words[..] {
            [word] => word,
            [word, _, _] if name.is_some() => word,
            _ => {
                let reason = "FROM takes an image, or an image, AS and a name";
                return Err(DecodeError::new(WHAT, at(line), reason));
            }
        };
        let image = self.expand(line, word, "before the first FROM")?;
        let base = match earlier(&self.stages, line, &image)? {
            Some(stage) => stage.base.clone(),
            None => self.add(line, image)?,
        };
        if self.stages.len() >= MAX_STAGES {
            let reason = format!("more than {MAX_STAGES} stages");
            return Err(DecodeError::new(WHAT, at(line), reason).over_limit());
        }
        self.stages.push(Stage { name: name.map(str::to_owned), base });
        Ok(())
    }

    /// What COPY --from or a mount takes its files from.
    fn other(&mut self, line: usize, from: &str) -> Result<(), DecodeError> {
        if self.stages.is_empty() {
            return Err(DecodeError::new(WHAT, at(line), "there is no FROM before it"));
        }
        // Of builders that expand variables here, some take the value of ENV, in this file or in the image below, before that of ARG.
        if from.contains(['$', '\\', '`', '"', '\'']) {
            self.advise(format!("name a stage, and take it from that: `FROM {from} AS files` before this stage, and `from=files`"));
            let reason = format!("not every builder takes variables, quotes or escapes in `from={from}`");
            return Err(DecodeError::new(WHAT, at(line), reason));
        }
        if let Ok(index) = from.parse::<usize>() {
            if from != index.to_string() {
                let reason =
                    format!("`from={from}` is not how builders write the number of a stage: write {index}");
                return Err(DecodeError::new(WHAT, at(line), reason));
            }
            // The stage that this stands in is none to copy from.
            if index + 1 < self.stages.len() {
                return Ok(());
            }
            return Err(DecodeError::new(
                WHAT,
                at(line),
                format!("there is no stage {index} before this one"),
            ));
        }
        let before = self.stages.split_last().map_or(&[][..], |(_, before)| before);
        if earlier(before, line, from)?.is_some() {
            return Ok(());
        }
        let later =
            self.names.iter().skip(self.stages.len()).flatten().any(|name| name.eq_ignore_ascii_case(from));
        if later {
            let reason =
                format!("`{from}` is the name of a later stage; not every builder takes it for that");
            return Err(DecodeError::new(WHAT, at(line), reason));
        }
        self.add(line, from.to_owned()).map(|_| ())
    }

    fn add(&mut self, line: usize, image: String) -> Result<Option<String>, DecodeError> {
        if image == SCRATCH {
            self.scratch += 1;
            return Ok(None);
        }
        if image.is_empty() {
            return Err(DecodeError::new(WHAT, at(line), "the name of the image is empty"));
        }
        if self.found.len() >= MAX_IMAGES {
            let reason = format!("more than {MAX_IMAGES} images");
            return Err(DecodeError::new(WHAT, at(line), reason).over_limit());
        }
        self.found.push(image.clone());
        self.lines.push(line);
        Ok(Some(image))
    }

    /// Says what would do.
    fn advise(&self, hint: String) {
        self.hint.replace(Some(hint));
    }

    /// `place`: where what declares a variable has to stand.
    fn expand(&self, line: usize, word: &str, place: &str) -> Result<String, DecodeError> {
        let variable = |name: &str| {
            let found = self.variable(name);
            if let Variable::Outside(_) = found {
                self.outside.borrow_mut().insert(name.to_owned());
            }
            found
        };
        words::expand(word, self.escape, &variable)
            .map_err(|unusable| self.unusable((line, place), word, unusable))
    }

    fn unusable(&self, (line, place): (usize, &str), word: &str, unusable: Unusable) -> DecodeError {
        let error = |reason: String| DecodeError::new(WHAT, at(line), reason);
        let advise = |hint: String| {
            self.hint.replace(Some(hint));
        };
        let from_outside =
            |name: &str| advise(format!("give it the value that the build gets: `--build-arg {name}=VALUE`"));
        let is_declared = |name: &str| self.global.contains_key(name) || self.local.contains_key(name);
        let declare = |name: &str| advise(format!("declare it {place}: `ARG {name}=VALUE`"));
        // A value from outside is for what the file declares where it is needed.
        match unusable {
            Unusable::Outside(name) => {
                if is_declared(&name) {
                    from_outside(&name)
                } else {
                    declare(&name)
                }
                error(format!(
                    "the variable `{name}` in `{word}` is set in the environment here, and a build does not see that"
                ))
            }
            Unusable::Unset(name) if self.unknown.contains(&name) => {
                from_outside(&name);
                error(format!("the variable `{name}` in `{word}` needs one that is not set"))
            }
            Unusable::Unset(name) if is_declared(&name) => {
                from_outside(&name);
                error(format!("the variable `{name}` in `{word}` is declared and has no value"))
            }
            Unusable::Unset(name) => {
                declare(&name);
                let why = match self.declared.contains(&name) {
                    true => ": ARG in a stage counts in that stage alone",
                    false => "",
                };
                error(format!("the variable `{name}` in `{word}` is not set{why}"))
            }
            Unusable::Other(why) => error(format!("`{word}` cannot be read: {why}")),
            Unusable::Limit(why) => error(format!("`{word}` is too much: {why}")).over_limit(),
        }
    }

    /// What is known of a variable: as the file says, as the environment says, as every builder says.
    fn variable(&self, name: &str) -> Variable {
        let of_file = match self.local.get(name) {
            Some(value) => value.clone(),
            None => self.global.get(name).cloned().flatten(),
        };
        if let Some(value) = of_file {
            return Variable::Known(value);
        }
        if self.unknown.contains(name) {
            return Variable::Unknown;
        }
        match (self.values.environment)(name) {
            Some(value) => Variable::Outside(value),
            None => self.platform(name),
        }
    }

    /// What a builder says of the platform that it builds for, which is its own unless it is told another.
    fn platform(&self, name: &str) -> Variable {
        let (architecture, variant) = self.values.architecture;
        let of_platform = |value: String| {
            self.platform.borrow_mut().insert(name.to_owned(), value.clone());
            Variable::Known(value)
        };
        match name.strip_prefix("BUILD").or_else(|| name.strip_prefix("TARGET")) {
            Some("ARCH") => of_platform(architecture.to_owned()),
            Some("OS") => Variable::Known("linux".to_owned()),
            Some("VARIANT") => of_platform(variant.to_owned()),
            Some("PLATFORM") if variant.is_empty() => of_platform(format!("linux/{architecture}")),
            Some("PLATFORM") => of_platform(format!("linux/{architecture}/{variant}")),
            Some("OSVERSION" | "STAGE") => Variable::Unknown,
            _ => Variable::Unset,
        }
    }
}

#[cfg(test)]
mod tests;
