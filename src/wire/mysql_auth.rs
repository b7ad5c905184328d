//! Answers to the challenges of MySQL and MariaDB: `mysql_native_password`, `caching_sha2_password`, `sha256_password`.

use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::error::WireError;

/// What to say to a server that asks for `plugin` with `nonce`; `bare` is whether the password may go as it is: inside TLS only.
pub(super) fn answer(plugin: &str, nonce: &[u8], password: &[u8], bare: bool) -> Result<Zeroizing<Vec<u8>>, WireError> {
    if password.is_empty() && plugin != "sha256_password" {
        return Ok(Zeroizing::default());
    }
    match plugin {
        "mysql_native_password" => Ok(native(nonce, password)),
        "caching_sha2_password" => Ok(caching(nonce, password)),
        "sha256_password" if bare => Ok(bare_password(password)),
        "sha256_password" => Err(WireError::Method("sha256_password, without TLS")),
        "client_ed25519" => Err(WireError::Method("client_ed25519")),
        "parsec" => Err(WireError::Method("parsec")),
        "dialog" => Err(WireError::Method("PAM")),
        "mysql_clear_password" => Err(WireError::Method("mysql_clear_password")),
        "auth_socket" | "unix_socket" => Err(WireError::Method("unix_socket")),
        _ => Err(WireError::Method("another plugin")),
    }
}

/// The password as it is, with the zero that ends it.
pub(super) fn bare_password(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(password.len() + 1));
    out.extend(password);
    out.push(0);
    out
}

/// SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password)))
fn native(nonce: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
    let once: Zeroizing<[u8; 20]> = Zeroizing::new(Sha1::digest(password).into());
    let twice = Sha1::digest(once.as_slice());
    let mixed = Sha1::new().chain_update(nonce).chain_update(twice).finalize();
    Zeroizing::new(once.iter().zip(mixed).map(|(a, b)| a ^ b).collect())
}

/// SHA256(password) XOR SHA256(SHA256(SHA256(password)), nonce)
fn caching(nonce: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
    let once: Zeroizing<[u8; 32]> = Zeroizing::new(Sha256::digest(password).into());
    let twice = Sha256::digest(once.as_slice());
    let mixed = Sha256::new().chain_update(twice).chain_update(nonce).finalize();
    Zeroizing::new(once.iter().zip(mixed).map(|(a, b)| a ^ b).collect())
}

/// What `mysql_native_password` stores: `*` and the upper-case hex of SHA1(SHA1(password)).
#[must_use]
pub fn stored(password: &[u8]) -> String {
    use std::fmt::Write as _;
    let once: Zeroizing<[u8; 20]> = Zeroizing::new(Sha1::digest(password).into());
    let mut out = String::from("*");
    for byte in Sha1::digest(once.as_slice()) {
        // writing to a String cannot fail
        let _ = write!(out, "{byte:02X}");
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_stored_form_is_that_of_the_server() {
        // SELECT PASSWORD('password') on MariaDB 10.11
        assert_eq!(super::stored(b"password"), "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    }
}
