//! The shell script that stands as a hook: it runs what was there before it, then `harden hook run`.
//!
//! POSIX `sh`, as [githooks(5)](https://git-scm.com/docs/githooks) starts it. harden comes last, so that it sees what an earlier hook staged.
//! It is called by the path that it had when the hook was made, else by `PATH`, and never by a relative one, which could lead into the work
//! tree. Where it is gone the script fails: a check that is silently left out is worse than one that says how to get past it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A hook that can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// Before a commit is made.
    PreCommit,
    /// Before commits are sent.
    PrePush,
}

impl Hook {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::PreCommit, Self::PrePush];

    /// The name of the file that git runs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// What it stands before, and the option with which git leaves it out.
    fn act(self) -> (&'static str, &'static str) {
        match self {
            Self::PreCommit => ("commit", "git commit --no-verify"),
            Self::PrePush => ("push", "git push --no-verify"),
        }
    }
}

/// Within the first lines of every script of ours, of any version.
const MARK: &[u8] = b"Made by `harden hook install`";

/// What the name of a hook that was there before ends in.
pub(super) const CHAINED: &str = ".harden-chained";

/// Whether `bytes` are a script of ours.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    bytes.split(|b| *b == b'\n').take(3).any(|line| line.windows(MARK.len()).any(|part| part == MARK))
}

/// The script for `hook`. `program` is where harden is; without it only `PATH` is asked.
pub(super) fn script(hook: Hook, program: Option<&Path>) -> Vec<u8> {
    let (act, past) = hook.act();
    let name = hook.name();
    let mut out = format!(
        "#!/bin/sh\n# The {name} hook of harden, version 1. {}; `harden hook remove` takes it away\n\
         # and puts back what was here before, which is kept beside it as {name}{CHAINED} and runs first.\nharden=",
        String::from_utf8_lossy(MARK)
    )
    .into_bytes();
    out.extend(quoted(program.map(|p| p.as_os_str().as_bytes()).unwrap_or_default()));
    let (read, feed) = match hook {
        Hook::PreCommit => ("", ""),
        Hook::PrePush => ("# the lines about what is pushed are for both\nrefs=$(cat)\nrefs=${refs:+$refs\n}\n", "printf %s \"$refs\" | "),
    };
    out.extend(format!("\n{read}{}{}", chained(feed), found(act, past)).bytes());
    let last = if feed.is_empty() { "exec " } else { feed };
    out.extend(format!("{last}\"$harden\" hook run {name} -- \"$@\"\n").bytes());
    out
}

fn chained(feed: &str) -> String {
    format!("if [ -f \"$0{CHAINED}\" ] && [ -x \"$0{CHAINED}\" ]; then\n    {feed}\"$0{CHAINED}\" \"$@\" || exit\nfi\n")
}

fn found(act: &str, past: &str) -> String {
    format!(
        "was=$harden
if [ ! -f \"$harden\" ] || [ ! -x \"$harden\" ]; then
    harden=$(command -v harden)
    case $harden in /*) ;; *) harden= ;; esac
fi
if [ -z \"$harden\" ]; then
    if [ -f \"$0{CHAINED}\" ]; then undo=\"mv -f '$0{CHAINED}' '$0'\"; else undo=\"rm '$0'\"; fi
    {{
        printf '%s\\n' \"error: this hook does not find harden${{was:+ (it was at $was)}}: nothing was checked, and the {act} is stopped\"
        printf '%s\\n' \"hint: install harden again, or put it on PATH\"
        printf '%s\\n' \"hint: this once without it: {past}\"
        printf '%s\\n' \"hint: for good: harden hook remove, or without harden: $undo\"
    }} >&2
    exit 1
fi
"
    )
}

/// A word of the shell.
pub(super) fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => out.extend(b"'\\''"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Hook, is_ours, quoted, script};

    #[test]
    fn a_script_knows_itself_and_no_other() {
        for hook in Hook::ALL {
            assert!(is_ours(&script(hook, None)) && is_ours(&script(hook, Some(Path::new("/opt/harden")))));
        }
        assert!(!is_ours(b"") && !is_ours(b"#!/bin/sh\nharden hook run pre-commit\n"));
        assert!(!is_ours(b"#!/bin/sh\n\n\n# Made by `harden hook install`"), "a remark further down is somebody else's");
    }

    #[test]
    fn a_path_is_one_word_whatever_it_holds() {
        assert_eq!(quoted(b"/a b/it's"), b"'/a b/it'\\''s'");
        assert_eq!(quoted(b"$(x)\n\xff"), b"'$(x)\n\xff'");
    }
}
