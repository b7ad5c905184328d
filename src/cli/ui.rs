//! What the user sees beside the answer: `error:`, `warning:` and `hint:` on stderr, in one style.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::exit::Failure;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Sets the colour choice of both streams.
pub(crate) fn choose_color(when: &str) {
    match when {
        "always" => anstream::ColorChoice::AlwaysAnsi,
        "never" => anstream::ColorChoice::Never,
        _ => anstream::ColorChoice::Auto,
    }
    .write_global();
}

/// Prints a failure with its hints.
pub(crate) fn complain(failure: &Failure) {
    line(ERROR, "error", &failure.message);
    failure.hints.iter().for_each(|hint| line(HINT, "hint", hint));
}

/// Prints an error that does not end the command.
pub(crate) fn error(message: &str) {
    line(ERROR, "error", message);
}

/// Prints a warning.
pub(crate) fn warn(message: &str) {
    line(WARNING, "warning", message);
}

/// Prints what the user can do next.
pub(crate) fn hint(message: &str) {
    line(HINT, "hint", message);
}

/// Prints a line to stderr as it is.
pub(crate) fn note(message: &str) {
    // stderr that is closed is no reason to fail
    let _ = writeln!(anstream::stderr(), "{}", printable(message));
}

/// Prints a line of the answer to stdout; a reader that has left is no error.
pub(crate) fn say(message: &str) {
    let _ = writeln!(anstream::stdout(), "{}", printable(message));
}

/// Prints a line of the answer to stdout in which all that is not ours is escaped already, and which may have colours.
#[cfg(feature = "probe")]
pub(crate) fn answer(line: &str) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

fn line(style: Style, word: &str, message: &str) {
    let _ = writeln!(anstream::stderr(), "{style}{word}:{style:#} {}", printable(message));
}

/// `text` with what could steer a terminal, or hide in it, written as escapes; line ends stay.
pub(crate) fn printable(text: &str) -> String {
    text.split('\n').map(harden::report::printable::printable).collect::<Vec<_>>().join("\n")
}

/// `path` as a word of a shell, to be pasted; a name that cannot be typed is shown as it is and between quotes.
pub(crate) fn word(path: &std::path::Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    let text = if text.starts_with('-') { format!("./{text}") } else { text.into_owned() };
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
