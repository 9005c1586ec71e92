"""The built pages of `hub/web/dist`, with headers that keep them safe and cached."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

DIST = Path(__file__).parent.parent / "web" / "dist"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
FOR_EVER = "public, max-age=31536000, immutable"
"""For files whose name changes with their content."""
NOT_BUILT = "The pages are not built yet. Run `make pages`, then start the hub again.\n"


def add_pages(app: web.Application) -> None:
    """Serves `/`, `/api.html`, `/deliveries.html` and their assets."""
    for path, name in (("/", "index.html"), ("/api.html", "api.html"), ("/deliveries.html", "deliveries.html")):
        app.router.add_get(path, _page(DIST / name))
    if (DIST / "assets").is_dir():
        app.router.add_static("/assets/", DIST / "assets")


def _page(file: Path) -> Handler:
    built = file.is_file()

    async def answer(_request: web.Request) -> web.StreamResponse:
        if not built:
            return web.Response(text=NOT_BUILT, status=503)
        return web.FileResponse(file, headers={"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8"})

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
