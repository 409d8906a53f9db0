// The documents of feeds show only ports that can be configured, and every key of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configOf, type Json, sample } from "../config/sample.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Keys that ports of other types have, too. */
const general = ["type", "side_designation", "fips_code", "enabled", "framing", "idle_flush_ms"];

function portsIn(document: string): Json[] {
  return [...document.matchAll(/```jsonc\n(\{.*?\n\})\n```/gs)].map(([, text = ""]) =>
    JSON.parse(text)
  );
}

const cases = [
  {
    type: "tcp",
    file: "docs/tcp.md",
    keys: [
      "host",
      "port",
      "listen_port",
      "listen_host",
      "acknowledge",
      "idle_reconnect_sec",
      "ca_file",
      "cert_file",
      "key_file",
      "server_name",
    ],
  },
  {
    type: "websocket",
    file: "docs/websocket.md",
    keys: [
      "url",
      "messages",
      "stall_sec",
      "headers",
      "username",
      "password",
      "password_file",
      "token",
      "token_file",
      "tls",
    ],
  },
];

for (const { type, file, keys } of cases) {
  Deno.test(`docs: every port that ${file} shows can be configured, and its keys are named`, () => {
    const document = readFileSync(join(root, file), "utf8");
    const ports = portsIn(document);
    assert.ok(ports.length > 0);
    for (const port of ports) {
      const app = { fips_code: "1429010002" };
      const [found] = configOf(sample({ app, ports: [port] })).ports;
      assert.equal(found?.type, type);
      const own = Object.keys(port).filter((key) => !general.includes(key));
      assert.deepEqual(own.filter((key) => !keys.includes(key) && key !== "tls"), []);
    }
    assert.deepEqual(keys.filter((key) => !document.includes(`\`${key}\``)), []);
  });
}
