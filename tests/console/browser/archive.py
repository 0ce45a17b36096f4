"""The smallest PMTiles archive: one vector tile of the whole world with land and a sea in it (specification 3)."""

import struct


def _varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + _varint(number >> 7) if number > 0x7F else bytes([number])


def _field(number: int, value: bytes | int) -> bytes:
    """A field of a protobuf message: a number, or bytes with their length before them."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _layer(name: str, square: tuple[int, int, int]) -> bytes:
    """A layer of a vector tile with one square: where it begins, in both directions, how wide and how high it is."""
    begin, width, height = square
    one, far, low = _varint(2 * begin), _varint(2 * width), _varint(2 * height)
    back = _varint(2 * width - 1)
    ring = _varint(9) + one + one + _varint(26) + far + b"\0" + b"\0" + low + back + b"\0" + _varint(15)
    feature = _field(3, 3) + _field(4, ring)
    return _field(3, _field(15, 2) + _field(1, name.encode()) + _field(2, feature) + _field(5, 4096))


def archive() -> bytes:
    """Its bytes: header, directory, metadata, tile, none of them compressed."""
    tile = _layer("earth", (0, 4096, 4096)) + _layer("water", (512, 1024, 1024))
    directory = _varint(1) + _varint(0) + _varint(1) + _varint(len(tile)) + _varint(1)
    about = b"{}"
    at_about = 127 + len(directory)
    at_tile = at_about + len(about)
    places = (127, len(directory), at_about, len(about), at_tile, 0, at_tile, len(tile), 1, 1, 1)
    header = b"PMTiles\x03" + struct.pack("<11Q", *places)
    # clustered, directory and tile plain, vector tiles, zoom 0 to 0
    header += bytes([1, 1, 1, 1, 0, 0]) + struct.pack("<4i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    return header + struct.pack("<B2i", 0, 1_170_000_000, 0) + directory + about + tile
