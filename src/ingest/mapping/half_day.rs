//! Words for the half of the day, as exports of several languages write them around a time.

/// A part of the day that a word names.
#[derive(Clone, Copy, PartialEq, Debug)]
enum DayPart {
    Morning,
    Afternoon,
    /// Around noon: 11 is before it, 12 to 2 are after it.
    Noon,
    /// 5 to 11 in the evening. Other hours could be of the next day.
    Evening,
}

/// Words besides `AM` and `PM`, which the time formats know themselves. ASCII words are in lower
/// case. The first word that occurs in a text counts.
const WORDS: &[(&str, DayPart)] = &[
    ("上午", DayPart::Morning),
    ("下午", DayPart::Afternoon),
    ("凌晨", DayPart::Morning),
    ("清晨", DayPart::Morning),
    ("早上", DayPart::Morning),
    ("早晨", DayPart::Morning),
    ("中午", DayPart::Noon),
    ("傍晚", DayPart::Afternoon),
    ("晚上", DayPart::Evening),
    ("午前", DayPart::Morning),
    ("午後", DayPart::Afternoon),
    ("오전", DayPart::Morning),
    ("오후", DayPart::Afternoon),
    ("π.μ.", DayPart::Morning),
    ("μ.μ.", DayPart::Afternoon),
    ("a.m.", DayPart::Morning),
    ("p.m.", DayPart::Afternoon),
    ("a. m.", DayPart::Morning),
    ("p. m.", DayPart::Afternoon),
    ("vorm.", DayPart::Morning),
    ("nachm.", DayPart::Afternoon),
];

/// Returns the first word for the half of the day in a text, with its position.
pub(super) fn find_word(text: &str) -> Option<(usize, &'static str)> {
    // The lower case of ASCII has the same length.
    let lower = text.to_ascii_lowercase();
    WORDS.iter().find_map(|(word, _)| lower.find(word).map(|at| (at, *word)))
}

/// Replaces the word for the half of the day at `at` by `AM` or `PM`. Returns `None` if the hour
/// after the word does not fit it, or leaves the half open.
pub(super) fn replace_word(text: &str, at: usize, word: &str) -> Option<String> {
    let (before, after) = (text.get(..at)?, text.get(at + word.len()..)?);
    let digits: String =
        after.trim_start().chars().take_while(char::is_ascii_digit).take(2).collect();
    let hour: Option<u8> = digits.parse().ok();
    let part = WORDS.iter().find(|(known, _)| *known == word)?.1;
    let half = match (part, hour) {
        (DayPart::Morning, Some(13..)) => return None,
        (DayPart::Morning, _) | (DayPart::Noon, Some(11)) => "AM",
        (DayPart::Afternoon, _)
        | (DayPart::Noon, Some(12..=14 | 1..=2))
        | (DayPart::Evening, Some(5..=11 | 17..=23)) => "PM",
        (DayPart::Noon | DayPart::Evening, _) => return None,
    };
    Some(format!("{before}{half}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Option<String> {
        let (at, word) = find_word(text)?;
        replace_word(text, at, word)
    }

    #[test]
    fn words_become_halves_of_the_day() {
        for (text, expected) in [
            ("下午1:05", "PM1:05"),
            ("上午12:05", "AM12:05"),
            ("凌晨 2:05", "AM 2:05"),
            ("中午11:59", "AM11:59"),
            ("中午12:30", "PM12:30"),
            ("中午1:30", "PM1:30"),
            ("晚上11:30", "PM11:30"),
            ("下午13:05", "PM13:05"),
            ("오후 1:05", "PM 1:05"),
            ("1:05 P.M.", "1:05 PM"),
            ("1:05 a. m.", "1:05 AM"),
        ] {
            assert_eq!(replaced(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn rejects_hours_that_leave_the_half_open() {
        for text in ["晚上12:00", "晚上1:00", "中午5:00", "中午", "上午13:00", "9:00"] {
            assert_eq!(replaced(text), None, "{text}");
        }
    }
}
