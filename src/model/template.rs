//! References inside a value: `${NAME:-default}`, `{{ name }}`, `<%= name %>` and their kin, told apart from literal text.
//!
//! A reference is opaque: nothing looks inside but for its default (`${NAME:-default}` and the forms of other tools), which is what runs when
//! the name is unset.

use std::cell::{OnceCell, RefCell};

use super::span::Span;

/// One part of a value, by byte span within that value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself.
    Literal(Span),
    /// A reference without a default: its value comes from elsewhere.
    Reference(Span),
    /// A reference with a default: `whole` is the reference, `default` the text that runs when the name is unset, `name` the name.
    Fallback {
        /// From `$` to `}`.
        whole: Span,
        /// Only the name.
        name: Span,
        /// Only the default; may hold references of its own, may be empty.
        default: Span,
    },
}

impl Part {
    /// The bytes that this part takes in the value.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Self::Literal(span) | Self::Reference(span) => span,
            Self::Fallback { whole, .. } => whole,
        }
    }
}

/// Splits `value` into parts; their spans are in order and cover it without a gap.
///
/// ```
/// use harden::model::template::{parts, Part};
/// assert!(matches!(parts("${A:-x}")[..], [Part::Fallback { .. }]));
/// assert!(matches!(parts("a$B")[..], [Part::Literal(_), Part::Reference(_)]));
/// ```
#[must_use]
pub fn parts(value: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut literal = 0;
    let mut at = value.bytes().position(opens).unwrap_or(value.len());
    let closers = Closers::new(value);
    while at < value.len() {
        match reference_at(&closers, at) {
            Some(part) => {
                if literal < at {
                    out.push(Part::Literal(Span::new(literal, at)));
                }
                at = part.span().end;
                literal = at;
                out.push(part);
            }
            // nothing else begins a reference, and none of these is part of a longer character
            None => at = value.bytes().skip(at + 1).position(opens).map_or(value.len(), |i| at + 1 + i),
        }
    }
    if literal < value.len() {
        out.push(Part::Literal(Span::new(literal, value.len())));
    }
    out
}

/// Whether a reference may begin with `b`.
fn opens(b: u8) -> bool {
    matches!(b, b'$' | b'{' | b'<' | b'#' | b'%' | b'@')
}

/// Whether no byte of `value` is literal text: it says only where the value comes from.
#[must_use]
pub fn is_reference(value: &str) -> bool {
    let parts = parts(value);
    !parts.is_empty() && parts.iter().all(|p| matches!(p, Part::Reference(_)))
}

/// Whether `value` holds at least one reference, with or without a default.
#[must_use]
pub fn has_reference(value: &str) -> bool {
    parts(value).iter().any(|p| !matches!(p, Part::Literal(_)))
}

/// The text that runs when nothing else is set: the default of a value that is one `${NAME:-default}` and nothing else, through any
/// nesting that a person writes; else all of it.
#[must_use]
pub fn innermost_default(value: &str) -> Span {
    let mut span = Span::new(0, value.len());
    // each level is read anew, so the number of levels is what keeps the time in bounds
    for _ in 0..DEEPEST {
        // a blank at the end of a line of properties is part of its value
        let text = span.of(value);
        let lead = text.len() - text.trim_start().len();
        let text = text.trim();
        if !text.bytes().next().is_some_and(opens) {
            break;
        }
        let [Part::Fallback { default, .. }] = parts(text)[..] else { break };
        span = default.shift(span.start + lead);
    }
    span
}

/// Levels of `${A:-${B:-...}}` that are looked through.
const DEEPEST: usize = 16;

/// Where the brackets of one value close. What is not closed is looked for once, or a file of `${${${` would take hours.
struct Closers<'v> {
    value: &'v str,
    curly: OnceCell<Vec<(usize, usize)>>,
    round: OnceCell<Vec<(usize, usize)>>,
    /// Closing texts of which none was found from some place on, so none from a later one.
    absent: RefCell<Vec<&'static str>>,
}

impl<'v> Closers<'v> {
    fn new(value: &'v str) -> Self {
        Self { value, curly: OnceCell::new(), round: OnceCell::new(), absent: RefCell::default() }
    }

    /// The byte after the first `close` from `from` on. Must be asked for with rising `from`.
    fn find(&self, close: &'static str, from: usize) -> Option<usize> {
        if self.absent.borrow().contains(&close) {
            return None;
        }
        let found = self.value.get(from..)?.find(close);
        if found.is_none() {
            self.absent.borrow_mut().push(close);
        }
        found.map(|i| from + i + close.len())
    }

    /// The byte after the bracket that closes the one at `open_at`, which is `{` or `(`.
    fn balanced(&self, open_at: usize) -> Option<usize> {
        let pairs = match self.value.as_bytes().get(open_at)? {
            b'{' => self.curly.get_or_init(|| pairs(self.value, b'{', b'}')),
            _ => self.round.get_or_init(|| pairs(self.value, b'(', b')')),
        };
        let i = pairs.binary_search_by_key(&open_at, |(open, _)| *open).ok()?;
        pairs.get(i).map(|(_, end)| *end)
    }
}

/// Each opening bracket that is closed, and the byte after the one that closes it; by place.
fn pairs(value: &str, open: u8, close: u8) -> Vec<(usize, usize)> {
    let (mut pairs, mut unclosed) = (Vec::new(), Vec::new());
    for (i, b) in value.bytes().enumerate() {
        if b == open {
            unclosed.push(i);
        } else if b == close
            && let Some(at) = unclosed.pop()
        {
            pairs.push((at, i + 1));
        }
    }
    pairs.sort_unstable();
    pairs
}

fn reference_at(closers: &Closers<'_>, at: usize) -> Option<Part> {
    let value = closers.value;
    let rest = &value[at..];
    let bracketed = |open: &str, close: &'static str| closers.find(close, at + open.len()).map(|end| Part::Reference(Span::new(at, end)));
    match rest.as_bytes() {
        [b'$', b'{', b'{', ..] => bracketed("${{", "}}"),
        [b'$', b'$', ..] => Some(escaped_dollar(closers, at)),
        [b'$', b'{', ..] => braces(closers, at),
        [b'$', b'(', ..] => closers.balanced(at + 1).map(|end| Part::Reference(Span::new(at, end))),
        [b'$', c, ..] if c.is_ascii_alphabetic() || *c == b'_' => {
            let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(value.len(), |i| at + 1 + i);
            Some(Part::Reference(Span::new(at, end)))
        }
        [b'{', b'{', ..] => bracketed("{{", "}}"),
        [b'{', b'$', ..] => caddy(closers, at),
        [b'<', b'%', ..] => bracketed("<%", "%>"),
        [b'#', b'{', ..] => bracketed("#{", "}"),
        [b'%', b'(', ..] => bracketed("%(", ")s"),
        [b'%', b'{', ..] => bracketed("%{", "}"),
        [b'@', b'M' | b'm', ..] if starts_without_case(rest, "@microsoft.keyvault(") => bracketed(&rest[..20], ")"),
        _ => None,
    }
}

/// `$$` is a dollar sign that compose hands on; with a name or brackets behind it the shell in the container resolves it.
fn escaped_dollar(closers: &Closers<'_>, at: usize) -> Part {
    let inner = closers.value.as_bytes().get(at + 1..).unwrap_or_default();
    let resolves = matches!(inner, [b'$', c, ..] if c.is_ascii_alphabetic() || matches!(c, b'_' | b'{' | b'('));
    if resolves && let Some(part) = reference_at(closers, at + 1) {
        return Part::Reference(Span::new(at, part.span().end));
    }
    Part::Literal(Span::new(at, at + 2))
}

/// `${NAME}` with an optional operator. `:-` and `-` (shell, compose), `:` alone (Spring) carry a default; `:?`, `?`, `:+`, `+` do not.
fn braces(closers: &Closers<'_>, at: usize) -> Option<Part> {
    let value = closers.value;
    let end = closers.balanced(at + 1)?;
    let whole = Span::new(at, end);
    let inner = Span::new(at + 2, end - 1);
    let text = inner.of(value);
    let name_len =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '!' | '[' | ']'))).unwrap_or(text.len());
    // `-` is an operator for upper-case shell names and a letter in Spring property names
    let name_len = text[..name_len].find('-').filter(|i| is_shell_name(&text[..*i])).unwrap_or(name_len);
    let name = Span::new(inner.start, inner.start + name_len);
    let rest = &text[name_len..];
    let asked = rest.starts_with(':') && !rest.starts_with(":-") && !rest.starts_with(":=") && is_scheme(&text[..name_len]);
    if asked || rest.starts_with('(') {
        return Some(behind_scheme(value, whole, name, inner));
    }
    let skip = match rest.as_bytes() {
        [b':', b'-' | b'=', ..] => 2,
        [b'-' | b'=', ..] => 1,
        [b':', b'?' | b'+', ..] | [b'?' | b'+', ..] | [] => return Some(Part::Reference(whole)),
        // `${password:32}`: Dokploy's templates make a value of so many characters
        [b':', length @ ..] if is_generator(&text[..name_len], length) => return Some(Part::Reference(whole)),
        [b':', ..] => 1,
        _ => return Some(Part::Reference(whole)),
    };
    Some(Part::Fallback { whole, name, default: Span::new(name.end + skip, inner.end) })
}

/// Caddy's `{$NAME}` and `{$NAME:default}`.
fn caddy(closers: &Closers<'_>, at: usize) -> Option<Part> {
    let value = closers.value;
    let whole = Span::new(at, closers.balanced(at)?);
    let inner = Span::new(at + 2, whole.end - 1);
    let text = inner.of(value);
    let len = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let name = Span::new(inner.start, inner.start + len);
    match text.as_bytes().get(len) {
        _ if len == 0 => None,
        None => Some(Part::Reference(whole)),
        Some(b':') => Some(Part::Fallback { whole, name, default: Span::new(name.end + 1, inner.end) }),
        Some(_) => None,
    }
}

/// What stands before the first `:` of `${env:X}` and names the kind of place that is asked: Serverless, Log4j and Commons Text, Kafka's
/// and OpenTelemetry's providers, editors and their containers, WildFly's and Quarkus' stores. Any other name is Spring's, and a default
/// follows it. Compared without case.
const SCHEMES: &[&str] = &[
    "aes-gcm-nopadding",
    "aws",
    "bundle",
    "cf",
    "command",
    "config",
    "containerenv",
    "credstash",
    "dir",
    "directory",
    "docker",
    "enc",
    "env",
    "file",
    "git",
    "input",
    "jndi",
    "k8s",
    "keyvault",
    "kms",
    "localenv",
    "opt",
    "output",
    "param",
    "s3",
    "secret-manager",
    "secretmanager",
    "secretsmanager",
    "securepass",
    "self",
    "sls",
    "sm",
    "spring",
    "ssm",
    "sys",
    "terraform",
    "vault",
];

/// Whether `name` is one of [`SCHEMES`], or one of a cloud's with a region: `ssm.eu-west-1`.
fn is_scheme(name: &str) -> bool {
    let regional = name.split_once('.').filter(|(head, region)| matches!(*head, "cf" | "s3" | "ssm") && region.split('-').count() == 3);
    let name = regional.map_or(name, |(head, _)| head);
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(name))
}

/// A reference with a scheme. It has a default behind `:-`, behind a comma if in quotes (Serverless), and in an editor's `${localEnv:X:lit}`.
fn behind_scheme(value: &str, whole: Span, name: Span, inner: Span) -> Part {
    let text = inner.of(value);
    let scheme = name.of(value);
    let container = ["localenv", "containerenv"].iter().any(|s| s.eq_ignore_ascii_case(scheme));
    let (mut depth, mut from, mut key_end) = (0_usize, None, text.len());
    for (i, b) in text.bytes().enumerate().skip(name.len()) {
        match b {
            b'{' | b'(' => depth += 1,
            b'}' | b')' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && from.is_none() && text.as_bytes().get(i + 1) == Some(&b'-') => from = Some((i, i + 2)),
            b':' if depth == 0 && from.is_none() && container && i > name.len() => from = Some((i, i + 1)),
            _ => {}
        }
        if let Some((end, _)) = from {
            key_end = end;
            break;
        }
    }
    let start = from.map(|(_, start)| Span::new(start, text.len())).or_else(|| quoted_at_end(text));
    let Some(default) = start else { return Part::Reference(whole) };
    let key = Span::new(name.end + 1, (inner.start + key_end).max(name.end + 1));
    Part::Fallback { whole, name: if from.is_some() { key } else { name }, default: default.shift(inner.start) }
}

/// The inside of the quotes in `.., 'literal'`.
fn quoted_at_end(text: &str) -> Option<Span> {
    let body = text.trim_end();
    let quote = body.chars().last().filter(|c| matches!(c, '\'' | '"'))?;
    let open = body.get(..body.len() - 1)?.rfind(quote)?;
    body.get(..open)?.trim_end().ends_with(',').then(|| Span::new(open + 1, body.len() - 1))
}

fn is_generator(name: &str, length: &[u8]) -> bool {
    let known = ["password", "base64", "hash", "hex", "jwt", "uuid"].contains(&name);
    known && (1..=3).contains(&length.len()) && length.iter().all(u8::is_ascii_digit)
}

fn is_shell_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn starts_without_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::{Part, has_reference, innermost_default, is_reference, parts};

    fn default_of(value: &str) -> Option<&str> {
        parts(value).into_iter().find_map(|p| match p {
            Part::Fallback { default, .. } => Some(default.of(value)),
            _ => None,
        })
    }

    #[test]
    fn blanks_around_a_reference_hide_no_default() {
        for (value, inner) in [("${A:x:y} ", "x:y"), (" ${A:-${B:-z}}\t", "z"), ("plain ", "plain "), ("${A} ", "${A} ")] {
            assert_eq!(super::innermost_default(value).of(value), inner);
        }
    }

    #[test]
    fn references_are_seen_in_every_syntax() {
        for value in [
            "$A",
            "${A}",
            "${A:?must be set}",
            "${A?x}",
            "${A:+b}",
            "{{ a }}",
            "<%= a %>",
            "${{ secrets.A }}",
            "#{a}",
            "%(a)s",
            "$(cat /x)",
            "$$(cat /x)",
            "$${A}",
            "{$A}",
            "@Microsoft.KeyVault(SecretUri=x)",
            "${a.b}",
            "${A}${B}",
        ] {
            assert!(is_reference(value), "{value}");
        }
        for value in ["abc", "a$", "pa$$w", "50%", "{a}", "${A:-x}", "a${A}", "", "${unclosed"] {
            assert!(!is_reference(value), "{value}");
        }
        assert!(has_reference("redis://:${P}@h"));
    }

    #[test]
    fn defaults_are_found_in_shell_and_spring_spelling() {
        assert_eq!(default_of("${A:-x}"), Some("x"));
        assert_eq!(default_of("${A-x}"), Some("x"));
        assert_eq!(default_of("${MYSQL_PASS:petclinic}"), Some("petclinic"));
        assert_eq!(default_of("${spring.a-b:c}"), Some("c"));
        assert_eq!(default_of("Basic {$A:c}"), Some("c"));
        assert_eq!(default_of("{$A-c}"), None);
        assert_eq!(default_of("${A:-postgres://u:${P}@h/${D:-d}}"), Some("postgres://u:${P}@h/${D:-d}"));
        assert_eq!(default_of("${A:-}"), Some(""));
    }

    #[test]
    fn a_scheme_before_the_colon_is_no_name_with_a_default() {
        for value in [
            "${env:DB_PASSWORD}",
            "${self:custom.db.${opt:stage}}",
            "${ssm.eu-west-1:/prod/password}",
            "${ssm(eu-west-1):/prod/password}",
            "${file(./secrets.yml):password}",
            "${opt:stage, self:provider.stage}",
            "${localEnv:DB_PASSWORD}",
            "${VAULT::db::password::1}",
            "$${sys:db.password}",
        ] {
            assert!(is_reference(value), "{value}");
        }
        for (value, default) in [
            ("${env:DB_PASSWORD:-kettle}", "kettle"),
            ("${env:A, ssm:/b, 'kettle'}", "kettle"),
            ("${file(./secrets.yml):password, \"kettle\"}", "kettle"),
            ("${localEnv:A:kettle}", "kettle"),
            ("${sys:a.${env:B:-x}:-kettle}", "kettle"),
            ("${DB_PASSWORD:kettle}", "kettle"),
            ("${rabbit.password:kettle}", "kettle"),
            ("${ssm.password:kettle}", "kettle"),
            ("${env:-kettle}", "kettle"),
        ] {
            assert_eq!(default_of(value), Some(default), "{value}");
        }
    }

    #[test]
    fn what_is_never_closed_costs_no_more_than_what_is() {
        let begun = std::time::Instant::now();
        for open in ["${A:-", "$(", "{{", "<%", "#{", "%(", "@Microsoft.KeyVault(", "$${", "${{"] {
            assert!(!has_reference(&open.repeat(100_000)) || open == "${{", "{open}");
        }
        let nested = format!("{}x{}", "${A:-".repeat(50_000), "}".repeat(50_000));
        assert!(innermost_default(&nested).len() < nested.len());
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn an_unclosed_bracket_hides_no_closed_one() {
        assert!(has_reference("${ ${A}") && has_reference("$( $(b)") && has_reference("{{ ${A}") && !has_reference("} ${ "));
        assert_eq!(default_of("}}${A:-{x}}"), Some("{x}"));
    }

    #[test]
    fn parts_cover_the_value() {
        for value in ["a${B}c$D", "${A:-x}y", "pa$$w", "é{{x}}", "$"] {
            let mut at = 0;
            for part in parts(value) {
                assert_eq!(part.span().start, at, "{value}");
                at = part.span().end;
            }
            assert_eq!(at, value.len(), "{value}");
        }
    }
}
