"""The built pages of `hub/web/dist`, with headers that keep them safe and cached."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from hub.errors import UnsubscribeInvalid
from hub.notifications.unsubscribe import Unsubscriber

DIST = Path(__file__).parent.parent / "web" / "dist"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self'; manifest-src 'self'; object-src 'none'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
FOR_EVER = "public, max-age=31536000, immutable"
"""For files whose name changes with their content."""
PAGES = {
    "/": "index.html",
    **{f"/{name}.html": f"{name}.html" for name in ("api", "deliveries", "preferences", "trace", "unsubscribe")},
}
FILES = {
    "/manifest.webmanifest": "application/manifest+json",
    "/sw.js": "text/javascript",
    "/icon-192.png": "image/png",
    "/icon-512.png": "image/png",
}
"""Files of `hub/web/public` with their types. Their names are known outside (to browsers that installed the page), so
they never change, and a browser asks each time whether the content did."""
NOT_BUILT = "The pages are not built yet. Run `make pages`, then start the hub again.\n"
UNSUBSCRIBED = "You are unsubscribed.\nVous êtes désinscrit.\nOu dezenskri.\n"
LINK_BROKEN = "This link does not work.\nCe lien ne fonctionne pas.\nLyen sa a pa mache.\n"
"""Answers to a browser without scripts, which cannot tell which language its reader wants."""


def add_pages(app: web.Application, unsubscriber: Unsubscriber) -> None:
    """Serves the pages, their assets, the service worker and what a browser needs to install the hub as an app."""
    for path, name in PAGES.items():
        app.router.add_get(path, _file(DIST / name, "text/html; charset=utf-8"))
    for path, content_type in FILES.items():
        app.router.add_get(path, _file(DIST / path.lstrip("/"), content_type))
    app.router.add_post("/unsubscribe.html", _plain_unsubscribe(unsubscriber))
    if (DIST / "assets").is_dir():
        app.router.add_static("/assets/", DIST / "assets")


def _file(file: Path, content_type: str) -> Handler:
    built = file.is_file()
    headers = {"Cache-Control": "no-cache", "Content-Type": content_type}

    async def answer(_request: web.Request) -> web.StreamResponse:
        if not built:
            return web.Response(text=NOT_BUILT, status=503)
        return web.FileResponse(file, headers=headers)

    return answer


def _plain_unsubscribe(unsubscriber: Unsubscriber) -> Handler:
    """The page's form, where no script runs: it posts to the page's own address, which knows the token."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            await unsubscriber.apply(request.query.get("token", ""))
        except UnsubscribeInvalid as error:
            return web.Response(text=LINK_BROKEN, status=error.status)
        return web.Response(text=UNSUBSCRIBED)

    return answer


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """on_response_prepare: what every answer carries."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/assets/") and response.status == web.HTTPOk.status_code:
        headers["Cache-Control"] = FOR_EVER
    if response.content_type == "text/html":
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
