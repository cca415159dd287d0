//! Commands and answers (ISO 7816-4 section 5; NIST SP 800-73-4 part 2 section 4): long commands are sent in pieces, long answers
//! are fetched in pieces, and a card that never ends is left alone.

use super::PivFailure;
use crate::crypto::{DecodeError, Secret};

/// Where commands go: a card in a reader, or what stands in for one.
pub(in crate::keys) trait CardTransport: Send {
    /// Sends one command of at most 261 bytes and waits for the answer, whose last two bytes are the status word.
    ///
    /// # Errors
    /// The card or what leads to it does not answer.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, PivFailure>;
}

/// One more command follows (section 5.1.1.1).
const CHAINED: u8 = 0x10;
/// What one command carries.
const MAX_DATA: usize = 255;
const GET_RESPONSE: u8 = 0xC0;
/// More than any object of a PIV token (NIST SP 800-73-4 part 1 appendix A names 12710 bytes at most).
const MAX_ANSWER: usize = 1 << 15;
/// Pieces of an answer; with empty ones a card could go on for ever.
const MAX_PIECES: usize = 160;

/// All went well.
pub(super) const OK: u16 = 0x9000;

/// A command.
pub(super) struct Command {
    pub ins: u8,
    pub p1: u8,
    pub p2: u8,
    pub data: Secret,
    /// Whether data comes back.
    pub expects: bool,
}

impl Command {
    /// One that expects data.
    pub fn new(ins: u8, p1: u8, p2: u8, data: &[u8]) -> Self {
        Self { ins, p1, p2, data: Secret::new(data.to_vec()), expects: true }
    }

    /// The same, expecting none.
    pub fn quiet(self) -> Self {
        Self { expects: false, ..self }
    }
}

/// What a card answered.
pub(super) struct Answer {
    pub data: Secret,
    pub status: u16,
}

/// Sends a command and collects its answer.
///
/// # Errors
/// The transport fails; the answer has no status word, is longer than any, or does not end.
pub(super) fn exchange(transport: &mut dyn CardTransport, command: &Command) -> Result<Answer, PivFailure> {
    let mut pieces = command.data.expose().chunks(MAX_DATA).peekable();
    let mut last: &[u8] = &[];
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            last = piece;
            break;
        }
        let answer = send(transport, &encode(CHAINED, command, piece, None))?;
        if answer.status != OK {
            return Ok(answer);
        }
    }
    let expected = command.expects.then_some(0);
    let mut answer = send(transport, &encode(0, command, last, expected))?;
    // The right length, told instead of an answer (section 5.3.2).
    if let [0x6C, length] = answer.status.to_be_bytes() {
        answer = send(transport, &encode(0, command, last, Some(length)))?;
    }
    let mut data = answer.data.expose().to_vec();
    for _ in 0..MAX_PIECES {
        let [0x61, length] = answer.status.to_be_bytes() else {
            return Ok(Answer { data: Secret::new(data), status: answer.status });
        };
        let next = Secret::new(vec![0, GET_RESPONSE, 0, 0, length]);
        answer = send(transport, &next)?;
        data.extend_from_slice(answer.data.expose());
        if data.len() > MAX_ANSWER {
            break;
        }
    }
    let data = Secret::new(data);
    let reason = format!("{} bytes in {MAX_PIECES} pieces or less, and it does not end", data.expose().len());
    Err(DecodeError::whole("answer", reason).over_limit().into())
}

fn encode(class: u8, command: &Command, data: &[u8], expected: Option<u8>) -> Secret {
    let mut bytes = Vec::with_capacity(6 + data.len());
    bytes.extend([class, command.ins, command.p1, command.p2]);
    if !data.is_empty() {
        // A piece has 255 bytes at most.
        bytes.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(data);
    }
    bytes.extend(expected);
    Secret::new(bytes)
}

fn send(transport: &mut dyn CardTransport, command: &Secret) -> Result<Answer, PivFailure> {
    let answer = Secret::new(transport.transmit(command.expose())?);
    match answer.expose().split_last_chunk() {
        Some((data, status)) if data.len() <= MAX_DATA + 1 => {
            Ok(Answer { data: Secret::new(data.to_vec()), status: u16::from_be_bytes(*status) })
        }
        Some((data, _)) => {
            let reason = format!("{} bytes in one piece", data.len());
            Err(DecodeError::whole("answer", reason).over_limit().into())
        }
        None => Err(DecodeError::whole("answer", "it has no status word").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers what it is told to, and keeps what it was sent.
    struct Script {
        answers: Vec<Vec<u8>>,
        sent: Vec<String>,
    }

    impl CardTransport for Script {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, PivFailure> {
            self.sent.push(hex::encode(command));
            Ok(if self.answers.len() > 1 { self.answers.remove(0) } else { self.answers[0].clone() })
        }
    }

    fn play(command: &Command, answers: &[&str]) -> (Result<(String, u16), String>, Vec<String>) {
        let answers = answers.iter().map(|text| hex::decode(text).unwrap()).collect();
        let mut script = Script { answers, sent: Vec::new() };
        let answer = exchange(&mut script, command);
        let answer = answer.map(|answer| (hex::encode(answer.data.expose()), answer.status));
        (answer.map_err(|error| format!("{error:?}")), script.sent)
    }

    /// The forms of NIST SP 800-73-4 part 2: SELECT (section 3.1.1), GET DATA (3.1.2), VERIFY (3.2.1) and command chaining (appendix A.4).
    #[test]
    fn forms_of_commands() {
        let select = Command::new(0xA4, 4, 0, &hex::decode("a00000030800001000").unwrap());
        let (answer, sent) = play(&select, &["9000"]);
        assert_eq!(
            (answer.unwrap(), sent),
            ((String::new(), OK), vec!["00a4040009a0000003080000100000".into()])
        );
        let get = Command::new(0xCB, 0x3F, 0xFF, &[0x5C, 3, 0x5F, 0xC1, 0x0A]);
        assert_eq!(play(&get, &["5300 9000".replace(' ', "").as_str()]).1, ["00cb3fff055c035fc10a00"]);
        let verify = Command::new(0x20, 0, 0x80, b"123456\xff\xff").quiet();
        assert_eq!(play(&verify, &["63c2"]).0.unwrap(), (String::new(), 0x63C2));
        assert_eq!(play(&verify, &["9000"]).1, ["0020008008313233343536ffff"]);
        let long = Command::new(0xDB, 0x3F, 0xFF, &[7; 600]).quiet();
        let sevens = |count| "07".repeat(count);
        assert_eq!(
            play(&long, &["9000"]).1,
            [
                format!("10db3fffff{}", sevens(255)),
                format!("10db3fffff{}", sevens(255)),
                format!("00db3fff5a{}", sevens(90))
            ]
        );
        // A card that refuses a piece is not sent the next one.
        let (answer, sent) = play(&long, &["6884", "9000"]);
        assert_eq!((answer.unwrap().1, sent.len()), (0x6884, 1));
    }

    #[test]
    fn long_answers_are_fetched() {
        let get = Command::new(0xCB, 0x3F, 0xFF, &[1]);
        let (answer, sent) = play(&get, &["01026103", "0304056101", "069000"]);
        assert_eq!(answer.unwrap(), ("010203040506".into(), OK));
        assert_eq!(sent[1..], ["00c0000003", "00c0000001"]);
        let (answer, sent) = play(&get, &["6c05", "01020304059000"]);
        assert_eq!(answer.unwrap(), ("0102030405".into(), OK));
        assert_eq!(sent, ["00cb3fff010100", "00cb3fff010105"]);
        // Twice told another length: the card is left alone.
        assert_eq!(play(&get, &["6c05", "6c05"]).0.unwrap().1, 0x6C05);
        assert_eq!(play(&get, &["6101", "6a82"]).0.unwrap().1, 0x6A82);
    }

    #[test]
    fn cards_that_never_end_or_say_nothing() {
        let get = Command::new(0xCB, 0x3F, 0xFF, &[1]);
        let (answer, sent) = play(&get, &["6100"]);
        assert!(answer.unwrap_err().contains("does not end"));
        assert_eq!(sent.len(), 1 + MAX_PIECES);
        let full = format!("{}6100", "00".repeat(256));
        let (answer, sent) = play(&get, &[&full]);
        assert!(answer.unwrap_err().contains("does not end"));
        assert!(sent.len() < 140);
        assert!(play(&get, &["90"]).0.unwrap_err().contains("no status word"));
        assert!(play(&get, &[""]).0.unwrap_err().contains("no status word"));
        assert!(play(&get, &[&format!("{}9000", "00".repeat(257))]).0.unwrap_err().contains("one piece"));
    }
}
