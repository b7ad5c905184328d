//! RabbitMQ: its management interface takes the stored form of a password (salt and SHA-256,
//! <https://www.rabbitmq.com/docs/passwords>), so no password is sent. A user holds one, and only an administrator may change it. Whether the
//! new one works is asked over AMQP, which is how it will be used.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::access::Access;
use super::backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair};
use crate::model::secret::Secret;
use crate::wire::http::{Request, segment, send};
use crate::wire::login::{log_in, open};
use crate::wire::{Code, Target, WireError};

/// A user whose password is changed.
pub struct RabbitMq {
    target: Target,
    api: Target,
    access: Access,
    /// What the broker held before: it is put back as it was.
    saved: Option<Stored>,
}

/// How the broker keeps a password.
struct Stored {
    hash: Secret,
    algorithm: String,
}

const ALGORITHM: &str = "rabbit_password_hashing_sha256";

impl RabbitMq {
    /// The user that `target` names, changed over the management interface at `api`, of which host, port and TLS count.
    #[must_use]
    pub fn new(target: Target, api: Target, access: Access) -> Self {
        Self { target, api, access, saved: None }
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<(u16, String), WireError> {
        let admin = self.access.admin.as_ref().ok_or(WireError::Rejected)?;
        let opened = open(&self.api, &self.access.trust, self.access.within, self.access.protection)?;
        let host = self.api.address();
        send(opened.channel, &Request { method, path, host: &host, user: &admin.user, password: &admin.password, body })
    }

    fn path(&self) -> String {
        format!("/api/users/{}", segment(&self.target.user))
    }

    /// The user as the broker describes it.
    fn user(&self) -> Result<Value, BackendError> {
        if self.access.admin.is_none() {
            return Err(BackendError::Unsupported("a user of RabbitMQ cannot change itself: name an administrator"));
        }
        let (status, body) = self.call("GET", &self.path(), "").map_err(|error| match error {
            WireError::Rejected => BackendError::NotPermitted(Code::of("401")),
            error => BackendError::before(error),
        })?;
        match status {
            200 => serde_json::from_str(&body).map_err(|_| BackendError::before(WireError::Foreign)),
            404 => Err(BackendError::Unsupported("the user is not there")),
            other => Err(BackendError::Refused(Code::of(&other.to_string()))),
        }
    }

    fn make(&mut self, wanted: &Secret, stored: Option<Stored>) -> Result<Done, BackendError> {
        let user = self.user()?;
        if self.login(wanted) == Outcome::Accepted {
            return Ok(Done::ALREADY);
        }
        let text = |name: &str| user.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let before = Stored { hash: Secret::new(text("password_hash")), algorithm: text("hashing_algorithm") };
        let stored = match stored {
            Some(stored) => stored,
            None => Stored { hash: hash(wanted)?, algorithm: ALGORITHM.to_owned() },
        };
        // without its tags the user would lose them
        let tags = user.get("tags").cloned().unwrap_or_else(|| Value::String(String::new()));
        let body = json!({"password_hash": stored.hash.expose(), "hashing_algorithm": stored.algorithm, "tags": tags}).to_string();
        match self.call("PUT", &self.path(), &body) {
            Ok((200..=299, _)) => {
                self.saved.get_or_insert(before);
                Ok(Done::NOW)
            }
            Ok((401 | 403, _)) | Err(WireError::Rejected) => Err(BackendError::NotPermitted(Code::default())),
            Ok((status, _)) => Err(BackendError::Refused(Code::of(&status.to_string()))),
            Err(error) if error.leaves_doubt() => Err(BackendError::UnknownOutcome(error)),
            Err(error) => Err(BackendError::before(error)),
        }
    }
}

/// base64 of a salt of four bytes and SHA-256 of salt and password.
fn hash(secret: &Secret) -> Result<Secret, BackendError> {
    use rand::TryRng as _;
    let mut salt = [0_u8; 4];
    rand::rngs::SysRng.try_fill_bytes(&mut salt).map_err(|_| BackendError::Unsupported("this machine gives no random bytes"))?;
    Ok(salted(salt, secret))
}

fn salted(salt: [u8; 4], secret: &Secret) -> Secret {
    let digest = Sha256::new().chain_update(salt).chain_update(secret.expose()).finalize();
    let mut whole = salt.to_vec();
    whole.extend(digest);
    Secret::new(STANDARD.encode(whole))
}

impl Backend for RabbitMq {
    fn system(&self) -> &'static str {
        "amqp"
    }

    fn login(&mut self, secret: &Secret) -> Outcome {
        let opened = open(&self.target, &self.access.trust, self.access.within, self.access.protection);
        opened.and_then(|opened| log_in(&self.target, opened, secret)).map(|_| ()).into()
    }

    fn inspect(&mut self, _secret: &Secret) -> Result<Facts, BackendError> {
        let user = self.user()?;
        let overview = self.call("GET", "/api/overview", "").ok().and_then(|(_, body)| serde_json::from_str::<Value>(&body).ok());
        let version = overview.as_ref().and_then(|o| o.get("rabbitmq_version")?.as_str()).unwrap_or("");
        let version: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(24).collect();
        let mut facts = Facts::of(&self.target.user, &version, Overlap::One);
        let tags = match user.get("tags") {
            Some(Value::String(list)) => list.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect(),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        facts.powers = tags;
        let connections = self.call("GET", "/api/connections?columns=user,peer_host", "").ok();
        let connections: Option<Vec<Value>> = connections.and_then(|(_, body)| serde_json::from_str(&body).ok());
        facts.sessions = connections.map(|list| {
            let mut hosts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
            for one in list.iter().filter(|c| c.get("user").and_then(Value::as_str) == Some(&self.target.user)) {
                *hosts.entry(one.get("peer_host").and_then(Value::as_str).unwrap_or("?").to_owned()).or_default() += 1;
            }
            hosts.into_iter().collect()
        });
        facts.notes.push("definitions that the broker loads when it starts (load_definitions) bring back what they hold");
        Ok(facts)
    }

    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.make(pair.new, None)
    }

    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.saved = None;
        match self.login(pair.new) {
            Outcome::Accepted => Ok(Done::ALREADY),
            outcome => Err(outcome.into()),
        }
    }

    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        let saved = self.saved.take();
        let done = self.make(pair.old, saved);
        self.saved = None;
        done
    }
}

#[cfg(test)]
mod tests {
    use crate::model::secret::Secret;

    #[test]
    fn the_stored_form_is_that_of_the_documentation() {
        // https://www.rabbitmq.com/docs/passwords: salt 908D C60A, password test12
        let stored = super::salted([0x90, 0x8d, 0xc6, 0x0a], &Secret::copy_of("test12"));
        assert_eq!(stored.expose(), "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
    }
}
