//! What is computed from the secrets of a plan: tokens that they sign, other spellings, hashes, public halves. Known by computing it from
//! the old value, never by a name alone; where the old value is one that many have, the name has to agree.
//!
//! Hashes are made to be slow: at most [`GUESSES`] are asked, and only those of the usual cost.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap};

use super::kin::Names;
use super::place::{Account, Form, Place, may_hold_a_secret};
use super::same::Same;
use crate::keygen::{
    Decoded, Entropy, Hash, KeyPair, KeygenError, Made, Needs, Spec, Token, by_name, ending, hashes, is_signed_by_a_pair, tokens,
};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::span::Span;
use crate::model::template::innermost_default;
use crate::strength::name::{Purpose, purpose};
use crate::strength::phc::guess_cost;

/// How often a plan asks whether a hash is that of a password.
const GUESSES: usize = 32;
/// Tokens of which it is asked whether another secret of the files has signed them, and secrets that are tried.
const TRIALS: (usize, usize) = (64, 2048);
/// Secrets of so many characters are not shared by chance.
const UNSHARED: usize = 20;

/// A place whose value is computed from the secret.
#[derive(Debug)]
pub struct Derived {
    /// Where.
    pub place: Place,
    /// How it is computed, in words.
    pub how: String,
    /// What comes there.
    pub value: Secret,
}

/// A place, and how its text is made of the secret.
pub(super) struct Traced {
    pub(super) place: Place,
    made: Box<dyn Made>,
}

/// What belongs to one secret of the plan.
#[derive(Default)]
pub(super) struct Family {
    /// Places that change with it.
    pub(super) made: Vec<Traced>,
    /// Places that are computed from it and stay: examples, documents, development files, code.
    pub(super) outside: Vec<Place>,
    /// The pair that it is the private half of, where the public half is among the places that change.
    pub(super) pair: Option<KeyPair>,
    /// Why a person has to look first.
    pub(super) doubt: Option<String>,
    /// Why it cannot be replaced here.
    pub(super) blocked: Option<String>,
}

/// What belongs to the secrets of a plan, in their order.
pub(super) struct Families {
    pub(super) each: Vec<Family>,
    /// Path and line of the first signed token that no secret of these files has signed.
    pub(super) unsigned: Option<String>,
}

/// A secret that is replaced, as far as its descendants ask.
struct Parent<'p> {
    old: &'p Secret,
    names: Vec<Names>,
    signs: bool,
    own: BTreeSet<(usize, usize)>,
    pairs: Vec<KeyPair>,
    /// It is itself computed from another.
    absorbed: bool,
}

/// A text that may be computed from a secret.
#[derive(Clone, Copy)]
struct Candidate<'d> {
    document: usize,
    index: usize,
    setting: &'d Setting,
    within: Span,
    live: bool,
}

/// Finds what is made of the secrets that `groups` of `places` hold.
pub(super) fn families(documents: &[Document], places: &[Place], groups: &[Same]) -> Families {
    let mut search = Search {
        documents,
        parents: groups.iter().map(|same| Parent::of(documents, places, same)).collect(),
        each: groups.iter().map(|_| Family::default()).collect(),
    };
    let all = candidates(documents);
    search.spellings(&all);
    search.pairs();
    search.absorb();
    let unsigned = search.signatures(&all, places);
    search.loose_tokens(&all);
    search.hashes(&all);
    Families { each: search.each, unsigned }
}

impl<'p> Parent<'p> {
    fn of(documents: &[Document], places: &'p [Place], same: &Same) -> Self {
        static NOTHING: std::sync::LazyLock<Secret> = std::sync::LazyLock::new(Secret::default);
        let own: Vec<&Place> = same.live.iter().filter_map(|i| places.get(*i)).collect();
        let settings = || own.iter().filter_map(|p| p.setting_in(documents)).map(|(_, setting)| setting);
        let old = own.first().map_or(&*NOTHING, |p| &p.text);
        Self {
            old,
            names: settings().map(Names::of).collect(),
            signs: settings().any(|s| purpose(s.name()) == Purpose::Jwt),
            own: own.iter().map(|p| (p.document, p.setting)).collect(),
            pairs: KeyPair::read(old.expose()),
            absorbed: false,
        }
    }

    fn closeness(&self, names: &Names) -> usize {
        self.names.iter().map(|own| own.closeness(names)).max().unwrap_or(0)
    }
}

/// Every setting that is no comment and has a text of its own.
fn candidates(documents: &[Document]) -> Vec<Candidate<'_>> {
    let mut out = Vec::new();
    for (d, document) in documents.iter().enumerate() {
        let mut seen = BTreeSet::new();
        let read = |s: &Setting| matches!(s.role, Role::Live | Role::Argument | Role::Prose) && !s.value.is_empty();
        let mut asked: Vec<(usize, &Setting)> = document.settings.iter().enumerate().filter(|(_, s)| read(s)).collect();
        // two settings of the same bytes would be two edits of them: the one that can be written counts
        asked.sort_by_key(|(index, s)| (!s.editable || s.role == Role::Prose, *index));
        asked.retain(|(_, s)| seen.insert(s.span));
        asked.sort_by_key(|(index, _)| *index);
        for (index, setting) in asked {
            let value = setting.value.expose();
            let within = innermost_default(value).trimmed(value);
            let live = document.environment_of(setting) == Environment::Production && setting.role != Role::Prose;
            out.push(Candidate { document: d, index, setting, within, live });
        }
    }
    out
}

impl Candidate<'_> {
    fn text(&self) -> &str {
        self.within.of(self.setting.value.expose())
    }

    fn at(self, within: Span) -> Self {
        Self { within, ..self }
    }

    /// Whether a smaller setting has that part of the value: the argument of a command line, a line of a file in a block.
    fn is_held_inside(&self, within: Span, document: &Document) -> bool {
        let text = within.of(self.setting.value.expose());
        let has = |s: &Setting| match self.setting.locate(&document.text, within) {
            Some(place) => s.span.covers(place),
            // the block is written in another way than it is read
            None => s.value.expose().contains(text),
        };
        let inside = |s: &Setting| self.setting.span.covers(s.span) && s.span != self.setting.span && has(s);
        document.settings.iter().any(|s| matches!(s.role, Role::Live | Role::Argument) && inside(s))
    }

    fn place(&self) -> Place {
        let text = Secret::copy_of(self.text());
        Place {
            document: self.document,
            setting: self.index,
            within: self.within,
            form: Form::Plain,
            in_url: false,
            account: Account::default(),
            text,
        }
    }
}

struct Search<'d> {
    documents: &'d [Document],
    parents: Vec<Parent<'d>>,
    each: Vec<Family>,
}

fn unwritable(line: &str) -> String {
    format!("{line} holds a token signed with it, where nothing can be written")
}

impl Search<'_> {
    fn line(&self, candidate: &Candidate<'_>) -> String {
        let document = self.documents.get(candidate.document);
        document.map_or_else(String::new, |d| format!("{}:{}", d.path, d.lines.line(candidate.setting.span.start)))
    }

    /// Base64, hexadecimal and the like, and public halves.
    fn spellings(&mut self, all: &[Candidate<'_>]) {
        // every text is held against few secrets: those that end as it does, and halves of pairs
        let mut by_ending: HashMap<_, Vec<usize>> = HashMap::new();
        let mut paired = Vec::new();
        for (i, parent) in self.parents.iter().enumerate() {
            match ending(parent.old) {
                _ if !parent.pairs.is_empty() => paired.push(i),
                Some(ending) => by_ending.entry(ending).or_default().push(i),
                None => {}
            }
        }
        for candidate in all {
            let at = (candidate.document, candidate.index);
            let decoded = Decoded::of(candidate.text());
            let made = |parent: &Parent<'_>| -> Option<Box<dyn Made>> {
                if parent.own.contains(&at) {
                    return None;
                }
                let half = parent.pairs.iter().find_map(|pair| pair.public_half(candidate.text()));
                half.map(|half| Box::new(half) as Box<dyn Made>).or_else(|| Some(Box::new(decoded.spells(parent.old)?)))
            };
            let asked: BTreeSet<usize> =
                decoded.endings().filter_map(|end| by_ending.get(&end)).flatten().chain(&paired).copied().collect();
            let found = asked.into_iter().filter_map(|i| Some((i, made(self.parents.get(i)?)?))).collect();
            self.assign(candidate, found);
        }
    }

    /// Settles which pair 32 bytes are, and looks for halves that cannot be changed.
    fn pairs(&mut self) {
        let documents = self.documents;
        for (parent, family) in self.parents.iter_mut().zip(&mut self.each) {
            let held = |pair: &KeyPair| family.made.iter().any(|t| pair.public_half(t.place.text.expose()).is_some());
            let Some(which) = parent.pairs.iter().position(held) else { continue };
            let pair = parent.pairs.swap_remove(which);
            if family.made.iter().all(|t| is_own_member(documents, &t.place, &parent.own)) {
                let why = "its public half stands only beside it: whoever checks with that is not among these files";
                family.blocked = Some(why.to_owned());
            }
            for (d, document) in documents.iter().enumerate().filter(|(_, d)| d.environment == Environment::Production) {
                for (at, certificate) in pair.blocks(&document.text) {
                    let inside = |p: &Place| {
                        p.document == d && document.settings.get(p.setting).is_some_and(|s| s.span.start <= at && at <= s.span.end)
                    };
                    if !family.made.iter().map(|t| &t.place).chain(&family.outside).any(inside) {
                        let what = if certificate {
                            "is a certificate for it: ask for another"
                        } else {
                            "holds its public half, and cannot be edited"
                        };
                        family.blocked = Some(format!("{}:{} {what}", document.path, document.lines.line(at)));
                    }
                }
            }
            family.pair = Some(pair);
        }
    }

    /// Secrets that are only another spelling of others sign nothing themselves.
    fn absorb(&mut self) {
        let claimed = self.claimed();
        self.parents.iter_mut().for_each(|parent| parent.absorbed = parent.own.iter().all(|at| claimed.contains(at)));
    }

    fn claimed(&self) -> BTreeSet<(usize, usize)> {
        self.each.iter().flat_map(|family| &family.made).map(|t| (t.place.document, t.place.setting)).collect()
    }

    /// Tokens; gives the first that none of the files' secrets has signed.
    fn signatures(&mut self, all: &[Candidate<'_>], places: &[Place]) -> Option<String> {
        let (mut unsigned, mut asked) = (None, 0);
        let documents = self.documents;
        let others = LazyCell::new(|| {
            let held = places.iter().filter(|p| may_hold_a_secret(p, documents)).map(|p| &p.text);
            held.take(TRIALS.1).collect::<Vec<_>>()
        });
        for candidate in all {
            let value = candidate.setting.value.expose();
            for span in self.own(candidate, tokens(value)) {
                let Some(token) = Token::read(span.of(value)) else {
                    if candidate.live && is_signed_by_a_pair(span.of(value)) {
                        self.doubt_pairs(candidate);
                    }
                    continue;
                };
                let parents = self.parents.iter().enumerate().filter(|(_, parent)| !parent.absorbed);
                let found: Vec<(usize, Box<dyn Made>)> =
                    parents.filter_map(|(i, parent)| Some((i, Box::new(token.signed_with(parent.old)?) as Box<dyn Made>))).collect();
                let mut known = !found.is_empty() || !candidate.live || unsigned.is_some();
                self.assign(&candidate.at(span), found);
                asked += 1;
                known = known || asked <= TRIALS.0 && others.iter().any(|other| token.signed_with(other).is_some());
                if !known {
                    unsigned = Some(self.line(candidate));
                }
            }
        }
        unsigned
    }

    /// Tokens that stand in no setting: in files that no format reads, between the words of a statement. They cannot be written.
    fn loose_tokens(&mut self, all: &[Candidate<'_>]) {
        for (d, document) in self.documents.iter().enumerate().filter(|(_, d)| d.environment == Environment::Production) {
            for span in tokens(&document.text) {
                let read = || all.iter().any(|candidate| candidate.document == d && candidate.setting.span.overlaps(span));
                let Some(token) = Token::read(span.of(&document.text)).filter(|_| !read()) else { continue };
                let line = document.lines.line(span.start);
                let parents = self.parents.iter().zip(&mut self.each).filter(|(parent, _)| !parent.absorbed);
                for (_, family) in parents.filter(|(parent, _)| token.signed_with(parent.old).is_some()) {
                    family.doubt.get_or_insert_with(|| unwritable(&format!("{}:{line}", document.path)));
                }
            }
        }
    }

    /// Those of `spans` of a value that no smaller setting has.
    fn own(&self, candidate: &Candidate<'_>, mut spans: Vec<Span>) -> Vec<Span> {
        spans.retain(|span| self.documents.get(candidate.document).is_some_and(|d| !candidate.is_held_inside(*span, d)));
        spans
    }

    /// A token that a private key has signed may be signed with any that is made anew.
    fn doubt_pairs(&mut self, candidate: &Candidate<'_>) {
        let line = self.line(candidate);
        for family in self.each.iter_mut().filter(|family| family.pair.is_some()) {
            family.doubt.get_or_insert_with(|| format!("{line} holds a token that may be signed with it, and would have to be made again"));
        }
    }

    /// Hashes of passwords, the likeliest pairs first.
    fn hashes(&mut self, all: &[Candidate<'_>]) {
        let mut left = GUESSES;
        for candidate in all.iter().filter(|c| c.live && c.setting.value.expose().contains('$')) {
            let value = candidate.setting.value.expose();
            let (spans, is_hash) = (self.own(candidate, hashes(value)), guess_cost(candidate.text()).is_some());
            if spans.is_empty() && !is_hash {
                continue;
            }
            let names = Names::of(candidate.setting);
            let mut known = false;
            for (span, hash) in spans.into_iter().filter_map(|span| Some((span, Hash::read(span.of(value))?))) {
                let mut parents: Vec<(usize, usize)> = self.parents.iter().enumerate().map(|(i, p)| (p.closeness(&names), i)).collect();
                parents.sort_by_key(|(closeness, i)| (std::cmp::Reverse(*closeness), *i));
                let mut found: Vec<(usize, Box<dyn Made>)> = Vec::new();
                for (closeness, i) in parents {
                    let Some(parent) = self
                        .parents
                        .get(i)
                        .filter(|p| !p.absorbed && p.pairs.is_empty() && !p.own.contains(&(candidate.document, candidate.index)))
                    else {
                        continue;
                    };
                    // one that the name speaks for is found: others are not asked
                    if left == 0 || (closeness == 0 && !found.is_empty()) {
                        break;
                    }
                    left -= usize::from(hash.is_affordable());
                    found.extend(hash.made_of(parent.old).map(|made| (i, Box::new(made) as Box<dyn Made>)));
                }
                known |= !found.is_empty();
                self.assign(&candidate.at(span), found);
            }
            if !known && is_hash {
                self.unknown_hash(candidate, &names);
            }
        }
    }

    /// A hash that is of no password in the plan, or was not asked: the secret of the same name waits for a person.
    fn unknown_hash(&mut self, candidate: &Candidate<'_>, names: &Names) {
        let line = self.line(candidate);
        for (parent, family) in self.parents.iter().zip(&mut self.each) {
            if parent.names.iter().any(|own| own.is_namesake(names)) && !parent.own.contains(&(candidate.document, candidate.index)) {
                family.doubt.get_or_insert_with(|| format!("{line} is a hash whose password is not known here"));
            }
        }
    }

    /// Gives a text to the secret that it is made of, if it is clear which.
    fn assign(&mut self, candidate: &Candidate<'_>, found: Vec<(usize, Box<dyn Made>)>) {
        if found.is_empty() {
            return;
        }
        let names = Names::of(candidate.setting);
        let token = found.iter().any(|(_, made)| made.needs() != Needs::default());
        let rated: Vec<(usize, usize)> = found
            .iter()
            .filter_map(|(i, _)| {
                let parent = self.parents.get(*i)?;
                let sure = 2 * usize::from(parent.old.len() >= UNSHARED || !parent.pairs.is_empty());
                Some((2 * parent.closeness(&names) + sure + 3 * usize::from(token && parent.signs), *i))
            })
            .collect();
        let best = rated.iter().map(|(rate, _)| *rate).max().unwrap_or(0);
        let heirs: Vec<usize> = rated.iter().filter(|(rate, _)| *rate == best).map(|(_, i)| *i).collect();
        let line = self.line(candidate);
        match heirs[..] {
            [one] if best > 0 => {
                let Some(((_, made), family)) = found.into_iter().find(|(i, _)| *i == one).zip(self.each.get_mut(one)) else { return };
                if !candidate.live {
                    // a program that goes live shows the token to a server that no longer takes it
                    let document = self.documents.get(candidate.document).filter(|d| d.format == "code");
                    if token && document.is_some_and(|d| d.environment_of(candidate.setting) == Environment::Production) {
                        family.doubt.get_or_insert_with(|| unwritable(&line));
                    }
                    family.outside.push(candidate.place());
                    return;
                }
                if innermost_default(candidate.setting.value.expose()).len() != candidate.setting.value.len() {
                    family.doubt.get_or_insert_with(|| format!("{line} is the default of a reference, and computed from it"));
                }
                family.made.push(Traced { place: candidate.place(), made });
            }
            _ if !candidate.live => {}
            [_] => self.doubt(&heirs, &format!("{line} is made of the same text: whether of this one is not known")),
            _ => self.doubt(&heirs, &format!("{line} is made of it or of another secret with the same value")),
        }
    }

    fn doubt(&mut self, heirs: &[usize], why: &str) {
        for heir in heirs {
            if let Some(family) = self.each.get_mut(*heir) {
                family.doubt.get_or_insert_with(|| why.to_owned());
            }
        }
    }
}

/// Whether a place is `x` or `y` of the JSON web key that the private half is a member of.
fn is_own_member(documents: &[Document], place: &Place, own: &BTreeSet<(usize, usize)>) -> bool {
    let setting = |document: usize, index: usize| documents.get(document).and_then(|d| d.settings.get(index));
    setting(place.document, place.setting).is_some_and(|s| {
        let beside = |o: &Setting| o.key.scope() == s.key.scope() && o.part == s.part;
        matches!(s.name(), "x" | "y") && own.iter().any(|(d, i)| *d == place.document && setting(*d, *i).is_some_and(beside))
    })
}

impl Family {
    /// Whether what the secret is compared with stands among the files: a hash, and not the secret itself.
    pub(super) fn is_checked(&self) -> bool {
        self.made.iter().any(|traced| traced.made.is_compared())
    }

    /// What the new value has to be like.
    pub(super) fn needs(&self) -> Needs {
        self.made.iter().fold(Needs::default(), |needs, traced| needs.and(traced.made.needs()))
    }

    /// `chosen`, or a value of another form where what is computed from it asks for more.
    ///
    /// # Errors
    /// When no random bytes are to be had.
    pub(super) fn fitting(&self, chosen: Secret, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let needs = self.needs();
        let (name, spec) = match needs {
            Needs { base64: true, bytes } => ("base64", Spec { bytes: Some(bytes.max(32)), ..Spec::default() }),
            Needs { bytes, .. } if bytes > chosen.len() => ("key", Spec { length: Some(bytes), ..Spec::default() }),
            _ => return Ok(chosen),
        };
        by_name(name).map_or(Ok(chosen), |generator| generator.generate(&spec, entropy))
    }

    /// Everything made of `new`.
    ///
    /// # Errors
    /// When one of them cannot be made of it.
    pub(super) fn again(&self, new: &Secret, entropy: &mut dyn Entropy) -> Result<Vec<Derived>, KeygenError> {
        let made = self.made.iter().map(|t| Ok(Derived { place: t.place.clone(), how: t.made.how(), value: t.made.again(new, entropy)? }));
        made.collect()
    }
}
