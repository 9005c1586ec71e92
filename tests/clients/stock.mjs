// The stock JavaScript client, as anybody installs it. Prints one JSON object of facts; the test judges them.
//
//   node stock.mjs <path of node_modules> <base> <fan's token> <creator's token> <conversation id> <websocket|polling>
import { createRequire } from "node:module";

const [modules, base, fanToken, creatorToken, conversationId, mode] = process.argv.slice(2);
const { io } = createRequire(`${modules}/`)("socket.io-client");
const transports = mode === "websocket" ? ["websocket"] : ["polling", "websocket"];
const TIMEOUT_MS = 8000;

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const once = (emitter, event) => within(new Promise((resolve) => emitter.once(event, resolve)), event);
const connect = (token, options = {}) =>
  io(base, { transports, auth: { token }, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 50, ...options });
const ask = (socket, event, payload) => within(socket.emitWithAck(event, payload), `the ack of ${event}`);

async function upgraded(socket) {
  if (mode === "websocket" || socket.io.engine.transport.name === "websocket") return;
  await within(new Promise((resolve) => socket.io.engine.once("upgrade", resolve)), "the upgrade");
}

const facts = {};

async function ready(token, options) {
  const socket = connect(token, options);
  const [, session] = await Promise.all([once(socket, "connect"), once(socket, "session.ready")]);
  return { socket, session };
}

async function main() {
  const fan = await ready(fanToken);
  const creator = await ready(creatorToken);
  facts.ready = fan.session;
  await Promise.all([upgraded(fan.socket), upgraded(creator.socket)]);
  facts.transport = fan.socket.io.engine.transport.name;

  facts.opened = await ask(fan.socket, "conversation.open", { conversation_id: conversationId });
  await ask(creator.socket, "conversation.open", { conversation_id: conversationId });
  const heard = once(creator.socket, "message.new");
  const wish = { conversation_id: conversationId, client_message_id: "js-1", body: "Bonjour, ça va ? 👋" };
  facts.sent = await ask(fan.socket, "message.send", wish);
  facts.heard = await heard;
  facts.repeated = await ask(fan.socket, "message.send", wish);

  facts.unknown_event = await ask(fan.socket, "no.such.event", {});
  facts.unknown_conversation = await ask(fan.socket, "conversation.open", {
    conversation_id: "01890000-0000-7000-8000-000000000000",
  });

  const refused = connect("not a token", { reconnection: false });
  const error = await once(refused, "connect_error");
  facts.connect_error = { message: error.message, data: error.data };
  refused.close();

  // The connection is cut below the client; it comes back by itself, and resumes with what it holds.
  creator.socket.auth = { token: creatorToken, resume: { [conversationId]: facts.heard.rev } };
  const lost = once(creator.socket, "disconnect");
  const back = once(creator.socket, "session.ready");
  creator.socket.io.engine.close();
  facts.lost = await lost;
  await ask(fan.socket, "message.send", { ...wish, client_message_id: "js-2", body: "while you were away" });
  if (creator.socket.disconnected) creator.socket.connect();
  const missed = once(creator.socket, "message.new");
  await back;
  facts.missed = await missed;

  for (const { socket } of [fan, creator]) socket.close();
}

main()
  .then(() => console.log(JSON.stringify(facts)))
  .catch((error) => {
    console.error(error, JSON.stringify(facts));
    process.exitCode = 1;
  })
  .finally(() => setTimeout(() => process.exit(), 100));
