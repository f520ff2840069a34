"""What residents and units write comes out as text, whatever it looks like."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from facility.clock import HOUR
from tests.api.district import DUSK, District, dark_segment
from tests.cases.residents import told, worked_off

pytestmark = pytest.mark.usefixtures("filing")

WORDS = '<script>hit()</script>"><img src=x onerror=hit()>'


class Marks(HTMLParser):
    """The elements of a page, what its attributes are called, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def holds(page: str) -> bool:
    """Whether the words stand in a page, as text and as nothing else."""
    marks = Marks(page)
    assert not {"script", "img"} & set(marks.elements)
    assert not {name for name in marks.attributes if name.startswith("on")}
    return WORDS in marks.text


def test_a_unit_is_text_in_the_monthly_report(district: District) -> None:
    district.desk.record([dark_segment()])
    assert district.act("C-1", action="dispatch", unit=WORDS).status_code == 200
    district.clock.ms += HOUR
    assert holds(district.get("kpi/monthly/2026-06").text)


def test_a_residents_words_are_text_on_their_page_and_in_open311(district: District) -> None:
    report = district.reports.take(told(description=WORDS, address=WORDS), district.clock.ms)
    worked_off(district.desk, district.reports.get(1).case, DUSK, WORDS)
    assert holds(district.get(f"/r/{report.token}").text)
    said = ET.fromstring(district.get("/open311/v2/requests.xml").content)
    assert [one.text for one in said.iter("description")] == [WORDS]
    assert [one.text for one in said.iter("address")] == [WORDS]
    assert not [*said.iter("script"), *said.iter("img")]
