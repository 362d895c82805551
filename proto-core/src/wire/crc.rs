//! CRC-32 as in Ethernet, gzip and PNG.

/// The CRC-32 of these bytes (polynomial 04C11DB7, reflected, inverted at both ends).
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    more(0, bytes)
}

/// The CRC-32 of bytes whose CRC-32 is `crc`, with these behind them.
pub(crate) fn more(crc: u32, bytes: &[u8]) -> u32 {
    let crc = bytes
        .iter()
        .fold(!crc, |crc, byte| half(half(crc ^ u32::from(*byte))));
    !crc
}

/// Four bits. A table for them is a sixteenth of the usual one, which would not pay on a serial line.
fn half(crc: u32) -> u32 {
    let [low, ..] = crc.to_le_bytes();
    crc >> 4 ^ HALVES.get(usize::from(low & 0x0F)).copied().unwrap_or(0)
}

const HALVES: [u32; 16] = [
    0x0000_0000,
    0x1DB7_1064,
    0x3B6E_20C8,
    0x26D9_30AC,
    0x76DC_4190,
    0x6B6B_51F4,
    0x4DB2_6158,
    0x5005_713C,
    0xEDB8_8320,
    0xF00F_9344,
    0xD6D6_A3E8,
    0xCB61_B38C,
    0x9B64_C2B0,
    0x86D3_D2D4,
    0xA00A_E278,
    0xBDBD_F21C,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(more(crc32(b"1234"), b"56789"), 0xCBF4_3926);
    }
}
