"""Everything that can be set, put together from the rooms' own sections."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import BaseModel, Field

from cases.notices.notify import NotifySettings
from cases.residents.settings import ReportSettings
from facility.mqtt import MqttSettings
from facility.settings import Layered, SiteSettings, StoreSettings
from ingest.service import IngestSettings
from rules.service import RulesSettings
from simulators.demo import DemoSettings


class ApiSettings(BaseModel, extra="forbid"):
    """Where the control room is served."""

    host: str = "127.0.0.1"
    port: int = 8080


class CasesSettings(BaseModel, extra="forbid"):
    """The case database, an SQLAlchemy URL; a file in the data directory where none is given.

    A fault that comes back within ``recurs_within_days`` of its closing is a recurrence.
    ``keep_audit_days`` is how long a row of the audit trail is kept.
    """

    url: str | None = None
    recurs_within_days: int = Field(default=7, ge=0, le=365)
    keep_audit_days: int = Field(default=1_095, ge=1, le=36_500)


class Settings(Layered):
    """Everything that can be set, a section a room."""

    data_dir: Path = Path("data")
    site: SiteSettings = SiteSettings()
    mqtt: MqttSettings = MqttSettings()
    store: StoreSettings = StoreSettings()
    cases: CasesSettings = CasesSettings()
    notify: NotifySettings = NotifySettings()
    ingest: IngestSettings = IngestSettings()
    rules: RulesSettings = RulesSettings()
    api: ApiSettings = ApiSettings()
    reports: ReportSettings = ReportSettings()
    demo: DemoSettings = DemoSettings()


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings, with what the command line says in their place."""
    settings = Settings.read(options.config)
    given = vars(options)
    if given.get("data_dir"):
        settings.data_dir = given["data_dir"]
    if given.get("api_port") is not None:
        settings.api.port = given["api_port"]
    if given.get("mqtt"):
        settings.mqtt.url = given["mqtt"]
    return settings
