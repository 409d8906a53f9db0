import assert from "node:assert/strict";
import { PingWatch } from "../../../src/source/websocket/ping_watch.ts";
import { FakeTime } from "../../support/fake_time.ts";

/** A connection that is pinged, and perhaps answers. */
class Pinged {
  pieces = 0;
  pings = 0;
  ending = "";
  /** Whether somebody is there. */
  answers = true;

  ping(): void {
    this.pings += 1;
    if (this.answers) this.pieces += 1;
  }

  cease(reason: string): void {
    this.ending = reason;
  }
}

const times = { pingMs: 20_000, answerMs: 10_000 };

Deno.test("PingWatch asks every 20 s and gives up 10 s after a question without an answer", () => {
  using time = new FakeTime();
  const connection = new Pinged();
  using _watch = new PingWatch({ connection, ...times, isDeaf: () => false });
  for (let i = 0; i < 10; i++) {
    time.tick(20_000);
    assert.equal(connection.pings, i + 1);
    time.tick(10_000);
  }
  connection.answers = false;
  time.tick(29_999);
  assert.equal(connection.ending, "");
  time.tick(1);
  assert.equal(connection.ending, "no answer to a ping for 10 s");
});

Deno.test("PingWatch expects nothing of a connection that is not read, before a question or behind it", () => {
  using time = new FakeTime();
  const connection = new Pinged();
  connection.answers = false;
  let isDeaf = true;
  using _watch = new PingWatch({ connection, ...times, isDeaf: () => isDeaf });
  time.tick(100_000);
  assert.equal(connection.pings, 0);
  isDeaf = false;
  time.tick(20_000);
  assert.equal(connection.pings, 1);
  isDeaf = true;
  time.tick(100_000);
  assert.equal(connection.ending, "");
  isDeaf = false;
  time.tick(30_000);
  assert.equal(connection.ending, "no answer to a ping for 10 s");
});

Deno.test("PingWatch takes whatever comes for an answer, and stops when it is disposed of", () => {
  using time = new FakeTime();
  const connection = new Pinged();
  connection.answers = false;
  {
    using _watch = new PingWatch({ connection, ...times, isDeaf: () => false });
    time.tick(20_000);
    connection.pieces += 1;
    time.tick(10_000);
    assert.equal(connection.ending, "");
  }
  assert.equal(time.pending, 0);
});
