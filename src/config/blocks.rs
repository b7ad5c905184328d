//! What the braces around a place in a program are called: `debug { .. }` of Gradle, `development: { .. }` of an object in JavaScript.
//!
//! No parser: braces are counted backwards, strings and comments among them, which mostly have them in pairs.

/// Bytes that are looked back at: no block of settings is longer.
const FARTHEST: usize = 8192;

/// How a block says its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// `name {`, `create("name") {`
    Call,
    /// `name: {`, `"name": {`, `name = {`
    Member,
}

/// The names of the blocks around `at`, the innermost first; an empty one where a block has none.
pub(super) fn around(text: &str, at: usize, label: Label) -> Vec<&str> {
    let mut names = Vec::new();
    let mut closed = 0_usize;
    let start = at.saturating_sub(FARTHEST);
    let bytes = text.as_bytes();
    for i in (start..at.min(bytes.len())).rev() {
        match bytes.get(i) {
            Some(b'}') => closed += 1,
            Some(b'{') if closed > 0 => closed -= 1,
            Some(b'{') => names.push(text.get(..i).map_or("", |before| name(before, label))),
            _ => {}
        }
    }
    names
}

/// The name that ends `before`, as `label` has it.
fn name(before: &str, label: Label) -> &str {
    let before = before.trim_end();
    let before = match label {
        Label::Call => before.trim_end_matches(['"', '\'', ')']),
        Label::Member => match before.strip_suffix([':', '=']) {
            Some(member) => member.trim_end().trim_end_matches(['"', '\'']),
            None => return "",
        },
    };
    let length = before.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum::<usize>();
    before.get(before.len() - length..).unwrap_or("")
}

/// Whether `text` has a block whose name passes `test`.
pub(super) fn any(text: &str, label: Label, test: impl Fn(&str) -> bool) -> bool {
    text.match_indices('{').any(|(i, _)| text.get(..i).is_some_and(|before| test(name(before, label))))
}

#[cfg(test)]
mod tests {
    use super::{Label, any, around};

    #[test]
    fn names_of_blocks_are_found_from_the_inside_out() {
        let gradle = "android { a { debug { b { } x } release { y } } create(\"debug\") { z } }";
        let at = |what: &str| around(gradle, gradle.find(what).unwrap(), Label::Call);
        assert_eq!(at("x"), ["debug", "a", "android"]);
        assert_eq!(at("y"), ["release", "a", "android"]);
        assert_eq!(at("z"), ["debug", "android"]);
        let js = "module.exports = { development: { c: { p: 1 } }, 'test' : { q: 1 }, if (test) { r: 1 } };";
        let at = |what: &str| around(js, js.find(what).unwrap(), Label::Member);
        assert_eq!(at("p: 1"), ["c", "development", "exports"]);
        assert_eq!(at("q: 1"), ["test", "exports"]);
        assert_eq!(at("r: 1"), ["", "exports"]);
        assert!(any(js, Label::Member, |n| n == "test") && !any(js, Label::Member, |n| n == "production"));
    }
}
