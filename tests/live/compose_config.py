"""Compose files before and after a fix, by docker-compose 1.29 (`docker-compose config`), by PyYAML where that does not read them.

Missing build contexts and env files are made in a copy; a variable that is required gets a word. See check_projects.py.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml
from judge import read

WORD = "made-up-for-the-check"
VARIABLE = re.compile(r"\$\{?(\w+)")


class Config:
    """What docker-compose made of a file, and of the one that it overrides: a tree, and the variables that it was given; or why it did not."""

    def __init__(self, tree, variables, why, files=()):
        self.tree, self.variables, self.why, self.files = tree, variables, why, files


class Compose:
    def __init__(self):
        self.program = shutil.which("docker-compose")

    def read_all(self, work, tree):
        return {name: self.config(work, name, {}) for name in sorted(tree) if is_compose(name, tree[name])}

    def config(self, work, name, given):
        """`config` of one file, in a copy of the project."""
        if self.program is None:
            return Config(None, given, "docker-compose is not installed")
        variables, files = dict(given), [name]
        with tempfile.TemporaryDirectory() as room:
            desk = pathlib.Path(room) / "desk"
            shutil.copytree(work, desk, symlinks=True, ignore=shutil.ignore_patterns(".harden"))
            for _ in range(80):
                done = subprocess.run(
                    [self.program, *(word for file in files for word in ("-f", file)), "config"],
                    cwd=desk,
                    env={"PATH": os.environ["PATH"], "HOME": room, "LANG": "C.UTF-8", **variables},
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=120,
                )
                said = done.stderr.decode(errors="replace")
                if done.returncode == 0:
                    text = done.stdout.decode().replace(room, "/room")
                    return Config(yaml.safe_load(text), variables, None, files)
                if not mend(desk, said, variables):
                    below = base_of(desk, files[-1]) if "neither an image nor a build context" in said and len(files) == 1 else None
                    if below is None:
                        return Config(None, variables, reason(said))
                    files.insert(0, below)
        return Config(None, variables, "too much is missing")

    def compare(self, work, before, tree, places, added, counts):
        """Faults and exceptions of the files that were read `before`."""
        faults, exceptions = [], []
        for name, old in before.items():
            counts["compose files"] += 1
            if old.tree is None:
                counts["by PyYAML"] += 1
                exceptions.append(f"{name}: read by PyYAML alone: {old.why}")
                continue
            counts["by docker-compose"] += 1
            new = self.config(work, name, old.variables)
            if new.tree is None:
                faults.append(f"{name}: docker-compose reads it no longer: {new.why}")
                continue
            faults += [f"{name}: {fault}" for fault in differences(name, old, new, Changed(new.files, tree, places, added))]
        return faults, exceptions


def is_compose(name, data):
    if not re.search(r"compose[^/]*\.ya?ml$", name):
        return False
    try:
        tree = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(tree, dict) and isinstance(tree.get("services"), dict)


def mend(desk, said, variables):
    """Makes what is missing, in the copy; whether there was anything."""
    if m := re.search(r"Couldn't find env file: (\S+)", said):
        pathlib.Path(m[1]).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(m[1]).touch()
    elif m := re.search(r"build path (\S+) either does not exist", said):
        pathlib.Path(m[1]).mkdir(parents=True, exist_ok=True)
    elif "Missing mandatory value" in said:
        missing = [v for v in re.findall(r"\$\{(\w+):?\?", said) if v not in variables]
        variables |= dict.fromkeys(missing, WORD)
        return bool(missing)
    else:
        # an unset variable is the empty string, which is no image, no port
        missing = [v for v in re.findall(r"The (\w+) variable is not set", said) if v not in variables]
        variables |= {v: "5000" if "PORT" in v else WORD for v in missing}
        return bool(missing)
    return desk in pathlib.Path(m[1]).parents


def base_of(desk, name):
    """The file that an override is for."""
    folder = os.path.dirname(name)
    for base in ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "docker-compose.base.yml"):
        if (desk / folder / base).is_file() and os.path.join(folder, base) != name:
            return os.path.join(folder, base)
    return None


def reason(said):
    """The complaint of docker-compose without what it quotes of the file."""
    lines = [line for line in said.splitlines() if not re.match(r"WARNING|The Compose file|The \w+ variable is not set", line)]
    text = re.sub(r"(['\"]).*?\1", "…", (lines or said.splitlines() or ["nothing is said"])[0])
    return text.removeprefix("ERROR: ")[:120]


class Changed:
    """What the plan changed that may show in the configuration of compose files: names of settings, and of variables."""

    def __init__(self, files, tree, places, added):
        self.names, self.parents, self.variables = set(), set(), set()
        folder = os.path.dirname(files[-1])
        for place in (place for file in files for place in places.get(file, [])):
            path = re.findall(r'"(?:[^"\\]|\\.)*"|[^.\[\]]+', place.key or "")
            path = [part.strip('"') for part in path]
            self.names.update(path[-1:])
            self.parents.update(part for part in path if part in ("ports", "command", "healthcheck", "test", "entrypoint"))
            if place.kind == "requirement":
                self.variables.add(place.what.split(" ")[3])
        self.leaves = [leaf for file in files for leaf in read(file, tree[file]) or []]
        for other in {*places, *added}:
            if "env" in os.path.basename(other):
                keys = {place.key for place in places.get(other, [])} | set(added.get(other, []))
                # every env file may be an `env_file`; only `.env` beside the file is interpolated
                self.names |= keys
                if other == os.path.join(folder, ".env"):
                    self.variables |= keys

    def explain(self, path):
        """Whether the plan changes what stands at this path, or a variable that may be part of it."""
        if path[-1] in self.names or self.parents.intersection(path):
            return True
        using = [leaf for leaf in self.leaves if self.variables.intersection(VARIABLE.findall(leaf.text))]
        if any(re.search(rf"(^| ){re.escape(str(path[-1]))}[= ]", leaf.text) for leaf in using) or bool(using) and not isinstance(path[-1], str):
            return True
        # what is merged, `<<: *env`, has its own path in the file
        return any(str(leaf.path[-1]) == str(path[-1]) for leaf in using)


def leaves(node, path=()):
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(node, list):
        for i, inner in enumerate(node):
            # a port is a mapping where it has only numbers, and a text with an address
            yield from [((*path, i), str(inner))] if path[-1:] == ("ports",) else leaves(inner, (*path, i))
    else:
        yield path, node


def differences(name, old, new, changed):
    a, b = dict(leaves(old.tree)), dict(leaves(new.tree))
    if list(a) != list(b):
        yield f"the configuration has other names: {sorted(map(str, set(a) ^ set(b)))[:4]}"
        return
    for path, value in a.items():
        if b[path] != value and not changed.explain(path):
            yield f"{'.'.join(map(str, path))} of the configuration differs, and is not in the plan"
