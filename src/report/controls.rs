//! Sort of fault to the controls that it is evidence against: CWE, OWASP ASVS 5.0, SOC 2 (TSC), PCI DSS 4.0.1, NIST SP 800-53 r5,
//! ISO/IEC 27001:2022 Annex A. Ids only: the texts of some are not free.
//!
//! A finding is evidence against a control; the absence of findings is no proof that a control is met, and nothing here says so. A rule that
//! names controls of its own keeps them; this table is for the others.

use super::card::RuleCard;
use crate::model::severity::Class;

/// Controls touched by one sort of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls {
    /// CWE numbers, the fitting one first.
    pub cwe: &'static [u32],
    /// Framework, as in rule files, and its control ids.
    pub frameworks: &'static [(&'static str, &'static [&'static str])],
}

/// The controls of a class; a topic that is listed says it more exactly.
#[must_use]
pub fn controls(class: Class, topic: &str) -> Controls {
    match topic {
        "verify-off" => VERIFY_OFF,
        "auth-off" => AUTH_OFF,
        "exposure" => EXPOSURE,
        "web" | "cookie" | "cors" => WEB,
        "container" | "runtime" | "image" | "privilege" => RUNTIME,
        "logging" | "observability" | "monitoring" => LOGGING,
        "backup" | "recovery" | "restart" => RECOVERY,
        _ => of_class(class),
    }
}

/// Gives `card` the controls of `class` and `topic` where the rule has none of its own.
pub fn complete(card: &mut RuleCard, class: Class, topic: &str) {
    let known = controls(class, topic);
    if card.cwe.is_empty() {
        card.cwe = known.cwe.to_vec();
    }
    if card.controls.is_empty() {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        card.controls = known.frameworks.iter().map(|(name, ids)| ((*name).to_owned(), owned(ids))).collect();
    }
}

fn of_class(class: Class) -> Controls {
    match class {
        Class::DevSecret => Controls {
            cwe: &[1392, 798, 1391],
            frameworks: &[
                ("asvs", &["13.2.3", "6.3.2", "13.3.1"]),
                ("soc2", &["CC6.1", "CC6.2"]),
                ("pci-dss", &["2.2.2", "8.3.6", "8.6.2"]),
                ("nist-800-53", &["IA-5", "IA-5(1)", "CM-6"]),
                ("iso-27001", &["A.5.17", "A.8.9", "A.8.31"]),
            ],
        },
        Class::EmptySecret => Controls {
            cwe: &[258, 1391],
            frameworks: &[
                ("asvs", &["13.2.3", "13.3.1"]),
                ("soc2", &["CC6.1"]),
                ("pci-dss", &["2.2.2", "8.3.6"]),
                ("nist-800-53", &["IA-5(1)", "CM-6"]),
                ("iso-27001", &["A.5.17", "A.8.9"]),
            ],
        },
        Class::HardcodedSecret => Controls {
            cwe: &[798, 312, 260],
            frameworks: &[
                ("asvs", &["13.3.1"]),
                ("soc2", &["CC6.1", "CC8.1"]),
                ("pci-dss", &["8.6.2", "8.3.2", "3.6.1"]),
                ("nist-800-53", &["IA-5(7)", "SC-28"]),
                ("iso-27001", &["A.5.17", "A.8.4", "A.8.12"]),
            ],
        },
        Class::LeakedCopy => Controls {
            cwe: &[538, 312, 798],
            frameworks: &[
                ("asvs", &["13.3.1"]),
                ("soc2", &["CC6.1", "CC6.7"]),
                ("pci-dss", &["8.6.2", "3.6.1"]),
                ("nist-800-53", &["IA-5(7)", "SC-28"]),
                ("iso-27001", &["A.5.17", "A.8.12"]),
            ],
        },
        Class::RetiredSecret => Controls {
            cwe: &[324, 798],
            frameworks: &[
                ("asvs", &["13.3.1", "13.3.4"]),
                ("soc2", &["CC6.1"]),
                ("pci-dss", &["3.7.4", "3.7.5", "8.6.3"]),
                ("nist-800-53", &["IA-5(1)", "SC-12"]),
                ("iso-27001", &["A.5.17", "A.8.24"]),
            ],
        },
        Class::ReusedSecret => Controls {
            cwe: &[323],
            frameworks: &[
                ("asvs", &["11.2.1", "13.3.1"]),
                ("soc2", &["CC6.1"]),
                ("pci-dss", &["3.6.1", "3.7.1"]),
                ("nist-800-53", &["SC-12", "IA-5"]),
                ("iso-27001", &["A.8.24", "A.5.17"]),
            ],
        },
        Class::MissingVariable => Controls {
            cwe: &[1188],
            frameworks: &[
                ("asvs", &["13.1.1"]),
                ("soc2", &["CC7.1", "CC8.1"]),
                ("pci-dss", &["6.5.1"]),
                ("nist-800-53", &["CM-6"]),
                ("iso-27001", &["A.8.9"]),
            ],
        },
        Class::WeakKey => Controls {
            cwe: &[326, 321, 331],
            frameworks: &[
                ("asvs", &["11.2.3", "11.5.1"]),
                ("soc2", &["CC6.1"]),
                ("pci-dss", &["3.6.1", "3.7.1"]),
                ("nist-800-53", &["SC-12", "SC-13"]),
                ("iso-27001", &["A.8.24"]),
            ],
        },
        Class::NonTlsUrl => Controls {
            cwe: &[319, 311],
            frameworks: &[
                ("asvs", &["12.2.1", "12.3.1", "12.3.3"]),
                ("soc2", &["CC6.7", "CC6.6"]),
                ("pci-dss", &["4.2.1", "2.2.7"]),
                ("nist-800-53", &["SC-8", "SC-8(1)"]),
                ("iso-27001", &["A.8.24", "A.8.20", "A.8.21"]),
            ],
        },
        Class::InsecureSetting => Controls {
            cwe: &[489, 215],
            frameworks: &[
                ("asvs", &["13.4.2"]),
                ("soc2", &["CC6.8", "CC7.1", "CC8.1"]),
                ("pci-dss", &["2.2.6", "6.5.6"]),
                ("nist-800-53", &["CM-6", "CM-7"]),
                ("iso-27001", &["A.8.9", "A.8.31"]),
            ],
        },
    }
}

const VERIFY_OFF: Controls = Controls {
    cwe: &[295, 297],
    frameworks: &[
        ("asvs", &["12.3.2", "12.3.4"]),
        ("soc2", &["CC6.7"]),
        ("pci-dss", &["4.2.1"]),
        ("nist-800-53", &["SC-8(1)", "SC-23"]),
        ("iso-27001", &["A.8.24", "A.8.21"]),
    ],
};

const AUTH_OFF: Controls = Controls {
    cwe: &[306, 287, 1188],
    frameworks: &[
        ("asvs", &["13.2.1"]),
        ("soc2", &["CC6.1", "CC6.6"]),
        ("pci-dss", &["2.2.2", "7.2.1", "8.3.1"]),
        ("nist-800-53", &["IA-2", "IA-9", "AC-3"]),
        ("iso-27001", &["A.8.5", "A.8.3", "A.5.15"]),
    ],
};

const EXPOSURE: Controls = Controls {
    cwe: &[668, 200],
    frameworks: &[
        ("asvs", &["13.2.4", "13.4.5"]),
        ("soc2", &["CC6.6"]),
        ("pci-dss", &["1.2.5", "1.4.4"]),
        ("nist-800-53", &["SC-7", "CM-7"]),
        ("iso-27001", &["A.8.20", "A.8.22"]),
    ],
};

const WEB: Controls = Controls {
    cwe: &[614, 1004, 942],
    frameworks: &[
        ("asvs", &["3.3.1", "3.4.1", "3.4.2"]),
        ("soc2", &["CC6.1", "CC6.6"]),
        ("pci-dss", &["6.2.4"]),
        ("nist-800-53", &["SC-23", "AC-4"]),
        ("iso-27001", &["A.8.26"]),
    ],
};

const RUNTIME: Controls = Controls {
    cwe: &[250, 269],
    frameworks: &[
        ("asvs", &["13.2.2"]),
        ("soc2", &["CC6.8", "CC7.1"]),
        ("pci-dss", &["2.2.1", "2.2.4", "2.2.6"]),
        ("nist-800-53", &["CM-7", "AC-6", "SC-39"]),
        ("iso-27001", &["A.8.9", "A.8.2", "A.8.19"]),
    ],
};

const LOGGING: Controls = Controls {
    cwe: &[778, 532],
    frameworks: &[
        ("asvs", &["16.5.1"]),
        ("soc2", &["CC7.2", "CC7.3"]),
        ("pci-dss", &["10.2.1", "10.4.1"]),
        ("nist-800-53", &["AU-2", "AU-12", "SI-4"]),
        ("iso-27001", &["A.8.15", "A.8.16"]),
    ],
};

const RECOVERY: Controls = Controls {
    cwe: &[],
    frameworks: &[("soc2", &["A1.2", "CC7.5"]), ("nist-800-53", &["CP-9", "CP-10"]), ("iso-27001", &["A.8.13", "A.5.30"])],
};

#[cfg(test)]
mod tests {
    use super::{complete, controls};
    use crate::model::severity::Class;
    use crate::report::sample;

    #[test]
    fn every_class_touches_all_five_frameworks() {
        for class in Class::ALL {
            let known = controls(*class, "");
            let names: Vec<_> = known.frameworks.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["asvs", "soc2", "pci-dss", "nist-800-53", "iso-27001"], "{class}");
            assert!(!known.cwe.is_empty() && known.frameworks.iter().all(|(_, ids)| !ids.is_empty()), "{class}");
        }
    }

    #[test]
    fn a_topic_is_more_exact_and_a_rules_own_controls_stay() {
        assert_eq!(controls(Class::NonTlsUrl, "verify-off").cwe, [295, 297]);
        let mut card = sample::report().rules.remove(0);
        complete(&mut card, Class::WeakKey, "");
        assert_eq!((card.cwe.as_slice(), card.controls.len()), ([1392].as_slice(), 1));
        card.cwe.clear();
        card.controls.clear();
        complete(&mut card, Class::WeakKey, "");
        assert_eq!((card.cwe.as_slice(), card.controls.len()), ([326, 321, 331].as_slice(), 5));
    }
}
