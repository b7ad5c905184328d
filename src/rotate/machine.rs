//! The steps of a rotation, in the one order that can be left at any point. What each step does to the world is behind [`Hands`].
//!
//! Every state is written down before the next step begins. The way back is the same way with old and new exchanged: the old credential is
//! made to work, tried, put into the files, told to the applications, and the new one dies. So there is one machine, and `--undo` turns it
//! round where it stands.

use super::stage::Side;
use super::state::{Journal, Mark, State};

/// What a server said of a credential, on a fresh connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// It works.
    Accepted,
    /// It is wrong.
    Refused,
    /// No answer: nothing is known.
    Unreachable,
}

/// What came of asking a server to take a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// It takes it.
    Done,
    /// It said no, and nothing changed; why.
    Refused(String),
    /// It may have done it.
    Unknown,
}

/// What came of writing files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// All hold what they should.
    Done,
    /// None was changed; why.
    Untouched(String),
    /// The journal of files stands; why.
    Half(String),
}

/// What the machine does to the world, and learns of it. Servers are numbered as in the stage.
pub trait Hands {
    /// Makes the journal durable.
    ///
    /// # Errors
    /// Why it could not; nothing else is done then.
    fn note(&mut self, journal: &Journal) -> Result<(), String>;

    /// Whether a server takes two credentials at a time; `None` where it does not say.
    fn holds_two(&mut self, server: usize) -> Option<bool>;

    /// Tries a credential on a fresh connection, once.
    fn log_in(&mut self, server: usize, side: Side) -> Login;

    /// Makes the credential of `side` work, with the help of the other one or of an administrator.
    fn set(&mut self, server: usize, side: Side) -> Set;

    /// Makes the credential of `side` die, with the help of the other one. Done where it is dead already.
    fn retire(&mut self, server: usize, side: Side) -> Set;

    /// Whether the contents of `side` could be written now: every file holds one of the two, and can be replaced. Changes nothing.
    ///
    /// # Errors
    /// Which file stands in the way, and why.
    fn can_write(&mut self, side: Side) -> Result<(), String>;

    /// Writes the contents of `side` into all files, or none. Files that hold them already stay.
    fn write(&mut self, side: Side) -> Written;

    /// Runs the command that makes applications take new values; whether it went well.
    fn reload(&mut self, side: Side) -> bool;

    /// Runs the command that says whether they are well.
    fn health(&mut self, side: Side) -> bool;

    /// Waits while both credentials live; only where some server holds two.
    fn wait(&mut self);

    /// How a server is called, for messages.
    fn name(&self, server: usize) -> String;
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// What was to come is everywhere, and the other is dead.
    Done,
    /// It could not go on, and went back: all is as it was; why.
    WentBack(String),
    /// It stands where it is, and nothing more was touched: why. The journal says where.
    Stands(String),
}

/// Why the machine does not go on in its direction.
enum Halt {
    /// Nothing is uncertain: it can turn round.
    Turn(String),
    /// Something is: it stops.
    Stop(String),
}

/// Goes on from where `journal` stands, to the end of its direction; turns round by itself where going forward is impossible and the way
/// back is certain.
pub fn drive(journal: &mut Journal, hands: &mut dyn Hands) -> End {
    match run(journal, hands) {
        Ok(()) if journal.to == Side::New => End::Done,
        Ok(()) => End::WentBack(String::new()),
        Err(Halt::Stop(why)) => End::Stands(why),
        // on the way back there is no other way to turn to
        Err(Halt::Turn(why)) if journal.to == Side::Old => End::Stands(why),
        Err(Halt::Turn(why)) => match turn(journal, hands).and_then(|()| run(journal, hands)) {
            Ok(()) => End::WentBack(why),
            Err(Halt::Turn(then) | Halt::Stop(then)) => End::Stands(format!("{why}; on the way back: {then}")),
        },
    }
}

/// Turns a rotation round, durably. Does nothing else.
///
/// # Errors
/// Why the journal could not be written; the direction is as before.
pub fn turn_round(journal: &mut Journal, hands: &mut dyn Hands) -> Result<(), String> {
    let before = journal.clone();
    journal.turn();
    hands.note(journal).inspect_err(|_| *journal = before)
}

fn turn(journal: &mut Journal, hands: &mut dyn Hands) -> Result<(), Halt> {
    turn_round(journal, hands).map_err(Halt::Stop)
}

fn run(journal: &mut Journal, hands: &mut dyn Hands) -> Result<(), Halt> {
    loop {
        let next = match journal.state {
            State::Staged => {
                // a server is not asked for what no file could say
                if journal.to == Side::New || journal.wrote {
                    hands.can_write(journal.to).map_err(Halt::Turn)?;
                }
                set_all(journal, hands)?;
                State::Set
            }
            State::Set => {
                test_all(journal, hands)?;
                State::Tested
            }
            State::Tested => {
                write(journal, hands)?;
                State::Written
            }
            State::Written => {
                // on the way back nobody is better off if it stops: that a command failed is said, and that is all
                if journal.wrote && !hands.reload(journal.to) && journal.to == Side::New {
                    return Err(Halt::Turn("the reload command failed".to_owned()));
                }
                State::Reloaded
            }
            State::Reloaded => {
                if journal.wrote && !hands.health(journal.to) && journal.to == Side::New {
                    return Err(Halt::Turn("the health command failed".to_owned()));
                }
                State::Healthy
            }
            State::Healthy => {
                retire_all(journal, hands)?;
                State::Retired
            }
            State::Retired => return Ok(()),
        };
        journal.state = next;
        hands.note(journal).map_err(Halt::Stop)?;
    }
}

fn set_all(journal: &mut Journal, hands: &mut dyn Hands) -> Result<(), Halt> {
    for server in 0..journal.servers.len() {
        let mark = journal.servers.get(server).copied().unwrap_or(Mark::Begun);
        if mark == Mark::Done {
            continue;
        }
        if mark == Mark::Begun && recovered(journal.to, server, hands)? {
            done(journal, server, hands)?;
            continue;
        }
        mark_as(journal, server, Mark::Begun, hands)?;
        match hands.set(server, journal.to) {
            Set::Done => {}
            Set::Refused(why) => return Err(Halt::Turn(format!("{}: {why}", hands.name(server)))),
            Set::Unknown => {
                return Err(Halt::Stop(format!(
                    "{}: the connection broke, and whether it took the value is not known",
                    hands.name(server)
                )));
            }
        }
        done(journal, server, hands)?;
    }
    Ok(())
}

/// Asks both credentials of a server of which it is not known what it takes; whether it takes the one that is to come.
fn recovered(to: Side, server: usize, hands: &mut dyn Hands) -> Result<bool, Halt> {
    let name = hands.name(server);
    match (hands.log_in(server, to), hands.log_in(server, to.other())) {
        (Login::Accepted, _) => Ok(true),
        (Login::Refused, Login::Accepted) => Ok(false),
        (Login::Refused, Login::Refused) => Err(Halt::Stop(format!(
            "{name} takes neither the old credential nor the new one: somebody else changed it; nothing more was touched"
        ))),
        _ => Err(Halt::Stop(format!("{name} does not answer"))),
    }
}

fn mark_as(journal: &mut Journal, server: usize, mark: Mark, hands: &mut dyn Hands) -> Result<(), Halt> {
    if let Some(own) = journal.servers.get_mut(server) {
        *own = mark;
    }
    hands.note(journal).map_err(Halt::Stop)
}

fn done(journal: &mut Journal, server: usize, hands: &mut dyn Hands) -> Result<(), Halt> {
    mark_as(journal, server, Mark::Done, hands)
}

fn test_all(journal: &Journal, hands: &mut dyn Hands) -> Result<(), Halt> {
    for server in 0..journal.servers.len() {
        match hands.log_in(server, journal.to) {
            Login::Accepted => {}
            Login::Refused => return Err(Halt::Turn(format!("{} does not take the credential that it was given", hands.name(server)))),
            Login::Unreachable => return Err(Halt::Stop(format!("{} does not answer", hands.name(server)))),
        }
    }
    Ok(())
}

fn write(journal: &mut Journal, hands: &mut dyn Hands) -> Result<(), Halt> {
    if journal.to == Side::New && !journal.wrote {
        journal.wrote = true;
        hands.note(journal).map_err(Halt::Stop)?;
    }
    if !journal.wrote {
        return Ok(());
    }
    match hands.write(journal.to) {
        Written::Done => Ok(()),
        Written::Untouched(why) => {
            if journal.to == Side::New {
                // all or none: there is nothing to write back
                journal.wrote = false;
                hands.note(journal).map_err(Halt::Stop)?;
            }
            Err(Halt::Turn(why))
        }
        Written::Half(why) => Err(Halt::Stop(why)),
    }
}

fn retire_all(journal: &Journal, hands: &mut dyn Hands) -> Result<(), Halt> {
    let mut two = Vec::new();
    for server in 0..journal.servers.len() {
        match hands.holds_two(server) {
            Some(true) => two.push(server),
            Some(false) => {}
            // it may be one that goes on taking the former
            None => {
                return Err(Halt::Stop(format!(
                    "{} does not answer: whether the former credential still works is not known",
                    hands.name(server)
                )));
            }
        }
    }
    if !two.is_empty() && journal.to == Side::New {
        hands.wait();
    }
    for server in two {
        match hands.retire(server, journal.to.other()) {
            Set::Done => {}
            // both work: it is not half done, but it is not over
            Set::Refused(why) => return Err(Halt::Stop(format!("{}: {why}; the former credential still works", hands.name(server)))),
            Set::Unknown => {
                return Err(Halt::Stop(format!("{}: whether the former credential still works is not known", hands.name(server))));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
