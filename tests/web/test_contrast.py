"""Every text of every view stands out from what is behind it, as WCAG AA asks, in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.web.conftest import LAMPS, District
from tests.web.test_keyboard import VIEWS
from tests.web.test_views import go

FAINT = """() => {
  const inside = (colour) => colour.match(/^rgba?\\(([^)]+)\\)$/)?.[1] ?? "";
  const parse = (colour) => inside(colour).split(",").map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) => one / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const check = (one, colour, text) => {
    const [low, high] = [light(colour), light(behind(one))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const { fontSize, fontWeight } = getComputedStyle(one);
    const large = parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
    if (ratio < (large ? 3 : 4.5)) found.add(`${one.className} ${ratio.toFixed(2)} ${text}`);
  };
  const texts = document.createTreeWalker(document.querySelector("#app"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim().slice(0, 30);
    if (!text || !one.checkVisibility()) continue;
    if (one.closest(":disabled, .unseen, .maplibregl-map")) continue;
    const colour = parse(getComputedStyle(one).color);
    if (colour.length === 3) check(one, colour, text);
  }
  for (const one of document.querySelectorAll("[placeholder]")) {
    const colour = parse(getComputedStyle(one, "::placeholder").color);
    if (one.checkVisibility() && colour.length === 3) check(one, colour, one.placeholder);
  }
  return [...found];
}"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_text_stands_out(district: District, page: Page, theme: str) -> None:
    page.evaluate(f"localStorage.setItem('xiuhua.theme', '{theme}')")
    district.opens("C1", "cover.displaced", "cover:M1", "M1", cause="tilt")
    district.opens("C2", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    page.reload()
    page.locator("[data-id=C1] .row").click()
    page.get_by_role("button", name="筛选").click()
    page.locator(".detail").get_by_text("经过").wait_for()
    for view in VIEWS:
        go(page, view)
        page.locator("main:visible :is(button, select)").first.wait_for()
        assert page.evaluate(FAINT) == [], view
