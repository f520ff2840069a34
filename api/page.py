"""The control room at ``/``: the files of the web build, each kept as long as it stays true."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).parent / "static"

_NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>绣花 Xiuhua</title>
<h1>绣花 Xiuhua</h1>
<p>控制室页面尚未构建,请运行 <code>make setup</code>。接口已在运行,见 <a href="/docs">/docs</a>。
<p lang="en">The control room has not been built: run <code>make setup</code>.
The API is up; see <a href="/docs">/docs</a>.
</html>
"""


class ControlRoom(StaticFiles):
    """What is asked for where the API has no call."""

    def __init__(self, directory: Path = STATIC) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self._index = directory / "index.html"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        if scope["type"] == "http" and scope["path"] == "/" and not self._index.is_file():
            response: Response = HTMLResponse(_NOT_BUILT, status_code=503)
            await response(scope, receive, send)
            return
        if not self._index.is_file():
            raise HTTPException(404)
        await super().__call__(scope, receive, send)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file; those whose name has their contents' hash in it never change."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = scope["path"].startswith("/assets/")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        return response
