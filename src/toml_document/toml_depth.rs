//! TOML that nests too deep. The parser bounds brackets and the parts of a key each by themselves, but a table in a table may
//! begin with such a key again; whatever walks through the thousands of levels that come of it calls itself for each of them,
//! and a stack used up ends the process. So a file is looked through before it is parsed.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// How deep tables and lists may lie within each other. Nothing that is read here needs a tenth of it.
pub(super) const DEPTH_MAX: usize = 100;

/// The byte at which a file nests too deep, if it does.
pub(super) fn find_excess_depth(text: &str) -> Option<usize> {
    // Of every bracket that is open its end, and how many levels it and the key before it are.
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    let (mut depth, mut key) = (0, 0);
    for token in Source::new(text).lex() {
        match token.kind() {
            // Also the one within a number, which the next comma or line forgets.
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
                // An end without its beginning ends nothing.
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
        // The last of so many dots is one too many.
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
