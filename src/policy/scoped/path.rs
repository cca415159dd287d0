//! Places in a policy file, for messages.

/// A step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a member, by its name.
    Member(String),
    /// Into an item, the first one 0.
    Item(usize),
}

/// The way from the whole file to a value in it. Displays as `scopes[0].signatures`; the whole file as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The steps, the first one from the whole file.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The name of the member that it leads to.
    pub(super) fn name(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Member(name)) => Some(name),
            Some(Step::Item(_)) | None => None,
        }
    }

    /// The place of a member.
    pub fn member(&self, name: &str) -> Self {
        self.with(Step::Member(name.to_owned()))
    }

    /// The place of an item.
    pub fn item(&self, number: usize) -> Self {
        self.with(Step::Item(number))
    }

    /// The place that it is in; of the whole file, the whole file.
    pub(super) fn parent(&self) -> Self {
        Self(self.0.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default())
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(item) => write!(f, "[{item}]")?,
                // A point in a name is none between two.
                Step::Member(name) if name.is_empty() || !name.chars().all(is_plain) => {
                    write!(f, "[{name:?}]")?;
                }
                Step::Member(name) if number == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a policy file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The place.
    pub path: Path,
    /// What is wrong there, in words.
    pub reason: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Fault {
    /// That something is wrong at a place.
    pub fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.clone(), reason: reason.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
