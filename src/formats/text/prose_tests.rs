//! What documents, code and logs hold, and what they only seem to hold.

use proptest::prelude::{ProptestConfig, proptest};

use super::{Format, Text, pseudo_settings};
use crate::formats::lines::check;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role};

const DOC: &str = include_str!("../../../fixtures/formats/text/runbook.md");
const CODE: &str = include_str!("../../../fixtures/formats/text/settings.ts.txt");

fn found(text: &str) -> Vec<(String, String)> {
    pseudo_settings(text).iter().map(|s| (s.name().to_owned(), s.value.expose().to_owned())).collect()
}

fn one(text: &str, name: &str, value: &str) {
    assert_eq!(found(text), [(name.to_owned(), value.to_owned())], "{text}");
}

#[test]
fn the_token_of_a_badge_is_none() {
    for address in ["https://cover.example/a/b/graph/badge.svg", "https://ci.example/a/badge", "https://x.example/shield.svg"] {
        assert_eq!(found(&format!("[![Coverage]({address}?token=3KA3R2D9fV)](https://x.example)")), []);
        assert_eq!(found(&format!("[image]: {address}?branch=main&token=3KA3R2D9fV")), []);
    }
    one("curl https://x.example/badges/list?token=3KA3R2D9fV", "token", "3KA3R2D9fV");
}

#[test]
fn assignments_are_found_wherever_they_stand() {
    for (text, name, value) in [
        ("KEY=value", "KEY", "value"),
        ("KEY=\"two words\"", "KEY", "two words"),
        ("export KEY=value", "KEY", "value"),
        ("    KEY=a;b,c)d", "KEY", "a;b,c)d"),
        ("KEY: value", "KEY", "value"),
        ("  key: 'value',", "key", "value"),
        ("  \"key\": \"value\",", "key", "value"),
        ("KEY := \"v\"", "KEY", "v"),
        ("const key = 'v';", "key", "v"),
        ("const key: string = 'v';", "key", "v"),
        ("private String dbPassword = \"v\";", "dbPassword", "v"),
        ("docker run -e KEY=value image", "KEY", "value"),
        ("java -Dapp.key=value -jar x.jar", "app.key", "value"),
        ("app --admin-password=value", "admin-password", "value"),
        ("use `KEY=value` here", "KEY", "value"),
        ("- KEY=value", "KEY", "value"),
        ("- **KEY:** `value`", "KEY", "value"),
        ("- **KEY**: value", "KEY", "value"),
        ("- Refresh token: `value`", "Refresh token", "value"),
        ("| `KEY=value` | text |", "KEY", "value"),
        ("<li><code>KEY=value</code></li>", "KEY", "value"),
        ("config['key'] = 'v'", "key", "v"),
        ("os.environ[\"KEY\"] = \"v\"", "KEY", "v"),
        ("password => \"v\"", "password", "v"),
        ("KEY=${OTHER:-a b}", "KEY", "${OTHER:-a b}"),
        ("KEY=$(make one)", "KEY", "$(make one)"),
        ("KEY=Ab+/9==", "KEY", "Ab+/9=="),
        ("# KEY=value", "KEY", "value"),
        ("{\\\"key\\\": \\\"v\\\"}", "key", "v"),
        ("key = b'v'", "key", "v"),
        ("work_mem = 4MB # of RAM", "work_mem", "4MB"),
        ("<password>v1</password>", "password", "v1"),
        ("The JWT secret `a1b2c3d4e5f6a7b8` leaked", "The JWT secret", "a1b2c3d4e5f6a7b8"),
    ] {
        one(text, name, value);
    }
    let two = [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())];
    assert_eq!(found("A=1 B=2 ./run"), two);
    assert_eq!(found("{\"A\":\"1\",\"B\":\"2\"}"), two);
    assert_eq!(found("{ A: '1', B: '2' }"), two);
    assert_eq!(found("<add key=\"API_KEY\" value=\"v\"/>").last(), Some(&("API_KEY".to_owned(), "v".to_owned())));
}

#[test]
fn sentences_and_comparisons_are_no_settings() {
    for text in [
        "Note: this is a sentence about keys",
        "He said: never",
        "if (a == b) return;",
        "a != 'x'",
        "x => y",
        "std::string",
        "a ? b : c",
        "see https://example.org/a?b for more",
        "at 12:30 we left",
        "KEY=",
        "KEY=\nnext",
        "KEY: |",
        "const password = request.password;",
        "password = request.password;",
        "<jdbc:script location=\"\"/>",
        "<b>bold</b><td>cell</td>",
        "the token `NAME_OF_VARIABLE` is read",
        "=== title ===",
        "",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn fallbacks_in_code_belong_to_the_variable() {
    for text in [
        "f(process.env.X || 'lit')",
        "f(process.env.X ?? \"lit\")",
        "f(key || process.env.X || 'lit')",
        "f(import.meta.env.X || 'lit')",
        "os.getenv(\"X\", \"lit\")",
        "f(os.environ.get('X', 'lit'))",
        "f(os.getenv('X') or 'lit')",
        "ENV.fetch(\"X\") { 'lit' }",
        "ENV.fetch('X', 'lit')",
        "f(ENV['X'] || 'lit')",
        "f(process.env[\"X\"] || 'lit')",
        "getenv('X') ?: 'lit'",
        "'k' => env('X', 'lit')",
        "s := getEnv(\"X\", \"lit\")",
        "config('X', default='lit')",
        "@Value(\"${X:lit}\")",
        "System.getProperty(\"X\", \"lit\")",
    ] {
        let hits = pseudo_settings(text);
        let hit = hits.iter().find(|s| s.name() == "X").unwrap_or_else(|| panic!("{text}"));
        assert_eq!((hit.value.expose(), hit.span.of(text), hit.key_span.of(text)), ("lit", "lit", "X"), "{text}");
    }
    assert_eq!(found("f(process.env.X || '')"), []);
    assert_eq!(found("f(a.b || 'lit')"), []);
}

#[test]
fn defaults_of_libraries_schemas_and_fields_belong_to_the_name() {
    for text in [
        "const n = this.configService.get('X', 'lit');",
        "configService.get<string>('X', 'lit')",
        "configService.get<string>('X') || 'lit'",
        "readSecret('X', 'x_file', 'lit')",
        "f(process.env.X! || 'lit')",
        "process.env.X ||= 'lit'",
        "a = process.env.X ||\n  'lit'",
        "z.object({ X: z.string().min(32).default('lit') })",
        "Joi.object({ X: Joi.string().default('lit'), })",
        "cleanEnv(process.env, { X: str({ default: 'lit' }) })",
        "getEnv('X', { default: 'lit' })",
        "const { X = 'lit', PORT = 3000 } = process.env;",
        "K = env(\n    \"X\",\n    default=\"lit\",\n)",
        "config('X', cast=str, default='lit')",
        "    X: str = Field(\"lit\")",
        "    X: SecretStr = Field(default=\"lit\", env=\"Y\")",
        "    X: Optional[str] = \"lit\"",
        "ENV.fetch(\"X\") do\n  \"lit\"\nend",
        "viper.SetDefault(\"X\", \"lit\")",
        "S string `env:\"X\" envDefault:\"lit\"`",
        "S string `env:\"X\" default:\"lit\"`",
        "X string `json:\"x\" default:\"lit\"`",
        "flag.String(\"X\", \"lit\", \"what it is\")",
        "builder.Configuration[\"X\"] ?? \"lit\";",
        "System.getenv().getOrDefault(\"X\", \"lit\")",
        "Optional.ofNullable(System.getenv(\"X\")).orElse(\"lit\")",
        "config.GetValue<string>(\"A:X\", \"lit\")",
        "builder.Configuration[\"A:X\"] = \"lit\";",
        "public string X { get; set; } = \"lit\";",
        "$_SERVER['X'] ?? 'lit'",
        "env::var(\"X\").unwrap_or(\"lit\".into())",
        "env::var(\"X\").unwrap_or_else(|_| \"lit\".to_string())",
        "const X: &str = \"lit\";",
        "System.get_env(\"X\") || \"lit\"",
    ] {
        let hits = pseudo_settings(text);
        let hit = hits.iter().find(|s| s.name() == "X").unwrap_or_else(|| panic!("{text}"));
        assert_eq!((hit.value.expose(), hit.span.of(text)), ("lit", "lit"), "{text}");
    }
    one("jwt.sign(payload, 'lit')", "jwt_secret", "lit");
    one("jwt.sign({ id }, 'lit')", "jwt_secret", "lit");
    one("define('A_DEBUG', true);", "A_DEBUG", "true");
    one("c = new mysqli($host, 'app', 'lit-09', 'shop');", "db_password", "lit-09");
    one("s = new Sequelize('shop', 'app', 'lit-09');", "db_password", "lit-09");
    one("db = pymysql.connect(\"db\", \"app\", \"lit-09\", \"shop\")", "db_password", "lit-09");
    one("DB_SECRET ?= lit-09", "DB_SECRET", "lit-09");
    one("get(url, auth=('user', 'lit'))", "auth_password", "lit");
    one("| `A_SECRET` | `lit-09` | the secret |", "A_SECRET", "lit-09");
    let text = "sql.Open(\"postgres\", \"host=db password=lit\")";
    assert!(found(text).contains(&("dsn".to_owned(), "host=db password=lit".to_owned())));
    one("headers: { Authorization: 'Bearer 3RFvW0pXb7c2yq9K' }", "auth_token", "3RFvW0pXb7c2yq9K");
    for text in [
        "f(get('X'), 'lit')",
        "t('password', 'lit')",
        "get(url, auth=('user', lit))",
        "draw(size=('user', 'lit'))",
        "| `A_SECRET` | `lit` | the type |",
        "sql.Open(\"sqlite3\", \"lit\")",
        "x === 'lit'",
        "process.env.X === 'lit'",
        "Authorization: 'Bearer TOKEN'",
        "['lit', 'b'].includes(secret)",
    ] {
        assert!(!found(text).iter().any(|(_, v)| v == "lit"), "{text}");
    }
}

#[test]
fn connection_urls_are_found_once() {
    for (text, url) in [
        ("dial postgres://u:p@h/d now", "postgres://u:p@h/d"),
        ("('postgresql+psycopg://u:p@h/d')", "postgresql+psycopg://u:p@h/d"),
        ("see <redis://:p@h:6379/0>.", "redis://:p@h:6379/0"),
        ("(amqp://u:${P}@h/%2f).", "amqp://u:${P}@h/%2f"),
        ("jdbc:mysql://h:3306/d?user=u&password=p it", "jdbc:mysql://h:3306/d?user=u&password=p"),
        ("jdbc:sqlserver://h;user=u;password=p it", "jdbc:sqlserver://h;user=u;password=p"),
        ("mongodb://u:p@a:1,b:2/d, and", "mongodb://u:p@a:1,b:2/d"),
        ("clone https://u:p@example.org/x.git", "https://u:p@example.org/x.git"),
        ("- `mysql://u:p@h/d`", "mysql://u:p@h/d"),
    ] {
        let hits = pseudo_settings(text);
        let urls: Vec<&str> = hits.iter().filter(|s| s.name().is_empty()).map(|s| s.span.of(text)).collect();
        assert_eq!(urls, [url], "{text}");
    }
    one("U=postgres://u:p@h/d?x=1", "U", "postgres://u:p@h/d?x=1");
    one("\"u\": \"postgres://u:p@h/d\"", "u", "postgres://u:p@h/d");
    assert_eq!(found("https://example.org/, http://a@b/ and postgres:// alone"), []);
    let cased = "cmd = \"connect redis://:p@h/0 first\"";
    assert_eq!(found(cased).len(), 2, "{:?}", found(cased).len());
}

#[test]
fn commands_and_sql() {
    one("ALTER USER app PASSWORD 'lit';", "PASSWORD", "lit");
    one("create user app with password 'lit'", "PASSWORD", "lit");
    one("CREATE USER 'app'@'%' IDENTIFIED BY 'lit';", "PASSWORD", "lit");
    one("redis-cli -h cache -a lit ping", "requirepass", "lit");
    one("redis-server --requirepass lit", "requirepass", "lit");
    one("PGPASSWORD=lit psql -h db", "PGPASSWORD", "lit");
    one("echo \"root:lit\" | chpasswd", "root password", "lit");
    one("echo root:lit|sudo chpasswd", "root password", "lit");
    one("debconf-set-selections <<< 'mysql-server mysql-server/root_password password lit'", "root_password", "lit");
    one("echo tea-server tea/root-pass-again password lit | debconf-set-selections", "root-pass-again password", "lit");
    one("d-i passwd/root-password password lit", "root-password", "lit");
    one("mysqladmin -uroot -plit ping", "password", "lit");
    assert_eq!(found("mkdir -plit; mysql -p < x"), []);
    assert_eq!(found("ls -a lit"), []);
    assert_eq!(found("enter the password 'lit'"), []);
}

#[test]
fn nothing_is_editable() {
    for text in [DOC, CODE] {
        let hits = pseudo_settings(text);
        assert!(hits.iter().all(|s| s.role == Role::Prose && !s.editable));
        assert!(hits.windows(2).all(|w| w[0].span.start <= w[1].span.start), "in file order");
        assert!(Text.encode(&Secret::copy_of("x"), &hits[0]).is_err());
    }
}

#[test]
fn fixtures() {
    let names: Vec<String> = found(DOC).into_iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(
        names,
        [
            "TEAPOT_KEY=brown-betty-07",
            "SAUCER_PASSWORD=chipped",
            "Spout token=drip-drip-3",
            "=postgres://tea:milk@kettle:5432/cups",
            "LID=on",
            "HANDLE=hot"
        ]
    );
    let code = found(CODE);
    assert!(code.contains(&("KETTLE_SECRET".to_owned(), "whistle".to_owned())));
    assert!(code.contains(&("apiKey".to_owned(), "steam-1".to_owned())));
    assert_eq!(pseudo_settings("k = \"v\"")[0].quoting, Quoting::Double);
}

#[test]
fn one_long_line_is_quick() {
    let big = "a:\"b\",c=d;".repeat(60_000);
    let start = std::time::Instant::now();
    assert!(!pseudo_settings(&big).is_empty());
    for hostile in ["=\"", "--", "(\"", "a: ", ":", "-----BEGIN PRIVATE KEY-----", "postgres://", "<aaa>", "`key `"] {
        pseudo_settings(&hostile.repeat(200_000 / hostile.len()));
    }
    assert!(start.elapsed().as_secs() < 20, "bounded work for each byte");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_text_can_be_searched(text in "\\PC{0,200}") {
        check(&Text, &text, "x");
    }

    #[test]
    fn text_full_of_signs_can_be_searched(text in "([-=:'\"`\\\\ $(){}|?@<>*,;\\]\\[aé\r\n]|KEY|env|redis://|-----BEGIN |PRIVATE KEY|PASSWORD ){0,40}") {
        check(&Text, &text, "x");
    }
}
