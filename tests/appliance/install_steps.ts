// From an empty box to one that captures: what a technician does in ten minutes.

import assert from "node:assert/strict";
import { type Appliance, configFile, fips, isReading, unit } from "./appliance.ts";
import { assertArrived } from "./arrival.ts";
import { LineFeed } from "./line_feed.ts";
import type { Story } from "./story.ts";

const siteConfig = {
  app: { instance_id: "box", fips_code: fips },
  ports: [1, 2, 3].map((number) => ({
    device: `/dev/ttyS${number}`,
    side_designation: `A${number}`,
    baud_rate: 115_200,
    use_flow_control: false,
    enabled: true,
  })),
  nats: { url: "nats://127.0.0.1:4222", subject_prefix: "vi.cdr" },
};

/** What this systemd does not know yet, and passes over. */
const newerKey = /Unknown key 'Restart(Steps|MaxDelaySec)'/;

/** The highest exposure that `systemd-analyze security` may find. */
const mostExposed = 1.6;

export async function installSteps(story: Story, box: Appliance): Promise<void> {
  await story.step("install.sh over HTTP makes it a service that runs", async () => {
    const said = await box.run(
      `curl -fsSL ${box.releaseUrl}install.sh | sh -s -- --fips ${fips}`,
    );
    assert.match(said, /the service runs, with 3 serial ports configured/);
    assert.doesNotMatch(said, /warning/);
    const { active, kept } = await box.service();
    assert.equal(active, "active");
    assert.equal(await box.run(`systemctl is-enabled ${unit}`), "enabled");
    return `${active}, systemd keeps ${kept} ports`;
  });

  await story.longStep(
    "installing it once more changes nothing and starts nothing anew",
    async () => {
      const { pid } = await box.service();
      const said = await box.run("nectarcollector install");
      assert.match(said, /nothing to do: it is all as it should be/);
      assert.equal((await box.service()).pid, pid);
      return "nothing to do";
    },
  );

  await story.step("systemd finds no fault in the unit, and little exposure", async () => {
    const { output } = await box.attempt(`systemd-analyze verify ${unit}.service`);
    const faults = output.split("\n").filter((line) => line !== "" && !newerKey.test(line));
    assert.deepEqual(faults, []);
    const said = await box.run(`systemd-analyze security --no-pager ${unit} | tail -n 1`);
    const exposure = Number(/: ([\d.]+) /.exec(said)?.[1]);
    assert.ok(exposure <= mostExposed, said);
    return `exposure ${exposure}`;
  });

  await story.step("systemctl reload takes the site's own configuration", async () => {
    const { pid } = await box.service();
    await box.run(`printf %s '${JSON.stringify(siteConfig)}' > ${configFile}`);
    await box.run(`nectarcollector check --config ${configFile}`);
    await box.run(`systemctl reload ${unit}`);
    await box.logSays("config_reloaded");
    const state = await box.serviceIs(
      "all ports to be kept by systemd",
      ({ kept, status }) => kept === 3 && status.startsWith("3 channels,"),
    );
    assert.equal(state.pid, pid);
    return state.status;
  });

  await story.step("what two ports say is in the log and in JetStream", async () => {
    const [first, second] = box.ports;
    await using one = new LineFeed(first);
    await using other = new LineFeed(second);
    await box.serviceIs("records in the status line", isReading);
    const { status } = await box.service();
    await one.stop();
    await other.stop();
    await assertArrived(box, "A1", one);
    await assertArrived(box, "A2", other);
    const shown = await box.run(`systemctl status --no-pager --lines 0 ${unit}`);
    assert.match(shown, /Status: "3 channels/);
    return `${one.sent.length + other.sent.length} records; ${status}`;
  });
}
