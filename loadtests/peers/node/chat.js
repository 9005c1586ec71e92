// The Node peer of durable chat: what one would write with Socket.IO and `pg`, one transaction a message, and no less
// than a chat needs: a member's right to write, a number without holes, a repeat that is not stored twice.
//
//   NODE_ENV=production node chat.js --postgres postgres://… [--pool N]

import { createServer } from "node:http";
import pg from "pg";
import { Server } from "socket.io";

import { authenticated, listen, options } from "./peer.js";

const { port, postgres, pool: size } = options();
const pool = new pg.Pool({
  connectionString: postgres,
  max: Number(size),
  idleTimeoutMillis: 0,
  options: "-c search_path=peer", // so that it may share a database with whoever else is measured
});

await pool.query(`
  CREATE SCHEMA IF NOT EXISTS peer;
  CREATE TABLE IF NOT EXISTS conversation (id bigserial PRIMARY KEY, seq bigint NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS member (
    conversation_id bigint NOT NULL REFERENCES conversation, user_id text NOT NULL,
    PRIMARY KEY (conversation_id, user_id));
  CREATE TABLE IF NOT EXISTS message (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), conversation_id bigint NOT NULL REFERENCES conversation,
    seq bigint NOT NULL, sender_id text NOT NULL, client_message_id text NOT NULL, body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (conversation_id, seq), UNIQUE (conversation_id, sender_id, client_message_id));
`);

// Named statements are prepared once for each connection.
const MEMBER = "SELECT 1 FROM member WHERE conversation_id = $1 AND user_id = $2";
const NUMBER = "UPDATE conversation SET seq = seq + 1 WHERE id = $1 RETURNING seq";
const INSERT =
  "INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body) VALUES ($1, $2, $3, $4, $5) " +
  "RETURNING id, created_at";
const EARLIER =
  "SELECT id, seq, created_at FROM message WHERE conversation_id = $1 AND sender_id = $2 AND client_message_id = $3";
const UNIQUE_VIOLATION = "23505";

const rendered = (message, row) => ({
  id: row.id,
  conversation_id: message.conversation_id,
  seq: Number(row.seq),
  sender_id: message.sender_id,
  client_message_id: message.client_message_id,
  body: message.body,
  created_at: row.created_at,
});

async function store(message) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const member = await client.query({
      name: "member",
      text: MEMBER,
      values: [message.conversation_id, message.sender_id],
    });
    if (member.rowCount === 0) throw new Refused("access.denied");
    const { rows } = await client.query({ name: "number", text: NUMBER, values: [message.conversation_id] });
    const inserted = await client.query({
      name: "insert",
      text: INSERT,
      values: [message.conversation_id, rows[0].seq, message.sender_id, message.client_message_id, message.body],
    });
    await client.query("COMMIT");
    return { message: rendered(message, { ...inserted.rows[0], seq: rows[0].seq }), deduplicated: false };
  } catch (error) {
    await client.query("ROLLBACK");
    if (error.code !== UNIQUE_VIOLATION) throw error;
    const { rows } = await client.query({
      name: "earlier",
      text: EARLIER,
      values: [message.conversation_id, message.sender_id, message.client_message_id],
    });
    return { message: rendered(message, rows[0]), deduplicated: true };
  } finally {
    client.release();
  }
}

class Refused extends Error {}

// The two routes by which a platform makes people and conversations, answered as the hub answers them.
const http = createServer((request, response) => {
  if (!request.url.startsWith("/api/v1/")) return;
  let text = "";
  request.on("data", (chunk) => (text += chunk));
  request.on("end", async () => {
    let data = {};
    if (request.method === "POST") {
      const { members } = JSON.parse(text);
      const { rows } = await pool.query("INSERT INTO conversation DEFAULT VALUES RETURNING id");
      for (const { user_id } of members)
        await pool.query("INSERT INTO member VALUES ($1, $2)", [rows[0].id, user_id]);
      data = { conversation: { id: rows[0].id } };
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ success: true, data }));
  });
});

const io = new Server(http);
io.use(authenticated);

io.on("connection", (socket) => {
  const answering = (handler) => async (payload, ack) => {
    try {
      ack({ success: true, data: await handler(payload) });
    } catch (error) {
      if (!(error instanceof Refused)) console.error(error);
      ack({ success: false, error: { code: error instanceof Refused ? error.message : "internal" } });
    }
  };
  socket.on(
    "conversation.open",
    answering(async ({ conversation_id }) => {
      const { rows } = await pool.query(
        "SELECT seq FROM conversation JOIN member ON conversation_id = id WHERE id = $1 AND user_id = $2",
        [conversation_id, socket.data.userId],
      );
      if (rows.length === 0) throw new Refused("access.denied");
      await socket.join(`conversation:${conversation_id}`);
      return { head: { seq: Number(rows[0].seq) } };
    }),
  );
  socket.on(
    "message.send",
    answering(async ({ conversation_id, client_message_id, body }) => {
      const sent = await store({ conversation_id, client_message_id, body, sender_id: socket.data.userId });
      if (!sent.deduplicated) io.to(`conversation:${conversation_id}`).emit("message.new", { message: sent.message });
      return sent;
    }),
  );
});

listen(http, io, port, () => pool.end());
