#!/usr/bin/env python3
"""check_consumers.py HARDEN TOOLS [PROJECT]: real servers and clients start with what `harden fix` wrote.

PROJECT (else fixtures/projects/media-portal), and a small shop for the drivers of Node and of Python, are copied and fixed (`--apply --include
review --emit plain`). For each of their env files with a URL of PostgreSQL or Redis that changed: PostgreSQL and Redis are initialised from POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and
REDIS_PASSWORD as their images do it, with TLS and a certificate for the host of the URL, made for this run, and nothing else listens; then
psql, redis-cli, pg and ioredis of Node, psycopg2 and redis of Python log in with the URL, at that very host name and port. The old password
must be refused, and so must a server with another CA where the URL verifies. redis-server starts with the patched redis.conf of
fixtures/projects/clinic. Keys: Django's deployment check, Laravel's Encrypter and Rails' own length checks take what is generated for them.

Everything runs in a network and mount namespace of its own (names resolve to 127.0.0.1 there), the servers as the user `nobody`, in a
temporary folder. Needs root, unshare, openssl, PostgreSQL, redis-server, node; in the folder TOOLS, made by `--install TOOLS`, the packages of
pip, npm, composer and gem; Debian's php-illuminate-encryption and ruby-activesupport do as well. What is missing is said, and left out. Exits 1 on any fault. No value is ever printed.
"""

import collections
import glob
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARK = "HARDEN_CONSUMERS_INSIDE"
LIBPQ = {"sslmode", "connect_timeout", "application_name", "target_session_attrs", "options"}
NODE = """
const [kind, url] = [process.argv[2], process.env.THE_URL];
const fail = (e) => { console.error(e.code || e.name); process.exit(1); };
if (kind === 'pg') {
  const { Client } = require('pg');
  const client = new Client({ connectionString: url });
  client.connect().then(() => client.query('select 1')).then(() => process.exit(0), fail);
} else {
  const Redis = require('ioredis');
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on('error', () => {});
  client.connect().then(() => client.set('a', '1')).then(() => process.exit(0), fail);
}
"""
PYTHON = """
import os, sys
if sys.argv[1] == 'psycopg2':
    import psycopg2
    psycopg2.connect(os.environ['THE_URL']).cursor().execute('select 1')
else:
    import redis
    redis.from_url(os.environ['THE_URL']).set('a', '1')
"""
SHOP = """POSTGRES_USER=shop
POSTGRES_PASSWORD=changeme
POSTGRES_DB=shop
DATABASE_URL=postgresql://shop:changeme@db.shop.example:5432/shop
REDIS_PASSWORD=changeme
REDIS_URL=redis://:changeme@cache.shop.example:6379/0
"""
DJANGO = """
import os, sys
from django.conf import settings
settings.configure(SECRET_KEY=os.environ['KEY'], DEBUG=False, ALLOWED_HOSTS=['a.example'])
import django
from django.core import checks
django.setup()
found = [c.id for c in checks.run_checks(include_deployment_checks=True)]
sys.exit('security.W009' in found)
"""
LARAVEL = """<?php
require getenv('AUTOLOAD');
$key = base64_decode(substr(getenv('KEY'), 7), true);
if (!str_starts_with(getenv('KEY'), 'base64:') || !Illuminate\\Encryption\\Encrypter::supported($key, 'aes-256-cbc')) exit(1);
$encrypter = new Illuminate\\Encryption\\Encrypter($key, 'aes-256-cbc');
exit($encrypter->decryptString($encrypter->encryptString('a')) === 'a' ? 0 : 1);
"""
RAILS = """
require 'active_support'
require 'active_support/message_encryptor'
require 'active_support/key_generator'
require 'active_support/encrypted_file'
require 'tempfile'
base, master = ENV['KEY'], ENV['MASTER']
# what rails says of a secret_key_base: at least 30 characters, and more is advised
exit 1 unless base.length >= 64
key = ActiveSupport::KeyGenerator.new(base, iterations: 1000).generate_key('a', ActiveSupport::MessageEncryptor.key_len)
encryptor = ActiveSupport::MessageEncryptor.new(key)
exit 2 unless encryptor.decrypt_and_verify(encryptor.encrypt_and_sign('a')) == 'a'
Dir.mktmpdir do |dir|
  file = ActiveSupport::EncryptedFile.new(content_path: dir + '/c', key_path: dir + '/k', env_key: 'MASTER', raise_if_missing_key: true)
  file.write('a')
  exit 3 unless file.read == 'a'
end
"""


def install(tools):
    tools.mkdir(parents=True, exist_ok=True)
    steps = [
        ([sys.executable, "-m", "venv", tools / "python"], "python3"),
        ([tools / "python/bin/pip", "install", "-q", "psycopg2-binary", "redis", "django", "python-dotenv"], "python3"),
        (["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", tools / "node", "pg", "ioredis"], "npm"),
        (["composer", "require", "--quiet", "--no-interaction", f"--working-dir={tools / 'php'}", "illuminate/encryption", "illuminate/support"], "composer"),
        (["gem", "install", "--silent", "--no-document", "--install-dir", tools / "ruby", "activesupport"], "gem"),
    ]
    (tools / "php").mkdir(exist_ok=True)
    (tools / "node").mkdir(exist_ok=True)
    for words, program in steps:
        if shutil.which(program) is None:
            print(f"left out: {program} is not there")
            continue
        done = subprocess.run(words, env={**os.environ, "COMPOSER_ALLOW_SUPERUSER": "1"}, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"left out: {program} ends with {done.returncode}")


class Bench:
    """Servers, certificates, and what came of the clients."""

    def __init__(self, harden, tools, room):
        self.harden, self.tools, self.room = harden, tools, room
        self.faults, self.counts, self.left = [], collections.Counter(), []
        self.nobody = pwd.getpwnam("nobody")
        self.running = []
        os.chmod(room, 0o755)
        self.ca = room / "ca.pem"

    def fix(self, source, *words):
        desk = pathlib.Path(tempfile.mkdtemp(dir=self.room))
        shutil.copytree(source, desk / "project")
        env = {"PATH": os.environ["PATH"], "HOME": str(desk), "LANG": "C.UTF-8"}
        done = subprocess.run(
            [self.harden, "fix", "--apply", "--emit", "plain", "--allow-dirty", *words, "."],
            cwd=desk / "project",
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        if done.returncode:
            self.faults.append(f"fix ends with {done.returncode}: {done.stderr.decode()[-200:]}")
        return desk / "project"

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.room, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def certificates(self, hosts):
        for name in ("ca", "other"):
            self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
        names = ",".join(f"DNS:{host}" for host in sorted(hosts))
        (self.room / "names").write_text(f"subjectAltName={names}\n")
        self.openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "server.pem", "-days", "2", "-extfile", "names")
        for name in ("server.key", "server.pem"):
            os.chown(self.room / name, self.nobody.pw_uid, self.nobody.pw_gid)
            os.chmod(self.room / name, 0o600)

    def as_nobody(self, words, **more):
        prefix = ["setpriv", f"--reuid={self.nobody.pw_uid}", f"--regid={self.nobody.pw_gid}", "--clear-groups"]
        return {"args": [*prefix, *map(str, words)], "env": {"PATH": os.environ["PATH"], "HOME": str(self.room), "LC_ALL": "C.UTF-8"}, "cwd": "/", **more}

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.room))
        os.chown(folder, self.nobody.pw_uid, self.nobody.pw_gid)
        return folder

    def write(self, folder, name, text):
        file = folder / name
        file.write_text(text)
        os.chown(file, self.nobody.pw_uid, self.nobody.pw_gid)
        os.chmod(file, 0o600)
        return file

    def start(self, words, port):
        log = open(self.folder() / "log", "w+b")
        server = subprocess.Popen(**self.as_nobody(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        self.running.append(server)
        for _ in range(200):
            if server.poll() is not None:
                log.seek(0)
                raise RuntimeError(f"{words[0]} did not start: {log.read().decode(errors='replace')[-300:]}")
            if subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"], capture_output=True).returncode == 0:
                return server
            time.sleep(0.05)
        raise RuntimeError(f"{words[0]} does not listen")

    def stop(self):
        for server in self.running:
            server.terminate()
        for server in self.running:
            server.wait()
        self.running = []

    def postgres(self, user, password, database, port, tls):
        bins = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        folder = self.folder()
        word = self.write(folder, "word", password)
        init = [f"{bins}/initdb", "-D", folder / "data", "-U", user, "--pwfile", word, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        subprocess.run(**self.as_nobody(init, check=True, stdin=subprocess.DEVNULL, capture_output=True))
        self.write(folder / "data", "pg_hba.conf", f"local all all trust\n{'hostssl' if tls else 'host'} all all all scram-sha-256\n")
        settings = {"listen_addresses": "127.0.0.1", "ssl": "on", "ssl_cert_file": self.room / "server.pem", "ssl_key_file": self.room / "server.key", "fsync": "off"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.start([f"{bins}/postgres", "-D", folder / "data", "-p", port, "-k", folder, *words], port)
        if database != "postgres":
            made = self.as_nobody([f"{bins}/createdb", "-h", folder, "-p", port, "-U", user, database], stdin=subprocess.DEVNULL, capture_output=True)
            for _ in range(50):
                if subprocess.run(**made).returncode == 0:
                    break
                time.sleep(0.1)

    def redis(self, lines, port, tls):
        folder = self.folder()
        listen = [f"tls-port {port}", "port 0", f"tls-cert-file {self.room}/server.pem", f"tls-key-file {self.room}/server.key", f"tls-ca-cert-file {self.ca}", "tls-auth-clients no"]
        text = "\n".join([*lines, *(listen if tls else [f"port {port}"]), f"dir {folder}", 'save ""', "bind 127.0.0.1"])
        self.start(["redis-server", self.write(folder, "conf", text + "\n")], port)

    def client(self, name, url, ca=None):
        """Whether it logs in; `None` where it is not installed."""
        ca = ca or self.ca
        env = {"PATH": os.environ["PATH"], "HOME": str(self.room), "THE_URL": url, "PGCONNECT_TIMEOUT": "5"}
        # where the plan says that the drivers look for it
        env |= {"PGSSLROOTCERT": str(ca), "SSL_CERT_FILE": str(ca)}
        python = self.tools / "python/bin/python"
        if name == "psql":
            words = ["psql", "-d", libpq(url), "-Atc", "select 1"]
        elif name == "redis-cli":
            # 7.0 takes the empty user of `redis://:password@` for a name
            words = ["redis-cli", "--no-auth-warning", "-u", re.sub("://:", "://default:", url), *(["--cacert", str(ca)] if url.startswith("rediss") else []), "-e", "set", "a", "1"]
        elif name in ("pg", "ioredis"):
            if not (self.tools / "node/node_modules" / name).is_dir():
                return None
            words = ["node", str(self.write(self.folder(), "client.js", NODE)), name]
            env |= {"NODE_PATH": str(self.tools / "node/node_modules"), "NODE_EXTRA_CA_CERTS": str(ca)}
        else:
            if not python.exists():
                return None
            words = [str(python), "-c", PYTHON, name]
            env["THE_URL"] = libpq(url) if name == "psycopg2" else url
        if shutil.which(words[0]) is None:
            return None
        done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        return done.returncode == 0

    def log_in(self, where, clients, new, old, verifies):
        for name in clients:
            outcome = self.client(name, new)
            if outcome is None:
                self.left.append(f"{name}: not installed")
                continue
            self.counts["logins"] += 1
            if not outcome:
                self.faults.append(f"{where}: {name} cannot log in with the patched URL")
            if self.client(name, with_password_of(new, old)):
                self.faults.append(f"{where}: {name} still logs in with the old password")
            if verifies and self.client(name, new, self.room / "other.pem"):
                self.faults.append(f"{where}: {name} takes a server of another CA")

    def key(self, name, words, env):
        if words is None:
            self.left.append(f"{name}: not installed")
            return
        done = subprocess.run(words, env={"PATH": os.environ["PATH"], "HOME": str(self.room), **env}, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.counts["keys"] += 1
        if done.returncode:
            last = done.stderr.decode(errors="replace").splitlines()[-1:] or ["nothing is said"]
            self.faults.append(f"{name} does not take the generated key ({done.returncode}): {re.sub(r'[A-Za-z0-9+/=_-]{16,}', '…', last[0])[:160]}")


def libpq(url):
    """A URL without what only other drivers take: libpq refuses unknown parameters."""
    parts = urllib.parse.urlsplit(url)
    kept = [(k, v) for k, v in urllib.parse.parse_qsl(parts.query) if k in LIBPQ]
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(kept)))


def with_password_of(new, old):
    a, b = urllib.parse.urlsplit(new), urllib.parse.urlsplit(old)
    return urllib.parse.urlunsplit(a._replace(netloc=f"{a.username or ''}:{b.password}@{a.hostname}:{a.port or ''}".rstrip(":")))


def env_of(file):
    from dotenv import dotenv_values

    return {k: v or "" for k, v in dotenv_values(file, interpolate=False).items()}


def urls(old, new):
    """Kind, old and new of the URLs with a password that changed."""
    for name, value in new.items():
        if m := re.match(r"(postgres|rediss?)\w*://", value):
            before, after = urllib.parse.urlsplit(old.get(name, "")), urllib.parse.urlsplit(value)
            if before.password and after.password and before.password != after.password and "$" not in value:
                yield "postgres" if m[1] == "postgres" else "redis", old[name], value


def shops(room):
    """Projects whose manifests say which driver reads the URLs, so that `fix` makes them verify."""
    for name, manifest, text in (
        ("node", "package.json", '{"dependencies": {"pg": "^8", "ioredis": "^5"}}\n'),
        ("python", "requirements.txt", "psycopg2-binary\nredis\n"),
    ):
        folder = room / f"shop-{name}"
        folder.mkdir()
        (folder / manifest).write_text(text)
        (folder / ".env.production").write_text(SHOP)
        yield folder


def servers(bench, sources):
    found = []
    for source in sources:
        project = bench.fix(source, "--include", "review")
        for file in sorted(project.rglob("*")):
            if not file.is_file() or "env" not in file.name:
                continue
            before, after = env_of(source / file.relative_to(project)), env_of(file)
            found += [(f"{source.name}/{file.relative_to(project)}", after, *one) for one in urls(before, after)]
    hosts = {urllib.parse.urlsplit(new).hostname for *_, new in found}
    with open(bench.room / "hosts", "w") as file:
        file.write("".join(f"127.0.0.1 {host}\n" for host in {*hosts, "localhost"}))
    subprocess.run(["mount", "--bind", bench.room / "hosts", "/etc/hosts"], check=True)
    bench.certificates(hosts | {"localhost"})
    for where, env, kind, old, new in found:
        parts = urllib.parse.urlsplit(new)
        bench.counts["URLs"] += 1
        if kind == "postgres":
            user, database = env.get("POSTGRES_USER", parts.username), env.get("POSTGRES_DB", parts.path.lstrip("/"))
            bench.postgres(user, env.get("POSTGRES_PASSWORD", parts.password), database, parts.port or 5432, re.search("sslmode=(require|verify)", parts.query))
            sure = "verify" in parts.query
            bench.counts["verified URLs"] += sure
            bench.log_in(where, ["psql", "psycopg2"], new, old, sure)
            bench.log_in(where, ["pg"], new, old, sure or "sslaccept=strict" in parts.query)
        else:
            tls = parts.scheme == "rediss"
            bench.counts["verified URLs"] += tls
            bench.redis([f"requirepass {env.get('REDIS_PASSWORD', parts.password)}"], parts.port or 6379, tls)
            bench.log_in(where, ["redis-cli", "ioredis", "redis"], new, old, tls)
        bench.stop()
    if not found:
        bench.faults.append("no env file has a URL that changed")


def redis_conf(bench):
    source = ROOT / "fixtures/projects/clinic"
    project = bench.fix(source)
    lines = (project / "conf/redis.conf").read_text().splitlines()
    word = next(line for line in (project / "conf/application-prod.properties").read_text().splitlines() if "redis.password" in line).split(":", 1)[1]
    bench.redis([line for line in lines if not line.startswith(("bind", "port"))], 6379, False)
    bench.log_in("clinic", ["redis-cli"], f"redis://:{word}@localhost:6379", "redis://:foobared@localhost:6379", False)
    bench.stop()


def first(*paths):
    return next((pathlib.Path(path) for path in paths if pathlib.Path(path).exists()), None)


def keys(bench):
    desk = bench.room / "keys"
    desk.mkdir()
    (desk / ".env").write_text("DJANGO_SECRET_KEY=django-insecure-changeme\nAPP_KEY=base64:Y2hhbmdlbWU=\nSECRET_KEY_BASE=changeme\nRAILS_MASTER_KEY=changeme\n")
    project = bench.fix(desk, "--promote", "production")
    made = env_of(project / ".env.production")
    python = bench.tools / "python/bin/python"
    autoload = first(bench.tools / "php/vendor/autoload.php", "/usr/share/php/Illuminate/Encryption/autoload.php")
    gems = first(bench.tools / "ruby", *glob.glob("/usr/share/rubygems-integration/*/gems/activesupport-*"))
    bench.key("Django", [python, "-c", DJANGO] if python.exists() else None, {"KEY": made["DJANGO_SECRET_KEY"]})
    script = bench.room / "laravel.php"
    script.write_text(LARAVEL)
    bench.key("Laravel", ["php", script] if autoload else None, {"KEY": made["APP_KEY"], "AUTOLOAD": str(autoload)})
    env = {"KEY": made["SECRET_KEY_BASE"], "MASTER": made["RAILS_MASTER_KEY"]}
    own = {"GEM_PATH": str(gems), "GEM_HOME": str(gems)} if gems and gems.is_relative_to(bench.tools) else {}
    bench.key("Rails", ["ruby", "-e", RAILS] if gems and shutil.which("ruby") else None, env | own)


def main():
    if sys.argv[1:2] == ["--install"] and len(sys.argv) == 3:
        install(pathlib.Path(sys.argv[2]).resolve())
        return
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    tools = pathlib.Path(sys.argv[2]).resolve()
    if MARK not in os.environ:
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            sys.exit("check_consumers: needs root and unshare")
        python = tools / "python/bin/python"
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "-n", "-m", "--", str(python if python.exists() else sys.executable), *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    source = pathlib.Path(sys.argv[3] if len(sys.argv) == 4 else ROOT / "fixtures/projects/media-portal").resolve()
    with tempfile.TemporaryDirectory() as room:
        bench = Bench(os.path.abspath(sys.argv[1]), tools, pathlib.Path(room))
        try:
            servers(bench, [source, *shops(bench.room)])
            redis_conf(bench)
            keys(bench)
        finally:
            bench.stop()
    for line in sorted(set(bench.left)):
        print(f"left out: {line}")
    for line in bench.faults:
        print(f"fault: {line}")
    order = ("URLs", "verified URLs", "logins", "keys")
    print("check_consumers: " + ", ".join(f"{bench.counts[name]} {name}" for name in order) + f", {len(bench.faults)} faults")
    sys.exit(bool(bench.faults))


if __name__ == "__main__":
    main()
