#!/usr/bin/env python3
"""Breaks `harden rotate --apply` in the middle, with a real PostgreSQL and a real Redis, and then resumes or undoes it.

    rotate_faults.py HARDEN [deaths|full|cuts|restarts] [--alternate] [--every N] [--start K] [--rounds N]

deaths      strace injects SIGKILL at each N-th call (from the K-th) that opens, writes, syncs, renames, links, removes, connects, sends or receives
full        strace makes each N-th call that opens, writes, syncs, renames or links fail with ENOSPC: once, and from there on
cuts        the connection to a server breaks at each message of the run, before or after it is handed on, and no other is taken
restarts    a server stops at a random moment and comes back, as often as --rounds says

With --alternate two accounts of PostgreSQL take turns, `app` and `app_b`; which of them is in use changes from fault to fault, and before half of
them the other one is not there yet.

After each of them `--resume` or `--undo`, in turn, must end it where it did not end by itself: the files and both servers agree on the new values or
on the old ones, the other side's credentials are refused, and no value is left in clear anywhere. The last line is `N faults, ..., N bad`. HARDEN is
built with the feature `full`. Needs strace, psql and redis-cli, and what servers.py needs.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
CALLS = "openat write pwrite64 fsync fdatasync rename renameat renameat2 linkat unlink unlinkat connect sendto recvfrom read".split()
WRITES = "openat write pwrite64 fsync fdatasync rename renameat renameat2 linkat mkdirat mkdir".split()
OLD = {"postgres": "0ld-passw0rd-of-app", "redis": "0ld-passw0rd-of-app"}
JWT = "Zk3vQp8sLmX2tRw9YbNc4HfJ7sQm"


class Gate:
    """Hands the bytes of connections on to a server, until it is told to break off at some message."""

    def __init__(self, port):
        self.target, self.lock, self.pairs = port, threading.Lock(), []
        self.seen, self.last, self.late, self.closed = 0, None, False, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            if self.closed:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self.pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.hand_on, args=(source, sink), daemon=True).start()

    def hand_on(self, source, sink):
        try:
            while data := source.recv(65536):
                with self.lock:
                    self.seen += 1
                    cut = self.last is not None and self.seen >= self.last
                    if self.late or not cut:
                        sink.sendall(data)
                    if cut:
                        self.cut()
                        return
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.closed = True
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs.clear()

    def open(self, last=None, late=False):
        self.seen, self.last, self.late, self.closed = 0, last, late, False


class World:
    def __init__(self, harden, gates=False, alternate=False):
        self.alternate, self.user, self.resets = alternate, "app", 0
        self.harden = str(pathlib.Path(harden).resolve())
        self.servers = subprocess.Popen([sys.executable, HERE / "servers.py", "postgres", "redis"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told = json.loads(self.servers.stdout.readline())
        self.pg, self.redis = self.told["servers"]["postgres"]["port"], self.told["servers"]["redis"]["tls_port"]
        self.gates = {"postgres": Gate(self.pg), "redis": Gate(self.redis)} if gates else {}
        pg, redis = (self.gates["postgres"].port, self.gates["redis"].port) if gates else (self.pg, self.redis)
        self.ca, self.admin = self.told["ca"], self.told["passwords"]["admin"]
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="harden-rotate-"))
        self.home, self.project = self.dir / "home", self.dir / "project"
        self.env = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "REDIS_ADMIN": f"rediss://default:{self.admin}@localhost:{redis}/0",
            "PGADMIN_URL": f"postgres://admin:{self.admin}@localhost:{pg}/postgres",
        }
        self.home.mkdir()
        self.project.mkdir()
        (self.project / ".env").write_text(
            f"JWT_SECRET={JWT}\n"
            f"DATABASE_URL=postgres://app:{OLD['postgres']}@localhost:{pg}/app?sslmode=verify-full\n"
            f"REDIS_URL=rediss://app:{OLD['redis']}@localhost:{redis}/0\n"
        )
        self.run("init", check=True)
        with open(self.project / "harden.toml", "a") as config:
            config.write('\n[[environment]]\npath = ".env"\nis = "production"\n[[server]]\nsetting = "REDIS_URL"\nadmin = { env = "REDIS_ADMIN" }\n')
            if alternate:
                config.write('[[server]]\nsetting = "DATABASE_URL"\nadmin = { env = "PGADMIN_URL" }\nalternate = ["app", "app_b"]\n')
        shutil.copy(self.project / ".env", self.project / ".env.production")
        self.run("encrypt", "--remove-plain", ".env.production", check=True)
        # hosts are accepted once
        self.apply([], check=True)
        self.run("rotate", "--undo", check=True)
        self.run("rotate", "--forget", check=True)
        self.seed = self.dir / "seed"
        shutil.copytree(self.project, self.seed)
        self.seed_home = self.dir / "seed-home"
        shutil.copytree(self.home, self.seed_home)
        self.before = self.files()

    def run(self, *args, check=False, wrap=()):
        done = subprocess.run([*wrap, self.harden, *args], cwd=self.project, env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise SystemExit(f"{args}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def apply(self, wrap=(), check=False):
        return self.run(*self.words(), wrap=wrap, check=check)

    def words(self):
        return "rotate", "--all", "--apply", "--yes", "--ca", self.ca, "--reload", "true", "--health", "true"

    def restart(self, name):
        self.servers.stdin.write(f"restart {name}\n")
        self.servers.stdin.flush()
        assert self.servers.stdout.readline().strip() == "ok"

    def reset(self):
        for gate in self.gates.values():
            gate.open()
        for folder, seed in ((self.project, self.seed), (self.home, self.seed_home)):
            shutil.rmtree(folder)
            shutil.copytree(seed, folder)
        self.resets += 1
        if self.alternate:
            self.take_turns()
        else:
            self.sql(f"ALTER ROLE app PASSWORD '{OLD['postgres']}'")
        self.redis_cli("default", self.admin, "ACL", "SETUSER", "app", "resetpass", f">{OLD['redis']}")
        # whichever way it keeps accounts: a restart must not bring back those of the round before
        self.redis_cli("default", self.admin, "ACL", "SAVE")
        self.redis_cli("default", self.admin, "CONFIG", "REWRITE")

    def take_turns(self):
        """Gives the first password to one account and none to the other: in turn `app` without and with `app_b`, and `app_b`."""
        there = self.sql("SELECT 1 FROM pg_roles WHERE rolname = 'app_b'") != ""
        self.user = "app_b" if self.resets % 4 == 3 else "app"
        if self.resets % 2 == 0 and there:
            self.sql("DROP ROLE app_b")
        if self.resets % 2 == 1 and not there:
            self.sql("CREATE ROLE app_b LOGIN IN ROLE app; ALTER ROLE app_b SET role = 'app'")
        for user in ("app", "app_b")[: 1 + self.resets % 2]:
            password = f"'{OLD['postgres']}'" if user == self.user else "NULL"
            self.sql(f"ALTER ROLE {user} PASSWORD {password}")
        if self.user == "app_b":
            text = (self.project / ".env").read_text().replace("postgres://app:", "postgres://app_b:")
            (self.project / ".env.production.age").unlink()
            for name in (".env", ".env.production"):
                (self.project / name).write_text(text)
            self.run("encrypt", "--remove-plain", ".env.production", check=True)
        self.before = self.files()

    def sql(self, statement):
        psql = ["psql", "-qAtX", "-h", "localhost", "-p", str(self.pg), "-U", "admin", "-d", "postgres", "-c", statement]
        env = {**os.environ, "PGPASSWORD": self.admin, "PGSSLMODE": "require"}
        return subprocess.run(psql, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def redis_cli(self, user, password, *words):
        command = ["redis-cli", "--no-auth-warning", "--tls", "--cacert", self.ca, "-p", str(self.redis), "--user", user, "--pass", password, *words]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def takes(self, passwords):
        """Whether both servers take these passwords, or neither does; None where they differ."""
        user = passwords.get("user", self.user)
        psql = ["psql", "-AtX", "-h", "localhost", "-p", str(self.pg), "-U", user, "-d", "app", "-c", "SELECT 1"]
        env = {**os.environ, "PGPASSWORD": passwords["postgres"], "PGSSLMODE": "verify-full", "PGSSLROOTCERT": self.ca}
        postgres = subprocess.run(psql, env=env, capture_output=True).returncode == 0
        redis = self.redis_cli("app", passwords["redis"], "PING") == "PONG"
        return postgres if postgres == redis else None

    def files(self):
        sealed = self.run("decrypt", ".env.production.age").stdout
        return (self.project / ".env").read_text(), sealed

    def held(self, text):
        patterns = r"postgres://(\w+):", r"postgres://\w+:([^@]*)@", r"rediss://app:([^@]*)@", r"JWT_SECRET=(.*)"
        found = [re.search(pattern, text) for pattern in patterns]
        return None if None in found else dict(zip(("user", "postgres", "redis", "jwt"), (f.group(1) for f in found)))

    def clear(self, values):
        """Files below the state folders that hold a value in clear."""
        folders = [self.project / ".harden", self.home]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return [str(path) for path in files if any(value.encode() in path.read_bytes() for value in values)]

    def judge(self, undone):
        plain, sealed = self.files()
        held, other = self.held(plain), self.held(sealed)
        if held is None or held != other:
            return "the files do not agree"
        if self.takes(held) is not True:
            return "a server does not take what the files hold"
        if (held["user"] != self.user) != (self.alternate and held["postgres"] != OLD["postgres"]):
            return "an account has the password of the other"
        if held["postgres"] != OLD["postgres"]:
            if undone:
                return "it was undone, and the files are new"
            if self.takes(OLD) is not False:
                return "a former credential still works"
        elif (plain, sealed) != self.before:
            return "a file was changed"
        elif self.alternate and self.sql("SELECT rolname FROM pg_authid WHERE rolname LIKE 'app%' AND rolpassword IS NOT NULL") != self.user:
            return "the account that rests has a password"
        if left := self.clear([held["postgres"], held["redis"], held["jwt"], OLD["postgres"], JWT]):
            return f"in clear in {left}"
        temps = [p.name for p in self.project.iterdir() if p.name not in (".env", ".env.production.age", "harden.toml", ".harden", ".gitignore")]
        return f"left over: {temps}" if temps else ""

    def stop(self):
        self.servers.stdin.close()
        self.servers.wait()
        shutil.rmtree(self.dir)


def counts(world, calls):
    """How often an undisturbed run makes each call."""
    world.reset()
    log = world.dir / "trace"
    done = world.apply(["strace", "-f", "-qq", "-o", str(log), "-e", "trace=" + ",".join(calls)])
    assert done.returncode == 0, done.stderr
    return collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M))


class Tally:
    def __init__(self, world):
        self.world, self.outcomes, self.bad, self.number = world, collections.Counter(), 0, 0

    def end(self, what, code):
        """Ends what a run that ended with `code` left, and looks at it."""
        self.number += 1
        undo = self.number % 2 == 0
        after = self.world.run("rotate", "--undo" if undo else "--resume")
        nothing = "no rotation" in after.stderr
        over = nothing or code == 0
        ended = "before anything" if nothing or "before it touched" in after.stdout else "undone" if undo else "resumed"
        ended = "went through" if code == 0 else ended
        # one that went through has a way back, which is what `--undo` then takes
        fault = "" if over else f"exit {after.returncode}: {after.stderr.strip()}" if after.returncode else ""
        fault = fault or self.world.judge(undo and not nothing)
        self.outcomes[ended] += 1
        if fault:
            self.bad += 1
            print(f"BAD {what} {'undo' if undo else 'resume'}: {fault}", flush=True)

    def say(self):
        told = ", ".join(f"{n} {ended}" for ended, n in sorted(self.outcomes.items()))
        return f"{self.number} faults, {told}, {self.bad} bad"


def inject(world, tally, calls, ways, args):
    for call, count in sorted(counts(world, calls).items()):
        # the calls that come before the program itself does anything are all alike: what ends a run is looked at more closely
        for when in range(args.start, count + 1, args.every if count > args.every else max(1, count // 3)):
            for way in ways:
                world.reset()
                done = world.apply(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:{way.format(when)}"])
                tally.end(f"{call} {way.format(when)}", done.returncode)
        print(f"{call}: {count} calls, {tally.number} faults so far, {tally.bad} bad", flush=True)


def cuts(world, tally, args):
    world.reset()
    assert world.apply().returncode == 0
    messages = {name: gate.seen for name, gate in world.gates.items()}
    for name, gate in world.gates.items():
        for last in range(args.start, messages[name] + 1, args.every):
            for late in (False, True):
                world.reset()
                gate.open(last, late)
                done = world.apply()
                for other in world.gates.values():
                    other.open()
                tally.end(f"{name}, message {last} of {messages[name]}{' and after it' if late else ''}", done.returncode)
        print(f"{name}: {messages[name]} messages, {tally.number} faults so far, {tally.bad} bad", flush=True)


def restarts(world, tally, args):
    dice = random.Random(args.start)
    world.reset()
    begun = time.monotonic()
    assert world.apply().returncode == 0
    whole = time.monotonic() - begun
    for _ in range(args.rounds):
        world.reset()
        name, delay = dice.choice(["postgres", "redis"]), dice.uniform(0, whole)
        running = subprocess.Popen([world.harden, *world.words()], cwd=world.project, env=world.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        world.restart(name)
        tally.end(f"{name} after {delay:.3f} s", running.wait())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harden")
    parser.add_argument("what", nargs="?", choices=["deaths", "full", "cuts", "restarts"], default="deaths")
    parser.add_argument("--alternate", action="store_true")
    parser.add_argument("--every", type=int)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args()
    args.every = args.every or (1 if args.what == "cuts" else 25)
    world = World(args.harden, gates=args.what == "cuts", alternate=args.alternate)
    tally = Tally(world)
    try:
        match args.what:
            case "deaths":
                inject(world, tally, CALLS, ["signal=KILL:when={}"], args)
            case "full":
                inject(world, tally, WRITES, ["error=ENOSPC:when={}", "error=ENOSPC:when={}+"], args)
            case "cuts":
                cuts(world, tally, args)
            case _:
                restarts(world, tally, args)
    finally:
        world.stop()
    print(tally.say())
    sys.exit(1 if tally.bad else 0)


if __name__ == "__main__":
    main()
