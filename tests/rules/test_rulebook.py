"""The rulebook: mistakes with their lines, and figures that differ between assets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from facility.assets import Asset
from facility.errors import UsageError
from facility.grid import Cell, Grid, Level
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book import rulebook
from rules.book.overrides import at, over, reach
from rules.book.rulebook import SCOPED, parse
from rules.book.scope import Where, cells_of
from rules.engine import Engine
from tests.rules.evening import END, START, district, readings, through
from tests.rules.street import DUSK, NOON, ZONE, brief, cover, lamp, live


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[lamps]\nsetle = "3min"', "b.toml:2: [lamps] has no figure setle; perhaps settle"),
        ("\n[lamp]", "b.toml:2: there is no section [lamp]; perhaps lamps"),
        ("lamps = 1", "b.toml:1: lamps is a section: write [lamps], then its figures"),
        ("[lamps]\n\ndark_share = 3", "b.toml:3: dark_share: expected `float` <= 1.0"),
        ("[lamps]\nunlit_hold = 4", "b.toml:2: unlit_hold: 4 is no duration; write 90s"),
        ("[cases]\nchatter_times = 0", "b.toml:2: chatter_times: expected `int` >= 1"),
        ("[degraded]\nchanges = 1_000_000", "b.toml:2: changes: expected `int` <= 100"),
        ("[leachate]\nlevel_pct = 70", "b.toml:2: [leachate] clear_pct must not be above"),
        ("[override]", "b.toml:1: write [[override]]: there may be several"),
        ("[[override]]\nwhere = {stret = 'x'}", "b.toml:2: stret: there is no such key"),
        ("[[override]]\ncover = 1", "b.toml:1: an override says where it holds"),
        (
            "[[override]]\nwhere = {road = 'x'}\nsilence.group_share = 0.5",
            "b.toml:3: [silence] group_share is one for all assets and cannot be overridden",
        ),
        (
            "[[override]]\nwhere = {road = 'x'}\n[override.displaced]\ntilt_deg = 5",
            "b.toml:4: [displaced] clear_deg must not be above tilt_deg",
        ),
        ("a = 1 2", "b.toml is not TOML: Expected newline or end of document after a statement"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "b.toml")
    assert str(caught.value).splitlines()[0].startswith(told)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse("[lamps]\na = 1\nb = 2\n[degraded]\nhold = 3", "b.toml")
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == [
        "b.toml:2:",
        "b.toml:3:",
        "b.toml:5:",
    ]


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        rulebook.load(tmp_path / "none.toml")


MAIN = replace(cover("M1"), road_class="main", grid="410105001", tags=("易涝点", "桥下"))
BRANCH = replace(cover("M2"), road_class="branch", road="Hua")
_SHAPE = shapely.box(113, 34, 114, 35)
GRID = Grid(
    [
        Cell("410105001", "花园路", Level.STREET, None, None, _SHAPE),
        Cell("410105001007", "7", Level.COMMUNITY, "410105001", None, _SHAPE),
    ]
)


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        (Where(road_class="main"), [True, False, False]),
        (Where(road_class=("main", "branch")), [True, True, False]),
        (Where(road_class="branch", road="Other"), [False, False, False]),
        (Where(street="花园路"), [True, False, True]),
        (Where(street="410105001007"), [False, False, True]),
        (Where(subject="segment:S1"), [False, False, True]),
        (Where(subject=("cover:M2", "circuit:C1")), [False, True, True]),
        (Where(subject="streetlight:M2"), [False, False, False]),
        (Where(kind="streetlight", area="410105"), [False, False, True]),
        (Where(tag="易涝点"), [True, False, False]),
        (Where(tag=("桥下", "学校"), kind="cover"), [True, False, False]),
        (Where(tag="学校"), [False, False, False]),
        (Where(), [True, True, True]),
    ],
)
def test_a_scope_is_what_the_inventory_says(where: Where, meant: list[bool]) -> None:
    assets: list[Asset] = [MAIN, BRANCH, replace(lamp("L1"), grid="410105001007")]
    assert where.rows(assets, cells_of(GRID)).tolist() == meant


def test_overrides_become_columns_and_the_later_one_wins() -> None:
    book = parse(
        """
        [[override]]
        where = { road_class = ["main", "branch"] }
        displaced = { tilt_deg = 20.0, clear_deg = 12.0 }
        [[override]]
        where = { road_class = "main" }
        displaced.tilt_deg = 12.0
        """,
        "b",
    )
    displaced = over(book, Inventory.of([MAIN, BRANCH, cover("M3")]), cells_of(GRID)).displaced
    assert np.asarray(displaced.tilt_deg).tolist() == [12.0, 20.0, 15.0]
    assert at(displaced, 1).clear_deg == 12.0
    assert at(displaced, np.array([2, 0])).tilt_deg.tolist() == [15.0, 12.0]  # type: ignore[attr-defined]
    assert displaced.at_once_deg == 90.0
    book = parse('[[off]]\ntype = "cover.rattle"\nwhere = { road = "Hua" }', "b")
    assert list(reach(book, Inventory.of([MAIN, BRANCH]), GRID)) == ["off 1: 1 of 2 assets"]


def test_the_reach_of_an_override_is_told() -> None:
    book = parse('[[override]]\nwhere = { road_class = "main" }\ndisplaced.tilt_deg = 12.0', "b")
    told = list(reach(book, Inventory.of([MAIN, BRANCH]), GRID))
    assert told == ["override 1: [displaced] tilt_deg for 1 of 2"]


def test_a_cover_of_a_main_road_is_judged_by_its_own_figure() -> None:
    text = '[[override]]\nwhere = { road_class = "main" }\ndisplaced.tilt_deg = 12.0'
    assets = [MAIN, BRANCH]
    engine = Engine(Inventory.of(assets), load_plans(), ZONE, parse(text, "b"))
    events = live(engine, assets, lambda _, __: {"tilt_deg": 13.0}, NOON, NOON + 3_600_000)
    assert brief(events) == [("opened", "cover.displaced", "cover:M1")]


def test_what_is_overridden_for_every_asset_is_as_if_it_stood_in_the_book() -> None:
    """Each figure that may differ goes through every detector as a column."""
    plain = parse("", "b")
    lines = ['[[override]]\nwhere = { area = "410105" }']
    for section, names in SCOPED.items():
        for name in names:
            value = plain.content[section][name]
            lines.append(
                f"{section}.{name} = " + (f'"{value}"' if isinstance(value, str) else str(value))
            )
    scoped = parse("\n".join(lines), "b")
    inventory = Inventory.of(district())
    for seed in (3, 5):
        sent = readings(seed)
        one, other = (Engine(inventory, load_plans(), ZONE, book) for book in (plain, scoped))
        told = [
            [(e.at, e.event, e.type, e.subject, e.members, e.evidence) for e in found]
            for found in (through(one, sent, START, END), through(other, sent, START, END))
        ]
        assert len(told[0]) > 5
        assert told[0] == told[1]
    assert DUSK < END
