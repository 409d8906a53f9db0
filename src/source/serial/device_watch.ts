// Notices that something happens where a device should be: its name appears, or its permissions
// change. A folder that is missing itself (/dev/serial/by-id without an adapter) is waited for
// through the nearest one that exists.

import { dirname } from "node:path";
import { IN_ATTRIB, IN_CREATE, IN_MOVED_TO, type Libc, SystemError } from "../../platform/libc.ts";
import type { PollEntry, PollLoop } from "./poll_loop.ts";

export class DeviceWatch {
  readonly #libc: Libc;
  readonly #device: string;
  readonly #fd: number;
  readonly #entry: PollEntry;
  #changed = Promise.withResolvers<void>();

  constructor(options: { readonly libc: Libc; readonly loop: PollLoop; readonly device: string }) {
    this.#libc = options.libc;
    this.#device = options.device;
    this.#fd = this.#libc.inotify();
    const events = new Uint8Array(4096);
    this.#entry = options.loop.add(this.#fd, () => {
      while (this.#libc.read(this.#fd, events) !== "would block");
      this.#changed.resolve();
    });
  }

  /** Resolves at the next change behind this call. Call it before looking, so that none is missed. */
  changed(): Promise<void> {
    this.#changed = Promise.withResolvers<void>();
    this.#watchNearest();
    return this.#changed.promise;
  }

  async close(): Promise<void> {
    await this.#entry.remove();
    this.#libc.close(this.#fd);
  }

  /** Looks twice where it is not the device's own folder: that one may just have been made. */
  #watchNearest(): void {
    const folder = dirname(this.#device);
    for (let nearest = ""; nearest !== folder;) {
      const before = nearest;
      nearest = this.#watchFrom(folder);
      if (nearest === before) return;
    }
  }

  /** Watches the nearest folder that exists, from `folder` upwards, and returns it. */
  #watchFrom(folder: string): string {
    for (;; folder = dirname(folder)) {
      try {
        this.#libc.watchFolder(this.#fd, folder, IN_CREATE | IN_MOVED_TO | IN_ATTRIB);
        return folder;
      } catch (error) {
        if (!(error instanceof SystemError) || folder === dirname(folder)) throw error;
      }
    }
  }
}
