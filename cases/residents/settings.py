"""What a place can set about residents' reports."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from cases.residents.nearness import NearSettings
from cases.residents.news_settings import NewsSettings
from cases.residents.photos import PhotoSettings


class ReportSettings(BaseModel, extra="forbid"):
    """``keep_contacts_days`` after its case was closed who made a report is forgotten.

    ``not_fixed_days`` long after its closing a resident may say that nothing was mended.
    ``public_url`` is where residents reach this, for addresses that are sent to them; without it
    that is where they asked from. ``contact`` is who answers for the Open311 service.
    """

    keep_contacts_days: int = Field(default=180, ge=1, le=3_650)
    not_fixed_days: int = Field(default=7, ge=0, le=365)
    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] | None = None
    contact: str = "12319"
    near: NearSettings = NearSettings()
    photos: PhotoSettings = PhotoSettings()
    news: NewsSettings = NewsSettings()
