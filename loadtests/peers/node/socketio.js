// The Node peer of the gateway: Socket.IO on its default `ws` engine, set up as its own guide to performance says
// (https://socket.io/docs/v4/performance-tuning/, https://socket.io/docs/v4/memory-usage/).
//
//   NODE_ENV=production node --expose-gc socketio.js [--port N] [--auth] [--redis redis://…]

import { createShardedAdapter } from "@socket.io/redis-adapter";
import { createServer } from "node:http";
import { createClient } from "redis";
import { Server } from "socket.io";

import { authenticated, blocked, listen, options } from "./peer.js";

const { port, auth, redis } = options();

async function adapter(url) {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  // A channel for each room, also for private ones: made for many conversations of two.
  return createShardedAdapter(publisher, subscriber, { subscriptionMode: "dynamic-private" });
}

const http = createServer();
const io = new Server(http, redis ? { adapter: await adapter(redis) } : {});
// The first HTTP request of each socket is not kept: the guide's advice for less memory.
io.engine.on("connection", (raw) => {
  raw.request = null;
});
const longestBlock = blocked();
if (auth) io.use(authenticated);

io.on("connection", (socket) => {
  socket.on("join", async ({ rooms }, ack) => {
    await socket.join(rooms);
    ack({ success: true });
  });
  socket.on("burst", ({ room, n, first, body }, ack) => {
    for (let i = first; i < first + n; i++) io.to(room).emit("msg", { i, body });
    ack?.({ success: true });
  });
  socket.on("echo", (payload, ack) => ack(payload));
  socket.on("stats", ({ gc }, ack) => {
    if (gc) globalThis.gc?.();
    ack({ ...longestBlock(), rooms: io.of("/").adapter.rooms.size, sockets: io.engine.clientsCount });
  });
});

listen(http, io, port);
