/** The trace in words and as a picture. */

import { describe, expect, it } from "vitest";
import { say } from "../src/i18n/catalog";
import { TRACE } from "../src/i18n/trace";
import { isLive, rungsOf, toneOf, type Delivery, type Trace } from "../src/trace/model";
import { pictureOf } from "../src/trace/picture";
import { reasonSentence, reportSentence, stateName, stateSentence } from "../src/trace/sentences";
import { duration, micros } from "../src/text/units";

const at = (second: number): string => new Date(Date.parse("2026-01-05T09:00:00.000Z") + second * 1_000).toISOString();
const delivery = (change: Partial<Delivery>): Delivery => ({ id: "d1", rung: 0, channel: "push", to: "", state: "accepted", attempts: 1, steps: [], reports: [], ...change });
const trace = (change: Partial<Trace>): Trace => ({
  notification: { id: "n", event_id: "e", user_id: "fan", type: "message.unread", category: "messages", priority: "high", created_at: at(0) },
  decisions: [],
  deliveries: [],
  ...change,
});
const t = say(TRACE, "en");

describe("the sentences", () => {
  it.each([
    ["quiet hours", "Your quiet hours."],
    ["muted", "You muted this conversation."],
    ["conversation: muted", "You muted this conversation."],
    ["delivered by email", "It had reached you in another way."],
    ["the rung before it failed", "The way before it failed, so this one did not wait."],
    ["read or told already", "You had read it already."],
  ])("explain %s", (code, sentence) => {
    expect(reasonSentence(code, t)).toBe(sentence);
  });

  it("leave to its code what nobody explained", () => {
    expect(reasonSentence("550 mailbox full", t)).toBeNull();
    expect(reasonSentence(null, t)).toBeNull();
    expect([stateName("odd", t), stateSentence("odd", t), reportSentence("odd", t)]).toEqual(["odd", "odd", "odd"]);
  });

  it("know every state of a delivery", () => {
    const states = "planned held ready sending accepted delivered retry_wait unknown failed dead expired cancelled suppressed bounced complained";
    for (const state of states.split(" ")) expect(stateSentence(state, t)).not.toBe(state);
  });
});

describe("the rungs", () => {
  it("put what was decided beside what became of it", () => {
    const rungs = rungsOf(
      trace({
        decisions: [
          { rung: 1, channel: "email", verdict: "skip", level: "category", reason: "turned_off" },
          { rung: 0, channel: "push", verdict: "send", level: "default", reason: "by_default" },
        ],
        deliveries: [delivery({ id: "a" }), delivery({ id: "b" })],
      }),
    );
    expect(rungs.map(({ channel, decisions, deliveries }) => [channel, decisions.length, deliveries.length])).toEqual([
      ["push", 1, 2],
      ["email", 1, 0],
    ]);
  });

  it("are live while anything waits", () => {
    expect(isLive(trace({ deliveries: [delivery({}), delivery({ state: "held" })] }))).toBe(true);
    expect(isLive(trace({ deliveries: [delivery({}), delivery({ state: "cancelled" })] }))).toBe(false);
  });

  it("are coloured by how they ended", () => {
    expect(["delivered", "dead", "held", "cancelled"].map(toneOf)).toEqual(["good", "bad", "wait", "plain"]);
  });
});

describe("the picture", () => {
  it("orders what happened from left to right", () => {
    const picture = pictureOf(
      trace({
        notification: { ...trace({}).notification, read_at: at(5) },
        deliveries: [
          delivery({ id: "a", steps: [{ at: at(2), state: "accepted" }, { at: at(5), state: "delivered" }] }),
          delivery({ id: "b", rung: 1, channel: "email", state: "planned", due_at: at(1_800) }),
        ],
      }),
    );
    expect(picture.lanes.map(({ dots, due }) => [dots.map((dot) => Math.round(dot.x)), due && Math.round(due.x)])).toEqual([
      [[33, 67], null],
      [[], 100],
    ]);
    expect(picture.marks.map(({ kind, x }) => [kind, Math.round(x)])).toEqual([
      ["created", 0],
      ["read", 67],
    ]);
    expect([picture.first, picture.last]).toEqual([at(0), at(1_800)]);
  });

  it("has a line for a way that was not taken, and a dot for what shows at once", () => {
    const picture = pictureOf(
      trace({
        decisions: [{ rung: 0, channel: "sms", verdict: "skip", level: "address", reason: "no_address" }],
        deliveries: [delivery({ rung: 1, channel: "in_app" })],
      }),
    );
    expect(picture.lanes.map(({ channel, skipped, dots }) => [channel, skipped, dots.map((dot) => dot.state)])).toEqual([
      ["sms", true, []],
      ["in_app", false, ["inbox"]],
    ]);
  });
});

describe("units", () => {
  it.each([
    [59, "59 s"],
    [90, "1.5 min"],
    [604_799, "7 d"],
    [14_400, "4 h"],
  ])("show %d seconds as %s", (seconds, shown) => {
    expect(duration("en", seconds)).toBe(shown);
  });

  it("show prices to a hundredth of a cent", () => {
    expect(micros("en", 16_600)).toBe("$0.0166");
  });
});
