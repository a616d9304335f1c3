//! Finding of words and phrases in a text, whatever their case, at the bounds of words.

/// A text whose characters keep their places when it is read in lower case.
pub(super) struct Words {
    pub(super) chars: Vec<char>,
    lower: Vec<char>,
}

impl Words {
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let lower = chars.iter().map(|it| lower(*it)).collect();
        Self { chars, lower }
    }

    /// Where a phrase stands, as places of characters.
    pub(super) fn find<'a>(&'a self, phrase: &str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let phrase: Vec<char> = phrase.chars().map(lower).collect();
        let length = phrase.len().max(1);
        let last = self.lower.len().saturating_sub(length - 1);
        (0..last).filter_map(move |at| {
            let end = at + length;
            let is_there = self.lower.get(at..end) == Some(&phrase[..]);
            (is_there && self.is_bound(at) && self.is_bound(end)).then_some((at, end))
        })
    }

    /// Whether no word goes across this place.
    fn is_bound(&self, at: usize) -> bool {
        let is_letter = |at: usize| self.chars.get(at).is_some_and(|it| it.is_alphanumeric());
        at == 0 || !is_letter(at - 1) || !is_letter(at)
    }

    /// Where the parts between blanks stand.
    pub(super) fn tokens(&self) -> Vec<(usize, usize)> {
        let mut tokens = Vec::new();
        let mut start = None;
        for (at, it) in self.chars.iter().enumerate() {
            match (it.is_whitespace(), start) {
                (false, None) => start = Some(at),
                (true, Some(from)) => {
                    tokens.push((from, at));
                    start = None;
                }
                _ => {}
            }
        }
        tokens.extend(start.map(|from| (from, self.chars.len())));
        tokens
    }

    pub(super) fn text(&self, (from, to): (usize, usize)) -> String {
        self.chars[from..to].iter().collect()
    }
}

/// The character in lower case, if that is one character.
fn lower(it: char) -> char {
    let mut lower = it.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => it,
    }
}
