//! Logging in to an AMQP 0-9-1 broker, no further than that the broker takes the account
//! (<https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>, section 4.2 and class connection).

use zeroize::Zeroizing;

use super::channel::Channel;
use super::error::WireError;
use crate::model::secret::Secret;

const LONGEST: usize = 1 << 17;
const CONNECTION: u16 = 10;
const START: u16 = 10;
const TUNE: u16 = 30;
const CLOSE: u16 = 50;

/// Logs in with PLAIN, says goodbye, and gives the product and version that the broker tells.
///
/// # Errors
/// `Rejected` when the broker closes the connection over it: the older ones say no more.
pub fn login(channel: &mut Channel, user: &str, password: &Secret) -> Result<(), WireError> {
    channel.send(b"AMQP\x00\x00\x09\x01")?;
    let (CONNECTION, START) = method(channel)? else { return Err(WireError::Foreign) };
    channel.send(&start_ok(user, password)?)?;
    match method(channel) {
        Ok((CONNECTION, TUNE)) => {
            // no time is lost on a broker that does not wait for it
            let _ = channel.send(&frame(&[0, 10, 0, 50, 0, 200, 0, 0, 0, 0, 0]));
            Ok(())
        }
        Ok((CONNECTION, CLOSE)) | Err(WireError::Closed) => Err(WireError::Rejected),
        Ok(_) => Err(WireError::Foreign),
        Err(error) => Err(error),
    }
}

/// Client properties that ask for a word before the broker hangs up; PLAIN; the response; the locale.
fn start_ok(user: &str, password: &Secret) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let mut capabilities = Vec::new();
    capabilities.push(28);
    capabilities.extend(b"authentication_failure_close");
    capabilities.extend([b't', 1]);
    let mut properties = vec![12];
    properties.extend(b"capabilities");
    properties.push(b'F');
    properties.extend(u32::try_from(capabilities.len()).unwrap_or_default().to_be_bytes());
    properties.extend(capabilities);
    let response = user.len() + password.len() + 2;
    let too_long = |_| WireError::Method("a longer password than AMQP takes");
    let mut payload = Zeroizing::new(Vec::with_capacity(256 + response));
    payload.extend([0, 10, 0, 11]);
    payload.extend(u32::try_from(properties.len()).map_err(too_long)?.to_be_bytes());
    payload.extend(properties);
    payload.push(5);
    payload.extend(b"PLAIN");
    payload.extend(u32::try_from(response).map_err(too_long)?.to_be_bytes());
    payload.push(0);
    payload.extend(user.bytes());
    payload.push(0);
    payload.extend(password.expose().bytes());
    payload.push(5);
    payload.extend(b"en_US");
    Ok(frame(&payload))
}

fn frame(payload: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(payload.len() + 8));
    out.extend([1, 0, 0]);
    out.extend(u32::try_from(payload.len()).unwrap_or(0).to_be_bytes());
    out.extend(payload);
    out.push(0xce);
    out
}

/// Class and method of the next frame.
fn method(channel: &mut Channel) -> Result<(u16, u16), WireError> {
    let [1, _, _, size @ ..] = channel.array::<7>()? else { return Err(WireError::Foreign) };
    let size = u32::from_be_bytes(size) as usize;
    if !(4..=LONGEST).contains(&size) {
        return Err(WireError::Foreign);
    }
    let payload = channel.take(size)?;
    let [0xce] = channel.array()? else { return Err(WireError::Foreign) };
    match payload.first_chunk() {
        Some([a, b, c, d]) => Ok((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]))),
        None => Err(WireError::Foreign),
    }
}
