//! `help`: of the program, a group, a command or a topic; and the manual.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::args::{not_empty, root::RootArgs};
use super::render;
use super::run::Request;
use super::topics;
use super::tree::{self, CommandArgs, Named};
use crate::commands::{Error, ErrorKind};
use crate::storage::{Access, PendingFile};

/// Show help for a command, a group of commands or a topic
#[derive(Debug, clap::Args)]
pub struct HelpArgs {
    /// Command, group or topic to show help for; without one, all of them are listed
    #[arg(value_name = "[COMMAND|TOPIC]", id = "topic")]
    pub topic: Vec<OsString>,
    /// Write the manual pages of all commands below this folder, into man1 and man7
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub man: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for HelpArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let words = words(&self.topic);
        match not_empty("--man", &self.man)? {
            None => Ok(Request::Help(words)),
            Some(folder) if words.is_empty() => Ok(Request::Manual(folder)),
            Some(_) => Err(Error::usage("--man writes the pages of all commands, and one was named")
                .hint("leave out --man or the name of the command")),
        }
    }
}

/// The words of what help is asked for; `help "bundle create"` is `help bundle create`.
fn words(topic: &[OsString]) -> Vec<OsString> {
    let split = |word: &OsString| match word.to_str() {
        Some(text) if text.contains(' ') => text.split_whitespace().map(OsString::from).collect(),
        _ => vec![word.clone()],
    };
    topic.iter().flat_map(split).collect()
}

/// Help for a command, a group or a topic, or for the program.
///
/// # Errors
/// There is no such thing, and words that follow it.
pub fn show(program: &str, topic: &[OsString]) -> Result<String, Error> {
    let mut words = topic.iter().cloned();
    let Some(word) = words.next() else { return Ok(render::root_help(program)) };
    let text = match topics::named(&word) {
        Some(topic) => render::topic_help(program, topic),
        None => match tree::named(&word, |_| words.next()).map_err(|error| with_topics(error, &word))? {
            Named::Command(command) => render::command_help(program, &command),
            Named::Group(group, about) => render::group_help(program, group, about),
        },
    };
    match words.next() {
        None => Ok(text),
        Some(more) => Err(Error::usage(format!("`{}` is one argument too many", more.to_string_lossy()))
            .hint("`help` shows one command or topic at a time; without a name it lists them")),
    }
}

/// The error for a word that is no command says of which topic it may be a misspelling.
fn with_topics(mut error: Error, word: &OsStr) -> Error {
    let word = word.to_string_lossy();
    if tree::is_group(&word) {
        return error;
    }
    let suggested = error.hints.iter().any(|hint| hint.starts_with("did you mean"));
    if !tree::is_elsewhere(&word) {
        error.message = format!("there is no command or topic `{word}`");
        if let (false, Some(name)) = (suggested, topics::closest(&word)) {
            error.hints = vec![format!("did you mean `{name}`?")];
        } else if !suggested {
            error.hints = vec!["`help` lists the commands and topics".to_owned()];
        }
    }
    error
}

/// Writes the manual below `folder`, which is made if it is missing, as `man` looks for it: commands in `man1`, concepts in
/// `man7`. Says what was written.
///
/// # Errors
/// A folder cannot be made, and a page that cannot be written.
pub fn write_manual(folder: &Path) -> Result<String, Error> {
    let pages = render::manual();
    for (name, page) in &pages {
        // The section is what the name ends in.
        let section = folder.join(format!("man{}", name.rsplit('.').next().unwrap_or_default()));
        make(&section)?;
        let mut file = PendingFile::create(&section.join(name), Access::Everyone)
            .map_err(|error| Error::output(&error))?;
        file.push(page.as_bytes());
        file.commit().map_err(|error| Error::output(&error))?;
    }
    let shown = folder.display();
    Ok(format!("Wrote {} manual pages to {shown}: they are found with MANPATH={shown}:", pages.len()))
}

fn make(folder: &Path) -> Result<(), Error> {
    let failed = || Error::new(ErrorKind::Format, format!("cannot make the folder `{}`", folder.display()));
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(file) = folder.ancestors().find(|path| path.is_file()) {
        return Err(failed().cause(format!("`{}` is a file, not a folder", file.display())));
    }
    std::fs::create_dir_all(folder).map_err(|error| failed().caused_by(&error))
}
