//! Splits a stream of JSON into values in bounded memory: the elements of a list, objects one after
//! the other, or one object per line.
//!
//! Only brackets and quotes are read here. Whoever takes a value parses it and rejects what is not
//! JSON. What follows a value is read as the next one, so nothing is skipped silently.

use crate::ingest::decode::{EVENT_BYTES_MAX, too_long_reason};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of the start of a file that decide about its form.
pub const START_BYTES: u64 = 4 << 10;

/// Maximum number of keys named in the message about a missing list.
const NAMED_KEYS_MAX: usize = 12;

/// Returns true if JSON with this start has to be read value by value: a list of objects, or an object
/// over several lines. Otherwise each line is a value.
#[must_use]
pub fn spans_lines(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    match start.first() {
        Some(b'[') => is_json(start),
        Some(b'{') => {
            let end = memchr::memchr(b'\n', start);
            let last = end.and_then(|end| start[..end].trim_ascii_end().last());
            last.is_some_and(|last| b"{[,".contains(last))
        }
        _ => false,
    }
}

/// Returns true if a file with this start is JSON and no table: `[{`, `{"` or an empty list.
#[must_use]
pub fn is_json(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    let next = start.get(1..).unwrap_or_default().trim_ascii_start().first();
    match start.first() {
        Some(b'[') => matches!(next, None | Some(b'{' | b']')),
        Some(b'{') => matches!(next, None | Some(b'"' | b'}')),
        _ => false,
    }
}

/// Reads the values of a stream.
pub struct JsonValueReader<R> {
    input: BufReader<R>,
    /// Keys that lead to the values, outermost first.
    path: Vec<String>,
    /// True if each line is a value.
    by_line: bool,
    /// Lists and objects that are being read. There are at most two per key of the path.
    open: Vec<OpenValue>,
    /// Line of the next byte, counted from 1.
    line: u64,
    /// Text of the current value.
    text: Vec<u8>,
    /// True once the path was found.
    found: bool,
    /// Keys of the objects in which a key of the path was looked for.
    keys: Vec<String>,
}

/// A list or an object between its brackets.
#[derive(Clone, Copy)]
struct OpenValue {
    is_list: bool,
    /// Number of keys of the path that led here.
    steps: usize,
    line: u64,
}

/// A value with the line in which it begins, or the reason why it cannot be read.
pub struct JsonValue<'t> {
    /// Line, counted from 1.
    pub line: u64,
    /// Text without white space around it.
    pub text: Result<&'t [u8], String>,
}

/// What a key or a value has to do with the path.
enum NextStep {
    /// A value was found; its text is read.
    Value(u64, Result<(), String>),
    Nothing,
}

impl<R: Read> JsonValueReader<R> {
    /// Returns a reader of the values in the lists, or of the objects, at `path`. Without a path
    /// these are the elements of lists at the top level, and objects there.
    pub fn new(input: R, path: Vec<String>, by_line: bool) -> JsonValueReader<R> {
        JsonValueReader {
            input: BufReader::with_capacity(64 << 10, input),
            path,
            by_line,
            open: Vec::new(),
            line: 1,
            text: Vec::new(),
            found: false,
            keys: Vec::new(),
        }
    }

    /// Returns the next value, or `None` at the end.
    ///
    /// # Errors
    /// Returns the read error, or an error at the end if nothing was at the path.
    pub fn next_value(&mut self) -> io::Result<Option<JsonValue<'_>>> {
        loop {
            let Some(next) = self.skip_blanks()? else {
                let Some(open) = self.open.last().copied() else {
                    return self.check_path().map(|()| None);
                };
                self.open.clear();
                self.found = true;
                let kind = if open.is_list { "list" } else { "object" };
                let reason = format!(
                    "the file ends within the {kind} that begins in line {}; it is incomplete",
                    open.line
                );
                return Ok(Some(JsonValue { line: self.line, text: Err(reason) }));
            };
            let step = match self.open.last().copied() {
                Some(open) if open.is_list && next == b']' || !open.is_list && next == b'}' => {
                    self.take_byte()?;
                    self.open.pop();
                    NextStep::Nothing
                }
                Some(OpenValue { is_list: false, steps, .. }) => self.read_entry(next, steps)?,
                Some(OpenValue { is_list: true, steps, .. }) => self.begin_value(next, steps)?,
                None if self.by_line => {
                    let line = self.line;
                    NextStep::Value(line, self.read_line()?)
                }
                None => self.begin_value(next, 0)?,
            };
            if let NextStep::Value(line, read) = step {
                let text = self.text.trim_ascii();
                return Ok(Some(JsonValue { line, text: read.map(|()| text) }));
            }
        }
    }

    /// Reads the value that begins with `next`, or begins to read what is in it.
    fn begin_value(&mut self, next: u8, steps: usize) -> io::Result<NextStep> {
        let in_list = self.open.last().is_some_and(|open| open.is_list);
        let (at_end, line) = (steps == self.path.len(), self.line);
        self.found |= at_end;
        let is_list = next == b'[' && !in_list;
        if is_list || next == b'{' && !at_end {
            self.take_byte()?;
            self.open.push(OpenValue { is_list, steps, line });
            return Ok(NextStep::Nothing);
        }
        let read = self.read_value(next)?;
        let is_wanted = at_end || read.is_err();
        Ok(if is_wanted { NextStep::Value(line, read) } else { NextStep::Nothing })
    }

    /// Reads a key of an object, and its value if it is on the path. Skips other values.
    fn read_entry(&mut self, next: u8, steps: usize) -> io::Result<NextStep> {
        let line = self.line;
        if next != b'"' {
            let read = self.read_value(next)?;
            let reason = "this is not a key of an object; the file is not JSON".to_owned();
            return Ok(NextStep::Value(line, read.and(Err(reason))));
        }
        if let Err(reason) = self.read_value(next)? {
            return Ok(NextStep::Value(line, Err(reason)));
        }
        let key: String = serde_json::from_slice(&self.text)
            .unwrap_or_else(|_| String::from_utf8_lossy(&self.text).into_owned());
        if self.skip_blanks()? == Some(b':') {
            self.take_byte()?;
        }
        let Some(next) = self.skip_blanks()? else { return Ok(NextStep::Nothing) };
        let rest = &self.path[steps..];
        let taken = if rest.join(".") == key {
            rest.len()
        } else {
            usize::from(rest.first() == Some(&key))
        };
        if taken > 0 {
            return self.begin_value(next, steps + taken);
        }
        if self.keys.len() < NAMED_KEYS_MAX && !self.keys.contains(&key) {
            self.keys.push(key);
        }
        let line = self.line;
        // A value that is not needed may be of any length, but not incomplete.
        let read = self.skip_value(next)?;
        Ok(read.map_or_else(|reason| NextStep::Value(line, Err(reason)), |()| NextStep::Nothing))
    }

    /// Reads the text of a value. Fails if it is too long or if the file ends in it.
    fn read_value(&mut self, first: u8) -> io::Result<Result<(), String>> {
        let (length, complete) = self.scan_value(first, EVENT_BYTES_MAX)?;
        Ok(match self.check_complete(complete) {
            Ok(()) if length > EVENT_BYTES_MAX as u64 => Err(too_long_reason(length)),
            checked => checked,
        })
    }

    fn skip_value(&mut self, first: u8) -> io::Result<Result<(), String>> {
        let (_, complete) = self.scan_value(first, 0)?;
        Ok(self.check_complete(complete))
    }

    /// Fails if the file ended within a value. What contains the value is not reported as well.
    fn check_complete(&mut self, complete: bool) -> Result<(), String> {
        if complete {
            return Ok(());
        }
        self.open.clear();
        Err("the file ends within this value; it is incomplete".to_owned())
    }

    /// Reads to the end of a value. Stores up to `stored_max` bytes. Returns its length, and true
    /// if it is complete.
    fn scan_value(&mut self, first: u8, stored_max: usize) -> io::Result<(u64, bool)> {
        self.text.clear();
        let is_bracketed = matches!(first, b'{' | b'[');
        let (mut depth, mut quoted, mut escaped, mut length) = (0_u64, false, false, 0_u64);
        loop {
            let available = self.fill_buffer()?;
            if available.is_empty() {
                // A number or a word ends with the file.
                return Ok((length, !is_bracketed && !quoted && length > 0));
            }
            let mut end = None;
            for (at, byte) in available.iter().enumerate() {
                let begins = length == 0 && at == 0;
                if quoted {
                    quoted = escaped || *byte != b'"';
                    escaped = !escaped && *byte == b'\\';
                    if !quoted && depth == 0 {
                        end = Some(at + 1);
                        break;
                    }
                    continue;
                }
                match byte {
                    b'"' if begins || is_bracketed => quoted = true,
                    b'{' | b'[' if is_bracketed => depth += 1,
                    b'}' | b']' if is_bracketed => {
                        depth -= 1;
                        if depth == 0 {
                            end = Some(at + 1);
                            break;
                        }
                    }
                    // A word ends before these. It has at least one byte, whatever it is.
                    b',' | b'{' | b'[' | b'}' | b']' | b'"' if !is_bracketed && !begins => {
                        end = Some(at);
                        break;
                    }
                    byte if !is_bracketed && byte.is_ascii_whitespace() => {
                        end = Some(at);
                        break;
                    }
                    _ => {}
                }
            }
            let taken = end.unwrap_or(available.len());
            let stored = taken.min(stored_max.saturating_sub(self.text.len()));
            self.store_and_consume(taken, stored);
            length += taken as u64;
            if end.is_some() {
                return Ok((length, true));
            }
        }
    }

    /// Reads the rest of a line.
    fn read_line(&mut self) -> io::Result<Result<(), String>> {
        self.text.clear();
        let mut length = 0;
        loop {
            let available = self.fill_buffer()?;
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            let at_end = end.is_some() || available.is_empty();
            let stored = taken.min(EVENT_BYTES_MAX + 1 - self.text.len());
            self.store_and_consume(taken, stored);
            length += taken as u64;
            if at_end {
                return Ok(match length > EVENT_BYTES_MAX as u64 {
                    true => Err(too_long_reason(length)),
                    false => Ok(()),
                });
            }
        }
    }

    /// Skips white space and commas. Returns the byte after them, `None` at the end.
    fn skip_blanks(&mut self) -> io::Result<Option<u8>> {
        loop {
            let available = self.fill_buffer()?;
            if available.is_empty() {
                return Ok(None);
            }
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            match available.iter().position(|byte| !is_blank(byte)) {
                Some(at) => {
                    let next = available[at];
                    self.store_and_consume(at, 0);
                    return Ok(Some(next));
                }
                None => {
                    let all = available.len();
                    self.store_and_consume(all, 0);
                }
            }
        }
    }

    fn take_byte(&mut self) -> io::Result<()> {
        self.fill_buffer()?;
        self.store_and_consume(1, 0);
        Ok(())
    }

    /// Returns the buffered bytes, which are empty only at the end.
    fn fill_buffer(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        self.input.fill_buf()
    }

    fn store_and_consume(&mut self, bytes: usize, stored: usize) {
        let taken = &self.input.buffer()[..bytes];
        self.line += memchr::memchr_iter(b'\n', taken).count() as u64;
        self.text.extend_from_slice(&taken[..stored]);
        self.input.consume(bytes);
    }

    /// Fails if the path was never found.
    fn check_path(&self) -> io::Result<()> {
        if self.found || self.path.is_empty() || self.line == 1 && self.keys.is_empty() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "nothing is at `rows = \"{}\"`; the objects have: {}",
                self.path.join("."),
                self.keys.join(", ")
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::slow_reader::SlowReader;

    /// Returns each value with its line, or the reason why it cannot be read.
    fn read_values(text: &str, path: &str, by_line: bool) -> Vec<String> {
        let path: Vec<String> =
            path.split('.').filter(|key| !key.is_empty()).map(String::from).collect();
        let read = |input: &mut dyn Read| {
            let mut reader = JsonValueReader::new(input, path.clone(), by_line);
            let mut values = Vec::new();
            loop {
                match reader.next_value() {
                    Ok(Some(value)) => values.push(match value.text {
                        Ok(text) => format!("{}: {}", value.line, String::from_utf8_lossy(text)),
                        Err(reason) => format!("{}! {reason}", value.line),
                    }),
                    Ok(None) => return values,
                    Err(error) => {
                        values.push(error.to_string());
                        return values;
                    }
                }
            }
        };
        let values = read(&mut text.as_bytes());
        assert_eq!(read(&mut SlowReader::new(text.as_bytes(), 1)), values, "{text}");
        values
    }

    #[test]
    fn splits_lists_and_objects_over_several_lines() {
        assert_eq!(
            read_values("[\n  {\"a\": \"],}\\\"\"},\n  {\n    \"b\": [1, {}]\n  }\n]\n", "", false),
            ["2: {\"a\": \"],}\\\"\"}", "3: {\n    \"b\": [1, {}]\n  }"]
        );
        assert_eq!(read_values("{\n}\n{\n}", "", false), ["1: {\n}", "3: {\n}"]);
        assert_eq!(read_values("[{}][{}]\n[]", "", false), ["1: {}", "1: {}"]);
        assert_eq!(read_values(" [] ", "", false), [""; 0]);
        assert_eq!(read_values("", "", false), [""; 0]);
    }

    #[test]
    fn never_skips_what_is_not_json() {
        assert_eq!(
            read_values("[1, \"a b\", null,, {} {} x]}]", "", false),
            ["1: 1", "1: \"a b\"", "1: null", "1: {}", "1: {}", "1: x", "1: }", "1: ]"]
        );
        for (text, last) in [
            ("[{},\n{\"a\":", "2! the file ends within this value; it is incomplete"),
            (
                "[\n{},\n",
                "3! the file ends within the list that begins in line 1; it is incomplete",
            ),
            ("[\"a", "1! the file ends within this value; it is incomplete"),
        ] {
            assert_eq!(
                read_values(text, "", false).last().map(String::as_str),
                Some(last),
                "{text}"
            );
        }
        let long = format!("[\"{}\",\n{{}}]", "x".repeat(EVENT_BYTES_MAX));
        let values = read_values(&long, "", false);
        assert!(values[0].starts_with("1! longer than 1048576 bytes"), "{}", values[0]);
        assert_eq!(values[1..], ["2: {}"]);
    }

    #[test]
    fn follows_path_to_lists_and_objects() {
        let page = |rows: &str| {
            format!("{{\"page\":{{\"rows\":[9]}},\"data\":{{\"n\":1,\"rows\":{rows}}}}}\n")
        };
        let text = page("[{\"a\":1},\n{\"a\":2}]") + &page("[]") + &page("{\"a\":3}");
        assert_eq!(
            read_values(&text, "data.rows", false),
            ["1: {\"a\":1}", "2: {\"a\":2}", "4: {\"a\":3}"]
        );
        assert_eq!(read_values("{\"data.rows\":[{}]}", "data.rows", false), ["1: {}"]);
        assert_eq!(
            read_values("[{\"calls\":[1]},{\"calls\":[2]}]", "calls", false),
            ["1: 1", "1: 2"]
        );
        assert_eq!(
            read_values("{\"items\":[{}],\"next\":null}", "rows", false),
            ["nothing is at `rows = \"rows\"`; the objects have: items, next"]
        );
        assert!(read_values("{\"rows\":[{}],\"next\":", "rows", false)[1].contains("ends within"));
        assert!(read_values("{rows:[{}]}", "rows", false)[0].contains("not a key"));
    }

    #[test]
    fn broken_line_does_not_affect_next_line() {
        assert_eq!(
            read_values("{\"a\":\n\n {\"b\":1} \r\n{}", "", true),
            ["1: {\"a\":", "3: {\"b\":1}", "4: {}"]
        );
    }

    #[test]
    fn recognizes_forms_of_json() {
        for start in ["[", "\n [{", "{\n", "{ \r\n  \"a\"", "{\"a\": [\n", "{\"a\":1,\n\"b\""] {
            assert!(spans_lines(start.as_bytes()), "{start}");
        }
        for start in ["{\"a\":1}\n", "{\"a\":", "{\"a\":\n{", "", "id,a\n", "{", "[[", "[1]"] {
            assert!(!spans_lines(start.as_bytes()), "{start}");
        }
        for start in ["[{", "[ ]", "{\"a\"", "{\n  \"", "{}"] {
            assert!(is_json(start.as_bytes()), "{start}");
        }
        for start in ["[id],[at]", "{x};y", "id", "", "[1]"] {
            assert!(!is_json(start.as_bytes()), "{start}");
        }
    }
}
