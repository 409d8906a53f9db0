// The web server that the box finds on its network: it hands out a release, and takes files from the
// box that a test wants to look at.

import { readFileSync } from "node:fs";
import { makeRelease } from "../../release/release.ts";
import { checkoutFolder, makeKey } from "../support/release_shelf.ts";
import type { TemporaryFolder } from "../support/temporary_folder.ts";

/** What this machine is called in the box. */
const hostAddress = "10.0.2.2";

export class HostServer implements AsyncDisposable {
  /** As the box sees it, with a slash at its end. */
  readonly url: string;
  readonly #release: string;
  readonly #server: Deno.HttpServer;
  #taken: Uint8Array | null = null;

  private constructor(release: string) {
    this.#release = release;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://${hostAddress}:${(this.#server.addr as Deno.NetAddr).port}/`;
  }

  /** Makes a release around the executable, and hands it out. */
  static async open(folder: TemporaryFolder, executable: string): Promise<HostServer> {
    const output = folder.join("release");
    const server = new HostServer(output);
    await makeRelease({
      folder: checkoutFolder,
      output,
      executables: [{ architecture: "x86_64", path: executable }],
      sources: { commit: "0123456789ab", epochSec: 1_700_000_000 },
      keyFile: await makeKey(folder),
      url: server.url,
    });
    return server;
  }

  /** What was uploaded last; it is forgotten then. */
  take(): Uint8Array {
    const bytes = this.#taken;
    if (bytes === null) throw new Error("nothing was uploaded");
    this.#taken = null;
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method === "PUT") {
      this.#taken = new Uint8Array(await request.arrayBuffer());
      return new Response();
    }
    try {
      return new Response(readFileSync(`${this.#release}${new URL(request.url).pathname}`));
    } catch {
      return new Response("there is no such file", { status: 404 });
    }
  }
}
