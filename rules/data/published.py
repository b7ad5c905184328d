#!/usr/bin/env python3
"""Makes published.bin, the list of values that are published as keys, from lists of values or of their hashes.

usage: published.py SOURCE=FILE... > published.bin

SOURCE is the number under which src/strength/published.rs names the list. FILE holds either one value a line, or, as NAME.tsv, one hash a
line: the first eight bytes or more of the value's SHA-256 in hex, then a tab and anything. Values of fewer than eight characters are left
out: they are for the list of defaults. Only hashes are written: nothing that a scanner would take for a secret, nothing to guess with.

published.bin: the number of entries (4 bytes, big endian), the hashes (8 bytes each, big endian, ascending), the sources (1 byte each)."""
import hashlib
import struct
import sys

entries = {}
for argument in sys.argv[1:]:
    source, path = argument.split("=", 1)
    with open(path, "rb") as lines:
        for line in lines:
            line = line.rstrip(b"\r\n")
            if path.endswith(".tsv"):
                if line.startswith(b"#") or not line:
                    continue
                key = bytes.fromhex(line.split(b"\t")[0].decode())[:8]
            elif len(line) >= 8:
                key = hashlib.sha256(line).digest()[:8]
            else:
                continue
            entries.setdefault(key, int(source))
keys = sorted(entries)
sys.stdout.buffer.write(struct.pack(">I", len(keys)) + b"".join(keys) + bytes(entries[k] for k in keys))
