"""Shared by check_sealed.py and check_projects.py: parsers that are not ours, the plan as `fix` prints it, one patched file against it, and
secrets that stand in several places.

PyYAML, python-dotenv, json, tomllib, configparser, ElementTree; hcl2 where it is installed. No value is ever printed.
"""

import base64
import binascii
import collections
import configparser
import io
import json
import pathlib
import re
import tomllib
import xml.etree.ElementTree as ElementTree

import yaml
from dotenv.parser import parse_stream

try:
    import hcl2
except ImportError:
    hcl2 = None

# A leaf of a file: names on its path, text, lines from and to in the file (None where the parser does not tell).
Leaf = collections.namedtuple("Leaf", "path text lines style")
# A place that the plan changes: line, key (None where only the line is printed), kind of change (`value`, `password`, `requirement`, `switch`)
# and what is printed of it.
Place = collections.namedtuple("Place", "line key kind what")
Coupled = collections.namedtuple("Coupled", "group relation members")

SAFE = "safe: `--apply` does it"
REVIEW = "to review: `--apply --include review` does it"
EXAMPLE = re.compile(r"(\.(example|sample|template|dist)\b|example\.|/docs?/|\.md$|readme)", re.I)
DEVELOPMENT = re.compile(r"(^|[/._-])(dev|development|local|tests?|testing|e2e|ci|fixtures?|devcontainer)([/._-]|$)", re.I)
SEALABLE = re.compile(r"((^|/)[^/]*\.?env[^/]*|\.(ya?ml|json|jsonc|toml|ini|properties))$", re.I)


# --- parsers that are not ours ------------------------------------------------------------------------------------------------------


def yaml_leaves(text):
    """Scalars of all documents, from PyYAML's own nodes: tags stay, merge keys are not applied, an alias stands for what it names."""
    seen = set()

    def walk(node, path):
        if id(node) in seen:
            yield Leaf(path, "an alias", None, None)
            return
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield Leaf(path, f"{node.tag} {node.value}", (node.start_mark.line + 1, node.end_mark.line + 1), node.style)
        elif isinstance(node, yaml.SequenceNode):
            yield Leaf(path, f"list of {len(node.value)}", None, node.flow_style)
            for i, item in enumerate(node.value):
                yield from walk(item, (*path, i))
        else:
            yield Leaf(path, f"mapping of {len(node.value)}", None, node.flow_style)
            for i, (key, value) in enumerate(node.value):
                name = key.value if isinstance(key, yaml.ScalarNode) else f"key {i}"
                yield from walk(value, (*path, name))

    documents = list(yaml.compose_all(text, yaml.SafeLoader))
    for i, document in enumerate(documents):
        yield from walk(document, (("document", i),))


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
            if value is None and len(key.split()) > 1:
                raise ValueError("`name value`, which is no INI")
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


def xml_leaves(text):
    def walk(node, path):
        yield Leaf((*path, "text"), f"text {node.text or ''}", None, None)
        for name, value in node.items():
            yield Leaf((*path, name), f"attribute {value}", None, None)
        for inner in node:
            yield from walk(inner, (*path, inner.tag))

    root = ElementTree.fromstring(text)
    yield from walk(root, (root.tag,))


def hcl_leaves(text):
    """Blocks are lists to hcl2: their numbers are no part of a key."""
    for leaf in tree_leaves(hcl2.loads(text if text.endswith("\n") else text + "\n")):
        yield leaf._replace(path=tuple(part.strip('"') for part in leaf.path if isinstance(part, str)))


def reader_of(name):
    name = name.rsplit("/", 1)[-1].lower()
    for end, reader in (
        ((".yml", ".yaml"), yaml_leaves),
        ((".json", ".jsonc"), json_leaves),
        ((".toml",), lambda text: tree_leaves(tomllib.loads(text))),
        ((".properties",), properties_leaves),
        ((".xml", ".config", ".csproj", ".props"), xml_leaves),
        ((".hcl", ".tf", ".tfvars", ".nomad"), hcl_leaves if hcl2 else None),
    ):
        if name.endswith(end):
            return reader
    return env_leaves if "env" in name else ini_leaves


def text_of(data):
    return data.decode("utf-8-sig")


# --- the plan, as printed -----------------------------------------------------------------------------------------------------------


LINES = (
    ("value", re.compile(r"      (.+?):(\d+)  ((.*?)=•+ -> •+)$")),
    ("password", re.compile(r"      (.+?):(\d+)  ((.*?): the password •+ -> •+)$")),
    ("requirement", re.compile(r"      (.+?):(\d+)  (the default of (.*?) becomes a requirement)$")),
    ("reference", re.compile(r"      (.+?):(\d+)  ((\S+) becomes \$\{\w+:\?\})$")),
)


def plan_of(printed, sections=(SAFE,)):
    """Path to places that these sections of a plan change; paths to names that they add; paths that are sealed as they are."""
    places, added, bare = collections.defaultdict(list), collections.defaultdict(list), set()
    section = heading = None
    for line in printed.splitlines():
        # why a place belongs to its secret
        line = re.sub(r"(•|becomes a requirement)  \([^()]*\)$", r"\1", line)
        if line and not line.startswith(" "):
            section = line
        elif section and section.startswith("sealed as they are") and line.strip():
            bare.add(line.strip())
        elif section not in sections:
            continue
        elif m := re.match(r"  (\S.*) \[[\w-]+\]$", line):
            heading = m[1]
        elif m := re.match(r"  \S", line):
            heading = None
        elif m := re.match(r"      (.+?)  ([\w.]+)=•+ is added$", line):
            added[m[1]].append(m[2])
        elif hit := next(((kind, m) for kind, form in LINES if (m := form.match(line))), None):
            kind, m = hit
            places[m[1]].append(Place(int(m[2]), None if kind == "requirement" else m[4], kind, m[3]))
        elif heading and (m := re.match(r"      (?!driver: |needs: |note: )(.+?):(\d+)  (.*)$", line)):
            places[m[1]].append(Place(int(m[2]), heading, "switch", m[3]))
    return places, added, bare


def programs_of(printed, sections):
    """Paths of programs and scripts that these sections say will fail without a variable."""
    paths, section = set(), None
    for line in printed.splitlines():
        if line and not line.startswith(" "):
            section = line
        elif section in sections and (m := re.match(r"      (.+?):\d+  .*\bbecomes? ", line)):
            paths.add(m[1])
    return paths


def reasons(printed):
    """What the plan says of every place that it names, path and line: its section, and why it goes no further."""
    out, section, why = {}, "", ""
    for line in printed.splitlines():
        if line and not line.startswith(" "):
            section, why = line, ""
        elif m := re.match(r"  (\S+):(\d+)  \[[\w-]+\] (.*)$", line):
            out[m[1], int(m[2])] = f"{section}: {m[3]}"
        elif m := re.match(r"  \S.* \([\w-]+\): (?:a new value of \d+ characters in \d+ places?(?:; )?)?(.*)$", line):
            why = m[1]
        elif re.match(r"  \S", line):
            why = ""
        elif m := re.match(r"      (?!driver: |needs: |note: )(.+?):(\d+)  (.*)$", line):
            out[m[1], int(m[2])] = f"{section}: {why or m[3]}"
    return out


def segments(key):
    """`a.b[2]."c.d"` to its parts."""
    out = []
    for quoted, index, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)', key):
        out.append(int(index) if index else quoted.replace('\\"', '"').replace("\\\\", "\\") if quoted else bare)
    return tuple(out)


def names(place, leaf):
    """Whether the plan's place is this leaf, or a part of its text, or the value of a name-and-value pair."""
    if place.key is None:
        return leaf.lines is not None and leaf.lines[0] <= place.line <= leaf.lines[1]
    path = tuple(part for part in leaf.path if not (isinstance(part, tuple) and part[0] == "document"))
    key = segments(place.key)
    # the leaf itself, or text within its text; `value` beside `name` and an item of a command go by the name of what they hold
    fits = path[: len(key)] == key[: len(path)] or (path[-1] == "value" or isinstance(path[-1], int)) and path[:-1] == key[: len(path) - 1]
    return fits and (leaf.lines is None or leaf.lines[0] <= place.line <= leaf.lines[1])


# --- one file -----------------------------------------------------------------------------------------------------------------------

UNREAD = (ValueError, AttributeError, yaml.YAMLError, configparser.Error, ElementTree.ParseError)


def read(name, data):
    """Its leaves; None where no parser that is not ours reads it."""
    reader = reader_of(name)
    try:
        return None if reader is None else list(reader(text_of(data)))
    except UNREAD:
        return None
    except Exception as error:  # lark's, which hcl2 is made with, has no class that can be named without it
        if type(error).__module__.startswith("lark"):
            return None
        raise


def judge(name, old, new, places, added):
    """Faults of one patched file, and whether a parser that is not ours read it."""
    if not places and not added:
        return ([] if old == new else [f"{name}: sealed as it is, but it differs"]), True
    faults = []
    removed = [place for place in places if place.kind == "switch" and re.match(r"the line of .* goes$", place.what)]
    places = [place for place in places if place not in removed]
    changed_lines = {place.line for place in places}
    gone = {place.line for place in removed}
    before = read(name, old)
    if before is not None:
        after = read(name, new)
        if after is None:
            return [f"{name}: could be read before, and cannot be read any more"], True
        if removed:
            before = [leaf for leaf in before if not any(names(place, leaf) for place in removed)]
            resized = [leaf for leaf in before if re.match(r"(mapping|list) of ", leaf.text)]
            before = [leaf for leaf in before if leaf not in resized]
            after = [leaf for leaf in after if not re.match(r"(mapping|list) of ", leaf.text)]
        extra = after[len(before) :] if added else []
        if sorted(leaf.path[-1] for leaf in extra) != sorted(added):
            faults.append(f"{name}: what was added is not what was planned")
        after = after[: len(after) - len(extra)]
        if [(leaf.path, leaf.style) for leaf in before] != [(leaf.path, leaf.style) for leaf in after]:
            return [*faults, f"{name}: names, order, structure or quotes changed"], True
        differing = [(a, b) for a, b in zip(before, after) if a.text != b.text]
        for leaf, changed in differing:
            here = [place for place in places if names(place, leaf)]
            if not here:
                faults.append(f"{name}: {shown(leaf)} differs, and is not in the plan")
            faults += [f"{name}: {shown(leaf)}: {fault}" for fault in value_faults(leaf.text, changed.text, here)]
            if leaf.lines:
                changed_lines.update(range(leaf.lines[0], leaf.lines[1] + 1))
        for place in places:
            if not any(names(place, leaf) for leaf, _ in differing) and place.key is not None:
                faults.append(f"{name}:{place.line}: {place.key} is in the plan, and does not differ")
    return faults + line_faults(name, old, new, (changed_lines, gone), added), before is not None


def line_faults(name, old, new, lines, added):
    """Byte for byte: a line that is not in the plan, or a line end, that changed."""
    changed, gone = lines
    faults = []
    a = [line for i, line in enumerate(old.splitlines(keepends=True), 1) if i not in gone]
    numbers = [i for i, _ in enumerate(old.splitlines(), 1) if i not in gone]
    b = new.splitlines(keepends=True)
    if added and a and not a[-1].endswith(b"\n"):
        changed = changed | {numbers[-1]}
    if len(b) != len(a) + len(added):
        faults.append(f"{name}: {len(a)} lines became {len(b)}")
    for i, x, y in zip(numbers, a, b):
        if x != y and i not in changed:
            faults.append(f"{name}:{i}: the line differs, and is not in the plan")
        elif x != y and not frame_stays(x, y):
            faults.append(f"{name}:{i}: more than a value of the line differs")
        came_last = added and i == numbers[-1]
        if x[len(x.rstrip(b"\r\n")) :] != y[len(y.rstrip(b"\r\n")) :] and not came_last:
            faults.append(f"{name}:{i}: the line end changed")
    return faults


def frame_stays(old, new):
    """Whether name, indentation, quotes and comment of a line are as they were."""
    name = re.match(rb"""\s*(- )?(export )?["']?[A-Za-z_][\w.$-]*["']?\s*[:=]""", old)
    comment = re.search(rb"""\s#[^"']*$""", old)
    return (
        (name is None or new.startswith(name[0]))
        and (comment is None or new.endswith(comment[0]))
        and all(old.count(sign) == new.count(sign) for sign in (b'"', b"'", b"\\"))
        and len(re.match(rb"\s*", old)[0]) == len(re.match(rb"\s*", new)[0])
    )


URL = re.compile(r"(?P<before>[a-zA-Z][\w+.:-]*://[^:/@\s]*:)(?P<password>.*)(?P<after>@[^@]*)$", re.S)
REFERENCE = re.compile(r"\$\{[^{}]*\}")


def value_faults(old, new, places):
    """What a changed value may be, by what the plan calls it."""
    kinds = {place.kind for place in places}
    faults = []
    if kinds == {"value"}:
        # a reference in the value's place has the strength of what it refers to
        if bits(new) < 120 and not re.search(r"\$\{\w+(:\?)?\}", new):
            faults.append("the new value is weak")
    elif kinds == {"password"}:
        a, b = URL.search(old), URL.search(new)
        if a and b and (a["before"] != b["before"] or a["after"] != b["after"]):
            faults.append("more than the password of a URL differs")
        if b and "$" not in b["password"] and bits(b["password"]) < 120:
            faults.append("the new password is weak")
    elif kinds == {"requirement"}:
        while (inner := REFERENCE.sub("", old)) != old:
            old = inner
        if old != REFERENCE.sub("", new):
            faults.append("more than a reference differs")
    for place in places:
        if place.kind == "switch":
            words = [place.what.split(" becomes ", 1)[1]] if " becomes " in place.what else place.what.split(", ")
            if re.fullmatch(r"[A-Za-z0-9+/]{16,}={0,2}", encoded := new.split(" ")[-1]):
                new = base64.b64decode(encoded).decode(errors="replace")
            there = lambda word: word.lower() in new.lower() if not word.startswith("without ") else f"{word[8:]}=" not in new
            faults += [f"`{place.what}` is planned, and not what is there" for word in words if not there(word)]
        elif place.kind == "reference" and place.what.split(" becomes ", 1)[1] not in new:
            faults.append(f"`{place.what}` is planned, and not what is there")
        elif place.kind == "requirement" and f"${{{place.what.split(' ')[3]}:?}}" not in new and f"${{{place.what.split(' ')[3]}}}" not in new:
            faults.append(f"`{place.what}`, and it is not")
    return faults


def bits(text):
    """Upper bound of the strength of the longest word; base64 that holds text is opened."""
    words = re.findall(r"[A-Za-z0-9+/=_-]{8,}", text)
    return max((len(word.rstrip("=")) * (4 if re.fullmatch(r"[0-9a-fA-F]+", word) else 6) for word in words), default=0)


def shown(leaf):
    return ".".join(str(part) for part in leaf.path if not isinstance(part, tuple))


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
                # a default that became a requirement holds nothing any more: `required` looks after the variable
                changed.append(None if re.search(r"\$\{\w+:?\?", new[i]) and not re.search(r"\$\{\w+:?\?", old[i]) else strong(new[i]) - strong(old[i]))
        if not changed:
            continue
        counts["coupled groups"] += 1
        changed = [words for words in changed if words is not None]
        if coupled.relation.startswith("coincidence"):
            if any(agree(a, b) for i, a in enumerate(changed) for b in changed[:i]):
                faults.append(f"{coupled.group}: accounts that only look alike were given one secret")
        elif coupled.relation.startswith("same") and "diff" not in coupled.relation:  # values that differed before are two secrets
            if stale:
                faults.append(f"{coupled.group} ({coupled.relation}): {', '.join(stale)} still hold the old value, {len(changed)} places the new one")
            if not all(agree(changed[0], other) for other in changed[1:]):
                faults.append(f"{coupled.group} ({coupled.relation}): {len(changed)} places no longer agree")
    return faults


def coupled_of(file):
    groups = collections.defaultdict(list)
    for row in pathlib.Path(file).read_text(encoding="utf-8").splitlines()[1:]:
        group, project, relation, members = row.split("\t")[:4]
        groups[project.replace("/", "+", 1)].append(Coupled(group, relation, [m.split(":", 2) for m in members.split(";")]))
    return groups
