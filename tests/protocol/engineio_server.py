"""The server of the official Engine.IO v4 suite, made of the gateway's own: it echoes every message.

python -m tests.protocol.engineio_server --port 3000
"""

from aiohttp import web

from hub.gateway.engine import Engine
from tests.protocol.serving import OPTIONS, main


def make_app(engine: Engine | None = None) -> web.Application:
    """The application, with the server at /engine.io/."""
    engine = engine or Engine(**OPTIONS)

    async def echo(sid: str, message: str | bytes) -> None:
        await engine.send(sid, message)

    async def stop(_app: web.Application) -> None:
        await engine.shutdown()

    engine.on("message", echo)
    app = web.Application()
    engine.attach(app, "/engine.io/")
    app.on_shutdown.append(stop)
    return app


if __name__ == "__main__":
    main(make_app)
