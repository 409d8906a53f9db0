// A port belongs to one program at a time: what a second one gets, as root and as a user.

import assert from "node:assert/strict";
import { settled } from "./arrivals.ts";
import { ProbeError } from "./probe_client.ts";
import { portTest, siteTest, usual } from "./serial_site.ts";

function named(name: string): (error: unknown) => boolean {
  return (error) => error instanceof ProbeError && error.name === name;
}

portTest(
  "a second copy of ours that is an ordinary user gets EBUSY",
  usual,
  async ({ visitor, port }) => {
    const { device } = port;
    await assert.rejects(visitor.call("open", { device, settings: usual }), named("EBUSY"));
  },
);

portTest("any program of an ordinary user gets EBUSY", usual, async ({ visitor, port }) => {
  await assert.rejects(visitor.call("hold", { device: port.device }), named("EBUSY"));
});

siteTest(
  "a second copy of ours that is root gets PortBusy, though TIOCEXCL lets root pass",
  async (site) => {
    const { probe, visitor, port } = site;
    const { device } = port;
    await visitor.call("open", { device, settings: usual });
    try {
      await probe.call("hold", { device });
      await probe.call("release");
      await assert.rejects(probe.call("open", { device, settings: usual }), named("PortBusy"));
    } finally {
      await visitor.call("close");
    }
  },
);

siteTest(
  "a port that was closed can be opened by anybody who may",
  async ({ probe, visitor, port }) => {
    const { device } = port;
    await probe.call("open", { device, settings: usual });
    await probe.call("close");
    await visitor.call("open", { device, settings: usual });
    await visitor.call("close");
  },
);

siteTest("a source whose port is taken says by whom", async (site) => {
  const { probe, visitor, port } = site;
  const { device } = port;
  await visitor.call("open", { device, settings: usual });
  await probe.call("capture", { device });
  try {
    const { events, problems } = await settled(
      "a problem",
      () => probe.call("captured"),
      ({ events }) => events.length > 0,
    );
    assert.deepEqual(events, ["busy"]);
    assert.match(problems[0] ?? "", /^open \/dev\/ttyS1: in use by probe \(pid \d+\)$/);
  } finally {
    await probe.call("stopCapture");
    await visitor.call("close");
  }
});
