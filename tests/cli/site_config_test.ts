import assert from "node:assert/strict";
import { siteConfig } from "../../src/cli/site_config.ts";
import { sides } from "../../src/config/sides.ts";
import { parseConfig } from "../../src/config/load.ts";

const site = { instance: "bench", folder: "/tmp/bench", nats: {} };

Deno.test("a site's configuration is one that can be run, with a side for each of 32 ports", () => {
  const ports = sides.map((side) => ({ device: `/dev/tty${side}`, description: side }));
  const loaded = parseConfig(siteConfig({ ...site, ports }), "site");
  assert.ok(loaded.ok);
  assert.equal(loaded.config.ports.length, 32);
  for (const port of loaded.config.ports) assert.equal(port.side_designation, port.description);
});

Deno.test("a port's line settings stand in the configuration, or are left to the collector", () => {
  const settings = { baud: 1200, dataBits: 7, parity: "even", stopBits: 2 } as const;
  const ports = [
    { device: "/dev/ttyX", description: "", settings },
    { device: "/dev/ttyY", description: "" },
  ];
  const loaded = parseConfig(siteConfig({ ...site, ports }), "site");
  assert.ok(loaded.ok);
  const [set, open] = loaded.config.ports;
  assert.ok(set?.type === "serial" && open?.type === "serial");
  assert.deepEqual(
    [set.baud_rate, set.data_bits, set.parity, set.stop_bits],
    [1200, 7, "even", 2],
  );
  assert.equal(open.baud_rate, 0);
});
