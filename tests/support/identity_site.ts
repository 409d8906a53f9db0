// A site whose server wants to know who comes, and whose sink proves it with files, as configured.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import type { ConnectionOptions } from "@nats-io/transport-node";
import type { Credentials } from "../../src/delivery/credentials.ts";
import { Identity } from "../../src/delivery/identity.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { DeliverySite } from "./delivery_site.ts";
import { assertDelivered, readStream } from "./stream_contents.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { waitFor } from "./wait_for.ts";

export class IdentitySite implements AsyncDisposable {
  readonly site: DeliverySite;
  readonly #folder: TemporaryFolder;

  /** `demands` are lines for the server's configuration. The sink does not run yet. */
  static async open(demands = ""): Promise<IdentitySite> {
    const folder = new TemporaryFolder();
    mkdirSync(folder.join("store"));
    writeFileSync(folder.join("store", "demands.conf"), demands);
    const server = { configuration: 'include "demands.conf"' };
    const site = await DeliverySite.open({ server, storePath: folder.join("store") });
    return new IdentitySite(folder, site);
  }

  private constructor(folder: TemporaryFolder, site: DeliverySite) {
    this.#folder = folder;
    this.site = site;
  }

  /** Path of a file of the site. */
  path(name: string): string {
    return this.#folder.join(name);
  }

  /** Puts a file in its place at once, as a careful administrator does. */
  put(name: string, contents: string): void {
    writeFileSync(this.path(`${name}.new`), contents);
    renameSync(this.path(`${name}.new`), this.path(name));
  }

  /** The running server demands something else from now on; whoever does not meet it is thrown out. */
  async demand(demands: string): Promise<void> {
    const { server } = this.site;
    const reloads = (): number =>
      server.log.filter((line) => line.includes("Reloaded server configuration")).length;
    const before = reloads();
    writeFileSync(this.path("store/demands.conf"), demands);
    Deno.kill(server.pid ?? 0, "SIGHUP");
    await waitFor("the server to read its configuration", () => reloads() > before);
  }

  /** Starts a sink that proves itself with these credentials. */
  start(credentials: Credentials, servers: readonly string[] = [this.site.server.url]): void {
    const destination = {
      name: "nats",
      addressKey: "nats.url",
      servers,
      clientName: "test",
      credentials,
    };
    this.site.access = new Identity({
      destination,
      clock: systemClock,
      lookMs: 50,
      report: (notice) => this.site.notices.push(notice),
    });
    this.site.startSink();
  }

  /** Feeds some records and waits until they are acknowledged. */
  async deliver(count = 20): Promise<void> {
    this.site.fed.feed(count);
    await this.site.caughtUp();
  }

  /** Waits until this has been told, and returns it. */
  async told(kind: string): Promise<Notice> {
    const find = (): Notice | undefined => this.site.notices.findLast((told) => told.kind === kind);
    await waitFor(`${kind} to be told`, () => find() !== undefined);
    const notice = find();
    if (notice === undefined) throw new Error(`${kind} is not told any more`);
    return notice;
  }

  /** Lets everybody in, and asserts that all is in the stream, once and in order. */
  async assertDelivered(): Promise<void> {
    await this.site.stopSink();
    writeFileSync(this.path("store/demands.conf"), "");
    await this.site.server.restart();
    await this.site.assertDelivered();
  }

  /** Asserts the same, as somebody who is let in. */
  async assertDeliveredTo(access: ConnectionOptions): Promise<void> {
    await assertDelivered(await readStream(access, "cdr"), this.site.journals);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}
