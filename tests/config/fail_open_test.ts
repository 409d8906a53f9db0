import assert from "node:assert/strict";
import type { BrokenSection } from "../../src/config/fail_open.ts";
import { type CaptureOnly, parseConfig } from "../../src/config/load.ts";
import { type Json, sample, serialPort } from "./sample.ts";

function captureOnly(file: Json | string): CaptureOnly | undefined {
  const text = typeof file === "string" ? file : JSON.stringify(file, null, 2);
  const loaded = parseConfig(text, "config.json");
  assert.equal(loaded.ok, false, "check finds it");
  return loaded.captureOnly;
}

function broken(file: Json | string): readonly BrokenSection[] {
  return captureOnly(file)?.broken ?? assert.fail("nothing can be run");
}

const forwarder = { enabled: true, remote_url: "tls://hub", remote_subject: "ks.cdr" };

Deno.test("a section of delivery that does not check leaves all others as they are", () => {
  const found = captureOnly(sample({
    nats: { url: "http://localhost", subject_prefix: "ks.cdr" },
    forwarder,
    logging: { max_size_mb: 7 },
  }));
  assert.deepEqual(found?.broken.map(({ name }) => name), ["nats"]);
  assert.equal(found?.config.logging.max_size_mb, 7);
  assert.equal(found?.config.forwarder.enabled, true);
  assert.equal(found?.config.ports.length, 1);
  assert.equal(found?.config.nats.subject_prefix, "serial", "nothing of it is half believed");
});

Deno.test("every problem of a broken section is there, with its place", () => {
  const text = `{
  "ports": [${JSON.stringify(serialPort())}],
  "nats": { "url": "http://localhost", "usr": "me", "token": "a", "token_file": "/a" }
}`;
  const [section] = broken(text);
  assert.deepEqual(section?.problems.map(({ path, line }) => [path, line]), [
    ["nats.url[0]", 3],
    ["nats.usr", 3],
    ["nats.token_file", 3],
  ]);
});

Deno.test("any kind of fault in nats, forwarder and alerts lets capture run", () => {
  const port = JSON.stringify(serialPort());
  for (
    const sections of [
      '"nats": 5',
      '"nats": []',
      '"nats": { "tls": { "cert_file": "/a" } }',
      '"nats": { "url": "nats://a", "url": "nats://b" }',
      '"nats": {}, "nats": {}',
      '"forwarder": { "enabled": true }',
      '"forwarder": { "enabled": true, "remote_creds": "/a", "creds_file": "/b" }',
      '"forwarder": "tls://hub"',
      '"alerts": 5',
    ]
  ) {
    const name = /"(\w+)"/.exec(sections)?.[1];
    const found = broken(`{ "ports": [${port}], ${sections} }`);
    assert.deepEqual(found.map((section) => section.name), [name], sections);
  }
});

Deno.test("several broken sections are told each", () => {
  const found = broken(sample({ nats: 5, forwarder: 6, alerts: 7 }));
  assert.deepEqual(found.map(({ name }) => name), ["nats", "forwarder", "alerts"]);
});

Deno.test("a fault anywhere else refuses the file, whatever else is wrong", () => {
  for (
    const file of [
      sample({ nats: { url: "x://" }, logging: { max_size_mb: -1 } }),
      sample({ natz: {} }),
      sample({ nats: 5, ports: [serialPort({ device: undefined })] }),
      sample({ nats: 5, ports: [serialPort({ enabled: false })] }),
      `{ "nats": 5, "ports": [${JSON.stringify(serialPort())}], "ports": [] }`,
      '{ "nats": ',
      "",
    ]
  ) {
    assert.equal(captureOnly(file), undefined, JSON.stringify(file));
  }
});

Deno.test("records are held for a broken section, unless it is switched off for certain", () => {
  const port = JSON.stringify(serialPort());
  const holds = (sections: string): boolean | undefined =>
    broken(`{ "ports": [${port}], ${sections} }`)[0]?.holdsRecords;
  assert.equal(holds('"nats": { "url": 5 }'), true);
  assert.equal(holds('"nats": { "enabled": false }'), true, "the original knew no such key");
  assert.equal(holds('"forwarder": { "enabled": true }'), true);
  assert.equal(holds('"forwarder": { "enabled": "yes" }'), true);
  assert.equal(holds('"forwarder": { "enabeld": true }'), true);
  assert.equal(holds('"forwarder": 5'), true);
  assert.equal(holds('"forwarder": { "enabled": false, "enabled": true }'), true);
  assert.equal(holds('"forwarder": { "enabled": false, "remote_url": 5 }'), false);
  assert.equal(holds('"alerts": 5'), false);
});
