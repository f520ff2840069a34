"""The language that a resident's browser, or an Open311 client, asks for."""

from __future__ import annotations

from cases.residents.reported import Language


def language_of(accepted: str) -> Language:
    """The first of the languages of an Accept-Language header that there is; else Chinese."""
    ranked = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        ranked.append((-weight, place, tag.casefold()))
    for _, _, tag in sorted(ranked):
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"
