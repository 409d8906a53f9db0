// A release that a web server hands out, with executables of which every machine has one: `echo`,
// which tells how it was called.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { type Architecture } from "../../release/executable.ts";
import { makeRelease } from "../../release/release.ts";
import { findProgram } from "../../src/simulate/program_path.ts";
import { runProgram } from "./run_program.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

export const checkoutFolder = new URL("../../", import.meta.url).pathname;

/** Where an ELF file says for which machine it is, and what it says. */
const kindOffset = 18;
const kinds: Readonly<Record<Architecture, number>> = { x86_64: 0x3e, aarch64: 0xb7 };

export class ReleaseShelf implements AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** What was asked for. */
  readonly requests: string[] = [];
  readonly #temporary: TemporaryFolder;
  readonly #server: Deno.HttpServer;

  private constructor(temporary: TemporaryFolder) {
    this.#temporary = temporary;
    this.folder = temporary.join("release");
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
    this.url = `http://127.0.0.1:${(this.#server.addr as Deno.NetAddr).port}`;
  }

  /** With archives for these kinds of machine. */
  static async open(architectures: readonly Architecture[]): Promise<ReleaseShelf> {
    const temporary = new TemporaryFolder("release");
    const shelf = new ReleaseShelf(temporary);
    const keyFile = await makeKey(temporary);
    const executables = architectures.map((architecture) => {
      const path = temporary.join(architecture);
      cpSync(findProgram("echo") ?? "", path);
      const bytes = readFileSync(path);
      bytes[kindOffset] = kinds[architecture];
      writeFileSync(path, bytes);
      return { architecture, path };
    });
    await makeRelease({
      folder: checkoutFolder,
      output: shelf.folder,
      executables,
      sources: { commit: "0123456789ab", epochSec: 1_700_000_000 },
      keyFile,
      url: `${shelf.url}/`,
    });
    return shelf;
  }

  get version(): string {
    return JSON.parse(readFileSync(`${checkoutFolder}deno.json`, "utf8")).version;
  }

  archive(architecture: Architecture = "x86_64"): string {
    return `${this.folder}/nectarcollector-${this.version}-linux-${architecture}.tar.gz`;
  }

  get script(): string {
    return readFileSync(`${this.folder}/install.sh`, "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    this.#temporary[Symbol.dispose]();
  }

  #answer(path: string): Response {
    this.requests.push(path);
    try {
      return new Response(readFileSync(`${this.folder}${path}`));
    } catch {
      return new Response("there is no such file", { status: 404 });
    }
  }
}

/** A key that signs a release of a test. */
export async function makeKey(folder: TemporaryFolder): Promise<string> {
  const file = folder.join("release.pem");
  await runProgram("openssl", ["genpkey", "-algorithm", "ed25519", "-out", file]);
  return file;
}
