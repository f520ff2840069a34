"""Photos for tests, made as they are needed."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def photo(size: tuple[int, int] = (64, 48), form: str = "JPEG", **more: Any) -> bytes:
    """A file of a picture that is red at its top left and blue elsewhere."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, max(1, size[0] // 2), max(1, size[1] // 2)))
    written = io.BytesIO()
    image.save(written, form, **more)
    return written.getvalue()


def located(size: tuple[int, int] = (64, 48), orientation: int = 1) -> bytes:
    """A JPEG that says where, with what and how turned it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 46.0, 48.0), 3: "E", 4: (113.0, 41.0, 24.0)})
    return photo(size, exif=exif)
