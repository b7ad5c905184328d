//! The hot parts of a scan, each on a text of its own: `cargo bench`. Compare two commits on one quiet machine; single times say little.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use harden::config::Network;
use harden::detect::{Circumstances, Detectors};
use harden::formats;
use harden::keys;
use harden::model::environment::Environment;
use harden::model::severity::Profile;
use harden::rules::load::RuleSet;
use harden::scan::sieves::sieves;
use harden::tokens;
use zeroize::Zeroizing;

fn main() {
    divan::main();
}

/// Texts by what they are: source, an env file, a Compose file, JSON in one line, base64 without an end.
const TEXTS: &[&str] = &["source.rs", ".env", "compose.yml", "minified.json", "base64.txt"];

/// About 256 KiB of one of [`TEXTS`].
fn text(name: &str) -> String {
    let unit = match name {
        "source.rs" => concat!(include_str!("../src/formats/code.rs"), include_str!("../src/model/span.rs")).to_owned(),
        ".env" => (0..200).map(|i| format!("SERVICE_{i}_HOST=db{i}.internal\nSERVICE_{i}_PASSWORD=okra-{i}\n")).collect(),
        "compose.yml" => {
            let service = |i: usize| format!("  app{i}:\n    image: example/app:{i}\n    environment:\n      DB_PASSWORD: okra-{i}\n");
            format!("services:\n{}", (0..2_000).map(service).collect::<String>())
        }
        "minified.json" => {
            format!("{{{}}}", (0..8_000).map(|i| format!("\"name{i}\":\"value{i}\",\"size{i}\":{i},")).collect::<String>() + "\"end\":0")
        }
        _ => "bm90aGluZyB0byBzZWUgaGVyZSwgbW92ZSBhbG9uZyBwbGVhc2Ug".repeat(100),
    };
    if matches!(name, "compose.yml" | "minified.json") {
        return unit;
    }
    unit.repeat((256 * 1024 / unit.len()).max(1))
}

fn detectors() -> Detectors {
    Detectors::compile(RuleSet::builtin().rules(), Profile::Production, &Network::default()).expect("the built-in rules")
}

#[divan::bench(args = TEXTS)]
fn parse(bencher: Bencher<'_, '_>, name: &str) {
    let text = text(name);
    bencher.counter(BytesCount::of_str(&text)).bench(|| formats::parse(name, black_box(text.as_bytes()), Environment::Production));
}

#[divan::bench(args = TEXTS)]
fn detect(bencher: Bencher<'_, '_>, name: &str) {
    let (text, detectors) = (text(name), detectors());
    let document = formats::parse(name, text.as_bytes(), Environment::Production);
    bencher.counter(BytesCount::of_str(&text)).bench(|| detectors.run(black_box(&document), Circumstances::default()));
}

/// What a program or document of a large tree costs in which nothing is found.
#[divan::bench(args = ["source.rs", "base64.txt"])]
fn glance(bencher: Bencher<'_, '_>, name: &str) {
    let (text, detectors) = (text(name), detectors());
    let sieves = sieves(&detectors).expect("the built-in rules ask for names");
    bencher
        .counter(BytesCount::of_str(&text))
        .with_inputs(|| Zeroizing::new(text.clone()))
        .bench_values(|text| formats::glance(name, text, Environment::Production, &sieves));
}

#[divan::bench(args = TEXTS)]
fn provider_tokens(bencher: Bencher<'_, '_>, name: &str) {
    let text = text(name);
    bencher.counter(BytesCount::of_str(&text)).bench(|| tokens::find(black_box(&text)));
}

#[divan::bench(args = TEXTS)]
fn key_material(bencher: Bencher<'_, '_>, name: &str) {
    let text = text(name);
    bencher.counter(BytesCount::of_str(&text)).bench(|| keys::find(black_box(&text)));
}

/// What every start pays.
#[divan::bench]
fn compile_rules() -> Detectors {
    detectors()
}

/// What a scan of many files pays once.
#[divan::bench]
fn make_sieves(bencher: Bencher<'_, '_>) {
    let detectors = detectors();
    bencher.bench(|| sieves(&detectors));
}
