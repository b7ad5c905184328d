#!/usr/bin/env python3
"""check_projects.py HARDEN [--coupled FILE]... [--only NAME] FOLDER...: `harden fix --apply --emit plain` on a copy of every project in each FOLDER,
once as it is and once with `--include review`, judged from outside.

A fault is: a file that a parser that is not ours read before and does not read now; a value that differs and is not in the plan that was
printed, or is in it and does not differ; a byte elsewhere that differs; a value that is not what the plan calls it (a weak one, another host
in a URL, another setting of TLS than the printed one); a reference of Kubernetes that no longer finds its key, or a variable that compose now requires and no env file of the
project has; places of one secret that no longer agree, or a coincidence that was made one; a compose file that docker-compose read before
and does not read now, or reads with other differences than the planned values; a second run that changes a byte or plans something; a finding of
the classes dev-secret, weak-key and non-tls-url that is left at a place which the plan changes.

FILE holds what is known of one secret in several places: group, project, relation, members `path:line:key` with `;` between them; tabs
between the fields. docker-compose (1.29, Debian) is used where it is installed: missing build contexts and env files are made, required
variables get a word; the compose files that it does not read are compared by PyYAML alone, and all of them are listed. The exceptions are
printed, each with what explains it. Exits 1 on any fault. Needs Python 3.11, PyYAML, python-dotenv; hcl2 for HCL. No value is ever printed.
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml
from compose_config import Compose
from judge import REVIEW, SAFE, coupled_of, couplings, judge, plan_of, programs_of, read, reasons

CLASSES = ("dev-secret", "weak-key", "non-tls-url")


class Run:
    """One project, one mode."""

    def __init__(self, harden, source, room, review):
        self.harden, self.source, self.review = harden, source, review
        self.work = room / "work"
        shutil.copytree(source, self.work, symlinks=True)
        (room / "home").mkdir()
        self.env = {"HOME": str(room / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.faults, self.exceptions = [], []

    def call(self, *words):
        return subprocess.run([self.harden, *words], cwd=self.work, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)

    def fix(self):
        done = self.call("fix", "--apply", "--emit", "plain", "--allow-dirty", *(["--include", "review"] if self.review else []), ".")
        if done.returncode not in (0, 3):
            self.faults.append(f"fix ends with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
        return done.stdout.decode()

    def tree(self):
        files = (f for f in self.work.rglob("*") if f.is_file() and not f.is_symlink() and ".harden" not in f.relative_to(self.work).parts)
        return {str(f.relative_to(self.work)): f.read_bytes() for f in files}

    def sections(self):
        return (SAFE, REVIEW) if self.review else (SAFE,)


def check(run, coupled, compose, counts):
    before = run.tree()
    read_before = compose.read_all(run.work, before)
    printed = run.fix()
    after = run.tree()
    places, added, _ = plan_of(printed, run.sections())
    differ = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    for name in differ:
        if name not in after or name not in before and name not in added and name != ".gitignore" and not name.endswith("/.gitignore"):
            run.faults.append(f"{name}: a file came or went")
        elif name.endswith(".gitignore"):
            continue
        elif name not in places and name not in added and name not in programs_of(printed, run.sections()):
            run.faults.append(f"{name}: differs, and is not in the plan")
    for name in sorted({*places, *added}):
        counts["files"] += 1
        counts["places"] += len(places[name]) + len(added[name])
        if name not in differ:
            run.faults.append(f"{name}: is in the plan, and does not differ")
            continue
        faults, foreign = judge(name, before.get(name, b""), after[name], places[name], added[name])
        run.faults += faults
        if not foreign:
            run.exceptions.append(f"{name}: none of the parsers reads it, before or after; compared line by line")
    run.faults += couplings(coupled, before, after, counts)
    run.faults += references(before, after)
    run.faults += required(before, after, places)
    faults, exceptions = compose.compare(run.work, read_before, after, places, added, counts)
    run.faults += faults
    run.exceptions += exceptions
    again(run, after, printed)


def again(run, after, plan):
    """The second run, and what a scan finds then."""
    printed = run.fix()
    now = run.tree()
    if now != after:
        run.faults.append(f"the second fix changed {sorted(name for name in {*now, *after} if now.get(name) != after.get(name))}")
    left = [line for line in printed.splitlines() if line in run.sections()]
    if left:
        run.faults.append(f"the second fix still plans: {left}")
    done = run.call("scan", "--format", "jsonl", ".")
    if done.returncode not in (0, 1, 3):
        run.faults.append(f"scan ends with {done.returncode}")
    words = ("safe", "review") if run.review else ("safe",)
    why = reasons(plan)
    for finding in map(json.loads, done.stdout.decode().splitlines()):
        if finding["class"] in CLASSES and finding["fix"] in words:
            place = (finding["file"].removeprefix("./"), finding["line"])
            left = f"{place[0]}:{place[1]}: {finding['class']} [{finding['rule']}] is left"
            said = why.get(place, "")
            if not said or said.startswith(run.sections()):
                run.faults.append(f"{left}, and was {finding['fix']}; the plan says {said or 'nothing'}")
            else:
                run.exceptions.append(f"{left}: the plan goes less far than the rule: {said}")


def manifests(tree):
    for name, data in sorted(tree.items()):
        if name.endswith((".yml", ".yaml")) and b"kind:" in data:
            try:
                yield from ((name, one) for one in yaml.safe_load_all(data) if isinstance(one, dict))
            except (yaml.YAMLError, UnicodeDecodeError):
                continue


def asked(node):
    """Names and keys that `secretKeyRef` and `configMapKeyRef` ask for."""
    if isinstance(node, dict):
        for kind in ("secretKeyRef", "configMapKeyRef"):
            if isinstance(found := node.get(kind), dict):
                yield kind, str(found.get("name")), str(found.get("key"))
        for inner in node.values():
            yield from asked(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from asked(inner)


def references(before, after):
    """What the manifests ask of Secrets and ConfigMaps, which is what they asked before."""
    old, new = ([(name, *one) for name, manifest in manifests(tree) for one in asked(manifest)] for tree in (before, after))
    return [f"{a[0]}: the {a[1]} of {a[2]} asks for another key than before" for a, b in zip(old, new) if a != b]


def required(before, after, places):
    """A variable that is required since the fix has a value in an env file of the same folder, or of one around it."""
    faults = []
    for name, here in places.items():
        folder = os.path.dirname(name)
        variables = {place.what.split(" ")[3] for place in here if place.kind == "requirement"}
        held = set()
        for other, data in after.items():
            if pathlib.Path(os.path.dirname(other)) in (pathlib.Path(folder), *pathlib.Path(folder).parents) and os.path.basename(other).startswith((".env", "env")):
                held |= {leaf.path[-1] for leaf in read(other, data) or [] if leaf.text not in ("", "None")}
        faults += [f"{name}: {variable} is required now, and no env file beside or above it has one" for variable in sorted(variables - held)]
    return faults


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("harden")
    options.add_argument("folders", nargs="+", type=pathlib.Path)
    options.add_argument("--coupled", action="append", default=[], metavar="FILE")
    options.add_argument("--only", metavar="NAME")
    asked_for = options.parse_args()
    coupled = collections.defaultdict(list)
    for file in asked_for.coupled:
        for project, groups in coupled_of(file).items():
            coupled[project] += groups
    counts, faults, exceptions = collections.Counter(), [], {}
    compose = Compose()
    sources = sorted(p for folder in asked_for.folders for p in folder.iterdir() if p.is_dir())
    for source in sources:
        if asked_for.only not in (None, source.name):
            continue
        counts["projects"] += 1
        for review in (False, True):
            with tempfile.TemporaryDirectory() as room:
                run = Run(os.path.abspath(asked_for.harden), source, pathlib.Path(room), review)
                check(run, coupled.get(source.name, []), compose, counts)
            mode = "review" if review else "safe"
            faults += [f"{source.name} ({mode}): {fault}" for fault in run.faults]
            exceptions |= {f"{source.name}: {exception}": None for exception in run.exceptions}
    for line in exceptions:
        print(f"exception: {line}")
    for line in faults:
        print(f"fault: {line}")
    order = ("projects", "files", "places", "coupled groups", "compose files", "by docker-compose", "by PyYAML")
    print("check_projects: " + ", ".join(f"{counts[name]} {name}" for name in order) + f", {len(faults)} faults")
    sys.exit(bool(faults) or not counts["places"])


if __name__ == "__main__":
    main()
