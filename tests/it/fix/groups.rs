//! Which places are one secret, what the plan says of each, and which of them stand in the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Desk, after, stdout};

const SAFE: [&str; 5] = ["fix", "--apply", "--emit", "plain", "--allow-dirty"];

const ENV: &str = "POSTGRES_USER=app
POSTGRES_PASSWORD=changeme
DATABASE_URL=postgres://app:changeme@db:5432/app?sslmode=verify-full
PG_DSN=\"host=db user=app password=changeme dbname=app sslmode=verify-full\"
ADO='Host=db;Username=app;Password=changeme;Database=app;SSL Mode=VerifyFull'
DB_CONFIG={\"host\":\"db\",\"user\":\"app\",\"password\":\"changeme\"}
";

#[test]
fn one_secret_in_all_its_forms_gets_one_value() {
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n    healthcheck:\n      test: [\"CMD\", \"psql\", \"postgres://app:changeme@localhost/app\"]\n  job:\n    image: job:1\n    command: job --postgres-password changeme\n    environment:\n      - 'JOB_CONFIG={\"db\": {\"user\": \"app\", \"password\": \"changeme\"}}'\n";
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  POSTGRES_PASSWORD: Y2hhbmdlbWU=\n";
    let desk = Desk::with(&[(".env", ENV), ("compose.yml", compose), ("secret.yaml", secret)]);
    let plan = stdout(&desk.ok(&SAFE));
    let [env, compose, secret] = [".env", "compose.yml", "secret.yaml"].map(|name| desk.text(name));
    let value = after(&env, "POSTGRES_PASSWORD=").to_owned();
    assert_eq!(value.len(), 32);
    assert_eq!(env, ENV.replace("changeme", &value));
    assert_eq!(compose.matches(&value).count(), 4, "{compose}\n{plan}");
    assert_eq!(STANDARD.decode(after(&secret, "POSTGRES_PASSWORD: ")).unwrap(), value.as_bytes());
    for text in [env, compose, secret] {
        assert!(!text.contains("changeme") && !text.contains("Y2hhbmdlbWU="), "{text}");
    }
    for said in [
        ".env:2  POSTGRES_PASSWORD=•••••••• -> ••••••••  (the server's own setting)",
        ".env:3  DATABASE_URL: the password •••••••• -> ••••••••  (postgres, for the same user)",
        "JOB_CONFIG.db.password=•••••••• -> ••••••••  (a database's, like the others)",
    ] {
        assert!(plan.contains(said), "{said}\n{plan}");
    }
    assert!(!plan.contains("keeps the old value"), "{plan}");
}

#[test]
fn equal_values_of_different_accounts_stay_apart() {
    let env = "POSTGRES_PASSWORD=changeme\nMINIO_ROOT_PASSWORD=changeme\nGF_SECURITY_ADMIN_PASSWORD=changeme\nJWT_SECRET=changeme\nSESSION_SECRET=changeme\nREDIS_PASSWORD=changeme\nPOSTGRES_DB=changeme\n";
    let desk = Desk::with(&[(".env", env)]);
    desk.ok(&SAFE);
    let new = desk.text(".env");
    let mut values: Vec<&str> = new.lines().filter_map(|l| Some(l.split_once('=')?.1)).collect();
    assert_eq!(values.pop(), Some("changeme"), "the name of a database is no password");
    values.sort_unstable();
    let count = values.len();
    values.dedup();
    assert_eq!((values.len(), count), (6, 6), "{new}");
}

#[test]
fn what_selects_an_entry_of_a_secret_is_none() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  database-url: postgres://app:password@db/app\n  password: password\n";
    let web = "apiVersion: v1\nkind: Pod\nmetadata: {name: postgres}\nspec:\n  containers:\n    - name: postgres\n      env:\n        - name: POSTGRES_PASSWORD\n          valueFrom:\n            secretKeyRef:\n              name: s\n              key: password\n";
    let desk = Desk::with(&[("secret.yaml", secret), ("web.yaml", web)]);
    desk.ok(&[&SAFE[..], &["--include", "review"]].concat());
    assert_eq!(desk.text("web.yaml"), web);
    assert!(!desk.text("secret.yaml").contains("app:password@"));
}

#[test]
fn json_in_a_value_is_edited_where_it_stands_and_nothing_else_in_it() {
    let env = "A='{\"db\": {\"password\": \"changeme\", \"port\": 5432}, \"note\": \"changeme\"}'\r\nPOSTGRES_PASSWORD=changeme\r\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  app.yml: |\n    db:\n      postgres_password: changeme # here\n    port: 80\n";
    let desk = Desk::with(&[(".env", env), ("map.yaml", map)]);
    desk.ok(&SAFE);
    let value = after(&desk.text(".env"), "POSTGRES_PASSWORD=").trim_end().to_owned();
    assert_eq!(desk.text(".env"), env.replacen("changeme", &value, 1).replace("PASSWORD=changeme", &format!("PASSWORD={value}")));
    assert_eq!(desk.text("map.yaml"), map.replace("changeme", &value));
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  app.env: |\n    DEBUG=true\n    PORT=80\n";
    let desk = Desk::with(&[("map.yaml", map)]);
    desk.ok(&[&SAFE[..], &["--include", "review"]].concat());
    assert_eq!(desk.text("map.yaml"), map.replace("DEBUG=true", "DEBUG=false"));
    // escaped it cannot be edited, and is named
    let escaped = "{\"CONFIG\": \"{\\\"postgres_password\\\": \\\"changeme\\\"}\"}\n";
    let desk = Desk::with(&[("app.json", escaped), (".env", "POSTGRES_PASSWORD=changeme\n")]);
    let plan = stdout(&desk.ok(&SAFE));
    assert!(plan.contains("app.json:1 cannot be edited safely"), "{plan}");
    assert_eq!((desk.text("app.json").as_str(), desk.text(".env").as_str()), (escaped, "POSTGRES_PASSWORD=changeme\n"));
}

/// What stands in the way is named, and the others wait for a look at it.
#[test]
fn a_template_or_a_script_of_the_database_blocks_safe() {
    for (name, text, why) in [
        (
            "config/database.yml",
            "production:\n  username: app\n  password: <%= ENV[\"POSTGRES_PASSWORD\"] || \"changeme\" %>\n",
            "config/database.yml:3 holds it in a template, which is changed by hand",
        ),
        (
            "values.yaml",
            "postgres:\n  password: '{{ .Values.password | default \"changeme\" }}'\n",
            "values.yaml:2 holds it in a template, which is changed by hand",
        ),
        ("init.sql", "CREATE USER app WITH PASSWORD 'changeme';\n", "init.sql:1 sets it on the server, and is changed by hand"),
    ] {
        let env = "POSTGRES_USER=app\nPOSTGRES_PASSWORD=changeme\n";
        let desk = Desk::with(&[(".env", env), (name, text)]);
        let plan = stdout(&desk.ok(&SAFE));
        assert!(plan.contains(why) && plan.contains("to review") && !plan.contains("safe: "), "{plan}");
        assert_eq!(desk.text(".env"), env);
        desk.ok(&[&SAFE[..], &["--include", "review"]].concat());
        assert_eq!(desk.text(name), text, "it is never edited");
        assert_eq!(after(&desk.text(".env"), "POSTGRES_PASSWORD=").len(), 32);
    }
}

#[test]
fn the_default_of_an_image_is_named_and_blocks_safe() {
    let compose =
        "services:\n  store:\n    image: minio/minio\n  web:\n    image: shop:1\n    environment:\n      MINIO_SECRET_KEY: minioadmin\n";
    let desk = Desk::with(&[("compose.yml", compose)]);
    let plan = stdout(&desk.ok(&SAFE));
    assert!(plan.contains("compose.yml:3 starts the server with the default of its image: set its password there as well"), "{plan}");
    assert_eq!(desk.text("compose.yml"), compose);
    let set = compose.replace("minio/minio\n", "minio/minio\n    environment:\n      MINIO_ROOT_PASSWORD: minioadmin\n");
    let desk = Desk::with(&[("compose.yml", &set)]);
    desk.ok(&SAFE);
    let new = desk.text("compose.yml");
    assert_eq!(after(&new, "MINIO_ROOT_PASSWORD: "), after(&new, "MINIO_SECRET_KEY: "));
}
