// The power of a NATS server on another machine goes. What it had acknowledged and not synced is lost
// there; the sink finds out, and sends it again from the journal. Where the server keeps its streams is
// a real file system, copied as it stands at that moment. `ROUNDS=100` makes so many cuts.

import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { knowsSyncInterval } from "../../src/simulate/nats_server.ts";
import { Random } from "../../src/simulate/random.ts";
import { DeliverySite } from "../support/delivery_site.ts";
import { LoopImage, loopImageNeeds } from "../support/loop_image.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { rounds } from "../support/rounds.ts";
import { seeds } from "../support/seeds.ts";
import { manage } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const cuts = rounds(2);
const [seed = 0] = seeds();

/** One file system has room for the streams of so many cuts. */
const cutsPerBox = 10;

/** A site whose server's power can be cut. */
class ServerBox implements AsyncDisposable {
  readonly site: DeliverySite;
  readonly #folder: TemporaryFolder;
  readonly #random: Random;
  #image: LoopImage;

  static async open(syncInterval: string, random: Random): Promise<ServerBox> {
    const folder = new TemporaryFolder("server-box");
    const image = LoopImage.make("ext4");
    const storePath = folder.join("store");
    symlinkSync(image.path, storePath);
    const sides = ["A1", "B1"];
    const site = await DeliverySite.open({ storePath, server: { syncInterval }, sides });
    return new ServerBox({ site, folder, image, random });
  }

  private constructor(parts: {
    readonly site: DeliverySite;
    readonly folder: TemporaryFolder;
    readonly image: LoopImage;
    readonly random: Random;
  }) {
    this.site = parts.site;
    this.#folder = parts.folder;
    this.#image = parts.image;
    this.#random = parts.random;
  }

  /** Delivers for a while, then has the power go and come back. Returns how many were lost. */
  async cut(): Promise<number> {
    const { site } = this;
    const good = site.connection;
    const before = site.journals.reduce((sum, { journal }) => sum + journal.lastSequence, 0);
    const delivered = site.sink.status.delivered;
    const acknowledged = (): number => before + site.sink.status.delivered - delivered;
    const feeding = setInterval(() => {
      for (const fed of site.journals) fed.feed(this.#random.integer(0, 8));
    }, 5);
    const goal = delivered + this.#random.integer(50, 400);
    await waitFor("some deliveries", () => site.sink.status.delivered >= goal);
    if (this.#random.next() < 0.5) await this.#sync();
    const last = goal + this.#random.integer(0, 200);
    await waitFor("some more", () => site.sink.status.delivered >= last);
    await site.server.pause();
    const left = this.#image.cut();
    // What was acknowledged is on its way to us.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const lastAcknowledged = acknowledged();
    site.connection = () => ({ servers: "127.0.0.1:9" });
    await site.server.kill();
    clearInterval(feeding);
    this.#use(left);
    await site.server.restart();
    const kept = await messagesLeft(site);

    site.connection = good;
    await site.caughtUp(60_000);
    await site.assertDelivered();
    const lost = Math.max(0, lastAcknowledged - kept);
    const told = site.notices.splice(0).filter(({ kind }) => kind === "stream_lost_records");
    assert.equal(told.length > 0, lost > 0, `${lost} were lost, and ${told.length} notices tell`);
    return lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    this.#image[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  /** The server's file system writes out what it has, as it does now and then. */
  async #sync(): Promise<void> {
    const { success } = await new Deno.Command("sync", { args: ["-f", this.#image.path] }).output();
    assert.ok(success);
  }

  #use(image: LoopImage): void {
    const storePath = this.site.storePath;
    Deno.removeSync(storePath);
    symlinkSync(image.path, storePath);
    this.#image[Symbol.dispose]();
    this.#image = image;
  }
}

/** In the stream, which may be gone. */
function messagesLeft({ server }: DeliverySite): Promise<number> {
  return manage(server.url, async (manager) => {
    const names = await manager.streams.names().next();
    return names.includes("cdr") ? (await manager.streams.info("cdr")).state.messages : 0;
  });
}

const { test } = requires(natsServer, ...loopImageNeeds);

test("a server loses its power: what it had acknowledged and lost is there again, in order, once", async () => {
  console.log(`SEED=${seed}`);
  for (const syncInterval of ["2m", ...await knowsSyncInterval(natsProgram) ? ["always"] : []]) {
    const lost = await cutAgainAndAgain(syncInterval, new Random(seed));
    const total = lost.reduce((sum, count) => sum + count, 0);
    console.log(
      `${lost.length} power cuts of a server that syncs ${syncInterval}: ${total} records were ` +
        `acknowledged and lost, in ${lost.filter((count) => count > 0).length} of them; ` +
        "all are there again",
    );
    if (syncInterval === "always") assert.equal(total, 0);
  }
});

/** Returns how many were lost each time. */
async function cutAgainAndAgain(syncInterval: string, random: Random): Promise<number[]> {
  const lost: number[] = [];
  while (lost.length < cuts) {
    await using box = await ServerBox.open(syncInterval, random);
    box.site.startSink();
    for (let i = 0; i < cutsPerBox && lost.length < cuts; i++) lost.push(await box.cut());
  }
  return lost;
}
