//! JSON that nests too deep: the parser calls itself for every level of what it skips, and a stack used up ends the
//! process. So whatever comes from outside is looked through before it is parsed.

/// How deep an event may nest.
const DEPTH_MAX: usize = 128;

/// Why such JSON is not taken.
pub const TOO_DEEP_REASON: &str = "nested deeper than 128 levels";

/// JSON of no more bytes cannot nest deep enough to do harm; nearly every event is that short.
const UNCHECKED_BYTES_MAX: usize = 1_024;

/// Whether JSON nests so deep that reading it could use up the stack. Short JSON is not looked through.
#[must_use]
pub fn is_too_deep(bytes: &[u8]) -> bool {
    if bytes.len() <= UNCHECKED_BYTES_MAX {
        return false;
    }
    let (mut depth, mut quoted) = (0_usize, false);
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => _ = rest.next(),
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_strings_do_not_count_as_depth() {
        let deep = "[".repeat(2_000);
        assert!(is_too_deep(deep.as_bytes()));
        assert!(!is_too_deep(format!("\"{deep}\\\"{deep}\"").as_bytes()));
        assert!(!is_too_deep("[1]".repeat(1_000).as_bytes()));
    }
}
