//! Inputs that nobody writes, for every reader of ours: mutated from `fixtures/`, with a clock.
//!
//! `HARDEN_FUZZ_SECONDS` says how long each target runs (two minutes before a merge that changes a reader, ten before a release); without it a
//! few hundred inputs, the same each time. An input is a fault where a reader panics, takes longer than [`SLOW`], gives a place that is not in
//! the text, or where a value that can be written somewhere, written there, is not what is read back. It is kept in `fixtures/hostile/TARGET/`, named
//! by its hash, and from then on read first in every run.

#![expect(clippy::print_stderr, reason = "a run tells what it did")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harden::config::Config;
use harden::disk::read::sha256;
use harden::disk::{journal, undo};
use harden::model::document::Document;
use harden::model::edit::{Edit, EditSet};
use harden::model::environment::Environment;
use harden::model::secret::Secret;
use harden::model::setting::Role;
use harden::model::severity::Profile;
use harden::plan::Planned;
use harden::rules::load::RuleSet;
use harden::scan::{Keep, Request, examine};
use harden::seal::{Identities, Index, KeyPair, Nobody, Recipients, sops};
use harden::{dsn, formats, rewrite, run, seal};

/// An input of a few kilobytes that takes longer is a fault, in a debug build on a busy machine, too.
const SLOW: Duration = Duration::from_secs(20);

/// Inputs of a run without a clock.
const FEW: usize = 150;

/// Longer ones only take time.
const LONGEST: usize = 1 << 13;

/// Numbers that depend on nothing but the seed (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.roll(list.len())]
    }
}

/// What readers trip over.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "`",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\t",
    " ",
    "#",
    ";",
    "//",
    "/*",
    "*/",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;",
    "&#x41;",
    "${",
    "}",
    "$",
    "$(",
    ")",
    "{{",
    "}}",
    "<%",
    "%>",
    "<<EOF\n",
    "EOF",
    "\"\"\"",
    "'''",
    "|-\n  ",
    ">\n  ",
    "&a ",
    "*a",
    "!!str ",
    "- ",
    ": ",
    "=",
    ":",
    ",",
    "[",
    "]",
    "{",
    "@",
    "://",
    "?",
    "&",
    "%00",
    "%",
    "\u{feff}",
    "\u{2028}",
    "é",
    "𝄞",
    "\u{202e}",
    "---\n",
    "...\n",
    "\\u0041",
    "\\x41",
    "\\\n",
    "export ",
    "ENV ",
    "key: ENC[AES256_GCM,data:",
    "password",
    "null",
    "~",
    "0x",
    "1e9",
    concat!("-----BEGIN RSA ", "PRIVATE KEY-----\n"),
    concat!("-----END RSA ", "PRIVATE KEY-----"),
    "postgres://u:p@h:1/d?sslmode=prefer",
    "COPY t (a) FROM stdin;\n",
    "\\.",
    "$$",
    "E'",
];

/// One input made of others.
fn mutated(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + dice.roll(40)).min(bytes.len());
        match dice.roll(9) {
            0 => {
                bytes.drain(at..end);
            }
            1 => bytes.truncate(at),
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.roll(8);
                }
            }
            3 => {
                let piece = bytes[at..end].repeat(1 + dice.roll(60));
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = dice.pick(seeds);
                let from = dice.roll(other.len() + 1);
                let to = (from + dice.roll(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            5 => {
                // deep, or long
                let piece = dice.pick(PIECES).repeat(1 + dice.roll(700));
                bytes.splice(at..at, piece.into_bytes());
            }
            _ => {
                let piece = dice.pick(PIECES).as_bytes();
                bytes.splice(at..end.min(at + dice.roll(4)).max(at), piece.iter().copied());
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn fixtures(folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut out, mut open) = (BTreeMap::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder)]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if let Ok(mut bytes) = fs::read(&path) {
            bytes.truncate(LONGEST / 2);
            out.insert(path, bytes);
        }
    }
    out
}

/// Reads inputs until the time is over; what fails is kept.
fn target(name: &str, seeds: &[Vec<u8>], read: &dyn Fn(&[u8], &mut Dice)) {
    let seconds: Option<u64> = std::env::var_os("HARDEN_FUZZ_SECONDS").and_then(|text| text.to_str()?.parse().ok());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile").join(name);
    let kept: Vec<Vec<u8>> = if folder.is_dir() { fixtures(&format!("hostile/{name}")).into_values().collect() } else { Vec::new() };
    let hash = sha256(name.as_bytes());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |d| d.as_nanos() as u64);
    // with a clock each run is another one
    let mut dice = Dice(u64::from_le_bytes(hash[..8].try_into().expect("eight")) | 1 ^ seconds.map_or(0, |_| clock));
    let begun = Instant::now();
    let (mut inputs, mut faults) = (0_usize, 0_usize);
    let first = kept.iter().chain(seeds).cloned().collect::<Vec<_>>();
    loop {
        let input = match first.get(inputs) {
            Some(input) => input.clone(),
            None => mutated(&mut dice, seeds),
        };
        let started = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| read(&input, &mut dice)));
        inputs += 1;
        let slow = started.elapsed() > SLOW;
        if done.is_err() || slow {
            faults += 1;
            let file = folder.join(sha256(&input)[..6].iter().map(|b| format!("{b:02x}")).collect::<String>());
            eprintln!("{name}: {} ({} bytes): {}", if slow { "slow" } else { "fault" }, input.len(), file.display());
            fs::create_dir_all(&folder).expect("made");
            File::create(file).expect("made").write_all(&input).expect("written");
        }
        let over = seconds.map_or(inputs >= first.len() + FEW, |s| begun.elapsed().as_secs() >= s && inputs >= first.len());
        if over || faults >= 5 {
            break;
        }
    }
    eprintln!("{name}: {inputs} inputs in {} s, {faults} faults", begun.elapsed().as_secs());
    assert_eq!(faults, 0, "{name}: the inputs are kept in {}", folder.display());
}

/// Every place of a document is one of its text.
fn check_places(document: &Document) {
    for setting in &document.settings {
        for span in [setting.span, setting.key_span] {
            assert!(document.text.get(span.start..span.end).is_some(), "a place that is not in the text: {span:?} {}", document.format);
        }
        assert!(
            setting
                .locate(&document.text, harden::model::span::Span::new(0, setting.value.len()))
                .is_none_or(|s| s.of(&document.text) == setting.value.expose())
        );
    }
}

/// A value of everything that is hard to write, and of what `fix` makes.
fn value(dice: &mut Dice) -> String {
    match dice.roll(3) {
        0 => (0..32).map(|_| char::from(*dice.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))).collect(),
        1 => (0..44).map(|_| char::from(*dice.pick(b"ABCdef0123456789+/=_-"))).collect(),
        _ => (0..1 + dice.roll(6)).map(|_| *dice.pick(PIECES)).filter(|piece| !piece.contains('\0')).collect(),
    }
}

/// Writes a value somewhere, and reads it back: as planned, or refused before anything is written.
fn check_rewrite(document: &Document, dice: &mut Dice) -> Option<bool> {
    let places: Vec<usize> =
        (0..document.settings.len()).filter(|i| document.settings[*i].editable && document.settings[*i].role == Role::Live).collect();
    if places.is_empty() || document.lossy || document.fault.is_some() {
        return None;
    }
    let index = *dice.pick(&places);
    let setting = &document.settings[index];
    let new = Secret::new(value(dice));
    let format = formats::by_name(document.format).expect("registered");
    let text = format.encode(&new, setting).ok()?;
    let planned = Planned {
        edits: EditSet::new(vec![Edit { span: setting.span, text }]).expect("one"),
        expected: [(index, new)].into(),
        ..Planned::default()
    };
    // the proof: parsed again, this value is the new one, every other is as it was
    Some(rewrite::patch(document, &planned).is_ok())
}

/// The reader of the files `names` below `fixtures/formats`: the whole pipeline of a scan over them, and a value written and read back.
fn format(folder: &str) {
    let files = fixtures(&format!("formats/{folder}"));
    let names: Vec<String> = files.keys().map(|path| path.file_name().expect("a name").to_string_lossy().replace(".txt", "")).collect();
    let names: Vec<String> = names.into_iter().map(|name| if folder == "credentials" { format!(".{name}") } else { name }).collect();
    let seeds: Vec<Vec<u8>> = files.into_values().collect();
    let rules = RuleSet::builtin();
    let request = Request {
        paths: &[],
        no_ignore: true,
        profile: Profile::Strict,
        fail_on: None,
        config: None,
        rules: &rules,
        honour: true,
        keep: Keep::Nothing,
        baseline: None,
        twins: None,
        new_only: None,
        spoken: None,
        cache: None,
        retired: None,
    };
    let (written, refused) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32));
    let looked = std::cell::Cell::new(0_u32);
    target(folder, &seeds, &|bytes, dice| {
        let name = dice.pick(&names);
        let document = formats::parse(name, bytes, Environment::Production);
        check_places(&document);
        match check_rewrite(&document, dice) {
            Some(true) => written.set(written.get() + 1),
            Some(false) => refused.set(refused.get() + 1),
            None => {}
        }
        // compiling the detectors takes most of the time: every 16th
        looked.set(looked.get() + 1);
        if looked.get() % 16 == 1 {
            let (document, findings) = examine(&request, name, bytes, Environment::Production).expect("the rules compile");
            assert!(findings.iter().all(|f| document.text.get(f.span.start..f.span.end).is_some()), "a finding that is not in the text");
        }
    });
    eprintln!("{folder}: {} values written and read back, {} refused by the proof", written.get(), refused.get());
}

macro_rules! formats {
    ($($name:ident),*) => { $(#[test] fn $name() { format(stringify!($name)); })* };
}

formats!(bicep, compose, conf, credentials, dockerfile, env, hcl, ini, json, kubernetes, properties, shell, sql, text, toml, xml, yaml);

#[test]
fn code_and_caddy() {
    let seeds: Vec<Vec<u8>> = vec![
        b"example.com {\n\tbasicauth {\n\t\tu $2a$14$x\n\t}\n\theader X-Token \"a b\"\n}\n".to_vec(),
        b"const a = process.env.X || 'y'; // c\nlet t = `a ${b} c`;\n".to_vec(),
        b"PASSWORD = 'x' if DEBUG else \"\"\"y\nz\"\"\"\n".to_vec(),
        b"<?php define('DB_PASSWORD', 'x'); $a = array('k' => \"v\");\n".to_vec(),
    ];
    target("code", &seeds, &|bytes, dice| {
        let name = *dice.pick(&["Caddyfile", "a.ts", "a.py", "a.php", "a.rb", "a.go", "A.java", "a.cs"]);
        check_places(&formats::parse(name, bytes, Environment::Production));
    });
}

#[test]
fn connection_strings() {
    let seeds: Vec<Vec<u8>> = [
        "postgresql://u:p%40@h:5432,i/d?sslmode=require&x=y#f",
        "Server=tcp:h,1433;User Id=u;Password='p;w';Encrypt=false",
        "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521)))",
        "host=h user=u password='p\\'w' dbname=d",
        "cache:6379,password=p=w,ssl=False",
        "u:p@tcp(h:3306)/d?tls=false",
        "mongodb+srv://u:p@h/d?tls=true",
        "local:redis:6379:0:p",
        "amqp://g:g@[::1]:5672/%2f",
        "${A:-redis://:${P}@h}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    target("dsn", &seeds, &|bytes, _| {
        let text = String::from_utf8_lossy(bytes);
        let Some(found) = dsn::parse(&text) else { return };
        let spans = [found.user, found.password, found.fragment, Some(found.scheme), Some(found.path)];
        assert!(spans.into_iter().flatten().all(|span| text.get(span.start..span.end).is_some()));
        let Some(system) = dsn::system(&found, &text) else { return };
        for driver in [None, Some("pg"), Some("psycopg"), Some("prisma")] {
            let Some(changes) = system.secure(&found, &text, driver) else { continue };
            let edits = dsn::edits(&found, &text, &changes);
            assert!(edits.iter().all(|(span, _)| text.get(span.start..span.end).is_some()));
            assert!(
                EditSet::new(edits.into_iter().map(|(span, new)| Edit { span, text: Secret::new(new) }).collect()).is_ok(),
                "edits overlap"
            );
        }
    });
}

#[test]
fn own_files() {
    let mut seeds: Vec<Vec<u8>> = vec![
        b"[seal]\nrecipients = [\"age1x\"]\n[[allow]]\nrule = \"a\"\nreason = \"b\"\nuntil = 2030-01-01\npath = \"**\"\n[[environment]]\npath = \".env\"\nis = \"development\"\n".to_vec(),
        b"[network]\ntrusted = [\"10.0.0.0/8\", \"*.x\"]\n[drivers]\nA = \"pg\"\n[scan]\nexclude = [\"a/**\"]\n".to_vec(),
    ];
    seeds.extend(
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"))
            .expect("rules")
            .flatten()
            .filter_map(|e| fs::read(e.path()).ok())
            .map(|mut b| {
                b.truncate(3000);
                b
            }),
    );
    target("own", &seeds, &|bytes, _| {
        let text = String::from_utf8_lossy(bytes);
        _ = Config::parse(&text, Path::new("harden.toml"));
        _ = Index::parse(&text, Path::new(".harden/sealed.toml"));
        _ = RuleSet::builtin().extend("own.toml", &text);
        _ = Recipients::parse(&text.lines().collect::<Vec<_>>());
        _ = Identities::parse(bytes, Path::new("identity.txt"), &Nobody);
    });
}

#[test]
fn records() {
    let seeds: Vec<Vec<u8>> = vec![
        format!("harden journal 1 0123456789abcdef\nreplace {0} {0} a/.env\ncreate {0} 384 b\nhmac {0}\n", "0".repeat(64)).into_bytes(),
        b"harden undo 1\n5 384 a/b\nhello\n".to_vec(),
        undo::pack(&[undo::Content { path: "a/.env".into(), mode: 0o600, bytes: b"A=1\n".to_vec().into() }]).to_vec(),
    ];
    let room = tempfile::tempdir().expect("a folder");
    let state = room.path().join(".harden/state");
    fs::create_dir_all(&state).expect("made");
    target("records", &seeds, &|bytes, dice| {
        _ = undo::unpack(bytes);
        let name = *dice.pick(&["committed", "prepared", "undo-1", "undoing"]);
        File::create(state.join(name)).expect("made").write_all(bytes).expect("written");
        assert!(journal::recover(room.path()).is_err() || journal::standing(room.path()).is_empty());
        _ = undo::list(room.path());
        _ = fs::remove_file(state.join(name));
        // nobody's journal was obeyed
        assert!(!room.path().join("a").exists() && !room.path().join("b").exists());
    });
}

#[test]
fn sealed_files() {
    let pair = KeyPair::generate();
    let identities = Identities::of_pair(&pair);
    let recipients = Recipients::new(vec![pair.recipient().clone()]).expect("one");
    let mut seeds: Vec<Vec<u8>> = fixtures("sops").into_values().collect();
    let whole = b"A=1\n".repeat(40);
    seeds.push(seal::seal(&whole, &recipients).expect("sealed"));
    target("sealed", &seeds, &|bytes, _| {
        if let Ok(opened) = seal::open(bytes, &identities) {
            assert_eq!(*opened, whole, "a changed file opens with other content");
        }
        _ = seal::is_passphrase_sealed(bytes);
        _ = sops::form_of(bytes);
        _ = sops::recipients(bytes);
        _ = sops::open(bytes, &identities);
    });
}

#[test]
fn environments_of_commands() {
    let seeds: Vec<Vec<u8>> = ["env", "shell", "json", "yaml", "toml", "ini", "properties"]
        .iter()
        .flat_map(|f| fixtures(&format!("formats/{f}")).into_values())
        .collect();
    target("run", &seeds, &|bytes, dice| {
        let name = *dice.pick(&[".env", "a.yaml", "a.json", "a.toml", "a.ini", "a.properties"]);
        _ = run::parse(name, bytes);
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines().take(20) {
            _ = formats::readings(line);
        }
    });
}

#[test]
fn key_material() {
    let seeds: Vec<Vec<u8>> = fixtures("keys").into_values().collect();
    target("keys", &seeds, &|bytes, dice| {
        let name = *dice.pick(&["key.pem", "a.txt", "id_rsa", ".env"]);
        check_places(&formats::parse(name, bytes, Environment::Production));
    });
}
