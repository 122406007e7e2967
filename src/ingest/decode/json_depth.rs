//! Detection of deeply nested JSON. The parser recurses once per level, so untrusted input could
//! exhaust the stack and end the process. All input is therefore checked before it is parsed.

/// Maximum nesting depth of an event.
const DEPTH_MAX: usize = 128;

/// Rejection reason for JSON that is nested too deeply.
pub const TOO_DEEP_REASON: &str = "nested deeper than 128 levels";

/// JSON up to this length in bytes is not checked, because its depth is harmless. Nearly every
/// event is that short.
const UNCHECKED_BYTES_MAX: usize = 1_024;

/// Returns true if `bytes` nest deeper than 128 levels. JSON of up to 1024 bytes is not checked.
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
