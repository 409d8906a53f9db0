import assert from "node:assert/strict";
import type { ChannelStatus } from "../../src/channel/channel_status.ts";
import { type BeatFacts, heartbeatOf } from "../../src/telemetry/heartbeat.ts";

const status: ChannelStatus = {
  name: "1429010002-A1",
  source: "/dev/ttyS1",
  state: "running",
  detail: "9600 8N1",
  baudRate: 9600,
  isSilent: false,
  bytes: 1234,
  records: 11,
  errors: 2,
  reconnects: 1,
  lastRecordMs: Date.UTC(2025, 11, 3, 15, 4, 5, 123),
  lastSequence: 500,
  restarts: 2,
  syncedSequence: 500,
};
const facts: BeatFacts = {
  instance: "psap-14",
  fips: "1429010002",
  uptimeMs: 61_999,
  channels: [{ side: "A1", fips: "1429010002", status }],
  sinks: [{ name: "nats", state: "delivering", detail: "", delivered: 5, backlog: 0, storage: [] }],
  conditions: [],
  strayErrors: 3,
};

Deno.test("a heartbeat has the original's fields", () => {
  assert.equal(
    JSON.stringify(heartbeatOf(facts)),
    '{"v":1,"instance":"psap-14","fips":"1429010002","uptime_sec":61,"nats_connected":true,' +
      '"channels":[{"device":"/dev/ttyS1","a":"A1","state":"running","baud":9600,"reconnects":1,"restarts":2,' +
      '"bytes":1234,"lines":11,"errors":2,"last_line":"2025-12-03T15:04:05.123Z"}],' +
      '"conditions":[],"stray_errors":3}',
  );
});

Deno.test("NATS is connected when records are delivered to it, not to the forwarder", () => {
  const connected = (name: string, state: "delivering" | "disconnected"): boolean =>
    heartbeatOf({
      ...facts,
      sinks: [{ name, state, detail: "", delivered: 0, backlog: 0, storage: [] }],
    })
      .nats_connected;
  assert.equal(connected("nats", "disconnected"), false);
  assert.equal(connected("forwarder", "delivering"), false);
  assert.equal(heartbeatOf({ ...facts, sinks: [] }).nats_connected, false);
});

Deno.test("what is not known yet is null, and another code than the box's is named", () => {
  const { channels, fips } = heartbeatOf({
    ...facts,
    fips: undefined,
    channels: [
      { side: "A1", fips: "1429010002", status: { ...status, baudRate: null, lastRecordMs: null } },
      { side: "B1", fips: "1429010003", status },
    ],
  });
  assert.equal(fips, "1429010002");
  assert.deepEqual([channels[0]?.baud, channels[0]?.last_line], [null, null]);
  assert.deepEqual(channels.map(({ fips }) => fips), [undefined, "1429010003"]);
});
