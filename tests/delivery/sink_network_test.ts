import assert from "node:assert/strict";
import { Random } from "../../src/simulate/random.ts";
import { natsServer } from "../support/nats_program.ts";
import { ProxiedSite } from "../support/proxied_site.ts";
import type { Cut } from "../support/proxy_lane.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { seeds } from "../support/seeds.ts";
import { messageCount } from "../support/stream_contents.ts";
import { denoForProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again(requires(natsServer, denoForProxy).test);

test("records whose acknowledgements are lost are stored once, and the cursor goes on behind them", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(100);
  proxy.toClient.swallow();
  site.fed.feed(400);
  await waitFor(
    "records that are stored and not acknowledged",
    async () => await messageCount(site.server.url, "cdr") > 110,
  );
  await proxied.told();
  const stored = await messageCount(site.server.url, "cdr");
  await proxy.heal();
  await proxied.assertHealed();
  assert.equal(
    site.sink.status.delivered,
    500 - (stored - 100),
    "what was there is not sent again",
  );
});

/** Places in what is said on a connection: of a publish, of an acknowledgement, of the comparison. */
const places: readonly (readonly ["toServer" | "toClient", RegExp])[] = [
  ["toServer", /HPUB ks\.c/],
  ["toServer", /\.0\.\d+ \d\d/],
  ["toServer", /Nectar-Sequ/],
  ["toServer", /call \d+ x/],
  ["toServer", /call \d+ x*\0.{2}\n\r/s],
  ["toClient", /MSG _INBOX/],
  ["toClient", /"stream":"cd/],
  ["toClient", /"seq":\d/],
];
const greetings: typeof places = [
  ["toClient", /INFO \{"serv/],
  ["toClient", /PON/],
  ["toServer", /CONNECT \{/],
  ["toServer", /STREAM\.NA/],
  ["toServer", /CONSUMER\.CR/],
  ["toClient", /stream_info_resp/],
  ["toClient", /Nats-Msg-I/],
];

test("connections cut in the middle of anything that is said leave no hole and nothing twice", async () => {
  for (const seed of seeds()) {
    console.log(`SEED=${seed}`);
    await cutEverywhere(new Random(seed));
  }
});

async function cutEverywhere(random: Random): Promise<void> {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  for (const [lane, pattern] of places) {
    for (const how of ["end", "reset"] satisfies Cut[]) {
      const sprung = proxy[lane].sprungTraps;
      // The next connection is cut as well, while it greets or compares.
      const [nextLane, next] = random.pick(greetings);
      site.fed.feed(random.integer(0, 40));
      proxy[lane].cutAfter(pattern, how);
      site.fed.feed(random.integer(1, 300));
      await waitFor(`a cut at ${pattern}`, () => proxy[lane].sprungTraps > sprung);
      proxy[nextLane].cutAfter(next, how);
      await site.caughtUp();
      proxy.toServer.heal();
      proxy.toClient.heal();
    }
  }
  await proxied.assertHealed();
}

test("a server that falls silent is told, also when there is nothing to send", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  proxy.silence();
  await proxied.told();
  site.fed.feed(20);
  await proxy.heal();
  await proxied.assertHealed();
});

test("a link that is down with a full window and up again brings nothing twice", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  proxy.freeze();
  site.fed.feed(1000);
  await proxied.told();
  const { accepted } = proxy;
  await waitFor("another attempt", () => proxy.accepted > accepted);
  await proxy.heal();
  await proxied.assertHealed();
});

test("what an old connection brings late, when a new one has brought it, is stored once", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  proxy.freeze();
  site.fed.feed(1000);
  await proxied.told();
  // The next connection goes another way.
  site.connection = () => ({ servers: site.server.url });
  await site.caughtUp();
  const passed = proxy.toServer.passedBytes;
  proxy.toServer.thaw();
  await waitFor("what was under way", () => proxy.toServer.passedBytes > passed + 1000);
  proxy.toClient.thaw();
  await waitFor("its connection to be over", () => proxy.connections === 0);
  site.fed.feed(100);
  await proxied.assertHealed();
});

test("a link that is down shorter than anybody notices goes on with the same connection", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  const { accepted } = proxy;
  proxy.freeze();
  site.fed.feed(1000);
  await waitFor("the journal to go on", () => site.fed.journal.syncedSequence === 1010);
  proxy.toServer.thaw();
  proxy.toClient.thaw();
  await proxied.assertHealed();
  assert.equal(proxy.accepted, accepted);
});

test("connections refused are told as disconnected until they are taken again", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  proxy.refuse();
  proxy.cut("reset");
  site.fed.feed(100);
  await site.state("disconnected");
  await proxy.accept();
  await proxied.assertHealed();
});

test("a link that turns narrow has less under way at once, and gets everything in order", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(1500);
  const { accepted } = proxy;
  const fresh = (): number => site.sink.status.delivered - 1500;
  proxy.toServer.throttle(100_000);
  site.fed.feed(500);
  await waitFor("slow acknowledgements", () => fresh() > 400);
  // Now a full window would take longer than an acknowledgement may.
  proxy.toServer.throttle(15_000);
  site.fed.feed(150);
  await waitFor("the rest", () => fresh() === 650, { timeoutMs: 30_000 });
  assert.equal(proxy.accepted, accepted, "nothing was given up");
  await proxied.assertHealed();
});

test("a link that answers late is slower, and nothing else", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  for (const lane of [proxy.toServer, proxy.toClient]) lane.delay(60);
  await proxied.deliver(10);
  const { accepted } = proxy;
  site.fed.feed(300);
  await proxied.assertHealed();
  assert.equal(proxy.accepted, accepted);
});

/** Each makes the conversation meaningless; a record's own bytes nobody checks but TLS. */
const damages: typeof places = [
  ["toServer", /HPUB/],
  ["toServer", /\.0\.\d+ \d+ \d/],
  ["toClient", /MSG/],
  ["toClient", /MSG _INBOX\S+ 1 +\d/],
  ["toClient", /\{"stream/],
  ["toClient", /"seq"/],
];

test("damaged bytes on the way to and fro end the session, and the next one goes on", async () => {
  await using proxied = await ProxiedSite.open();
  const { site, proxy } = proxied;
  await proxied.deliver(10);
  for (const [lane, pattern] of damages) {
    const { accepted } = proxy;
    const sprung = proxy[lane].sprungTraps;
    proxy[lane].damage(pattern);
    site.fed.feed(100);
    await waitFor(`damage at ${pattern}`, () => proxy[lane].sprungTraps > sprung);
    await waitFor(`another session after ${pattern}`, () => proxy.accepted > accepted);
    await site.caughtUp();
  }
  await proxied.assertHealed();
});
