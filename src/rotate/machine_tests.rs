//! Every rotation is stopped at each call, before it takes effect and after it, and resumed or turned round: the world always ends whole.

use super::{End, Hands, Login, Set, Written, drive, turn_round};
use crate::rotate::stage::Side;
use crate::rotate::state::{Journal, Mark, State};

/// What a server, the files and the applications hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    two: bool,
    old: bool,
    new: bool,
}

#[derive(Clone, Debug)]
struct World {
    servers: Vec<Server>,
    files: Side,
    apps: Side,
    durable: Option<Journal>,
    /// The call at which the process dies, and whether that call still takes effect.
    dies: Option<(usize, bool)>,
    calls: usize,
    dead: bool,
    /// What goes wrong without a crash.
    reload_fails: bool,
    health_fails: bool,
    refuses: bool,
    in_the_way: bool,
    /// Whether applications met a server that does not take what they hold.
    locked_out: bool,
}

impl World {
    fn new(servers: &[bool]) -> Self {
        let servers = servers.iter().map(|two| Server { two: *two, old: true, new: false }).collect();
        Self {
            servers,
            files: Side::Old,
            apps: Side::Old,
            durable: None,
            dies: None,
            calls: 0,
            dead: false,
            reload_fails: false,
            health_fails: false,
            refuses: false,
            in_the_way: false,
            locked_out: false,
        }
    }

    /// Whether the call takes effect, and whether its answer is heard.
    fn call(&mut self) -> (bool, bool) {
        if self.dead {
            return (false, false);
        }
        self.calls += 1;
        match self.dies {
            Some((at, effect)) if at == self.calls => {
                self.dead = true;
                (effect, false)
            }
            _ => (true, true),
        }
    }

    fn takes(&self, server: usize, side: Side) -> bool {
        let server = &self.servers[server];
        side.of(server.old, server.new)
    }

    fn look(&mut self) {
        let all = (0..self.servers.len()).all(|s| self.takes(s, self.apps) || !self.servers[s].two);
        self.locked_out |= !all;
    }

    fn is_whole(&self, side: Side) -> bool {
        let servers = (0..self.servers.len()).all(|s| self.takes(s, side) && !self.takes(s, side.other()));
        servers && self.files == side && self.apps == side
    }
}

impl Hands for World {
    fn note(&mut self, journal: &Journal) -> Result<(), String> {
        let (effect, heard) = self.call();
        if effect {
            self.durable = Some(Journal::decode(&journal.encode()).expect("journal"));
        }
        if heard { Ok(()) } else { Err("dead".to_owned()) }
    }

    fn holds_two(&mut self, server: usize) -> Option<bool> {
        let (_, heard) = self.call();
        heard.then(|| self.servers[server].two)
    }

    fn log_in(&mut self, server: usize, side: Side) -> Login {
        match self.call() {
            (_, false) => Login::Unreachable,
            _ if self.takes(server, side) => Login::Accepted,
            _ => Login::Refused,
        }
    }

    fn set(&mut self, server: usize, side: Side) -> Set {
        let (effect, heard) = self.call();
        if heard && self.refuses && side == Side::New && server + 1 == self.servers.len() {
            return Set::Refused("the password is refused by its policy".to_owned());
        }
        if effect {
            let own = &mut self.servers[server];
            let (old, new) = if own.two { (true, true) } else { (side == Side::Old, side == Side::New) };
            (own.old, own.new) = (old, new);
            self.look();
        }
        if heard { Set::Done } else { Set::Unknown }
    }

    fn retire(&mut self, server: usize, side: Side) -> Set {
        let (effect, heard) = self.call();
        if effect {
            match side {
                Side::Old => self.servers[server].old = false,
                Side::New => self.servers[server].new = false,
            }
            self.look();
        }
        if heard { Set::Done } else { Set::Unknown }
    }

    fn can_write(&mut self, _side: Side) -> Result<(), String> {
        if self.in_the_way { Err("a file was changed".to_owned()) } else { Ok(()) }
    }

    fn write(&mut self, side: Side) -> Written {
        let (effect, heard) = self.call();
        if effect {
            self.files = side;
        }
        if heard { Written::Done } else { Written::Half("dead".to_owned()) }
    }

    fn reload(&mut self, side: Side) -> bool {
        let (effect, heard) = self.call();
        if side == Side::New && self.reload_fails {
            return false;
        }
        if effect {
            self.apps = self.files;
            self.look();
        }
        heard
    }

    fn health(&mut self, side: Side) -> bool {
        let (_, heard) = self.call();
        heard && !(side == Side::New && self.health_fails)
    }

    fn wait(&mut self) {
        self.call();
    }

    fn name(&self, server: usize) -> String {
        format!("server {server}")
    }
}

fn fresh(servers: usize) -> Journal {
    let servers = vec![Mark::Untouched; servers];
    Journal { id: "0".repeat(16), stage: [7; 32], began: 1, to: Side::New, state: State::Staged, servers, wrote: false }
}

const SHAPES: &[&[bool]] = &[&[], &[false], &[true], &[true, false], &[false, true, true]];

#[test]
fn undisturbed_it_ends_on_the_new_side_and_nobody_is_locked_out() {
    for shape in SHAPES {
        let mut world = World::new(shape);
        assert_eq!(drive(&mut fresh(shape.len()), &mut world), End::Done);
        assert!(world.is_whole(Side::New) && !world.locked_out);
    }
}

#[test]
fn what_goes_wrong_brings_it_back() {
    for shape in SHAPES {
        for fault in 0..3 {
            let mut world = World::new(shape);
            (world.reload_fails, world.health_fails, world.refuses) = (fault == 0, fault == 1, fault == 2);
            let end = drive(&mut fresh(shape.len()), &mut world);
            if fault == 2 && shape.is_empty() {
                assert_eq!(end, End::Done);
                continue;
            }
            assert!(matches!(end, End::WentBack(_)), "{shape:?} {fault}");
            assert!(world.is_whole(Side::Old) && !world.locked_out, "{shape:?} {fault} {world:?}");
        }
    }
}

/// Dies at `at`, then is resumed (or undone), dies again at `again` calls later, and is resumed until it ends.
fn survive(shape: &[bool], at: usize, effect: bool, undo: bool, again: Option<(usize, bool)>) -> bool {
    let mut world = World::new(shape);
    world.dies = Some((at, effect));
    drive(&mut fresh(shape.len()), &mut world);
    let died = world.dead;
    let mut turned = false;
    for dies in [again, None] {
        world.dead = false;
        world.dies = dies.map(|(n, effect)| (world.calls + n, effect));
        // before the first durable journal nothing was done at all
        let Some(mut journal) = world.durable.clone() else { continue };
        if undo && !turned && journal.to == Side::New {
            turned = turn_round(&mut journal, &mut world).is_ok();
        }
        drive(&mut journal, &mut world);
        if !world.dead {
            break;
        }
    }
    let side = match &world.durable {
        None => Side::Old,
        Some(journal) => {
            assert!(journal.is_over(), "{shape:?} at {at} {effect} undo {undo} again {again:?}: {journal:?}");
            journal.to
        }
    };
    let told = world.is_whole(side);
    assert!(told, "{shape:?} at {at} {effect} undo {undo} again {again:?}: {world:?}");
    assert!(!world.locked_out, "{shape:?} at {at}: {world:?}");
    died
}

#[test]
fn it_can_die_anywhere_and_be_resumed_or_undone() {
    let mut deaths = 0;
    for shape in SHAPES {
        for undo in [false, true] {
            for effect in [false, true] {
                for at in 1.. {
                    if !survive(shape, at, effect, undo, None) {
                        break;
                    }
                    deaths += 1;
                    for (again, effect) in (1..12).flat_map(|n| [(n, false), (n, true)]) {
                        survive(shape, at, effect, undo, Some((again, effect)));
                        deaths += 1;
                    }
                }
            }
        }
    }
    assert!(deaths > 2_000, "{deaths}");
}

#[test]
fn a_file_that_cannot_be_written_stops_it_before_a_server_is_asked() {
    for shape in SHAPES {
        let mut world = World::new(shape);
        world.in_the_way = true;
        assert!(matches!(drive(&mut fresh(shape.len()), &mut world), End::WentBack(_)));
        assert!(world.is_whole(Side::Old) && !world.locked_out, "{world:?}");
    }
}

#[test]
fn a_server_that_takes_neither_stops_everything() {
    let mut world = World::new(&[false]);
    let mut journal = fresh(1);
    journal.servers[0] = Mark::Begun;
    (world.servers[0].old, world.servers[0].new) = (false, false);
    let end = drive(&mut journal, &mut world);
    assert!(matches!(&end, End::Stands(why) if why.contains("neither")), "{end:?}");
    assert_eq!((world.files, world.apps, journal.state), (Side::Old, Side::Old, State::Staged));
}
