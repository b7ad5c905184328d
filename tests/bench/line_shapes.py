#!/usr/bin/env python3
"""Whether the shape of lines can make a scan slow: user plus system time for a byte, as a ratio to ordinary source.

    python3 tests/bench/line_shapes.py target/release/harden [-n RUNS] [--limit RATIO]

Ordinary source is this project's own, repeated up to the same size. Every shape is 10 MB in one file (1,000,000 lines where it is made of
lines). All shapes are run in turn, RUNS times; the medians count. Exits with 1 if one takes more than RATIO (3) times the ordinary.
"""

import argparse
import base64
import json
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile

SIZE = 10_000_000
HERE = pathlib.Path(__file__).resolve().parents[2]


def ordinary(folder):
    """The project's own source, copied until it is as large as the shapes."""
    sources = sorted((HERE / "src").rglob("*.rs"))
    written = copy = 0
    while written < SIZE:
        for source in sources:
            data = source.read_bytes()
            target = folder / str(copy) / source.relative_to(HERE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            written += len(data)
            if written >= SIZE:
                break
        copy += 1


def repeated(unit):
    return (unit * (SIZE // len(unit) + 1))[:SIZE]


def lines(form):
    """Different lines of one form, as many as fit."""
    return "".join(form.format(i) for i in range(SIZE // len(form.format(1_000_000))))


def shapes():
    rng = random.Random(7)
    noise = base64.b64encode(rng.randbytes(SIZE * 3 // 4)).decode()[:SIZE]
    word = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=9))
    minified = "".join(
        f'function {chr(97 + i % 26)}{i}(t,e){{var n=t.key||"{word}{i}";return n?e(n,{{id:{i},a:!0,url:"https://example.org/{i}"}}):null}}'
        for i in range(SIZE // 110)
    )
    yield "minified.js", minified[:SIZE]
    items = (json.dumps({"id": i, "name": f"{word}{i}", "token": None, "n": [1, 2]}) for i in range(SIZE // 75))
    yield "minified.json", "[" + ",".join(items) + "]"
    yield "base64.txt", noise
    yield "base64.env", "BLOB=" + noise + "\n"
    yield "base64.yaml", "blob: " + noise + "\n"
    yield "hex.txt", rng.randbytes(SIZE // 2).hex()
    yield "million.env", "KEY=value\n" * 1_000_000
    yield "names.env", lines("KEY_{0}=value{0}\n")
    yield "names.yaml", lines("key_{0}: v{0}\n")
    yield "names.properties", lines("k{0}=v{0}\n")
    yield "secrets.env", lines("A{0}_PASSWORD=${{P{0}}}\n")
    yield "quotes.env", repeated('A="\n')
    yield "quotes.ini", repeated('a = """\n')
    yield "quotes.yaml", repeated('a: "\n')
    yield "quotes.conf", repeated('a "\n')
    yield "equals.txt", repeated("a=")
    yield "colons.txt", repeated("a: ")
    yield "urls.txt", repeated("postgres://u:p@")
    yield "dollars.env", "A=" + repeated("${A:-")
    yield "blanks.txt", repeated(" ")
    yield "dashes.txt", repeated("-----BEGIN ")
    yield "braces.json", repeated("[")
    yield "angles.xml", "<a>" + repeated("<b c='d'/>")
    yield "log.log", repeated("2024-05-05T10:00:00Z INFO request id=12345 path=/api/v1/items status=200 took=15ms\n")


def spent(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("harden")
    ask.add_argument("-n", type=int, default=3)
    ask.add_argument("--limit", type=float, default=3.0)
    ask.add_argument("--only", help="shapes whose name holds this")
    told = ask.parse_args()
    with tempfile.TemporaryDirectory() as base:
        base = pathlib.Path(base)
        cases = {"ordinary source": base / "ordinary"}
        ordinary(base / "ordinary")
        for name, text in shapes():
            if told.only and told.only not in name:
                continue
            cases[name] = base / name
            cases[name].write_text(text)
        sizes = {n: sum(f.stat().st_size for f in p.rglob("*") if f.is_file()) if p.is_dir() else p.stat().st_size for n, p in cases.items()}
        times = {name: [] for name in cases}
        for _ in range(told.n):
            for name, path in cases.items():
                times[name].append(spent([told.harden, "scan", "--no-ignore", "--no-config", "--quiet", "--format", "jsonl", str(path)]))
        cost = {name: statistics.median(t) / sizes[name] for name, t in times.items()}
        worst = 0.0
        for name in cases:
            ratio = cost[name] / cost["ordinary source"]
            worst = max(worst, ratio)
            print(f"{name:<20} {cost[name] * 1e9:8.1f} ns/byte {ratio:7.2f}x{'  SLOW' if ratio > told.limit else ''}")
    sys.exit(worst > told.limit)


if __name__ == "__main__":
    main()
