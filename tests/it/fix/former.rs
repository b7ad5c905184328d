//! Where the old key goes: in the same edit, at every place, and only where that does not help whoever knows it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Desk, after, assert_code, stdout};

/// 32 bytes that are words.
const OLD: &str = "base64:U29tZVJhbmRvbVN0cmluZ09mVGhpcnR5VHdvQ2hhcnM=";

const FERNET: &str = "cGxlYXNlLWNoYW5nZS1tZS1wbGVhc2UtY2hhbmdlISE=";

/// The plan, and what `--include review` writes in place.
#[track_caller]
fn reviewed(desk: &Desk, more: &[&str]) -> String {
    let plan = [&["fix", "--emit", "plain", "--include", "review"], more].concat();
    let plan = desk.harden(&plan);
    assert_code(&plan, 1);
    let apply = [&["fix", "--emit", "plain", "--apply", "--allow-dirty", "--include", "review"], more].concat();
    desk.ok(&apply);
    stdout(&plan)
}

#[test]
fn a_laravel_key_goes_into_the_previous_keys_wherever_it_stands() {
    let compose = format!(
        "services:\n  web:\n    image: php:8\n    environment:\n      APP_ENV: production\n      APP_KEY: \"{OLD}\"\n      PORT: 80\n  queue:\n    image: php:8\n    environment:\n      - \"APP_KEY={OLD}\"\n      - PORT=80\n"
    );
    let env = format!("APP_ENV=production\nexport APP_KEY='{OLD}'  # since 2019\nPORT=80\n");
    let desk = Desk::with(&[(".env", &env), ("compose.yaml", &compose)]);
    let plan = reviewed(&desk, &["--only", "APP_KEY"]);
    assert!(plan.contains("to review") && plan.contains("APP_KEY (data-encrypting): a new value of 51 characters in 3 places"), "{plan}");
    assert!(plan.contains("whoever knows it can make cookies") && plan.contains("then: Laravel 11 and later read it"), "{plan}");
    assert!(!plan.contains("U29t"), "a value is shown");
    let new = desk.text(".env");
    let key = after(&new, "export APP_KEY='").split('\'').next().unwrap().to_owned();
    assert!(key.starts_with("base64:") && key.len() == 51 && key != OLD);
    assert_eq!(new, format!("APP_ENV=production\nexport APP_KEY='{key}'  # since 2019\nexport APP_PREVIOUS_KEYS='{OLD}'\nPORT=80\n"));
    let expected = compose
        .replace(&format!("      APP_KEY: \"{OLD}\"\n"), &format!("      APP_KEY: \"{key}\"\n      APP_PREVIOUS_KEYS: \"{OLD}\"\n"))
        .replace(
            &format!("      - \"APP_KEY={OLD}\"\n      - PORT=80\n"),
            &format!("      - \"APP_KEY={key}\"\n      - PORT=80\n      - \"APP_PREVIOUS_KEYS={OLD}\"\n"),
        );
    // the last item of a list is not the key's own line: it is written as the key is
    assert_eq!(desk.text("compose.yaml"), expected);
}

#[test]
fn nothing_is_written_without_review_and_undo_takes_it_back() {
    let env = format!("APP_KEY={OLD}\n");
    let desk = Desk::with(&[(".env", &env)]).ready();
    desk.harden(&["fix", "--emit", "plain", "--apply"]);
    assert_eq!(desk.text(".env"), env);
    desk.ok(&["fix", "--emit", "plain", "--apply", "--include", "review"]);
    assert!(desk.text(".env").contains(&format!("\nAPP_PREVIOUS_KEYS={OLD}\n")));
    desk.ok(&["undo"]);
    assert_eq!(desk.text(".env"), env);
}

#[test]
fn a_ring_that_is_there_grows_and_one_that_is_full_is_left() {
    let desk = Desk::with(&[(".env", &format!("APP_PREVIOUS_KEYS=base64:older\nAPP_KEY={OLD}\n"))]);
    reviewed(&desk, &["--only", "APP_KEY"]);
    assert_eq!(after(&desk.text(".env"), "APP_PREVIOUS_KEYS="), format!("{OLD},base64:older"));
    // the same once more: the key is new and strong now
    desk.harden(&["fix", "--emit", "plain", "--apply", "--allow-dirty", "--include", "review", "--only", "APP_KEY"]);
    assert_eq!(after(&desk.text(".env"), "APP_PREVIOUS_KEYS="), format!("{OLD},base64:older"));

    let full = "SUPERSET_SECRET_KEY=changeme\nPREVIOUS_SECRET_KEY=an-earlier-one\n";
    let desk = Desk::with(&[(".env", full)]);
    let plan = stdout(&desk.harden(&["fix", "--emit", "plain", "--only", "SUPERSET_SECRET_KEY"]));
    assert!(plan.contains("stored data depends on it, and .env:2 still holds an earlier key"), "{plan}");
    desk.put(".env", "SUPERSET_SECRET_KEY=changeme\nPREVIOUS_SECRET_KEY=\n");
    let plan = reviewed(&desk, &["--only", "SUPERSET_SECRET_KEY"]);
    assert!(plan.contains("run `superset re-encrypt-secrets`"), "{plan}");
    assert_eq!(after(&desk.text(".env"), "PREVIOUS_SECRET_KEY="), "changeme");
}

#[test]
fn airflow_keeps_its_keys_in_one_list() {
    let desk = Desk::with(&[(".env", &format!("AIRFLOW__CORE__FERNET_KEY={FERNET}\n"))]);
    let plan = reviewed(&desk, &[]);
    assert!(plan.contains("a new value of 44 characters") && plan.contains("airflow rotate-fernet-key"), "{plan}");
    let text = desk.text(".env");
    let (new, old) = after(&text, "AIRFLOW__CORE__FERNET_KEY=").split_once(',').unwrap();
    assert!(old == FERNET && new.len() == 44 && new != old);
}

#[test]
fn what_is_no_key_has_encrypted_nothing() {
    let desk = Desk::with(&[(".env", "AIRFLOW__CORE__FERNET_KEY=changeme\nAPP_KEY=SomeRandomString\n")]);
    let plan = reviewed(&desk, &[]);
    assert_eq!(plan.matches("nothing can be encrypted with it").count(), 2, "{plan}");
    let text = desk.text(".env");
    assert_eq!(after(&text, "AIRFLOW__CORE__FERNET_KEY=").len(), 44);
    assert!(after(&text, "APP_KEY=").starts_with("base64:") && !text.contains("PREVIOUS"));
}

#[test]
fn a_program_with_a_setting_of_its_own_for_the_old_key_gets_it_there() {
    let desk = Desk::with(&[(".env", "ENCRYPTION_KEY=changeme\nENCRYPTION_KEY_OLD=\n")]);
    reviewed(&desk, &["--only", "ENCRYPTION_KEY"]);
    assert_eq!(after(&desk.text(".env"), "ENCRYPTION_KEY_OLD="), "changeme");
    // without one it stays, unless the program is known to have it
    let desk = Desk::with(&[(".env", "ENCRYPTION_KEY=changeme\n")]);
    let plan = stdout(&desk.harden(&["fix", "--emit", "plain"]));
    assert!(plan.contains("ENCRYPTION_KEY (data-encrypting): stored data depends on it\n"), "{plan}");
    desk.put("compose.yaml", "services:\n  retool:\n    image: tryretool/backend:3\n    environment:\n      ENCRYPTION_KEY: changeme\n");
    reviewed(&desk, &[]);
    let text = desk.text("compose.yaml");
    assert_eq!(after(&text, "ENCRYPTION_KEY_OLD: "), "changeme");
    assert!(after(&text, "ENCRYPTION_KEY: ").len() >= 64);
}

#[test]
fn kibana_reads_former_keys_from_a_list() {
    let key = "xpack.encryptedSavedObjects.encryptionKey";
    let desk = Desk::with(&[("kibana.yml", &format!("server.name: kibana\n{key}: \"changeme\"\n"))]);
    let plan = reviewed(&desk, &[]);
    assert!(plan.contains("_rotate_key"), "{plan}");
    let text = desk.text("kibana.yml");
    assert!(text.contains("\nxpack.encryptedSavedObjects.keyRotation.decryptionOnlyKeys: [\"changeme\"]\n"), "{text}");
}

#[test]
fn a_compose_file_that_hands_the_key_on_hands_on_its_ring() {
    let compose = "services:\n  web:\n    image: php:8\n    environment:\n      APP_KEY: ${APP_KEY}\n";
    let desk = Desk::with(&[(".env", &format!("APP_KEY={OLD}\n")), ("compose.yaml", compose)]);
    reviewed(&desk, &["--only", "APP_KEY"]);
    assert_eq!(desk.text("compose.yaml"), format!("{compose}      APP_PREVIOUS_KEYS: ${{APP_PREVIOUS_KEYS}}\n"));
    assert!(desk.text(".env").ends_with(&format!("\nAPP_PREVIOUS_KEYS={OLD}\n")));
}

#[test]
fn where_no_line_can_be_written_the_key_stays() {
    let service = |environment: &str| format!("services:\n  web:\n    image: php:8\n    environment:\n{environment}");
    for (environment, why) in [
        (format!("      APP_KEY: ${{APP_KEY:-{OLD}}}\n"), "compose.yaml:5 is a default or a part of another value"),
        (format!("      APP_KEY: &k {OLD}\n      OTHER: *k\n"), "compose.yaml:5 cannot have APP_PREVIOUS_KEYS written beside it"),
    ] {
        let text = service(&environment);
        let desk = Desk::with(&[("compose.yaml", &text), (".env", "PORT=80\n")]);
        let plan = stdout(&desk.harden(&["fix", "--emit", "plain", "--only", "APP_KEY"]));
        assert!(plan.contains(why), "{plan}");
        desk.harden(&["fix", "--emit", "plain", "--apply", "--allow-dirty", "--include", "review", "--only", "APP_KEY"]);
        assert_eq!(desk.text("compose.yaml"), text);
    }
}

#[test]
fn maps_on_one_line_and_json_and_kubernetes_take_it_as_well() {
    let flow = format!("services:\n  web:\n    image: php:8\n    environment: {{APP_KEY: \"{OLD}\", PORT: 80}}\n");
    let json = format!("{{\n  \"APP_KEY\": \"{OLD}\"\n}}\n");
    let encoded = STANDARD.encode(OLD);
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  APP_KEY: {encoded}\n");
    let desk = Desk::with(&[("compose.yaml", &flow), ("app.json", &json), ("k8s/secret.yaml", &secret)]);
    reviewed(&desk, &["--only", "APP_KEY"]);
    let new = desk.text("app.json");
    let key = super::between(&new, "\"APP_KEY\": \"", "\"").to_owned();
    assert_eq!(new, format!("{{\n  \"APP_KEY\": \"{key}\",\n  \"APP_PREVIOUS_KEYS\": \"{OLD}\"\n}}\n"));
    let inline = format!("APP_KEY: \"{key}\", APP_PREVIOUS_KEYS: \"{OLD}\", PORT: 80}}");
    assert!(desk.text("compose.yaml").contains(&inline));
    assert!(desk.text("k8s/secret.yaml").ends_with(&format!("\n  APP_PREVIOUS_KEYS: {encoded}\n")));
}

#[test]
fn a_list_of_lines_stands_where_every_reader_agrees_about_lines() {
    let desk = Desk::with(&[("values.yaml", "magento:\n  cryptKey: changeme\n"), (".env", "MAGENTO_CRYPT_KEY=changeme\n")]);
    let plan = reviewed(&desk, &[]);
    assert!(plan.contains(".env:1 stands in an env file"), "{plan}");
    assert_eq!(desk.text(".env"), "MAGENTO_CRYPT_KEY=changeme\n");
    let text = desk.text("values.yaml");
    assert!(text.starts_with("magento:\n  cryptKey: \"changeme\\n") && text.len() > 60, "{text}");
}

#[test]
fn sealed_copies_hold_the_ring_and_sops_encrypts_it() {
    let desk = Desk::with(&[(".env", &format!("APP_KEY={OLD}\nPORT=80\n"))]).ready();
    desk.ok(&["fix", "--apply", "--include", "review", "--only", "APP_KEY"]);
    assert_eq!(after(&desk.opened(".env"), "APP_PREVIOUS_KEYS="), OLD);
    let desk = Desk::with(&[(".env", &format!("DJANGO_DEBUG=0\nAPP_PREVIOUS_KEYS=base64:older\nAPP_KEY={OLD}\nPORT=80\n"))]).ready();
    desk.ok(&["fix", "--emit", "sops", "--apply", "--include", "review", "--only", "APP_KEY"]);
    let sops = desk.text(".sops.env");
    assert!(after(&sops, "APP_PREVIOUS_KEYS=").starts_with("ENC[") && after(&sops, "APP_KEY=").starts_with("ENC["), "{sops}");
    assert!(!sops.contains(OLD));
}

#[test]
fn a_file_that_lags_behind_a_sealed_one_gets_the_ring_as_well() {
    let compose = format!("services:\n  web:\n    image: php:8\n    environment:\n      APP_KEY: \"{OLD}\"\n");
    let desk = Desk::with(&[(".env", &format!("APP_KEY={OLD}\n"))]).ready();
    desk.ok(&["fix", "--apply", "--include", "review", "--only", "APP_KEY", ".env"]);
    desk.put("compose.yaml", &compose);
    desk.ok(&["fix", "--apply", "--include", "review", "--only", "APP_KEY"]);
    let (env, new) = (desk.opened(".env"), desk.opened("compose.yaml"));
    assert_eq!(super::between(&new, "APP_KEY: \"", "\""), after(&env, "APP_KEY="));
    assert!(new.contains(&format!("      APP_PREVIOUS_KEYS: \"{OLD}\"\n")), "{new}");
}

/// Random enough to be no guess, and too short for what it signs: 84 bits.
const SHORT: &str = "kR7vQ2mXw9LpZt";

#[test]
fn what_only_signs_is_kept_on_request_and_only_if_nobody_can_guess_it() {
    let desk = Desk::with(&[(".env", &format!("DJANGO_SECRET_KEY={SHORT}\n"))]);
    let plan = stdout(&desk.harden(&["fix", "--emit", "plain"]));
    assert!(plan.contains("`--keep-previous` keeps the old one valid"), "{plan}");
    let plan = reviewed(&desk, &["--keep-previous"]);
    assert!(plan.contains("DJANGO_SECRET_KEY_FALLBACKS") && plan.contains("whoever knows it can sign in as anybody"), "{plan}");
    assert_eq!(after(&desk.text(".env"), "DJANGO_SECRET_KEY_FALLBACKS="), SHORT);

    for weak in ["changeme", "django-insecure-abcdefgh", "keyboard cat"] {
        let desk = Desk::with(&[(".env", &format!("DJANGO_SECRET_KEY='{weak}'\n"))]);
        let plan = reviewed(&desk, &["--keep-previous"]);
        assert!(plan.contains("the old one is not kept") && plan.contains("sign in as anybody"), "{plan}");
        assert!(!desk.text(".env").contains("FALLBACKS") && !desk.text(".env").contains(weak), "{weak}");
    }
}

#[test]
fn auth_js_signs_with_the_highest_so_nothing_is_written_for_it() {
    let desk = Desk::with(&[(".env", &format!("AUTH_SECRET={SHORT}\n"))]);
    let plan = reviewed(&desk, &["--keep-previous"]);
    assert!(plan.contains("not kept") && plan.contains("the former one becomes AUTH_SECRET_1"), "{plan}");
    assert!(!desk.text(".env").contains("AUTH_SECRET_1"));
    // what anybody may know is not to be kept by hand, either
    let desk = Desk::with(&[(".env", "AUTH_SECRET=changeme\n")]);
    let plan = reviewed(&desk, &["--keep-previous"]);
    assert!(plan.contains("not kept") && !plan.contains("AUTH_SECRET_1"), "{plan}");
}

#[test]
fn flask_has_a_list_of_its_own() {
    let desk = Desk::with(&[(".env", &format!("FLASK_SECRET_KEY={SHORT}\n"))]);
    reviewed(&desk, &["--keep-previous"]);
    assert_eq!(after(&desk.text(".env"), "FLASK_SECRET_KEY_FALLBACKS="), format!("'[\"{SHORT}\"]'"));
}

#[test]
fn two_keys_do_not_share_a_ring() {
    let desk = Desk::with(&[(".env", "SUPERSET_ENV=production\nSUPERSET_SECRET_KEY=changeme\nSECRET_KEY=changeit\n")]);
    let plan = reviewed(&desk, &[]);
    assert!(plan.contains("another secret's old value goes into the same setting"), "{plan}");
    let text = desk.text(".env");
    assert_eq!(text.matches("PREVIOUS_SECRET_KEY=").count(), 1);
    assert!(after(&text, "SECRET_KEY=") == "changeit" || after(&text, "SUPERSET_SECRET_KEY=") == "changeme");
}

#[test]
fn a_new_production_file_needs_no_ring() {
    let desk = Desk::with(&[(".env", "APP_KEY=changeme\nSUPERSET_SECRET_KEY=changeme\n")]);
    desk.ok(&["fix", "--promote", "production", "--apply", "--emit", "plain"]);
    let text = desk.text(".env.production");
    assert!(after(&text, "APP_KEY=").starts_with("base64:") && !text.contains("PREVIOUS"), "{text}");
}
