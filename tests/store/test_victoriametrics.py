"""VictoriaMetrics as the place that readings are written to: a second real server for that path."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from contextlib import closing

import pytest

from facility.errors import Permanent
from facility.store.base import Verdict
from facility.store.influx import InfluxStore
from facility.store.influx_connection import InfluxConnection
from tests.servers import VictoriaMetrics
from tests.store.batches import T0, batch_of
from tests.store.test_contract import many

Samples = dict[tuple[str, str], list[tuple[int, float]]]


def exported(server: VictoriaMetrics, match: str) -> Samples:
    """(metric, circuit) → its samples, of the metrics that match."""
    urllib.request.urlopen(f"{server.url}/internal/force_flush").close()
    query = urllib.parse.urlencode({"match[]": match})
    with urllib.request.urlopen(f"{server.url}/api/v1/export?{query}") as answer:
        found = [json.loads(line) for line in answer]
    return {
        (series["metric"]["__name__"], series["metric"].get("circuit", "")): list(
            zip(series["timestamps"], series["values"], strict=True)
        )
        for series in found
    }


@pytest.mark.parametrize("version", [None, (1, 7)])
def test_readings_become_samples_of_a_metric_a_field(
    victoriametrics: VictoriaMetrics,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int] | None,
) -> None:
    if version:  # then it is written to by /write
        monkeypatch.setattr(InfluxConnection, "version", lambda _: version)
    device = f"CAB-{'old' if version else 'new'}"
    rows = [
        (device, T0, {"power_w": 40.5, "contactor": 1.0}),
        (f"{device}/北 1,=", T0, {"power_w": 3.0}),
        (device, T0 + 1000, {"power_w": 41.0}),
    ]
    with closing(InfluxStore(victoriametrics.url, "city", raw_days=35)) as store:
        for _ in range(2):  # redelivered readings stay one sample
            result = store.write(batch_of(rows, "cabinet"))
            assert (result.verdicts == Verdict.ACCEPT).all(), result.reasons
    assert exported(victoriametrics, f'{{device="{device}"}}') == {
        ("cabinet_power_w", ""): [(T0, 40.5), (T0 + 1000, 41.0)],
        ("cabinet_contactor", ""): [(T0, 1.0)],
        ("cabinet_n", ""): [(T0, 1.0), (T0 + 1000, 1.0)],
        ("cabinet_power_w", "北 1,="): [(T0, 3.0)],
        ("cabinet_n", "北 1,="): [(T0, 1.0)],
    }


def test_many_readings_are_all_there(victoriametrics: VictoriaMetrics) -> None:
    batch = many(20_000, 100)
    with closing(InfluxStore(victoriametrics.url, "city")) as store:
        assert (store.write(batch).verdicts == Verdict.ACCEPT).all()
    urllib.request.urlopen(f"{victoriametrics.url}/internal/force_flush").close()
    query = urllib.parse.urlencode({"match[]": "streetlight_n"})
    with urllib.request.urlopen(f"{victoriametrics.url}/api/v1/export?{query}") as answer:
        lengths = [len(json.loads(line)["values"]) for line in answer]
    assert lengths == [200] * 100


def test_it_skips_a_bad_line_without_a_word_so_none_is_sent(
    victoriametrics: VictoriaMetrics,
) -> None:
    with closing(InfluxStore(victoriametrics.url, "city")) as store:
        words = store._readings.post(
            [f"cover,device=V1 tilt_deg=null {T0}", "nonsense", f"cover,device=V2 tilt_deg=2 {T0}"]
        )
        assert words is None
        result = store.write(batch_of([("V3", T0, {"tilt_deg": float("inf")})], "cover"))
        assert result.verdicts.tolist() == [Verdict.REJECT]
    # It even makes a zero of a number that is none.
    assert exported(victoriametrics, '{device="V1"}') == {("cover_tilt_deg", ""): [(T0, 0.0)]}
    assert exported(victoriametrics, '{device="V2"}') == {("cover_tilt_deg", ""): [(T0, 2.0)]}
    assert exported(victoriametrics, '{device="V3"}') == {}


def test_it_says_that_it_cannot_be_read(victoriametrics: VictoriaMetrics) -> None:
    with (
        closing(InfluxStore(victoriametrics.url, "city")) as store,
        pytest.raises(Permanent, match="answers no InfluxQL"),
    ):
        store.latest("streetlight")
