"""Pictures as people, phones and attackers send them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, PngImagePlugin

GPS = 0x8825


def encoded(picture: Image.Image | None = None, form: str = "JPEG", **options: Any) -> bytes:
    """A picture as a file; a small noisy one unless given."""
    out = io.BytesIO()
    (picture or Image.effect_noise((64, 40), 60).convert("RGB")).save(out, form, **options)
    return out.getvalue()


def exif(**tags: Any) -> Image.Exif:
    """What a phone writes: its maker, its owner, where it was; ``orientation`` how it was held."""
    told = Image.Exif()
    told[0x010F] = "Phonemaker"
    told[0x9C9D] = "Siti".encode("utf-16le")
    told.get_ifd(GPS)[2] = (6.0, 10.0, 31.0)
    if "orientation" in tags:
        told[0x0112] = tags["orientation"]
    return told


def commented_png(comment: str) -> bytes:
    """A PNG with a text chunk called ``comment``."""
    told = PngImagePlugin.PngInfo()
    told.add_text("comment", comment)
    return encoded(form="PNG", pnginfo=told)


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims to be this large and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
