//! harden.toml: thresholds, exclusions, allow list, recipients, environments.
