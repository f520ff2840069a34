"""A device profile: which messages it is for, how they are laid out, which fields they give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from facility import tomlfile
from facility.errors import UsageError
from facility.measurements import MEASUREMENTS, Kind
from ingest.profiles import fields, layout
from ingest.profiles.fields import Dropped, Rule
from ingest.profiles.installed import Installed
from ingest.profiles.layout import BadPayload, Read, Step, Values


class Message(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One kind of message a model sends: on which ports, and how it is laid out.

    ``starts`` are the first bytes in hexadecimal. Exactly one of ``steps``, ``channels`` (with
    ``skip``: ids to pass over, and their length) and ``object = true`` (the object that the network
    server decoded; names are dotted paths) says how; ``nothing`` says in words why a message
    carries no measurement.
    """

    ports: list[int]
    starts: str = ""
    steps: list[Step] = []
    channels: dict[str, list[Step]] = {}
    skip: dict[str, int] = {}
    object: bool = False
    nothing: str = ""


class Example(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A payload (``bytes`` in hexadecimal, or ``object``) and what becomes of it.

    ``values`` are the fields; of a message with several readings ``readings`` are all of them,
    each with its ``ts``. A bad one has ``fails``, a part of the reason. ``installed`` are numbers
    set for the device, ``before`` payloads that came earlier.
    """

    name: str
    port: int
    bytes: str = ""
    object: dict[str, Any] | None = None
    values: dict[str, Any] | None = None
    readings: list[dict[str, Any]] | None = None
    dropped: dict[str, str] = {}
    fails: str = ""
    installed: dict[str, float] = {}
    before: list[str] = []


class Profile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One model. ``names`` are parts of the profile's name at the network server."""

    model: str
    kind: Kind
    source: str
    names: list[str]
    messages: list[Message]
    fields: dict[str, Rule]
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a device sent: the port, the bytes, and the object decoded from them elsewhere."""

    port: int
    data: bytes = b""
    object: Any = None


@dataclass(slots=True)
class Outcome:
    """Readings, field → cell, with ``ts`` where it is not the message's; fields dropped, why.

    Of a reading without a field, ``nothing`` says why the message, which is sound, carries no
    measurement, or ``detail`` why what it carries was dropped.
    """

    readings: list[dict[str, object]] = field(default_factory=list)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    nothing: str = ""
    detail: str = ""


def decode(profile: Profile, payload: Payload, device: str, installed: Installed) -> Outcome:
    """What a payload says. At least one reading, perhaps without any field. BadPayload."""
    read, nothing = _read(profile, payload)
    outcome = Outcome()
    for channel in read.unknown:
        outcome.dropped[f"channel {channel}", "unknown"] += 1
    used = fields.names_used(list(profile.fields.values()))
    # History stands beside what is measured now, which may be nothing.
    now = [read.values] if used & read.values.keys() or not read.earlier else []
    words = []
    for values in now + read.earlier:
        reading: dict[str, object] = {}
        if isinstance(seconds := values.get("time"), int) and values is not read.values:
            reading["ts"] = seconds * 1000
        for name, rule in profile.fields.items():
            measurement = MEASUREMENTS[profile.kind][name]
            try:
                cell = fields.evaluate(rule, measurement, values, device, installed)
            except Dropped as error:
                outcome.dropped[name, str(error)] += 1
                words.append(f"{name}: {error}{_word(rule, values)}")
                continue
            if cell is not None:
                reading[name] = cell
        outcome.readings.append(reading)
    outcome.detail = ", ".join(words + [f"channel {c}: unknown" for c in read.unknown])
    outcome.nothing = nothing or ("" if outcome.detail else "it has none of the profile's fields")
    return outcome


def _word(rule: Rule, values: Values) -> str:
    value = values.get(rule.source)
    return f" ({value.word})" if isinstance(value, layout.Sentinel) else ""


def _read(profile: Profile, payload: Payload) -> tuple[Read, str]:
    """The raw values, and a remark where the message carries none."""
    starting = payload.data.hex()
    on_port = [message for message in profile.messages if payload.port in message.ports]
    for message in on_port:
        if not starting.startswith(message.starts):
            continue
        if message.nothing:
            return Read(), message.nothing
        if message.object:
            if payload.object is None:
                raise BadPayload("the network server sent no decoded object; give it a codec")
            used = fields.names_used(list(profile.fields.values()))
            return Read({name: _at(payload.object, name) for name in used}), ""
        if not payload.data:
            return Read(), "the message has no payload"
        if message.channels:
            return layout.read_channels(message.channels, message.skip, payload.data), ""
        return layout.read_steps(message.steps, payload.data), ""
    raise BadPayload(
        f"no message of {profile.model} on port {payload.port} starts {starting[:8]!r}"
    )


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


class Profiles:
    """Some profiles, to find the one that a message is for."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._profiles = list(profiles)

    def find(self, names: Sequence[str], port: int) -> Profile | None:
        """The profile that one of ``names`` contains the name of, upper or lower case alike.

        Of several, the one with the longest name, or the first; None where none is for ``port``.
        """
        lower = [name.lower() for name in names]
        found = [
            (len(part), profile)
            for profile in self._profiles
            for part in profile.names
            if any(part.lower() in name for name in lower)
            and any(port in message.ports for message in profile.messages)
        ]
        return max(found, key=lambda pair: pair[0])[1] if found else None


def load(path: Path) -> Profile:
    """The profile of a file. UsageError, one line, where it is none."""
    return parse(tomlfile.read_text(path), str(path))


def parse(text: str, name: str) -> Profile:
    """The profile of a TOML text that is called ``name``. UsageError where it is none."""
    said = tomlfile.parse(text, name)
    try:
        profile = msgspec.convert(said, Profile)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"{name}: {error}") from None
    found = fields.problems(profile.kind, profile.fields)
    for message in profile.messages:
        found += _message_problems(message)
    if not profile.names or not all(profile.names):
        found.append("names is empty")
    if not any(example.fails for example in profile.examples):
        found.append("it has no example that fails; give a bad payload too")
    if not any(not example.fails for example in profile.examples):
        found.append("it has no example of a good payload")
    if found:
        raise UsageError(f"{name}: {'; '.join(found)}")
    return profile


def _message_problems(message: Message) -> list[str]:
    found = layout.problems(message.steps)
    for channel, steps in message.channels.items():
        found += layout.problems(steps)
        if not all(c in "0123456789abcdef" for c in channel) or len(channel) != 4:
            found.append(f"channel {channel!r} is not two bytes in lower-case hexadecimal")
    ways = (message.steps, message.channels, message.object, message.nothing)
    if sum(map(bool, ways)) != 1:
        found.append(f"ports {message.ports}: one of steps, channels, object and nothing is needed")
    return found


@lru_cache(maxsize=1)
def shipped() -> Profiles:
    """The profiles that come with Xiuhua."""
    return Profiles(_shipped())


def shipped_and_own(folder: Path) -> Profiles:
    """The shipped profiles and those of a folder (``*.toml``), which may stand for shipped ones.

    UsageError where one of its files is no profile.
    """
    return Profiles([*map(load, sorted(folder.glob("*.toml"))), *_shipped()])


def _shipped() -> list[Profile]:
    files = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    return [parse(f.read_text("utf-8"), f.name) for f in files if f.name.endswith(".toml")]
