//! The keys of TOML tables with their types, defaults and meanings, and a renderer to Markdown.

use std::fmt::Write as _;

/// One key of a TOML table.
#[derive(Clone, Copy, Debug)]
pub struct KeyReference {
    /// Name of the key. A name in capitals stands for names that the user chooses.
    pub key: &'static str,
    /// Name of the key in earlier versions, which is still read.
    pub earlier_name: Option<&'static str>,
    /// Type of the value with its unit and range.
    pub value_type: &'static str,
    /// Default, or that the key is required.
    pub default: KeyDefault,
    /// One or two plain sentences.
    pub meaning: &'static str,
    /// A valid line of TOML with the key.
    pub example: &'static str,
}

/// Effect of an absent key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyDefault {
    /// Its absence is a problem.
    Required,
    /// This value, written as TOML. Writing it changes nothing.
    Value(&'static str),
    /// A description of what applies.
    Description(&'static str),
}

/// A TOML table with all its keys.
#[derive(Clone, Copy, Debug)]
pub struct TableReference {
    /// The header of the table as in the file, or a phrase for tables without a header.
    pub heading: &'static str,
    /// Purpose of the table, and keys that exclude each other.
    pub purpose: &'static str,
    /// The keys, in groups that several tables can share.
    pub keys: &'static [&'static [KeyReference]],
}

/// A reference page about one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct ReferencePage {
    /// The title of the page.
    pub title: &'static str,
    /// Purpose of the page for its reader, as Markdown.
    pub introduction: &'static str,
    /// A short valid file.
    pub example: &'static str,
    /// The types that `value_type` of the keys names, each with how its values are written.
    pub value_types: &'static [(&'static str, &'static str)],
    /// The tables, in groups.
    pub tables: &'static [&'static [TableReference]],
}

impl KeyReference {
    /// A key whose absence is a problem.
    pub(super) const fn required(
        key: &'static str,
        value_type: &'static str,
        meaning: &'static str,
        example: &'static str,
    ) -> KeyReference {
        let default = KeyDefault::Required;
        KeyReference { key, earlier_name: None, value_type, default, meaning, example }
    }

    /// A key with a default value, written as TOML.
    pub(super) const fn with_default(
        key: &'static str,
        value_type: &'static str,
        default: &'static str,
        meaning: &'static str,
        example: &'static str,
    ) -> KeyReference {
        let default = KeyDefault::Value(default);
        KeyReference { key, earlier_name: None, value_type, default, meaning, example }
    }

    /// A key whose absence has an effect that is described in words.
    pub(super) const fn optional(
        key: &'static str,
        value_type: &'static str,
        absent: &'static str,
        meaning: &'static str,
        example: &'static str,
    ) -> KeyReference {
        let default = KeyDefault::Description(absent);
        KeyReference { key, earlier_name: None, value_type, default, meaning, example }
    }

    /// The same key with the name it had in earlier versions.
    pub(super) const fn renamed_from(self, earlier_name: &'static str) -> KeyReference {
        KeyReference { earlier_name: Some(earlier_name), ..self }
    }

    /// Returns true if the key is a placeholder for names that the user chooses.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.key.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    }
}

impl TableReference {
    /// Every key of the table.
    pub fn all_keys(&self) -> impl Iterator<Item = &'static KeyReference> + use<> {
        self.keys.iter().copied().flatten()
    }

    /// Appends a section with the purpose and a row for each key.
    fn render_section(&self, page: &mut String) {
        let is_header = self.heading.starts_with('[');
        let quote = if is_header { "`" } else { "" };
        _ = write!(page, "\n## {quote}{}{quote}\n{}\n\n", self.heading, self.purpose);
        let renamed = self.all_keys().any(|key| key.earlier_name.is_some());
        let (column, rule) = if renamed { ("| Earlier name ", "|---") } else { ("", "") };
        _ = writeln!(page, "| Key {column}| Type | Default | Meaning | Example |");
        _ = writeln!(page, "|---{rule}|---|---|---|---|");
        for key in self.all_keys() {
            let earlier = match (renamed, key.earlier_name) {
                (true, Some(name)) => format!("| `{name}` "),
                (true, None) => "| ".to_owned(),
                (false, _) => String::new(),
            };
            let default = match key.default {
                KeyDefault::Required => "**required**".to_owned(),
                KeyDefault::Value(value) => code_span(value),
                KeyDefault::Description(text) => escape_cell(text),
            };
            _ = writeln!(
                page,
                "| {} {earlier}| {} | {default} | {} | {} |",
                code_span(key.key),
                escape_cell(key.value_type),
                escape_cell(key.meaning),
                code_span(key.example)
            );
        }
    }
}

impl ReferencePage {
    /// Every table of the page.
    pub fn all_tables(&self) -> impl Iterator<Item = &'static TableReference> + use<> {
        self.tables.iter().copied().flatten()
    }

    /// Returns the page as Markdown.
    #[must_use]
    pub fn render_markdown(&self) -> String {
        let mut page = format!(
            "# {}\n\n{}\n\n## Example\n```toml\n{}\n```\n",
            self.title,
            self.introduction.trim(),
            self.example.trim()
        );
        page += "\n## Value types\n| Type | How it is written |\n|---|---|\n";
        for (name, written) in self.value_types {
            _ = writeln!(page, "| {} | {} |", escape_cell(name), escape_cell(written));
        }
        for table in self.all_tables() {
            table.render_section(&mut page);
        }
        page
    }
}

/// Text in a cell of a table, where a vertical bar would begin the next cell.
fn escape_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code_span(text: &str) -> String {
    format!("`{}`", escape_cell(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_defaults_and_earlier_names() {
        const KEYS: [KeyReference; 2] = [
            KeyReference::required("by", "dimension", "A | B.", "by = \"center\""),
            KeyReference::with_default("exclude", "list", "[]", "None.", "exclude = []")
                .renamed_from("leave_out"),
        ];
        let table = TableReference { heading: "[x]", purpose: "Purpose.", keys: &[&KEYS] };
        let mut page = String::new();
        table.render_section(&mut page);
        assert_eq!(
            page,
            "\n## `[x]`\nPurpose.\n\n\
             | Key | Earlier name | Type | Default | Meaning | Example |\n\
             |---|---|---|---|---|---|\n\
             | `by` | | dimension | **required** | A \\| B. | `by = \"center\"` |\n\
             | `exclude` | `leave_out` | list | `[]` | None. | `exclude = []` |\n"
        );
    }
}
