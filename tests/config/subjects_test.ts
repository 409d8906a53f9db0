import assert from "node:assert/strict";
import {
  alertsSubject,
  eventsSubject,
  healthSubject,
  recordSubject,
  stateOf,
  streamFor,
  streamForSubject,
  telemetryStream,
} from "../../src/config/subjects.ts";

const fips_code = "1429010002";

Deno.test("a record's subject has vendor and county as far as they are configured", () => {
  const all = { vendor: "acme", county: "lake", fips_code };
  assert.equal(recordSubject("ut.cdr", all), "ut.cdr.acme.lake.1429010002");
  assert.equal(recordSubject("ut.cdr", { vendor: "acme", fips_code }), "ut.cdr.acme.1429010002");
  assert.equal(recordSubject("ut.cdr", { fips_code }), "ut.cdr.1429010002");
  assert.equal(recordSubject("ut.cdr", { county: "lake", fips_code }), "ut.cdr.1429010002");
});

Deno.test("heartbeats, events and alerts go below the state, the prefix up to its first dot", () => {
  assert.equal(stateOf("ut.cdr.x"), "ut");
  assert.equal(stateOf("serial"), "serial");
  assert.equal(healthSubject("ut.cdr", "box-1"), "ut.health.box-1");
  assert.equal(eventsSubject("ut.cdr", "box-1"), "ut.events.box-1");
  assert.equal(alertsSubject("ut.cdr", "box-1"), "ut.alerts.box-1");
});

Deno.test("an instance's name is made fit for a subject", () => {
  assert.equal(healthSubject("ut", "Box 1 *"), "ut.health.Box-1-");
  assert.equal(healthSubject("ut", "a.b"), "ut.health.a.b");
  assert.equal(healthSubject("ut", ".a..b>"), "ut.health.-.a.-.b-");
});

Deno.test("a prefix of {state}.cdr keeps records in one stream for the whole state", () => {
  const shared = { name: "cdr", subjects: ["ut.cdr.>"] };
  assert.deepEqual(streamFor("ut.cdr"), shared);
  assert.deepEqual(streamFor("ut.cdr.north"), shared);
});

Deno.test("any other prefix keeps records in a stream of its own name", () => {
  assert.deepEqual(streamFor("serial"), { name: "serial", subjects: ["serial.>"] });
  assert.deepEqual(streamFor("cdr"), { name: "cdr", subjects: ["cdr.>"] });
  assert.deepEqual(streamFor("ut.x.cdr"), { name: "ut-x-cdr", subjects: ["ut.x.cdr.>"] });
  assert.deepEqual(streamFor("a/b.c"), { name: "a-b-c", subjects: ["a/b.c.>"] });
});

Deno.test("one subject is kept in the shared stream too, else in a stream of its own", () => {
  assert.deepEqual(streamForSubject("ut.cdr.hub"), { name: "cdr", subjects: ["ut.cdr.>"] });
  assert.deepEqual(streamForSubject("hub.lake"), { name: "hub-lake", subjects: ["hub.lake"] });
});

Deno.test("events and heartbeats have streams of their own, unless the records' takes them anyway", () => {
  assert.deepEqual(telemetryStream("events", "ut.cdr"), {
    name: "events",
    subjects: ["ut.events.>"],
  });
  assert.deepEqual(telemetryStream("health", "ut.x.y"), {
    name: "health",
    subjects: ["ut.health.>"],
  });
  assert.deepEqual(telemetryStream("health", "serial"), streamFor("serial"));
  assert.deepEqual(telemetryStream("events", "cdr"), streamFor("cdr"));
});
