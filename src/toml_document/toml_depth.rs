//! Nesting depth of TOML, checked before parsing.
//!
//! The parser limits brackets and dotted keys separately, so their combination can nest thousands
//! of levels deep. Recursive code would then overflow the stack and abort the process.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// Maximum nesting depth of tables and lists. Valid files need less than a tenth of it.
pub(super) const DEPTH_MAX: usize = 100;

/// Returns the byte offset at which the nesting exceeds [`DEPTH_MAX`], or `None` if it does not.
pub(super) fn find_excess_depth(text: &str) -> Option<usize> {
    // Each open bracket as its closing token and the levels it adds, including the key before it.
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    let (mut depth, mut key) = (0, 0);
    for token in Source::new(text).lex() {
        match token.kind() {
            // A dot in a number counts too. The next comma or newline resets the counter.
            TokenKind::Dot => key += 1,
            TokenKind::Comma | TokenKind::Newline => key = 0,
            kind @ (TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket) => {
                let list = kind == TokenKind::LeftSquareBracket;
                open.push((
                    if list { TokenKind::RightSquareBracket } else { TokenKind::RightCurlyBracket },
                    1 + key,
                ));
                (depth, key) = (depth + 1 + key, 0);
            }
            kind => {
                // An unmatched closing bracket changes nothing. The parser reports it.
                if let Some((_, levels)) = open.pop_if(|(end, _)| *end == kind) {
                    (depth, key) = (depth - levels, 0);
                }
            }
        }
        if depth + key > DEPTH_MAX {
            return Some(token.span().start());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_depth_of_brackets_and_dotted_keys() {
        let key = ["a"; 60].join(".");
        let deep = format!("x = 1.5\n{key} = {{ {key} = 1 }}");
        // The dot in `1.5`, then the dot that exceeds the limit.
        let expected = deep.match_indices('.').nth(1 + DEPTH_MAX - 1).map(|(at, _)| at);
        assert_eq!(find_excess_depth(&deep), expected);
        assert_eq!(find_excess_depth(&"[".repeat(101)), Some(100));
        for fine in [
            format!("'{key}.{key}' = \"{}\" # {}", "[".repeat(200), "{".repeat(200)),
            format!("[{key}]\n{key} = 1\n{key} = [{}]", "0.5, ".repeat(300)),
            "a = [{}, [[]], {}]\n".repeat(100),
        ] {
            assert_eq!(find_excess_depth(&fine), None, "{fine}");
        }
    }
}
