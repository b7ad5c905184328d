//! Which settings the words of the command line mean.

use globset::{GlobBuilder, GlobMatcher};
use harden::model::document::Document;
use harden::model::environment::Environment;
use harden::model::finding::Finding;
use harden::model::setting::{Role, Setting};
use harden::model::severity::Class;

use super::args::RotateArgs;
use crate::cli::exit::Failure;
use crate::cli::inventory::{SECRET_CLASSES, seeds};

/// The settings that are meant: index of the document, index of the setting; sorted.
pub(super) fn chosen(args: &RotateArgs, documents: &[Document], findings: &[Finding]) -> Result<Vec<(usize, usize)>, Failure> {
    let mut out = Vec::new();
    if let Some(word) = args.class.iter().find(|word| !Class::WORDS.contains(&word.as_str())) {
        return Err(Failure::new(format!("`--class {word}` names no class; nothing was changed"))
            .hint(format!("the classes of secrets: {}", SECRET_CLASSES.map(Class::word).join(", "))));
    }
    for key in &args.keys {
        let (pattern, before) = (Pattern::new(key), out.len());
        for (d, document) in documents.iter().enumerate() {
            let named = document.settings.iter().enumerate().filter(|(_, s)| is_secret_place(document, s) && pattern.fits(s));
            out.extend(named.map(|(s, _)| (d, s)));
        }
        if out.len() == before {
            return Err(Failure::new(format!("`{key}` names no setting with a value in a file for production; nothing was changed"))
                .hint("`harden scan` shows what there is; `*` stands for any text"));
        }
    }
    if args.all || !args.class.is_empty() {
        out.extend(seeds(documents, findings, |f| args.all || args.class.iter().any(|class| class == f.class.word())));
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

fn is_secret_place(document: &Document, setting: &Setting) -> bool {
    matches!(setting.role, Role::Live | Role::Argument)
        && !setting.value.is_empty()
        && document.environment_of(setting) == Environment::Production
}

/// A pattern for names, with `*` for any text, and for key paths.
struct Pattern<'a> {
    text: &'a str,
    name: Option<GlobMatcher>,
}

impl<'a> Pattern<'a> {
    fn new(text: &'a str) -> Self {
        // a key path with `[0]` in it may be no glob; it is compared as it stands
        let name = GlobBuilder::new(text).case_insensitive(true).build().ok().map(|glob| glob.compile_matcher());
        Self { text, name }
    }

    /// Whether it means a setting: by its name or its key path, without regard to case.
    fn fits(&self, setting: &Setting) -> bool {
        let named = self.name.as_ref().is_some_and(|glob| glob.is_match(setting.name()));
        named || setting.key.matches(self.text) || setting.key.to_string().eq_ignore_ascii_case(self.text)
    }
}
