#!/usr/bin/env python3
"""The machine formats of `harden scan`, judged by what reads them: JSON schemas, an XML parser, the runner's way of reading workflow commands.

Usage: check_formats.py HARDEN SARIF_SCHEMA FOLDER...

Needs jsonschema. Prints a line for each fault, and their number.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema

HOSTILE = [
    b"plain.env",
    b"a b.env",
    b"line\nend.env",
    b"cr\rend.env",
    b'quo"te\'s.env',
    b"x::error file=y,line=1::z.env",
    b"%0A%25.env",
    b"<b>&amp;]]>.env",
    b"esc\x1b[31m.env",
    "\u202egnp.env".encode(),
    b"not-utf8-\xff.env",
    b"comma,colon:.env",
]
TEXT = "DB_PASSWORD=changeme\nDEBUG=true\nDATABASE_URL=postgres://app:hunter2-kettle@db.example.com/app?sslmode=disable\n"
VALUES = ["changeme", "hunter2-kettle"]

# What version 15.2.4 of GitLab's schema for secret detection demands, in our words; the schema itself is in no registry.
TEXT_OF = {"type": "string", "minLength": 1}
TOOL = {
    "type": "object",
    "required": ["id", "name", "version", "vendor"],
    "properties": {
        "id": TEXT_OF,
        "name": TEXT_OF,
        "version": TEXT_OF,
        "vendor": {"type": "object", "required": ["name"], "properties": {"name": TEXT_OF}},
    },
}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
LINK = {"type": "string", "pattern": "^(https?|ftp)://.+"}
GITLAB = {
    "type": "object",
    "required": ["scan", "version", "vulnerabilities"],
    "properties": {
        "version": {"const": "15.2.4"},
        "schema": {"type": "string", "pattern": "^https?://.+"},
        "scan": {
            "type": "object",
            "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
            "properties": {
                "analyzer": TOOL,
                "scanner": TOOL,
                "start_time": TIME,
                "end_time": TIME,
                "status": {"enum": ["success", "failure"]},
                "type": {"const": "secret_detection"},
                "partial_scan": {"type": "object", "required": ["mode"], "properties": {"mode": {"const": "differential"}}},
                "messages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["level", "value"],
                        "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT_OF},
                    },
                },
            },
        },
        "vulnerabilities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "properties": {
                    "id": TEXT_OF,
                    "name": {"type": "string", "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1048576},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "maxLength": 7000},
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["type", "name", "value"],
                            "properties": {"type": TEXT_OF, "name": TEXT_OF, "value": TEXT_OF, "url": LINK},
                        },
                    },
                    "links": {"type": "array", "items": {"type": "object", "required": ["url"], "properties": {"url": LINK}}},
                    "location": {
                        "type": "object",
                        "required": ["commit"],
                        "properties": {
                            "file": {"type": "string"},
                            "start_line": {"type": "number"},
                            "end_line": {"type": "number"},
                            "commit": {"type": "object", "required": ["sha"], "properties": {"sha": TEXT_OF, "date": {"type": "string"}}},
                        },
                    },
                },
            },
        },
    },
}

faults = 0


def fault(where, what):
    global faults
    faults += 1
    print(f"{where}: {what}")


def scan(harden, folder, form, *more):
    run = subprocess.run([harden, "scan", "--format", form, *more], cwd=folder, capture_output=True, check=False)
    if run.returncode not in (0, 1, 3):
        fault(folder, f"{form}: exit code {run.returncode}: {run.stderr.decode(errors='replace')}")
    return run.stdout.decode()


def by_schema(where, text, schema):
    try:
        value = json.loads(text)
    except ValueError as error:
        fault(where, f"not JSON: {error}")
        return None
    kind = jsonschema.validators.validator_for(schema)
    for error in kind(schema).iter_errors(value):
        fault(where, f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    return value


def unescape(text, is_property):
    for sign, code in [("%0D", "\r"), ("%0A", "\n")] + ([("%3A", ":"), ("%2C", ",")] if is_property else []) + [("%25", "%")]:
        text = text.replace(sign, code)
    return text


def commands(text):
    """Workflow commands as actions/runner reads them: kind, properties, message."""
    for line in text.split("\n"):
        found = re.match(r"::([a-z]+) ?(.*?)::(.*)$", line)
        if found:
            pairs = dict(pair.split("=", 1) for pair in found[2].split(",") if pair)
            yield found[1], {k: unescape(v, True) for k, v in pairs.items()}, unescape(found[3], False)


def check(harden, sarif, folder, expected=None):
    jsonl = [json.loads(line) for line in scan(harden, folder, "jsonl").splitlines()]
    texts = {form: scan(harden, folder, form) for form in ("sarif", "gitlab", "github", "junit")}
    log = by_schema(f"{folder} sarif", texts["sarif"], sarif)
    report = by_schema(f"{folder} gitlab", texts["gitlab"], GITLAB)
    if log and len(log["runs"][0]["results"]) != len(jsonl):
        fault(folder, "sarif has another number of findings")
    if report and [v["location"]["file"] for v in report["vulnerabilities"]] != [f["file"].removeprefix("./") for f in jsonl]:
        fault(folder, "gitlab has other files")
    if report and len({v["id"] for v in report["vulnerabilities"]}) != len(jsonl):
        fault(folder, "gitlab: an id twice")
    try:
        root = ElementTree.fromstring(texts["junit"])
        cases = root.findall("testsuite/testcase")
        if len(cases) != len(jsonl) + 1 or root.get("tests") != str(len(cases)):
            fault(folder, f"junit: {len(cases)} cases, {root.get('tests')} announced, {len(jsonl)} findings")
        if int(root.get("failures")) != len(root.findall("testsuite/testcase/failure")):
            fault(folder, "junit: another number of failures than announced")
        for suite in root:
            if int(suite.get("tests")) != len(suite.findall("testcase")):
                fault(folder, "junit: a suite has another number of cases than announced")
    except ElementTree.ParseError as error:
        fault(folder, f"junit: {error}")
    told = [c for c in commands(texts["github"]) if c[1].get("title") != "harden"]
    if len(told) != len(jsonl):
        fault(folder, f"github: {len(told)} annotations of {len(jsonl)} findings")
    if expected is not None:
        files = {c[1]["file"] for c in told}
        for name in expected - files:
            fault(folder, f"github: no annotation names {name!r}")
        if expected - {f["file"] for f in jsonl}:
            fault(folder, "a hostile name is missing altogether")
    for form, text in texts.items():
        for value in VALUES if expected is not None else []:
            if value in text:
                fault(folder, f"{form} shows a value")
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text):
            fault(folder, f"{form} holds a control character")
    return len(jsonl)


def main():
    harden, sarif = os.path.abspath(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    found = sum(check(harden, sarif, folder) for folder in sys.argv[3:] if os.path.isdir(folder))
    with tempfile.TemporaryDirectory() as folder:
        for name in HOSTILE:
            with open(os.path.join(folder.encode(), name), "w", encoding="utf-8") as file:
                file.write(TEXT)
        exact = {name.decode() for name in HOSTILE if name not in (b"esc\x1b[31m.env", b"not-utf8-\xff.env", "\u202egnp.env".encode())}
        found += check(harden, sarif, folder, exact)
    print(f"{found} findings in every format, {faults} faults")


main()
