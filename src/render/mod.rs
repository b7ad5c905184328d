//! A [`Report`](crate::report::Report) to bytes. A new output format is one file and one line in [`RENDERERS`].

mod cards;
mod escape;
mod fields;
mod github;
mod gitlab;
mod human;
mod inventory;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod renderer;
mod sarif;

pub use inventory::{FORMATS as INVENTORY_FORMATS, inventory};
pub use renderer::Renderer;

/// Every output format; `--format` reads its names from here.
pub static RENDERERS: &[&dyn Renderer] =
    &[&human::Human, &json::Json, &jsonl::JsonLines, &sarif::Sarif, &gitlab::GitLab, &github::GitHub, &junit::JUnit, &markdown::Markdown];

/// The renderer registered as `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Renderer> {
    RENDERERS.iter().copied().find(|r| r.name() == name)
}

#[cfg(test)]
mod tests {
    use super::{RENDERERS, by_name};

    #[test]
    fn people_come_first_and_names_are_unique() {
        let names: Vec<_> = RENDERERS.iter().map(|r| r.name()).collect();
        assert_eq!(names, ["human", "json", "jsonl", "sarif", "gitlab", "github", "junit", "markdown"]);
        assert!(names.iter().all(|name| by_name(name).is_some_and(|r| r.name() == *name)));
        assert!(by_name("yaml").is_none());
    }
}
