"""Assets for hypothesis: any that the contract allows."""

import string

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from facility.assets import Asset, Cabinet, Cover, CoverType, Station, Streetlight
from facility.clock import MINUTE

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For a machine that is busy with other things: how long an example takes says nothing."""

IDS = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=64)


def texts(longest: int) -> st.SearchStrategy[str]:
    """Text as it is after trimming: printable, with no white space at its ends."""
    characters = st.characters(exclude_categories=["C", "Z"])
    inner = st.text(st.one_of(characters, st.just(" ")), min_size=1, max_size=longest)
    return inner.filter(lambda text: text == text.strip())


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


_CODES = st.none() | texts(64)
_NAMES = st.none() | texts(200)
_TAGS = texts(64).filter(lambda tag: not set(tag) & set(";,"))
_COMMON = {
    "id": IDS,
    "area": st.text(string.digits, min_size=6, max_size=6),
    "name": texts(200),
    "lon": finite(0.001, 180),
    "lat": finite(-90, 90),
    "grid": _CODES,
    "owner": _NAMES,
    "report_every_s": st.none() | st.integers(1, 31 * 86_400),
    "gateway": _CODES,
    "tags": st.lists(_TAGS, unique=True, max_size=16).map(lambda tags: tuple(sorted(tags))),
}

STREETLIGHTS = st.builds(
    Streetlight,
    road_class=_NAMES,
    **_COMMON,
    road=_NAMES,
    segment=_CODES,
    seq=st.none() | st.integers(-(2**31), 2**31 - 1),
    circuit=_CODES,
    cabinet=st.none() | IDS,
    rated_w=st.none() | finite(0.1, 5_000),
    plan=st.sampled_from(["all-night", "half-night"]),
)
CABINETS = st.builds(
    Cabinet, **_COMMON, circuits=st.lists(texts(64), unique=True, max_size=5).map(tuple)
)
COVERS = st.builds(
    Cover, **_COMMON, road=_NAMES, cover_type=st.sampled_from(CoverType), road_class=_NAMES
)
STATIONS = st.builds(
    Station,
    **_COMMON,
    capacity_t_day=st.none() | finite(0.001, 100_000),
    clear_by_ms=st.integers(1, 24 * 60).map(lambda minutes: minutes * MINUTE),
)
ASSETS: st.SearchStrategy[Asset] = st.one_of(STREETLIGHTS, CABINETS, COVERS, STATIONS)
