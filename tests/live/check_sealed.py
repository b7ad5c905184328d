#!/usr/bin/env python3
"""check_sealed.py HARDEN PROJECTS [COUPLED]: `harden fix --apply` on a copy of each folder of PROJECTS, judged from outside.

What is written is opened with `age -d` (and with `$RAGE -d`, if that is set), and original and opened file are read by parsers that are not
ours: PyYAML, python-dotenv, json, tomllib, configparser. A fault is: a file that does not open; names, order, structure or quoting that
changed; a value that differs and is not in the plan that was printed, or is in the plan and does not differ; a line that differs without
holding such a value; an original that changed; a second run that writes anything. COUPLED (group, project, relation, members `path:line:key`
with semicolons between; tabs between fields) says which places hold one secret: those of `same` must agree afterwards (where they did before), those of `coincidence` must not. Prints the faults and one line of counts; exits 1 on any fault. Needs Python 3.11, PyYAML, python-dotenv and age.
No value is ever printed.
"""

import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from judge import coupled_of, couplings, judge, plan_of

STATE = ".harden/state/"
AGE = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----\n")

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
    # the key of the ledger is no copy of a file either
    sealed = {name.removesuffix(".age") for name in new if not name.startswith(".harden/")}
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
