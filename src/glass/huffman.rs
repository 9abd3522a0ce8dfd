//! The Huffman code of header texts (RFC 7541 §5.2 and Appendix B).
//!
//! The code is canonical: within a length, codes follow the order of the symbols. So the lengths are the whole table.

use std::sync::LazyLock;

/// The longest code, in bits.
const LONGEST: usize = 30;

/// What decoding needs, by length of code.
struct Table {
    /// The first code of each length, and where its symbol stands in `symbols`; how many codes there are.
    lengths: [(u32, usize, u32); LONGEST + 1],
    /// The symbols in the order of their codes.
    symbols: Vec<u8>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { lengths: [(0, 0, 0); LONGEST + 1], symbols: Vec::with_capacity(256) };
    let mut code = 0_u32;
    for (length, row) in table.lengths.iter_mut().enumerate() {
        code <<= 1;
        *row = (code, table.symbols.len(), 0);
        for (symbol, _) in (0_u8..=255).zip(LENGTHS).filter(|(_, known)| usize::from(*known) == length) {
            table.symbols.push(symbol);
            row.2 += 1;
            code += 1;
        }
    }
    table
});

/// Decodes a text; `None` if it does not end with at most seven bits of padding, all ones.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(bytes.len() * 8 / 5);
    let (mut code, mut length) = (0_u32, 0_usize);
    for byte in bytes {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(byte >> bit & 1);
            length += 1;
            let (first, place, count) = *TABLE.lengths.get(length)?;
            let beyond = code.wrapping_sub(first);
            if beyond < count {
                text.push(*TABLE.symbols.get(place + usize::try_from(beyond).ok()?)?);
                (code, length) = (0, 0);
            }
        }
    }
    (length < 8 && code == (1 << length) - 1).then_some(text)
}

/// The length of each symbol's code, in bits; the end of string, which never stands in a text, has 30.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7541_examples() {
        fn check(input: &[u8], expect: &str) {
            assert_eq!(decode(input).as_deref(), Some(expect.as_bytes()));
        }
        check(&[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff], "www.example.com");
        check(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache");
        check(&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf], "custom-value");
        check(&[0x64, 0x02], "302");
        check(&[], "");
        // A whole byte of padding, a padding of zeros, and the end of string.
        for bad in [[0x64, 0x02, 0xff].as_slice(), &[0xf0], &[0xff; 4]] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
    }
}
