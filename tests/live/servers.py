#!/usr/bin/env python3
"""Starts real servers on private ports, with TLS certificates made for the run, and stops them: for tests.

    servers.py [--in DIR] NAME...        postgres mariadb redis redis-bare rabbitmq slapd

When all of them answer, one line of JSON says where: ports, folder, certificates, accounts, logs. Then it reads commands from standard input, one a
line, and answers each with `ok` or `failed: ...`:

    cert NAME VARIANT     the server shows another certificate from now on: good, self, ca (the usual `openssl req -x509`), expired, soon, name,
                          or off for none at all (postgres and mariadb)
    restart NAME          stops and starts it on the same data

At the end of standard input everything is stopped and the folder is removed. As root it runs the servers as `nobody`. Needs the Debian packages
postgresql, mariadb-server, redis-server, rabbitmq-server, slapd (those that are named), and openssl. What they log is as much as they can: statements,
general log, MONITOR.
"""

import argparse
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
PASSWORDS = {"admin": "Adm1n-of-the-run", "app": "0ld-passw0rd-of-app"}


def as_nobody():
    """For preexec_fn: what is started is a group of its own, and not root."""
    os.setsid()
    if ROOT:
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*command, **more):
    """Runs to the end as nobody; its output is shown when it fails."""
    more.setdefault("timeout", 180)
    done = subprocess.run(command, preexec_fn=as_nobody, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise SystemExit(f"servers: {command[0]} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def wait(what, test, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if test():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"servers: {what} does not answer")


def listens(port):
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


class Certificates:
    """An authority, and the leaves that servers show. `self` signed itself; `ca` did so and is an authority."""

    VARIANTS = ("good", "self", "ca", "expired", "soon", "name")

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        if ROOT:
            os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        self.ca = folder / "authority.crt"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "400", "-subj", "/CN=harden test authority",
                      "-keyout", folder / "authority.key", "-out", self.ca)
        self._write("index.txt", "")
        self._write("serial", "1000\n")
        self._write("ca.cnf", f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\ndefault_md=sha256\n"
                              "policy=p\nunique_subject=no\ncopy_extensions=none\n[p]\ncommonName=supplied\n")
        for variant in self.VARIANTS:
            self._leaf(variant)

    def _write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        if ROOT:
            os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
        return path

    def _openssl(self, *words):
        run("openssl", *map(str, words), cwd=self.folder)

    def _leaf(self, variant):
        key, crt = self.folder / f"{variant}.key", self.folder / f"{variant}.crt"
        san = "DNS:elsewhere.internal" if variant == "name" else f"DNS:localhost,DNS:{socket.gethostname()},IP:127.0.0.1"
        made = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={variant}.internal", "-keyout", key]
        if variant in ("self", "ca"):
            self._openssl(*made, "-x509", "-days", "90", "-addext", f"subjectAltName={san}",
                          *(["-addext", "basicConstraints=critical,CA:FALSE"] if variant == "self" else []), "-out", crt)
            return
        extensions = self._write(f"{variant}.ext", f"subjectAltName={san}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n")
        csr = self.folder / f"{variant}.csr"
        self._openssl(*made, "-out", csr)
        begin, end = {"expired": (-40, -3), "soon": (-1, 10)}.get(variant, (-1, 90))
        when = lambda days: time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))
        self._openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.cnf", "-cert", self.ca, "-keyfile", self.folder / "authority.key", "-in", csr,
                      "-out", crt, "-startdate", when(begin), "-enddate", when(end), "-extfile", extensions)

    def show(self, variant, folder):
        """What a server shows is `server.crt` and `server.key` in its folder."""
        for kind, mode in (("crt", 0o644), ("key", 0o600)):
            target = folder / f"server.{kind}"
            target.write_bytes((self.folder / f"{variant}.{kind}").read_bytes())
            target.chmod(mode)
            if ROOT:
                os.chown(target, NOBODY.pw_uid, NOBODY.pw_gid)


class Server:
    STOP = signal.SIGTERM

    def __init__(self, folder, certificates):
        self.folder, self.certificates = folder, certificates
        folder.mkdir()
        if ROOT:
            os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        certificates.show("good", folder)
        self.child = None
        self.port = free_port()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}

    def spawn(self, *command):
        log = open(self.folder / "server.log", "ab")
        self.child = subprocess.Popen([str(c) for c in command], preexec_fn=as_nobody, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                      cwd=self.folder)

    def stop(self):
        if self.child and self.child.poll() is None:
            os.killpg(self.child.pid, self.STOP)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()

    def put(self, name, text):
        path = self.folder / name
        path.write_text(text)
        if ROOT:
            os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
        return path

    def restart(self):
        self.stop()
        self.start()

    def forget(self):
        """What was logged when the accounts were made is no part of what is looked for."""
        for log in self.told()["logs"]:
            os.truncate(log, 0)

    def told(self):
        return {"port": self.port, "folder": str(self.folder), "logs": [str(self.folder / "server.log")]}


class Postgres(Server):
    """`admin` is superuser, `app` owns the database `app` and is a member of `readers`; both log in with SCRAM."""

    # does not wait for sessions
    STOP = signal.SIGINT

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            raise SystemExit("servers: no PostgreSQL: apt-get install postgresql")
        self.bin = found[-1]
        secret = self.put("admin.password", PASSWORDS["admin"])
        run(self.bin / "initdb", "-D", folder / "data", "-U", "admin", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8", cwd=folder)
        (folder / "data" / "postgresql.conf").open("a").write(
            f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{folder}'\nssl=on\nssl_cert_file='{folder}/server.crt'\n"
            f"ssl_key_file='{folder}/server.key'\nlog_statement=all\nlog_min_duration_statement=0\nlog_connections=on\nlog_error_verbosity=verbose\n"
            "log_min_messages=debug2\nfsync=off\nshared_buffers=16MB\n")
        self.start()
        self.sql("CREATE ROLE readers; CREATE ROLE app LOGIN IN ROLE readers PASSWORD '%s'" % PASSWORDS["app"], "CREATE DATABASE app OWNER app")

    def start(self):
        self.spawn(self.bin / "postgres", "-D", self.folder / "data")
        ready = [self.bin / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)]
        wait("postgres", lambda: subprocess.run(ready).returncode == 0)

    def sql(self, *statements):
        env = {**self.env, "PGPASSWORD": PASSWORDS["admin"]}
        for statement in statements:
            run(self.bin / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U", "admin", "-d", "postgres", "-c",
                statement, env=env, cwd=self.folder)

    def cert(self, variant):
        if variant != "off":
            self.certificates.show(variant, self.folder)
        self.sql(f"ALTER SYSTEM SET ssl = {'off' if variant == 'off' else 'on'}")
        self.restart()


class MariaDb(Server):
    """`admin`@`%` may do all, `app`@`localhost` and `app`@`%` are two accounts of one password; database `app`."""

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        self.tls = True
        run("mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", "--auth-root-authentication-method=normal", "--skip-test-db",
            "--innodb-use-native-aio=0", cwd=folder,
            env=self.env)
        self.start()
        self.sql("CREATE DATABASE app; CREATE USER app@'%%' IDENTIFIED BY '%(app)s'; CREATE USER app@localhost IDENTIFIED BY '%(app)s';"
                 "GRANT ALL ON app.* TO app@'%%'; GRANT ALL ON app.* TO app@localhost;"
                 "CREATE USER admin@'%%' IDENTIFIED BY '%(admin)s'; GRANT ALL ON *.* TO admin@'%%' WITH GRANT OPTION" % PASSWORDS)

    def start(self):
        tls = [f"--ssl-cert={self.folder}/server.crt", f"--ssl-key={self.folder}/server.key"] if self.tls else ["--skip-ssl"]
        self.spawn("mariadbd", "--no-defaults", f"--datadir={self.folder}/data", f"--socket={self.folder}/s.sock", f"--port={self.port}",
                   "--bind-address=127.0.0.1", f"--pid-file={self.folder}/pid", f"--tmpdir={self.folder}", "--general-log",
                   f"--general-log-file={self.folder}/general.log", "--log-warnings=9", "--innodb-buffer-pool-size=32M",
                   "--innodb-use-native-aio=0", *tls)
        wait("mariadb", lambda: (self.folder / "s.sock").exists() and listens(self.port))

    def sql(self, statement):
        run("mariadb", "--no-defaults", f"--socket={self.folder}/s.sock", "-uroot", "-e", statement, env=self.env, cwd=self.folder)

    def cert(self, variant):
        self.tls = variant != "off"
        if self.tls:
            self.certificates.show(variant, self.folder)
        self.restart()

    def told(self):
        log = self.folder / "general.log"
        return {**super().told(), "logs": [str(log), str(self.folder / "server.log")]}


class Redis(Server):
    """A port in the open and one with TLS; the default user and `app` have a password each. MONITOR runs all the time."""

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        self.tls_port, self.monitor = free_port(), None
        self.put("redis.conf", f"port {self.port}\ntls-port {self.tls_port}\nbind 127.0.0.1\ndir {folder}\ntls-cert-file {folder}/server.crt\n"
                               f"tls-key-file {folder}/server.key\ntls-ca-cert-file {certificates.ca}\ntls-auth-clients no\nloglevel debug\nsave \"\"\n"
                               f"requirepass {PASSWORDS['admin']}\nuser app on >{PASSWORDS['app']} ~app:* +@read +@write +ping +auth +acl|whoami\n")
        self.start()

    def start(self):
        self.spawn("redis-server", self.folder / "redis.conf")
        wait("redis", lambda: listens(self.port) and listens(self.tls_port))
        with open(self.folder / "monitor.log", "ab") as log:
            begun = log.tell()
            env = {**self.env, "REDISCLI_AUTH": PASSWORDS["admin"]}
            self.monitor = subprocess.Popen(["redis-cli", "-p", str(self.port), "monitor"], preexec_fn=as_nobody, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=env, cwd=self.folder)
        # after a rotation it may not log in; then there is nothing to watch
        wait("monitor", lambda: (self.folder / "monitor.log").stat().st_size > begun)

    def stop(self):
        if self.monitor:
            self.monitor.kill()
            self.monitor.wait()
        super().stop()

    def cert(self, variant):
        self.certificates.show(variant, self.folder)
        self.restart()

    def told(self):
        told = super().told()
        return {**told, "tls_port": self.tls_port, "logs": told["logs"] + [str(self.folder / "monitor.log")], "config": str(self.folder / "redis.conf")}


class RedisBare(Server):
    """As most Compose files start it: the password on the command line, and no file to write anything down in."""

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        self.tls_port = free_port()
        self.start()

    def start(self):
        words = {"port": self.port, "tls-port": self.tls_port, "bind": "127.0.0.1", "dir": self.folder, "tls-cert-file": f"{self.folder}/server.crt",
                 "tls-key-file": f"{self.folder}/server.key", "tls-ca-cert-file": self.certificates.ca, "tls-auth-clients": "no",
                 "requirepass": PASSWORDS["admin"]}
        self.spawn("redis-server", *[word for name, value in words.items() for word in (f"--{name}", str(value))])
        wait("redis", lambda: listens(self.port) and listens(self.tls_port))

    def told(self):
        return {**super().told(), "tls_port": self.tls_port}


class RabbitMq(Server):
    """AMQP and the management interface, each in the open and with TLS. `admin` is administrator, `app` has the tag `monitoring`."""

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        found = sorted(pathlib.Path("/usr/lib/rabbitmq/lib").glob("*/sbin"))
        if not found:
            raise SystemExit("servers: no RabbitMQ: apt-get install rabbitmq-server")
        self.bin = found[-1]
        self.tls_port, self.api, self.api_tls, epmd = free_port(), free_port(), free_port(), free_port()
        tls = "".join(f"{p}.{k} = {v}\n" for p in ("ssl_options", "management.ssl") for k, v in
                      (("cacertfile", certificates.ca), ("certfile", folder / "server.crt"), ("keyfile", folder / "server.key")))
        self.put("rabbitmq.conf", f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlisteners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
                                  f"management.tcp.port = {self.api}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.ssl.port = {self.api_tls}\n"
                                  f"management.ssl.ip = 127.0.0.1\n{tls}log.console = true\nlog.console.level = debug\nlog.file = false\n"
                                  f"default_user = admin\ndefault_pass = {PASSWORDS['admin']}\ndefault_user_tags.administrator = true\n"
                                  "loopback_users = none\n")
        self.put("plugins", "[rabbitmq_management].\n")
        self.env |= {"RABBITMQ_NODENAME": f"harden{self.port}@localhost", "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"), "ERL_EPMD_PORT": str(epmd),
                     "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_DIST_PORT": str(free_port()),
                     "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"), "RABBITMQ_CONF_ENV_FILE": str(folder / "none"), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        self.start()
        for words in (["add_user", "app", PASSWORDS["app"]], ["set_user_tags", "app", "monitoring"], ["set_permissions", "app", ".*", ".*", ".*"]):
            run(self.bin / "rabbitmqctl", "-q", *words, env=self.env, cwd=self.folder)

    def start(self):
        self.spawn(self.bin / "rabbitmq-server")
        wait("rabbitmq", lambda: listens(self.port) and listens(self.api) and listens(self.api_tls))

    def stop(self):
        super().stop()
        # the mapper of ports outlives the node; it is ours alone, by its port
        subprocess.run(["epmd", "-kill"], env={**self.env}, preexec_fn=as_nobody, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cert(self, variant):
        self.certificates.show(variant, self.folder)
        self.restart()

    def told(self):
        return {**super().told(), "tls_port": self.tls_port, "api": self.api, "api_tls": self.api_tls}


class Slapd(Server):
    """LDAP with StartTLS on one port, and with TLS from the first byte on another."""

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        self.tls_port = free_port()
        (folder / "db").mkdir()
        if ROOT:
            os.chown(folder / "db", NOBODY.pw_uid, NOBODY.pw_gid)
        self.put("slapd.conf", f"include /etc/ldap/schema/core.schema\nTLSCertificateFile {folder}/server.crt\nTLSCertificateKeyFile {folder}/server.key\n"
                               f"TLSCACertificateFile {certificates.ca}\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nsuffix dc=app\n"
                               f"directory {folder}/db\n")
        self.start()

    def start(self):
        self.spawn("slapd", "-d", "0", "-f", self.folder / "slapd.conf", "-h", f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}")
        wait("slapd", lambda: listens(self.port) and listens(self.tls_port))

    def cert(self, variant):
        self.certificates.show(variant, self.folder)
        self.restart()

    def told(self):
        return {**super().told(), "tls_port": self.tls_port}


KINDS = {"postgres": Postgres, "mariadb": MariaDb, "redis": Redis, "redis-bare": RedisBare, "rabbitmq": RabbitMq, "slapd": Slapd}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in", dest="folder", metavar="DIR", help="keep everything in this new folder, and leave it there")
    parser.add_argument("names", nargs="+", metavar="NAME", choices=KINDS)
    args = parser.parse_args()
    # short: the path of a Unix socket has at most 107 bytes
    folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="hs-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    if ROOT:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    servers = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        certificates = Certificates(folder / "tls")
        for name in args.names:
            servers[name] = KINDS[name](folder / name, certificates)
            servers[name].forget()
        told = {name: server.told() for name, server in servers.items()}
        variants = {v: str(certificates.folder / f"{v}.crt") for v in Certificates.VARIANTS}
        print(json.dumps({"folder": str(folder), "ca": str(certificates.ca), "certificates": variants, "passwords": PASSWORDS, "servers": told}), flush=True)
        for line in sys.stdin:
            words = line.split()
            try:
                match words:
                    case ["cert", name, variant]:
                        servers[name].cert(variant)
                    case ["restart", name]:
                        servers[name].restart()
                    case _:
                        raise SystemExit("no such command")
                print("ok", flush=True)
            except (SystemExit, OSError, KeyError) as error:
                print("failed:", repr(error), flush=True)
    finally:
        for server in servers.values():
            server.stop()
        if not args.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
