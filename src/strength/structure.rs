//! Regular values: repeats, runs, keyboard walks, few distinct characters.

use zeroize::Zeroizing;

use super::lexicon::LEXICON;

/// Why a value is regular, in a phrase that fits after "is"; `None` when it is not.
#[must_use]
pub fn regularity(value: &str) -> Option<&'static str> {
    let lower = Zeroizing::new(value.to_ascii_lowercase());
    let letters: Vec<char> = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.len() < 4 {
        return None;
    }
    let distinct = {
        let mut seen = letters.clone();
        seen.sort_unstable();
        seen.dedup();
        seen.len()
    };
    if distinct <= 3 {
        return Some("made of three characters or fewer");
    }
    if period(&letters) * 2 <= letters.len() {
        return Some("one short piece repeated");
    }
    if run_share(&letters) >= 0.5 {
        return Some("an ascending or descending run");
    }
    let walked = LEXICON.keyboard.iter().filter(|walk| lower.contains(**walk)).map(|w| w.len()).max().unwrap_or(0);
    (walked * 2 >= letters.len()).then_some("a walk over the keyboard")
}

/// Length of the shortest piece whose repetition gives the whole.
fn period(chars: &[char]) -> usize {
    (1..=chars.len() / 2).find(|p| chars.iter().zip(chars.iter().skip(*p)).all(|(a, b)| a == b)).unwrap_or(chars.len())
}

/// Share of the characters that stand in their longest runs of steps of one (abc, 321) or none (aaa), runs of four or more counted.
fn run_share(chars: &[char]) -> f64 {
    let mut covered = 0;
    let mut run = 1;
    let mut last_step = None;
    for pair in chars.windows(2) {
        let [a, b] = pair else { continue };
        let step = *b as i64 - *a as i64;
        if step.abs() <= 1 && last_step.is_none_or(|s| s == step) {
            run += 1;
        } else {
            covered += if run >= 4 { run } else { 0 };
            run = if step.abs() <= 1 { 2 } else { 1 };
        }
        last_step = (step.abs() <= 1).then_some(step);
    }
    covered += if run >= 4 { run } else { 0 };
    covered as f64 / chars.len() as f64
}

#[cfg(test)]
mod tests {
    use super::regularity;

    #[test]
    fn typed_patterns_are_regular_and_random_keys_are_not() {
        for value in ["aaaaaaaa", "0000000000000000", "abcabcabcabc", "abcdefghijklmnopqrstuvwxyz123456", "0123456789abcdef", "87654321"] {
            assert!(regularity(value).is_some(), "{value}");
        }
        for value in ["Xq7fP2mKvR9tLw3z", "9f3c1e7ab04d88529f3c1e7ab04d885f", "abc"] {
            assert!(regularity(value).is_none(), "{value}");
        }
    }
}
