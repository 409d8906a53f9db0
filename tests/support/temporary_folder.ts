// A folder that a test owns and that is gone afterwards, whatever the test did in it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `using folder = new TemporaryFolder();` */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  constructor(name = "nectarcollector") {
    this.path = mkdtempSync(join(tmpdir(), `${name}-`));
  }

  /** A path inside the folder; nothing is created. */
  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
