"""How fast the control room draws with a whole district on its map: ``python -m bench.page``.

A real Chromium without a graphics card opens the page of 70,000 assets and 20,000 open cases, and
its map is dragged about for a while; printed are the times from frame to frame, zoomed out and
near. A graphics card is faster by far; what shows here is what the page's own work takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from api.caller import COOKIE
from bench.machine import describe
from bench.served import NOW, Place, district, filing_of, serve
from cases.database import upgrade
from cases.desk import Desk
from cases.events import CaseEvent
from facility.clock import MINUTE

CHROMIUM = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_TYPES = ("streetlight.unlit", "streetlight.degraded", "device.silent")
_FRAMES = """() => new Promise((resolve) => {
  const found = [];
  let before = performance.now();
  const end = before + 6000;
  const next = (now) => {
    found.push(now - before);
    before = now;
    if (now < end) requestAnimationFrame(next);
    else resolve(found.slice(1));
  };
  requestAnimationFrame(next);
  const canvas = document.querySelector(".map canvas");
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const at = (type, x, y) => canvas.dispatchEvent(new MouseEvent(type, {
    bubbles: true, button: 0, buttons: 1, clientX: left + x, clientY: top + y }));
  at("mousedown", width / 2, height / 2);
  let turn = 0;
  const drag = () => {
    turn += 1;
    window.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, buttons: 1,
      clientX: left + width / 2 + 120 * Math.sin(turn / 9),
      clientY: top + height / 2 + 60 * Math.sin(turn / 7) }));
    if (performance.now() < end) setTimeout(drag, 16);
    else window.dispatchEvent(new MouseEvent("mouseup", { bubbles: true, button: 0 }));
  };
  drag();
})"""


def fill(place: Place, many: int) -> None:
    """So many open cases, at lamps here and there."""
    upgrade(place.url)
    inventory = district(place.assets)
    lamps = inventory.streetlights
    chosen = np.random.default_rng(1).choice(len(lamps), many, replace=False)
    desk = Desk(place.url, filing_of(inventory))
    for begin in range(0, many, 1_000):
        desk.record(
            [
                CaseEvent(
                    at=NOW - (many - n) * MINUTE // 10,
                    event="opened",
                    case=f"C{n:05}",
                    type=_TYPES[n % len(_TYPES)],
                    subject=f"streetlight:{lamps[row].id}",
                    members=(lamps[row].id,),
                    evidence={},
                    rule="bench",
                    rule_version="1",
                )
                for n, row in enumerate(chosen[begin : begin + 1_000], begin)
            ]
        )
    desk.close()


def look(page: Page, what: str) -> None:
    frames = np.array(page.evaluate(_FRAMES))
    median, late = np.percentile(frames, [50, 95])
    print(f"{what:12} {len(frames):5} frames, median {median:6.1f} ms, 95 % {late:6.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--assets", type=int, default=70_000)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--shot", type=Path, help="writes a picture of the page")
    options = parser.parse_args()
    print(describe("fastapi", "playwright"))
    print(f"inputs:  {options.assets:,} assets, {options.cases:,} open cases, 1920x1080")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = Place(folder, f"sqlite:///{folder}/cases.db", options.assets)
        fill(place, options.cases)
        here, there = multiprocessing.Pipe()
        cores = sorted(os.sched_getaffinity(0))
        server = multiprocessing.get_context("spawn").Process(
            target=serve, args=(place, cores[-1], there)
        )
        server.start()
        url, token = here.recv()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM)
        )
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = context.new_page()
        page.goto(url)
        page.locator(".canvas[data-fitted=true]").wait_for(timeout=120_000)
        page.locator(".rows .row").first.wait_for(timeout=120_000)
        page.wait_for_timeout(10_000)
        look(page, "zoomed out")
        if options.shot:
            page.screenshot(path=options.shot)
        for _ in range(4):
            page.mouse.move(960, 560)
            page.mouse.wheel(0, -600)
            page.wait_for_timeout(800)
        look(page, "near")
        browser.close()
        here.send("stop")
        server.join()


if __name__ == "__main__":
    main()
