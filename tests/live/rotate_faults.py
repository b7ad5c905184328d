#!/usr/bin/env python3
"""Kills `harden rotate --apply` at its system calls, with a real PostgreSQL and a real Redis, and then resumes or undoes it.

    rotate_faults.py HARDEN [--every N] [--start K]

strace injects SIGKILL at each N-th call (from the K-th) that opens, writes, syncs, renames, links, removes, connects, sends or receives. After each
death `--resume` or `--undo`, in turn, must end it: the files and both servers agree on the new values or on the old ones, the other side's credentials are
refused, and no value is left in clear anywhere. The last line is `N deaths, N resumed, N undone, N before anything, N bad`. HARDEN is built with the
feature `full`. Needs strace, psql and redis-cli, and what servers.py needs.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CALLS = "openat write pwrite64 fsync fdatasync rename renameat renameat2 linkat unlink unlinkat connect sendto recvfrom read".split()
OLD = {"postgres": "0ld-passw0rd-of-app", "redis": "0ld-passw0rd-of-app"}
JWT = "Zk3vQp8sLmX2tRw9YbNc4HfJ7sQm"


class World:
    def __init__(self, harden):
        self.harden = str(pathlib.Path(harden).resolve())
        self.servers = subprocess.Popen([sys.executable, HERE / "servers.py", "postgres", "redis"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told = json.loads(self.servers.stdout.readline())
        self.pg, self.redis = self.told["servers"]["postgres"]["port"], self.told["servers"]["redis"]["tls_port"]
        self.ca, self.admin = self.told["ca"], self.told["passwords"]["admin"]
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="harden-rotate-"))
        self.home, self.project = self.dir / "home", self.dir / "project"
        self.env = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "REDIS_ADMIN": f"rediss://default:{self.admin}@localhost:{self.redis}/0",
        }
        self.home.mkdir()
        self.project.mkdir()
        (self.project / ".env").write_text(
            f"JWT_SECRET={JWT}\n"
            f"DATABASE_URL=postgres://app:{OLD['postgres']}@localhost:{self.pg}/app?sslmode=verify-full\n"
            f"REDIS_URL=rediss://app:{OLD['redis']}@localhost:{self.redis}/0\n"
        )
        self.run("init", check=True)
        with open(self.project / "harden.toml", "a") as config:
            config.write('\n[[environment]]\npath = ".env"\nis = "production"\n[[server]]\nsetting = "REDIS_URL"\nadmin = { env = "REDIS_ADMIN" }\n')
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

    def apply(self, wrap, check=False):
        return self.run("rotate", "--all", "--apply", "--yes", "--ca", self.ca, "--reload", "true", "--health", "true", wrap=wrap, check=check)

    def reset(self):
        for folder, seed in ((self.project, self.seed), (self.home, self.seed_home)):
            shutil.rmtree(folder)
            shutil.copytree(seed, folder)
        psql = ["psql", "-qAtX", "-h", "localhost", "-p", str(self.pg), "-U", "admin", "-d", "postgres", "-c", f"ALTER ROLE app PASSWORD '{OLD['postgres']}'"]
        subprocess.run(psql, env={**os.environ, "PGPASSWORD": self.admin, "PGSSLMODE": "require"}, check=True, capture_output=True)
        self.redis_cli("default", self.admin, "ACL", "SETUSER", "app", "resetpass", f">{OLD['redis']}")

    def redis_cli(self, user, password, *words):
        command = ["redis-cli", "--no-auth-warning", "--tls", "--cacert", self.ca, "-p", str(self.redis), "--user", user, "--pass", password, *words]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def takes(self, passwords):
        """Whether both servers take these passwords, or neither does; None where they differ."""
        psql = ["psql", "-AtX", "-h", "localhost", "-p", str(self.pg), "-U", "app", "-d", "app", "-c", "SELECT 1"]
        env = {**os.environ, "PGPASSWORD": passwords["postgres"], "PGSSLMODE": "verify-full", "PGSSLROOTCERT": self.ca}
        postgres = subprocess.run(psql, env=env, capture_output=True).returncode == 0
        redis = self.redis_cli("app", passwords["redis"], "PING") == "PONG"
        return postgres if postgres == redis else None

    def files(self):
        sealed = self.run("decrypt", ".env.production.age").stdout
        return (self.project / ".env").read_text(), sealed

    def held(self, text):
        found = re.search(r"postgres://app:([^@]*)@", text), re.search(r"rediss://app:([^@]*)@", text), re.search(r"JWT_SECRET=(.*)", text)
        return None if None in found else dict(zip(("postgres", "redis", "jwt"), (f.group(1) for f in found)))

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
        if held["postgres"] != OLD["postgres"]:
            if undone:
                return "it was undone, and the files are new"
            if self.takes(OLD) is not False:
                return "a former credential still works"
        elif (plain, sealed) != self.before:
            return "a file was changed"
        if left := self.clear([held["postgres"], held["redis"], held["jwt"], OLD["postgres"], JWT]):
            return f"in clear in {left}"
        temps = [p.name for p in self.project.iterdir() if p.name not in (".env", ".env.production.age", "harden.toml", ".harden", ".gitignore")]
        return f"left over: {temps}" if temps else ""

    def stop(self):
        self.servers.stdin.close()
        self.servers.wait()
        shutil.rmtree(self.dir)


def counts(world):
    """How often an undisturbed run makes each call."""
    world.reset()
    log = world.dir / "trace"
    done = world.apply(["strace", "-f", "-qq", "-o", str(log), "-e", "trace=" + ",".join(CALLS)])
    assert done.returncode == 0, done.stderr
    return collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harden")
    parser.add_argument("--every", type=int, default=25)
    parser.add_argument("--start", type=int, default=1)
    args = parser.parse_args()
    world = World(args.harden)
    outcomes, bad, number = collections.Counter(), 0, 0
    try:
        for call, count in sorted(counts(world).items()):
            # the calls that come before the program itself does anything are all alike: what ends a run is looked at more closely
            for when in range(args.start, count + 1, args.every if count > args.every else max(1, count // 3)):
                world.reset()
                world.apply(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}"])
                number += 1
                undo = number % 2 == 0
                after = world.run("rotate", "--undo" if undo else "--resume")
                nothing = "no rotation" in after.stderr
                ended = "before anything" if nothing or "before it touched" in after.stdout else "undone" if undo else "resumed"
                fault = "" if nothing else f"exit {after.returncode}: {after.stderr.strip()}" if after.returncode else ""
                fault = fault or world.judge(undo)
                outcomes[ended] += 1
                if fault:
                    bad += 1
                    print(f"BAD {call} {when} {'undo' if undo else 'resume'}: {fault}", flush=True)
            print(f"{call}: {count} calls, {sum(outcomes.values())} deaths so far, {bad} bad", flush=True)
    finally:
        world.stop()
    print(f"{number} deaths, {outcomes['resumed']} resumed, {outcomes['undone']} undone, {outcomes['before anything']} before anything, {bad} bad")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
