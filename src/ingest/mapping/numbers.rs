//! Numbers as exports write them, with a decimal point or a decimal comma.

use crate::domain::time::timestamp::truncate_for_message;
use crate::ingest::decode::parse_clock_duration;

/// Decimal sign of the numbers of a file.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(super) enum DecimalSign {
    /// Not declared: a point, or a comma that cannot separate thousands.
    #[default]
    Undeclared,
    Point,
    Comma,
}

impl DecimalSign {
    /// Parses a finite number.
    pub(super) fn parse_number(self, text: &str) -> Result<f64, String> {
        let with_point = match self {
            DecimalSign::Point => Some(text.to_owned()),
            DecimalSign::Comma => (!text.contains('.')).then(|| text.replacen(',', ".", 1)),
            DecimalSign::Undeclared if !text.contains(',') => Some(text.to_owned()),
            DecimalSign::Undeclared => is_decimal_comma(text).then(|| text.replacen(',', ".", 1)),
        };
        let number = with_point.and_then(|text| text.parse::<f64>().ok());
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            let hint = match self {
                DecimalSign::Undeclared if text.contains(',') => {
                    "; write `decimal = \",\"` in the mapping if the comma is the decimal sign"
                }
                DecimalSign::Comma if text.contains('.') => " with `decimal = \",\"`",
                DecimalSign::Point if text.contains(',') => " with `decimal = \".\"`",
                _ => "",
            };
            format!("`{}` is not a number{hint}", truncate_for_message(text))
        })
    }

    /// Parses a duration as a clock shows it into seconds. `None` if the text has another form.
    pub(super) fn parse_clock_duration(self, text: &str) -> Option<f64> {
        match self {
            DecimalSign::Point => parse_clock_duration(text),
            // Colons separate the larger units, so a comma is the decimal sign.
            _ if text.contains(',') => parse_clock_duration(&text.replacen(',', ".", 1)),
            _ => parse_clock_duration(text),
        }
    }
}

/// Returns true if the only comma of a number cannot separate thousands: `12,5`, `0,125`, `46083,375`.
fn is_decimal_comma(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    let Some((whole, decimals)) = unsigned.split_once(',') else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let may_be_thousands = decimals.len() == 3 && whole.len() <= 3 && !whole.starts_with('0');
    is_digits(whole) && is_digits(decimals) && !may_be_thousands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comma_is_decimal_sign_only_where_it_cannot_separate_thousands() {
        let parse = |text| DecimalSign::Undeclared.parse_number(text).ok();
        for (text, number) in [
            ("1.5", 1.5),
            ("12,5", 12.5),
            ("-0,125", -0.125),
            ("46083,375", 46_083.375),
            ("1,2345", 1.2345),
            ("1.234", 1.234),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        for text in ["1,234", "-12,345", "1,234,567", "1.234,5", "1,", ",5", "NaN", "1,5e3", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
        let reason = DecimalSign::Undeclared.parse_number("1,234").expect_err("ambiguous");
        assert!(reason.contains("write `decimal = \",\"`"), "{reason}");
    }

    #[test]
    fn declared_sign_is_the_only_one() {
        assert_eq!(DecimalSign::Comma.parse_number("1,234"), Ok(1.234));
        assert_eq!(DecimalSign::Comma.parse_number("7"), Ok(7.0));
        for text in ["1.234", "1.234,5", "1,2,3"] {
            assert!(DecimalSign::Comma.parse_number(text).is_err(), "{text}");
        }
        assert!(DecimalSign::Point.parse_number("12,5").is_err());
        assert_eq!(DecimalSign::Comma.parse_clock_duration("00:01:05,5"), Some(65.5));
        assert_eq!(DecimalSign::Undeclared.parse_clock_duration("00:00:00,250"), Some(0.25));
        assert_eq!(DecimalSign::Point.parse_clock_duration("00:00:00,250"), None);
    }
}
