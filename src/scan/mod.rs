//! Where bytes come from, and the loop over them.
