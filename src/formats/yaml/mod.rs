//! YAML and what is written in it: compose files, Kubernetes manifests.

mod command;
mod compose;
mod kubernetes;
mod node;
mod plain;
mod reader;
mod scalar;
mod switch;
mod tags;
mod template;
#[cfg(test)]
mod testing;
mod tree;
mod variables;
mod words;

pub(super) use compose::Compose;
pub(super) use kubernetes::Kubernetes;
pub(super) use plain::Yaml;
