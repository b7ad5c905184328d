//! Client libraries: what each is called in a scheme and in a manifest, and where it takes the CA from.
//!
//! The spelling of a TLS parameter is the driver's, and a wrong one is ignored or refused (docs/tls.md). So the driver must be known.

use super::split::Dsn;

/// A client library.
#[derive(Debug, PartialEq, Eq)]
pub struct Driver {
    /// What `[drivers]` of harden.toml and the plan call it.
    pub name: &'static str,
    /// Systems that it speaks to, by their registered names.
    pub systems: &'static [&'static str],
    /// What stands behind `+` in a scheme, and other names that people use for it.
    pub aliases: &'static [&'static str],
    /// Packages that bring it: the kind of manifest, and the name.
    pub packages: &'static [(Manifest, &'static str)],
    /// Where it takes the CA of a private authority from; fits after "the CA: ".
    pub ca: &'static str,
}

/// A kind of manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// package.json
    Npm,
    /// requirements*.txt, pyproject.toml, Pipfile
    Python,
    /// go.mod
    Go,
    /// Cargo.toml
    Cargo,
    /// pom.xml, build.gradle
    Jvm,
    /// Gemfile
    Ruby,
    /// composer.json
    Php,
    /// *.csproj
    DotNet,
}

use Manifest::{Cargo, DotNet, Go, Jvm, Npm, Php, Python, Ruby};

const LIBPQ_CA: &str = "sslrootcert=<file> in the string, or PGSSLROOTCERT";
const NODE_CA: &str = "NODE_EXTRA_CA_CERTS, set where the process is started";

const fn driver(
    name: &'static str,
    systems: &'static [&'static str],
    aliases: &'static [&'static str],
    packages: &'static [(Manifest, &'static str)],
    ca: &'static str,
) -> Driver {
    Driver { name, systems, aliases, packages, ca }
}

/// All drivers. What is not here is unknown, and gets advice only.
pub static DRIVERS: &[Driver] = &[
    driver(
        "libpq",
        &["postgres"],
        &["pdo_pgsql", "pg-ruby"],
        &[(Ruby, "pg"), (Php, "ext-pdo_pgsql"), (Php, "ext-pgsql"), (Cargo, "diesel")],
        LIBPQ_CA,
    ),
    driver(
        "psycopg",
        &["postgres"],
        &["psycopg2", "psycopg2cffi", "psycopg_async", "sqlalchemy+psycopg", "sqlalchemy+psycopg2"],
        &[(Python, "psycopg"), (Python, "psycopg2"), (Python, "psycopg2-binary"), (Python, "psycopg-binary")],
        LIBPQ_CA,
    ),
    driver(
        "asyncpg",
        &["postgres"],
        &[],
        &[(Python, "asyncpg")],
        "sslrootcert=<file> in the string, or PGSSLROOTCERT; it has no word for the system's store",
    ),
    driver("sqlalchemy+asyncpg", &["postgres"], &[], &[], "PGSSLROOTCERT"),
    driver("pg8000", &["postgres"], &[], &[(Python, "pg8000")], "ssl_context in code"),
    driver(
        "pg",
        &["postgres"],
        &["node-postgres"],
        &[(Npm, "pg"), (Npm, "@prisma/adapter-pg")],
        "NODE_EXTRA_CA_CERTS, or sslrootcert=<file> in the string; PGSSLROOTCERT is not read",
    ),
    driver(
        "postgres.js",
        &["postgres"],
        &["postgres-js"],
        &[(Npm, "postgres")],
        "NODE_EXTRA_CA_CERTS; sslrootcert and PGSSLROOTCERT are not read",
    ),
    driver(
        "prisma<7",
        &["postgres", "mysql"],
        &["prisma", "prisma-engine", "prisma-engine(<=6)"],
        &[(Npm, "@prisma/client"), (Npm, "prisma")],
        "sslcert=<file> in the string, relative to the folder of schema.prisma",
    ),
    driver("pgx", &["postgres"], &[], &[(Go, "github.com/jackc/pgx")], LIBPQ_CA),
    driver("lib/pq", &["postgres"], &["pq"], &[(Go, "github.com/lib/pq")], LIBPQ_CA),
    driver(
        "sqlx",
        &["postgres", "mysql"],
        &["sqlx-mysql", "sqlx-postgres"],
        &[(Cargo, "sqlx")],
        "sslrootcert=<file> or PGSSLROOTCERT; for MySQL ssl-ca=<file>",
    ),
    driver(
        "tokio-postgres",
        &["postgres"],
        &["diesel-async", "deadpool-postgres"],
        &[(Cargo, "tokio-postgres"), (Cargo, "deadpool-postgres"), (Cargo, "diesel-async")],
        "the TLS connector in code, which alone decides what is verified",
    ),
    driver(
        "npgsql",
        &["postgres"],
        &[],
        &[(DotNet, "Npgsql"), (DotNet, "Npgsql.EntityFrameworkCore.PostgreSQL")],
        "Root Certificate=<file>, or PGSSLROOTCERT",
    ),
    driver("r2dbc", &["postgres"], &[], &[(Jvm, "r2dbc-postgresql")], "sslRootCert=<file> in the string"),
    driver("vertx", &["postgres"], &[], &[(Jvm, "vertx-pg-client")], "sslrootcert=<file> in the string"),
    driver(
        "jdbc",
        &["postgres", "mysql", "sqlserver", "clickhouse"],
        &["pgjdbc", "connector/j", "mariadb-connector/j", "mssql-jdbc"],
        &[],
        "sslrootcert=<file> or ~/.postgresql/root.crt; for MySQL and SQL Server the trust store of the JVM",
    ),
    driver("mysql2", &["mysql"], &[], &[(Npm, "mysql2")], NODE_CA),
    driver("mariadb", &["mysql"], &[], &[(Npm, "mariadb")], "ssl: { ca } in code"),
    driver(
        "pymysql",
        &["mysql"],
        &["aiomysql", "asyncmy", "sqlalchemy+pymysql"],
        &[(Python, "pymysql"), (Python, "aiomysql"), (Python, "asyncmy")],
        "ssl_ca=<file>&ssl_verify_identity=true in the string, without which nothing is verified",
    ),
    driver("mysqlclient", &["mysql"], &["mysqldb"], &[(Python, "mysqlclient")], "ssl_ca=<file> in the string"),
    driver("go-sql-driver", &["mysql"], &[], &[(Go, "github.com/go-sql-driver/mysql")], "the system's store, or a registered name in tls="),
    driver("mysqlconnector.net", &["mysql"], &[], &[(DotNet, "MySqlConnector"), (DotNet, "MySql.Data")], "CACertificateFile=<file>"),
    driver("redis-py", &["redis"], &[], &[(Python, "redis")], "ssl_ca_certs=<file> in the string, or SSL_CERT_FILE"),
    driver("celery", &["redis"], &["kombu"], &[(Python, "celery")], "ssl_ca_certs=<file> in the string"),
    driver("ioredis", &["redis"], &["bullmq"], &[(Npm, "ioredis"), (Npm, "bullmq")], NODE_CA),
    driver("node-redis", &["redis"], &[], &[(Npm, "redis"), (Npm, "@redis/client")], NODE_CA),
    driver("redis-rs", &["redis"], &[], &[(Cargo, "redis"), (Cargo, "deadpool-redis")], "the system's store"),
    driver(
        "go-redis",
        &["redis"],
        &[],
        &[(Go, "github.com/redis/go-redis"), (Go, "github.com/go-redis/redis")],
        "the system's store, or TLSConfig in code",
    ),
    driver(
        "lettuce",
        &["redis"],
        &["spring-data-redis"],
        &[(Jvm, "lettuce-core"), (Jvm, "spring-boot-starter-data-redis")],
        "the trust store of the JVM",
    ),
    driver("stackexchange.redis", &["redis"], &["stackexchange"], &[(DotNet, "StackExchange.Redis")], "the machine's store"),
    driver("clickhouse-driver", &["clickhouse"], &[], &[(Python, "clickhouse-driver")], "ca_certs=<file> in the string"),
    driver("clickhouse-go", &["clickhouse"], &[], &[(Go, "github.com/ClickHouse/clickhouse-go")], "the system's store"),
];

/// The driver of that name, or called so by some.
#[must_use]
pub fn named(name: &str) -> Option<&'static Driver> {
    let lower = name.to_ascii_lowercase();
    let by_name = DRIVERS.iter().find(|d| d.name == lower);
    by_name.or_else(|| DRIVERS.iter().find(|d| d.aliases.contains(&lower.as_str())))
}

/// The driver that the connection string names by itself: `jdbc:`, `+asyncpg`, or a form that only one takes.
#[must_use]
pub fn in_scheme(dsn: &Dsn, text: &str) -> Option<&'static Driver> {
    let scheme = dsn.scheme.of(text).to_ascii_lowercase();
    if scheme.starts_with("r2dbc:") {
        return named("r2dbc");
    }
    match dsn.driver(text)? {
        // SQLAlchemy hands the parameters to the driver's own function, which has other names
        "asyncpg" => named("sqlalchemy+asyncpg"),
        other => named(other),
    }
}

/// The driver that takes the string: `told` of harden.toml, but in the form that the scheme asks for; else the scheme's.
#[must_use]
pub fn of<'n>(dsn: &Dsn, text: &str, told: Option<&'n str>) -> Option<&'n str> {
    let own = in_scheme(dsn, text).map(|d| d.name);
    match told.map(|t| named(t).map_or(t, |d| d.name)) {
        Some("asyncpg") if own == Some("sqlalchemy+asyncpg") => own,
        Some(told) => Some(told),
        None => own,
    }
}

/// The kind of a manifest by its file name.
#[must_use]
pub fn manifest(file: &str) -> Option<Manifest> {
    Some(match file {
        "package.json" => Npm,
        "pyproject.toml" | "Pipfile" => Python,
        "go.mod" => Go,
        "Cargo.toml" => Cargo,
        "pom.xml" | "build.gradle" | "build.gradle.kts" => Jvm,
        "Gemfile" => Ruby,
        "composer.json" => Php,
        _ if file.starts_with("requirements") && file.ends_with(".txt") => Python,
        _ if file.ends_with(".csproj") => DotNet,
        _ => return None,
    })
}

/// The drivers for `system` that a manifest brings.
#[must_use]
pub fn brought(kind: Manifest, text: &str, system: &str) -> Vec<&'static Driver> {
    let packages = packages(kind, text);
    let brings = |d: &&Driver| {
        d.systems.contains(&system) && d.packages.iter().any(|(k, name)| *k == kind && packages.iter().any(|p| p.is(kind, name)))
    };
    // from version 7 on Prisma connects through a driver of its own choice
    let modern = packages.iter().any(|p| p.name == "@prisma/client" && p.major.is_some_and(|m| m >= 7));
    let mut found: Vec<&Driver> = DRIVERS.iter().filter(brings).filter(|d| !(modern && d.name == "prisma<7")).collect();
    // which of the two reads the string is decided in code
    let toolkit = packages.iter().any(|p| matches!(p.name.as_str(), "sqlalchemy" | "sqlmodel" | "databases"));
    if toolkit && found.iter().any(|d| d.name == "asyncpg") {
        found.extend(named("sqlalchemy+asyncpg"));
    }
    found
}

/// Whether the manifest called `file` brings the package, whatever for.
#[must_use]
pub fn brings(file: &str, text: &str, package: &str) -> bool {
    manifest(file).is_some_and(|kind| packages(kind, text).iter().any(|p| p.is(kind, package)))
}

struct Package {
    name: String,
    major: Option<u32>,
}

impl Package {
    fn is(&self, kind: Manifest, name: &str) -> bool {
        match kind {
            // `/v5` behind it is the same module
            Go => self.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("/v")),
            DotNet => self.name.eq_ignore_ascii_case(name),
            _ => self.name == name,
        }
    }
}

/// The names of packages in a manifest. Read by their form: a name too many does no harm, for only known ones count.
fn packages(kind: Manifest, text: &str) -> Vec<Package> {
    let named = |name: &str| Package { name: name.to_owned(), major: None };
    match kind {
        Npm | Php => in_json(text),
        Go => text.lines().filter_map(|l| l.trim().trim_start_matches("require ").split_whitespace().next()).map(named).collect(),
        Python | Cargo => text.lines().filter(|l| !l.trim_start().starts_with('#')).flat_map(words).map(|w| named(&w)).collect(),
        Ruby => text
            .lines()
            .filter_map(|l| l.trim().strip_prefix("gem "))
            .flat_map(|l| quoted(l).into_iter().take(1))
            .map(|w| named(&w))
            .collect(),
        DotNet => text.split("Include=\"").skip(1).filter_map(|t| t.split('"').next()).map(named).collect(),
        Jvm => text.split(['<', '>', ':', '"', '\'']).map(|t| named(t.trim())).collect(),
    }
}

fn in_json(text: &str) -> Vec<Package> {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let lists = ["dependencies", "optionalDependencies", "devDependencies", "require"];
    let tables = lists.iter().filter_map(|list| value.get(list)?.as_object());
    tables
        .flatten()
        .map(|(name, version)| {
            let version = version.as_str().unwrap_or("");
            let digits: String = version.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            Package { name: name.clone(), major: digits.parse().ok() }
        })
        .collect()
}

/// What may be package names in a line of requirements or TOML: the word that it begins with, and those that quoted texts begin with.
fn words(line: &str) -> Vec<String> {
    let first = |t: &str| {
        let name: String = t.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
        name.to_ascii_lowercase().replace('_', "-")
    };
    quoted(line).iter().map(|t| first(t)).chain([first(line)]).filter(|name| !name.is_empty()).collect()
}

fn quoted(line: &str) -> Vec<String> {
    line.split(['"', '\'']).skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{DRIVERS, Manifest, brought, manifest, named, of};
    use crate::dsn;

    fn names(file: &str, text: &str, system: &str) -> Vec<&'static str> {
        brought(manifest(file).unwrap(), text, system).iter().map(|d| d.name).collect()
    }

    #[test]
    fn manifests_name_their_drivers() {
        assert_eq!(
            names("package.json", r#"{"dependencies": {"pg": "^8.1", "ioredis": "5"}, "devDependencies": {"jest": "1"}}"#, "postgres"),
            ["pg"]
        );
        assert_eq!(names("package.json", r#"{"dependencies": {"@prisma/client": "^6.2.0"}}"#, "postgres"), ["prisma<7"]);
        assert_eq!(
            names("package.json", r#"{"dependencies": {"@prisma/client": "7.0.1", "@prisma/adapter-pg": "7.0.1"}}"#, "postgres"),
            ["pg"]
        );
        assert_eq!(names("requirements.txt", "Django>=4\npsycopg2_binary==2.9 # driver\n# asyncpg\n", "postgres"), ["psycopg"]);
        assert_eq!(names("pyproject.toml", "[project]\ndependencies = [\"asyncpg>=0.2\", 'redis[hiredis]']\n", "redis"), ["redis-py"]);
        assert_eq!(names("Pipfile", "asyncpg = '*'\nSQLAlchemy = '*'\n", "postgres"), ["asyncpg", "sqlalchemy+asyncpg"]);
        assert_eq!(names("go.mod", "module x\nrequire (\n\tgithub.com/jackc/pgx/v5 v5.1.0\n)\n", "postgres"), ["pgx"]);
        assert_eq!(names("Cargo.toml", "[dependencies]\nsqlx = { version = \"0.8\" }\n", "mysql"), ["sqlx"]);
        assert_eq!(names("Gemfile", "gem \"rails\"\ngem 'pg', '~> 1.1'\n", "postgres"), ["libpq"]);
        assert_eq!(names("app.csproj", "<PackageReference Include=\"Npgsql\" Version=\"8\" />", "postgres"), ["npgsql"]);
        assert_eq!(names("pom.xml", "<artifactId>lettuce-core</artifactId>", "redis"), ["lettuce"]);
        assert_eq!(names("composer.json", r#"{"require": {"php": "8", "ext-pdo_pgsql": "*"}}"#, "postgres"), ["libpq"]);
        assert!(names("package.json", "{ broken", "postgres").is_empty() && manifest("readme.md").is_none());
        assert_eq!(manifest("requirements-dev.txt"), Some(Manifest::Python));
    }

    #[test]
    fn the_scheme_names_a_driver_in_its_own_form() {
        let of = |text: &str, told| dsn::parse(text).and_then(|d| of(&d, text, told)).unwrap_or("").to_owned();
        assert_eq!(of("postgresql+asyncpg://h/d", None), "sqlalchemy+asyncpg");
        assert_eq!(of("postgresql+asyncpg://h/d", Some("asyncpg")), "sqlalchemy+asyncpg");
        assert_eq!(of("postgresql://h/d", Some("asyncpg")), "asyncpg");
        assert_eq!(of("mysql+pymysql://h/d", None), "pymysql");
        assert_eq!(of("jdbc:postgresql://h/d", None), "jdbc");
        assert_eq!(of("r2dbc:postgresql://h/d", None), "r2dbc");
        assert_eq!(of("postgresql://h/d", None), "");
    }

    #[test]
    fn no_name_stands_for_two() {
        for driver in DRIVERS {
            assert_eq!(named(driver.name), Some(driver));
            assert!(driver.aliases.iter().all(|a| named(a) == Some(driver)), "{}", driver.name);
        }
    }
}
