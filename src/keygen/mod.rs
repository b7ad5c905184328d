//! Strong replacement values. A new generator is one file and one line in the registry.
