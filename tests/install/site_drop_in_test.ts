import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/load.ts";
import { siteDropIn } from "../../src/install/site_drop_in.ts";

function configWith(sections: object): Config {
  const loaded = parseConfig(
    JSON.stringify({
      app: { instance_id: "box", fips_code: "1429010002" },
      ports: [{ device: "/dev/ttyS0", side_designation: "A1", enabled: true }],
      ...sections,
    }),
    "test",
  );
  assert.ok(loaded.ok);
  return loaded.config;
}

Deno.test("usual folders, ports and groups need no drop-in", () => {
  const deviceNames = ["ttyS0", "ttyUSB12", "ttyACM0"];
  assert.equal(siteDropIn({ config: configWith({}), deviceNames, groups: ["dialout"] }), null);
});

Deno.test("folders elsewhere may be written, and their mounts are waited for", () => {
  const config = configWith({
    logging: { base_path: "/data/100%/records" },
    journal: { state_path: "/data/state" },
  });
  assert.deepEqual(siteDropIn({ config, deviceNames: [], groups: [] })?.split("\n").slice(1), [
    "[Unit]",
    'RequiresMountsFor="/data/100%%/records" "/data/state"',
    "[Service]",
    'ReadWritePaths="/data/100%%/records" "/data/state"',
    "",
  ]);
});

Deno.test("ports of another class and another group are allowed once each", () => {
  const text = siteDropIn({
    config: configWith({}),
    deviceNames: ["ttyMXUSB0", "ttyMXUSB1", "pts/3"],
    groups: ["uucp", "uucp", "dialout", "root"],
  });
  assert.deepEqual(text?.split("\n").slice(1), [
    "[Service]",
    "DeviceAllow=char-ttyMXUSB rw",
    "DeviceAllow=char-pts rw",
    "SupplementaryGroups=uucp",
    "",
  ]);
});

Deno.test("who lets the service take more memory moves the unit's limit, too", () => {
  const memory = (sections: object): string | undefined =>
    siteDropIn({ config: configWith(sections), deviceNames: [], groups: [] })
      ?.split("\n").find((line) => line.startsWith("MemoryMax="));
  assert.equal(memory({ resources: { memory_mb: 300 } }), undefined);
  assert.equal(memory({ resources: { memory_mb: 600 } }), "MemoryMax=1824M");
  assert.equal(memory({ journal: { memory_tail_mb: 512 } }), "MemoryMax=1280M");
});
