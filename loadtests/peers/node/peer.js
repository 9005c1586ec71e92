// What the Node peers share: options, the token check, the ticker that sees how long the event loop was blocked.

import jwt from "jsonwebtoken";
import { parseArgs } from "node:util";

export const SECRET = process.env.PEER_SECRET ?? "";
const TICK_MS = 5;

export function options() {
  return parseArgs({
    options: {
      port: { type: "string", default: "0" },
      auth: { type: "boolean", default: false },
      redis: { type: "string" },
      postgres: { type: "string" },
      pool: { type: "string", default: "20" },
    },
  }).values;
}

// Middleware: whoever comes without a good token is refused. Leaves the user's id in `socket.data`.
export function authenticated(socket, next) {
  jwt.verify(socket.handshake.auth.token ?? "", SECRET, { algorithms: ["HS256"] }, (error, claims) => {
    if (error) return next(new Error("auth.invalid"));
    socket.data.userId = claims.sub;
    next();
  });
}

// Since it was last asked, in milliseconds: the longest time that nothing else could run, and the most processor's
// time between two ticks, because on a busy machine a process may stand still for others' sake. It ticks from when it
// is first asked, so that it costs nothing where nobody asks.
export function blocked() {
  let longest = 0;
  let busiest = 0;
  let last;
  let lastCpu;
  const start = () => {
    last = performance.now();
    lastCpu = process.cpuUsage();
    setInterval(() => {
      const now = performance.now();
      const { user, system } = process.cpuUsage(lastCpu);
      longest = Math.max(longest, now - last - TICK_MS);
      busiest = Math.max(busiest, (user + system) / 1000);
      last = now;
      lastCpu = process.cpuUsage();
    }, TICK_MS).unref();
  };
  return () => {
    if (last === undefined) start();
    const answer = { blocked_ms: longest, busy_ms: busiest };
    longest = busiest = 0;
    return answer;
  };
}

// Starts, says where, and ends politely.
export function listen(http, io, port, onEnd = async () => {}) {
  http.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 }, () =>
    console.log(`listens on http://127.0.0.1:${http.address().port}`),
  );
  const end = async () => {
    io.disconnectSockets(true);
    http.close();
    await onEnd();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}
