//! Keys that are not in DER: PuTTY, OpenPGP (RFC 9580), minisign, age, JSON web keys (RFC 7517, 7518, 8037), .NET.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::block::Kind;
use super::der::{bits, significant};
use super::find::member;
use super::material::digest;
use super::material::{Algorithm, Encrypted, Key, Material};
use super::public::{curve_named, ec, modern, rsa, ssh};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Standard base64 with or without padding; a last letter that is no whole byte is dropped, as in a block that was cut short.
pub(super) fn decode(letters: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bare = letters.trim_end_matches('=');
    let whole = bare.get(..bare.len() - usize::from(bare.len() % 4 == 1))?;
    BASE64.decode(whole).ok().map(Zeroizing::new)
}

/// A .ppk of version 2 or 3.
pub(super) fn putty(file: &str) -> Material {
    let line = |name: &str| file.split(['\n', '\r']).find_map(|l| l.trim().strip_prefix(name));
    let mut blob = Zeroizing::new(String::new());
    let mut lines = file.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty()).skip_while(|l| !l.starts_with("Public-Lines:"));
    let count: usize = lines.next().and_then(|l| l.rsplit(' ').next()).and_then(|n| n.parse().ok()).unwrap_or(0);
    lines.take(count.min(64)).for_each(|l| blob.push_str(l));
    let key = decode(&blob).and_then(|b| ssh(&b));
    let encrypted = match line("Encryption:").map(str::trim) {
        None | Some("none") => Encrypted::No,
        // version 2 hashes the passphrase once, with SHA-1
        Some(_) if file.starts_with("PuTTY-User-Key-File-2") => Encrypted::Weakly,
        Some(_) => Encrypted::Yes,
    };
    let read = key.map_or_else(|| Material::unread(Kind::Putty), |key| Material::of(Kind::Putty, key));
    Material { encrypted, ..read }
}

/// A transferable secret key: its first packet.
pub(super) fn pgp(bytes: &[u8]) -> Material {
    read_pgp(bytes).unwrap_or_else(|| Material::unread(Kind::Pgp))
}

fn read_pgp(bytes: &[u8]) -> Option<Material> {
    let (&head, rest) = bytes.split_first()?;
    let new = head & 0x40 != 0;
    let kind = if new { head & 0x3f } else { (head >> 2) & 0x0f };
    let lengths = match (new, head & 3, rest.first()?) {
        (true, _, 0..=191) => 1,
        (true, _, 192..=223) => 2,
        (true, ..) => 5,
        (false, 0, _) => 1,
        (false, 1, _) => 2,
        (false, ..) => 4,
    };
    let body = rest.get(lengths..).filter(|_| kind == 5)?;
    let (&version, body) = body.split_first()?;
    // creation time
    let (&algorithm, mut body) = body.get(4..)?.split_first()?;
    if version == 6 {
        body = body.get(4..)?;
    }
    // a number with its bits before it
    let number = |body: &mut &[u8]| -> Option<u32> {
        let (head, rest) = body.split_first_chunk::<2>()?;
        let bits = u16::from_be_bytes(*head);
        *body = rest.get(usize::from(bits).div_ceil(8)..)?;
        Some(u32::from(bits))
    };
    let (algorithm, size) = match algorithm {
        1..=3 => {
            let bits = number(&mut body)?;
            number(&mut body)?;
            (Algorithm::Rsa, bits)
        }
        17 => {
            let bits = number(&mut body)?;
            (0..3).try_for_each(|_| number(&mut body).map(drop))?;
            (Algorithm::Dsa, bits)
        }
        19 | 22 => {
            let (&length, rest) = body.split_first()?;
            let (oid, rest) = rest.split_at_checked(usize::from(length))?;
            body = rest;
            number(&mut body)?;
            if algorithm == 22 { (Algorithm::Ed25519, 256) } else { (Algorithm::Ec, super::public::curve_bits(oid)?) }
        }
        27 => {
            body = body.get(32..)?;
            (Algorithm::Ed25519, 256)
        }
        28 => {
            body = body.get(57..)?;
            (Algorithm::Ed448, 448)
        }
        _ => return None,
    };
    let encrypted = match body.first()? {
        0 => Encrypted::No,
        // 255 and the bare ciphers guard the key with a sum of 16 bits only
        253 | 254 => Encrypted::Yes,
        _ => Encrypted::Weakly,
    };
    let key = Key { algorithm, bits: Some(size), public: None, private: None };
    Some(Material { encrypted, ..Material::of(Kind::Pgp, key) })
}

/// Signature algorithm, derivation and checksum algorithm, two bytes each.
pub(super) fn minisign(block: &str) -> Material {
    let letters = block.lines().last().unwrap_or("").trim();
    let Some(bytes) = decode(letters) else { return Material::unread(Kind::Minisign) };
    let key = Key { algorithm: Algorithm::Ed25519, bits: Some(256), public: None, private: None };
    let encrypted = match bytes.get(2..4) {
        Some([0, 0]) => Encrypted::No,
        _ => Encrypted::Yes,
    };
    Material { encrypted, ..Material::of(Kind::Minisign, key) }
}

/// An identity of age, if its checksum (BIP 173) fits; otherwise it cannot be read.
pub(super) fn age(identity: &str) -> Material {
    let key = Key { algorithm: Algorithm::X25519, bits: Some(256), public: None, private: None };
    if is_bech32(identity) { Material::of(Kind::Age, key) } else { Material::unread(Kind::Age) }
}

fn is_bech32(text: &str) -> bool {
    const LETTERS: &[u8] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let Some((prefix, data)) = text.rsplit_once('1') else { return false };
    let prefix = prefix.to_ascii_lowercase();
    let high = prefix.bytes().map(|b| b >> 5);
    let low = prefix.bytes().map(|b| b & 31);
    let mut sum: u32 = 1;
    let mut step = |value: u8| {
        const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let top = sum >> 25;
        sum = ((sum & 0x1ff_ffff) << 5) ^ u32::from(value);
        GENERATOR.iter().enumerate().filter(|(i, _)| (top >> i) & 1 == 1).for_each(|(_, g)| sum ^= g);
    };
    high.chain([0]).chain(low).for_each(&mut step);
    for byte in data.bytes() {
        let Some(value) = LETTERS.iter().position(|l| *l == byte).and_then(|i| u8::try_from(i).ok()) else { return false };
        step(value);
    }
    sum == 1
}

/// `PrivateKey` of WireGuard: 32 bytes in base64.
pub(super) fn wireguard(letters: &str) -> Material {
    let key = decode(letters).and_then(|bytes| modern(Algorithm::X25519, None, Some(&bytes)));
    key.map_or_else(|| Material::unread(Kind::Wireguard), |key| Material::of(Kind::Wireguard, key))
}

/// The least bits of a key for the algorithms of RFC 7518.
const NEEDS: &[(&str, u32)] = &[
    ("HS256", 256),
    ("HS384", 384),
    ("HS512", 512),
    ("A128KW", 128),
    ("A192KW", 192),
    ("A256KW", 256),
    ("A128GCMKW", 128),
    ("A192GCMKW", 192),
    ("A256GCMKW", 256),
    ("A128GCM", 128),
    ("A192GCM", 192),
    ("A256GCM", 256),
    ("A128CBC-HS256", 256),
    ("A192CBC-HS384", 384),
    ("A256CBC-HS512", 512),
];

/// A JSON web key.
pub(super) fn jwk(object: &str) -> Material {
    let text = |name: &str| member(object, name, 1).map(|span| span.of(object));
    let bytes = |name: &str| text(name).and_then(|t| BASE64_URL.decode(t).ok()).map(Zeroizing::new);
    let private = bytes("d");
    let private = private.as_ref().map(|d| d.as_slice());
    let key = match text("kty") {
        Some("RSA") => bytes("n").zip(bytes("e")).map(|(n, e)| rsa(&n, &e, private)),
        Some("EC") => text("crv").and_then(curve_named).map(|oid| {
            let point = bytes("x").zip(bytes("y")).map(|(x, y)| [&[4], x.as_slice(), y.as_slice()].concat());
            ec(oid, point.as_deref(), private)
        }),
        Some("OKP") => text("crv").and_then(|crv| Algorithm::ALL.iter().find(|(.., name)| *name == crv)).and_then(|(algorithm, ..)| {
            let x = bytes("x");
            modern(*algorithm, x.as_ref().map(|x| x.as_slice()), private)
        }),
        Some("oct") => bytes("k").map(|k| {
            let size = u32::try_from(k.len() * 8).ok();
            Key { algorithm: Algorithm::Symmetric, bits: size, public: None, private: Some(digest(&k)) }
        }),
        _ => None,
    };
    let symmetric = key.as_ref().is_some_and(|k| k.algorithm == Algorithm::Symmetric);
    let needs = text("alg").filter(|_| symmetric).and_then(|alg| NEEDS.iter().find(|(name, _)| *name == alg)).map(|(_, bits)| *bits);
    let read = key.map_or_else(|| Material::unread(Kind::Jwk), |key| Material::of(Kind::Jwk, key));
    Material { needs, ..read }
}

/// `<RSAKeyValue>` of .NET.
pub(super) fn rsa_xml(element: &str) -> Material {
    let part = |name: &str| {
        let open = format!("<{name}>");
        let rest = element.get(element.find(&open)? + open.len()..)?;
        let letters = rest.split('<').next()?;
        decode(&Zeroizing::new(letters.split_whitespace().collect::<String>()))
    };
    let key = part("Modulus").zip(part("Exponent")).filter(|(n, _)| bits(significant(n)) > 0);
    let private = part("D");
    key.map_or_else(
        || Material::unread(Kind::RsaXml),
        |(n, e)| Material::of(Kind::RsaXml, rsa(&n, &e, private.as_ref().map(|d| d.as_slice()))),
    )
}
