//! `harden run` after `harden fix`: the new values are in the environment, and on no command line.

use super::{Desk, after};

#[cfg(target_os = "linux")]
#[test]
fn a_process_sees_the_new_values_and_no_command_line_shows_one() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let desk = Desk::portal().ready();
    desk.ok(&["fix", "--apply"]);
    let env = desk.opened(".env.production");
    let values: Vec<&str> = ["JWT_SECRET=", "POSTGRES_PASSWORD=", "REDIS_PASSWORD="].map(|name| after(&env, name)).into();
    let script = "printf '%s %s %s\\n' \"$JWT_SECRET\" \"$POSTGRES_PASSWORD\" \"$REDIS_PASSWORD\"; read -r wait";
    let mut command = desk.command(env!("CARGO_BIN_EXE_harden"));
    command.args(["run", "--env-file", ".env.production.age", "--", "sh", "-c", script]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // from the first moment on: harden itself and whatever it starts
    let (seen, watched) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| (0..20).map(|_| command_lines_with(&values)).sum::<usize>());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (line, watch.join().unwrap())
    });
    assert_eq!(seen.trim_end(), values.join(" "));
    assert_eq!(watched + command_lines_with(&values), 0, "a value is on a command line");
    let environment = std::fs::read(format!("/proc/{}/environ", child.id())).unwrap();
    assert!(String::from_utf8_lossy(&environment).contains(values[0]), "it runs in harden's place");
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// How many processes show one of `values` to everybody.
#[cfg(target_os = "linux")]
fn command_lines_with(values: &[&str]) -> usize {
    let readable = std::fs::read_dir("/proc").unwrap().filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    readable.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| values.iter().any(|value| line.contains(value))).count()
}
