//! [`write()`]: connections as one pcapng file that Wireshark opens decrypted, without options.
//!
//! The packets are made here: the tap has streams, and a capture wants TCP around them. No root, no libpcap. With a key
//! log the file holds the secrets too (a decryption secrets block, before the packets): whoever has the file can read
//! the connections, and whoever writes it has to say so.
//!
//! The format is draft-ietf-opsawg-pcapng, in little-endian order.

use crate::glass::packets::{CapturedConnection, Packet, packets};

/// The link type of packets that begin with their IP header.
const LINKTYPE_RAW: u16 = 101;

/// Block types.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// The kind of secrets that a TLS key log is: "TLSK".
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Option codes.
const COMMENT: u16 = 1;
const INTERFACE_NAME: u16 = 2;
const USER_APPLICATION: u16 = 4;
const TIME_RESOLUTION: u16 = 9;

/// Times are in units of 10⁻⁹ s.
const NANOSECONDS: u8 = 9;

/// Writes a file: `connections` in the order of their packets' times, readable with `key_log` (in NSS's format, see
/// [`KeyLog::to_text`](crate::glass::KeyLog::to_text)) or sealed without.
pub fn write(connections: &[CapturedConnection], key_log: Option<&str>) -> Vec<u8> {
    let mut file = Vec::new();
    section_header(&mut file);
    interface_description(&mut file);
    if let Some(key_log) = key_log {
        decryption_secrets(&mut file, key_log);
    }
    let mut all: Vec<Packet> = connections.iter().flat_map(packets).collect();
    all.sort_by_key(|packet| packet.at);
    for packet in &all {
        enhanced_packet(&mut file, packet);
    }
    file
}

fn section_header(file: &mut Vec<u8>) {
    let mut body = Vec::new();
    body.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
    body.extend_from_slice(&1_u16.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    // The length of the section is not said: -1.
    body.extend_from_slice(&u64::MAX.to_le_bytes());
    option(&mut body, USER_APPLICATION, concat!("glasstunnel ", env!("CARGO_PKG_VERSION")).as_bytes());
    end_of_options(&mut body);
    block(file, SECTION_HEADER, &body);
}

fn interface_description(file: &mut Vec<u8>) {
    let mut body = Vec::new();
    body.extend_from_slice(&LINKTYPE_RAW.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    // No limit on the length of a packet.
    body.extend_from_slice(&0_u32.to_le_bytes());
    option(&mut body, INTERFACE_NAME, b"glasstunnel");
    option(&mut body, TIME_RESOLUTION, &[NANOSECONDS]);
    end_of_options(&mut body);
    block(file, INTERFACE_DESCRIPTION, &body);
}

fn decryption_secrets(file: &mut Vec<u8>, key_log: &str) {
    let mut body = Vec::new();
    body.extend_from_slice(&TLS_KEY_LOG.to_le_bytes());
    body.extend_from_slice(&length_of(key_log.as_bytes()).to_le_bytes());
    padded(&mut body, key_log.as_bytes());
    block(file, DECRYPTION_SECRETS, &body);
}

fn enhanced_packet(file: &mut Vec<u8>, packet: &Packet) {
    let [high, low] = [packet.at >> 32, packet.at & 0xffff_ffff].map(|half| u32::try_from(half).unwrap_or(0));
    let length = length_of(&packet.bytes);
    let mut body = Vec::new();
    for number in [0, high, low, length, length] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    padded(&mut body, &packet.bytes);
    if let Some(comment) = &packet.comment {
        option(&mut body, COMMENT, comment.as_bytes());
        end_of_options(&mut body);
    }
    block(file, ENHANCED_PACKET, &body);
}

/// Type, length, body, and the length again.
fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    /// Type and two lengths.
    const FRAME: u32 = 12;
    let length = length_of(body).saturating_add(FRAME).to_le_bytes();
    file.extend_from_slice(&kind.to_le_bytes());
    file.extend_from_slice(&length);
    file.extend_from_slice(body);
    file.extend_from_slice(&length);
}

/// An option; what is too long for one is cut, at a character when it is text.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let mut end = value.len().min(usize::from(u16::MAX));
    while end < value.len() && value.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    let value = value.get(..end).unwrap_or_default();
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&u16::try_from(end).unwrap_or(u16::MAX).to_le_bytes());
    padded(body, value);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend_from_slice(&[0; 4]);
}

/// Everything stands at multiples of four bytes.
fn padded(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(bytes);
    body.resize(body.len() + bytes.len().next_multiple_of(4) - bytes.len(), 0);
}

/// Packets and key logs are far below four gigabytes.
fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
