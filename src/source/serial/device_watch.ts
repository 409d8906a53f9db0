// Notices that something happens where a device should be: its name appears, or its permissions
// change. A folder that is missing itself (/dev/serial/by-id without an adapter) is waited for
// through the nearest one that exists.

import { dirname } from "node:path";
import { IN_ATTRIB, IN_CREATE, IN_MOVED_TO, type Libc } from "../../platform/libc.ts";
import { SystemError } from "../../platform/system_error.ts";
import type { PollEntry, PollLoop } from "./poll_loop.ts";

export class DeviceWatch {
  readonly #libc: Libc;
  readonly #device: string;
  /** `null` where the system grants no more watches: then changes are found by trying again. */
  readonly #entry: PollEntry | null;
  #changed = Promise.withResolvers<void>();

  constructor(options: {
    readonly libc: Libc;
    readonly loop: PollLoop;
    readonly device: string;
    /** Told what reading of the changes threw. */
    readonly broke: (error: unknown) => void;
  }) {
    this.#libc = options.libc;
    this.#device = options.device;
    const fd = unlessRefused(() => this.#libc.inotify());
    this.#entry = fd === null ? null : options.loop.add(fd, () => this.#drain(fd), options.broke);
  }

  /** Resolves at the next change behind this call. Call it before looking, so that none is missed. */
  changed(): Promise<void> {
    this.#changed = Promise.withResolvers<void>();
    this.#watchNearest();
    return this.#changed.promise;
  }

  async close(): Promise<void> {
    if (this.#entry === null) return;
    await this.#entry.remove();
    this.#libc.close(this.#entry.fd);
  }

  #drain(fd: number): void {
    const events = new Uint8Array(4096);
    while (this.#libc.read(fd, events) !== "would block");
    this.#changed.resolve();
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

  /** Watches the nearest folder that can be, from `folder` upwards, and returns it. */
  #watchFrom(folder: string): string {
    const fd = this.#entry?.fd;
    if (fd === undefined) return "";
    const events = IN_CREATE | IN_MOVED_TO | IN_ATTRIB;
    const watched = unlessRefused(() => {
      this.#libc.watchFolder(fd, folder, events);
      return folder;
    });
    if (watched !== null) return watched;
    return folder === dirname(folder) ? "" : this.#watchFrom(dirname(folder));
  }
}

/** What `call` gives; `null` when the system refuses it. */
function unlessRefused<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
}
