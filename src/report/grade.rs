//! Findings to a percentage and a letter. The formula is documented in docs/grade.md; weights and letters are `rules/grading.toml`.
//!
//! Two numbers answer two questions. The readiness says how much is done: the weighted share of subjects without an open finding. The letter
//! says how bad the worst is: the readiness gives a first letter, and each cap, named, may lower it.

use std::collections::{BTreeMap, BTreeSet};

use super::area::Area;
use super::grading::{GRADING, LETTERS};
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Severity};

/// What a finding of this class and topic is about, where no subject says so.
#[must_use]
pub fn area_of(class: Class, topic: &str) -> Area {
    GRADING.area(class, topic)
}

/// Something that can be right or wrong: a secret, a key, a connection, a switch. Counted once, however many places it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The id that findings refer to.
    pub id: u64,
    /// What it is a part of.
    pub area: Area,
    /// The deployment that its file speaks for.
    pub environment: Environment,
}

/// The verdict on a whole scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// `A+` to `F`, or `?` when there was too little to judge.
    pub letter: &'static str,
    /// Readiness, 0 to 100: the weighted share of subjects in production files without an open finding. 0 where there is no subject.
    pub readiness: u8,
    /// What lowered the letter, the lowest first.
    pub caps: Vec<Cap>,
    /// How many subjects in production files the readiness is about.
    pub subjects: usize,
    /// Version of the weights.
    pub version: u32,
    /// Whether nothing blocks a launch: grade B or better.
    pub go: bool,
}

impl Grade {
    /// `readiness 50 %`, or that there was nothing to judge.
    #[must_use]
    pub fn readiness_words(&self) -> String {
        if self.subjects == 0 { "nothing to judge".to_owned() } else { format!("readiness {} %", self.readiness) }
    }
}

impl Cap {
    /// `B at best`, or `no grade`.
    #[must_use]
    pub fn allows(&self) -> String {
        if self.letter == "?" { "no grade".to_owned() } else { format!("{} at best", self.letter) }
    }
}

/// A reason why the letter cannot be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The best letter it allows.
    pub letter: &'static str,
    /// Why, in one phrase.
    pub reason: String,
}

/// What the grade must know besides subjects and findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradeFacts {
    /// Files in scope that their format could not read.
    pub unparsed_files: usize,
    /// Findings in production files that comments in the files or harden.toml took out.
    pub waived: usize,
}

/// Grades a scan. Only subjects and findings of production files count, and no finding of severity `info`; neither order matters. A finding
/// whose subject is not among `subjects` brings its own, with the area of its class and topic.
///
/// ```
/// use harden::model::environment::Environment;
/// use harden::report::area::Area;
/// use harden::report::grade::{grade, GradeFacts, Subject};
/// let subjects: Vec<_> = (0..6).map(|id| Subject { id, area: Area::Secrets, environment: Environment::Production }).collect();
/// let verdict = grade(&subjects, &[], GradeFacts::default());
/// assert_eq!((verdict.letter, verdict.readiness, verdict.go), ("A+", 100, true));
/// ```
#[must_use]
pub fn grade(subjects: &[Subject], findings: &[&Finding], facts: GradeFacts) -> Grade {
    let live: Vec<&Finding> =
        findings.iter().copied().filter(|f| f.environment == Environment::Production && f.severity > Severity::Info).collect();
    let judged = judge(subjects, &live);
    let readiness = readiness(&judged);
    // nothing to judge is neither good nor bad: `?` below
    let base = if judged.is_empty() { "A+" } else { first_letter(readiness) };
    let mut caps = caps(&judged, &live, facts);
    let mut letter = caps.first().map_or(base, |cap| worse(base, cap.letter));
    let go = rank(letter) <= rank("B");
    let few = judged.len() < GRADING.min_subjects;
    if few && go {
        letter = "?";
        let found = judged.len();
        let reason = format!("too little to judge: {found} of at least {} things to judge are in production files", GRADING.min_subjects);
        caps.insert(0, Cap { letter, reason });
    }
    // rounded down: 100 is said only where nothing is open
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before")]
    let readiness = (readiness + 1e-9).clamp(0.0, 100.0) as u8;
    Grade { letter, readiness, caps, subjects: judged.len(), version: GRADING.version, go: go && !few }
}

/// A subject with the worst that was found about it.
type Judged = BTreeMap<u64, (Area, Option<Severity>)>;

fn judge(subjects: &[Subject], live: &[&Finding]) -> Judged {
    let mut judged = Judged::new();
    let mut place = |id: u64, area: Area| {
        // one id, two areas: the earlier in the list of areas, whatever the order of the subjects is
        judged.entry(id).and_modify(|(known, _)| *known = area.min(*known)).or_insert((area, None));
    };
    subjects.iter().filter(|s| s.environment == Environment::Production).for_each(|s| place(s.id, s.area));
    let known: BTreeSet<u64> = subjects.iter().filter(|s| s.environment == Environment::Production).map(|s| s.id).collect();
    live.iter().filter(|f| !known.contains(&f.subject)).for_each(|f| place(f.subject, area_of(f.class, &f.topic)));
    for finding in live {
        if let Some((_, worst)) = judged.get_mut(&finding.subject) {
            *worst = (*worst).max(Some(finding.severity));
        }
    }
    judged
}

/// Percent; 0 where there is nothing to judge, for that is no pass.
fn readiness(judged: &Judged) -> f64 {
    let (mut sum, mut whole) = (0.0, 0.0);
    for (area, weight) in &GRADING.weights {
        let (mut count, mut passed) = (0_u32, 0.0);
        for (_, worst) in judged.values().filter(|(a, _)| a == area) {
            count += 1;
            passed += match worst {
                None | Some(Severity::Info) => 1.0,
                Some(Severity::Low) => GRADING.low_counts,
                Some(_) => 0.0,
            };
        }
        if count > 0 {
            whole += f64::from(*weight);
            sum += f64::from(*weight) * passed / f64::from(count);
        }
    }
    if whole > 0.0 { 100.0 * sum / whole } else { 0.0 }
}

fn first_letter(readiness: f64) -> &'static str {
    GRADING.letters.iter().find(|(_, least)| readiness >= f64::from(*least)).map_or("F", |(letter, _)| letter)
}

/// What lowers the letter, the lowest first.
fn caps(judged: &Judged, live: &[&Finding], facts: GradeFacts) -> Vec<Cap> {
    let mut caps = disqualifiers(live);
    let mut cap = |letter, reason: String| caps.push(Cap { letter, reason });
    let core: Vec<&str> = Area::CORE.into_iter().filter(|area| has_high(judged, *area)).map(Area::word).collect();
    if core.len() == 3 {
        cap("F", "secrets, keys and transport each have a finding of severity high or worse".to_owned());
    }
    let critical = live.iter().filter(|f| f.severity == Severity::Critical && !GRADING.disqualifiers.contains_key(&f.topic)).count();
    if critical > 0 {
        cap("D", format!("{critical} open critical {}", findings_word(critical)));
    }
    if core.len() == 2 {
        cap("D", format!("{} each have a finding of severity high or worse", core.join(" and ")));
    }
    let high = live.iter().filter(|f| f.severity == Severity::High).count();
    if high > 0 {
        cap("C", format!("{high} open high {}", findings_word(high)));
    }
    match facts.unparsed_files {
        0 => {}
        1 => cap("B", "1 file could not be parsed".to_owned()),
        n => cap("B", format!("{n} files could not be parsed")),
    }
    if facts.waived * 100 > GRADING.max_waived * judged.len() {
        cap("B", format!("{} suppressed by the repository, more than {} % of what was judged", facts.waived, GRADING.max_waived));
    } else if facts.waived > 0 {
        cap("A", format!("{} suppressed by the repository", facts.waived));
    }
    for area in [Area::Handling, Area::Recovery] {
        if judged.values().any(|(a, worst)| *a == area && worst.is_some()) {
            cap("A", format!("{} is below 100 %, which A+ needs", area.word()));
        }
    }
    caps
}

/// A cap for each topic that no readiness makes good.
fn disqualifiers(live: &[&Finding]) -> Vec<Cap> {
    let mut caps = Vec::new();
    for (topic, reason) in &GRADING.disqualifiers {
        let hits = || live.iter().filter(|f| f.severity == Severity::Critical && f.topic == *topic);
        if let Some(first) = hits().min_by_key(|f| (&f.file, f.start)) {
            let more = match hits().count() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            caps.push(Cap { letter: "F", reason: format!("{reason} ({}:{}{more})", first.file, first.start.line) });
        }
    }
    caps
}

fn has_high(judged: &Judged, area: Area) -> bool {
    judged.values().any(|(a, worst)| *a == area && worst.is_some_and(|w| w >= Severity::High))
}

fn findings_word(count: usize) -> &'static str {
    if count == 1 { "finding" } else { "findings" }
}

fn rank(letter: &str) -> usize {
    LETTERS.iter().position(|known| *known == letter).unwrap_or(LETTERS.len())
}

fn worse(a: &'static str, b: &'static str) -> &'static str {
    if rank(a) >= rank(b) { a } else { b }
}

#[cfg(test)]
#[path = "grade_tests.rs"]
mod tests;
