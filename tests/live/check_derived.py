#!/usr/bin/env python3
"""check_derived.py HARDEN: what `harden fix` computes from a new secret, judged by PyJWT, argon2-cffi, bcrypt, OpenSSL and cryptography.

Each case is a small project that these programs made: a placeholder for a secret, and what is computed from it. After `fix --apply` every
token must verify under the new secret with the claims that it had, every hash be one of the new password with the parameters that it had or
better, every spelling decode to the new value, and every public key belong to the new private one, which must load. A second plan must find
nothing to do. Prints the faults and one line of counts; exits 1 on any fault. No value is printed.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import argon2
import bcrypt
import jwt
import yaml
from argon2.low_level import Type, hash_secret
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dotenv import dotenv_values

warnings.filterwarnings("ignore")  # PyJWT on short keys: that they are short is the point

WEAK = "your-super-secret-jwt-token-with-at-least-32-characters-long"
PASSWORD = "changeme"
CLAIMS = {"role": "anon", "iss": "kettle", "iat": 1641769200, "exp": 4102444800, "n": {"ü": [1, None, 2.5]}}
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
TRADITIONAL, CLEAR = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo

faults, checks = [], 0


def check(what, good):
    global checks
    checks += 1
    if not good:
        faults.append(what)


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fixed(harden, files, what):
    """The project after `fix`, as a folder; whatever is wrong with the run is a fault."""
    folder = pathlib.Path(tempfile.mkdtemp())
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    args = [harden, "fix", "--emit", "plain", "--include", "review"]
    run = lambda *more: subprocess.run([*args, *more], cwd=folder, capture_output=True, text=True, check=False)
    done = run("--apply", "--allow-dirty")
    check(f"{what}: applied", done.returncode == 0 and "computed from it" in done.stdout)
    check(f"{what}: nothing left", run().returncode == 0)
    return folder


def tokens(harden):
    for algorithm, least in [("HS256", 32), ("HS384", 48), ("HS512", 64)]:
        for decoded in (False, True):
            secret = b64(WEAK) if decoded else WEAK
            key = base64.b64decode(secret) if decoded else secret
            token = jwt.encode(CLAIMS, key, algorithm=algorithm, headers={"kid": "a"})
            old = jwt.encode(CLAIMS | {"exp": 1700000000}, key, algorithm=algorithm)
            files = {
                ".env": f"JWT_SECRET={secret}\nANON_KEY={token}\nSERVICE_ROLE_KEY='{old}'\nHEADER=\"apikey: {token}\"\n",
                "k8s/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\ndata:\n"
                f"  JWT_SECRET: {b64(secret)}\n  anon: {b64(token)}\n",
                "kong.yml": f"keys:\n- key: {token}\n",
            }
            what = f"{algorithm}{' decoded' if decoded else ''}"
            folder = fixed(harden, files, what)
            env = dotenv_values(folder / ".env")
            new = env["JWT_SECRET"]
            key = base64.b64decode(new, validate=True) if decoded else new
            check(f"{what}: length", new != secret and len(key) >= least)
            data = yaml.safe_load((folder / "k8s/secret.yaml").read_text())["data"]
            check(f"{what}: the manifest's secret", base64.b64decode(data["JWT_SECRET"]).decode() == new)
            kong = yaml.safe_load((folder / "kong.yml").read_text())["keys"][0]["key"]
            every = [env["ANON_KEY"], env["HEADER"].removeprefix("apikey: "), base64.b64decode(data["anon"]).decode(), kong]
            for got in every:
                check(f"{what}: claims", jwt.decode(got, key, algorithms=[algorithm]) == CLAIMS)
                check(f"{what}: bytes", got.rsplit(".", 1)[0] == token.rsplit(".", 1)[0] and got != token)
            got = env["SERVICE_ROLE_KEY"]
            check(f"{what}: expired", jwt.decode(got, key, algorithms=[algorithm], options={"verify_exp": False})["exp"] == 1700000000)


def spellings(harden):
    forms = {
        "BASE64": (b64, lambda t: base64.b64decode(t, validate=True).decode()),
        "B64": (lambda t: b64(t + "\n"), lambda t: base64.b64decode(t, validate=True).decode().removesuffix("\n")),
        "B64URL": (lambda t: b64url(t.encode()), lambda t: unb64url(t).decode()),
        "HEX": (lambda t: t.encode().hex(), lambda t: bytes.fromhex(t).decode()),
    }
    lines = [f"JWT_SECRET={WEAK}"] + [f"JWT_SECRET_{name}={make(WEAK)}" for name, (make, _) in forms.items()]
    env = dotenv_values(fixed(harden, {".env": "\n".join(lines) + "\n"}, "spellings") / ".env")
    for name, (_, read) in forms.items():
        check(f"spelling {name}", read(env[f"JWT_SECRET_{name}"]) == env["JWT_SECRET"] != WEAK)


def scram(password, salt, rounds):
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    key = lambda name: hmac.new(salted, name, "sha256").digest()
    return f"SCRAM-SHA-256${rounds}:{b64(salt)}${b64(hashlib.sha256(key(b'Client Key')).digest())}:{b64(key(b'Server Key'))}"


def django(password, salt, rounds):
    return f"pbkdf2_sha256${rounds}${salt}${b64(hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), rounds))}"


def crypt(password, kind, salt):
    done = subprocess.run(["openssl", "passwd", f"-{kind}", "-salt", salt, "-stdin"], input=password, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def is_hash_of(text, password):
    fields = text.split("$")
    try:
        if fields[1].startswith("argon2"):
            return argon2.PasswordHasher().verify(text, password)
        if fields[1].startswith("2"):
            return bcrypt.checkpw(password.encode(), text.encode())
        if fields[1] in "56":
            rounds, salt = ([f for f in fields[2:-1] if f.startswith("rounds=")] or [""])[0], fields[-2]
            return crypt(password, fields[1], salt) == (text.replace(rounds + "$", "") if rounds == "rounds=5000" else text)
        if fields[0] == "pbkdf2_sha256":
            return django(password, fields[2], int(fields[1])) == text
        rounds, salt = fields[1].split(":")
        return scram(password, base64.b64decode(salt), int(rounds)) == text
    except (argon2.exceptions.VerificationError, ValueError):
        return False


def hashes(harden):
    argon = lambda *cost, kind=Type.ID: hash_secret(PASSWORD.encode(), b"somesaltsomesalt", *cost, 32, kind).decode()
    made = {
        "argon2id of Vaultwarden": (argon(3, 65540, 4), "$argon2id$v=19$m=65540,t=3,p=4$"),
        "argon2id, cheap": (argon(1, 4096, 1), "$argon2id$v=19$m=19456,t=2,p=1$"),
        "argon2i": (argon(2, 19456, 1, kind=Type.I), "$argon2i$v=19$m=19456,t=2,p=1$"),
        "bcrypt": (bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(11)).decode(), "$2b$11$"),
        "bcrypt, cheap": (bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5, b"2a")).decode(), "$2a$10$"),
        "SHA-256 of crypt": (crypt(PASSWORD, 5, "qT7vLx2m"), "$5$"),
        "SHA-512 of crypt": (crypt(PASSWORD, 6, "qT7vLx2m"), "$6$"),
        "Django": (django(PASSWORD, "qT7vLx2m", 36000), "pbkdf2_sha256$600000$"),
        "SCRAM": (scram(PASSWORD, b"0123456789abcdef", 4096), "SCRAM-SHA-256$4096:"),
    }
    for what, (text, start) in made.items():
        compose = (
            "services:\n  gate:\n    image: gate:1\n    environment:\n"
            f"      ADMIN_PASSWORD_HASH: \"{text.replace('$', '$$')}\"\n      ADMIN_USERS: 'ops:{text.replace('$', '$$')}'\n"
        )
        files = {".env": f"ADMIN_PASSWORD={PASSWORD}\nADMIN_PASSWORD_HASH='{text}'\n", "compose.yml": compose}
        folder = fixed(harden, files, what)
        env = dotenv_values(folder / ".env")
        gate = yaml.safe_load((folder / "compose.yml").read_text())["services"]["gate"]["environment"]
        single = lambda t: t.replace("$$", "\0").replace("$", "!").replace("\0", "$")
        for got in [env["ADMIN_PASSWORD_HASH"], single(gate["ADMIN_PASSWORD_HASH"]), single(gate["ADMIN_USERS"]).removeprefix("ops:")]:
            check(f"{what}: of the new password", got != text and is_hash_of(got, env["ADMIN_PASSWORD"]))
            check(f"{what}: not of the old one", not is_hash_of(got, PASSWORD))
            check(f"{what}: parameters", got.startswith(start))


def pairs(harden):
    made = {
        "Ed25519": (ed25519.Ed25519PrivateKey.generate(), PKCS8),
        "P-256": (ec.generate_private_key(ec.SECP256R1()), PKCS8),
        "P-256, SEC1": (ec.generate_private_key(ec.SECP256R1()), TRADITIONAL),
        "RSA": (rsa.generate_private_key(65537, 2048), PKCS8),
        "RSA, PKCS#1": (rsa.generate_private_key(65537, 2048), TRADITIONAL),
    }
    for what, (key, form) in made.items():
        private = key.private_bytes(PEM, form, CLEAR).decode()
        public = key.public_key().public_bytes(PEM, SPKI).decode()
        indent = "".join(f"    {line}\n" for line in private.splitlines())
        env = "JWT_PUBLIC_KEY=\"" + public.replace("\n", "\\n") + f"\"\nJWT_PUBLIC_KEY_BASE64={b64(public)}\n"
        shared = f"jwt:\n  private_key: |\n{indent}  ttl: 5\n"
        files = {
            "config/production.yaml": shared,
            "config/development.yaml": shared,  # a key that development has, too, is to be replaced
            ".env": env + f"JWT_PRIVATE_KEY_BASE64={b64(private)}\n",
            "public.json": json.dumps({"jwt_public_key": public}),
        }
        folder = fixed(harden, files, what)
        text = yaml.safe_load((folder / "config/production.yaml").read_text())["jwt"]
        new = serialization.load_pem_private_key(text["private_key"].encode(), None)
        check(f"{what}: the label stays", text["private_key"].splitlines()[0] == private.splitlines()[0] and text["ttl"] == 5)
        expected = new.public_key().public_bytes(PEM, SPKI).decode()
        check(f"{what}: new", expected != public)
        if isinstance(new, rsa.RSAPrivateKey):
            check(f"{what}: size", new.key_size == 3072)
        env = dotenv_values(folder / ".env")
        check(f"{what}: env", env["JWT_PUBLIC_KEY"].replace("\\n", "\n") == expected)
        check(f"{what}: base64", base64.b64decode(env["JWT_PUBLIC_KEY_BASE64"]).decode() == expected)
        check(f"{what}: base64 of the private half", base64.b64decode(env["JWT_PRIVATE_KEY_BASE64"]).decode().strip() == text["private_key"].strip())
        check(f"{what}: JSON", json.loads((folder / "public.json").read_text())["jwt_public_key"] == expected)
    vapid(harden)


def vapid(harden):
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_numbers().private_value.to_bytes(32, "big")
    point = lambda k: k.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    env = f"VAPID_PUBLIC_KEY={b64url(point(key.public_key()))}\nVAPID_PRIVATE_KEY={b64url(raw)}\n"
    folder = fixed(harden, {".env.production": env, ".env.development": env}, "VAPID")
    new = dotenv_values(folder / ".env.production")
    scalar = int.from_bytes(unb64url(new["VAPID_PRIVATE_KEY"]), "big")
    derived = ec.derive_private_key(scalar, ec.SECP256R1()).public_key()
    check("VAPID: pair", unb64url(new["VAPID_PUBLIC_KEY"]) == point(derived) != point(key.public_key()))
    forms = re.fullmatch(r"[\w-]{43}", new["VAPID_PRIVATE_KEY"]) and re.fullmatch(r"[\w-]{87}", new["VAPID_PUBLIC_KEY"])
    check("VAPID: form", forms is not None)


def main():
    harden = str(pathlib.Path(sys.argv[1]).resolve())
    for part in (tokens, spellings, hashes, pairs):
        part(harden)
    for fault in faults:
        print(fault)
    print(f"{checks} checks, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
