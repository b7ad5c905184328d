//! Real servers for tests, started by `tests/live/servers.py` and stopped with the value that stands for them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Whether tests that need servers are to run: `./test --live` says so.
pub(crate) fn wanted() -> bool {
    let live = std::env::var_os("HARDEN_TEST_LIVE").is_some_and(|v| v == "1");
    if !live {
        println!("left out: `./test --live` runs it");
    }
    live
}

/// Servers that run until this is dropped.
pub(crate) struct Servers {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    told: Value,
}

impl Servers {
    /// Starts them, and waits until they answer.
    pub(crate) fn start(names: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/servers.py");
        let mut command = Command::new("python3");
        let mut child = command.arg(script).args(names).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line).expect("servers.py tells where its servers are");
        Self { child, input, output, told }
    }

    /// Makes a server show another certificate, see `servers.py --help`.
    pub(crate) fn certificate(&mut self, name: &str, variant: &str) {
        self.say(&format!("cert {name} {variant}"));
    }

    /// Stops a server and starts it again on the same data.
    pub(crate) fn restart(&mut self, name: &str) {
        self.say(&format!("restart {name}"));
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "ok", "{line}");
    }

    /// A port of a server: `port`, `tls_port`, `api`, `api_tls`.
    pub(crate) fn port(&self, name: &str, which: &str) -> u16 {
        u16::try_from(self.told["servers"][name][which].as_u64().unwrap()).unwrap()
    }

    /// The certificate of the authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.told["ca"].as_str().unwrap().into()
    }

    /// A certificate that servers can show.
    pub(crate) fn leaf(&self, variant: &str) -> PathBuf {
        self.told["certificates"][variant].as_str().unwrap().into()
    }

    /// A file that a server tells of: `config`.
    pub(crate) fn file(&self, name: &str, which: &str) -> PathBuf {
        self.told["servers"][name][which].as_str().unwrap().into()
    }

    /// The password of `admin` or `app`.
    pub(crate) fn password(&self, account: &str) -> String {
        self.told["passwords"][account].as_str().unwrap().to_owned()
    }

    /// All that a server has logged.
    pub(crate) fn logs(&self, name: &str) -> String {
        let files = self.told["servers"][name]["logs"].as_array().unwrap();
        files.iter().map(|f| String::from_utf8_lossy(&std::fs::read(f.as_str().unwrap()).unwrap_or_default()).into_owned()).collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // the end of its input is what it stops at
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
