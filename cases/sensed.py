"""The cases that sensors open: their types, and the causes that the rules name of them."""

from __future__ import annotations

CASE_TYPES = frozenset(
    {
        "streetlight.unlit",
        "streetlight.segment_unlit",
        "streetlight.day_burning",
        "streetlight.degraded",
        "cabinet.lamps_lost",
        "cover.displaced",
        "cover.rattle",
        "cover.flooding",
        "station.backlog",
        "station.odour",
        "station.gas_hazard",
        "station.leachate",
        "station.equipment",
        "device.silent",
    }
)
"""Every case that a sensor opens."""

CAUSES: dict[str, frozenset[str]] = {
    "streetlight.unlit": frozenset({"lamp", "not_switched", "supply"}),
    "streetlight.segment_unlit": frozenset(
        {"segment", "circuit", "cabinet", "not_switched", "supply"}
    ),
    "cabinet.lamps_lost": frozenset({"lamps", "outage", "not_switched"}),
    "device.silent": frozenset({"power", "communications"}),
}
"""Case type → the causes that the rules name, of the types that a standard may tell apart by."""
