"""The layout of a DuckDB readings file, and every statement that is put to it.

For each table, as ``streetlight``, the schema ``store`` holds

- ``streetlight_series`` (id, name): the series, numbered from 0 as they come;
- ``streetlight_rows`` (series id, ts, one DOUBLE a field, write_no): the readings, without an
  index: it would cost memory for ever and three quarters of the speed. ``write_no`` counts the
  writes;
- ``streetlight_old``, the same columns: readings that were old when they came. One device whose
  clock is a year behind would otherwise stretch the time span of every block of rows, and a search
  by time would have to open them all;
- ``streetlight_all``, a view of both;
- ``streetlight_latest``: what each series said last, as of its ``write_no``; ``FIELD@`` is when
  the field was last given. What was written since is read from the rows.

and the schema ``main`` the view ``streetlight``, for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from string import Template

from facility.measurements import MEASUREMENTS

CREATE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS store"
COLUMNS_OF_STORE = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'store'"
)

_CREATE = Template(
    """
    CREATE TABLE store.${table}_series (id INTEGER NOT NULL, name VARCHAR NOT NULL);
    CREATE TABLE store.${table}_rows
        (series INTEGER NOT NULL, ts BIGINT NOT NULL, write_no BIGINT NOT NULL);
    CREATE TABLE store.${table}_old AS FROM store.${table}_rows;
    """
)
_ADD_FIELD = Template(
    """
    ALTER TABLE store.${table}_rows ADD COLUMN ${field} DOUBLE;
    ALTER TABLE store.${table}_old ADD COLUMN ${field} DOUBLE;
    """
)
_CREATE_VIEWS = Template(
    """
    CREATE OR REPLACE VIEW store.${table}_all AS
        FROM store.${table}_rows UNION ALL BY NAME FROM store.${table}_old;
    CREATE OR REPLACE VIEW main.${table} AS
        SELECT name AS series, split_part(name, '/', 1) AS device,
            CASE WHEN contains(name, '/') THEN substr(name, strpos(name, '/') + 1) END AS circuit,
            make_timestamp_ms(ts) AS time, ts, ${fields}
        FROM store.${table}_all AS r JOIN store.${table}_series AS s ON s.id = r.series;
    """
)
_SERIES = Template("SELECT name FROM store.${table}_series ORDER BY id")
_INSERT_SERIES = Template("INSERT INTO store.${table}_series BY NAME SELECT * FROM new_series")
_INSERT_ROWS = Template(
    "INSERT INTO store.${table}_${part} BY NAME SELECT *, $$write_no AS write_no FROM new_rows"
)
_COMPARE = Template(
    """
    SELECT l.row AS row, ${differs} AS changed
    FROM late AS l JOIN store.${table}_all AS r ON r.series = l.series AND r.ts = l.ts
    WHERE r.ts BETWEEN $$low AND $$high
    """
)
_UPDATE_ROWS = Template(
    """
    UPDATE store.${table}_${part} AS r SET write_no = $$write_no, ${assignments}
    FROM changed AS c
    WHERE r.series = c.series AND r.ts = c.ts AND r.ts BETWEEN $$low AND $$high
    """
)
_LAST_WRITE = Template("SELECT coalesce(max(write_no), 0) AS write_no FROM store.${table}_all")
_SAVE_LATEST = Template(
    """
    CREATE OR REPLACE TABLE store.${table}_latest AS
        SELECT *, $$write_no::BIGINT AS write_no FROM latest
    """
)
_SAVED_LATEST = Template("SELECT * FROM store.${table}_latest")
_LATEST_SINCE = Template(
    """
    SELECT series, max(ts) AS ts, ${fields}
    FROM store.${table}_all WHERE write_no > $$write_no GROUP BY series
    """
)
_READ = Template(
    """
    SELECT ${columns} FROM store.${table}_all
    WHERE series = $$series AND ts >= $$start AND ts < $$end ORDER BY ts
    """
)
_WINDOWS = Template(
    """
    SELECT ts - (ts % $$every + $$every) % $$every AS window_start, count(*)::DOUBLE AS readings,
        ${fields}
    FROM store.${table}_all WHERE series = $$series AND ts >= $$start AND ts < $$end
    GROUP BY window_start ORDER BY window_start
    """
)
_COUNTS = Template(
    """
    SELECT (ts - (ts % $$every + $$every) % $$every) // $$every AS bucket, count(*) AS readings
    FROM store.${table}_all WHERE ts >= $$start AND ts < $$end GROUP BY bucket ORDER BY bucket
    """
)
_SCAN = Template(
    """
    SELECT ${columns} FROM store.${table}_all
    WHERE ts >= $$start AND ts < $$end AND series < $$series ORDER BY ts, series
    """
)


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


class TableSql:
    """The statements of one table. Names in them come from the table of measurements only."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.fields = tuple(MEASUREMENTS[table])
        self._all = ", ".join(map(quoted, self.fields))
        self.series = self._filled(_SERIES)
        self.insert_series = self._filled(_INSERT_SERIES)
        self.insert_rows = self._filled(_INSERT_ROWS, part="rows")
        self.insert_old = self._filled(_INSERT_ROWS, part="old")
        self.last_write = self._filled(_LAST_WRITE)
        self.save_latest = self._filled(_SAVE_LATEST)
        self.saved_latest = self._filled(_SAVED_LATEST)
        self.counts = self._filled(_COUNTS)
        self.latest_since = self._filled(
            _LATEST_SINCE,
            fields=", ".join(
                f"arg_max({f}, ts) AS {f}, max(ts) FILTER ({f} IS NOT NULL) AS {at}"
                for f, at in ((quoted(f), quoted(f"{f}@")) for f in self.fields)
            ),
        )

    def create(self, columns: Mapping[str, Collection[str]]) -> str:
        """Makes what a file that has ``columns`` (table of the store: its columns) lacks.

        Empty where it lacks nothing; a field that is new in this version is added.
        """
        rows = columns.get(f"{self.table}_rows", ())
        missing = [field for field in self.fields if field not in rows]
        if not missing:
            return ""
        return "".join(
            [
                "" if rows else self._filled(_CREATE),
                *(self._filled(_ADD_FIELD, field=quoted(field)) for field in missing),
                self._filled(_CREATE_VIEWS, fields=self._all),
            ]
        )

    def compare(self, fields: Iterable[str]) -> str:
        """Which rows of ``late`` are stored already, and whether a given field differs."""
        differs = " OR ".join(
            f"(l.{f} IS NOT NULL AND l.{f} IS DISTINCT FROM r.{f})" for f in map(quoted, fields)
        )
        return self._filled(_COMPARE, differs=differs or "false")

    def updates(self, fields: Iterable[str]) -> list[str]:
        """Give the stored rows what ``changed`` has of each field."""
        assignments = ", ".join(f"{f} = coalesce(c.{f}, r.{f})" for f in map(quoted, fields))
        return [
            self._filled(_UPDATE_ROWS, part=part, assignments=assignments)
            for part in ("rows", "old")
        ]

    def read(self, fields: Sequence[str]) -> str:
        return self._filled(_READ, columns=", ".join(map(quoted, ("ts", *fields))))

    def windows(self, fields: Sequence[str]) -> str:
        """Of a field ``f`` the columns are ``f_count``, ``f_mean``, ``f_min`` and ``f_max``."""
        figures = {"count": "count", "mean": "avg", "min": "min", "max": "max"}
        columns = ", ".join(
            f"{figure}({quoted(f)})::DOUBLE AS {quoted(f'{f}_{name}')}"
            for f in fields
            for name, figure in figures.items()
        )
        return self._filled(_WINDOWS, fields=columns)

    def scan(self, fields: Sequence[str]) -> str:
        return self._filled(_SCAN, columns=", ".join(map(quoted, ("series", "ts", *fields))))

    def _filled(self, statement: Template, **parts: str) -> str:
        return statement.substitute(table=self.table, **parts)
