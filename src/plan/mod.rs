//! Findings to one consistent set of edits.
