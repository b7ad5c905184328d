//! What part of a file speaks for development, as the program says: beside each, the part that speaks for production and is found as before.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use serde_json::Value;

use crate::harness::{assert_code, command, stdout};

/// Line, severity and reason of each finding in `path`, the worst of each line, with `files` around it.
fn scan(files: &[(&str, &str)], path: &str) -> Vec<(u64, String, String)> {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = home.path().join("project").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        File::create(file).unwrap().write_all(text.replace("~|~", "").as_bytes()).unwrap();
    }
    let mut harden: Command = command(env!("CARGO_BIN_EXE_harden"), home.path(), &home.path().join("project"));
    let output = harden.args(["scan", "--format", "jsonl", "--fail-on", "none"]).output().unwrap();
    assert_code(&output, 0);
    let mut found: Vec<(u64, String, String)> = Vec::new();
    for line in stdout(&output).lines() {
        let finding: Value = serde_json::from_str(line).unwrap();
        if finding["file"] != path {
            continue;
        }
        let text = |name: &str| finding[name].as_str().unwrap_or("").to_owned();
        let new = (finding["line"].as_u64().unwrap(), text("severity"), text("because"));
        match found.iter_mut().find(|(at, ..)| *at == new.0) {
            Some(known) if known.1 == "info" => *known = new,
            Some(_) => {}
            None => found.push(new),
        }
    }
    found
}

/// Exactly the lines `light` of `text` as `path` are `info`, exactly the lines `full` are more.
#[track_caller]
fn weighs(path: &str, text: &str, light: &[u64], full: &[u64]) {
    weighs_among(&[(path, text)], path, light, full);
}

#[track_caller]
fn weighs_among(files: &[(&str, &str)], path: &str, light: &[u64], full: &[u64]) {
    let found = scan(files, path);
    let lines = |info: bool| found.iter().filter(|(_, s, _)| (s == "info") == info).map(|(line, ..)| *line).collect::<Vec<_>>();
    assert_eq!((lines(true).as_slice(), lines(false).as_slice()), (light, full), "{path}: {found:?}");
}

#[test]
fn maps_named_for_development_weigh_less_beside_production() {
    let rails = "development:\n  password: postgres\ntest:\n  password: postgres\nproduction:\n  password: postgres\n";
    weighs("config/database.yml", rails, &[2, 4], &[6]);
    weighs("config/app.yml", rails, &[2, 4], &[6]);
    let choice = "default: &default\n  pool: <%= ENV['POOL'] ? ENV['POOL'] : 'b' %>\n";
    weighs("config/database.yml", &format!("{choice}{rails}"), &[4, 6], &[8]);
    weighs("config/mongoid.yml", "development:\n  clients:\n    default:\n      options:\n        password: changeme\n", &[5], &[]);
    let json = "{\n\"development\": {\n\"password\": \"root\"\n},\n\"test\": {\n\"password\": \"root\"\n},\n\"production\": {\n\"password\": \"root\"\n}\n}\n";
    weighs("config/config.json", json, &[3, 6], &[9]);
    let toml = "[default]\nport = 1\n[development]\npassword = \"changeme\"\n[production]\npassword = \"changeme\"\n";
    weighs("settings.toml", toml, &[4], &[6]);
    weighs("app.ini", "[development]\npassword = changeme\n[production]\npassword = changeme\n", &[2], &[4]);
    weighs(
        "wrangler.toml",
        "[vars]\nJWT_SECRET = \"changeme\"\n[env.dev.vars]\nJWT_SECRET = \"changeme\"\n[env.main.vars]\nJWT_SECRET = \"changeme\"\n",
        &[4],
        &[2, 6],
    );
    weighs("Rocket.toml", "[debug]\nsecret_key = \"changeme\"\n[release]\nsecret_key = \"changeme\"\n", &[2], &[4]);
    let knex = "module.exports = {\n  development: {\n    connection: { user: 'postgres', password: 'postgres1' }\n  },\n  \
                production: {\n    connection: { user: 'postgres', password: 'postgres1' }\n  }\n};\n";
    weighs("knexfile.js", knex, &[3], &[6]);
}

#[test]
fn classes_of_settings_for_development_weigh_less_beside_productions() {
    let flask = "class Config:\n    PASSWORD = \"hunter2\"\n\nclass DevelopmentConfig(Config):\n    PASSWORD = \"hunter2\"\n\n\
                 class ProductionConfig(Config):\n    PASSWORD = \"hunter2\"\n\nPASSWORD = \"hunter2\"\n";
    weighs("config.py", flask, &[5], &[2, 8, 10]);
    weighs("config.py", &flask.replace("Production", "Other"), &[], &[2, 5, 8, 10]);
}

#[test]
fn classes_of_something_else_are_no_settings_for_development() {
    let rail = "class StageError(Exception):\n    pass\n\nclass RailTest:\n    PASSWORD = \"hunter2\"\n    URL = \
                \"postgres://app:hunter2@db.acme.io/x\"\n    client_secret = \"v9~|~Kq2mXw7RtLz4Yb8Nc\"\n";
    weighs("rail.py", rail, &[], &[5, 6, 7]);
    let live = "class ProductionConfig:\n    PORT = 1\n\n";
    weighs("rail.py", &format!("{live}{rail}"), &[], &[8, 9, 10]);
    let named = rail.replace("RailTest", "DevRailConfig");
    weighs("rail.py", &format!("{live}{named}"), &[], &[8, 9, 10]);
    // so called or made from what is so called
    for (development, production) in [
        ("DevelopSettings", "StagingSettings"),
        ("Development(Common)", "Production(Common)"),
        ("AppDevConfiguration", "AppProdConfiguration"),
    ] {
        let base = "class Common(Configuration):\n    PORT = 1\n";
        let password = "    PASSWORD = \"hunter2\"\n";
        weighs("settings.py", &format!("{base}class {development}:\n{password}class {production}:\n{password}"), &[4], &[6]);
    }
}

#[test]
fn members_for_development_stand_beside_productions_in_one_object() {
    let apart = "module.exports = {\n  auth: { strategies: { local: {\n    db_password: 'hunter2' } } },\n  build: { production: {\n    db_password: \
                 'hunter2' } }\n};\n";
    weighs("app.js", apart, &[], &[3, 5]);
    let together =
        "module.exports = {\n  db: { test: {\n    db_password: 'hunter2' } ,\n  production: {\n    db_password: 'hunter2' } }\n};\n";
    weighs("app.js", together, &[3], &[5]);
    let apart = "const development = {\n  db_password: 'hunter2'\n};\nconst production = {\n  db_password: 'hunter2'\n};\n";
    weighs("app.js", apart, &[2], &[5]);
}

#[test]
fn a_name_alone_excuses_neither_what_is_strong_nor_what_others_reach() {
    let (strong, url) = ("v9~|~Kq2mXw7RtLz4Yb8Nc", |host: &str| format!("postgres://app:hunter2@{host}/x"));
    let knex = |value: &str| {
        format!("module.exports = {{\n  development: {{\n    db_password: '{value}'\n  }},\n  production: {{\n    port: 1\n  }}\n}};\n")
    };
    weighs("knexfile.js", &knex("hunter2"), &[3], &[]);
    weighs("knexfile.js", &knex(&url("localhost")), &[3], &[]);
    weighs("knexfile.js", &knex(&url("db.acme.io")), &[], &[3]);
    weighs("knexfile.js", &knex(strong), &[], &[3]);
    let class = |value: &str| format!("class DevelopmentConfig:\n    PASSWORD = \"{value}\"\nclass ProductionConfig:\n    PORT = 1\n");
    weighs("config.py", &class("hunter2"), &[2], &[]);
    weighs("config.py", &class(&url("db.acme.io")), &[], &[2]);
    weighs("config.py", &class(strong), &[], &[2]);
    let tree = |value: &str| format!("development:\n  password: {value}\nproduction:\n  port: 1\n");
    weighs("app.yml", &tree("hunter2"), &[2], &[]);
    weighs("app.yml", &tree(strong), &[], &[2]);
    weighs("app.yml", &tree("hunter2\n  host: db.acme.io"), &[], &[2]);
    // a framework reads this one by environment
    weighs("config/database.yml", &tree(strong), &[2], &[]);
    let object = |host: &str| {
        let host = format!("    host: '{host}',\n    db_password: 'hunter2'\n");
        format!("module.exports = {{\n  development: {{\n{host}  }},\n  production: {{\n    port: 1\n  }}\n}};\n")
    };
    weighs("knexfile.js", &object("localhost"), &[4], &[]);
    weighs("knexfile.js", &object("db.acme.io"), &[], &[4]);
}

#[test]
fn a_fix_leaves_the_part_for_development() {
    let home = tempfile::tempdir().unwrap();
    let rails = "development:\n  password: changeme\nproduction:\n  password: changeme\n";
    File::create(home.path().join("database.yml")).unwrap().write_all(rails.as_bytes()).unwrap();
    let output = command(env!("CARGO_BIN_EXE_harden"), home.path(), home.path()).args(["fix", "--emit", "plain"]).output().unwrap();
    let plan = stdout(&output);
    assert!(plan.contains("production.password") && !plan.contains("development.password="), "{plan}");
}

#[test]
fn a_map_that_is_merely_called_test_weighs_what_it_did() {
    weighs("app.yml", "test:\n  password: changeme\nweb:\n  password: changeme\n", &[], &[2, 4]);
    let service = |name: &str| format!("  {name}:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: postgres\n");
    weighs("compose.yml", &format!("services:\n{}{}", service("test"), service("production")), &[], &[5, 9]);
    weighs("config.json", "{\n\"dev\": {\n\"password\": \"root\"\n}\n}\n", &[], &[3]);
}

#[test]
fn a_providers_token_is_never_nothing() {
    let token = "github_token: ghp_~|~wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO2tTlnC";
    weighs("database.yml", &format!("development:\n  {token}\nproduction:\n  {token}\n"), &[], &[2, 4]);
    let pipeline = format!("jobs:\n  test:\n    services:\n      db:\n        env:\n          {token}\n");
    let found = scan(&[(".github/workflows/test.yml", &pipeline)], ".github/workflows/test.yml");
    let plain = scan(&[("app.yml", &format!("{token}\n"))], "app.yml");
    assert_eq!(found[0].1, plain[0].1, "{found:?}");
}

#[test]
fn profiles_of_spring_and_quarkus_are_told_apart() {
    let quarkus = "%dev.quarkus.datasource.password=quarkus\n%test.quarkus.datasource.password=quarkus\nquarkus.datasource.password=quarkus\n\
                   %prod.quarkus.datasource.password=quarkus\n";
    weighs("application.properties", quarkus, &[1, 2], &[3, 4]);
    let spring = "spring.datasource.password: changeme\n---\nspring:\n  config:\n    activate:\n      on-profile: dev\n  datasource:\n    \
                  password: changeme\n---\nspring:\n  profiles: test\n  datasource:\n    password: changeme\n---\nspring:\n  \
                  config.activate.on-profile: dev,prod\n  datasource:\n    password: changeme\n---\nspring:\n  \
                  config.activate.on-profile: \"!prod\"\n  datasource:\n    password: changeme\n";
    weighs("application.yml", spring, &[8, 13, 23], &[1, 18]);
    let properties = "spring.datasource.password=changeme\n#---\nspring.config.activate.on-profile=dev\nspring.datasource.password=changeme\n\
                      #---\nspring.config.activate.on-profile=prod\nspring.datasource.password=changeme\n";
    weighs("application.properties", properties, &[4], &[1, 7]);
}

#[test]
fn services_of_a_pipeline_weigh_less_and_what_it_deploys_with_does_not() {
    let github = "jobs:\n  build:\n    services:\n      db:\n        image: postgres:16\n        env:\n          POSTGRES_PASSWORD: postgres\n    \
                  env:\n      DATABASE_URL: postgres://postgres:postgres@localhost:5432/test\n      PGPASSWORD: postgres\n      \
                  OTHER_PASSWORD: changeme\n  deploy:\n    env:\n      DEPLOY_PASSWORD: hunter2\n      DB_PASSWORD: changeme\n      \
                  POSTGRES_PASSWORD: postgres\n      DATABASE_URL: postgres://app:postgres@db.example.com/app\n";
    weighs(".github/workflows/build.yml", github, &[7, 9, 10], &[11, 14, 15, 16, 17]);
    // tests by its name: what it deploys with stays
    weighs(".github/workflows/ci.yml", github, &[7, 9, 10, 11], &[14, 15, 16, 17]);
    let gitlab = "variables:\n  POSTGRES_PASSWORD: postgres\n  DB_PASSWORD: postgres\nservices:\n  - postgres:16\ndeploy:\n  variables:\n    \
                  DEPLOY_PASSWORD: hunter2\n  script: [./deploy]\n";
    weighs(".gitlab-ci.yml", gitlab, &[2, 3], &[8]);
    let bitbucket = "definitions:\n  services:\n    db:\n      image: postgres:16\n      variables:\n        POSTGRES_PASSWORD: postgres\n";
    weighs("bitbucket-pipelines.yml", bitbucket, &[6], &[]);
    let circle = "jobs:\n  build:\n    docker:\n      - image: cimg/node:20\n        environment:\n          API_PASSWORD: changeme\n      \
                  - image: postgres:16\n        environment:\n          POSTGRES_PASSWORD: secret\n";
    weighs(".circleci/config.yml", circle, &[9], &[6]);
    let azure = "resources:\n  containers:\n    - container: db\n      image: postgres:16\n      env:\n        POSTGRES_PASSWORD: postgres\n\
                 variables:\n  DB_PASSWORD: changeme\n";
    weighs("azure-pipelines.yml", azure, &[6], &[8]);
    let travis = "services:\n  - mysql\nenv:\n  global:\n    - MYSQL_PASSWORD=password\n    - DEPLOY_PASSWORD=hunter2\n";
    weighs(".travis.yml", travis, &[5], &[6]);
    // a job may be called as its services are
    weighs(".github/workflows/run.yml", "jobs:\n  services:\n    env:\n      DEPLOYER_PASSWORD: hunter2\n", &[], &[4]);
    // outside of a pipeline the same is what it was
    weighs("deploy/build.yml", github, &[], &[7, 9, 10, 11, 14, 15, 16, 17]);
}

#[test]
fn tools_of_one_machine_and_runs_of_tests_weigh_less() {
    let json = "{\n\"env\": {\n\"DB_PASSWORD\": \"postgres\"\n}\n}\n";
    for path in [".vscode/launch.json", ".devcontainer/devcontainer.json", "Properties/launchSettings.json", "cypress.env.json"] {
        weighs(path, json, &[3], &[]);
    }
    weighs("launch.json", json, &[], &[3]);
    weighs("phpunit.xml", "<phpunit><php>\n<env name=\"DB_PASSWORD\" value=\"secret\"/>\n</php></phpunit>\n", &[2], &[]);
    weighs("pytest.ini", "[pytest]\nenv =\n  DB_PASSWORD=secret\n", &[3], &[]);
    weighs("setup.cfg", "[tool:pytest]\npassword = changeme\n[app]\npassword = changeme\n", &[2], &[4]);
    weighs("Vagrantfile", "config.vm.provision \"shell\", env: {\"DB_PASSWORD\" => \"vagrant\"}\n", &[1], &[]);
    let make = "dev:\n\tDB_PASSWORD=postgres node app.js\n\nrun:\n\tDB_PASSWORD=postgres node app.js\n\tNODE_ENV=development DB_PASSWORD=postgres node app.js\n";
    weighs("Makefile", make, &[2, 6], &[5]);
    let gradle = "android {\n  signingConfigs {\n    getByName(\"debug\") {\n      storePassword = \"android\"\n    }\n    create(\"release\") {\n      \
                  storePassword = \"changeit\"\n    }\n  }\n}\n";
    weighs("app/build.gradle.kts", gradle, &[4], &[7]);
}

#[test]
fn an_override_of_compose_weighs_less_unless_it_stays_up() {
    let service = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: postgres\n";
    weighs("docker-compose.override.yml", service, &[5], &[]);
    weighs("docker-compose.override.yml", &format!("{service}    restart: always\n"), &[], &[5]);
    weighs("docker-compose.yml", service, &[], &[5]);
}

#[test]
fn what_is_strong_in_a_passing_part_counts_as_it_did() {
    let strong = "{\n\"env\": {\n\"DB_PASSWORD\": \"v9~|~Kq2mXw7RtLz4Yb8Nc\"\n}\n}\n";
    weighs(".vscode/launch.json", strong, &[], &[3]);
}

#[test]
fn an_env_file_of_a_framework_may_declare_itself_development() {
    let env = "APP_ENV=dev\nAPP_SECRET=changeme\nDATABASE_URL=postgres://app:changeme@db:5432/app\n";
    let severities = |files: &[(&str, &str)]| {
        let found = scan(files, ".env");
        found
            .into_iter()
            .filter(|(line, ..)| *line > 1)
            .map(|(_, severity, because)| (severity == "info", !because.is_empty()))
            .collect::<Vec<_>>()
    };
    let (light, full) = (vec![(true, true), (true, true)], vec![(false, false), (false, false)]);
    assert_eq!(severities(&[(".env", env), ("symfony.lock", "{}")]), light);
    assert_eq!(severities(&[(".env", &format!("{env}# ###> symfony/framework-bundle ###\n"))]), light);
    assert_eq!(severities(&[(".env", env)]), full, "a deployment may run with it");
    assert_eq!(severities(&[(".env", &env.replace("=dev", "=prod")), ("symfony.lock", "{}")]), full);
    let compose = "services:\n  app:\n    image: app:1\n    env_file: .env\n    restart: always\n";
    assert_eq!(severities(&[(".env", env), ("symfony.lock", "{}"), ("compose.yml", compose)]), full, "Compose runs with it");
}

#[test]
fn harden_toml_settles_all_parts() {
    let rails = "development:\n  password: postgres\nproduction:\n  password: postgres\n";
    let settled = "[[environment]]\npath = \"database.yml\"\nis = \"production\"\n";
    weighs_among(&[("database.yml", rails), ("harden.toml", settled)], "database.yml", &[], &[2, 4]);
}

#[test]
fn the_one_pipeline_of_gitlab_tests_in_the_jobs_that_test() {
    let gitlab = "variables:\n  SSH_PASSWORD: swordfish99\nservices:\n  - name: postgres:16\n    variables:\n      POSTGRES_PASSWORD: postgres\nbuild:\n  \
                  script:\n    - docker login -u admin -p letmein123 registry.acme.io\n    - sshpass -p hunter2 ssh root@prod.acme.io\nrollout:\n  \
                  stage: deploy\n  variables:\n    A_PASSWORD: hunter2\n  environment: {name: production}\nunit:\n  stage: test\n  variables:\n    \
                  B_PASSWORD: hunter2\nup:\n  environment: production\n  variables:\n    C_PASSWORD: hunter2\ntest:\n  variables:\n    D_PASSWORD: \
                  hunter2\n";
    weighs(".gitlab-ci.yml", gitlab, &[6, 19, 26], &[2, 9, 10, 14, 23]);
    let github = "jobs:\n  up:\n    environment: production\n    env:\n      A_PASSWORD: hunter2\n  check:\n    environment: ci\n    env:\n      \
                  A_PASSWORD: hunter2\n";
    weighs(".github/workflows/ci.yml", github, &[9], &[5]);
}

#[test]
fn what_production_takes_over_from_development_is_its_own() {
    let merged = "development: &d\n  password: Sommer2023\nproduction:\n  <<: *d\n";
    weighs("config/database.yml", merged, &[], &[2]);
    weighs("config/app.yml", "development: &d {password: Sommer2023}\nproduction: {<<: *d}\n", &[], &[1]);
    weighs("config/secrets.yml", "test: &t\n  password: Sommer2023\nproduction: *t\n", &[], &[2]);
    weighs("config/app.yml", "development:\n  db:\n    password: &p Sommer2023\nproduction:\n  db:\n    password: *p\n", &[], &[3]);
    let over_two = "development: &d\n  password: Sommer2023\ntest: &t\n  <<: *d\nproduction:\n  <<: *t\n";
    weighs("config/database.yml", over_two, &[], &[2]);
    // what production says itself counts, and what only tests take over is theirs
    weighs("config/database.yml", &format!("{merged}  password: <%= ENV['DB_PASSWORD'] %>\n"), &[2], &[]);
    weighs("config/database.yml", "development: &d\n  password: Sommer2023\ntest:\n  <<: *d\nproduction:\n  port: 1\n", &[2], &[]);
    let flask = "class Config:\n    PORT = 1\n\nclass DevelopmentConfig(Config):\n    PASSWORD = \"hunter2\"\n\nclass \
                 ProductionConfig(DevelopmentConfig):\n    PORT = 2\n";
    weighs("config.py", flask, &[], &[5]);
    weighs("config.py", &flask.replace("PORT = 2", "PASSWORD = os.environ[\"P\"]"), &[5], &[]);
    weighs("config.py", &flask.replace("(DevelopmentConfig)", "(Config)"), &[5], &[]);
    let js = "const development = {\n  connection: { user: 'postgres', password: 'postgres1' }\n};\nmodule.exports = {\n  development,\n  \
              production: { ...development }\n};\n";
    weighs("knexfile.js", js, &[], &[2]);
    weighs("knexfile.js", &js.replace("...development", "...development, connection: process.env.URL"), &[2], &[]);
}

#[test]
fn a_server_that_others_reach_excuses_nothing() {
    let github = "jobs:\n  test:\n    env:\n      DATABASE_URL: postgres://shop:Sommer2023@db.acme.io/shop?sslmode=disable\n      LDAP_PASSWORD: \
                  hunter2\n      LDAP_URL: ldaps://ldap.acme.io\n      OTHER_PASSWORD: hunter2\n      OTHER_HOST: localhost\n    steps:\n      - run: \
                  sshpass -p hunter2 ssh root@prod.acme.io\n      - run: PGPASSWORD=postgres psql -h localhost\n";
    weighs(".github/workflows/ci.yml", github, &[7, 11], &[4, 5, 10]);
    let scripts = "{\n\"scripts\": {\n\"dev\": \"DB_URL=postgres://app:postgres@localhost/app node .\",\n\"dev:tunnel\": \
                   \"DB_URL=postgres://app:postgres@db.prod.acme.io/app node .\"\n}\n}\n";
    weighs("package.json", scripts, &[3], &[4]);
    let tools =
        |server: &str| format!("{{\n\"sqltools.connections\": [\n{{\n\"server\": \"{server}\",\n\"password\": \"postgres\"\n}}\n]\n}}\n");
    weighs(".vscode/settings.json", &tools("localhost"), &[5], &[]);
    weighs(".vscode/settings.json", &tools("db.prod.acme.io"), &[], &[5]);
    let machine = "config.vm.provision \"shell\", env: {\"DB_PASSWORD\" => \"vagrant\"}\nconfig.vm.provision \"shell\", env: {\"PROD_PASSWORD\" => \
                   \"vagrant\"}\n";
    weighs("Vagrantfile", machine, &[1], &[2]);
}

#[test]
fn a_services_password_is_another_one_elsewhere() {
    let drone = "kind: pipeline\nservices:\n  - name: db\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: hunter2\nsteps:\n  - \
                 name: test\n    image: node\n    environment:\n      DB_PASSWORD: hunter2\n  - name: image\n    image: plugins/docker\n    settings:\n      \
                 username: bot\n      password: hunter2\n";
    weighs(".drone.yml", drone, &[6, 11], &[16]);
    let bitbucket = "definitions:\n  services:\n    db:\n      image: postgres:16\n      variables:\n        POSTGRES_PASSWORD: hunter2\npipelines:\n  \
                     default:\n    - step:\n        script:\n          - sshpass -p hunter2 ssh bot@$HOST\n          - PGPASSWORD=hunter2 psql -h \
                     localhost\n";
    weighs("bitbucket-pipelines.yml", bitbucket, &[6, 12], &[11]);
    let github = "jobs:\n  build:\n    services:\n      db:\n        env:\n          POSTGRES_PASSWORD: postgres\n    env:\n      DB_PASSWORD: postgres\n      \
                  DB_HOST: pg.prod.acme.io\n      PG_PASSWORD: postgres\n      PG_HOST: localhost\n";
    weighs(".github/workflows/build.yml", github, &[6, 10], &[8]);
}

#[test]
fn a_command_by_which_something_goes_live_is_none_for_development() {
    let rule = "DB_PASSWORD=postgres node app.js";
    let make = format!(
        "test-production:\n\t{rule}\n\nprod-local-tunnel:\n\t{rule}\n\ndeploy-test-to-production:\n\t{rule}\n\ntest-e2e:\n\t{rule}\n"
    );
    weighs("Makefile", &make, &[11], &[2, 5, 8]);
    let scripts = format!(
        "{{\n\"scripts\": {{\n\"test:e2e\": \"{rule}\",\n\"deploy:test\": \"{rule}\",\n\"dev-production\": \"{rule}\",\n\"dev:live\": \"{rule}\"\n}}\n}}\n"
    );
    weighs("package.json", &scripts, &[3, 6], &[4, 5]);
}

#[test]
fn an_override_of_compose_that_is_deployed_weighs_as_production() {
    let service = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: postgres\n";
    let with = |more: &str| format!("{service}  web:\n    image: shop:1\n{more}");
    for more in [
        "    environment:\n      NODE_ENV: production\n",
        "    labels:\n      - traefik.http.routers.shop.rule=Host(`shop.acme.io`)\n",
        "    labels:\n      traefik.http.routers.shop.rule: Host(`shop.acme.io`)\n",
        "    deploy:\n      replicas: 2\n",
        "    deploy:\n      restart_policy:\n        condition: any\n",
        "    ports:\n      - \"443:8443\"\n",
        "    ports:\n      - target: 8080\n        published: 80\n",
    ] {
        weighs("compose.override.yml", &with(more), &[], &[5]);
    }
    for more in [
        "    environment:\n      NODE_OPTIONS: production\n",
        "    labels:\n      - traefik.http.routers.shop.rule=Host(`shop.localhost`)\n",
        "    deploy:\n      resources:\n        limits:\n          memory: 1g\n",
        "    ports:\n      - \"127.0.0.1:80:80\"\n      - \"8080:80\"\n",
    ] {
        weighs("compose.override.yml", &with(more), &[5], &[]);
    }
}
