//! How strong is a value, and what kind of value is it.
