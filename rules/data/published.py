#!/usr/bin/env python3
"""Makes published.bin, the list of values that are published as keys, from lists of values or of their hashes.

usage: published.py SOURCE=FILE... > published.bin

SOURCE is the number under which src/strength/published.rs names the list. FILE holds either one value a line, or, as NAME.tsv, one hash a
line: the first eight bytes or more of the value's SHA-256 in hex, then a tab, and in the last column where it is published. A place of
PLACES has a number of its own, anything else that of the list. A value keeps the number that it gets first: name the finer list first.
Values of fewer than eight characters are left out: they are for the list of defaults. Only hashes are written: nothing that a scanner
would take for a secret, nothing to guess with.

    published.py 3=rules/data/published_seed.tsv 1=jwt.secrets.list 2=flask_session_keys.txt > rules/data/published.bin

published.bin: the number of entries (4 bytes, big endian), the hashes (8 bytes each, big endian, ascending), the sources (1 byte each)."""
import hashlib
import struct
import sys

# The numbers of src/strength/published.rs; several of them are one place to a reader.
PLACES = {"j": 1, "f": 2, "fj": 2}
for number, places in {
    4: ["supabase docker/.env.example"],
    5: ["superset", "airflow", "grafana conf/defaults.ini", "nacos", "shiro", "authentik compose", "chatwoot"],
    6: ["jwt.io", "spring jwt tutorials", "jhipster (old)"],
    7: ["directus docs", "express-session docs", "fastapi docs", "flask docs", "laravel (old)", "symfony"],
}.items():
    PLACES.update(dict.fromkeys(places, number))

entries = {}
for argument in sys.argv[1:]:
    source, path = argument.split("=", 1)
    with open(path, "rb") as lines:
        for line in lines:
            line = line.rstrip(b"\r\n")
            number = int(source)
            if path.endswith(".tsv"):
                if line.startswith(b"#") or not line:
                    continue
                columns = line.decode().split("\t")
                key = bytes.fromhex(columns[0])[:8]
                number = PLACES.get(columns[-1], number)
            elif len(line) >= 8:
                key = hashlib.sha256(line).digest()[:8]
            else:
                continue
            entries.setdefault(key, number)
keys = sorted(entries)
sys.stdout.buffer.write(struct.pack(">I", len(keys)) + b"".join(keys) + bytes(entries[k] for k in keys))
