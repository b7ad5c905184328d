//! What the braces around a place in a program are called: `debug { .. }` of Gradle, `development: { .. }` of an object in JavaScript.
//!
//! No parser: braces are counted backwards, strings and comments among them, which mostly have them in pairs.

use crate::model::span::Span;

/// Bytes that are looked at: no block of settings is longer.
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
    places(text, at, label).into_iter().map(|(_, name)| name).collect()
}

/// Where the blocks around `at` begin, and their names.
pub(super) fn places(text: &str, at: usize, label: Label) -> Vec<(usize, &str)> {
    let named = |i: usize| (i, text.get(..i).map_or("", |before| name(before, label)));
    braces(text, at, FARTHEST).map(named).collect()
}

/// The braces around `at`, the innermost first, no farther than `farthest` bytes before it.
fn braces(text: &str, at: usize, farthest: usize) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut closed = 0_usize;
    (at.saturating_sub(farthest)..at.min(bytes.len())).rev().filter(move |i| match bytes.get(*i) {
        Some(b'}') => {
            closed += 1;
            false
        }
        Some(b'{') if closed > 0 => {
            closed -= 1;
            false
        }
        Some(b'{') => true,
        _ => false,
    })
}

/// What stands in the innermost block around `at`, that of blocks within it, too; nothing at the top.
pub(super) fn inside(text: &str, at: usize) -> &str {
    let Some(start) = braces(text, at, FARTHEST).next() else { return "" };
    let window = Span::new(start + 1, at.saturating_add(FARTHEST)).narrowed(text).of(text);
    let mut open = 0_usize;
    let end = window.bytes().position(|b| match b {
        b'}' if open == 0 => true,
        b'}' => {
            open -= 1;
            false
        }
        b'{' => {
            open += 1;
            false
        }
        _ => false,
    });
    window.get(..end.unwrap_or(window.len())).unwrap_or(window)
}

/// A block that has a name.
pub(super) struct Block<'t> {
    /// Where it begins.
    pub(super) at: usize,
    /// Where the block around it begins; none at the top.
    pub(super) parent: Option<usize>,
    /// Its name.
    pub(super) name: &'t str,
}

/// The first `most` blocks whose name passes `test`, but for those whose surroundings begin too far before.
pub(super) fn named(text: &str, label: Label, test: impl Fn(&str) -> bool, most: usize) -> Vec<Block<'_>> {
    let own = |(at, _): (usize, &str)| text.get(..at).map(|before| (at, name(before, label))).filter(|(_, name)| test(name));
    let block = |(at, name)| {
        let parent = braces(text, at, FARTHEST_PARENT).next();
        (parent.is_some() || at <= FARTHEST_PARENT).then_some(Block { at, parent, name })
    };
    text.match_indices('{').filter_map(own).take(most).filter_map(block).collect()
}

/// Bytes before a block within which the one around it begins.
const FARTHEST_PARENT: usize = 1 << 17;

/// Whether the object that begins at `object` has a member that is only called: `{ name, .. }`.
pub(super) fn has_shorthand(text: &str, object: usize, name: &str) -> bool {
    let inside = Span::new(object, object.saturating_add(FARTHEST)).narrowed(text).of(text);
    let called = |(at, hit): (usize, &str)| {
        let before = inside.get(..at).is_some_and(|b| b.trim_end().ends_with(['{', ',']));
        let after = inside.get(at + hit.len()..).is_some_and(|a| a.trim_start().starts_with([',', '}']));
        before && after && braces(text, object + at, FARTHEST).next() == Some(object)
    };
    !name.is_empty() && inside.match_indices(name).take(MOST_HITS).any(called)
}

/// Places at which the name of a member is looked for.
const MOST_HITS: usize = 16;

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

#[cfg(test)]
mod tests {
    use super::{Label, around, has_shorthand, named};

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
        let parents = |name: &str| named(js, Label::Member, |n| n == name, 9).iter().map(|b| b.parent).collect::<Vec<_>>();
        assert_eq!((parents("test"), parents("exports"), parents("production")), (vec![js.find('{')], vec![None], vec![]));
        let spread = "const a = {}; module.exports = { a, b: { c } };";
        let object = spread.find("{ a").unwrap();
        assert!(has_shorthand(spread, object, "a") && !has_shorthand(spread, object, "c") && !has_shorthand(spread, object, "b"));
    }
}
