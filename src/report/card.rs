//! What is said of a rule beside its findings.

/// What a renderer shows of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// Kebab-case id.
    pub id: String,
    /// One line.
    pub title: String,
    /// Why it matters; may be empty.
    pub why: String,
    /// Links.
    pub references: Vec<String>,
    /// CWE numbers.
    pub cwe: Vec<u32>,
    /// Framework name and control ids, for instance `soc2` and `CC6.1`.
    pub controls: Vec<(String, Vec<String>)>,
}
