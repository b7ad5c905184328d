//! Path patterns of `harden.toml`, relative to its folder.
//!
//! `*` stays within a name, `**` crosses folders, and a pattern that names a folder covers all that is in it. A pattern without `**` means that
//! one place: what mutes a finding must not reach further than it reads.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A pattern that means nothing: bad syntax, empty, or leading out of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a path pattern")]
pub struct BadGlob;

/// Compiled patterns. None of them matches without one.
#[derive(Clone, Debug, Default)]
pub struct Globs(GlobSet);

impl Globs {
    /// Compiles `patterns`.
    ///
    /// # Errors
    /// [`BadGlob`] for an empty pattern, one with `..`, or one that does not parse.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, BadGlob> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let below = pattern.strip_prefix("./").unwrap_or(pattern);
            let below = below.trim_start_matches('/').trim_end_matches('/');
            if below.is_empty() || below.split('/').any(|step| step == "..") {
                return Err(BadGlob);
            }
            // `.` is harden.toml's own folder
            let below = if below == "." { "**" } else { below };
            for whole in [below, &format!("{below}/**")] {
                set.add(GlobBuilder::new(whole).literal_separator(true).build().map_err(|_| BadGlob)?);
            }
        }
        set.build().map(Self).map_err(|_| BadGlob)
    }

    /// Whether a pattern matches `path`, which is relative to the folder of `harden.toml`.
    #[must_use]
    pub fn matches(&self, path: impl AsRef<Path>) -> bool {
        self.0.is_match(path)
    }

    /// The set itself, for a walk.
    #[must_use]
    pub fn set(&self) -> &GlobSet {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Globs;

    #[test]
    fn a_pattern_means_one_place_and_what_is_in_it() {
        for (pattern, path, fits) in [
            ("vendor/**", "vendor/a/b", true),
            ("vendor", "vendor/a/b", true),
            ("vendor/", "vendor", true),
            ("./vendor", "vendor/x", true),
            ("/vendor", "vendor/x", true),
            ("vendor", "sub/vendor/x", false),
            ("**/vendor", "sub/vendor/x", true),
            ("**/vendor", "vendor/x", true),
            ("*.yml", "a.yml", true),
            ("*.yml", "sub/a.yml", false),
            ("compose.{test,ci}.yml", "compose.ci.yml", true),
            (".env", ".env.local", false),
            (".", "anything/at/all", true),
        ] {
            assert_eq!(Globs::new([pattern]).map(|g| g.matches(path)), Ok(fits), "{pattern} on {path}");
        }
    }

    #[test]
    fn patterns_that_lead_out_or_do_not_parse_are_refused() {
        for bad in ["", "/", "../x", "a/../b", "a[", "{a"] {
            assert!(Globs::new([bad]).is_err(), "{bad}");
        }
        assert!(!Globs::default().matches("a"));
    }
}
