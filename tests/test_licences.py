"""What Xiuhua needs may be distributed with it, and nothing is locked that nobody needs."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPO = Path(__file__).parents[1]
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]

PERMISSIVE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"),
    *("MIT-CMU", "PSF-2.0", "Zlib", "BlueOak-1.0.0", "Unlicense"),
    # As packages that do not name it by its identifier say it.
    *("Apache Software License", "BSD License", "MIT License", "ISC License (ISCL)"),
}
UNCHANGED = {
    "certifi": "MPL-2.0",  # a file of certificates
    "psycopg": "LGPL-3.0-only",  # a library that is loaded, and can be replaced
    "psycopg-binary": "LGPL-3.0-only",
}
"""Fit beside Apache-2.0 as long as they are distributed as they came."""


def needed(requirements: Iterable[str]) -> set[str]:
    """The packages that these need, on whatever platform, themselves among them."""
    waiting = [Requirement(one) for one in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in {"", *one.extras}:
            if (one.name, extra) not in seen:
                seen.add((one.name, extra))
                waiting += _required(one.name, extra)
    return {canonicalize_name(name) for name, _ in seen}


def _required(name: str, extra: str) -> Iterator[Requirement]:
    for text in distribution(name).requires or () if is_here(name) else ():
        one = Requirement(text)
        mark = str(one.marker or "")
        if "extra" not in mark or one.marker is None or one.marker.evaluate({"extra": extra}):
            yield one


def is_here(name: str) -> bool:
    """Whether this platform has the package."""
    try:
        return bool(distribution(name).metadata["Name"])
    except PackageNotFoundError:
        return False


def licences(name: str) -> set[str]:
    """What a package says that it is under; of several to choose from, those that fit."""
    said = distribution(name).metadata
    if "License-Expression" in said:
        choices = [set(one.split(" AND ")) for one in said["License-Expression"].split(" OR ")]
        return next((one for one in choices if one <= PERMISSIVE), choices[0])
    found = {
        one.rpartition(" :: ")[2]
        for one in said.get_all("Classifier", ())
        if one.startswith("License :: ")
    }
    return found or {said["License"]}


def test_every_package_that_is_needed_fits_apache_2() -> None:
    wrong = {
        name: found
        for name in needed(RUNTIME) - set(UNCHANGED)
        if is_here(name) and not (found := licences(name)) <= PERMISSIVE
    }
    assert wrong == {}
    assert licences("psycopg") == {"LGPL-3.0-only"}
    assert set(UNCHANGED) <= needed(RUNTIME)


def test_nothing_is_locked_that_nobody_needs() -> None:
    said = (REPO / "requirements.lock").read_text("utf-8")
    locked = {canonicalize_name(one) for one in re.findall(r"^([\w.-]+)==", said, re.MULTILINE)}
    assert locked - needed([*RUNTIME, *PROJECT["dependency-groups"]["dev"]]) == set()


def test_what_is_built_into_the_page_fits_apache_2() -> None:
    packages = json.loads((REPO / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    shipped = {
        path: set(re.findall(r"[\w.-]+", package.get("license", "none")))
        for path, package in packages.items()
        if path and not package.get("dev")
    }
    assert shipped
    assert {
        path: one for path, one in shipped.items() if not one <= PERMISSIVE | {"AND", "OR"}
    } == {}
