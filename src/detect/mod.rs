//! Documents and rules to findings.
