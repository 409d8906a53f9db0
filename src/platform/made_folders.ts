// Folders that were made on the way to a path, to be removed again.

import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";

export class MadeFolders {
  readonly #lowest: string;
  readonly #uppermost: string | undefined;

  /** Makes `folder` and those above it that are missing. */
  constructor(folder: string) {
    this.#lowest = folder;
    this.#uppermost = uppermostMissing(folder);
    mkdirSync(folder, { recursive: true });
  }

  /** Removes those that were made, but for what others have put something into. */
  remove(): void {
    if (this.#uppermost === undefined) return;
    for (let folder = this.#lowest;; folder = dirname(folder)) {
      if (readdirSync(folder).length > 0) return;
      rmdirSync(folder);
      if (folder === this.#uppermost) return;
    }
  }
}

/** Deno 2.4's mkdir does not tell. */
function uppermostMissing(folder: string): string | undefined {
  if (existsSync(folder)) return undefined;
  return uppermostMissing(dirname(folder)) ?? folder;
}
