//! Tests of the grade: the cases that the formula was designed with, and its properties.

use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};

use super::{Area, Grade, GradeFacts, Subject, grade};
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Severity};
use crate::report::sample;

const PRODUCTION: Environment = Environment::Production;

/// A project with everything: 34 subjects, ids by area (100 for secrets, 200 for keys, ...).
fn full() -> Vec<Subject> {
    let counts = [6, 3, 2, 4, 5, 6, 4, 2, 2];
    Area::ALL.into_iter().zip(counts).zip(1_u64..).flat_map(|((area, count), n)| of(area, n * 100, count)).collect()
}

fn of(area: Area, from: u64, count: u64) -> Vec<Subject> {
    (from..from + count).map(|id| Subject { id, area, environment: PRODUCTION }).collect()
}

fn about(subject: u64, severity: Severity, topic: &str) -> Finding {
    let found = sample::finding("r", Class::InsecureSetting, severity, "f", 1, "k");
    Finding { subject, topic: topic.to_owned(), environment: PRODUCTION, ..found }
}

fn each(ids: std::ops::Range<u64>, severity: Severity) -> Vec<Finding> {
    ids.map(|id| about(id, severity, "")).collect()
}

fn verdict(subjects: &[Subject], findings: &[Finding], facts: GradeFacts) -> Grade {
    grade(subjects, &findings.iter().collect::<Vec<_>>(), facts)
}

/// Percent, letter, letters of the caps.
fn short(subjects: &[Subject], findings: &[Finding], facts: GradeFacts) -> (u8, &'static str, String) {
    let grade = verdict(subjects, findings, facts);
    (grade.readiness, grade.letter, grade.caps.iter().map(|cap| cap.letter).collect::<Vec<_>>().join(" "))
}

const NONE: GradeFacts = GradeFacts { unparsed_files: 0, waived: 0 };

#[test]
fn the_way_of_the_origin_from_f_to_a_plus() {
    let secrets = [vec![about(100, Severity::Critical, "default-credential")], each(101..106, Severity::Critical)].concat();
    let keys = each(200..203, Severity::High);
    let transport = each(300..302, Severity::High);
    let all = [secrets.clone(), keys.clone(), transport.clone()].concat();
    assert_eq!(short(&full(), &all, NONE), (50, "F", "F F D C".to_owned()));
    let one_good = [secrets[..5].to_vec(), keys.clone(), transport.clone()].concat();
    assert_eq!(short(&full(), &one_good, NONE), (53, "F", "F F D C".to_owned()));
    assert_eq!(short(&full(), &[keys, transport.clone()].concat(), NONE), (70, "D", "D C".to_owned()));
    assert_eq!(short(&full(), &transport, NONE), (85, "C", "C".to_owned()));
    assert_eq!(short(&full(), &[], NONE), (100, "A+", String::new()));
}

#[test]
fn caps_lower_what_the_percentage_would_give() {
    let debug = each(500..501, Severity::High);
    assert_eq!(short(&full(), &debug, NONE), (98, "C", "C".to_owned()));
    let published = [about(200, Severity::Critical, "published")];
    assert_eq!(short(&full(), &published, NONE), (95, "F", "F".to_owned()));
    assert_eq!(short(&full(), &each(300..302, Severity::Medium), NONE), (85, "B", String::new()));
    assert_eq!(short(&full(), &[], GradeFacts { waived: 2, ..NONE }), (100, "A", "A".to_owned()));
    assert_eq!(short(&full(), &[], GradeFacts { waived: 4, ..NONE }), (100, "B", "B".to_owned()));
    assert_eq!(short(&full(), &[], GradeFacts { unparsed_files: 1, ..NONE }), (100, "B", "B".to_owned()));
    assert_eq!(short(&full(), &each(900..901, Severity::Low), NONE), (99, "A", "A".to_owned()));
    let go = |findings: &[Finding]| verdict(&full(), findings, NONE).go;
    assert!(go(&each(300..302, Severity::Medium)) && !go(&debug));
}

#[test]
fn a_small_project_has_no_grade_unless_it_is_a_bad_one() {
    let one = of(Area::Secrets, 0, 1);
    let good = verdict(&one, &[], NONE);
    assert_eq!((good.letter, good.go, good.readiness), ("?", false, 100));
    assert!(good.caps[0].reason.contains("1 of at least 5"), "{}", good.caps[0].reason);
    assert_eq!(short(&one, &each(0..1, Severity::High), NONE), (0, "F", "C".to_owned()));
    assert_eq!(short(&[], &[], NONE), (0, "?", "?".to_owned()), "an empty folder is neither");
}

#[test]
fn the_reason_names_the_first_place_and_the_number_of_others() {
    let mut found = [about(100, Severity::Critical, "auth-off"), about(101, Severity::Critical, "auth-off")];
    found[1].file = "a".to_owned();
    let reason = &verdict(&full(), &found, NONE).caps[0].reason;
    assert_eq!(reason, "authentication is off (a:1 and 1 more)");
}

#[test]
fn other_environments_and_info_do_not_count() {
    let mut found = each(100..106, Severity::Critical);
    found.iter_mut().for_each(|f| f.environment = Environment::Example);
    found.extend(each(200..203, Severity::Info));
    let mut subjects = full();
    subjects.extend((0..50).map(|id| Subject { id, area: Area::Keys, environment: Environment::Development }));
    let grade = verdict(&subjects, &found, NONE);
    assert_eq!((grade.letter, grade.readiness, grade.subjects), ("A+", 100, 34));
}

#[test]
fn a_finding_without_a_known_subject_brings_its_own() {
    let grade = verdict(&full(), &[about(7, Severity::Medium, "exposure")], NONE);
    assert_eq!((grade.subjects, grade.readiness), (35, 97), "access: 4 of 5");
}

fn subjects() -> impl Strategy<Value = Vec<Subject>> {
    prop::collection::vec((0_u64..40, prop::sample::select(&Area::ALL[..])), 0..40)
        .prop_map(|all| all.into_iter().map(|(id, area)| Subject { id, area, environment: PRODUCTION }).collect())
}

fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let topic = prop::sample::select(vec!["", "auth-off", "published", "debug", "exposure"]);
    prop::collection::vec((0_u64..40, prop::sample::select(Severity::ALL), topic), 0..30)
        .prop_map(|all| all.into_iter().map(|(id, severity, topic)| about(id, severity, topic)).collect())
}

proptest! {
    #[test]
    fn a_failing_subject_never_raises_the_readiness(all in subjects(), found in findings(), area in prop::sample::select(&Area::ALL[..])) {
        let before = verdict(&all, &found, NONE);
        let more = [all, of(area, 1000, 1)].concat();
        let after = verdict(&more, &[found, each(1000..1001, Severity::Medium)].concat(), NONE);
        prop_assert!(after.readiness <= before.readiness);
    }

    #[test]
    fn order_does_not_matter(all in subjects(), found in findings(), by in any::<u64>()) {
        let before = verdict(&all, &found, NONE);
        let (mut all, mut found) = (all, found);
        all.sort_by_key(|s| (s.id.wrapping_mul(by | 1), s.area));
        found.sort_by_key(|f| f.subject.wrapping_mul(by | 1));
        prop_assert_eq!(verdict(&all, &found, NONE), before);
    }

    #[test]
    fn caps_are_sorted_and_go_means_b_or_better(all in subjects(), found in findings(), unparsed_files in 0_usize..3, waived in 0_usize..5) {
        let grade = verdict(&all, &found, GradeFacts { unparsed_files, waived });
        let order = "F D C B A ?";
        let places: Vec<_> = grade.caps.iter().filter(|cap| cap.letter != "?").map(|cap| order.find(cap.letter)).collect();
        prop_assert!(places.is_sorted());
        prop_assert_eq!(grade.go, matches!(grade.letter, "A+" | "A" | "B"));
        prop_assert!(grade.letter != "?" || grade.subjects < 5);
    }
}
