//! iCalendar files that standards name.
//!
//! The journal stores them with the standard. So a recovery computes the same deadlines even if a
//! file was changed meanwhile, and a reload notices the change.

use std::cell::RefCell;
use std::io;
use std::path::Path;

/// The iCalendar files that were read, and those whose text is known already.
#[derive(Debug, Default)]
pub(super) struct CalendarFiles {
    known: Vec<(String, String)>,
    used: RefCell<Vec<(String, String)>>,
}

impl CalendarFiles {
    /// Separates the texts of iCalendar files from those of standards.
    pub(super) fn separate(files: &[(String, String)]) -> (CalendarFiles, Vec<&(String, String)>) {
        let (known, standards): (Vec<_>, Vec<_>) =
            files.iter().partition(|(_, text)| is_calendar(text));
        let known = known.into_iter().cloned().collect();
        (CalendarFiles { known, used: RefCell::default() }, standards)
    }

    /// Returns the text of a file: the known one, or else that on disk.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub(super) fn read(&self, path: &Path) -> io::Result<String> {
        let name = path.display().to_string();
        let known = self.known.iter().find(|(known, _)| *known == name);
        let text = match known {
            Some((_, text)) => text.clone(),
            None => decode_text(std::fs::read(path)?),
        };
        let mut used = self.used.borrow_mut();
        if !used.iter().any(|(known, _)| *known == name) {
            used.push((name, text.clone()));
        }
        Ok(text)
    }

    /// Returns the texts of the files that were read.
    pub(super) fn into_used(self) -> Vec<(String, String)> {
        self.used.into_inner()
    }
}

/// Decodes the text of a file. Some programs fold a line inside a character, so the lines of text that
/// is not UTF-8 are unfolded first.
fn decode_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut unfolded: Vec<u8> = Vec::new();
        for line in error.into_bytes().split_inclusive(|byte| *byte == b'\n') {
            if let [b' ' | b'\t', rest @ ..] = line {
                unfolded.pop_if(|byte| *byte == b'\n');
                unfolded.pop_if(|byte| *byte == b'\r');
                unfolded.extend_from_slice(rest);
            } else {
                unfolded.extend_from_slice(line);
            }
        }
        String::from_utf8_lossy(&unfolded).into_owned()
    })
}

fn is_calendar(text: &str) -> bool {
    const BEGIN: &str = "BEGIN:VCALENDAR";
    let text = text.trim_start_matches('\u{feff}');
    text.get(..BEGIN.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(BEGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_text_that_is_folded_inside_a_character() {
        let folded = b"SUMMARY:\xe7\x8f\r\n \xad\r\nEND:VEVENT\r\n".to_vec();
        assert_eq!(decode_text(folded), "SUMMARY:班\r\nEND:VEVENT\r\n");
    }

    #[test]
    fn tells_calendars_from_standards() {
        assert!(is_calendar("\u{feff}begin:vcalendar\r\n"));
        assert!(!is_calendar("name = 'BEGIN:VCALENDAR'") && !is_calendar(""));
    }
}
