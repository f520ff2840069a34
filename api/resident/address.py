"""Where residents reach this place."""

from __future__ import annotations

from fastapi import Request

from cases.residents.settings import ReportSettings


def base_url(request: Request, settings: ReportSettings) -> str:
    """Where this is reached from outside, without a slash at its end."""
    return (settings.public_url or str(request.base_url)).rstrip("/")
