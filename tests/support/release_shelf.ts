// A release for tests, and a web server that hands it out. Its executables are `echo`, which every
// machine has, and which tells how it was called.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { type Architecture } from "../../release/executable.ts";
import { filledScript } from "../../release/install_script.ts";
import { makeRelease } from "../../release/release.ts";
import { publicKey } from "../../release/signature.ts";
import { findProgram } from "../../src/simulate/program_path.ts";
import { runProgram } from "./run_program.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

export const checkoutFolder = new URL("../../", import.meta.url).pathname;

/** Where an ELF file says for which machine it is, and what it says. */
const kindOffset = 18;
const kinds: Readonly<Record<Architecture, number>> = { x86_64: 0x3e, aarch64: 0xb7 };

/** Made once for all tests of a file, since it takes a while; gone when they are through. */
export class TestRelease {
  readonly folder: string;
  readonly key: string;

  private constructor(folder: string, key: string) {
    this.folder = folder;
    this.key = key;
  }

  /** For both kinds of machine; an empty one where it cannot be made, and no test is run. */
  static async make(isPossible = true): Promise<TestRelease> {
    if (!isPossible) return new TestRelease("", "");
    const temporary = new TemporaryFolder("release");
    globalThis.addEventListener("unload", () => temporary[Symbol.dispose]());
    const keyFile = await makeKey(temporary);
    const executables = (["x86_64", "aarch64"] as const).map((architecture) => {
      const path = temporary.join(architecture);
      cpSync(findProgram("echo") ?? "", path);
      const bytes = readFileSync(path);
      bytes[kindOffset] = kinds[architecture];
      writeFileSync(path, bytes);
      return { architecture, path };
    });
    const output = temporary.join("release");
    await makeRelease({
      folder: checkoutFolder,
      output,
      executables,
      sources: { commit: "0123456789ab", epochSec: 1_700_000_000 },
      keyFile,
      url: "https://downloads.example.org/nectarcollector",
    });
    return new TestRelease(output, publicKey(keyFile));
  }

  get version(): string {
    return JSON.parse(readFileSync(`${checkoutFolder}deno.json`, "utf8")).version;
  }

  archive(architecture: Architecture): string {
    return `${this.folder}/nectarcollector-${this.version}-linux-${architecture}.tar.gz`;
  }
}

export class ReleaseShelf implements AsyncDisposable {
  readonly url: string;
  /** What was asked for. */
  readonly requests: string[] = [];
  readonly #release: TestRelease;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(release: TestRelease) {
    this.#release = release;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** install.sh of this release, had it been made for this address. */
  get script(): string {
    const { version, key } = this.#release;
    const script = readFileSync(`${checkoutFolder}install.sh`, "utf8");
    return filledScript(script, { version, url: `${this.url}/`, key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(path: string): Response {
    this.requests.push(path);
    try {
      return new Response(readFileSync(`${this.#release.folder}${path}`));
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
