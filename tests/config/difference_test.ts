import assert from "node:assert/strict";
import {
  type ConfigDifference,
  differenceOf,
  isNothing,
  runnable,
} from "../../src/config/difference.ts";
import { configOf, type Json, sample } from "./sample.ts";

const port = { device: "/dev/ttyS1", side_designation: "A1", enabled: true };
const other = { device: "/dev/ttyS2", side_designation: "A2", enabled: true };
const base: Json = { app: { fips_code: "1429010002" }, ports: [port, other] };

/** Names only. */
function found(before: Json, after: Json): Record<string, unknown> {
  const difference = differenceOf(configOf(sample(before)), configOf(sample(after)));
  const { ports, sinks, needRestart } = difference;
  const sides = (name: keyof ConfigDifference["ports"]): string[] =>
    ports[name].map(({ side_designation: side }) => side);
  return Object.fromEntries(
    Object.entries({
      added: sides("added"),
      removed: sides("removed"),
      changed: sides("changed"),
      readdressed: sides("readdressed"),
      sinks,
      needRestart,
    }).filter(([, names]) => names.length > 0),
  );
}

const cases: readonly (readonly [string, Json, Record<string, unknown>])[] = [
  ["the same", base, {}],
  ["a note", { ...base, ports: [{ ...port, description: "lobby" }, other] }, {}],
  ["ports in another order", { ...base, ports: [other, port] }, {}],
  ["a default that is spelled out", { ...base, ports: [{ ...port, data_bits: 8 }, other] }, {}],
  ["a key of a port", { ...base, ports: [{ ...port, baud_rate: 9600 }, other] }, {
    changed: ["A1"],
  }],
  ["another device", { ...base, ports: [port, { ...other, device: "/dev/ttyS9" }] }, {
    changed: ["A2"],
  }],
  ["devices that change places", {
    ...base,
    ports: [{ ...port, device: other.device }, { ...other, device: port.device }],
  }, { changed: ["A1", "A2"] }],
  ["another side", { ...base, ports: [port, { ...other, side_designation: "B2" }] }, {
    added: ["B2"],
    removed: ["A2"],
  }],
  ["a port that is disabled", { ...base, ports: [port, { ...other, enabled: false }] }, {
    removed: ["A2"],
  }],
  ["a port more", {
    ...base,
    ports: [port, other, { device: "/dev/ttyS3", side_designation: "A3", enabled: true }],
  }, { added: ["A3"] }],
  ["a county", { ...base, ports: [{ ...port, county: "adair" }, other] }, { readdressed: ["A1"] }],
  ["speeds to look for", { ...base, detection: { baud_rates: [9600] } }, {
    changed: ["A1", "A2"],
  }],
  ["the server", { ...base, nats: { url: "nats://hub:4222" } }, { sinks: ["nats"] }],
  ["a key without effect", { ...base, nats: { max_reconnects: 3 } }, {}],
  ["the forwarder", {
    ...base,
    forwarder: { enabled: true, remote_url: "nats://hub", remote_subject: "hub.cdr" },
  }, { sinks: ["forwarder"] }],
  ["a forwarder that is off", { ...base, forwarder: { remote_url: "nats://hub" } }, {}],
  ["the name of the box", { ...base, app: { instance_id: "b", fips_code: "1429010002" } }, {
    sinks: ["nats", "forwarder"],
  }],
  ["folders", { ...base, logging: { base_path: "/b" }, journal: { state_path: "/c" } }, {
    needRestart: ["logging.base_path", "journal.state_path"],
  }],
  ["what all channels share", { ...base, recovery: { reconnect_delay_sec: 9 } }, {
    needRestart: ["recovery.reconnect_delay_sec"],
  }],
];

for (const [what, after, expected] of cases) {
  Deno.test(`differenceOf: ${what}`, () => assert.deepEqual(found(base, after), expected));
}

Deno.test("differenceOf: where records are to be had is no other than to where they came from", () => {
  for (const [, after] of cases) {
    const there = found(base, after);
    const back = found(after, base);
    assert.deepEqual(back["added"], there["removed"]);
    assert.deepEqual(back["changed"], there["changed"]);
    assert.deepEqual(back["needRestart"], there["needRestart"]);
  }
});

Deno.test("runnable: what takes effect at the next start is told again until then", () => {
  const before = configOf(sample(base));
  const after = configOf(sample({ ...base, logging: { base_path: "/b" }, ports: [port] }));
  const running = runnable(before, after);
  assert.equal(running.ports.length, 1);
  assert.deepEqual(differenceOf(running, after).needRestart, ["logging.base_path"]);
  assert.ok(!isNothing(differenceOf(running, after)));
  assert.ok(isNothing(differenceOf(running, running)));
});
