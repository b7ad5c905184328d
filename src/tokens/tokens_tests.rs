//! Every kind with an example made from its own pattern: found alone and in text, not found inside longer words.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use proptest::{prop_assert, proptest};

use super::base::{base36, base62};
use super::check::CHECKS;
use super::crc::crc32;
use super::{Checksum, KINDS, Token, TokenKind, Use, find, find_named, told_in};

/// Random text of a pattern.
fn random(runner: &mut TestRunner, pattern: &str) -> String {
    let strategy = proptest::string::string_regex(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    strategy.new_tree(runner).expect("a value").current()
}

fn json(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// The checksum in the end of a token of this kind, put right.
fn with_checksum(kind: &TokenKind, token: &str, runner: &mut TestRunner) -> String {
    let cut = |n: usize| &token[..token.len() - n];
    let head = &token[..token.find('_').map_or(0, |i| i + 1)];
    match kind.check {
        "base62-crc32" => {
            let body = &cut(6)[head.len()..];
            format!("{head}{body}{}", base62(crc32(body.as_bytes()), 6))
        }
        "bitbucket-crc32" => format!("{}{:08X}", cut(8), crc32(cut(8).as_bytes())),
        "atlassian-crc32" => {
            let body = cut(8).trim_end_matches(['=', '\\']).trim_end_matches("%3D");
            format!("{body}={:08X}", crc32(body.as_bytes()))
        }
        "cloudflare-crc32" => format!("{}{:08x}", cut(8), crc32(&cut(8).as_bytes()[head.len()..])),
        "grafana-crc32" => format!("{}{:08x}", cut(8), crc32(&token.as_bytes()[..37]).swap_bytes()),
        "gitlab-routable" => {
            let payload = token[..token.find('.').expect("a full stop")].to_owned();
            let length = payload.len() - payload.find('-').expect("a dash") - 1;
            let summed = format!("{payload}.01.{}", base36(u32::try_from(length).expect("short"), 2));
            format!("{summed}{}", base36(crc32(summed.as_bytes()), 7))
        }
        "pypi-macaroon" => {
            let host = if kind.usage == Use::Test { "test.pypi.org" } else { "pypi.org" };
            let mut bytes = vec![2, 1, host.len() as u8];
            bytes.extend(host.bytes());
            bytes.extend([2, 24]);
            bytes.extend(random(runner, "[a-z0-9-]{24}").bytes());
            bytes.extend([0, 0, 6, 32]);
            bytes.extend(random(runner, "[ -~]{32}").bytes());
            format!("pypi-{}", URL_SAFE_NO_PAD.encode(bytes))
        }
        "jfrog-reference" => STANDARD_NO_PAD.encode(format!("reftkn:01:0000000000:{}", random(runner, "[0-9A-Za-z]{27}"))),
        "sentry-json" => {
            let inner = STANDARD.encode("{\"iat\":1700000000.5,\"url\":\"https://sentry.io\",\"org\":\"kettle\"}");
            format!("sntrys_{inner}_{}", random(runner, "[0-9A-Za-z+/]{43}"))
        }
        "grafana-json" if kind.kind == "grafana-cloud-token" => {
            format!(
                "glc_{}",
                STANDARD.encode(format!("{{\"o\":\"7\",\"n\":\"kettle\",\"k\":\"{}\",\"m\":{{}}}}", random(runner, "[0-9A-Za-z]{24}")))
            )
        }
        "grafana-json" => STANDARD.encode(format!("{{\"k\":\"{}\",\"n\":\"kettle\",\"id\":1}}", random(runner, "[0-9A-Za-z]{32}"))),
        "mapbox-json" => format!("sk.{}.{}", json("{\"u\":\"kettle\",\"a\":\"ck3jd8slq0pz\"}"), random(runner, "[0-9A-Za-z_-]{22}")),
        "discord-snowflake" => {
            let id = STANDARD_NO_PAD.encode("1081726354918273645");
            format!("{id}.{}.{}", random(runner, "[0-9A-Za-z]{6}"), random(runner, "[0-9A-Za-z]{38}"))
        }
        "atlassian-data-center" => {
            let prefix = if kind.prefixes.is_empty() { "" } else { "BBDC-" };
            format!("{prefix}{}", STANDARD.encode(format!("738291645038:{}", random(runner, "[a-z0-9]{20}"))))
        }
        "basic-auth" => {
            let pair = STANDARD.encode(format!("ci:{}", random(runner, "[a-z0-9]{19}")));
            if kind.prefixes.first().is_some_and(|p| p.contains("_auth")) {
                format!(":_auth={pair}")
            } else {
                format!("\"auth\": \"{pair}\"")
            }
        }
        "azure-sas" => {
            format!("?sv=2024-11-04&sp=r&se=2199-01-01T00:00:00Z&sig={}%3D", random(runner, "[0-9A-Za-z]{43}"))
        }
        "jwt" => {
            format!("{}.{}.{}", json("{\"alg\":\"HS256\"}"), json("{\"iss\":\"kettle\",\"id\":7}"), random(runner, "[0-9A-Za-z_-]{43}"))
        }
        _ => token.to_owned(),
    }
}

/// An example of a kind's pattern, or of its whole value.
fn example(kind: &TokenKind, whole: bool, runner: &mut TestRunner) -> String {
    let pattern = if whole { kind.whole } else { kind.pattern };
    for _ in 0..200 {
        let text = with_checksum(kind, &random(runner, pattern), runner);
        let text = if whole {
            text.rsplit(['"', '=']).find(|t| t.len() > 7).filter(|_| kind.check == "basic-auth").map_or(text.clone(), |t| t.to_owned())
        } else {
            text
        };
        let found = if whole { find_named(&[&name_of(kind)], &text, false) } else { find(&text) };
        if found.iter().any(|t| t.kind == kind) {
            return text;
        }
    }
    panic!("{}: no example of its pattern is found", kind.kind)
}

/// A name that tells of the kind.
fn name_of(kind: &TokenKind) -> Vec<String> {
    kind.near.first().map_or(Vec::new(), |near| near.iter().filter(|w| **w != "*").map(|w| (*w).to_owned()).collect())
}

fn of<'t>(kind: &TokenKind, found: &'t [Token]) -> Option<&'t Token> {
    found.iter().find(|t| t.kind == kind)
}

#[test]
fn every_kind_is_found_in_text_and_not_in_longer_words() {
    let mut runner = TestRunner::deterministic();
    for kind in KINDS.iter().filter(|k| !k.pattern.is_empty()) {
        let token = example(kind, false, &mut runner);
        for (before, after) in [("", ""), ("token: \"", "\"\n"), ("(", ")"), ("say ", ", then"), ("\\n", "\\n")] {
            let text = format!("{before}{token}{after}");
            let found = find(&text);
            let own = of(kind, &found).unwrap_or_else(|| panic!("{}: not found between `{before}` and `{after}`", kind.kind));
            assert!(token.contains(own.span.of(&text)) && own.span.len() >= 16, "{}", kind.kind);
        }
        // where a word or a sign stands before the secret, that may stand anywhere
        let leads = [":", "\"", "?", "&"].iter().any(|s| token.starts_with(s)) || kind.pattern.contains("=(") || token.contains("://")
            // a name of any host, which takes in the letters before it
            || kind.pattern.starts_with("[0-9A-Za-z-]{1,40}");
        let blob = "Zk3Jd8sLqPz71mVbX0aRtYw5";
        if !leads {
            assert_eq!(of(kind, &find(&format!("{blob}{token}"))), None, "{}: behind letters", kind.kind);
        }
        if !leads && !token.ends_with('=') {
            assert_eq!(
                of(kind, &find(&format!("{token}{blob}{blob}{blob}{blob}{blob}{blob}{blob}{blob}{blob}{blob}{blob}{blob}{blob}")))
                    .filter(|_| !kind.pattern.contains(",}")),
                None,
                "{}: before letters",
                kind.kind
            );
        }
    }
}

#[test]
fn every_kind_that_a_name_tells_of_is_found_under_it_alone() {
    let mut runner = TestRunner::deterministic();
    for kind in KINDS.iter().filter(|k| !k.near.is_empty()) {
        let token = example(kind, true, &mut runner);
        let other = ["flavour".to_owned()];
        assert!(of(kind, &find_named(&[&name_of(kind)], &token, false)).is_some(), "{}", kind.kind);
        if kind.prefixes.is_empty() {
            assert_eq!(of(kind, &find_named(&[&other], &token, false)), None, "{}", kind.kind);
            assert_eq!(of(kind, &find(&token)), None, "{}", kind.kind);
        }
    }
}

#[test]
fn checksums_that_fit_are_told_from_those_that_do_not() {
    let mut runner = TestRunner::deterministic();
    let mut proved = 0;
    for kind in
        KINDS.iter().filter(|k| k.check.ends_with("crc32") || matches!(k.check, "gitlab-routable" | "pypi-macaroon" | "sentry-json"))
    {
        let good = example(kind, false, &mut runner);
        assert_eq!(find(&good)[0].checksum, Checksum::Good, "{}", kind.kind);
        // the last but one character of the part that is summed
        let at = if kind.check == "sentry-json" {
            12
        } else if kind.check == "gitlab-routable" {
            good.len() - 2
        } else {
            good.len() - 20
        };
        let mut bad = good.clone().into_bytes();
        if kind.check == "pypi-macaroon" {
            bad.truncate(good.len() - 3);
        } else {
            bad[at] = if bad[at] == b'7' { b'3' } else { b'7' };
        }
        let bad = String::from_utf8(bad).expect("ASCII");
        let found = find(&bad);
        assert!(found.first().is_some_and(|t| t.checksum != Checksum::Good), "{}: a broken one", kind.kind);
        proved += 1;
    }
    assert!(proved >= 9, "{proved}");
}

#[test]
fn every_check_is_used_and_every_used_one_exists() {
    for kind in KINDS {
        assert!(kind.check.is_empty() || CHECKS.iter().any(|(n, _)| *n == kind.check), "{}: no check is called {}", kind.kind, kind.check);
    }
    for (name, _) in CHECKS {
        assert!(KINDS.iter().any(|k| k.check == *name), "no kind uses {name}");
    }
}

#[test]
fn text_in_text_is_looked_through() {
    let token = ["glpat", "-", "k3Jd8sLqPz71mVbX0aRt"].concat();
    let once = STANDARD.encode(format!("PRIVATE-TOKEN: {token}"));
    let twice = STANDARD.encode(format!("{{\"x\": \"{once}\"}}"));
    let hex: String = format!("a={token}").bytes().map(|b| format!("{b:02x}")).collect();
    for text in [&once, &twice, &hex] {
        let line = format!("value: {text} # end");
        let found = find(&line);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].span.of(&line), *text);
    }
    let thrice = STANDARD.encode(&twice);
    assert!(find(&thrice).is_empty(), "the depth is bounded");
    for escaped in [token.replace('-', "%2D"), token.replace('-', "\\u002d")] {
        assert_eq!(find_named(&[], &escaped, false).len(), 1, "{escaped}");
    }
}

#[test]
fn examples_of_documentation_are_no_tokens() {
    for parts in [
        &["AK", "IAIOSFODNN7EXAMPLE"][..],
        &["ghp", "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
        &["ghp", "_abcdefghijklmnopqrstuvwxyz0123456789"],
        &["sk", "_live_your_key_here_please_1234"],
        &["https://hooks", ".slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"],
        &["xoxb", "-123456789012-1234567890123-abcdefghijklmnopqrstuvwx"],
        &["SG.", "xxxxxxxxxxxxxxxxxxxxxx.yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"],
        &["glpat", "-xxxxxxxxxxxxxxxxxxxx"],
    ] {
        let text = parts.concat();
        assert_eq!(find(&text), [], "{text}");
    }
}

#[test]
fn the_secret_of_a_pair_is_known_by_its_id() {
    let id = ["AKIA", "QNZGKIQY56JQ7WML"].concat();
    let secret = ["hQ7vLx2Zp+9mTcR4/k", "WyB8sNfJd3GaXuE6oViMq1"].concat();
    let text = format!("id: {id}\nregion: eu\nkey: {secret}\n");
    let found = find(&text);
    assert_eq!(found.iter().map(|t| t.kind.kind).collect::<Vec<_>>(), ["aws-access-key-id", "aws-secret-key"]);
    assert_eq!(found[1].span.of(&text), secret);
    assert_eq!(told_in(&found).map(|t| t.kind.kind), Some("aws-secret-key"));
    assert!(find(&format!("{id}\n\n\n\n\n{secret}")).len() == 1, "too far");
    assert_eq!(find(&secret), []);
}

proptest! {
    #[test]
    fn any_text_is_looked_through(text in "(?s)(?:[a-zA-Z0-9+/=_.:%\\\\\"-]{0,40}|ghp_|eyJ|\\+ASt|:AA|AKIA|é|\\PC){0,12}") {
        for token in find(&text).into_iter().chain(find_named(&[&["dsn".to_owned()]], &text, false)) {
            prop_assert!(text.get(token.span.start..token.span.end).is_some());
        }
    }
}
