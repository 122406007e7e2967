//! Suggestions for mistyped names ("did you mean ...?").
//!
//! The edit distance counts insertions, deletions, substitutions and transpositions of adjacent
//! letters (optimal string alignment).

/// Returns the name in `known` that is most similar to `word`. Returns `None` if none is similar
/// enough.
///
/// The limit is one edit per three characters, and at least one.
#[must_use]
pub fn nearest_match<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // The cost grows with the square of the length, so long names get no suggestion.
    if word.len() > 64 {
        return None;
    }
    let max_distance = (word.chars().count() + 1).max(3) / 3;
    known
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(d, _)| *d <= max_distance)
        .min()
        .map(|(_, c)| c)
}

/// Returns the number of edits between two words, without regard to case.
#[must_use]
pub fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let mut best =
                (row[j] + usize::from(left != right)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *left == b[j - 1] && a[i - 1] == *right {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_similar_words() {
        let known = ["ratio", "duration", "level", "target"];
        assert_eq!(nearest_match("ratoi", known), Some("ratio"));
        assert_eq!(nearest_match("Levl", known), Some("level"));
        assert_eq!(nearest_match("colour", known), None);
        assert_eq!(nearest_match("", known), None);
        assert_eq!(edit_distance("ab", "ba"), 1);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
