//! Hellos built field by field, for the tests of this room's files.

use crate::sniff::extensions::{ALPN, KEY_SHARE, SERVER_NAME, SUPPORTED_GROUPS, SUPPORTED_VERSIONS};

/// A hello in the making: each part as it goes on the wire.
#[derive(Clone)]
pub(super) struct Hello {
    pub(super) session_id: Vec<u8>,
    pub(super) cipher_suites: Vec<u8>,
    pub(super) extensions: Vec<u8>,
}

impl Hello {
    /// A plain TLS 1.3 hello with SNI `customers`, both HTTP ALPN values and a padding extension of `padding` bytes.
    pub(super) fn padded(padding: usize) -> Self {
        Self::bare()
            .with(SERVER_NAME, b"\0\x0c\0\0\x09customers")
            .with(ALPN, b"\0\x0c\x02h2\x08http/1.1")
            .with(SUPPORTED_VERSIONS, b"\x02\x03\x04")
            .with(SUPPORTED_GROUPS, b"\0\x04\x11\xec\0\x1d")
            .with(KEY_SHARE, b"\0\x06\0\x1d\0\x02ab")
            .with(21, &vec![0; padding])
    }

    pub(super) fn bare() -> Self {
        Self { session_id: vec![7; 32], cipher_suites: vec![0x13, 1, 0x13, 2], extensions: Vec::new() }
    }

    pub(super) fn with(mut self, kind: u16, body: &[u8]) -> Self {
        self.extensions.extend(kind.to_be_bytes());
        self.extensions.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        self.extensions.extend(body);
        self
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([9; 32]);
        body.push(u8::try_from(self.session_id.len()).unwrap());
        body.extend(&self.session_id);
        body.extend(u16::try_from(self.cipher_suites.len()).unwrap().to_be_bytes());
        body.extend(&self.cipher_suites);
        body.extend([1, 0]);
        body.extend(u16::try_from(self.extensions.len()).unwrap().to_be_bytes());
        body.extend(&self.extensions);
        body
    }

    /// The handshake message.
    pub(super) fn message(&self) -> Vec<u8> {
        let body = self.body();
        let mut message = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        message[0] = 1;
        message.extend(body);
        message
    }

    /// The message in records of `size` bytes.
    pub(super) fn records(&self, size: usize) -> Vec<u8> {
        in_records(&self.message(), size)
    }
}

pub(super) fn in_records(message: &[u8], size: usize) -> Vec<u8> {
    let record = |part: &[u8]| {
        let mut record = vec![0x16, 3, 1];
        record.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        record.extend(part);
        record
    };
    message.chunks(size).flat_map(record).collect()
}
