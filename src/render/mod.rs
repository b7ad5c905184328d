//! A [`Report`](crate::report::Report) to bytes. A new output format is one file and one line in [`RENDERERS`].

mod escape;
mod human;
mod jsonl;
mod renderer;

pub use renderer::Renderer;

/// Every output format; `--format` reads its names from here.
pub static RENDERERS: &[&dyn Renderer] = &[&human::Human, &jsonl::JsonLines];

/// The renderer registered as `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Renderer> {
    RENDERERS.iter().copied().find(|r| r.name() == name)
}
