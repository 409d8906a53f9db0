import assert from "node:assert/strict";
import { sourceCommand } from "../support/collector_process.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

/** Always the sources: nothing can be planted in an executable. */
const command = sourceCommand(new URL("../support/planted_faults.ts", import.meta.url).pathname);

const broken = 2;

requires(natsServer).test(
  "a fault planted in one channel of four: it is opened again and again and told, the others lose nothing, and it goes on where it was; strays are counted",
  async () => {
    await using fed = await FedSite.start({
      ports: 4,
      rate: 100,
      command,
      recovery: { reconnect_delay_sec: 0.05, max_reconnect_delay_sec: 0.5 },
    });
    const { site } = fed;
    const channel = site.channel(broken);
    const faultFile = site.folder.join("run", `${channel}.fault`);
    await fed.untilDelivered("records of all ports", 20);
    await fed.feeds[broken]?.stop();
    const before = fed.feeds[broken]?.sent.length ?? 0;
    await waitFor("all of them", () => site.records(broken).length === before);
    Deno.writeTextFileSync(site.folder.join("run", "stray"), "");
    Deno.writeTextFileSync(faultFile, "");
    await send(`${broken}-whole\r\n${broken}-begun, `);
    await fed.untilSaid(`${channel}: 5 errors in a row; it is opened again and again`);
    assert.deepEqual(pauses(fed, channel).slice(0, 5), [0.05, 0.1, 0.2, 0.4, 0.5]);
    assert.match(
      fed.said,
      /planted in the framer \(LineFramer\.push, planted_faults\.ts:\d+:\d+\); this channel/,
    );
    assert.match(fed.said, /planted in the opening/);
    const sent = fed.feeds.map((feed) => feed.sent.length);
    await waitFor(
      "the others to go on",
      () =>
        fed.feeds.every((feed, port) =>
          port === broken || feed.sent.length > (sent[port] ?? 0) + 50 &&
            site.records(port).length > (sent[port] ?? 0)
        ),
    );
    Deno.removeSync(faultFile);
    await fed.untilSaid(`${channel}: it has run for 0 seconds without an error`);
    await send("finished\r\n");
    fed.feeds[broken]?.sent.push(`${broken}-whole`, `${broken}-begun, finished`);
    const others = site.collector.log.filter((line) => line.includes("open, 9600"));
    assert.equal(others.filter((line) => !line.includes(channel)).length, 3, "opened once each");
    for (const kind of ["channel_restart", "channel_failing", "channel_recovered"]) {
      await waitFor(
        `${kind} as an event`,
        () => events(fed).some(({ type, ch }) => type === kind && ch === channel),
      );
    }
    await fed.untilSaid("stray error, caught: planted in a promise (");
    await fed.untilSaid("stray error, caught: planted in a timer (");
    const strays = events(fed).filter(({ type }) => type === "error");
    assert.deepEqual(strays.map(({ details }) => details["count"]), [1, 2]);
    assert.match(`${strays[0]?.details["where"]}`, /planted_faults\.ts:\d+:\d+/);
    await fed.assertAllIsWell();

    async function send(text: string): Promise<void> {
      await site.terminals[broken]?.write(new TextEncoder().encode(text));
    }
  },
);

interface Event {
  readonly type: string;
  readonly ch?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

function events({ site }: FedSite): Event[] {
  return Deno.readTextFileSync(`${site.logFolder}/events.log`).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
}

/** Pauses that were told, in seconds. */
function pauses({ site }: FedSite, channel: string): number[] {
  return site.collector.log.flatMap((line) => {
    const [, found, pause] = /(\S+): .*; this channel is opened again in (\S+) s/.exec(line) ?? [];
    return found === channel ? [Number(pause)] : [];
  });
}
