//! Edits to verified files, written as one.
