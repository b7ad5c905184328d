#!/usr/bin/env python3
"""check_sops.py HARDEN SOPS PROJECTS: sops files that harden writes, read by sops, and the other way round.

Each of FILES is sealed with `harden encrypt --emit sops`, with and without `--hand-editable`, and opened with `sops -d`; what comes out must be
what sops makes of the same text when it seals and opens it itself (where it can), and what `harden decrypt` gives must be the values of the
original. Then sops seals each, by each of its rules, and harden opens it. Every part of a sealed file is tampered with, and harden must refuse
it, with code 2 and nothing on standard output. Files of sops are sealed to others, edited and given values by harden, and read by sops. `harden fix --emit sops --apply` is run on each folder of PROJECTS: sops must open
what was written, and a second run must write nothing. Prints the faults and one line of counts; exits 1 on any fault. Needs PyYAML.
No value is ever printed.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

STRONG = "q7Hd0sK2mVx9RtLw"
FILES = {
    # YAML
    "plain.yaml": "password: hunter2\nuser: app\n",
    "comments.yaml": "# top\npassword: hunter2  # beside\n# between\nuser: app\n# end\n",
    "quotes.yaml": "password: 'it''s'\ntoken: \"a\\tb\\u00e9\\\"\"\napi_key: plain text here\n",
    "numbers.yaml": "password: 007\nport: 0x1F\nsecret_key: 1.10\nversion: 1.20\ncount: 1_000\nlarge: 9007199254740993\n",
    "words.yaml": "password: true\ntoken: \"yes\"\nsecret: ~\nflag: False\nnothing:\nempty: \"\"\nsecret_key: \"\"\napi_key: x\n",
    "dates.yaml": "password: 2024-01-01T10:20:30Z\nborn: 2024-02-29\nat: 2024-01-01T10:20:30Z\nversion: 1.2.3\n",
    "block.yaml": "private_key: |\n  line one\n  line two\n\n  line four\nnext: 1\npassword: >-\n  folded\n  text\nlast: |+\n  kept\n\n",
    "block-keep.yaml": "password: |+\n  kept\n\n\nuser: a\n",
    "block-indent.yaml": "a:\n  password: |2\n      deep\n    less\n  user: x\n",
    "multi.yaml": "---\npassword: hunter2\n---\n# second\nuser: app\ntoken: abcdef\n...\n---\nlast: 1\n",
    "alias.yaml": "base: &b\n  password: hunter2\n  port: 5432\n  list: [1, a, null]\nprod:\n  <<: *b\n  host: x\nstage: *b\ncopy_password: &p s3cret-text\nagain: *p\n",
    "alias-open.yaml": "base: &b\n  host: x\n  port: 1\nprod:\n  <<: *b\n  password: hunter2\nnames: &n [a, b]\nothers: *n\n",
    "merge-list.yaml": "a: &a {password: one1, x: 1}\nb: &b {token: two2, y: 2}\nc:\n  <<: [*a, *b]\n  z: 3\n",
    "flow.yaml": "db: {password: hunter2, port: 5432, tags: [a, 'b', {token: 'x y'}]}\nuser: app\n",
    "list.yaml": "users:\n  - name: a\n    password: one\n  - name: b\n    password: two\ntokens:\n- abc\n- 5\n- [x, y]\n",
    "long.yaml": "password: one two\n  three\nsecret: \"a\n  b\"\nuser: app\n",
    "tags.yaml": "password: !!str 123\nref: !Ref Thing\nuser: !!str true\n",
    "nested.yaml": "a:\n  b:\n    c:\n      secrets:\n        password: x\n        deeper: {token: y, n: 1.5, t: true}\n",
    "kube.yaml": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  password: aHVudGVyMg==\nstringData:\n  url: postgres://app:" + STRONG + "@db/app\n",
    "compose.yaml": "services:\n  db:\n    image: postgres:17\n    ports: [\"5432:5432\"]\n    environment:\n      - POSTGRES_PASSWORD=changeme\n      - POSTGRES_USER=app\n    command: [\"postgres\", \"-c\", \"ssl=on\"]\n",
    "crlf.yaml": "# top\r\npassword: hunter2\r\nblock: |\r\n  a\r\n  b\r\ntoken: 'x'\r\nuser: app\r\n",
    "no-newline.yaml": "user: app\npassword: hunter2",
    "unicode.yaml": "passwort: \u00e4\npassword: \u00fc\u4e2d\u6587 \U0001f600\nuser: \u00e9\n",
    "odd-names.yaml": "\"pass word\": x\n'a.password': y\n\"token[0]\": z\npassword-old: q\n+secret: w\nuser: app\n",
    "long-value.yaml": "password: " + "x1" * 3000 + "\nuser: app\n",
    # JSON
    "plain.json": '{"password": "hunter2", "user": "app"}\n',
    "types.json": '{"password": 5432, "token": true, "secret": null, "n": 1.0, "big": 123, "list": [1, "a", null, [], {}], "api_key": ""}',
    "nested.json": '{\n  "db": {\n    "password": "a\\"b\\n\\u00e9",\n    "ports": [1, 2]\n  },\n  "tokens": ["x", {"secret": "y"}]\n}\n',
    "crlf.json": '{\r\n  "password": "x",\r\n  "e": 1e3\r\n}\r\n',
    "one-line.json": '{"a":{"b":{"client_secret":"' + STRONG + '"}}}',
    "twice.json": '{"password": "a", "x": {"password": "b"}, "token": "c"}',
    # env
    "plain.env": "USER=app\nPASSWORD=hunter2\n",
    "quotes.env": "# top\nPASSWORD=\"two words\" # beside\nexport TOKEN='x'\nSECRET_KEY=a=b\nEMPTY=\nDATABASE_URL=postgres://a:" + STRONG + "@h/d\n",
    "twice.env": "PASSWORD=a\nPASSWORD=b\nNAME=x\n",
    "backslash.env": "PASSWORD=\"a\\nb\"\nPATTERN=^\\d+$\nSECRET=x\\ty\n",
    "spaces.env": "PASSWORD = x\n TOKEN=y\nNAME= z \n",
    "no-newline.env": "PASSWORD=hunter2\nNAME=x",
}
# what sops refuses itself, and what it must then read: without blanks and carriage returns
TIDIED = {
    "crlf.env": ("PASSWORD=hunter2\r\n\r\nNAME=x\r\n", "PASSWORD=hunter2\nNAME=x\n"),
    "blank.env": ("PASSWORD=hunter2\n  \n  # c\nNAME=x\n", "PASSWORD=hunter2\n# c\nNAME=x\n"),
    "lines.env": ('PASSWORD="a\nb"\nNAME="c\r\nd"\nX=1\n', 'PASSWORD="a\\nb"\nNAME="c\\nd"\nX=1\n'),
}
REFUSED = {
    "list-top.yaml": "- password: x\n",
    "number-name.yaml": "1: x\npassword: y\n",
    "twice.yaml": "password: x\npassword: y\n",
    "block.sops-name.yaml": "sops: x\npassword: y\n",
    "large.yaml": "password: 18446744073709551615\n",
    "comment.yaml": "password: " + STRONG + "\n# it was " + STRONG + "\n",
    "comments.json": '{"password": "x" /* y */}',
    "list-top.json": '["password"]',
    "rounded.json": '{"password": 12345678901234567890}',
    "single-lines.env": "PASSWORD='a\nb'\n",
    "no-name.env": "PASSWORD=hunter2\nunset X\n",
}
RULES = {
    "default": [],
    "regex": ["--encrypted-regex", "(?i)^(.*(password|token|secret|key).*)$"],
    "not-regex": ["--unencrypted-regex", "^(user|name|NAME)$"],
    "suffix": ["--encrypted-suffix", "word"],
    "mac-only": ["--mac-only-encrypted", "--encrypted-regex", "(?i)(pass|tok)"],
}


class Bench:
    def __init__(self, harden, sops, room):
        self.harden, self.sops, self.work = harden, sops, room
        self.env = {"HOME": str(room / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        (room / "home").mkdir()
        self.identity = room / "home" / ".config/harden/identity.txt"
        done = self.run(harden, "keygen", "-o", str(self.identity))
        assert done.returncode == 0, done.stderr
        self.recipient = re.search(r"age1\w+", done.stdout.decode() + done.stderr.decode() + self.identity.read_text())[0]
        self.env["SOPS_AGE_KEY_FILE"] = str(self.identity)

    def run(self, *words, cwd=None):
        return subprocess.run(words, cwd=cwd or self.work, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def opened(self, path):
        """What sops gives, or None."""
        done = self.run(self.sops, "-d", str(path))
        return done.stdout.decode() if done.returncode == 0 else None

    def decrypted(self, path):
        """What harden gives, or None."""
        done = self.run(self.harden, "decrypt", str(path))
        return done.stdout.decode() if done.returncode == 0 else None


def texts(name, text):
    """Every value as it is written."""
    if name.endswith("yaml"):
        return list(yaml.load_all(text.replace("!Ref ", ""), yaml.BaseLoader))
    return typed(name, text)


def typed(name, text):
    """Every value as a reader takes it."""
    if name.endswith("yaml"):
        return [doc for doc in yaml.safe_load_all(text.replace("!Ref ", "").replace("!!merge ", "")) if doc]
    if name.endswith("json"):
        return json.loads(text, object_pairs_hook=list)
    return [line for line in text.splitlines() if line.strip()]


def twin(path):
    stem, end = path.name.rsplit(".", 1)
    return path.with_name(f"{stem}.sops.{end}")


def sealed_by_harden(bench, counts, faults):
    for name, text in {**FILES, **{name: pair[0] for name, pair in TIDIED.items()}}.items():
        for mode in ([], ["--hand-editable"]):
            shown = f"{name} {' '.join(mode)}".strip()
            path = bench.work / name
            path.write_text(text, newline="")
            twin(path).unlink(missing_ok=True)
            done = bench.run(bench.harden, "encrypt", "--emit", "sops", "-r", bench.recipient, *mode, name)
            if done.returncode:
                faults.append(f"{shown}: encrypt ends with {done.returncode}: {done.stderr.decode()[:200]}")
                continue
            counts["sealed by harden"] += 1
            got = bench.opened(twin(path))
            if got is None:
                faults.append(f"{shown}: sops does not open it: {bench.run(bench.sops, '-d', str(twin(path))).stderr.decode()[-200:]}")
                continue
            if name in TIDIED:
                want = TIDIED[name][1]
            else:
                own = bench.work / f"own-{name}"
                own.write_bytes(bench.run(bench.sops, "-e", "--age", bench.recipient, str(path)).stdout)
                want = bench.opened(own)
            if want is None or texts(name, got) != texts(name, want):
                faults.append(f"{shown}: sops reads other values than of its own file")
            back = bench.decrypted(twin(path))
            clean = TIDIED[name][1] if name in TIDIED else text
            if back is None or typed(name, back) != typed(name, clean):
                faults.append(f"{shown}: decrypt gives other values")
            if re.search(r"hunter2|" + STRONG, twin(path).read_text()):
                faults.append(f"{shown}: a value stands in the open")
            tampered(bench, twin(path), bool(mode), counts, faults)


def tampered(bench, path, loose, counts, faults):
    """Changes each part of a sealed file."""
    text = path.read_bytes().decode()
    changes = {}
    # comments are no part of what sops proves
    values = [value for value in re.finditer(r"ENC\[AES256_GCM,data:[^\]]*\]", text) if "type:comment" not in value[0]]
    for part in ("data", "iv", "tag"):
        for n, value in enumerate(values[:1] + values[-1:]):
            at = text.index(f"{part}:", value.start()) + len(part) + 1
            changes[f"{part} {n}"] = text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]
    if len(values) > 2:
        a, b = values[0], values[1]
        changes["swapped"] = text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]
    changes["in the open"] = text[: values[0].start()] + "opened" + text[values[0].end() :]
    stamp = re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\"?(?=,?\s*\n)(?![\s\S]*20\d\d-\d\d-\d\dT)", text)
    changes["time"] = text[: stamp.start() + 3] + "9" + text[stamp.start() + 4 :] if text[stamp.start() + 3] != "9" else text.replace(stamp[0], stamp[0][:3] + "8" + stamp[0][4:])
    armor = re.search(r"YWdlLWVuY3J5cHRpb24", text)
    changes["key"] = text[: armor.end() + 60] + ("B" if text[armor.end() + 60] == "A" else "A") + text[armor.end() + 61 :]
    changes["type"] = text[: values[-1].end() - 4] + "int]" + text[values[-1].end() :]
    if not loose and (m := re.search(r"(?m)^(user: |USER=|NAME=)(\w)", text)):
        changes["open line"] = text[: m.start(2)] + "Z" + text[m.end(2) :]
    for what, changed in changes.items():
        if changed == text:
            continue
        other = path.with_name("tampered-" + path.name)
        other.write_text(changed, newline="")
        done = bench.run(bench.harden, "decrypt", str(other))
        counts["tampered"] += 1
        if done.returncode != 2 or done.stdout:
            faults.append(f"{path.name}: not refused with another {what} ({done.returncode})")
        if re.search(r"hunter2|" + STRONG, done.stderr.decode()):
            faults.append(f"{path.name}: the refusal shows a value")


def sealed_by_sops(bench, counts, faults):
    for name, text in FILES.items():
        path = bench.work / name
        path.write_text(text, newline="")
        for rule, words in RULES.items():
            done = bench.run(bench.sops, "-e", "--age", bench.recipient, *words, str(path))
            if done.returncode:
                counts["refused by sops"] += 1
                continue
            own = bench.work / f"{rule}-{name}"
            own.write_bytes(done.stdout)
            counts["sealed by sops"] += 1
            want, got = bench.opened(own), bench.decrypted(own)
            if got is None:
                faults.append(f"{rule} {name}: harden does not open it: {bench.run(bench.harden, 'decrypt', str(own)).stderr.decode()[:200]}")
            elif want is None or texts(name, got) != texts(name, want):
                faults.append(f"{rule} {name}: harden reads other values than sops")
            if rule == "default":
                tampered(bench, own, False, counts, faults)


def changed(bench, counts, faults):
    """Files of sops that are sealed to others, edited, and given a value by harden: sops reads what is meant, and who has left reads nothing."""
    work = bench.work / "changed"
    work.mkdir()
    keys = {}
    for name in ("leaver", "comer"):
        path = bench.work / f"{name}.txt"
        bench.run(bench.harden, "keygen", "-o", str(path))
        keys[name] = (path, re.search(r"age1\w+", path.read_text())[0])
    (work / "harden.toml").write_text(f'[seal]\nrecipients = ["{bench.recipient}", "{keys["comer"][1]}"]\n')

    def opened_by(name, path):
        env = {**bench.env, "SOPS_AGE_KEY_FILE": str(keys[name][0])}
        return subprocess.run([bench.sops, "-d", str(path)], env=env, capture_output=True, timeout=120).returncode == 0

    for name, text in FILES.items():
        plain = bench.work / name
        plain.write_text(text, newline="")
        for rule, words in RULES.items():
            done = bench.run(bench.sops, "-e", "--age", f"{bench.recipient},{keys['leaver'][1]}", *words, str(plain))
            if done.returncode:
                continue
            path = work / f"{rule}-{name}"
            path.write_bytes(done.stdout)
            want = bench.opened(path)
            done = bench.run(bench.harden, "rekey", "--apply", "--accept-recipients", path.name, cwd=work)
            counts["sealed to others"] += 1
            got = bench.opened(path)
            if done.returncode or got is None or texts(name, got) != texts(name, want):
                faults.append(f"{rule} {name}: rekey ends with {done.returncode}: {done.stderr.decode()[-300:]}")
                continue
            if opened_by("leaver", path) or not opened_by("comer", path):
                faults.append(f"{rule} {name}: the wrong people open it")
            if b"age1" + keys["leaver"][1][4:].encode() in path.read_bytes():
                faults.append(f"{rule} {name}: who has left is still named")
            if rule == "default":
                given(bench, path, name, counts, faults)


def given(bench, path, name, counts, faults):
    """`harden edit` and `harden set`, read by sops."""
    line = {"yaml": "added_password: ADDED-1\\n", "env": "\\nADDED_PASSWORD=ADDED-1\\n"}.get(name.rsplit(".", 1)[-1])
    before = bench.opened(path)
    if line and not name.startswith(("documents", "end")):
        bench.env["EDITOR"] = f"printf '{line}' >>"
        done = bench.run(bench.harden, "edit", path.name, cwd=path.parent)
        del bench.env["EDITOR"]
        got = bench.opened(path)
        counts["edited"] += done.returncode == 0
        if done.returncode == 0 and (got is None or "ADDED-1" not in got or "ADDED-1" in path.read_text()):
            faults.append(f"{name}: sops does not read what was edited")
        elif done.returncode not in (0, 2) or (done.returncode and bench.opened(path) != before):
            faults.append(f"{name}: edit ends with {done.returncode}: {done.stderr.decode()[-300:]}")
    key = re.search(r"(?m)^(?:export )?(\w*(?:password|PASSWORD))\s*[:=]", FILES[name])
    if not key:
        return
    words = [bench.harden, "set", key[1], path.name]
    done = subprocess.run(words, cwd=path.parent, env=bench.env, input=b"GIVEN-2-given", capture_output=True, timeout=120)
    got = bench.opened(path)
    counts["set"] += done.returncode == 0
    if done.returncode == 0 and (got is None or "GIVEN-2-given" not in got or "GIVEN-2-given" in path.read_text()):
        faults.append(f"{name}: sops does not read the value that was set")
    if b"GIVEN-2-given" in done.stdout + done.stderr:
        faults.append(f"{name}: the value is shown")


def refusals(bench, counts, faults):
    for name, text in REFUSED.items():
        path = bench.work / name
        path.write_text(text, newline="")
        done = bench.run(bench.harden, "encrypt", "--emit", "sops", "-r", bench.recipient, name)
        counts["refused"] += 1
        if done.returncode != 2 or twin(path).exists() or b"nothing was written" not in done.stderr:
            faults.append(f"{name}: not refused ({done.returncode})")
        if re.search(r"hunter2|" + STRONG, done.stderr.decode()):
            faults.append(f"{name}: the refusal shows a value")


def projects(bench, folder, counts, faults):
    for source in sorted(p for p in folder.iterdir() if p.is_dir()):
        work = bench.work / source.name
        shutil.copytree(source, work)
        words = (bench.harden, "fix", "--emit", "sops", "--apply", "--include", "review", "-r", bench.recipient)
        done = bench.run(*words, cwd=work)
        if done.returncode:
            faults.append(f"{source.name}: fix ends with {done.returncode}: {done.stderr.decode()[-200:]}")
            continue
        written = [path for path in work.rglob("*.sops.*") if path.is_file()]
        faults += [f"{path.name}: sops does not open it" for path in written if bench.opened(path) is None]
        counts["sealed by fix"] += len(written)
        before = {path: path.read_bytes() for path in written}
        again = bench.run(*words, cwd=work)
        if again.returncode or any(path.read_bytes() != data for path, data in before.items()):
            faults.append(f"{source.name}: the second run ends with {again.returncode}, or wrote")
        # without the plain files the sops files are the plan's; a value is weakened by sops, and put right by harden
        for path in written:
            plain = path.with_name(path.name.replace(".sops.", ".", 1))
            stem = path.name.rsplit(".sops.", 1)[0]
            for name in (plain, *([path.with_name(stem)] if stem else [])):
                name.unlink(missing_ok=True)
        weak = next((path for path in written if path.suffix == ".env"), None)
        if weak and (name := re.search(r"(?m)^(\w*PASSWORD)=ENC", weak.read_text())):
            done = bench.run(bench.sops, "set", str(weak), f'["{name[1]}"]', '"changeme"')
            done = bench.run(*words, cwd=work)
            got = bench.opened(weak)
            if done.returncode or got is None or f"{name[1]}=changeme" in got:
                faults.append(f"{source.name}: a weak value in a sops file is not put right ({done.returncode})")
            counts["put right"] += 1


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    harden, sops, folder = os.path.abspath(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    counts, faults = collections.Counter(), []
    with tempfile.TemporaryDirectory() as room:
        bench = Bench(harden, sops, pathlib.Path(room))
        sealed_by_harden(bench, counts, faults)
        sealed_by_sops(bench, counts, faults)
        changed(bench, counts, faults)
        refusals(bench, counts, faults)
        projects(bench, folder, counts, faults)
    print("\n".join(faults[:80]))
    print("check_sops: " + ", ".join(f"{n} {what}" for what, n in counts.items()) + f", {len(faults)} faults")
    sys.exit(bool(faults) or len(FILES) < 30)


if __name__ == "__main__":
    main()
