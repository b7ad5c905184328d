//! Accounts in names: `[http "https://bot:password@git.example.com/"]` of git, `"bot:password@registry.example.com": { .. }` of a registry.
//!
//! A format reads values; a name that is an address with its password is one as well. Only what stands where a name does counts: the rest is
//! a value, which the format reads, or prose.

use crate::model::span::Span;

/// Bytes of a name that are looked at on either side of its `@`.
const FARTHEST: usize = 512;

/// Where names with an account stand in `text`, and what is missing before them to be a URL.
pub(super) fn find(text: &str) -> Vec<(Span, &'static str)> {
    let mut found: Vec<(Span, &'static str)> = Vec::new();
    for (at, _) in text.match_indices('@') {
        if found.last().is_some_and(|(span, _)| at < span.end) {
            continue;
        }
        found.extend(name_around(text, at));
    }
    found
}

/// The name that holds the `@` at `at`.
fn name_around(text: &str, at: usize) -> Option<(Span, &'static str)> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '[' | ']' | '{' | '}' | '(' | ')' | ',' | '|');
    let window = Span::new(at.saturating_sub(FARTHEST), at.saturating_add(FARTHEST)).narrowed(text);
    let before = text.get(window.start..at)?;
    let start = window.start + before.char_indices().rev().find(|(_, c)| ends(*c)).map_or(0, |(i, c)| i + c.len_utf8());
    let after = text.get(at..window.end)?;
    let rest = after.find(ends).map_or("", |i| after.get(i..).unwrap_or(""));
    let said = text.get(start..window.end - rest.len())?;
    // `name=value` without blanks; what a URL asks with has such signs, too
    let sign = said.get(at - start..).filter(|host| !host.contains('?')).and_then(|host| host.find('=')).map(|i| at - start + i);
    let name = sign.and_then(|i| said.get(..i)).unwrap_or(said).trim_end_matches([':', '=']);
    let tail = rest.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']);
    let is_name = name.len() < said.len() || tail.starts_with([':', '=', ']', '{']);
    let (user, host) = name.rsplit_once('@').filter(|_| is_name && !is_comment(text, start))?;
    let (scheme, user) = user.split_once("//").map_or((None, user), |(scheme, user)| (Some(scheme), user));
    let (user, password) = user.split_once(':')?;
    let named = !user.is_empty() && user.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%' | '$'));
    let account = named && !password.is_empty() && !password.contains('/') && host.starts_with(|c: char| c.is_ascii_alphanumeric());
    let missing = match scheme {
        Some("") => "https:",
        Some(scheme) if scheme.strip_suffix(':').is_some_and(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))) => "",
        Some(_) => return None,
        None if host.starts_with("sha256:") || !host.contains(|c: char| c.is_ascii_alphabetic()) || is_package(user) => return None,
        None => "https://",
    };
    account.then(|| (Span::new(start, start + name.len()), missing))
}

/// Whether a name that begins so is one of a package: `npm:name@version`.
fn is_package(user: &str) -> bool {
    matches!(user, "file" | "jsr" | "link" | "npm" | "patch" | "portal" | "workspace")
}

/// Whether the line of `at` is a comment.
fn is_comment(text: &str, at: usize) -> bool {
    let before = Span::new(at.saturating_sub(FARTHEST), at).narrowed(text).of(text);
    let line = before.rsplit('\n').next().unwrap_or("").trim_start();
    // the slashes may be those of the name itself
    ["#", ";", "// ", "--", "*", "<!--"].iter().any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn names_with_an_account_are_found_and_values_and_comments_are_not() {
        for (text, want) in [
            ("[http \"https://bot:kettle@git.acme.io/\"]\n", "https://bot:kettle@git.acme.io/"),
            ("{\"auths\": {\"https://bot:kettle@reg.acme.io\": {}}}", "https://bot:kettle@reg.acme.io"),
            ("registries:\n  bot:kettle@reg:\n    insecure: true\n", "bot:kettle@reg"),
            ("[auths.\"bot:kettle@reg.acme.io\"]\n", "bot:kettle@reg.acme.io"),
            ("//bot:kettle@reg.acme.io/:always-auth=true\n", "//bot:kettle@reg.acme.io/:always-auth"),
        ] {
            let found: Vec<&str> = find(text).into_iter().map(|(span, _)| span.of(text)).collect();
            assert_eq!(found, [want], "{text}");
        }
        for text in [
            "url: https://bot:kettle@reg.acme.io\n",
            "# https://bot:kettle@reg.acme.io: it was\n",
            "image: postgres:16@sha256:0123\n",
            "\"npm:lodash@4.17\": x\n",
            "\"git@github.com:acme/app\": x\n",
            "ssh://git@github.com: x\n",
            "a@b:c\n",
        ] {
            assert_eq!(find(text).len(), 0, "{text}");
        }
    }
}
