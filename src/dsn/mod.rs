//! Connection strings: their parts by byte span, and whether TLS is on.
