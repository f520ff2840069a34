"""The documents of Open311 GeoReport v2, in XML and JSON.

One tree makes both. XML is the standard's own form; JSON follows from it by the Spark convention
(wiki.open311.org/JSON_and_XML_Conversion): an element whose children are all of one name is an
array of them, an element without content is null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree as ET

import msgspec
from starlette.responses import Response

Form = Literal["xml", "json"]
MEDIA_TYPES: dict[Form, str] = {
    "xml": "text/xml; charset=utf-8",
    "json": "application/json; charset=utf-8",
}

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write (section 2.2)."""


@dataclass(frozen=True, slots=True)
class Elements:
    """The children of an element, all called ``name``."""

    name: str
    values: Sequence[Node]


Node = str | int | float | bool | None | Mapping[str, Any] | Elements
"""A text or number, an element's children by name, in order, or children of one name."""


def write(root: str, node: Node, form: Form) -> bytes:
    """The document of a tree whose outermost element is called ``root``."""
    if form == "json":
        return msgspec.json.encode(_plain(node))
    written: bytes = ET.tostring(_element(root, node), encoding="utf-8", xml_declaration=True)
    return written


def document(root: str, node: Node, form: Form, status: int = 200) -> Response:
    """The answer that carries the document; what is live is kept by no cache."""
    return Response(
        write(root, node, form),
        status_code=status,
        headers={"Content-Type": MEDIA_TYPES[form], "Cache-Control": "no-store"},
    )


def errors(found: Sequence[tuple[int, str]], form: Form, status: int) -> Response:
    """The standard's error document: a code and a description of each."""
    listed = [{"code": code, "description": description} for code, description in found]
    return document("errors", Elements("error", listed), form, status)


def _element(name: str, node: Node) -> ET.Element:
    element = ET.Element(name)
    if isinstance(node, Elements):
        element.extend(_element(node.name, value) for value in node.values)
    elif isinstance(node, Mapping):
        element.extend(_element(key, value) for key, value in node.items())
    else:
        element.text = _text(node)
    return element


def _text(value: str | float | bool | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_IN_XML.sub("\ufffd", str(value))


def _plain(node: Node) -> Any:
    if isinstance(node, Elements):
        return [_plain(value) for value in node.values]
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items()}
    return None if node == "" else node
