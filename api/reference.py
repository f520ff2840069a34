"""``/docs``, the interactive reference: Swagger UI from a package, so it needs no internet."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response

from api.roles import ALLOWED, EVERYBODY

router = APIRouter(include_in_schema=False)

OPENAPI = "/openapi.json"

EXAMPLES_FILE = Path(__file__).with_name("examples.json")
"""What each call may be sent and answers: made by tests/api/make_examples.py."""

# A package for its files: it ships Swagger UI (Apache-2.0) with each of its releases.
_FILES = Path(str(files("fastapi_offline"))) / "static"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Xiuhua HTTP API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""

# In a file of its own, because the page may run no script that is written in it.
_START = f"""SwaggerUIBundle({{
  url: "{OPENAPI}",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
}});
"""


@router.get("/docs")
def page() -> Response:
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
def start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/docs/swagger-ui-bundle.js")
def script() -> Response:
    return FileResponse(_FILES / "swagger-ui-bundle.js", media_type="text/javascript")


@router.get("/docs/swagger-ui.css")
def style() -> Response:
    return FileResponse(_FILES / "swagger-ui.css", media_type="text/css")


def describe_calls(app: FastAPI) -> None:
    """Has the description say of each call how to sign in for it, who may, and what for example."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            schema.setdefault("components", {})["securitySchemes"] = _SCHEMES
            examples = msgspec.json.decode(EXAMPLES_FILE.read_bytes())
            for path, methods in schema["paths"].items():
                for method, call in methods.items():
                    name = f"{method.upper()} {path}"
                    _describe(call, name)
                    _exemplify(call, examples.get(name, {}))
        return plain()

    app.openapi = described  # type: ignore[method-assign]


_SCHEMES = {
    "password": {
        "type": "oauth2",
        "description": "Name and password, for half an hour.",
        "flows": {"password": {"tokenUrl": "/api/v1/token", "scopes": {}}},
    },
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A machine's key, `xhk_…`.",
    },
}


def _describe(call: dict[str, Any], name: str) -> None:
    roles = ALLOWED.get(name)
    if roles is None:
        return
    call["security"] = [{"password": []}, {"key": []}]
    if roles != EVERYBODY:
        call["description"] += f"\n\nFor: {', '.join(sorted(roles))}."


def _exemplify(call: dict[str, Any], example: dict[str, Any]) -> None:
    """Puts a call's example where the description has places for it."""
    for parameter in call.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] in example.get("query", {}):
            parameter["example"] = example["query"][parameter["name"]]
    if "body" in example:
        for form in call["requestBody"]["content"].values():
            form["example"] = example["body"]
    if "answer" in example:
        for status, answer in call["responses"].items():
            for kind, shown in answer.get("content", {}).items():
                if status != "default" and kind.endswith("json"):
                    shown["example"] = example["answer"]
