//! Where a rotation stands, as it is kept on disk: no value, and under the HMAC of [`crate::disk::signed`].
//!
//! ```text
//! harden rotation 1 5f3a09c2d41b7e86
//! stage SHA256-OF-THE-SEALED-STAGE
//! began 1764446000
//! direction forward
//! state set
//! server done
//! server begun
//! ```

use std::fmt::Write as _;

use super::stage::Side;
use crate::disk::{hex, unhex};

/// The journal's name in the state folder.
pub const JOURNAL: &str = "rotation";

/// How far a rotation came; each is written down before the next begins. What is only prepared is not on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The new values lie sealed in the stage.
    Staged,
    /// Every server takes the credential that is to come.
    Set,
    /// That was tried with fresh connections.
    Tested,
    /// Every file holds it.
    Written,
    /// The applications were told.
    Reloaded,
    /// They are well.
    Healthy,
    /// The other credential is dead: done.
    Retired,
}

impl State {
    /// All, in order.
    pub const ALL: [Self; 7] = [Self::Staged, Self::Set, Self::Tested, Self::Written, Self::Reloaded, Self::Healthy, Self::Retired];

    /// The word in files and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Set => "set",
            Self::Tested => "tested",
            Self::Written => "written",
            Self::Reloaded => "reloaded",
            Self::Healthy => "healthy",
            Self::Retired => "retired",
        }
    }
}

/// What is known of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It was not asked for anything.
    Untouched,
    /// It was asked, and what came of it is not known.
    Begun,
    /// It takes the credential that is to come.
    Done,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Begun => "begun",
            Self::Done => "done",
        }
    }
}

/// A rotation as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Sixteen hex digits.
    pub id: String,
    /// SHA-256 of the sealed stage; another stage is refused.
    pub stage: [u8; 32],
    /// Seconds since 1970.
    pub began: u64,
    /// Which side's values are to come: the new ones, or, on the way back, the old ones.
    pub to: Side,
    /// How far.
    pub state: State,
    /// One for each server of the stage.
    pub servers: Vec<Mark>,
    /// Whether files may have been written in either direction: then there is something to write back, and applications to tell.
    pub wrote: bool,
}

const TITLE: &str = "harden rotation 1 ";

impl Journal {
    /// The text that is kept.
    #[must_use]
    pub fn encode(&self) -> String {
        let stage = hex(&self.stage);
        let direction = if self.to == Side::New { "forward" } else { "back" };
        let mut out = format!(
            "{TITLE}{}\nstage {stage}\nbegan {}\ndirection {direction}\nstate {}\nwrote {}\n",
            self.id,
            self.began,
            self.state.word(),
            self.wrote
        );
        for mark in &self.servers {
            let _ = writeln!(out, "server {}", mark.word());
        }
        out
    }

    /// What [`Self::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let id = lines.next()?.strip_prefix(TITLE)?.to_owned();
        let stage = unhex(lines.next()?.strip_prefix("stage ")?)?;
        let began = lines.next()?.strip_prefix("began ")?.parse().ok()?;
        let to = match lines.next()?.strip_prefix("direction ")? {
            "forward" => Side::New,
            "back" => Side::Old,
            _ => return None,
        };
        let word = lines.next()?.strip_prefix("state ")?;
        let state = State::ALL.into_iter().find(|state| state.word() == word)?;
        let wrote = lines.next()?.strip_prefix("wrote ")?.parse().ok()?;
        let mark = |line: &str| {
            let word = line.strip_prefix("server ")?;
            [Mark::Untouched, Mark::Begun, Mark::Done].into_iter().find(|mark| mark.word() == word)
        };
        let servers = lines.map(mark).collect::<Option<Vec<_>>>()?;
        Some(Self { id, stage, began, to, state, servers, wrote })
    }

    /// Turns round: what was to come goes, and what was there comes back. What servers take has to be asked anew.
    pub fn turn(&mut self) {
        self.to = self.to.other();
        self.state = State::Staged;
        self.servers.iter_mut().for_each(|mark| *mark = Mark::Begun);
    }

    /// Whether nothing is left to be done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Retired
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::{Journal, Mark, State};
    use crate::rotate::stage::Side;

    proptest! {
        #[test]
        fn what_is_written_is_read(stage in any::<[u8; 32]>(), began in any::<u64>(), forward in any::<bool>(), wrote in any::<bool>(),
            state in 0_usize..7, marks in prop::collection::vec(0_usize..3, 0..5)) {
            let marks: Vec<Mark> = marks.iter().map(|m| [Mark::Untouched, Mark::Begun, Mark::Done][*m]).collect();
            let to = if forward { Side::New } else { Side::Old };
            let journal = Journal { id: "0123456789abcdef".to_owned(), stage, began, to, state: State::ALL[state], servers: marks, wrote };
            prop_assert_eq!(Journal::decode(&journal.encode()), Some(journal));
        }

        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,300}") {
            _ = Journal::decode(&text);
        }
    }
}
