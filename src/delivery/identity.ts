// Who a sink is to its servers. The files that prove it are read again at every dial and looked at
// once a second between: what is put there is used at once, also by a sink that is connected, before
// the old proof ends. What is half-written, missing or wrong is not used while there is something
// good from before.

import { stat } from "node:fs/promises";
import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { type ServerOptions, serverOptions } from "./connection.ts";
import { readCredentials } from "./credential_reading.ts";
import { type CredentialFile, credentialFiles, expiries, type Proof } from "./credentials.ts";
import type { Destination } from "./destinations.ts";
import { ExpiryWatch } from "./expiry_watch.ts";

const usualLookMs = 1000;

export interface IdentityOptions {
  readonly destination: Pick<
    Destination,
    "name" | "addressKey" | "servers" | "clientName" | "credentials"
  >;
  readonly clock: Clock;
  readonly report: Report;
  /** Time between two looks at the files. @default {1000} */
  readonly lookMs?: number;
}

export class Identity {
  readonly #options: IdentityOptions;
  readonly #files: readonly CredentialFile[];
  /** Of the configuration. */
  readonly #section: string;
  readonly #report: Report;
  readonly #expiryWatch: ExpiryWatch;
  /** Of the files, when they were last read. */
  #stamp = "";
  /** The last good one. */
  #proof: Proof | null = null;
  /** The one that was last dialled with. */
  #shown: Proof | null = null;
  #problem = "";

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#files = credentialFiles(options.destination.credentials);
    const [section = ""] = options.destination.addressKey.split(".");
    this.#section = section;
    // Of several sinks that share the credentials of a section, the one of its name tells.
    this.#report = section === options.destination.name ? options.report : () => {};
    this.#expiryWatch = new ExpiryWatch({ section, clock: options.clock, report: this.#report });
  }

  /** How to reach each server. @throws {Error} when the files hold nothing good, and never did */
  async servers(): Promise<ServerOptions[]> {
    await this.#read();
    const proof = this.#proof;
    if (proof === null) throw new Error(`${this.#section}.${this.#problem}`);
    this.#shown = proof;
    const { servers, clientName, credentials } = this.#options.destination;
    return servers.map((server) => serverOptions(clientName, server, credentials, proof));
  }

  /**
   * Resolves to `true` when the files hold another proof than the one shown last, to `false` when
   * `signal` aborts.
   */
  async renewed(signal: AbortSignal): Promise<boolean> {
    const { clock, lookMs = usualLookMs } = this.#options;
    while (!signal.aborted) {
      await clock.delay(lookMs, signal);
      if (signal.aborted) break;
      if (this.#files.length > 0 && await this.#stampNow() !== this.#stamp) await this.#read();
      this.#expiryWatch.check();
      if (this.#proof !== this.#shown) return true;
    }
    return false;
  }

  async #read(): Promise<void> {
    // First, so that what changes meanwhile is read again.
    this.#stamp = await this.#stampNow();
    try {
      const proof = await readCredentials(this.#files);
      if (!isSame(proof, this.#proof)) this.#proof = proof;
      this.#expiryWatch.follow(expiries(proof));
      this.#problem = "";
    } catch (error) {
      this.#tell(errorText(error));
    }
  }

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (this.#proof === null) return;
    this.#report({
      level: "warning",
      kind: "credentials_unusable",
      message: `${this.#section}.${problem}; what was read before stays in use`,
      hint: "put the whole file in place; it is used as soon as it is good",
    });
  }

  /** Changes when a file does. */
  async #stampNow(): Promise<string> {
    const stamps = this.#files.map(async ({ path }) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = await stat(path);
        return [ino, size, mtimeMs, ctimeMs].join();
      } catch (error) {
        return errorText(error);
      }
    });
    return (await Promise.all(stamps)).join(";");
  }
}

function isSame(a: Proof, b: Proof | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
