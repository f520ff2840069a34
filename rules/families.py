"""The types of case that the rules know, and which of them are one kind of fault."""

from __future__ import annotations

FAMILY = {
    "streetlight.unlit": "unlit",
    "streetlight.segment_unlit": "unlit",
    "streetlight.day_burning": "burning",
    "streetlight.degraded": "degraded",
    "cabinet.lamps_lost": "lost",
    "device.silent": "silent",
    "cover.displaced": "displaced",
    "cover.rattle": "rattle",
    "cover.flooding": "flooding",
    "station.backlog": "backlog",
    "station.odour": "odour",
    "station.gas_hazard": "gas",
    "station.leachate": "leachate",
    "station.equipment": "equipment",
}
"""Case type → family. A member is in one case of a family at most: an asset, or of
``cabinet.lamps_lost`` a series (a cabinet, or one of its circuits)."""
