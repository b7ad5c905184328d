//! Days of the calendar: when an allow entry, a token or a certificate ends.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the proleptic Gregorian calendar; ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, if there is one: `None` for 30 February.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }

    /// Reads `YYYY-MM-DD`, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if text.len() != 10 || !well_formed {
            return None;
        }
        Self::new(text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..)?.parse().ok()?)
    }

    /// The day it is now, in UTC.
    #[must_use]
    pub fn today() -> Self {
        Self::of_unix(now())
    }

    /// The UTC day of a Unix time in seconds. Days are counted from 1 March, so that the leap day comes last (Hinnant, "chrono-compatible
    /// low-level date algorithms").
    #[must_use]
    pub fn of_unix(seconds: u64) -> Self {
        let days = seconds / 86_400 + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let in_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * in_year + 2) / 153;
        let day = in_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let fit = |n: u64| u8::try_from(n).unwrap_or(u8::MAX);
        Self { year: u16::try_from(era * 400 + year + next).unwrap_or(u16::MAX), month: fit(month), day: fit(day) }
    }
}

/// A Unix time in seconds as `2026-01-31T09:05:00`: RFC 3339 without a zone.
#[must_use]
pub fn date_time(seconds: u64) -> String {
    let rest = seconds % 86_400;
    format!("{}T{:02}:{:02}:{:02}", Date::of_unix(seconds), rest / 3600, rest / 60 % 60, rest % 60)
}

/// Seconds since 1970; 0 for a clock that stands before that.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, the inverse of [`Date::of_unix`]. `month` is from 1 to 12; a `day` that the
/// month does not have counts on into the next.
#[must_use]
pub fn unix_days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::{Date, unix_days};

    #[test]
    fn days_exist_or_not() {
        assert!(Date::parse("2024-02-29").is_some());
        for bad in
            ["2023-02-29", "2100-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-01", "+024-01-01", "2024-01-01 ", "20240101"]
        {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn unix_times_are_days() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_798_761_599, "2026-12-31"),
        ] {
            assert_eq!(Date::of_unix(seconds).to_string(), day);
        }
    }

    #[test]
    fn today_is_a_date() {
        let day = Date::today().to_string();
        assert!(day.len() == 10 && day.as_str() > "2024-01-01" && day.as_str() < "2200-01-01");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for ((y, m, d), n) in
            [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2026, 11, 25), 20_782), ((1969, 12, 31), -1), ((2100, 3, 1), 47_541)]
        {
            assert_eq!(unix_days(y, m, d), n, "{y}-{m}-{d}");
        }
    }

    #[test]
    fn order_is_by_time() {
        assert!(Date::parse("2026-09-30") < Date::parse("2026-10-01"));
    }
}
