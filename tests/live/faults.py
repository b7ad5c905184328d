#!/usr/bin/env python3
"""Kills `harden fix --apply` and `harden undo`, and makes their system calls fail, everywhere; then edits files while they write.

    faults.py HARDEN faults [--every N] [--start K] [--only COMMAND]
        strace injects SIGKILL, EIO and ENOSPC at each call that opens, writes, syncs, renames, links, removes, truncates, makes a folder or sets
        mode or attributes, and EIO at each that looks; every N-th only, from the K-th. Commands: fix (in place), undo (of that), seal (three new files), unseal (undo of that)
    faults.py HARDEN editors [--rounds N]
        an editor saves a file at a random moment, by rename or in place, N times
    faults.py HARDEN order
        what is synced before what

After each fault the next command must deal with what was left: the tree is all old or all new, modes are kept, and no temporary file and no
journal is left. A line for each kind of fault and outcome, and as the last one `N faults, N bad`. Needs strace (Debian: strace), and root or a
kernel that lets it trace its children.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

CALLS = (
    "openat write writev pwrite64 fsync fdatasync rename renameat renameat2 link linkat unlink unlinkat ftruncate mkdir mkdirat fchmod chmod fchown "
    "fsetxattr flock"
).split()
# looking: a failure must not be taken for nothing there
LOOKS = "read getdents64 statx newfstatat".split()
FAULTS = ["signal=KILL", "error=EIO", "error=ENOSPC"]
OLD = {
    "a.env.production": ("JWT_SECRET=changeme\nPORT=80\n", 0o640),
    "sub/app.yml": ("app:\n  session_secret: changeme\n", 0o600),
    "sub/deep/settings.json": ('{ "csrf_secret": "changeme", "n": 1 }\n', 0o604),
}
NAMES = list(OLD)


class Desk:
    """A home, a project of three files, and an identity."""

    def __init__(self, harden):
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.harden = harden
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="harden-faults-", dir=memory))
        self.home, self.project = self.dir / "home", self.dir / "project"
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        self.reset()
        self.seed = self.dir / "seed"
        self.run("init", check=True)
        shutil.copytree(self.home, self.seed / "home")
        shutil.copytree(self.project, self.seed / "project")

    def reset(self):
        for folder in (self.home, self.project):
            shutil.rmtree(folder, ignore_errors=True)
        if hasattr(self, "seed"):
            shutil.copytree(self.seed / "home", self.home)
            shutil.copytree(self.seed / "project", self.project)
            return
        self.home.mkdir(parents=True)
        for name, (text, mode) in OLD.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)

    def run(self, *args, strace=(), check=False):
        done = subprocess.run(
            [*strace, self.harden, *args], cwd=self.project, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
        if check and done.returncode != 0:
            sys.exit(f"{args}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def apply(self, **more):
        return self.run("fix", "--emit", "plain", "--apply", **more)

    def seal(self, **more):
        return self.run("fix", "--apply", **more)

    def undo(self, **more):
        return self.run("undo", **more)

    def sealed(self):
        """`old` without sealed files, `new` with all of them and their list."""
        names = [f"{name}.age" for name in NAMES] + [".harden/sealed.toml"]
        there = {(self.project / name).is_file() for name in names}
        plain = all(text == OLD[name][0] for name, text in self.texts().items())
        return "mixed" if len(there) != 1 or not plain else "new" if there.pop() else "old"

    def texts(self):
        return {name: (self.project / name).read_text(errors="replace") if (self.project / name).is_file() else None for name in NAMES}

    def outcome(self):
        """`old`, `new` or `mixed`, by the values that are there."""
        weak = [text is not None and "changeme" in text for text in self.texts().values()]
        missing = any(text is None for text in self.texts().values())
        return "mixed" if missing or len(set(weak)) != 1 else "old" if weak[0] else "new"

    def faults(self):
        """What is wrong with the tree beside the contents: modes, files that nobody knows."""
        wrong = []
        for name, (_, mode) in OLD.items():
            path = self.project / name
            if path.exists() and path.stat().st_mode & 0o7777 != mode:
                wrong.append(f"{name} has mode {path.stat().st_mode & 0o7777:o}")
        own = r"\.harden/state/(lock|undo-[0-9]+(\.age)?)|\.harden/\.gitignore|harden\.toml"
        # the record goes on through an undo
        own += r"|\.harden/ledger/[0-9a-f]{16}\.jsonl|\.harden/key\.age|\.harden/\.gitattributes"
        if self.sealed() == "new":
            own += r"|\.harden/sealed\.toml|[^.].*\.(production|yml|json)\.age"
        for path in self.project.rglob("*"):
            name = str(path.relative_to(self.project))
            if path.is_file() and name not in OLD and not re.fullmatch(own, name):
                wrong.append(f"{name} is left")
        # a list without its copy, or a copy without its list, would be a way back that is none
        state = self.project / ".harden/state"
        copies = {p.name.removesuffix(".age") for p in state.glob("undo-*.age")}
        lists = {p.name for p in state.glob("undo-*") if not p.name.endswith(".age")}
        if copies != lists:
            wrong.append(f"copies {sorted(copies)}, lists {sorted(lists)}")
        keys = self.home / ".local/state/harden"
        if keys.is_dir():
            wrong += [f"{p} is left" for p in keys.iterdir() if p.name not in ("journal.key", "writer", "recipients")]
        for path in self.project.rglob("*"):
            if path.is_file() and ".harden/state/" in str(path) and b"changeme" in path.read_bytes():
                wrong.append(f"{path} holds an old secret")
        return wrong


def recorded(desk):
    """What the ledger says of the files: `new` where a plan is its last line, `old` where that was taken back, or there is none."""
    lines = [line for p in (desk.project / ".harden/ledger").glob("*.jsonl") for line in p.read_text().splitlines()]
    return "new" if lines and '"action":"fix"' in lines[-1] else "old"


def count_calls(desk, act):
    """How often each system call is made by `act`, started anew."""
    trace = desk.dir / "trace"
    done = act(strace=["strace", "-f", "-qq", "-o", str(trace)])
    if not trace.exists():
        sys.exit(f"strace does not run here: {done.stderr}")
    made = collections.Counter(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace.read_text(errors="replace"), re.M))
    trace.unlink()
    return {call: made[call] for call in CALLS + LOOKS if made[call]}


def inject(desk, every, first, only):
    commands = {
        # what is done before, what is stopped, what the tree is then, and was before
        "fix": (desk.reset, desk.apply, desk.outcome, "old"),
        "undo": (lambda: (desk.reset(), ok(desk.apply())), desk.undo, desk.outcome, "new"),
        "seal": (desk.reset, desk.seal, desk.sealed, "old"),
        "unseal": (lambda: (desk.reset(), ok(desk.seal())), desk.undo, desk.sealed, "new"),
    }
    commands = {name: how for name, how in commands.items() if only in (None, name)}
    table, bad, total, turn = collections.Counter(), [], 0, -first
    for command, (before, act, outcome, untouched) in commands.items():
        before()
        for call, times in count_calls(desk, act).items():
            for nth in range(1, times + 1):
                for fault in FAULTS:
                    if fault != "signal=KILL" and call in ("flock", "mkdir", "mkdirat") or fault != "error=EIO" and call in LOOKS:
                        continue
                    for after in ("fix", "undo"):
                        turn += 1
                        if turn < 0 or turn % every:
                            continue
                        before()
                        stopped = act(strace=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:{fault}:when={nth}"])
                        total += 1
                        middle, journals = outcome(), list((desk.project / ".harden/state").glob("[pcu][rno][emd][pmo]*"))
                        journals = [p for p in journals if not p.name.startswith("undo-")]
                        code = stopped.returncode
                        # 2 says that nothing was written: all is as it was before
                        wrong = []
                        if code == 2 and middle != untouched:
                            wrong.append(f"said 2, and the tree is {middle}")
                        if code == 0 and middle == untouched:
                            wrong.append("said 0, and nothing changed")
                        if middle == "mixed" and not journals:
                            wrong.append("half done, and there is no journal")
                        if journals and after == "undo":
                            desk.run("undo")
                            end = outcome()
                            if end == "mixed":
                                wrong.append("undo left it half done")
                        else:
                            # encrypt deals with what was left, and does no more to these files
                            desk.run("encrypt", "nothing-of-that-name")
                            end = outcome()
                            if end == "mixed":
                                wrong.append("the next command left it half done")
                        if end != "mixed" and recorded(desk) != end:
                            wrong.append(f"the tree is {end}, and the ledger says {recorded(desk)}")
                        wrong += desk.faults()
                        if not wrong and end == "new" and not (desk.project / ".harden/state/undo-1").exists():
                            wrong.append("the plan holds, and there is no way back")
                        table[(command, fault, f"code {code}", f"{middle} -> {end}")] += 1
                        if wrong:
                            bad.append(f"{command} {call}#{nth} {fault}, then {after}: {'; '.join(wrong)}\n    {stopped.stderr.strip()[-300:]}")
    for key, times in sorted(table.items()):
        print(f"{times:6}  {'  '.join(key)}")
    for line in bad:
        print("BAD", line)
    print(f"{total} faults, {len(bad)} bad")
    return bool(bad)


def ok(done):
    if done.returncode != 0:
        sys.exit(f"{done.args}: {done.returncode}\n{done.stdout}{done.stderr}")


def order(desk):
    """Each content is synced before the commit point, the journal's name before the first target changes, the targets before the old goes."""
    trace = desk.dir / "trace"
    desk.apply(strace=["strace", "-f", "-y", "-s", "300", "-qq", "-o", str(trace), "-e", "trace=fsync,rename,renameat,renameat2,unlink,unlinkat,linkat"])
    lines, bad = [line for line in trace.read_text().splitlines() if str(desk.project) in line], []

    def at(pattern):
        return [n for n, line in enumerate(lines) if re.search(pattern, line)]

    commit, swaps, gone = at(r'rename.*state/prepared".*state/committed"'), at(r"RENAME_EXCHANGE"), at(r'unlink.*\.harden-[0-9a-f]{16}"')
    if len(commit) != 1 or len(swaps) != len(NAMES) or len(gone) < len(NAMES):
        sys.exit("\n".join([*lines, f"not the calls that were expected: {commit}, {swaps}, {gone}"]))
    for name in NAMES:
        folder, leaf = re.escape(str((desk.project / name).parent)), re.escape(pathlib.Path(name).name)
        own = at(rf"fsync\(\d+<{folder}/\.{leaf}\.harden-")
        swap = at(rf'"{folder}/{leaf}", RENAME_EXCHANGE')
        folders = at(rf"fsync\(\d+<{folder}>\)")
        if not own or own[0] > commit[0]:
            bad.append(f"{name}: the new content is not synced before the commit point")
        if not any(own[0] < n < commit[0] for n in folders):
            bad.append(f"{name}: its name is not synced before the commit point")
        if not any(swap[0] < n < gone[0] for n in folders):
            bad.append(f"{name}: the exchange is not synced before the old content goes")
    state = at(r"fsync\(\d+<[^>]*/\.harden/state>\)")
    if not any(commit[0] < n < swaps[0] for n in state):
        bad.append("the commit point is not synced before the first target changes")
    copy = at(r"fsync\(\d+<[^>]*/undo-1\.age>")
    if not copy or not any(copy[0] < n < commit[0] for n in state):
        bad.append("the undo copy is not synced before the commit point")
    for line in bad:
        print("BAD", line)
    print(f"{len(lines)} calls in order, {len(bad)} bad")
    return bool(bad)


def edit(desk, rounds):
    rng = random.Random(7)
    began = time.monotonic()
    desk.apply()
    whole = time.monotonic() - began
    table, bad = collections.Counter(), []
    for n in range(rounds):
        desk.reset()
        # the note says which save it was; the secret stays as the editor read it
        name, way = rng.choice(NAMES), ["by rename", "in place", "held open"][n % 3]
        path, mark = desk.project / name, f"note-{n:05}"
        text = OLD[name][0].replace("80", f"80\nNOTE={mark}").replace("app:", f"# {mark}\napp:").replace('"n": 1', f'"n": 1, "note": "{mark}"')
        delay = rng.uniform(0, whole * 1.2)

        def save():
            time.sleep(delay)
            if way == "by rename":
                draft = path.with_name(".draft.swp")
                draft.write_text(text)
                draft.chmod(OLD[name][1])
                os.replace(draft, path)
                return
            with open(path, "r+" if way == "held open" else "w") as file:
                if way == "held open":
                    time.sleep(rng.uniform(0, whole / 4))
                file.write(text)
                file.truncate()

        editor = threading.Thread(target=save)
        editor.start()
        done = desk.apply()
        editor.join()
        code, saved = done.returncode, path.read_text()
        wrong = []
        if mark not in saved:
            # the plan was made on what the editor saved, or what it saved was read whole by the next plan: else it is lost
            wrong.append("the edit is lost")
        if code == 4:
            desk.run("undo")
            if any("changeme" not in text for other, text in desk.texts().items() if other != name):
                wrong.append("undo left other files new")
            if mark not in path.read_text():
                wrong.append("undo lost the edit")
        elif code == 2 and any("changeme" not in text for other, text in desk.texts().items() if other != name):
            wrong.append("said 2, and wrote")
        elif code not in (0, 2):
            wrong.append(f"code {code}")
        wrong += [fault for fault in desk.faults() if "mode" not in fault]
        table[(way, f"code {code}", "edit on top" if "changeme" in saved else "edit in the plan")] += 1
        if wrong:
            bad.append(f"{n} {way} {name} after {delay:.4f} s: {'; '.join(wrong)}\n    {done.stderr.strip()[-300:]}")
    for key, times in sorted(table.items()):
        print(f"{times:6}  {'  '.join(key)}")
    for line in bad:
        print("BAD", line)
    print(f"{rounds} saves, {len(bad)} bad")
    return bool(bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harden")
    parser.add_argument("what", choices=["faults", "editors", "order"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", choices=["fix", "undo", "seal", "unseal"])
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1000)
    args = parser.parse_args()
    if args.what != "editors" and not shutil.which("strace"):
        sys.exit("strace is missing: apt-get install strace, or `./test --live`, which installs it")
    os.umask(0o022)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    desk = Desk(str(pathlib.Path(args.harden).resolve()))
    try:
        if args.what == "faults":
            failed = inject(desk, args.every, args.start, args.only)
        else:
            failed = order(desk) if args.what == "order" else edit(desk, args.rounds)
    finally:
        shutil.rmtree(desk.dir, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
