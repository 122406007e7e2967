//! Encodings of text files. What reads a [`TextInput`] gets UTF-8.
//!
//! UTF-8 is passed through unchecked, so that its readers can name the place of invalid bytes. In
//! other encodings each invalid sequence becomes `U+FFFD`. Readers refuse it in names.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::io::{self, Chain, Cursor, Read};

/// A stream whose first bytes were read and put back.
pub type RestoredInput<R> = Chain<Cursor<Vec<u8>>, R>;

/// Length of the longest byte order mark, in bytes.
const MARK_BYTES: u64 = 3;

/// Text as UTF-8, without byte order mark.
pub struct TextInput<R> {
    source: TextSource<R>,
    encoding: &'static Encoding,
}

enum TextSource<R> {
    Utf8(RestoredInput<R>),
    Other(Box<DecodeReaderBytes<RestoredInput<R>, Vec<u8>>>),
}

impl<R: Read> TextInput<R> {
    /// Returns the text of `input`. A byte order mark (UTF-8, UTF-16) decides about the encoding,
    /// otherwise `declared`, otherwise the text is UTF-8.
    ///
    /// # Errors
    /// Returns the error of reading the first bytes.
    pub fn new(input: R, declared: Option<&'static Encoding>) -> io::Result<TextInput<R>> {
        let (mut start, input) = split_start(input, MARK_BYTES)?;
        let encoding = match Encoding::for_bom(&start) {
            Some((encoding, mark_bytes)) => {
                start.drain(..mark_bytes);
                encoding
            }
            None => declared.unwrap_or(UTF_8),
        };
        let whole = Cursor::new(start).chain(input);
        let source = if encoding == UTF_8 {
            TextSource::Utf8(whole)
        } else {
            let decoder = DecodeReaderBytesBuilder::new()
                .encoding(Some(encoding))
                .bom_sniffing(false)
                .build(whole);
            TextSource::Other(Box::new(decoder))
        };
        Ok(TextInput { source, encoding })
    }

    /// Returns the encoding of the input.
    #[must_use]
    pub fn encoding(&self) -> &'static Encoding {
        self.encoding
    }
}

impl<R: Read> Read for TextInput<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            TextSource::Utf8(input) => input.read(buffer),
            TextSource::Other(input) => input.read(buffer),
        }
    }
}

/// Reads up to `length` bytes from the start of `input`. Returns them and the rest.
fn split_start<R: Read>(mut input: R, length: u64) -> io::Result<(Vec<u8>, R)> {
    let mut start = Vec::new();
    input.by_ref().take(length).read_to_end(&mut start)?;
    Ok((start, input))
}

/// Returns up to `length` bytes from the start of `input`, and the whole input.
///
/// # Errors
/// Returns the error of reading these bytes.
pub fn peek_start<R: Read>(input: R, length: u64) -> io::Result<(Vec<u8>, RestoredInput<R>)> {
    let (start, input) = split_start(input, length)?;
    Ok((start.clone(), Cursor::new(start).chain(input)))
}

/// Returns the encoding with this label of the Encoding Standard, as in `gb18030` or
/// `windows-1252`. `None` if it is unknown or stands for no encoding of texts.
#[must_use]
pub fn find_encoding(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// Maximum number of bytes from which an encoding is guessed.
const GUESS_BYTES_MAX: usize = 4 << 10;

/// Guesses the encoding of a text that is not UTF-8 from the part after its first byte beyond
/// ASCII. Returns its label.
#[must_use]
pub fn likely_encoding(text: &[u8]) -> String {
    let begin = text.iter().position(|byte| !byte.is_ascii() || *byte == 0).unwrap_or(0);
    // An even number of bytes is left out, so that zeros stay where they are.
    let text = &text[begin.saturating_sub(16) & !1..];
    let text = &text[..text.len().min(GUESS_BYTES_MAX)];
    let zeros = |parity: usize| {
        text.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count() * 4 > text.len()
    };
    if zeros(1) {
        return "utf-16le".to_owned();
    }
    if zeros(0) {
        return "utf-16be".to_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let pairs = count_chinese_pairs(text);
    // GB 18030 contains GBK and reads its bytes alike.
    if encoding == GBK || pairs.is_some_and(|pairs| pairs < DETECTED_PAIRS_MIN) {
        return "gb18030".to_owned();
    }
    // Without letters that tell them apart, the most frequent of the Latin encodings is named.
    let reads_alike =
        encoding.is_single_byte() && encoding.decode(text).0 == WINDOWS_1252.decode(text).0;
    let encoding = if reads_alike { WINDOWS_1252 } else { encoding };
    encoding.name().to_ascii_lowercase()
}

/// Number of characters from which the detector tells Chinese, Japanese and Korean apart.
const DETECTED_PAIRS_MIN: usize = 6;

/// Returns the number of two-byte characters, if the text has only ASCII and such characters and
/// most of them are frequent in GB 2312. Accented letters of other encodings mostly stand alone.
fn count_chinese_pairs(text: &[u8]) -> Option<usize> {
    let (mut pairs, mut frequent) = (0, 0);
    let mut bytes = text.iter().filter(|byte| **byte != 0);
    while let Some(byte) = bytes.next() {
        if byte.is_ascii() {
            continue;
        }
        bytes.next().filter(|trail| (0xA1..=0xFE).contains(*trail))?;
        pairs += 1;
        frequent += usize::from((0xB0..=0xD7).contains(byte));
    }
    (pairs > 0 && frequent * 2 > pairs).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::slow_reader::SlowReader;
    use encoding_rs::{BIG5, EUC_KR, GB18030, SHIFT_JIS, WINDOWS_1251};

    fn read_text(bytes: &[u8], label: Option<&str>) -> String {
        let declared = label.and_then(find_encoding);
        let mut text = String::new();
        let mut input =
            TextInput::new(SlowReader::new(bytes, 1), declared).expect("memory can be read");
        input.read_to_string(&mut text).expect("decoded text is UTF-8");
        text
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let unit = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn decodes_split_characters_of_every_encoding() {
        let text = "id,center\n1,蚌埠\n2,淮南\n";
        assert_eq!(read_text(text.as_bytes(), None), text);
        assert_eq!(read_text(&GB18030.encode(text).0, Some("GBK")), text);
        assert_eq!(read_text(&BIG5.encode("蚌埠").0, Some("big5")), "蚌埠");
        assert_eq!(read_text(&utf16(text, true), Some("utf-16le")), text);
        assert_eq!(read_text(b"Z\xfcrich", Some("latin1")), "Zürich");
        let mut rare = b"\x95\x32\x82\x36".to_vec();
        rare.extend(b",1");
        assert_eq!(read_text(&rare, Some("gb18030")), "\u{20000},1");
    }

    #[test]
    fn byte_order_mark_overrides_declared_encoding() {
        let text = "\u{feff}id\t蚌埠\r\n😀";
        for bytes in [text.as_bytes().to_vec(), utf16(text, true), utf16(text, false)] {
            for label in [None, Some("gb18030"), Some("utf-16be")] {
                assert_eq!(read_text(&bytes, label), text[3..], "{bytes:?} {label:?}");
            }
        }
        assert_eq!(read_text("\u{feff}\u{feff}{}".as_bytes(), None), "\u{feff}{}");
        assert_eq!(read_text(b"\xff\xfe", None), "");
        assert_eq!(read_text(b"", Some("gb18030")), "");
        assert_eq!(read_text(b"\xff\xfea\0b", None), "a\u{fffd}");
    }

    #[test]
    fn guesses_encoding_of_short_rows() {
        for (bytes, label) in [
            (GB18030.encode("1,蚌埠").0, "gb18030"),
            (GB18030.encode("客服中心").0, "gb18030"),
            (WINDOWS_1252.encode("1,Zürich,Hauptstraße").0, "windows-1252"),
            (WINDOWS_1252.encode("3,Málaga").0, "windows-1252"),
            (SHIFT_JIS.encode("1,東京コールセンター").0, "shift_jis"),
            (EUC_KR.encode("1,서울 고객센터").0, "euc-kr"),
            (WINDOWS_1251.encode("1,Новосибирск").0, "windows-1251"),
        ] {
            assert_eq!(likely_encoding(&bytes), label);
        }
        assert_eq!(likely_encoding(&utf16("id;center", true)), "utf-16le");
        assert_eq!(likely_encoding(&utf16("id;center", false)), "utf-16be");
    }
}
