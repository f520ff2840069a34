"""Settings: ``xiuhua.toml``, overridden by environment variables ``XIUHUA_…``.

Each room declares its own section; the command puts them together. In the environment a section's
key is written ``XIUHUA_SECTION__KEY``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from facility import tomlfile
from facility.errors import UsageError

DEFAULT_FILE = Path("xiuhua.toml")


class SiteSettings(BaseModel, extra="forbid"):
    """The place: its six-digit area code and the time zone that its people live in."""

    area: str = "410105"
    timezone: str = "Asia/Shanghai"

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name!r} is no time zone; write one such as Asia/Shanghai") from None
        return name


class StoreSettings(BaseModel, extra="forbid"):
    """Where readings are kept: ``duckdb`` (a file in the data directory) or ``influx``.

    Readings are kept ``raw_days``, the hours rolled up from them ``retention_days``; 0 is for ever.
    """

    backend: Literal["duckdb", "influx"] = "duckdb"
    url: str = "http://127.0.0.1:8086"
    token: SecretStr | None = None
    org: str = "xiuhua"
    bucket: str = "xiuhua"
    raw_days: int = Field(default=35, ge=0)
    retention_days: int = Field(default=400, ge=0)

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of an InfluxDB; write http://HOST:8086")
        return url

    @model_validator(mode="after")
    def _hours_outlive_readings(self) -> Self:
        if self.retention_days and not 0 < self.raw_days <= self.retention_days:
            raise ValueError("hours outlive their readings: make raw_days no more, or both 0")
        return self


class Layered(BaseSettings):
    """Settings that a file gives and the environment overrides."""

    model_config = SettingsConfigDict(
        env_prefix="XIUHUA_", env_nested_delimiter="__", extra="forbid"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @classmethod
    def read(cls, file: Path | None) -> Self:
        """The settings of ``file``, or of ``xiuhua.toml`` here where there is one.

        UsageError, one line with the key, where the file or a variable is wrong.
        """
        values: dict[str, Any] = {}
        path = file or DEFAULT_FILE
        if file is not None or path.exists():
            values = tomlfile.read(path)
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise UsageError(
                f"setting {key!r} in {path} or the environment: {first['msg']}"
            ) from None
