"""The residents' pages: the form, and the page that a report's token opens."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from typing import Any

import httpx
import pytest

from cases.residents import aftercare
from facility.clock import DAY, HOUR
from tests.api.district import DUSK, District, dark_segment
from tests.cases.photos import photo
from tests.cases.residents import SOMEBODY, sent, told, worked_off

pytestmark = pytest.mark.usefixtures("filing")


@pytest.fixture(autouse=True)
def nobody(district: District) -> None:
    """A resident is not signed in."""
    district.role = None


def taken(district: District, **more: Any) -> str:
    """The path of the page of a report."""
    report = district.reports.take(told(contact=SOMEBODY, **more), district.clock.ms)
    return f"/r/{report.token}"


def page(district: District, path: str, status: int = 200, **query: Any) -> str:
    """The text of a page, without its marks."""
    response = district.get(path, **query)
    assert response.status_code == status, response.text
    return words(response)


def words(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def post(district: District, path: str, **fields: str) -> httpx.Response:
    return district.call("POST", path, data=fields)


def case_of(district: District) -> str:
    return district.reports.get(1).case


def test_the_page_says_where_it_is_and_until_when(district: District) -> None:
    path = taken(district)
    chinese = page(district, path)
    for said in ("路面破损、坑槽", "已收到，正在核实", "承诺办结时间 2026年6月26日 18:00"):
        assert said in chinese
    english = page(district, path, lang="en")
    for said in ("Road broken, or a pothole", "somebody is checking it", "26 June 2026, 18:00"):
        assert said in english
    assert "评价" not in chinese, "nothing to judge yet"
    asked = district.call("GET", path, headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})
    assert '<html lang="en">' in asked.text


def test_it_follows_the_case_to_its_end(district: District) -> None:
    path = taken(district)
    case = case_of(district)
    worked_off(district.desk, case, DUSK)
    district.reports.add_photos(case, [sent()], DUSK, "ha")
    said = page(district, path)
    for one in ("已结案", "现场核查确认已解决", "坑已补平", "处理后的照片", "市政一队"):
        assert one in said
    for one in ("您对办理结果满意吗", "没有解决，请重新办理", "2026年6月28日 20:06"):
        assert one in said


def test_nothing_on_it_says_who_made_it(district: District) -> None:
    path = taken(district)
    worked_off(district.desk, case_of(district), DUSK)
    text = district.get(path).text
    for personal in (SOMEBODY.name, SOMEBODY.phone, SOMEBODY.mail, "op", "di", "ha"):
        assert f">{personal}<" not in text
        assert len(personal or "") < 3 or (personal or "") not in text


def test_no_other_site_and_no_cache_learns_of_it(district: District) -> None:
    headers = district.get(taken(district)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_what_people_write_is_text(district: District) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"
    path = taken(district, description=evil, address=evil)
    text = district.get(path).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in text
    response = post(district, "/report", service=evil, description=evil, name=evil)
    assert response.status_code == 422
    assert "<script>alert" not in response.text
    assert "onerror=alert(2)>" not in response.text.replace("&gt;", "")


@pytest.mark.parametrize("path", ["/r/x", "/r/" + "A" * 22, "/r/" + "x" * 3000])
def test_a_token_of_nobody(district: District, path: str) -> None:
    response = district.get(path)
    assert response.status_code == 404


@pytest.mark.parametrize("action", ["rate", "not-fixed", "forget"])
def test_nothing_is_done_for_a_token_of_nobody(district: District, action: str) -> None:
    taken(district)
    assert post(district, f"/r/{'A' * 22}/{action}", satisfaction="5").status_code == 404


def test_satisfaction_is_kept(district: District) -> None:
    path = taken(district)
    early = post(district, f"{path}/rate", satisfaction="5")
    assert early.status_code == 409
    assert "案件尚未结案" in words(early)
    worked_off(district.desk, case_of(district), DUSK)
    for wrong in ("", "0", "6", "five", "٣"):
        assert post(district, f"{path}/rate", satisfaction=wrong).status_code == 422
    done = post(district, f"{path}/rate?lang=en", satisfaction="2")
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?lang=en")
    assert district.reports.get(1).satisfaction == 2
    assert "Your answer: no" in page(district, path, lang="en")


def test_not_fixed_takes_it_up_again_and_is_counted(district: District) -> None:
    path = taken(district)
    assert post(district, f"{path}/not-fixed").status_code == 409
    worked_off(district.desk, case_of(district), DUSK)
    first = case_of(district)
    district.clock.ms = DUSK + HOUR
    assert post(district, f"{path}/not-fixed").status_code == 303
    again = district.desk.get(case_of(district))
    assert again is not None
    assert (again.previous, again.stage) == (first, "reported")
    said = page(district, path)
    assert "您反映问题未解决，案件已重新办理" in said
    assert "已收到，正在核实" in said
    assert post(district, f"{path}/not-fixed").status_code == 409


def test_after_a_week_it_is_too_late_to_say_so(district: District) -> None:
    path = taken(district)
    worked_off(district.desk, case_of(district), DUSK)
    district.clock.ms = DUSK + 8 * DAY
    assert "请重新办理" not in page(district, path)
    assert post(district, f"{path}/not-fixed").status_code == 409


def test_a_resident_may_be_forgotten(district: District) -> None:
    path = taken(district)
    assert "删除我的联系方式" in page(district, path)
    assert post(district, f"{path}/forget").status_code == 303
    assert district.reports.contact(1) is None
    said = page(district, path)
    assert "您的联系方式已删除" in said
    assert "删除我的联系方式" not in said


def test_a_sensors_case_tells_the_resident_when_it_is_mended(district: District) -> None:
    district.desk.record([dark_segment()])
    report = district.reports.take(told("0137-out", lon=113.601, lat=34.701), DUSK)
    assert report.joined
    said = page(district, f"/r/{report.token}")
    assert "已立案" in said
    assert "路灯不亮" in said


def test_photos_are_seen_with_the_token_alone(district: District) -> None:
    path = taken(district, photos=(sent(),))
    other = taken(district, service="L301-found", photos=(sent(),))
    mine, theirs = (district.reports.photos_of([n])[n][0].id for n in (1, 2))
    kept = district.get(f"{path}/photos/{mine}")
    assert kept.headers["content-type"] == "image/jpeg"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert f"{path}/photos/{mine}" in district.get(path).text
    assert district.get(f"{path}/photos/{theirs}").status_code == 404
    assert district.get(f"{other}/photos/{mine}").status_code == 404
    assert district.get(f"/r/wrong/photos/{mine}").status_code == 404
    assert district.get(f"photos/{mine}").status_code == 401


# --- the form


def test_the_form_offers_every_service_in_both_languages(district: District) -> None:
    for language, names in (
        ("zh", ("井盖跳响", "其他问题")),
        ("en", ("Rattling cover", "Anything")),
    ):
        text = district.get("/report", lang=language).text
        for name in names:
            assert name in text
        for code in district.reports.services(DUSK):
            assert f'value="{code}"' in text


def test_a_form_is_taken_and_leads_to_the_page(district: District) -> None:
    form = {"service": "0123-rattle", "address": "花园路", "description": "夜里很响", "lon": ""}
    response = district.call(
        "POST",
        "/report",
        data={**form, "phone": "13812345678", "language": "zh"},
        files={"photo": ("a.jpg", photo(), "image/jpeg")},
    )
    assert response.status_code == 303
    path, _, query = response.headers["location"].partition("?")
    assert query == "lang=zh&new=1"
    said = page(district, path, new=1)
    for one in ("请保存本页网址", "井盖跳响", "花园路", "夜里很响", "您的照片"):
        assert one in said
    report = district.reports.get(1)
    assert report.channel == "web"
    contact = district.reports.contact(1)
    assert contact is not None
    assert (contact.phone, contact.wants_news) == ("13812345678", False)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"service": ""}, "填写有误"),
        ({"address": ""}, "请说明在哪里"),
        ({"asset": "M9"}, "没有这个编号的设施"),
        ({"phone": "call"}, "不是电话号码"),
        ({"lat": "north"}, "填写有误"),
        ({"unknown": "x"}, "填写有误"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_and_the_rest_is_kept(
    district: District, wrong: dict[str, str], said: str
) -> None:
    fields = {"service": "0123-rattle", "address": "花园路", "description": "夜里很响", **wrong}
    response = post(district, "/report", **fields)
    assert response.status_code == 422
    assert said in words(response)
    assert "夜里很响" in response.text


def test_a_photo_too_large_is_said_in_the_form(district: District) -> None:
    files = {"photo": ("a.jpg", b"\xff" * 5_100_000, "image/jpeg")}
    response = district.call("POST", "/report", data={"service": "x"}, files=files)
    assert response.status_code == 413
    assert "每张照片不超过 5 MB" in words(response)


def test_a_plate_leads_to_the_form_of_that_facility(district: District) -> None:
    text = district.get("/report", asset="M1").text
    assert 'value="M1"' in text
    assert "0123-rattle" in text
    assert "0137-out" not in text


def test_style_and_script_come_from_here(district: District) -> None:
    for name, kind in (("style.css", "text/css"), ("form.js", "text/javascript")):
        response = district.get(f"/report/{name}")
        assert response.headers["content-type"] == f"{kind}; charset=utf-8"


def test_people_are_forgotten_and_the_page_stays(district: District) -> None:
    path = taken(district)
    worked_off(district.desk, case_of(district), DUSK)
    later = DUSK + 200 * DAY
    assert aftercare.forget_closed(district.reports, later - 180 * DAY, later) == 1
    assert "已结案" in page(district, path)


def test_no_answer_with_a_token_in_its_address_is_kept_or_passed_on(district: District) -> None:
    path = taken(district)
    district.role = None
    answers = {
        "its page": district.get(path),
        "no page": district.get(f"{path[:-1]}~"),
        "a judgement": post(district, f"{path}/rate", satisfaction="9"),
        "a request too early": post(district, f"{path}/not-fixed"),
        "the way back": post(district, f"{path}/forget"),
        "the form": post(district, "/report", service="none"),
    }
    assert [one.status_code for one in answers.values()] == [200, 404, 422, 409, 303, 422]
    for name, answer in answers.items():
        said = answer.headers
        assert said["cache-control"] == "no-store", name
        assert said["referrer-policy"] == "no-referrer", name
        assert said["x-robots-tag"] == "noindex, nofollow", name
        assert "default-src 'none'" in said["content-security-policy"], name
        assert "etag" not in said, name
        assert "set-cookie" not in said, name


@pytest.mark.parametrize("path", ["/r/{guess}", "/open311/v2/tokens/{guess}.json"])
def test_guessing_tokens_ends_soon(district: District, path: str) -> None:
    district.role = None
    found = Counter(
        district.get(path.format(guess=secrets.token_urlsafe(16))).status_code for _ in range(250)
    )
    assert found == {404: 240, 429: 10}
    refused = district.get(path.format(guess="x"))
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["cache-control"] == "no-store"
