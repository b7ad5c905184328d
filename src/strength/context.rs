//! What stands around a value, and whether the value merely repeats it.

use zeroize::Zeroizing;

use super::lexicon::{LEXICON, listed};

/// Names near a setting: service, image, user, database, project, the words of its own key. Lower case.
#[derive(Clone, Debug, Default)]
pub struct Context {
    names: Vec<String>,
}

impl Context {
    /// An empty context.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name and, where it has several words, each word of three letters or more.
    pub fn add(&mut self, name: &str) {
        let lower = name.to_ascii_lowercase();
        for word in lower.split(|c: char| !c.is_alphanumeric()).chain([lower.as_str()]) {
            if word.len() >= 3 && !self.names.iter().any(|n| n == word) {
                self.names.push(word.to_owned());
            }
        }
    }

    /// The name that `value` repeats, bare or with a common ending (`123`, `_password`, `-pw`); `None` when it repeats none.
    #[must_use]
    pub fn repeated_by(&self, value: &str) -> Option<&str> {
        let lower = Zeroizing::new(value.to_ascii_lowercase());
        let base = stem(&lower);
        self.names
            .iter()
            .map(String::as_str)
            .find(|name| *name == lower.as_str() || (base.len() >= 3 && *name == base) || *squeezed(name) == *squeezed(base))
    }
}

/// Whether `value` is the name of a product, bare or with a common ending (`grafana`, `redis123`).
#[must_use]
pub fn is_product(value: &str) -> bool {
    let lower = Zeroizing::new(value.to_ascii_lowercase());
    [lower.as_str(), stem(&lower)].iter().any(|name| listed(LEXICON.products, name))
}

fn squeezed(text: &str) -> Zeroizing<String> {
    // it never grows, and so leaves no copy behind
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    out.extend(text.chars().filter(|c| c.is_alphanumeric()));
    out
}

/// `value` without the endings that people hang on a name to make a password of it.
fn stem(value: &str) -> &str {
    let mut rest = value;
    loop {
        let trimmed = rest.trim_end_matches(|c: char| !c.is_alphabetic());
        let next = LEXICON.suffixes.iter().rev().find_map(|e| trimmed.strip_suffix(e)).unwrap_or(trimmed);
        if next.len() == rest.len() || next.is_empty() {
            return if next.is_empty() { rest } else { next };
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn names_with_common_endings_are_repeats() {
        let mut context = Context::new();
        context.add("media-portal");
        context.add("gitea");
        for value in ["gitea", "gitea123", "Gitea_password", "mediaportal", "media_portal_pw!"] {
            assert!(context.repeated_by(value).is_some(), "{value}");
        }
        assert!(context.repeated_by("Xq7fP2mKvR9tLw3z").is_none());
    }
}
