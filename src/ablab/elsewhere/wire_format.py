"""The wire format of protocol buffers as bytes by the numbers of fields, and the checksum of TensorFlow's records."""

import functools

Fields = dict[int, list[bytes]]  # of one message: what each field has, in order; whole numbers as 8 bytes
_FIXED = {1: 8, 5: 4}  # bytes of the kinds with a fixed size


def fields(message: bytes) -> Fields:
    """The fields of a message; ValueError where the bytes are none.

    >>> fields(bytes([8, 150, 1, 18, 2, 104, 105]))
    {1: [b'\\x96\\x00\\x00\\x00\\x00\\x00\\x00\\x00'], 2: [b'hi']}
    """
    found: Fields = {}
    at = 0
    while at < len(message):
        key, at = _whole(message, at)
        kind = key & 7
        if kind == 0:
            number, at = _whole(message, at)
            value = number.to_bytes(8, "little")
        else:
            length, at = (_FIXED[kind], at) if kind in _FIXED else _whole(message, at) if kind == 2 else (-1, at)
            if length < 0 or at + length > len(message):
                raise ValueError("not a protocol buffers message")
            value, at = message[at : at + length], at + length
        found.setdefault(key >> 3, []).append(value)
    return found


def number_of(message: Fields, key: int) -> int:
    """A whole number; 0 where the field is not there.

    >>> number_of(fields(bytes([8, 150, 1])), 1)
    150
    """
    return int.from_bytes(message[key][-1], "little") if key in message else 0


def _whole(message: bytes, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where what follows begins."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (1 << 64) - 1, at
    raise ValueError("not a protocol buffers message")


def masked_crc(content: bytes) -> int:
    """CRC-32C (Castagnoli), turned as TensorFlow's records have it.

    >>> crc = 0xE3069283  # of b"123456789" (RFC 3720)
    >>> masked_crc(b"123456789") == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    True
    """
    crc, table = 0xFFFFFFFF, _table()
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@functools.cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)
