//! Escaping of values: whatever is filled in stands in the text as the characters it is, never as Markdown.

/// The value with everything escaped that Markdown would read.
pub(crate) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for (number, line) in value.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        // Four spaces would make it code.
        escape_line(line.trim(), &mut out);
    }
    out
}

fn escape_line(line: &str, out: &mut String) {
    let mut is_start = true;
    for (at, it) in line.char_indices() {
        let is_mark = matches!(
            it,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|'
        );
        // A heading, a list or a rule begins so.
        let begins = is_start && matches!(it, '#' | '+' | '-' | '=' | ':');
        // `1.` and `1)` begin a list.
        let ends_number =
            matches!(it, '.' | ')') && at > 0 && line[..at].bytes().all(|it| it.is_ascii_digit());
        if is_mark || begins || ends_number {
            out.push('\\');
        }
        out.push(it);
        is_start = false;
    }
}
