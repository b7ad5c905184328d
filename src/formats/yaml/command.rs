//! The arguments of a command in a YAML file, as settings: `--requirepass x`, `-e A=b`, `sh -c "export A=b; ..."`.
//!
//! A command is either a list whose items are the words, or a text that is split into words.

use super::node::{Kind, Node, Scalar};
use super::reader::{At, Reader, View, letters};
use super::switch::{Steering, inside, interpret};
use super::words::{Char, How, Splitter, Word, split};
use crate::model::setting::Role;

/// The settings of a command given as one text at `at`: the text itself and its arguments.
pub(super) fn text(reader: &mut Reader<'_>, at: &At, node: &Node, scalar: &Scalar, splitter: Splitter) {
    let base = reader.leaf(at, node, scalar);
    let mut found = Vec::new();
    if let Some(letters) = letters(reader.text, &base) {
        let chars = Char::all(&letters, How::Bare);
        let bases = [base.clone()];
        for command in split(&chars, 0, splitter, false) {
            interpret(&command, &bases, &at.path, splitter == Splitter::Shell, &mut found);
        }
    }
    reader.push(base);
    found.into_iter().for_each(|(setting, _)| reader.push(setting));
}

/// The settings of a command given as a list of words at `at`. An item that is part of an argument is no setting of its own.
/// `shell` says that the first item is a text for a shell.
pub(super) fn list(reader: &mut Reader<'_>, view: &dyn View, at: &At, items: &[Node], shell: bool) {
    let mut bases = Vec::new();
    let mut words = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Kind::Scalar(scalar) = &item.kind else {
            reader.walk(view, &at.item(i), item);
            continue;
        };
        let base = reader.leaf(&at.item(i), item, scalar);
        let followed = letters(reader.text, &base).unwrap_or_default();
        words.push(Word::item(&followed, scalar.value.expose(), base.span, bases.len()));
        bases.push(base);
    }
    let mut found = Vec::new();
    if shell && let Some(first) = words.first() {
        inside(first, &bases, &at.path, &mut found);
        interpret(words.get(1..).unwrap_or_default(), &bases, &at.path, false, &mut found);
    } else {
        interpret(&words, &bases, &at.path, false, &mut found);
    }
    let mut used = vec![false; bases.len()];
    for (setting, words) in found {
        for base in words {
            if let Some(slot) = used.get_mut(base) {
                *slot = true;
            }
        }
        reader.push(setting);
    }
    let mut steering = Steering::default();
    for (mut base, used) in bases.into_iter().zip(used) {
        let held = steering.holds(base.value.expose());
        if !used {
            base.role = Role::Argument;
            base.editable &= !held;
            reader.push(base);
        }
    }
}
