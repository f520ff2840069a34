"""A photo that is kept is made anew; what is none, or too large, is refused."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cases.residents.photos import Photo, PhotoFiles, develop
from facility.errors import Retryable, UsageError
from tests.cases.photos import located, photo


def developed(sent: bytes) -> Photo:
    return develop(io.BytesIO(sent))


def opened(made: Photo) -> Image.Image:
    return Image.open(io.BytesIO(made.jpeg))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_every_form_becomes_a_jpeg(form: str) -> None:
    made = developed(photo(form=form))
    assert (opened(made).format, opened(made).size) == ("JPEG", (64, 48))
    assert (made.width, made.height) == (64, 48)


def test_nothing_of_where_and_with_what_is_left() -> None:
    sent = located() + b"<script>alert(1)</script>"
    assert b"SECRET-CAMERA" in sent
    made = developed(sent)
    assert not opened(made).getexif()
    assert b"SECRET" not in made.jpeg
    assert b"script" not in made.jpeg
    assert opened(made).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_it_is_turned_upright() -> None:
    made = opened(developed(located((64, 48), orientation=6)))
    assert made.size == (48, 64)
    red, _, blue = made.convert("RGB").getpixel((40, 4))  # type: ignore[misc]
    assert red > 200 > 60 > blue


def test_a_large_one_is_made_small_enough_to_look_at() -> None:
    made = developed(photo((5_000, 1_000)))
    assert made.width == 2_048
    assert made.height == pytest.approx(410, abs=1)


def test_what_is_transparent_is_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(written, "PNG")
    assert opened(developed(written.getvalue())).convert("RGB").getpixel((4, 4)) == (255, 255, 255)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has as many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(8_000, 8_000), (10_000, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_dimensions(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="million pixels"):
        developed(bomb(*size))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"not a photo",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photo(form="GIF"),
        photo(form="BMP"),
        photo(form="TIFF"),
        photo()[:300],
        photo(form="PNG")[:60],
        bomb(100, 100),
    ],
)
def test_what_is_no_photo_is_refused(sent: bytes) -> None:
    with pytest.raises(UsageError, match="no photo"):
        developed(sent)


@settings(max_examples=60, deadline=None)
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    at=st.integers(0, 10_000),
    noise=st.binary(min_size=1, max_size=20),
)
def test_a_damaged_one_is_a_photo_or_refused(form: str, at: int, noise: bytes) -> None:
    sent = bytearray(photo(form=form))
    at %= len(sent)
    sent[at : at + len(noise)] = noise
    with suppress(UsageError):
        assert opened(developed(bytes(sent))).format == "JPEG"


def test_files_are_kept_under_a_name_that_nobody_guesses(tmp_path: Path) -> None:
    files = PhotoFiles(tmp_path)
    one, two = developed(photo()), developed(photo())
    assert one.id != two.id
    files.keep(one)
    kept = files.path(one.id)
    assert kept is not None
    assert kept.read_bytes() == one.jpeg
    assert files.path(two.id) is None
    files.drop(one.id)
    files.drop(one.id)
    assert files.path(one.id) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a" * 31, "A" * 32, "a/../b" * 5])
def test_a_name_that_is_none_leads_nowhere(tmp_path: Path, name: str) -> None:
    assert PhotoFiles(tmp_path).path(name) is None


def test_a_photo_that_the_disk_does_not_take_may_be_sent_again(tmp_path: Path) -> None:
    (tmp_path / "ab").write_text("in the way")
    with pytest.raises(Retryable, match="photos cannot be kept now: File exists"):
        PhotoFiles(tmp_path).keep(Photo("ab" * 16, 1, 1, b"jpeg"))
    assert [one.name for one in tmp_path.iterdir()] == ["ab"]
