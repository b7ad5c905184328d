//! Sealed and plain env files to the environment of a child.
