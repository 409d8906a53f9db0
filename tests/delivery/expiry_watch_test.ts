import assert from "node:assert/strict";
import type { Expiry } from "../../src/delivery/credentials.ts";
import { ExpiryWatch } from "../../src/delivery/expiry_watch.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { HandClock } from "../support/hand_clock.ts";

const dayMs = 86_400_000;

Deno.test("an end is told 30 days before, 7 days, on the last day and when it has come, each once", async () => {
  const clock = new HandClock();
  const notices: Notice[] = [];
  const watch = new ExpiryWatch({ section: "nats", clock, report: (told) => notices.push(told) });
  const found: Expiry = { key: "creds_file", what: "the user JWT", expiresMs: 40 * dayMs };
  watch.follow([found]);
  for (let hour = 0; hour < 42 * 24; hour++) {
    await clock.advance(dayMs / 24);
    if (hour % 5 === 0) watch.follow([found]);
    watch.check();
  }
  assert.deepEqual(notices.map(({ level, kind, message }) => [level, kind, message]), [
    [
      "warning",
      "credentials_expire",
      "nats.creds_file: the user JWT expires in 30 days, on 1970-02-10 00:00 UTC",
    ],
    [
      "warning",
      "credentials_expire",
      "nats.creds_file: the user JWT expires in 7 days, on 1970-02-10 00:00 UTC",
    ],
    [
      "warning",
      "credentials_expire",
      "nats.creds_file: the user JWT expires in 1 day, on 1970-02-10 00:00 UTC",
    ],
    [
      "error",
      "credentials_expired",
      "nats.creds_file: the user JWT has expired, on 1970-02-10 00:00 UTC",
    ],
  ]);
  watch.follow([{ ...found, expiresMs: 365 * dayMs }]);
  assert.equal(notices.at(-1)?.kind, "credentials_renewed");
  assert.match(notices.at(-1)?.message ?? "", /is valid until 1971-01-01 00:00 UTC$/);
  assert.equal(notices.length, 5);
});

Deno.test("what is found expired is told as that at once, and each key for itself", () => {
  const clock = new HandClock();
  const notices: Notice[] = [];
  const watch = new ExpiryWatch({
    section: "forwarder",
    clock,
    report: (told) => notices.push(told),
  });
  watch.follow([
    { key: "tls.cert_file", what: "the certificate CN=box", expiresMs: -1 },
    { key: "tls.ca_file", what: "the certificate CN=us", expiresMs: 3 * dayMs },
  ]);
  assert.deepEqual(notices.map(({ kind, details }) => [kind, details?.["key"]]), [
    ["credentials_expired", "forwarder.tls.cert_file"],
    ["credentials_expire", "forwarder.tls.ca_file"],
  ]);
});

Deno.test("a clock that is set tells what is so by the new time, and takes it back when that was wrong", () => {
  const clock = new HandClock();
  const told: string[] = [];
  const watch = new ExpiryWatch({ section: "nats", clock, report: ({ kind }) => told.push(kind) });
  const atMs = Date.UTC(2025, 11, 3);
  watch.follow([{ key: "creds_file", what: "the user JWT", expiresMs: atMs + 5 * dayMs }]);
  watch.check();
  assert.deepEqual(told, [], "a box that starts in 1970");
  const stepTo = (wallMs: number): void => {
    clock.step(wallMs - clock.wallMs());
    watch.check();
    watch.check();
  };
  stepTo(atMs);
  assert.deepEqual(told, ["credentials_expire"]);
  stepTo(atMs - dayMs / 24);
  stepTo(atMs + 365 * dayMs);
  stepTo(atMs - 365 * dayMs);
  assert.deepEqual(told.slice(1), ["credentials_expired", "credentials_renewed"]);
});
