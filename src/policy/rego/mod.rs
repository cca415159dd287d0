//! Rego, by regorus: modules of version 0 unless they import `rego.v1`, and `data.signature.allow` as the question.
//!
//! regorus finds at run time, or not at all, what OPA's compiler refuses before it evaluates anything. `check/` refuses it here:
//! a policy that the peer does not compile must not pass.

mod builtins;
mod check;
mod data;
mod explain;

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};

use regorus::unstable::Module;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, PolicyLengthConfig, Value};

use super::decision::{By, Refusal, Unmet};
use super::input::Document;
use super::{Error, Language, PolicyFile};
use crate::crypto::UnixTime;
use builtins::Undecided;

/// What is asked.
const QUERY: &str = "data.signature.allow";
/// The package and the rule that hold the answer.
const PACKAGE: &str = "data.signature";
const RULE: &str = "allow";
/// Bytes of a policy file.
const FILE_SIZE: usize = 1 << 20;
/// Bytes of a line: certificates and keys stand in one.
const LINE_LENGTH: u32 = 1 << 20;
const LINES: usize = 20_000;

/// Modules that were read and checked, with the data beside them.
#[derive(Clone)]
pub(super) struct Program {
    engine: Engine,
    /// The modules as they are written; those of `engine` may say the same in other words.
    written: Engine,
    now: UnixTime,
    /// Whether a module has the rule that answers.
    is_answered: bool,
    /// Why that is never `true`.
    never: Option<String>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    /// Reads modules and data; `now` is what `time.now_ns` says.
    ///
    /// # Errors
    /// A file that is no Rego, or a module that OPA would not compile; data that cannot be read.
    pub(super) fn new(files: Vec<PolicyFile>, data: Vec<PolicyFile>, now: UnixTime) -> Result<Self, Error> {
        let mut texts = Vec::new();
        for PolicyFile { name, bytes } in files {
            let text = String::from_utf8(bytes)
                .map_err(|e| Error::Text { file: name.clone(), at: e.utf8_error().valid_up_to() })?;
            check::text(&name, &text)?;
            texts.push((name, text));
        }
        check::grammar(&texts)?;
        let mut written = read(&texts)?;
        check::modules(written.get_modules())?;
        let mut engine = in_words_of_regorus(written.clone(), texts)?;
        let packages = check::packages(written.get_modules());
        for file in data {
            let name = file.name.clone();
            engine
                .add_data(data::document(file, &packages)?)
                .map_err(|e| Error::Data { file: name, reason: explain::line(&e) })?;
        }
        if check::is_now_replaced(written.get_modules()) {
            let time = Value::from(i128::from(now.seconds()) * 1_000_000_000);
            let document = BTreeMap::from([(Value::from(check::now_document()), time)]);
            engine.add_data(Value::from(document)).map_err(|e| explain::error("policy", &e))?;
        }
        let is_answered = check::has_rule(engine.get_modules(), PACKAGE, RULE);
        let never = check::never_true(written.get_modules(), PACKAGE, RULE);
        let program = Self { engine, written, now, is_answered, never };
        program.compile()?;
        Ok(program)
    }

    /// Compiles the modules, which is done again for each evaluation, so that what is wrong with them is said before anything is
    /// fetched. No rule is evaluated for this.
    fn compile(&self) -> Result<(), Error> {
        let mut engine = self.engine.clone();
        builtins::add(&mut engine, self.now, &Undecided::default())
            .map_err(|e| explain::error("policy", &e))?;
        match engine.eval_query("true".to_owned(), false) {
            Ok(_) => Ok(()),
            Err(error) => Err(explain::error("policy", &error)),
        }
    }

    /// Why no document can pass: there is no rule that answers, or none that is ever `true`.
    pub(super) fn unanswered(&self) -> Option<String> {
        if self.is_answered { self.never.clone() } else { Some(no_rule()) }
    }

    /// Evaluates the question for a document: only `true` is an answer that passes.
    ///
    /// # Errors
    /// Every other outcome.
    pub(super) fn evaluate(mut self, document: &Document) -> Result<(), Refusal> {
        let refusal = |reason: String, details| {
            Err(Refusal::Unmet(Unmet { details, ..Unmet::new(By::Language(Language::Rego), reason) }))
        };
        let input = match Value::from_json_str(document.text()) {
            Ok(input) => input,
            Err(error) => return refusal(format!("the statement cannot be read: {error}"), Vec::new()),
        };
        if !self.is_answered {
            let reason = format!("result is undefined for query '{QUERY}'");
            return refusal(reason, vec![no_rule()]);
        }
        let undecided = Undecided::default();
        if let Err(error) = builtins::add(&mut self.engine, self.now, &undecided) {
            return refusal(explain::line(&error), Vec::new());
        }
        if builtins::is_spelled(document.text()) {
            undecided.spelled("a number of the statement with an exponent".to_owned());
        }
        if let Some(number) = check::spelled_number(self.written.get_modules()) {
            undecided.spelled(number);
        }
        if let Some(what) = check::telling(self.written.get_modules()) {
            undecided.telling(what);
        }
        self.engine.set_input(input.clone());
        // What it prints is for nobody.
        self.engine.set_gather_prints(true);
        self.engine.set_execution_timer_config(timer());
        let outcome = self.engine.eval_rule(QUERY.to_owned());
        if let Some(reason) = undecided.limit() {
            return Err(Refusal::Error(Error::Limit { reason }));
        }
        if let Some(reason) = undecided.reason() {
            return refusal(format!("this cannot be decided as cosign does: {reason}"), Vec::new());
        }
        let reason = match &outcome {
            Ok(Value::Bool(true)) => return Ok(()),
            Ok(Value::Undefined) => format!("result is undefined for query '{QUERY}'"),
            Ok(value) => format!("expression value, {}, is not true", explain::short(value)),
            Err(error) => match error.downcast_ref::<regorus::LimitError>() {
                Some(limit) => {
                    return Err(Refusal::Error(Error::Limit { reason: limit.to_string() }));
                }
                None => explain::line(error),
            },
        };
        let mut details: Vec<_> = self.never.iter().cloned().collect();
        match outcome {
            Ok(Value::Undefined | Value::Bool(_)) if self.never.is_none() => {
                details.extend(explain::details(&mut self.engine, &mut self.written, &input));
                details.extend(undecided.whys());
            }
            // The rule holds, and says something else than `true`.
            Ok(value) if self.never.is_none() => details.push(explain::other(RULE, &value)),
            _ => {}
        }
        refusal(reason, details)
    }
}

fn no_rule() -> String {
    format!("no file has a rule `{RULE}` in `package signature`")
}

/// Reads modules, by the rules of the peer.
fn read(texts: &[(String, String)]) -> Result<Engine, Error> {
    let mut engine = Engine::new();
    engine.set_rego_v0(true);
    // An error ends the evaluation. What is undefined in OPA, as for what a function cannot make sense of, is no error of ours.
    engine.set_strict_builtin_errors(true);
    engine.set_policy_length_config(lengths());
    for (name, text) in texts {
        engine.add_policy(name.clone(), text.clone()).map_err(|e| explain::error(name, &e))?;
    }
    Ok(engine)
}

/// The text of a module in other words; `None` where they are the same.
type Rewrite = fn(&Module, &str) -> Option<String>;

/// The modules as regorus has to read them: arithmetic as calls, and negations written out, the innermost first.
fn in_words_of_regorus(mut engine: Engine, mut texts: Vec<(String, String)>) -> Result<Engine, Error> {
    let is_now_replaced = check::is_now_replaced(engine.get_modules());
    let now: &[Rewrite] = if is_now_replaced { &[check::as_data] } else { &[] };
    let always: &[Rewrite] = &[check::left_out, check::with_result, check::as_calls];
    for write in now.iter().chain(always) {
        let modules = engine.get_modules().clone();
        for (module, (_, text)) in modules.iter().zip(&mut texts) {
            if let Some(new) = write(module, text) {
                *text = new;
            }
        }
        engine = read(&texts)?;
    }
    check::are_calls(engine.get_modules())?;
    let mut count = 0;
    loop {
        let mut changed = false;
        for (module, (_, text)) in engine.get_modules().iter().zip(&mut texts) {
            if let Some(new) = check::written_out(module, text, &mut count) {
                *text = new;
                changed = true;
            }
        }
        if !changed {
            check::are_written_out(engine.get_modules())?;
            return Ok(engine);
        }
        engine = read(&texts)?;
    }
}

fn lengths() -> PolicyLengthConfig {
    let default = PolicyLengthConfig::default();
    PolicyLengthConfig {
        max_col: NonZeroU32::new(LINE_LENGTH).unwrap_or(default.max_col),
        max_file_bytes: NonZeroUsize::new(FILE_SIZE).unwrap_or(default.max_file_bytes),
        max_lines: NonZeroUsize::new(LINES).unwrap_or(default.max_lines),
    }
}

/// regorus ends an evaluation by itself as well, a little before the guard gives it up.
fn timer() -> ExecutionTimerConfig {
    let limit = super::guard::TIME.saturating_sub(std::time::Duration::from_secs(1));
    ExecutionTimerConfig { limit, check_interval: NonZeroU32::MIN.saturating_add(999) }
}
