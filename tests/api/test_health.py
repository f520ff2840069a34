"""Health and metrics: what the services say of themselves, and how long ago."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from api.shapes.site import Health
from tests.api.district import District, dark_segment


def test_all_is_well(district: District) -> None:
    district.tell("ingest", received=7, dropped={"range": 2})
    shown = district.answer(Health, "health")
    assert shown["status"] == "ok"
    assert shown["now"] == "2026-06-21T12:00:00Z"
    assert shown["clock"] == {"virtual": True, "speed": 60}
    assert shown["site"] == {"area": "410105", "timezone": "Asia/Shanghai"}
    assert shown["services"]["ingest"] == {"received": 7, "dropped": {"range": 2}}
    assert shown["services"]["api"] == {
        "stream_clients": 0,
        "stream_dropped": 0,
        "events_refused": 0,
    }


def test_a_service_with_a_problem_is_named_in_two_languages(district: District) -> None:
    district.tell("ingest", ("broker", "连不上消息服务器", "the broker is away"))
    district.tell("rules")
    shown = district.answer(Health, "health")
    assert shown["status"] == "degraded"
    assert shown["problems"] == [
        {
            "service": "ingest",
            "code": "broker",
            "zh": "连不上消息服务器",
            "en": "the broker is away",
        }
    ]
    district.tell("ingest")
    assert district.answer(Health, "health")["status"] == "ok"


def test_where_a_database_is_and_whom_nobody_reaches_is_told_to_the_administrator_alone(
    district: District,
) -> None:
    zh, en = "规则服务出错:postgresql://db 不可用", "the rules fail: postgresql://db is away"
    district.tell("rules", ("rules", zh, en))
    (told,) = district.answer(Health, "health")["problems"]
    assert (told["zh"], told["en"]) == (zh, en)
    district.role = "viewer"
    (told,) = district.answer(Health, "health")["problems"]
    assert (told["zh"], told["en"]) == ("规则服务出错", "the rules fail")


def test_silence_is_measured_in_real_time(district: District) -> None:
    district.tell("ingest")
    district.tell("rules")
    district.clock.ms += 15 * 60_000
    district.monotonic_s += 15
    assert district.answer(Health, "health")["status"] == "ok"
    district.tell("rules")
    district.monotonic_s += 1
    (problem,) = district.answer(Health, "health")["problems"]
    assert (problem["service"], problem["code"]) == ("ingest", "stale")
    assert "16 s" in problem["en"]


def test_metrics(district: District) -> None:
    district.lamps_are({"S1-0": "dark"})
    district.desk.record([dark_segment()])
    district.tell("ingest", received=7, dropped={"range": 2}, broker="up", connected=True)
    district.monotonic_s += 3
    for path in ("assets/S1-0", "assets/S1-1", "assets/S9-9", "health"):
        district.get(path)
    district.get("/nowhere/at/all")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(district.get("/metrics").text)
        for sample in family.samples
    }
    assert found["xiuhua_assets", "dark", "streetlight"] == 1
    assert found["xiuhua_assets", "lit", "streetlight"] == 9
    assert found["xiuhua_cases", "open"] == 1
    assert found["xiuhua_case_database_up",] == 1
    assert found["xiuhua_service", "ingest", "received"] == 7
    assert found["xiuhua_service", "dropped.range", "ingest"] == 2
    assert found["xiuhua_service_age_seconds", "ingest"] == 3
    assert ("xiuhua_service", "broker", "ingest") not in found
    asset = "/assets/{asset_id}"
    assert found["xiuhua_http_requests_total", asset, "200", "GET"] == 2
    assert found["xiuhua_http_requests_total", asset, "404", "GET"] == 1
    assert found["xiuhua_http_requests_total", "404", "GET", "other"] == 1
    assert found["xiuhua_http_request_seconds_count", asset] == 3
