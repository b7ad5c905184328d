//! Configuration files of servers that say `name value` a line: redis.conf, postgresql.conf, nginx, HAProxy, sshd.
//!
//! There is no one specification. A name, then `=`, `:`, `=>` or a blank, then the value to the end of the line or its `;`. Braces nest.
//! A `.conf` with sections is INI and left to `ini.rs`; what a line holds beside that form is searched as text.

use super::caddy;
use super::format::{Claim, EncodeError, Format};
use super::ini::has_section;
use super::lines::{base_name, byte, closing, commented, lines, skip_blanks, trim, trim_end};
use super::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// Server configuration, one directive a line.
pub(super) struct Conf;

impl Format for Conf {
    fn name(&self) -> &'static str {
        "conf"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let name = base_name(&name);
        let caddy = name == "caddyfile" || name.ends_with(".caddyfile") || name.starts_with("caddyfile.");
        let ours = name.ends_with(".conf")
            || name.ends_with(".cfg")
            || name.ends_with(".acl")
            || caddy
            || matches!(
                name,
                "sshd_config"
                    | "ssh_config"
                    | ".yarnrc"
                    | ".htaccess"
                    | "msmtprc"
                    | ".msmtprc"
                    | ".curlrc"
                    | "curlrc"
                    | "_curlrc"
                    | ".wgetrc"
                    | "wgetrc"
            );
        if !ours {
            return Claim::No;
        }
        let start = head.trim_start();
        let other = name == "pg_ident.conf" || has_section(head) || start.starts_with(['{', '[']) && !caddy || is_markup(start);
        if !other { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let modules = text.contains("LoginModule");
        let accounts = modules && text.contains("user_");
        let mut reader = Reader { text, blocks: Vec::new(), modules, accounts, settings: Vec::new() };
        lines(text).for_each(|line| reader.line(trim(text, line)));
        Ok(reader.settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        let more_words = text.contains([' ', '\t']) && !place.value.expose().contains([' ', '\t']);
        let fits = match place.quoting {
            // a quote would open a text that takes the end of the line, or of the statement, with it
            Quoting::Plain => {
                !more_words && !text.contains(['"', '\'']) && ["a ", "a = ", "a="].iter().all(|before| reads_as(before, text))
            }
            Quoting::Double => !text.contains(['"', '\\', '\n', '\r']),
            Quoting::Single => !text.contains(['\'', '\\', '\n', '\r']),
            _ => false,
        };
        if fits { Ok(value.clone()) } else { Err(EncodeError("the server would read it as something else")) }
    }
}

struct Reader<'t> {
    text: &'t str,
    /// The names of the open braces.
    blocks: Vec<String>,
    /// Whether the file sets up login modules of Java.
    modules: bool,
    /// Whether these list accounts.
    accounts: bool,
    settings: Vec<Setting>,
}

impl Reader<'_> {
    fn line(&mut self, body: Span) {
        let said = body.of(self.text);
        if said.is_empty() {
            return;
        }
        if said.starts_with('#') {
            self.settings.extend(commented(self.text, body).map(|s| self.nested(s)));
        } else if let Some(several) = statements(self.text, body) {
            several.into_iter().for_each(|one| self.line(one));
        } else if said.starts_with('}') {
            said.bytes().take_while(|b| *b == b'}').for_each(|_| drop(self.blocks.pop()));
        } else if let Some(found) = condition(self.text, body) {
            self.settings.push(self.nested(found));
            self.blocks.push("if".to_owned());
        } else if let Some(head) = said.strip_suffix('{').filter(|h| !h.contains(['{', '}', '"', '\''])) {
            self.blocks.push(head.trim_end_matches([' ', '\t', '=', ':']).to_owned());
        } else if said.starts_with("</") {
            self.blocks.pop();
        } else if let Some(head) = said.strip_prefix('<').and_then(|h| h.strip_suffix('>')) {
            // what a condition compares with may be a secret, and a key is shown
            let shown = if head.contains(['"', '\'', '=']) { head.split([' ', '\t']).next().unwrap_or("") } else { head };
            self.blocks.push(shown.to_owned());
        } else if is_access_rule(said) {
            let mut rule = Setting::new(KeyPath::of("hba"), Span::new(body.start, body.start), Secret::copy_of(said), body, Quoting::Plain);
            rule.editable = false;
            self.settings.push(rule);
        } else if let Some(found) = caddy::directive(self.text, body, &self.blocks) {
            self.settings.push(self.nested(found));
        } else if let Some((directive, inner)) = named(self.text, body) {
            let mut found = self.nested(inner);
            let name = KeyPath::of(found.key.name());
            found.key = found.key.parent().unwrap_or_default().child(directive).join(&name);
            self.settings.push(found);
        } else if let Some(found) = pair(self.text, body) {
            let user = self.modules && found.name().starts_with("user_");
            let mut found = self.nested(found);
            if user {
                found.key = found.key.child("password");
            }
            // a server that lists its accounts says the password of its own twice: both change, or neither
            found.editable &= !self.accounts;
            match directive(self.text, body, &found) {
                Directive::Holds(passwords) => {
                    found.editable = false;
                    self.settings.push(found);
                    self.settings.extend(passwords);
                }
                Directive::Plain => self.settings.push(found),
            }
        } else {
            let hits = pseudo_settings(said);
            self.settings.extend(hits.into_iter().map(|s| s.shifted(body.start)));
        }
    }

    fn nested(&self, mut setting: Setting) -> Setting {
        if let Some((first, rest)) = self.blocks.split_first() {
            setting.key = rest.iter().fold(KeyPath::of(first), |path, block| path.child(block)).join(&setting.key);
        }
        setting
    }
}

/// A file that begins with a tag and is no configuration in the form of Apache's and Fluentd's: sections in tags, directives between them.
fn is_markup(start: &str) -> bool {
    let tag = start.starts_with('<');
    let directive = |line: &str| !line.is_empty() && !line.starts_with(['<', '#']) && !line.contains(['<', '>']);
    tag && (start.starts_with("<?") || start.starts_with("<!") || !start.lines().map(str::trim).any(directive))
}

/// The statements of a line that holds several: `server { listen 80; autoindex on; }`; `None` for any other. One with its `;` is an item,
/// and so is a head with its brace, and a closing brace.
fn statements(text: &str, body: Span) -> Option<Vec<Span>> {
    let said = body.of(text);
    if !said.contains(';') || !said.ends_with([';', '{', '}']) {
        return None;
    }
    let mut found = Vec::new();
    let (mut from, mut at) = (body.start, body.start);
    let blank = |at: usize| at >= body.end || matches!(byte(text, at), b' ' | b'\t' | b'}');
    while at < body.end {
        let b = byte(text, at);
        // `${name}` and `{{ name }}` are parts of a value
        let opened = |at: usize| at > body.start && matches!(byte(text, at - 1), b'$' | b'{') || byte(text, at + 1) == b'{';
        let closes = match b {
            b'"' | b'\'' => {
                at = closing(text, at + 1, body.end, b)? + 1;
                continue;
            }
            b'#' if at == from || blank(at - 1) => return None,
            b'{' if opened(at) => {
                at += text.get(at..body.end).and_then(|rest| rest.find('}'))? + 1;
                continue;
            }
            b'{' | b';' => blank(at + 1),
            b'}' => trim(text, Span::new(from, at)).is_empty(),
            _ => false,
        };
        at += 1;
        if closes {
            found.push(trim(text, Span::new(from, at)));
            from = at;
        }
    }
    (found.len() > 1 && trim(text, Span::new(from, body.end)).is_empty()).then_some(found)
}

/// What sets a header or a variable: `proxy_set_header X-Key "lit"`, `SetEnv NAME lit`; the directive's name, and the pair behind it.
fn named(text: &str, body: Span) -> Option<(&str, Setting)> {
    const NAMED: &[&str] = &[
        "proxy_set_header",
        "fastcgi_param",
        "uwsgi_param",
        "scgi_param",
        "grpc_set_header",
        "header_up",
        "request_header",
        "RequestHeader",
        "SetEnv",
        "env_param",
    ];
    let said = body.of(text);
    let directive = said.split([' ', '\t']).next().filter(|d| NAMED.contains(d))?;
    let mut start = skip_blanks(text, body.start + directive.len(), body.end);
    if directive == "RequestHeader" {
        let verb = Span::new(start, body.end).of(text);
        start = skip_blanks(text, start + verb.find(' ')?, body.end);
    }
    pair(text, Span::new(start, body.end)).map(|inner| (directive, inner))
}

/// What a line says beyond `name value`.
enum Directive {
    /// Nothing.
    Plain,
    /// Passwords stand among its words: `user x on >lit`, `stats auth u:lit`.
    Holds(Vec<Setting>),
}

/// The directive on the line `body`, of which `found` is the name and the rest.
fn directive(text: &str, body: Span, found: &Setting) -> Directive {
    let name = found.name();
    let after = Span::new(found.key_span.end, body.end);
    // coturn: `user=name:lit`; curl: `proxy-user = "name:lit"`
    if matches!(name, "user" | "proxy-user") && byte(text, skip_blanks(text, found.key_span.end, body.end)) == b'=' || name == "proxy-user"
    {
        return account(text, found).map_or(Directive::Plain, |one| Directive::Holds(vec![one]));
    }
    if !matches!(name, "user" | "stats" | "ACL" | "cache_peer") {
        return Directive::Plain;
    }
    let listed = words(text, after);
    let said: Vec<&str> = listed.iter().map(|w| w.of(text)).collect();
    let mut out = Vec::new();
    let mut push = |owner: &str, span: Span| {
        let path = found.key.child(owner).child("password");
        let mut one = Setting::new(path, Span::new(span.start, span.start), Secret::copy_of(span.of(text)), span, Quoting::Plain);
        // which words such a line takes, its server knows
        one.editable = false;
        out.push(one);
    };
    for (at, (word, span)) in said.iter().zip(&listed).enumerate() {
        let owner = said.first().copied().unwrap_or("");
        match (name, *word) {
            // Redis: `user x on >lit`
            ("user", w) if at > 0 && w.starts_with('>') && w.len() > 1 => push(owner, Span::new(span.start + 1, span.end)),
            // HAProxy: `user x password hash`
            ("user", "password" | "insecure-password") if at == 1 => listed.get(2).iter().for_each(|s| push(owner, **s)),
            // Squid: `cache_peer host parent 80 0 login=user:lit`
            ("cache_peer", w) if w.starts_with("login=") => {
                if let Some((user, password)) = w.get("login=".len()..).and_then(|a| a.split_once(':')) {
                    push(user, Span::new(span.end - password.len(), span.end));
                }
            }
            // HAProxy: `stats auth user:lit`
            ("stats", "auth") if at == 0 => {
                if let Some((account, span)) = said.get(1).copied().zip(listed.get(1))
                    && let Some((user, password)) = account.split_once(':')
                {
                    push(user, Span::new(span.end - password.len(), span.end));
                }
            }
            _ => {}
        }
    }
    if out.is_empty() { Directive::Plain } else { Directive::Holds(out) }
}

/// The password in a setting whose value is `name:lit`.
fn account(text: &str, found: &Setting) -> Option<Setting> {
    let (user, password) = found.span.of(text).split_once(':')?;
    let plain = !user.is_empty() && !password.is_empty() && !found.span.of(text).contains([' ', '/']);
    let span = Span::new(found.span.end - password.len(), found.span.end);
    plain.then(|| {
        let path = found.key.child(user).child("password");
        let mut one = Setting::new(path, Span::new(span.start, span.start), Secret::copy_of(password), span, found.quoting);
        one.editable = false;
        one
    })
}

/// The words of `span`.
fn words(text: &str, span: Span) -> Vec<Span> {
    let mut out = Vec::new();
    let mut at = skip_blanks(text, span.start, span.end);
    while at < span.end {
        let rest = Span::new(at, span.end).of(text);
        let len = rest.find([' ', '\t']).unwrap_or(rest.len());
        if len == 0 {
            break;
        }
        out.push(Span::new(at, at + len));
        at = skip_blanks(text, at + len, span.end);
    }
    out
}

/// The condition of nginx's `if (...) {`, as a setting called `if`; it is for a person to change.
fn condition(text: &str, body: Span) -> Option<Setting> {
    let said = body.of(text);
    let inside = said.strip_suffix('{')?.trim_end().strip_prefix("if")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let start = body.start + said.find('(')? + 1;
    let span = Span::new(start, start + inside.len());
    let key = Span::new(body.start, body.start + "if".len());
    let mut setting = Setting::new(KeyPath::of("if"), key, Secret::copy_of(span.of(text)), span, Quoting::Plain);
    setting.editable = false;
    Some(setting)
}

/// A line of PostgreSQL's `pg_hba.conf`: kind, databases, users, address, method. The line is one value; it is for a person to change.
fn is_access_rule(said: &str) -> bool {
    const METHODS: &[&str] =
        &["trust", "reject", "scram-sha-256", "md5", "password", "gss", "sspi", "ident", "peer", "pam", "ldap", "radius", "cert", "oauth"];
    let words: Vec<&str> = said.split('#').next().unwrap_or("").split_whitespace().collect();
    let kind = words.first().is_some_and(|w| matches!(*w, "local" | "host" | "hostssl" | "hostnossl" | "hostgssenc" | "hostnogssenc"));
    kind && words.len() >= 4 && words.iter().skip(3).any(|w| METHODS.contains(w))
}

/// The setting on the line `body`; `None` for lines of another form.
fn pair(text: &str, body: Span) -> Option<Setting> {
    let said = body.of(text);
    let len = said.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | '*' | '"'))).filter(|len| *len > 0)?;
    let word = said.get(..len)?;
    let name = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')).unwrap_or(word);
    if name.contains('"') || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let key = Span::new(body.start + usize::from(name.len() < word.len()), body.start + usize::from(name.len() < word.len()) + name.len());
    let gap = skip_blanks(text, body.start + len, body.end);
    let after = match (byte(text, gap), byte(text, gap + 1)) {
        _ if gap >= body.end => return None,
        (b'=', b'>') => gap + 2,
        (b'=' | b':', _) => gap + 1,
        _ if gap > body.start + len => gap,
        _ => return None,
    };
    let (value, quoting) = value_at(text, after, body.end)?;
    let mut setting = Setting::new(KeyPath::of(name), key, Secret::copy_of(value.of(text)), value, quoting);
    setting.editable = quoting == Quoting::Plain || !value.of(text).contains('\\');
    Some(setting)
}

/// The value that begins at or after `after`; `None` where braces or further statements share the line.
fn value_at(text: &str, after: usize, end: usize) -> Option<(Span, Quoting)> {
    let start = skip_blanks(text, after, end);
    let quote = byte(text, start);
    if start < end
        && matches!(quote, b'"' | b'\'')
        && let Some(close) = closing(text, start + 1, end, quote)
    {
        let rest = Span::new(close + 1, end).of(text).trim_start_matches([' ', '\t', ';', ',']);
        if rest.is_empty() || rest.starts_with('#') {
            let quoting = if quote == b'"' { Quoting::Double } else { Quoting::Single };
            return Some((Span::new(start + 1, close), quoting));
        }
    }
    let rest = Span::new(start, end).of(text);
    if rest.is_empty() || (rest.starts_with('#') && start > after) {
        return Some((Span::new(after, after), Quoting::Plain));
    }
    let comment = rest.match_indices('#').find(|(i, _)| rest.get(..*i).is_some_and(|b| b.ends_with([' ', '\t'])));
    let line = trim_end(text, Span::new(start, comment.map_or(end, |(i, _)| start + i)));
    let said = line.of(text).trim_end_matches(';').trim_end();
    let odd = said.contains(['{', '}', ';']) && !said.contains("${") && !said.starts_with("{$");
    (!odd).then(|| (Span::new(start, start + said.len()), Quoting::Plain))
}

fn reads_as(before: &str, value: &str) -> bool {
    if value.is_empty() || value.contains(['\n', '\r', '\0']) || value.starts_with(['#', '=', ':', '>']) {
        return false;
    }
    let line = Secret::concat(&[before, value]);
    let whole = Span::new(0, line.len());
    trim(line.expose(), whole) == whole
        && !value.ends_with('{')
        && statements(line.expose(), whole).is_none()
        && pair(line.expose(), whole).is_some_and(|s| s.quoting == Quoting::Plain && s.value.expose() == value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Conf, Format};
    use crate::formats::format::Claim;
    use crate::formats::lines::check;

    const REDIS: &str = include_str!("../../fixtures/formats/conf/redis.conf");
    const POSTGRES: &str = include_str!("../../fixtures/formats/conf/postgresql.conf");
    const NGINX: &str = include_str!("../../fixtures/formats/conf/nginx.conf");

    fn found(text: &str) -> Vec<(String, String)> {
        let settings = Conf.parse(text).expect("any text parses");
        settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn directives_of_three_servers() {
        let redis = [
            ("bind", "127.0.0.1 ::1"),
            ("requirepass", "brown#betty"),
            ("masterauth", "two words"),
            ("user", "default on >crumbs ~* +@all"),
            ("user.default.password", "crumbs"),
            ("save", ""),
            ("port", "6379"),
            ("port", "6380"),
        ];
        assert_eq!(found(REDIS), pairs(&redis));
        let postgres = [("listen_addresses", "*"), ("ssl", "off"), ("work_mem", "4MB"), ("log_line_prefix", "%t [%p] "), ("name", "茶")];
        assert_eq!(found(POSTGRES), pairs(&postgres));
        let nginx = [
            ("user", "tea"),
            ("http.server.listen", "80"),
            ("http.server.server_name", "tea.example.org"),
            ("http.server.\"location /\".proxy_set_header.X-Key", "steam"),
            ("http.server.ssl_certificate_key", "/etc/tea.key"),
        ];
        assert_eq!(found(NGINX), pairs(&nginx));
    }

    #[test]
    fn other_signs_and_lines_of_another_form() {
        assert_eq!(found("password => \"x\"\n"), pairs(&[("password", "x")]));
        assert_eq!(found("db {\n  password = \"x\"\n}\na = b\n"), pairs(&[("db.password", "x"), ("a", "b")]));
        assert_eq!(found("security:\n  keyFile: /x\n").last(), Some(&("keyFile".to_owned(), "/x".to_owned())));
        assert_eq!(found("location /a { set $key \"v\"; }\n"), pairs(&[("\"location /a\".set", "$key \"v\"")]));
        assert_eq!(found("#requirepass=crumbs\n# a remark\n"), pairs(&[("requirepass", "crumbs")]));
    }

    #[test]
    fn several_statements_on_a_line() {
        let line = "server { listen 80; ssl_protocols TLSv1; location / { autoindex on; proxy_set_header X-Key \"a;b\"; } }\ngzip on;\n";
        let want = [
            ("server.listen", "80"),
            ("server.ssl_protocols", "TLSv1"),
            ("server.\"location /\".autoindex", "on"),
            ("server.\"location /\".proxy_set_header.X-Key", "a;b"),
            ("gzip", "on"),
        ];
        assert_eq!(found(line), pairs(&want));
        // a directive of HAProxy, a text with a semicolon, a variable in braces
        for line in ["http-request deny if { path /x }", "log_format main '$a; $b';", "set $x ${a};", "# server { listen 80; a b; }"] {
            assert!(super::statements(line, super::Span::new(0, line.len())).is_none_or(|_| line.starts_with('#')), "{line}");
        }
    }

    #[test]
    fn directives_of_several_words() {
        let haproxy = "stats auth ada:scone\nuser eve insecure-password scone\n";
        let want = [
            ("stats", "auth ada:scone"),
            ("stats.ada.password", "scone"),
            ("user", "eve insecure-password scone"),
            ("user.eve.password", "scone"),
        ];
        assert_eq!(found(haproxy), pairs(&want));
        let accounts = "user=tea:scone\nproxy-user = \"pot:scone\"\nuser www-data\ncache_peer up parent 80 0 login=ada:scone\n";
        let all = found(accounts);
        for key in ["user.tea.password", "proxy-user.pot.password", "cache_peer.ada.password"] {
            assert!(all.contains(&(key.to_owned(), "scone".to_owned())), "{key}: {all:?}");
        }
        assert_eq!(all.len(), 7, "{all:?}");
        let apache = "<VirtualHost *:80>\n  SetEnv KEY scone\n  RequestHeader set X-Key \"scone\"\n</VirtualHost>\nPort 1\n";
        let want = [("\"VirtualHost *:80\".SetEnv.KEY", "scone"), ("\"VirtualHost *:80\".RequestHeader.X-Key", "scone"), ("Port", "1")];
        assert_eq!(found(apache), pairs(&want));
        assert_eq!(Conf.claims("a.conf", "a.conf", "<match **>\n  port 1\n</match>\n"), Claim::Name);
        assert_eq!(Conf.claims("a.conf", "a.conf", "<a>\n  <b>1</b>\n</a>\n"), Claim::No);
        let jaas = "KafkaServer {\n  org.x.PlainLoginModule required\n  user_bob=\"scone\";\n};\n";
        assert!(found(jaas).contains(&("KafkaServer.user_bob.password".to_owned(), "scone".to_owned())), "{:?}", found(jaas));
    }

    #[test]
    fn access_rules_are_one_value_each() {
        let line = "host all all 10.0.0.0/8 md5";
        assert_eq!(found(&format!("# TYPE\n{line}\nhost tea.example\n")), pairs(&[("hba", line), ("host", "tea.example")]));
    }

    #[test]
    fn a_condition_is_a_setting_and_opens_a_block() {
        let text = "server {\n  if ($http_origin ~* \"^https://(a|${B})$\") {\n    set $x 1;\n  }\n  listen 80;\n}\n";
        let settings = Conf.parse(text).unwrap();
        let seen: Vec<(String, &str)> = settings.iter().map(|s| (s.key.to_string(), s.span.of(text))).collect();
        assert_eq!(seen[0], ("server.if".to_owned(), "$http_origin ~* \"^https://(a|${B})$\""));
        assert_eq!(seen[1].0, "server.if.set");
        assert_eq!(seen[2].0, "server.listen");
    }

    #[test]
    fn names() {
        assert_eq!(Conf.claims("redis.conf", "redis.conf", "port 1\n"), Claim::Name);
        assert_eq!(Conf.claims("b.Caddyfile", "b.Caddyfile", "{\n  debug\n}\n"), Claim::Name);
        assert_eq!(Conf.claims("pg_hba.conf", "pg_hba.conf", "local all all trust\n"), Claim::Name);
        assert_eq!(Conf.claims("pg_ident.conf", "pg_ident.conf", "a b c\n"), Claim::No);
        assert_eq!(Conf.claims("a.conf", "a.conf", "[main]\n"), Claim::No);
        assert_eq!(Conf.claims("a.conf", "a.conf", "<?xml?>"), Claim::No);
    }

    #[test]
    fn fixtures_keep_everything_else() {
        for text in [REDIS, POSTGRES, NGINX] {
            for value in ["x", "", "a b", "a#b", "a #b", "#x", "'q", "\"q\"", "ünï", " lead", "a;b", "a;", "x {", "${v}"] {
                check(&Conf, text, value);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read_and_spliced(text in "\\PC{0,60}", value in "\\PC{0,12}") {
            check(&Conf, &text, &value);
        }

        #[test]
        fn conf_like_text(text in "([{}=:;#'\"\\\\ aéB>\r\n\t]|\na |\nb \\{\n|\n\\}\n){0,20}", value in "[a;#'\"\\\\ ={}>]{0,6}") {
            check(&Conf, &text, &value);
        }
    }
}
