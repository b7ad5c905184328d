//! What is a switch of a program, and what is none.

use super::switches_in;
use crate::model::span::Span;

fn found(text: &str) -> Vec<(String, String)> {
    switches_in(text, &[Span::new(0, text.len())]).iter().map(|s| (s.name().to_owned(), s.value.expose().to_owned())).collect()
}

#[test]
fn what_calls_and_callbacks_switch() {
    for (text, name, value) in [
        ("h.ServerCertificateValidationCallback += (s, c) => true;", "tls_verify", "false"),
        ("c.setHostnameVerifier((h, s) -> true);", "tls_verify", "false"),
        ("b.setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE)", "tls_verify", "false"),
        ("curl_setopt($c, CURLOPT_SSL_VERIFYHOST, 0);", "CURLOPT_SSL_VERIFYHOST", "0"),
        ("new Client(['verify' => false]);", "tls_verify", "false"),
        ("x(cookie: {\n  secure: false,\n})", "cookie.secure", "false"),
        ("new Pool({ host: h, ssl: false })", "database.ssl", "false"),
        ("cors({ origin: true })", "cors.origin", "*"),
        ("AllowOrigins: []string{\"*\"},", "cors.origin", "*"),
        ("c.setAllowedOrigins(List.of(\"*\"));", "cors.origin", "*"),
        ("app.use(cors());", "cors.origin", "*"),
        ("gin.SetMode(gin.DebugMode)", "GIN_MODE", "debug"),
        ("return NoOpPasswordEncoder.getInstance();", "password_encoder", "noop"),
        ("PASSWORD_HASHERS = [\n  'django.contrib.auth.hashers.MD5PasswordHasher',\n]", "PASSWORD_HASHER", "md5"),
        ("minio.New(e, &minio.Options{\n  Secure: false,\n})", "database.ssl", "false"),
        ("new P {\n  ValidateIssuer = false\n}", "ValidateIssuer", "false"),
        ("config.session_store :cookie_store, key: \"_s\", secure: false\n", "cookie.secure", "false"),
        ("CORS(app, supports_credentials=True)", "cors.origin", "*"),
        ("Cookie::build((\"sid\", v)).http_only(false)", "cookie.httpOnly", "false"),
        (".ssl_mode(PgSslMode::Disable)", "database.ssl", "false"),
        ("{ type: 'postgres', host: h,\n  ssl: false }", "database.ssl", "false"),
        ("{ type: 'mysql', synchronize: true }", "TYPEORM_SYNCHRONIZE", "true"),
        ("NestFactory.create(AppModule, { cors: true });", "cors.origin", "*"),
        ("  origins '*'\n", "cors.origin", "*"),
        ("MinVersion: tls.VersionTLS10,", "MinVersion", "VersionTLS10"),
        ("ssl_opts: [verify: :verify_none]", "tls_verify", "false"),
        ("    ValidateIssuer = false,", "ValidateIssuer", "false"),
    ] {
        assert!(found(text).contains(&(name.to_owned(), value.to_owned())), "{text}: {:?}", found(text));
    }
}

#[test]
fn what_is_none() {
    for text in [
        "list.filter(x => true)",
        "c.setHostnameVerifier((h, s) -> true && ok(h))",
        "secure = false;",
        "start({ secure: false })",
        "Auth::routes(['verify' => false]);",
        "chart({ origin: true })",
        "function cors() {}",
        "CORS(app, origins=ALLOWED)",
        "connect({ cors: flag })",
        "CorsSource cors() {",
        "c.configurationSource(cors())",
        "c.setAllowedOrigins(List.of(\"https://a.example\"));",
        "PASSWORD_HASHERS = ['django.contrib.auth.hashers.Argon2PasswordHasher']",
        "cookies.set(name, value)",
        "a == false",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
