//! Encryption with age: whole files, recipients, identities.
