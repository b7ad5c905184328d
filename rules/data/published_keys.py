#!/usr/bin/env python3
"""Makes published_keys.txt: hashes of private keys that are printed in documentation or shipped in packages.

    published_keys.py SOURCE=PATH...  >> published_keys.txt

SOURCE is a phrase that fits after "is"; PATH a file, or a folder that is searched for PEM, OpenSSH and JSON web keys, as they stand in
package sources. Rows that the file has already are not written again: SHA-256 of the SubjectPublicKeyInfo, and of the private octets (the
private exponent, scalar or seed without leading zeros, or the key of an `oct`), a tab, SOURCE. No key goes into the list.

Needs the package `cryptography`. src/keys/published.rs reads the list.
"""
import base64
import hashlib
import json
import pathlib
import re
import sys

from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----(.*?)-----END \1-----", re.S)
JWK = re.compile(r"\{[^{}]*\"kty\"[^{}]*\}", re.S)


def plain(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def rows_of(key):
    """What of `key` is hashed."""
    if isinstance(key, dsa.DSAPrivateKey):
        x = key.private_numbers().x
        yield x.to_bytes(x.bit_length() // 8 + 1, "big")  # as DER writes it
        return
    yield key.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, rsa.RSAPrivateKey):
        yield plain(key.private_numbers().d)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        yield plain(key.private_numbers().private_value)
    else:
        yield key.private_bytes(ser.Encoding.Raw, ser.PrivateFormat.Raw, ser.NoEncryption())


def pem_rows(text):
    for label, body in PEM.findall(text):
        letters = "".join(re.findall(r"[A-Za-z0-9+/=]+", body.replace("\\n", "\n").replace("\\r", "")))
        if "DEK-Info" in body or len(letters) < 60:
            continue
        try:
            if "OPENSSH" in label:
                lines = "\n".join(letters[i : i + 70] for i in range(0, len(letters), 70))
                whole = f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()
                yield from rows_of(ser.load_ssh_private_key(whole, None))
            else:
                yield from rows_of(ser.load_der_private_key(base64.b64decode(letters), None))
        except Exception:  # encrypted, broken on purpose, or of a kind that is not read
            continue


def jwk_rows(text):
    def octets(value):
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))

    for found in JWK.findall(text):
        try:
            jwk = json.loads(found)
            if jwk["kty"] == "oct":
                yield octets(jwk["k"])
            elif jwk["kty"] in ("RSA", "EC") and "d" in jwk:
                yield octets(jwk["d"]).lstrip(b"\0")
            elif "d" in jwk:
                yield octets(jwk["d"])
        except Exception:
            continue


def main():
    known = set()
    out = pathlib.Path(__file__).with_name("published_keys.txt")
    if out.exists():
        known = {line.split("\t")[0] for line in out.read_text().splitlines()}
    for argument in sys.argv[1:]:
        source, _, path = argument.partition("=")
        path = pathlib.Path(path).expanduser()
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and p.stat().st_size < 2_000_000)
        for file in files:
            text = file.read_text(errors="replace")
            if "PRIVATE KEY" not in text and '"kty"' not in text:
                continue
            for octets in [*pem_rows(text), *jwk_rows(text)]:
                row = hashlib.sha256(octets).hexdigest()
                # an `oct` of a few bytes is a placeholder and no key
                if len(octets) >= 16 and row not in known:
                    known.add(row)
                    print(f"{row}\t{source}")


if __name__ == "__main__":
    main()
