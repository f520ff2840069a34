"""The control room at / and the reference at /docs: both without internet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import sync_playwright

from api.access import Access
from api.serve import Server
from tests.api.district import District
from tests.api.people import PASSWORD


@pytest.fixture
def built(district: District) -> District:
    """With a web build as Vite leaves it."""
    (district.static / "assets").mkdir(parents=True)
    (district.static / "index.html").write_text("<!doctype html><title>绣花</title>")
    (district.static / "mark.svg").write_text("<svg/>")
    (district.static / "assets" / "index-AbC123.js").write_text("start()")
    return district


def test_the_page_is_asked_for_each_time_and_its_hashed_files_never_again(built: District) -> None:
    page = built.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    assert "绣花" in page.text
    assert built.get("/mark.svg").headers["cache-control"] == "no-cache"
    script = built.get("/assets/index-AbC123.js")
    assert script.text == "start()"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = built.call("GET", "/", headers={"if-none-match": page.headers["etag"]})
    assert again.status_code == 304
    assert built.call("HEAD", "/").status_code == 200


def test_only_files_of_the_build_are_served(built: District) -> None:
    for path in ("/assets/gone.js", "/..%2fcases.db", "/assets/../../cases.db", "/assets"):
        assert built.get(path).status_code == 404


def test_without_a_build_a_plain_page_says_what_to_do(district: District) -> None:
    page = district.get("/")
    assert page.status_code == 503
    assert page.headers["content-type"].startswith("text/html")
    assert "make setup" in page.text
    assert "尚未构建" in page.text
    assert district.get("/index.html").status_code == 404
    assert district.get("health").status_code == 200


def test_the_reference_comes_from_here_alone(district: District) -> None:
    page = district.get("/docs").text
    assert "://" not in page
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    files = {link: district.get(link) for link in links if link != "data:,"}
    assert set(files) == {"/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"}
    for link, response in files.items():
        assert response.status_code == 200
        kind = "text/css" if link.endswith("css") else "text/javascript"
        assert response.headers["content-type"].startswith(kind)
    assert "SwaggerUIBundle" in files["/docs/swagger-ui-bundle.js"].text
    assert "<script>" not in page, "the page's own policy forbids it"
    start = files["/docs/start.js"].text
    assert "://" not in start
    assert district.get("/openapi.json").status_code == 200
    assert '"/openapi.json"' in start


def test_a_browser_shows_the_reference_and_asks_nobody_else(
    district: District, chromium: str
) -> None:
    asked, faults = set(), []
    with Server(district.app, port=0) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.add(request.url))
        page.goto(f"{server.url}/docs")
        calls = page.locator(".opblock")
        calls.first.wait_for()
        calls.filter(has_text="Act").first.locator(".opblock-summary-control").click()
        page.get_by_role("button", name="Try it out").wait_for()
        shown_errors = page.locator(".errors-wrapper").count()
        browser.close()
    assert faults == []
    assert shown_errors == 0
    assert {url for url in asked if not url.startswith((server.url, "data:"))} == set()


def test_a_person_signs_in_on_the_reference(district: District, chromium: str) -> None:
    district.access = Access(district.accounts, district.keys, bytes(32))
    district.app = district.make_app()
    with Server(district.app, port=0) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{server.url}/docs")
        page.locator(".auth-wrapper button.authorize").click()
        form = page.locator(".auth-container", has=page.locator("#oauth_username"))
        form.locator("#oauth_username").fill("a-viewer")
        form.locator("#oauth_password").fill(PASSWORD)
        form.locator("button.authorize").click()
        page.get_by_text("Logout", exact=True).wait_for()
        page.locator("button.close-modal").click()
        me = page.locator("#operations-session-me_api_v1_me_get")
        me.locator(".opblock-summary-control").click()
        me.get_by_role("button", name="Try it out").click()
        me.get_by_role("button", name="Execute").click()
        me.locator(".live-responses-table").get_by_text("a-viewer").first.wait_for()
        browser.close()
