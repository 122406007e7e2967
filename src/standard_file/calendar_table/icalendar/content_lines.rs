//! Content lines of an iCalendar file: unfolding, and splitting into name, parameters and value.

use crate::domain::time::timestamp::truncate_for_message;
use crate::standard_file::calendar_table::icalendar::FileProblem;

/// A property, as in `DTSTART;VALUE=DATE:20261001`.
#[derive(Debug)]
pub(super) struct ContentLine<'l> {
    /// Line in the file, counted from 1.
    pub(super) line: usize,
    /// Name in upper case.
    pub(super) name: String,
    /// Parameters, as in `;VALUE=DATE`. They are separated by semicolons.
    parameters: &'l str,
    /// Value as written.
    pub(super) value: &'l str,
}

impl<'l> ContentLine<'l> {
    /// Splits an unfolded line.
    ///
    /// # Errors
    ///
    /// Returns a problem if the line has no colon outside of quotes.
    pub(super) fn parse(line: usize, text: &'l str) -> Result<ContentLine<'l>, FileProblem> {
        let mut quoted = false;
        let colon = text.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        });
        let Some(colon) = colon else {
            let text = truncate_for_message(text);
            let problem = format!("`{text}` is not an iCalendar line, as in `SUMMARY:New Year`");
            return Err((line, problem));
        };
        let head = &text[..colon];
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        Ok(ContentLine {
            line,
            name: name.trim().to_ascii_uppercase(),
            parameters,
            value: text[colon + 1..].trim(),
        })
    }

    /// Returns the value of a parameter without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&'l str> {
        let mut parameters = self.parameters.split(';').filter_map(|text| text.split_once('='));
        parameters
            .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches('"'))
    }

    /// Returns the value without the escapes of texts: `\,`, `\;`, `\\` and `\n`.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut escaped = false;
        for c in self.value.chars() {
            match c {
                '\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                'n' | 'N' if escaped => text.push('\n'),
                _ => text.push(c),
            }
            escaped = false;
        }
        text
    }

    /// Returns the entries of a list, which are separated by commas that are not escaped.
    pub(super) fn text_list(&self) -> Vec<String> {
        let mut escaped = false;
        let is_separator = |c: char| {
            let separates = c == ',' && !escaped;
            escaped = c == '\\' && !escaped;
            separates
        };
        let entry = |value: &'l str| ContentLine {
            line: self.line,
            name: String::new(),
            parameters: "",
            value: value.trim(),
        };
        self.value.split(is_separator).map(|value| entry(value).text()).collect()
    }
}

/// Unfolds the lines and numbers them. A line that begins with a space continues the previous line,
/// even within a character.
pub(super) fn unfold_lines(text: &[u8]) -> Vec<(usize, String)> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some((_, previous))) => previous.extend_from_slice(rest),
            ([], _) => {}
            _ => lines.push((number + 1, line.to_vec())),
        }
    }
    lines
        .into_iter()
        .map(|(number, line)| (number, String::from_utf8_lossy(&line).into_owned()))
        .collect()
}
