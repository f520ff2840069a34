"""Photos as files: checked by decoding, made anew, under names that nobody can guess.

What is kept is never what was sent. A photo is decoded, turned upright, made small enough to look
at and written as a JPEG of its own, so nothing of the file that came is left: no position, no
camera, no bytes after its end.
"""

from __future__ import annotations

import io
import re
import secrets
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps
from pydantic import BaseModel, Field

from facility.errors import Retryable, UsageError

MEDIA_TYPE = "image/jpeg"
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 32_000_000
"""A photo of as many takes 130 MB while it is decoded, so one is decoded at a time."""

_LONGER_SIDE = 2_048
_QUALITY = 85
_FRESH = ".new"
_ID = re.compile(r"[0-9a-f]{32}")

_decoding = threading.Lock()


class PhotoSettings(BaseModel, extra="forbid"):
    """How much a photo may have, and how many a report or a step of a case."""

    most_mb: float = Field(default=5, gt=0, le=50)
    most: int = Field(default=3, ge=0, le=10)

    @property
    def most_bytes(self) -> int:
        return int(self.most_mb * 1_000_000)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it will be kept: the bytes of a JPEG."""

    id: str
    width: int
    height: int
    jpeg: bytes


def develop(sent: BinaryIO) -> Photo:
    """The photo of a file that was sent, made anew. UsageError where it is none, or too large."""
    with _decoding:
        try:
            image = _decoded(sent)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_large() from None
        except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
            raise UsageError("is no photo that can be read; send a JPEG, PNG or WebP") from error
        written = io.BytesIO()
        image.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return Photo(secrets.token_hex(16), *image.size, written.getvalue())


def _decoded(sent: BinaryIO) -> Image.Image:
    with Image.open(sent, formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise _too_large()
        # A JPEG can be decoded at a half or a quarter of its size, for as little of the work.
        opened.draft("RGB", (_LONGER_SIDE, _LONGER_SIDE))
        opened.load()
        upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
    # On white where it is transparent; a fresh image has no metadata to be written along.
    seen = upright.convert("RGBA")
    flat = Image.new("RGB", seen.size, "white")
    flat.paste(seen, mask=seen.getchannel("A"))
    return flat


def _too_large() -> UsageError:
    return UsageError(f"has more than {MOST_PIXELS // 1_000_000} million pixels; make it smaller")


class PhotoFiles:
    """The photos of a data directory. Which of them may be seen by whom is not known here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, photo: Photo) -> None:
        """Writes a photo; whole or not at all. Retryable where the disk has no room for it."""
        path = self._path(photo.id)
        fresh = path.with_suffix(_FRESH)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(photo.jpeg)
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise Retryable(f"photos cannot be kept now: {error.strerror}") from error

    def path(self, photo_id: str) -> Path | None:
        """The file of a photo; None where there is none, or ``photo_id`` is no photo's name."""
        if not _ID.fullmatch(photo_id):
            return None
        path = self._path(photo_id)
        return path if path.is_file() else None

    def written(self, since_s: float, until_s: float) -> set[str]:
        """The photos, and what was half written of them, last written in [since, until): Unix
        seconds of the machine."""
        found = set()
        for path in self._folder.glob("??/*"):
            photo_id = path.name.partition(".")[0]
            # One that is being written takes its name meanwhile.
            with suppress(FileNotFoundError):
                if _ID.fullmatch(photo_id) and since_s <= path.stat().st_mtime < until_s:
                    found.add(photo_id)
        return found

    def drop(self, photo_id: str) -> None:
        """Deletes a photo, and what was half written of it, where it is there."""
        path = self._path(photo_id)
        path.unlink(missing_ok=True)
        path.with_suffix(_FRESH).unlink(missing_ok=True)

    def _path(self, photo_id: str) -> Path:
        return self._folder / photo_id[:2] / f"{photo_id}.jpg"
