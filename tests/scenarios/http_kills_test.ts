import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { Random } from "../../src/simulate/random.ts";
import { freePort } from "../support/free_port.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { post, RawSender } from "../support/raw_http.ts";
import { requires } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

/** The long form: HTTP_POSTS=2000. */
const posts = Number(Deno.env.get("HTTP_POSTS") ?? 240);
const kills = Math.max(3, posts / 200);
const clients = 8;
const bodyBytes = 3000;

requires(natsServer).test(
  "what is posted and answered with 200 survives kills of the collector, and comes once",
  async (context) => {
    for (const seed of seeds()) {
      await context.step(`seed ${seed}`, () => survivesKills(new Random(seed)));
    }
  },
);

/** A post, as its sender knows it. */
interface Post {
  readonly id: string;
  readonly hasKey: boolean;
  /** How often it may have arrived. */
  sent: number;
}

async function survivesKills(random: Random): Promise<void> {
  console.log(`seed ${random.seed}`);
  await using stack = new AsyncDisposableStack();
  const port = freePort();
  const site = new Site({
    ports: 0,
    otherPorts: [{ type: "http", path: "/cdr", listen_port: port }],
    logging: { max_size_mb: 0.2, max_backups: 1000 },
  });
  stack.use(site);
  const server = await NatsServer.start({
    program: natsProgram,
    storeFolder: site.folder.join("nats"),
  });
  stack.use(server);
  site.useServer(server.url);
  await site.collector.start();
  const answered: Post[] = [];
  const sending = Array.from(
    { length: clients },
    (_, client) => send(port, client, new Random(random.integer(0, 2 ** 31)), answered),
  );
  for (let kill = 1; kill <= kills; kill++) {
    const due = Math.floor(posts * kill / (kills + 1));
    await waitFor("posts", () => answered.length >= due, { timeoutMs: 60_000, intervalMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 20)));
    await site.collector.kill();
    await site.collector.start();
  }
  await Promise.all(sending);
  assert.equal(answered.length, posts);
  const log = site.logText(0);
  const inLog = log.split(/^(?=\[\d{10}\]\[A1\])/m);
  await waitForValue("all in the stream", () => messageCount(server.url, "cdr"), (count) => {
    return count >= inLog.length;
  }, { timeoutMs: 30_000, intervalMs: 100 });
  assert.equal(await site.collector.stop(), 0);
  const stored = await readStream(server.url, "cdr");
  assert.equal(stored.map(({ payload }) => latin1(payload)).join(""), log);
  assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length, "no id comes twice");
  const whole = stored.filter(({ headers }) => headers["Nectar-Mark"] === undefined);
  const texts = whole.map(({ payload }) => latin1(payload));
  const counts = new Map<string, number>();
  for (const text of texts) {
    const body = text.slice(text.indexOf("\n\n") + 2, -1);
    const id = /<call id="([\w-]+)">/.exec(body)?.[1] ?? "";
    assert.equal(body, bodyOf(id), "a record is what was posted");
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const { id, hasKey, sent } of answered) {
    const count = counts.get(id) ?? 0;
    assert.ok(count >= 1, `${id} was answered with 200 and is not there`);
    assert.ok(count <= (hasKey ? 1 : sent), `${id} is there ${count} times, sent ${sent} times`);
  }
  const resent = answered.filter(({ sent }) => sent > 1);
  const twice = [...counts.values()].filter((count) => count > 1).length;
  const partial = stored.length - whole.length;
  assert.ok(partial <= kills);
  console.log(`${kills} kills: ${resent.length} resent, ${twice} twice, ${partial} partial`);
}

/** Sends a share of the posts over a connection that is kept, each until it is answered with 200. */
async function send(port: number, client: number, random: Random, answered: Post[]): Promise<void> {
  let sender: RawSender | undefined;
  for (let i = 0; i < posts / clients; i++) {
    const post: Post = { id: `${client}-${i}`, hasKey: random.integer(0, 1) === 1, sent: 0 };
    for (let isAnswered = false; !isAnswered;) {
      try {
        sender ??= await RawSender.connect(port);
        post.sent += 1;
        isAnswered = await isSafe(sender, post);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // It was killed, or is not there yet.
        sender?.[Symbol.dispose]();
        sender = undefined;
        await new Promise((resolve) => setTimeout(resolve, random.integer(1, 30)));
      }
    }
    answered.push(post);
  }
  sender?.[Symbol.dispose]();
}

async function isSafe(sender: RawSender, { id, hasKey }: Post): Promise<boolean> {
  const key = hasKey ? [`Idempotency-Key: "${id}"`] : [];
  await sender.send(post("/cdr", bodyOf(id), ["Content-Type: application/xml", ...key]));
  const { status, body } = await sender.answer();
  assert.ok(status === 200 || status === 503, body);
  return status === 200;
}

function bodyOf(id: string): string {
  const start = `<?xml version="1.0"?>\n<call id="${id}">\n  <caller>555-0134</caller>\n  <note>`;
  const end = "</note>\n</call>\n";
  return start + "x".repeat(bodyBytes - start.length - end.length) + end;
}
