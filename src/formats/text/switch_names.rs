//! What libraries call the switches that [`super::switches`] reads.

/// Names, as the last part of a path, that verify nothing, whatever they are handed to.
pub(super) const ACCEPT_ALL: &[&str] = &[
    "NoopHostnameVerifier",
    "NullHostnameVerifier",
    "AllowAllHostnameVerifier",
    "ALLOW_ALL_HOSTNAME_VERIFIER",
    "TrustAllStrategy",
    "InsecureTrustManagerFactory",
    "DangerousAcceptAnyServerCertificateValidator",
    "_create_unverified_context",
];

/// Names whose callback says whether a certificate is good.
pub(super) const CALLBACKS: &[&str] = &[
    "ServerCertificateValidationCallback",
    "ServerCertificateCustomValidationCallback",
    "RemoteCertificateValidationCallback",
    "setHostnameVerifier",
    "setDefaultHostnameVerifier",
    "setSSLHostnameVerifier",
    "hostnameVerifier",
    "badCertificateCallback",
    "onBadCertificate",
    "loadTrustMaterial",
];

/// Calls that let every origin in.
pub(super) const ANY_ORIGIN: &[&str] =
    &["AllowAnyOrigin", "allow_any_origin", "CorsLayer::permissive", "CorsLayer::very_permissive", "Cors::permissive"];

/// Calls that let the origin in that they are handed.
pub(super) const ORIGINS: &[&str] = &[
    "setAllowedOrigins",
    "setAllowedOriginPatterns",
    "addAllowedOrigin",
    "addAllowedOriginPattern",
    "allowedOrigins",
    "allowedOriginPatterns",
    "allow_origin",
    "WithOrigins",
];

/// Calls that set a header or an option: its name, then its value.
pub(super) const SETTERS: &[&str] = &[
    "curl_setopt",
    "curl_easy_setopt",
    "ini_set",
    "setheader",
    "header",
    "addheader",
    "header.set",
    "headers.set",
    "header.add",
    "set",
    "append",
    "header().set",
    "header().add",
];

/// Clients, to which `verify` is about certificates.
pub(super) const CLIENTS: &[&str] = &[
    "client",
    "request",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "send",
    "http",
    "httpclient",
    "ssl",
    "tls",
    "withoptions",
    "guzzle",
    "options",
];

/// Pools and clients of databases, to which `ssl` is about the connection to one.
pub(super) const DATABASES: &[&str] = &[
    "pool",
    "createpool",
    "create_pool",
    "createconnection",
    "sequelize",
    "knex",
    "datasource",
    "forroot",
    "connect",
    "dialectoptions",
    "postgres",
    "connection",
];

/// What else announces a switch: the names that only what they are handed to gives a meaning, and setters.
pub(super) const ANNOUNCED: &[&str] = &[
    "cors(",
    "cors:",
    "insecureignorehostkey",
    "autoaddpolicy",
    "gin.setmode",
    "nooppasswordencoder",
    "password_hashers",
    "setopt",
    "ini_set",
    "access-control-allow-origin",
    "setisoriginallowed",
    "sslverifymode",
    "setsecure",
    "sethttponly",
    "tls_insecure_set",
    "ssl_mode",
    "synchronize",
    "securepolicy",
    "versiontls1",
    "versionssl30",
    "cert_none",
    "verify_none",
    ":never",
    "secure: ",
    "secure=",
    "secure =",
    "secure' =>",
    "secure\" =>",
    "secure(false",
    "http_only",
    "httponly",
    "verify: ",
    "verify' =>",
    "verify\" =>",
    "verify =>",
    "origin: ",
    "origins: ",
    "origins '",
    "origins \"",
    "ssl: false",
    "ssl=false",
];

/// Texts, in lower case, of which one stands on the line of each switch whose name says nothing by itself.
pub(super) fn signs() -> impl Iterator<Item = String> {
    let lists = [ACCEPT_ALL, CALLBACKS, ANY_ORIGIN, ORIGINS, ANNOUNCED];
    lists.into_iter().flatten().map(|sign| sign.to_ascii_lowercase())
}
