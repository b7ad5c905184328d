#!/usr/bin/env python3
"""check_lift.py HARDEN FIXTURES: what `fix --include review --apply --emit plain` leaves is judged by tools that are not ours.

- `docker-compose config` over each compose project before and after: services, keys and values are the same, but that each old secret has one new value, the one that the
  env file holds (or the same, where a strong value only moved).
- PyYAML reads each YAML file; a variable of Kubernetes that comes from a Secret resolves to what the Secret holds.
- node, python, ruby, php, gofmt and sh parse the programs, and all but Go's are run: they fail without the variable and go on with it.
Ends with `N checks, M faults`."""
import base64, json, os, pathlib, re, shutil, subprocess, sys, tempfile

import yaml

HARDEN, FIXTURES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
checks, faults = 0, []


def check(right, what):
    global checks
    checks += 1
    if not right:
        faults.append(what)


def run(args, cwd, env=None, **more):
    return subprocess.run(args, cwd=cwd, env=env or dict(os.environ), capture_output=True, text=True, **more)


def fix(folder):
    home = tempfile.mkdtemp()
    env = dict(os.environ, HOME=home, XDG_CONFIG_HOME=home, XDG_STATE_HOME=home)
    done = run([HARDEN, "fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review", "."], folder, env)
    check(done.returncode == 0, f"fix ends with {done.returncode}: {done.stderr[-300:]}")
    again = run([HARDEN, "fix", "--emit", "plain", "--include", "review", "."], folder, env)
    check("nothing to change" in again.stderr, f"a second fix changes something: {again.stdout[-600:]}")
    shutil.rmtree(home)
    return done.stdout


def leaves(a, at=()):
    if isinstance(a, dict):
        return [leaf for k, v in a.items() for leaf in leaves(v, at + (k,))]
    if isinstance(a, list):
        return [leaf for i, v in enumerate(a) for leaf in leaves(v, at + (i,))]
    return [(at, a)]


def variables(folder):
    path = folder / ".env"
    return dict(l.split("=", 1) for l in path.read_text().splitlines() if "=" in l) if path.exists() else {}


def config(folder, name):
    clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    out = run(["docker-compose", "-f", name, "config"], folder, clean)
    check(out.returncode == 0, f"docker-compose {name}: {out.stderr[-300:]}")
    return yaml.safe_load(out.stdout) if out.returncode == 0 else None


COMPOSE = {
    "forms": """version: '3.8'
x-env: &env
  POSTGRES_PASSWORD: &pw changeme
services:
  db:
    image: postgres:16
    environment:
      <<: *env
      POSTGRES_USER: app
    healthcheck:
      test: ["CMD-SHELL", "PGPASSWORD=$$POSTGRES_PASSWORD pg_isready -U app"]
  cache:
    image: redis:7
    command: redis-server --requirepass 'hunter2' --appendonly yes
    healthcheck:
      test: redis-cli -a hunter2 ping
  web:
    image: shop:1
    environment:
      - DATABASE_URL=postgres://app:changeme@db:5432/app?sslmode=verify-full
      - "REDIS_URL=rediss://:hunter2@cache:6380/0"
      - PGPASSWORD=changeme
      - SESSION_SECRET=${SESSION_SECRET:-keyboard cat}
      - 'CONFIG={"db": {"user": "app", "password": "changeme"}}'
      - UPLOAD_TOKEN=Qm7vK2xW9jR4tB6nY8mDzL3p
      - PRICE=5$$
  mq:
    image: rabbitmq:3
    environment: { RABBITMQ_DEFAULT_USER: app, RABBITMQ_DEFAULT_PASS: guest }
""",
    "flow": """version: "3.3"
services: {db: {image: "mysql:8", environment: {MYSQL_ROOT_PASSWORD: root, "MYSQL_PASSWORD": 'secret'}, ports: ["127.0.0.1:3306:3306"]}}
""",
    "folded": """version: '3'
services:
  cache:
    image: redis
    command: >
      redis-server
      --requirepass changeme
      --save ""
  web:
    image: web
    environment:
      JWT_SECRET: >-
        dev-secret
      KEY_PASSWORD: |-
        changeme
""",
}


def compose(root):
    for name, text in COMPOSE.items():
        folder = root / name
        folder.mkdir()
        (folder / "docker-compose.yml").write_text(text)
        if "SESSION_SECRET" in text:
            (folder / ".env").write_text("PORT=80\n")
        judge(folder, "docker-compose.yml")
    for source in sorted(p for p in FIXTURES.iterdir() if (p / "docker-compose.yml").exists()):
        folder = root / source.name
        shutil.copytree(source, folder)
        judge(folder, "docker-compose.yml", strict=False)


def judge(folder, name, strict=True):
    before, raw = config(folder, name) if strict else None, (folder / name).read_text()
    fix(folder)
    new = (folder / name).read_text()
    check(yaml.safe_load(new) is not None, f"{folder.name}: no YAML")
    check([p for p, _ in leaves(yaml.safe_load(new))] == [p for p, _ in leaves(yaml.safe_load(raw))], f"{folder.name}: another structure")
    if not strict:
        return
    after, env = config(folder, name), variables(folder)
    if before is None or after is None:
        return
    old, now = leaves(before), leaves(after)
    check([p for p, _ in old] == [p for p, _ in now], f"{folder.name}: the configuration has other keys")
    known = {}
    for (at, a), (_, b) in zip(old, now):
        if a == b:
            continue
        held = [v for v in env.values() if isinstance(b, str) and len(v) > 16 and v in b]
        check(len(held) == 1, f"{folder.name}: {at} changes by itself")
        if len(held) == 1:
            head, tail = b.split(held[0], 1)
            check(a.startswith(head) and a.endswith(tail), f"{folder.name}: {at} changes around the secret")
            known.setdefault(held[0], set()).add(a[len(head):len(a) - len(tail)])
    check(all(len(olds) == 1 for olds in known.values()), f"{folder.name}: one variable for two secrets")
    check("changeme" not in new and "hunter2" not in new and "Qm7vK2xW" not in new, f"{folder.name}: a secret stays")
    check("$$POSTGRES_PASSWORD" in new or "$$POSTGRES_PASSWORD" not in raw, f"{folder.name}: $$ is gone")


def kubernetes(root):
    folder = root / "k8s"
    folder.mkdir()
    (folder / "secret.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\ndata:\n  DB_PASSWORD: Y2hhbmdlbWU=\nstringData:\n  jwt-secret: hunter2\n"
    )
    (folder / "web.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: shop:1\n        env:\n"
        "        - name: DB_PASSWORD\n          value: changeme\n        - name: JWT_SECRET\n          value: 'hunter2' # sign\n        - name: MODE\n          value: prod\n"
    )
    fix(folder)
    secret, web = (yaml.safe_load((folder / n).read_text()) for n in ("secret.yaml", "web.yaml"))
    held = {k: base64.b64decode(v).decode() for k, v in secret.get("data", {}).items()} | secret.get("stringData", {})
    env = {e["name"]: e for e in web["spec"]["template"]["spec"]["containers"][0]["env"]}
    check(env["MODE"] == {"name": "MODE", "value": "prod"}, "another variable of Kubernetes changed")
    for name in ("DB_PASSWORD", "JWT_SECRET"):
        ref = env[name].get("valueFrom", {}).get("secretKeyRef", {})
        check(set(env[name]) == {"name", "valueFrom"} and ref.get("name") == "shop", f"{name}: {env[name]}")
        check(len(held.get(ref.get("key"), "")) >= 32, f"{name}: the Secret does not hold it")


PROGRAMS = {
    # file: text, what parses it, what runs it
    "a.js": ("const k = process.env.JWT_SECRET || 'hunter2';\nconst o = { s: process.env['JWT_SECRET'] ?? \"hunter2\", t: 1 };\nconsole.log(k + o.s);\n", ["node", "--check"], ["node"]),
    "a.mjs": ("export const k = process.env.JWT_SECRET || 'hunter2'\nconsole.log(k)\n", ["node", "--check"], ["node"]),
    "a.py": ("import os\nSECRET_KEY = os.environ.get(\"JWT_SECRET\", \"hunter2\")\nD = {'k': os.getenv('JWT_SECRET', 'hunter2'), 'e': (os.getenv('JWT_SECRET') or 'hunter2').encode()}\nprint(SECRET_KEY + D['k'])\n", ["python3", "-m", "py_compile"], ["python3"]),
    "a.rb": ("K = ENV.fetch('JWT_SECRET', 'hunter2')\nL = ENV.fetch(\"JWT_SECRET\") { \"hunter2\" }\nM = ENV['JWT_SECRET'] || 'hunter2'\nputs K + L + M\n", ["ruby", "-c"], ["ruby"]),
    "a.php": ("<?php\n$k = getenv('JWT_SECRET') ?: 'hunter2';\n$c = ['jwt_secret' => $_SERVER['JWT_SECRET'] ?? 'hunter2'];\necho $k . $c['jwt_secret'];\n", ["php", "-l"], ["php"]),
    "a.go": ("package main\n\nimport \"os\"\n\nfunc getEnv(key, fallback string) string {\n\tif v := os.Getenv(key); v != \"\" {\n\t\treturn v\n\t}\n\treturn fallback\n}\n\nfunc main() {\n\tsecret := getEnv(\"JWT_SECRET\", \"hunter2\")\n\tprintln(secret)\n}\n", ["gofmt", "-e", "-l"], None),
    "a.sh": ("#!/bin/sh\nset -eu\nexport ADMIN_PASSWORD='changeme' # first\nJWT_SECRET=${JWT_SECRET:-hunter2}\necho \"$JWT_SECRET$ADMIN_PASSWORD\"\n", ["sh", "-n"], ["sh"]),
}


def programs(root):
    folder = root / "programs"
    folder.mkdir()
    (folder / ".env").write_text("JWT_SECRET=hunter2\n")
    for name, (text, _, _) in PROGRAMS.items():
        (folder / name).write_text(text)
    fix(folder)
    env = variables(folder)
    clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    for name, (_, parser, runner) in PROGRAMS.items():
        new = (folder / name).read_text()
        check("hunter2" not in new and "changeme" not in new, f"{name}: a default stays: {new}")
        out = run([*parser, name], folder)
        check(out.returncode == 0 and not (parser[0] == "gofmt" and out.stdout), f"{name}: {out.stdout} {out.stderr[-300:]}")
        if runner:
            check(run([*runner, name], folder, clean).returncode != 0, f"{name}: runs without the variable")
            out = run([*runner, name], folder, clean | env)
            check(out.returncode == 0 and env["JWT_SECRET"] in out.stdout, f"{name}: does not run with it: {out.stderr[-300:]}")


with tempfile.TemporaryDirectory() as tmp:
    for part in (compose, kubernetes, programs):
        part(pathlib.Path(tmp))
print(*faults, sep="\n")
print(f"{checks} checks, {len(faults)} faults")
sys.exit(bool(faults))
