//! One connection: a socket with a deadline, in the open or inside TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ProtocolVersion, StreamOwned};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::error::{TlsFault, WireError};
use super::trust::{Demand, Judgement, Recorder, Trust};

/// A socket that gives up when its time is over, however the bytes trickle.
struct Socket {
    tcp: TcpStream,
    within: Duration,
    until: Instant,
}

impl Socket {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.left()?))?;
        self.tcp.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.left()?))?;
        self.tcp.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

/// A connection to a server. Every step has the time that [`connect`] was given, from [`Channel::renew`] on.
pub struct Channel {
    stream: Stream,
    judgement: Option<Judgement>,
    end_point: Option<Vec<u8>>,
}

/// What became of a TLS handshake.
pub struct Secured {
    /// The connection, now encrypted; the error where it is not.
    pub channel: Result<Channel, WireError>,
    /// What is held of the certificate, also where the handshake failed for it; `None` where none was shown.
    pub judgement: Option<Judgement>,
}

/// Connects to `host`, a name or an address without brackets.
///
/// # Errors
/// Without an address, without an answer within `within`, and when nobody listens.
pub fn connect(host: &str, port: u16, within: Duration) -> Result<Channel, WireError> {
    let until = Instant::now() + within;
    let mut last = WireError::Unresolved;
    for address in resolve(host, port, within)? {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(WireError::Silent);
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(tcp) => {
                tcp.set_nodelay(true)?;
                let socket = Socket { tcp, within, until };
                return Ok(Channel { stream: Stream::Plain(socket), judgement: None, end_point: None });
            }
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// The addresses of `host`. The system's resolver knows no deadline, so it is left behind in its thread when it takes too long.
fn resolve(host: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>, WireError> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (told, answer) = mpsc::channel();
    let host = host.to_owned();
    thread::spawn(move || told.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
    match answer.recv_timeout(within) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(WireError::Unresolved),
        Err(_) => Err(WireError::Silent),
    }
}

impl Channel {
    /// Shakes hands; the server is expected to do the same now, whatever its protocol had to say before. `host` is the name that the
    /// certificate has to be for.
    #[must_use]
    pub fn secure(self, host: &str, trust: &Trust, demand: Demand) -> Secured {
        let recorder = Recorder::new(trust, demand);
        let result = self.shake(host, trust, &recorder);
        let (judgement, own) = recorder.seen().unzip();
        let fault = judgement.as_ref().filter(|j| !j.holds()).and_then(|j| j.faults.first()).copied();
        let channel = match (result, fault) {
            (Ok(mut channel), _) => {
                channel.end_point = judgement.as_ref().zip(own).and_then(|(j, own)| end_point(j, &own));
                channel.judgement.clone_from(&judgement);
                Ok(channel)
            }
            // the library has one name for several faults of certificates
            (Err(WireError::Tls(TlsFault::Invalid | TlsFault::Unusable)), Some(fault)) => Err(WireError::Tls(fault)),
            (Err(error), _) => Err(error),
        };
        Secured { channel, judgement }
    }

    fn shake(self, host: &str, trust: &Trust, recorder: &Arc<Recorder>) -> Result<Self, WireError> {
        let Stream::Plain(mut socket) = self.stream else { return Err(WireError::Tls(TlsFault::Handshake)) };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| WireError::Tls(TlsFault::WrongName))?;
        let config = trust.client(recorder).ok_or(WireError::Tls(TlsFault::Handshake))?;
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|_| WireError::Tls(TlsFault::Handshake))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        let stream = Stream::Tls(Box::new(StreamOwned::new(connection, socket)));
        Ok(Self { stream, judgement: None, end_point: None })
    }

    /// Gives the next step the whole time again.
    pub fn renew(&mut self) {
        let socket = match &mut self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(tls) => &mut tls.sock,
        };
        socket.until = Instant::now() + socket.within;
    }

    /// `1.2` or `1.3`, and the cipher suite; `None` in the open.
    #[must_use]
    pub fn tls(&self) -> Option<(&'static str, &'static str)> {
        let Stream::Tls(tls) = &self.stream else { return None };
        let version = if tls.conn.protocol_version() == Some(ProtocolVersion::TLSv1_3) { "1.3" } else { "1.2" };
        let suite = tls.conn.negotiated_cipher_suite().and_then(|s| s.suite().as_str()).unwrap_or("");
        Some((version, suite))
    }

    /// Whether it is encrypted, to a server that proved to be who it is.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.judgement.as_ref().is_some_and(Judgement::holds)
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// `tls-server-end-point` of RFC 5929: the hash of the server's certificate; `None` in the open, or where it has no such hash.
    #[must_use]
    pub fn end_point(&self) -> Option<&[u8]> {
        self.end_point.as_deref()
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the server is gone, or the time is over.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        self.write_all(bytes)?;
        Ok(self.flush()?)
    }

    /// Exactly `length` bytes, which the caller has bounded.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn take(&mut self, length: usize) -> Result<Vec<u8>, WireError> {
        let mut bytes = vec![0; length];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A line without its `\r\n` or `\n`, of at most 4096 bytes; what is not UTF-8 is replaced.
    ///
    /// # Errors
    /// As [`Self::send`]; `Foreign` for a longer one.
    pub fn line(&mut self) -> Result<String, WireError> {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            self.read_exact(&mut byte)?;
            match byte {
                [b'\n'] => break,
                _ if line.len() >= 4096 => return Err(WireError::Foreign),
                [b] => line.push(b),
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

fn end_point(judgement: &Judgement, own: &[u8]) -> Option<Vec<u8>> {
    match judgement.chain.first()?.binding? {
        256 => Some(Sha256::digest(own).to_vec()),
        384 => Some(Sha384::digest(own).to_vec()),
        _ => Some(Sha512::digest(own).to_vec()),
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.read(buffer),
            Stream::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write(buffer),
            Stream::Tls(tls) => tls.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}
