#!/usr/bin/env python3
"""Make words.txt: the dictionary against which the strength of a value is measured.

    words.py PATH/TO/zxcvbn-3.1.1/src/frequency_lists.rs > words.txt     make it
    words.py --measure words.txt                                         judge it

Source: the frequency lists of the Rust crate zxcvbn (MIT, see NOTICE): English Wikipedia, film and television subtitles, common
passwords, first names, surnames. Taken are the most frequent words of each that are [a-z]{4,16}; shorter ones come from the jargon
list alone, since three letters occur in any random key. The counts below were chosen by `--measure`: see README.md.
"""

import base64
import codecs
import random
import re
import string
import sys

# How many of each list, by rank.
TAKE = {
    "ENGLISH_WIKI": 8200,
    "US_TV_AND_FILM": 5500,
    "PASSWORDS": 2600,
    "FEMALE_NAMES": 700,
    "MALE_NAMES": 550,
    "SURNAMES": 750,
}

# Words of configuration and of people who write placeholders. They are taken whatever their rank and length.
JARGON = """
access account activemq admin administrator aes airflow alpine amazon amqp ansible apache api apikey app application apps args artifactory
asdf ask async auth authelia authentik authorization authtoken aws azure backend backup base bash bearer bitbucket bitwarden bootstrap
broker bucket bytes cache cassandra celery cert certificate change changeit changeme changethis char characters chars checksum cipher
claim claims click clickhouse client clientsecret cloud cloudflare cluster code coin complex compose config configuration connect
connection consul container cookie cookies cors couchbase couchdb crypt crypto csrf curl custom daemon dashboard data database databases
datadog dbname dbpass dbpassword dbuser debug decrypt default demo deploy deployment dev develop developer development dex digest directus
django dns docker docs domain donotuse dotenv dummy elastic elasticsearch email encrypt encryption endpoint enter env environment etcd
example exchange express fake fastapi fernet file filler fill fillme firebase first fixme flask foo foobar for format forgejo frontend
fullstack gateway generate generated ghost gitea github gitlab go google grafana graphql guest harbor hash hashed hasura hello helm heroku
hex hidden hmac host hosting hostname http https identity influx influxdb ingress insecure insert internal issuer jaeger java jdbc jenkins
jwks jwt kafka keep key keycloak keys kibana kong kube kubernetes laravel ldap length letmein letters live local localhost localtest login
logstash longer lorem mail mailer mailgun main manager mariadb master mattermost media memcached metabase method metrics min minimum minio
mlflow mode mongo mongodb mqtt must mysecret mysql name namespace nats neo nest netbox netlify network never nextauth nextcloud nginx node
nodejs nonce not npm number oauth odoo only openai openssl operator optional oracle org owner package panel pass passcode passphrase passwd
password passwords paste pgadmin php pin place placeholder plain platform please plz port portainer postgre postgres postgresql preprod
private prod product production profile project prometheus provide provider proxy public publish put pwd python quarkus query queue rabbit
rabbitmq rails random raw read real realm redacted redis refresh region registry release remember remove removed replace replaced replaceme
repo repository request require required reset restart role root route router rsa ruby run runner safe salt salted sample sandbox schema
script secret secretkey secrets secure security seed sendgrid sentry server service session set setme setup sha share shared short sid sign
signature signed signing silly site size slack smtp socket some something sonar spring sql ssh ssl staging standard start storage store
strapi string stripe strong sudo super superset superuser supersecret supabase swarm system table team telegram temp template temporary
tenant terraform test testing tests testtest text that the this tls todo token tokens tomcat top topsecret traefik tutorial ubuntu umami
undefined unique unknown unsafe unset until update upper url use user userid username users uuid value values vapid vault vaultwarden
verify version very virtual volume vpn wallet warning weak weaviate web webapp webhook webhooks website welcome whatever wiki with word
wordpress words worker workspace write xxx yarn you your yourself zabbix zookeeper
achave ahora aqui beispiel bitte cambia cambiame cambiar chave clave contrasena cualquier ejemplo exemple exemplo geheim geheimnis hier
kennwort livre motdepasse mudar muito parola passwort remplacer secreta secreto segreto segura seguro senha sicher troque votre wachtwoord
""".split()

# Stems of words that have no place in a repository; a key that holds one is no less wordy for it, and there are enough others.
DROPPED = [codecs.decode(stem, "rot13") for stem in """
shpx fuvg phag avttr snttb snttrg ovgpu juber fyhg chffl pbpxf qvyqb cravf intva pbpxfhp nffubyr ovgpu gjng fcvp xvxr puvax erpgny benftz
cbea encr encvfg encrq anmv ergneq genaal qlxr jnax obbo gvgf gvggv phzfubg oybjwbo unaqwbo znfgheong frkl frkfrk vaprfg cbeab cravfrf
pyvgbevf qvpxurn qvpx pbpx nany oybj uber nefr ovmpu puvaxf tbbx jbt fcvpf fcnfgvp fuvgr cvff frkk ohttre fpebghz grfgvpy anxrq ubeal ravag
""".split() if stem]
DROPPED_WHOLE = {codecs.decode(word, "rot13") for word in "fcvp xvxr gjng jbt tbbx qvpx pbpx nany oybj uber nefr ubeal gvgf encr".split()}
KEPT = {"blow", "spice", "spicy", "grape", "drape", "dickens", "cockpit", "peacock", "hancock", "analysis"}


def lists(path):
    """The lists of the crate's source, by name, most frequent first."""
    source = open(path, encoding="utf-8").read()
    return {name: text.split(",") for name, text in re.findall(r'const (\w+): &str = "(.*?)";', source, re.S)}


def decent(word):
    """Whether the word may be printed in a public repository."""
    if word in KEPT:
        return True
    return word not in DROPPED_WHOLE and not any(stem in word for stem in DROPPED if stem not in DROPPED_WHOLE)


def make(path, take=None):
    """All words, sorted."""
    words = {word for word in JARGON if len(word) >= 3}
    for name, count in (take or TAKE).items():
        words.update(lists(path)[name][:count])
    jargon = set(JARGON)
    shaped = (word for word in words if re.fullmatch("[a-z]{4,16}", word) or (word in jargon and len(word) == 3))
    return sorted(word for word in shaped if decent(word))


LEET = str.maketrans("013457$@!", "oieastsai")


def coverage(value, words):
    """The share of the value that words can cover, leet spelling undone, 0 to 1."""
    best = 0
    for text in {value.lower(), value.lower().translate(LEET)}:
        covered = [0] * (len(text) + 1)
        for end in range(1, len(text) + 1):
            covered[end] = covered[end - 1]
            for size in range(3, min(16, end) + 1):
                if text[end - size : end] in words:
                    covered[end] = max(covered[end], covered[end - size] + size)
        best = max(best, covered[-1])
    return best / max(1, len(re.sub(r"[^A-Za-z0-9$@!]", "", value)))


def kinds(source):
    """Random keys as generators make them."""
    pick = lambda alphabet, size: "".join(source.choice(alphabet) for _ in range(size))
    alnum = string.ascii_letters + string.digits
    return {
        "hex32": lambda: pick("0123456789abcdef", 32),
        "hex64": lambda: pick("0123456789abcdef", 64),
        "base64 of 24 bytes": lambda: base64.b64encode(source.randbytes(24)).decode(),
        "base64 of 32 bytes": lambda: base64.b64encode(source.randbytes(32)).decode(),
        "alnum16": lambda: pick(alnum, 16),
        "alnum20": lambda: pick(alnum, 20),
        "alnum32": lambda: pick(alnum, 32),
        "alnum43": lambda: pick(alnum + "-_", 43),
        "lower20": lambda: pick(string.ascii_lowercase, 20),
        "lower32": lambda: pick(string.ascii_lowercase, 32),
    }


def measure(words, examples, rounds=10000):
    """Prints how many random keys are taken for words, and which placeholders are not."""
    for name, key in kinds(random.Random(20)).items():
        flagged = sum(coverage(key(), words) >= 0.5 for _ in range(rounds))
        print(f"{name:20} {flagged:5} of {rounds} random keys look wordy")
    missed = [text for text in examples if coverage(text, words) < 0.5]
    print(f"{len(examples) - len(missed)} of {len(examples)} placeholders look wordy; missed: {missed}")


if __name__ == "__main__":
    if sys.argv[1] == "--measure":
        known = set(open(sys.argv[2], encoding="utf-8").read().split())
        here = sys.argv[2].rsplit("/", 1)[0] if "/" in sys.argv[2] else "."
        measure(known, open(f"{here}/wordy.txt", encoding="utf-8").read().splitlines())
    else:
        print("\n".join(make(sys.argv[1])))
