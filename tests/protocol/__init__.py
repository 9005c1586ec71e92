"""The protocols below the hub, spoken byte by byte: Engine.IO 4, Socket.IO 5 and WebSocket (RFC 6455).

The tests here cover the ground of the official suites, and more. The official ones stand in the repository
socketio/socket.io, under docs/engine.io-protocol/v4-test-suite and docs/socket.io-protocol/v5-test-suite. To run one,
start its server,

    python -m tests.protocol.engineio_server --port 3000
    python -m tests.protocol.socketio_server --port 3000

and then `npm ci && npm test` in the suite's folder. (The second lacks a `node-imports.js`: take the first one's.)
"""
