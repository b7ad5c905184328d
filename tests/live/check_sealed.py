#!/usr/bin/env python3
"""check_sealed.py HARDEN PROJECTS [COUPLED]: `harden fix --apply` on a copy of each folder of PROJECTS, judged from outside.

What is written is opened with `age -d` (and with `$RAGE -d`, if that is set), and original and opened file are read by parsers that are not
ours: PyYAML, python-dotenv, json, tomllib, configparser. A fault is: a file that does not open; names, order, structure or quoting that
changed; a value that differs and is not in the plan that was printed, or is in the plan and does not differ; a line that differs without
holding such a value; an original that changed; a second run that writes anything. COUPLED (group, project, relation, members `path:line:key`
with semicolons between; tabs between fields) says which places hold one secret: those of `same` must agree afterwards (where they did before), those of `coincidence` must not. Prints the faults and one line of counts; exits 1 on any fault. Needs Python 3.11, PyYAML, python-dotenv and age.
No value is ever printed.
"""

import base64
import binascii
import collections
import configparser
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import yaml
from dotenv.parser import parse_stream

# A leaf of a file: names on its path, text, lines from and to in the file (None where the parser does not tell).
Leaf = collections.namedtuple("Leaf", "path text lines style")
# A place that the plan changes: line and key, as printed.
Place = collections.namedtuple("Place", "line key")
Coupled = collections.namedtuple("Coupled", "group relation members")

SAFE = "safe: `--apply` does it"
AGE = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----\n")
STATE = ".harden/state/"
EXAMPLE = re.compile(r"(\.(example|sample|template|dist)\b|example\.|/docs?/|\.md$|readme)", re.I)
DEVELOPMENT = re.compile(r"(^|[/._-])(dev|development|local|tests?|testing|e2e|ci|fixtures?|devcontainer)([/._-]|$)", re.I)
SEALABLE = re.compile(r"((^|/)[^/]*\.?env[^/]*|\.(ya?ml|json|jsonc|toml|ini|properties))$", re.I)


# --- parsers that are not ours ------------------------------------------------------------------------------------------------------


def yaml_leaves(text):
    """Scalars of all documents, from PyYAML's own nodes: tags stay, anchors are followed, merge keys are not applied."""

    def walk(node, path, seen):
        if isinstance(node, yaml.ScalarNode):
            yield Leaf(path, f"{node.tag} {node.value}", (node.start_mark.line + 1, node.end_mark.line + 1), node.style)
        elif id(node) in seen:
            yield Leaf(path, "a loop", None, None)
        elif isinstance(node, yaml.SequenceNode):
            yield Leaf(path, f"list of {len(node.value)}", None, node.flow_style)
            for i, item in enumerate(node.value):
                yield from walk(item, (*path, i), seen | {id(node)})
        else:
            yield Leaf(path, f"mapping of {len(node.value)}", None, node.flow_style)
            for i, (key, value) in enumerate(node.value):
                name = key.value if isinstance(key, yaml.ScalarNode) else f"key {i}"
                yield from walk(value, (*path, name), seen | {id(node)})

    for i, document in enumerate(yaml.compose_all(text, yaml.SafeLoader)):
        yield from walk(document, (("document", i),), frozenset())


def tree_leaves(value, path=()):
    if isinstance(value, dict):
        yield Leaf(path, f"mapping of {len(value)}", None, None)
        for key, inner in value.items():
            yield from tree_leaves(inner, (*path, key))
    elif isinstance(value, list):
        yield Leaf(path, f"list of {len(value)}", None, None)
        for i, inner in enumerate(value):
            yield from tree_leaves(inner, (*path, i))
    else:
        yield Leaf(path, f"{type(value).__name__} {value!s}", None, None)


def without_comments(text):
    """JSON with comments and trailing commas, to JSON."""
    token = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=\s*(?:(?://[^\n]*|/\*.*?\*/)\s*)*[\]}])', re.S)
    return token.sub(lambda m: m[0] if m[0].startswith('"') else " ", text)


class Pairs(list):
    """An object of JSON with its names in order, doubles too."""


def json_leaves(text):
    def walk(value, path):
        if isinstance(value, Pairs):
            yield Leaf(path, f"mapping of {len(value)}", None, None)
            for key, inner in value:
                yield from walk(inner, (*path, key))
        elif isinstance(value, list):
            yield Leaf(path, f"list of {len(value)}", None, None)
            for i, inner in enumerate(value):
                yield from walk(inner, (*path, i))
        else:
            yield Leaf(path, f"{type(value).__name__} {value!s}", None, None)

    yield from walk(json.loads(without_comments(text), object_pairs_hook=Pairs), ())


def env_leaves(text):
    # read_text translates line ends no more than dotenv's own open() would
    for binding in parse_stream(io.StringIO(text, newline=None)):
        first = binding.original.line
        last = first + binding.original.string.rstrip("\n").count("\n")
        if binding.error:
            yield Leaf((f"unread {first}",), binding.original.string, (first, last), None)
        elif binding.key is not None:
            yield Leaf((binding.key,), str(binding.value), (first, last), None)


def ini_leaves(text):
    reader = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="no section is the default")
    reader.optionxform = str
    reader.read_string("[ ]\n" + text)
    for section in reader.sections():
        for key, value in reader.items(section):
            yield Leaf((key,) if section == " " else (section, key), str(value), None, None)


def properties_leaves(text):
    """java.util.Properties, line-oriented: comments, continuation, escapes, `=`, `:` or blank between name and value."""
    lines = re.split(r"\r\n|\n|\r", text)
    i = 0
    while i < len(lines):
        first = i + 1
        line = lines[i].lstrip(" \t\f")
        i += 1
        if not line or line[0] in "#!":
            continue
        while re.search(r"(?<!\\)(\\\\)*\\$", line) and i < len(lines):
            line = line[:-1] + lines[i].lstrip(" \t\f")
            i += 1
        name = re.match(r"(?:\\.|[^\\=: \t\f])*", line)[0]
        rest = re.sub(r"^[ \t\f]*[=:]?[ \t\f]*", "", line[len(name) :])
        yield Leaf((unescaped(name),), unescaped(rest), (first, i), None)


def unescaped(text):
    known = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else known.get(m[1], m[1]), text)


def reader_of(name):
    name = name.rsplit("/", 1)[-1].lower()
    for end, reader in (
        ((".yml", ".yaml"), yaml_leaves),
        ((".json", ".jsonc"), json_leaves),
        ((".toml",), lambda text: tree_leaves(tomllib.loads(text))),
        ((".properties",), properties_leaves),
    ):
        if name.endswith(end):
            return reader
    return env_leaves if "env" in name else ini_leaves


def text_of(data):
    return data.decode("utf-8-sig")


# --- the plan, as printed -----------------------------------------------------------------------------------------------------------


def plan_of(printed):
    """Path to places that the safe part of a plan changes; paths to names that it adds; paths that are sealed as they are."""
    places, added, bare = collections.defaultdict(list), collections.defaultdict(list), set()
    section = None
    for line in printed.splitlines():
        if line and not line.startswith(" "):
            section = line
        elif section == SAFE and (m := re.match(r"      (.+?):(\d+)  (.*?)(?:=•+ -> •+|: the password •+ -> •+)$", line)):
            places[m[1]].append(Place(int(m[2]), m[3]))
        elif section == SAFE and (m := re.match(r"      (.+?):(\d+)  (.*?) becomes ", line)):
            places[m[1]].append(Place(int(m[2]), m[3]))
        elif section == SAFE and (m := re.match(r"      (.+?)  ([\w.]+)=•+ is added$", line)):
            added[m[1]].append(m[2])
        elif section and section.startswith("sealed as they are") and line.strip():
            bare.add(line.strip())
    return places, added, bare


def segments(key):
    """`a.b[2]."c.d"` to its parts."""
    out = []
    for quoted, index, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)', key):
        out.append(int(index) if index else quoted.replace('\\"', '"').replace("\\\\", "\\") if quoted else bare)
    return tuple(out)


def names(place, leaf):
    """Whether the plan's place is this leaf, or a part of its text, or the value of a name-and-value pair."""
    path = tuple(part for part in leaf.path if not (isinstance(part, tuple) and part[0] == "document"))
    key = segments(place.key)
    # the leaf itself, or text within its text; `value` beside `name` and an item of a command go by the name of what they hold
    fits = path[: len(key)] == key[: len(path)] or (path[-1] == "value" or isinstance(path[-1], int)) and path[:-1] == key[: len(path) - 1]
    return fits and (leaf.lines is None or leaf.lines[0] <= place.line <= leaf.lines[1])


# --- one file -----------------------------------------------------------------------------------------------------------------------


def judge(name, old, new, places, added):
    """Faults of one opened file, and whether a parser that is not ours read it."""
    reader = reader_of(name)
    if not places and not added:
        return ([] if old == new else [f"{name}: sealed as it is, but it differs"]), True
    faults = []
    changed_lines = {place.line for place in places}
    foreign = True
    try:
        before = list(reader(text_of(old)))
    except (ValueError, yaml.YAMLError, configparser.Error):
        foreign = False
    if foreign:
        try:
            after = list(reader(text_of(new)))
        except (ValueError, yaml.YAMLError, configparser.Error):
            return [f"{name}: could be read before, and cannot be read any more"], True
        extra = after[len(before) :] if added else []
        if [leaf.path[-1] for leaf in extra] != added:
            faults.append(f"{name}: what was added is not what was planned")
        after = after[: len(after) - len(extra)]
        if [(leaf.path, leaf.style) for leaf in before] != [(leaf.path, leaf.style) for leaf in after]:
            return [*faults, f"{name}: names, order, structure or quotes changed"], True
        differing = [a for a, b in zip(before, after) if a.text != b.text]
        for leaf in differing:
            if not any(names(place, leaf) for place in places):
                faults.append(f"{name}: {shown(leaf)} differs, and is not in the plan")
            if leaf.lines:
                changed_lines.update(range(leaf.lines[0], leaf.lines[1] + 1))
        for place in places:
            if not any(names(place, leaf) for leaf in differing):
                faults.append(f"{name}:{place.line}: {place.key} is in the plan, and does not differ")
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if added and a and not a[-1].endswith(b"\n"):
        changed_lines.add(len(a))
    if len(b) != len(a) + len(added):
        faults.append(f"{name}: {len(a)} lines became {len(b)}")
    for i, (x, y) in enumerate(zip(a, b), 1):
        if x != y and i not in changed_lines:
            faults.append(f"{name}:{i}: the line differs, and is not in the plan")
        came_last = added and i == len(a)
        if x[len(x.rstrip(b"\r\n")) :] != y[len(y.rstrip(b"\r\n")) :] and not came_last:
            faults.append(f"{name}:{i}: the line end changed")
    return faults, foreign


def shown(leaf):
    return ".".join(str(part) for part in leaf.path if not isinstance(part, tuple))


# --- one project --------------------------------------------------------------------------------------------------------------------


class Project:
    def __init__(self, harden, source, room):
        self.harden, self.source = harden, source
        self.home, self.work = room / "home", room / "work"
        self.home.mkdir()
        shutil.copytree(source, self.work, symlinks=True)
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.identity = self.home / ".config/harden/identity.txt"

    def run(self, *words):
        return subprocess.run([self.harden, *words], cwd=self.work, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)

    def tree(self):
        """Every file with its bytes and the time it was written."""
        files = (f for f in self.work.rglob("*") if f.is_file() and not f.is_symlink())
        return {str(f.relative_to(self.work)): (f.read_bytes(), f.stat().st_mtime_ns) for f in files}

    def opened(self, sealed):
        """The content, by each of the tools; they must agree."""
        out = []
        for tool in ["age", *filter(None, [os.environ.get("RAGE")])]:
            done = subprocess.run([tool, "-d", "-i", self.identity, self.work / sealed], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            out.append(done.stdout if done.returncode == 0 else None)
        return out[0] if all(content is not None and content == out[0] for content in out) else None


def check(project, coupled, counts):
    """Faults of one project; adds to `counts`."""
    before = {name: data for name, (data, _) in project.tree().items()}
    made = project.run("init")
    if made.returncode:
        return [f"init ends with {made.returncode}: {made.stderr.decode()[:200]}"]
    done = project.run("fix", "--apply")
    if done.returncode not in (0, 3):
        return [f"fix ends with {done.returncode}: {done.stderr.decode()[-300:]}"]
    after = project.tree()
    faults = [f"{name}: the original changed" for name, data in before.items() if after.get(name, (None,))[0] != data]
    places, added, bare = plan_of(done.stdout.decode())
    new = [name for name in after if name.endswith(".age") and name not in before]
    # the way back of `harden undo` is sealed, too, and no copy of a file
    faults += [f"{name}: no age file" for name in new if name.startswith(STATE) and not after[name][0].startswith(AGE)]
    sealed = {name.removesuffix(".age") for name in new if not name.startswith(STATE)}
    if sealed != set(places) | set(added) | bare:
        faults.append(f"sealed and planned differ: {sorted(sealed ^ (set(places) | set(added) | bare))}")
    contents = {}
    for name in sorted(sealed):
        counts["sealed"] += 1
        if not after[f"{name}.age"][0].startswith(AGE):
            faults.append(f"{name}.age: no age file")
        content = project.opened(f"{name}.age")
        if content is None:
            faults.append(f"{name}.age: age or rage cannot open it, or they differ")
            continue
        contents[name] = content
        counts["values"] += len(places[name]) + len(added[name])
        more, foreign = judge(name, before[name], content, places[name], added[name])
        faults += more
        counts["unreadable to others"] += not foreign
    faults += couplings(coupled, before, contents, counts)
    again = project.run("fix", "--apply")
    if again.returncode not in (0, 3):
        faults.append(f"the second fix ends with {again.returncode}: {again.stderr.decode()[-300:]}")
    now = project.tree()
    if now != after:
        faults.append(f"the second run wrote {sorted(name for name in {*now, *after} if now.get(name) != after.get(name))}")
    return faults


# --- secrets in several places ------------------------------------------------------------------------------------------------------


def strong(line):
    """Long words of a line, those within base64 too."""
    line = re.sub(r"\$\{?\w+", " ", line)
    out = set(re.findall(r"[A-Za-z0-9][A-Za-z0-9_-]{15,}", line))
    for word in re.findall(r"[A-Za-z0-9+/]{20,}={0,2}", line):
        try:
            out |= set(re.findall(r"[A-Za-z0-9][A-Za-z0-9_-]{15,}", base64.b64decode(word, validate=True).decode("ascii")))
        except (binascii.Error, UnicodeDecodeError):
            pass
    return out


def agree(a, b):
    return any(x.endswith(y) or y.endswith(x) for x in a for y in b)


def couplings(groups, before, contents, counts):
    faults = []
    for coupled in groups:
        changed, stale = [], []
        for path, line, _ in coupled.members:
            path = path.split("/", 1)[1]
            if EXAMPLE.search("/" + path) or DEVELOPMENT.search("/" + path) or not SEALABLE.search(path) or path not in before:
                continue
            old = before[path].decode("utf-8", "replace").splitlines()
            new = contents.get(path, before[path]).decode("utf-8", "replace").splitlines()
            i = int(line) - 1
            if i >= min(len(old), len(new)):
                continue
            if old[i] == new[i]:
                stale.append(f"{path}:{line}")
            else:
                changed.append(strong(new[i]) - strong(old[i]))
        if not changed:
            continue
        counts["coupled groups"] += 1
        if coupled.relation.startswith("coincidence"):
            if any(agree(a, b) for i, a in enumerate(changed) for b in changed[:i]):
                faults.append(f"{coupled.group}: accounts that only look alike were given one secret")
        elif coupled.relation.startswith("same") and "diff" not in coupled.relation:  # values that differed before are two secrets
            if stale:
                faults.append(f"{coupled.group} ({coupled.relation}): {', '.join(stale)} still hold the old value, {len(changed)} places the new one")
            if not all(agree(changed[0], other) for other in changed):
                faults.append(f"{coupled.group} ({coupled.relation}): {len(changed)} places no longer agree")
    return faults


def coupled_of(file):
    groups = collections.defaultdict(list)
    for row in pathlib.Path(file).read_text(encoding="utf-8").splitlines()[1:]:
        group, project, relation, members = row.split("\t")[:4]
        groups[project.replace("/", "+", 1)].append(Coupled(group, relation, [m.split(":", 2) for m in members.split(";")]))
    return groups


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    harden, projects = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    coupled = coupled_of(sys.argv[3]) if len(sys.argv) == 4 else {}
    counts, faults = collections.Counter(), []
    for source in sorted(p for p in projects.iterdir() if p.is_dir()):
        counts["projects"] += 1
        with tempfile.TemporaryDirectory() as room:
            project = Project(harden, source, pathlib.Path(room))
            faults += [f"{source.name}: {fault}" for fault in check(project, coupled.get(source.name, []), counts)]
    print("\n".join(faults[:60]))
    order = ("projects", "sealed", "values", "coupled groups", "unreadable to others")
    print("check_sealed: " + ", ".join(f"{counts[name]} {name}" for name in order) + f", {len(faults)} faults")
    sys.exit(bool(faults) or not counts["sealed"])


if __name__ == "__main__":
    main()
