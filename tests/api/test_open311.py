"""Open311 GeoReport v2 as the standard has it: documents, fields in their order, errors."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from api.open311.documents import Elements, write
from cases.desk import Desk
from cases.filing.basis import Filing
from cases.people.audit import By
from cases.people.who import Role, Who
from cases.residents.listing import ReportFilter
from cases.residents.photos import PhotoFiles
from cases.residents.reports import Reports
from facility.clock import DAY, HOUR, to_rfc3339
from tests.api.district import DUSK, District
from tests.cases.residents import worked_off

pytestmark = pytest.mark.usefixtures("filing")

PHONE, MAIL = "13812345678", "smit333@example.org"


@pytest.fixture
def key(district: District) -> str:
    return key_of(district, "operator", "town-app")


def key_of(district: District, role: Role, name: str) -> str:
    return district.keys.add(Who(name, role), By("admin", DUSK))[1]


def get(district: District, path: str, language: str = "en", **query: Any) -> httpx.Response:
    more = {"params": query} if query else {}
    headers = {"Accept-Language": language}
    return district.call("GET", f"/open311/v2/{path}", headers=headers, **more)


def post(district: District, form: str = ".json", /, **fields: Any) -> httpx.Response:
    return district.call("POST", f"/open311/v2/requests{form}", data=fields)


def xml(response: httpx.Response, status: int = 200) -> ET.Element:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    assert re.match(r"<\?xml version=['\"]1.0['\"] encoding=['\"]utf-8['\"]\?>", response.text)
    return ET.fromstring(response.content)


def json(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.json()


def names(element: ET.Element) -> list[str]:
    return [child.tag for child in element]


def reported(district: District, key: str, **more: Any) -> int:
    fields = {"api_key": key, "service_code": "L201-damaged", "lat": 34.78, "long": 113.69}
    (made,) = json(post(district, **{**fields, **more}))
    return int(made["service_request_id"])


# --- the documents themselves


def test_the_standards_examples_are_written_as_it_writes_them() -> None:
    value = Elements("value", [{"key": "123", "name": "Ford"}, {"key": "124", "name": "Chrysler"}])
    tree = {
        "service_code": "DMV66",
        "attributes": Elements(
            "attribute",
            [{"variable": True, "datatype_description": None, "order": 1, "values": value}],
        ),
    }
    assert write("service_definition", tree, "xml").decode().splitlines()[1] == (
        "<service_definition><service_code>DMV66</service_code><attributes><attribute>"
        "<variable>true</variable><datatype_description /><order>1</order><values>"
        "<value><key>123</key><name>Ford</name></value>"
        "<value><key>124</key><name>Chrysler</name></value>"
        "</values></attribute></attributes></service_definition>"
    )
    assert write("service_definition", tree, "json") == (
        b'{"service_code":"DMV66","attributes":[{"variable":true,"datatype_description":null,'
        b'"order":1,"values":[{"key":"123","name":"Ford"},{"key":"124","name":"Chrysler"}]}]}'
    )


@pytest.mark.parametrize("text", ["<b>&amp;\"'</b>", "a\nb\tc", "\x0b\x00\x1f\ud800\uffff", "灯"])
def test_whatever_is_said_is_well_formed(text: str) -> None:
    found = ET.fromstring(write("description", text, "xml"))
    assert found.text == re.sub("[\x0b\x00\x1f\ud800\uffff]", "\ufffd", text)


# --- discovery, services, definitions


def test_discovery(district: District) -> None:
    root = xml(get(district, "discovery.xml"))
    assert root.tag == "discovery"
    assert names(root) == ["changeset", "contact", "key_service", "endpoints"]
    (endpoint,) = root.findall("endpoints/endpoint")
    assert names(endpoint) == ["specification", "url", "changeset", "type", "formats"]
    assert endpoint.findtext("specification") == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint.findtext("url") == "http://here/open311/v2"
    assert endpoint.findtext("type") == "production"
    formats = [one.text for one in endpoint.findall("formats/format")]
    assert formats == ["text/xml", "application/json"]
    told = json(get(district, "discovery.json"))
    assert told["endpoints"][0]["formats"] == formats
    assert told["changeset"] == "2024-01-01"


def test_services(district: District) -> None:
    root = xml(get(district, "services.xml"))
    assert root.tag == "services"
    for service in root:
        assert service.tag == "service"
        assert names(service) == [
            "service_code",
            "service_name",
            "description",
            "metadata",
            "type",
            "keywords",
            "group",
        ]
        assert service.findtext("type") == "realtime"
    listed = json(get(district, "services.json"))
    assert [one["service_code"] for one in listed] == [one.findtext("service_code") for one in root]
    by_code = {one["service_code"]: one for one in listed}
    assert by_code["0137-out"]["service_name"] == "Street light out"
    assert by_code["0137-out"]["metadata"] is False
    assert by_code["0123-rattle"]["metadata"] is True
    assert by_code["L201-damaged"]["group"] == "Roads"
    assert "路灯" in by_code["0137-out"]["keywords"]


def test_xml_is_what_is_answered_unless_told_otherwise(district: District) -> None:
    assert xml(get(district, "services")).tag == "services"
    assert xml(get(district, "requests")).tag == "service_requests"
    assert xml(get(district, "services/0137-out")).tag == "service_definition"


def test_names_are_in_the_language_that_is_asked_for(district: District) -> None:
    answer = get(district, "services.json", language="zh-CN,zh;q=0.9,en;q=0.8")
    assert answer.headers["vary"] == "Accept-Language"
    assert {one["service_name"] for one in answer.json()} >= {"路灯不亮", "井盖跳响"}


def test_a_definition_asks_what_the_lid_says(district: District) -> None:
    root = xml(get(district, "services/0123-rattle.xml"))
    assert names(root) == ["service_code", "attributes"]
    (attribute,) = root.findall("attributes/attribute")
    assert names(attribute) == [
        "variable",
        "code",
        "datatype",
        "required",
        "datatype_description",
        "order",
        "description",
        "values",
    ]
    assert attribute.findtext("datatype") == "singlevaluelist"
    assert attribute.findtext("required") == "false"
    assert names(attribute.findall("values/value")[0]) == ["key", "name"]
    told = json(get(district, "services/0123-rattle.json"))
    assert {"key": "0103", "name": "Storm water cover"} in told["attributes"][0]["values"]
    assert json(get(district, "services/0137-out.json"))["attributes"] == []


# --- posting


def test_the_standards_example_is_taken(district: District, key: str) -> None:
    response = post(
        district,
        ".xml",
        api_key=key,
        jurisdiction_id="410105",
        service_code="L201-collapsed",
        lat="34.78",
        long="113.69",
        address_string="1234 5th street",
        email=MAIL,
        device_id="tt222111",
        account_id="123456",
        first_name="john",
        last_name="smith",
        phone="111111111",
        description="A large sinkhole is destroying the street",
        media_url="http://farm3.static.flickr.com/2002/2212426634_5ed477a060.jpg",
    )
    root = xml(response)
    assert root.tag == "service_requests"
    (made,) = root
    assert made.tag == "request"
    assert names(made) == ["service_request_id", "service_notice", "account_id"]
    assert (made.findtext("service_request_id"), made.findtext("account_id")) == ("1", "")
    contact = district.reports.contact(1)
    assert contact is not None
    assert (contact.name, contact.phone, contact.mail) == ("john smith", "111111111", MAIL)
    assert (contact.device_id, contact.account) == ("tt222111", "123456")
    assert contact.wants_news
    report = district.reports.get(1)
    assert (report.channel, report.address) == ("open311", "1234 5th street")
    notice = made.findtext("service_notice") or ""
    token = notice.rpartition("/r/")[2]
    assert district.reports.by_token(token).id == 1
    of_token = xml(get(district, f"tokens/{token}.xml"))
    assert names(of_token[0]) == ["service_request_id", "token"]
    assert json(get(district, f"tokens/{token}.json")) == [
        {"service_request_id": "1", "token": token}
    ]


def test_an_attribute_says_which_cover(district: District, key: str) -> None:
    fields = {"service_code": "0123-rattle", "attribute[code]": "0103"}
    assert district.reports.get(reported(district, key, **fields)).code == "0103"
    assert district.reports.get(reported(district, key, **{**fields, "attribute[code]": ""})).code


@pytest.mark.parametrize("name", ["ssp", "zhp"])
def test_a_channels_key_is_named_after_it(district: District, name: str) -> None:
    number = reported(district, key_of(district, "operator", name))
    assert district.reports.get(number).channel == name


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"api_key": ""}, 403, "api_key: is missing"),
        ({"api_key": "xhk_wrong"}, 403, "api_key: is not valid"),
        ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
        ({"service_code": ""}, 400, "service_code: is missing"),
        ({"service_code": "001"}, 404, "service_code"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": ""}, 400, "lat: is missing"),
        ({"lat": "north"}, 400, "lat: is no number"),
        ({"long": "nan"}, 400, "long: is not within"),
        ({"address_id": "M9"}, 400, "address_id: no asset"),
        ({"email": "nobody"}, 400, "email"),
        ({"phone": "call me"}, 400, "phone"),
        ({"description": "x" * 4_001}, 400, "description"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"attribute[code]": "0103"}, 400, r"attribute[code]"),
        ({"attribute[WHISPAWN]": "1"}, 400, "attribute[WHISPAWN]"),
    ],
)
@pytest.mark.parametrize("form", [".xml", ".json"])
def test_what_is_wrong_is_the_standards_error(
    district: District, key: str, wrong: dict[str, str], status: int, said: str, form: str
) -> None:
    fields = {"api_key": key, "service_code": "L201-damaged", "lat": "34.78", "long": "113.69"}
    response = post(district, form, **{**fields, **wrong})
    if form == ".xml":
        root = xml(response, status)
        assert (root.tag, names(root), names(root[0])) == (
            "errors",
            ["error"],
            ["code", "description"],
        )
        code, description = (root[0].findtext(name) for name in ("code", "description"))
        assert code == str(status)
    else:
        ((code, description),) = (one.values() for one in json(response, status))
        assert code == status
    assert said in (description or "")
    assert district.reports.listing(ReportFilter(), 1).items == ()


def test_a_key_that_only_looks_may_not_report(district: District) -> None:
    response = post(district, api_key=key_of(district, "viewer", "screen"), service_code="x")
    assert "may not report" in json(response, 403)[0]["description"]


def test_a_session_is_no_key(district: District) -> None:
    assert district.role == "admin"
    fields: dict[str, Any] = {"service_code": "L201-damaged", "lat": 34.78, "long": 113.69}
    assert post(district, **fields).status_code == 403


# --- requests


def test_a_request_has_every_field_in_its_order(district: District, key: str) -> None:
    number = reported(district, key, description="坑", media_url="http://x.example/1.jpg")
    root = xml(get(district, f"requests/{number}.xml"))
    (request,) = root
    assert (root.tag, request.tag) == ("service_requests", "request")
    assert names(request) == [
        "service_request_id",
        "status",
        "status_notes",
        "service_name",
        "service_code",
        "description",
        "agency_responsible",
        "service_notice",
        "requested_datetime",
        "updated_datetime",
        "expected_datetime",
        "address",
        "address_id",
        "zipcode",
        "lat",
        "long",
        "media_url",
    ]
    (told,) = json(get(district, f"requests/{number}.json"))
    assert list(told) == names(request)
    assert told | {"status_notes": ""} == {
        "service_request_id": str(number),
        "status": "open",
        "status_notes": "",
        "service_name": "Road broken, or a pothole",
        "service_code": "L201-damaged",
        "description": "坑",
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": "2026-06-21T12:00:00Z",
        "updated_datetime": "2026-06-21T12:00:00Z",
        # Five working days, from a Sunday.
        "expected_datetime": "2026-06-26T10:00:00Z",
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": 34.78,
        "long": 113.69,
        "media_url": "http://x.example/1.jpg",
    }
    assert told["status_notes"] == "Received; somebody is checking it"


def test_times_are_in_seconds_and_find_what_they_are_of(district: District, key: str) -> None:
    district.clock.ms = DUSK + 619
    number = reported(district, key)
    (told,) = json(get(district, f"requests/{number}.json"))
    at = told["requested_datetime"]
    assert at == "2026-06-21T12:00:00Z"
    for query in ({"start_date": at}, {"end_date": at}, {"start_date": at, "end_date": at}):
        assert len(json(get(district, "requests.json", **query))) == 1, query


def test_nothing_of_the_person_is_told(district: District, key: str) -> None:
    number = reported(
        district,
        key,
        description=f"call {PHONE} or {MAIL}",
        address_string=f"花园路 {PHONE}",
        phone=PHONE,
        email=MAIL,
        first_name="王小明",
        device_id="device-77",
        account_id="account-88",
    )
    for path in (f"requests/{number}.json", "requests.xml", "requests.json"):
        said = get(district, path).text
        for personal in (PHONE, MAIL, "王小明", "device-77", "account-88"):
            assert personal not in said
    assert json(get(district, f"requests/{number}.json"))[0]["description"] == "call *** or ***"


def test_what_is_closed_says_how(district: District, key: str) -> None:
    number = reported(district, key)
    worked_off(district.desk, district.reports.get(number).case, DUSK)
    (told,) = json(get(district, "requests.json", status="closed"))
    assert told["status"] == "closed"
    assert told["status_notes"] == "Closed: checked on the spot: it is mended"
    assert told["agency_responsible"] == "市政一队"
    assert told["updated_datetime"] == to_rfc3339(DUSK + 6 * 60_000)
    (told,) = get(district, "requests.json", language="zh").json()
    assert told["status_notes"] == "已结案：现场核查确认已解决"


@pytest.fixture
def five(district: District, key: str) -> District:
    """Five requests, a day after another; the first is closed."""
    for n, code in enumerate(["L201-damaged", "L301-found", "L399-found", "L299-found"]):
        district.clock.ms = DUSK + n * DAY
        reported(district, key, service_code=code)
    district.clock.ms = DUSK + 100 * DAY
    reported(district, key, service_code="L399-found")
    worked_off(district.desk, district.reports.get(1).case, DUSK)
    return district


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [5]),
        ({"service_request_id": "1,3"}, [3, 1]),
        (
            {"service_request_id": "2", "status": "closed", "service_code": "x"},
            [2],
        ),
        ({"service_request_id": "99,x"}, []),
        ({"start_date": "2026-06-22T12:00:00Z"}, [4, 3, 2]),
        ({"end_date": "2026-06-22T12:00:00Z"}, [2, 1]),
        ({"end_date": "2026-06-22T20:00:00+08:00"}, [2, 1]),
        ({"start_date": "2026-06-21T00:00:00Z", "end_date": "2026-10-01T00:00:00Z"}, [5]),
        ({"end_date": "2026-06-30T00:00:00Z", "status": "closed"}, [1]),
        ({"end_date": "2026-06-30T00:00:00Z", "status": "open"}, [4, 3, 2]),
        ({"end_date": "2026-06-30T00:00:00Z", "status": "open,closed"}, [4, 3, 2, 1]),
        ({"end_date": "2026-06-30T00:00:00Z", "service_code": "L301-found, L299-found"}, [4, 2]),
        ({"end_date": "2026-06-30T00:00:00Z", "service_code": "", "status": ""}, [4, 3, 2, 1]),
        ({"service_code": "nothing"}, []),
        ({"jurisdiction_id": "410105"}, [5]),
        ({"unknown": "1"}, [5]),
    ],
)
def test_requests_are_narrowed(five: District, query: dict[str, str], found: list[int]) -> None:
    told = json(get(five, "requests.json", **query))
    assert [int(one["service_request_id"]) for one in told] == found


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("requests.json?status=reopened", 400, "status"),
        ("requests.json?start_date=yesterday", 400, "start_date"),
        ("requests.json?start_date=2026-06-21T00:00:00", 400, "start_date"),
        ("requests.json?end_date=9999-99-99T00:00:00Z", 400, "end_date"),
        (
            "requests.json?start_date=2026-07-01T00:00:00Z&end_date=2026-06-01T00:00:00Z",
            400,
            "after",
        ),
        ("requests.json?jurisdiction_id=x", 404, "jurisdiction_id"),
        ("services.json?jurisdiction_id=x", 404, "jurisdiction_id"),
        ("services/9999-out.json", 404, "service_code"),
        ("requests/77.json", 404, "service_request_id"),
        ("requests/abc.json", 404, "service_request_id"),
        (f"requests/{10**30}.json", 404, "service_request_id"),
        ("tokens/abc.json", 404, "token"),
    ],
)
def test_errors_of_queries(district: District, path: str, status: int, said: str) -> None:
    ((code, description),) = (one.values() for one in json(get(district, path), status))
    assert code == status
    assert said in description


def test_it_is_too_often_after_a_while(district: District, key: str) -> None:
    fields: dict[str, Any] = {"service_code": "L399-found", "lat": 34.78, "long": 113.69}
    fields["api_key"] = key
    found = {post(district, **fields).status_code for _ in range(61)}
    assert found == {200, 429}
    response = post(district, **fields)
    assert json(response, 429)[0]["code"] == 429
    assert int(response.headers["retry-after"]) >= 1
    district.monotonic_s += HOUR
    assert post(district, **fields).status_code == 200


def test_a_database_that_is_away_is_said_in_the_standards_form(
    district: District, filing: Filing, tmp_path: Any
) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/cases.db"
    district.reports = Reports(
        url, Desk(url, filing), lambda: district.inventory, PhotoFiles(tmp_path)
    )
    district.app = district.make_app()
    response = get(district, "requests.xml")
    assert xml(response, 503)[0].findtext("code") == "503"
