//! `[rotate]`, `[rotate.max-age]` and `[[server]]`: when secrets are due, who has to agree, and how their servers are reached.

use globset::Glob;
use toml_edit::{Item, TableLike};

use super::error::ConfigError;
use super::parse::{Entry, Reader, TABLE};
use super::settings::{Alternate, Config, Policy, ServerRule};

const ROTATE: &[&str] = &["approval", "least-bits", "max-age"];
const SERVER: &[&str] = &["setting", "address", "admin", "alternate"];
const ADMIN: &[&str] = &["env"];
const DAYS: &str = "a number of days, such as \"90d\"";
const ADDRESS: &str = "HOST:PORT";
const ALTERNATE: &str = "two names of accounts, such as [\"app\", \"app_b\"]";

impl Reader<'_> {
    pub(super) fn rotation(&self, top: &dyn TableLike, config: &mut Config) -> Result<(), ConfigError> {
        if let Some(table) = self.table(top, "rotate", "[rotate]", ROTATE)? {
            config.rotation = self.policy(table)?;
        }
        for entry in self.tables(top, "server")? {
            config.servers.push(self.server(entry)?);
        }
        Ok(())
    }

    fn policy(&self, table: &dyn TableLike) -> Result<Policy, ConfigError> {
        let flag = |item: &Item| item.as_bool().ok_or_else(|| self.value(item.span(), "approval", "true or false"));
        let approval = table.get("approval").map(flag).transpose()?.unwrap_or(false);
        let bits = |item: &Item| {
            let bits = item.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=4096).contains(n));
            bits.ok_or_else(|| self.value(item.span(), "least-bits", "a number from 1 to 4096"))
        };
        let least_bits = table.get("least-bits").map(bits).transpose()?;
        let mut max_age = Vec::new();
        if let Some(item) = table.get("max-age") {
            let ages = item.as_table_like().ok_or_else(|| self.value(item.span(), "max-age", TABLE))?;
            for (name, item) in ages.iter() {
                let days = item.as_str().and_then(|text| text.strip_suffix('d')?.parse().ok()).filter(|days| *days > 0);
                let days = days.ok_or_else(|| self.value(item.span(), "max-age", DAYS))?;
                if Glob::new(name).is_err() {
                    return Err(self.value(item.span(), "max-age", "a kind of secret or a pattern of names"));
                }
                max_age.push((name.to_owned(), days));
            }
        }
        Ok(Policy { approval, least_bits, max_age })
    }

    fn server(&self, (entry, place): Entry<'_>) -> Result<ServerRule, ConfigError> {
        self.only(entry, "[[server]]", SERVER)?;
        let setting = entry.get("setting").ok_or_else(|| self.missing(place, "[[server]]", "setting"))?;
        let setting = self.text(setting, "setting")?.to_owned();
        let address = |item: &Item| {
            let port =
                |text: &str| text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
            let text = item.as_str().filter(|text| port(text).is_some());
            text.map(str::to_owned).ok_or_else(|| self.value(item.span(), "address", ADDRESS))
        };
        let address = entry.get("address").map(address).transpose()?;
        let admin = match self.table(entry, "admin", "admin", ADMIN)? {
            Some(table) => {
                let name = table.get("env").ok_or_else(|| self.missing(entry.get("admin").and_then(Item::span), "admin", "env"))?;
                Some(self.text(name, "env")?.to_owned())
            }
            None => None,
        };
        let alternate = |item: &Item| {
            let names = item.as_array().map(|list| list.iter().map(|name| name.as_str().unwrap_or_default()).collect::<Vec<_>>());
            let pair = names.and_then(|names| Alternate::of(&names));
            pair.ok_or_else(|| self.value(item.span(), "alternate", ALTERNATE))
        };
        let alternate = entry.get("alternate").map(alternate).transpose()?;
        Ok(ServerRule { setting, address, admin, alternate })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("harden.toml")).map_err(|e| e.to_string())
    }

    #[test]
    fn names_come_before_kinds() {
        let config = parse("[rotate]\napproval = true\n[rotate.max-age]\nstateless = \"180d\"\n\"JWT_*\" = \"30d\"\n").expect("good");
        let age = |name, kind| config.rotation.max_age(name, kind);
        assert_eq!(
            (age("jwt_secret", "stateless"), age("SESSION_SECRET", "stateless"), age("X", "coordinated")),
            (Some(30), Some(180), None)
        );
        assert!(config.rotation.approval);
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, part) in [
            ("[rotate]\nmax-age = 3\n", "max-age"),
            ("[rotate.max-age]\nstateless = \"soon\"\n", "90d"),
            ("[rotate]\naproval = true\n", "approval"),
            ("[rotate]\nleast-bits = 0\n", "least-bits"),
            ("[[server]]\naddress = \"x:1\"\n", "setting"),
            ("[[server]]\nsetting = \"A\"\naddress = \"x\"\n", "HOST:PORT"),
            ("[[server]]\nsetting = \"A\"\nadmin = { file = \"x\" }\n", "env"),
            ("[[server]]\nsetting = \"A\"\nalternate = \"app_b\"\n", "two names"),
            ("[[server]]\nsetting = \"A\"\nalternate = [\"app\"]\n", "two names"),
            ("[[server]]\nsetting = \"A\"\nalternate = [\"app\", \"app\"]\n", "two names"),
            ("[[server]]\nsetting = \"A\"\nalternate = [\"app\", \"a:b\"]\n", "two names"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
        let good = parse("[[server]]\nsetting = \"A\"\naddress = \"[::1]:5432\"\nadmin = { env = \"PGADMIN_URL\" }\n").expect("good");
        assert_eq!(good.servers[0].admin.as_deref(), Some("PGADMIN_URL"));
        let good = parse("[[server]]\nsetting = \"A\"\nalternate = [\"app\", \"app_b\"]\n").expect("good");
        let pair = good.servers[0].alternate.as_ref().expect("two names");
        assert_eq!((pair.other("app"), pair.other("app_b"), pair.other("App")), (Some("app_b"), Some("app"), None));
    }
}
