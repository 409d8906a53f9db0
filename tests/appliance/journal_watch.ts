// How a journal grows until the power goes: how far its file was written, as the box itself sees it
// twenty times a second, told to this machine, where it outlives the box. It starts no program while it
// watches: that takes an emulated processor too much time.

import { type Appliance, unit } from "./appliance.ts";

interface Sample {
  /** On the box's clock since it was started. */
  readonly atMs: number;
  readonly bytes: number;
}

/** What is not in the file any more. */
export interface Unsynced {
  readonly bytes: number;
  /** How long the first of them had been there, at most. */
  readonly ms: number;
}

/** The stream by which the box tells it. */
export const watchChannel = "journal-watch";

export class JournalWatch {
  readonly #file: string;
  readonly #inode: string;
  readonly #samples: Sample[] = [];
  readonly #done: Promise<void>;

  private constructor(box: Appliance, { file, inode }: { file: string; inode: string }) {
    this.#file = file;
    this.#inode = inode;
    this.#done = this.#follow(box);
  }

  /** Watches the service write to a file, until the box has no power. */
  static async start(box: Appliance, file: string): Promise<JournalWatch> {
    const inode = await box.run(`stat --format %i ${file}`);
    const { pid } = await box.service();
    const writer = await box.run(
      `cd /proc/${pid}/fdinfo && grep -l "ino:.*\\<${inode}$" * | xargs grep "^pos:" /dev/null |
        sort -k 2 -n | tail -n 1 | cut -d : -f 1`,
    );
    const loop = `exec 9<> <(:)
while :; do
  read up idle </proc/uptime
  read name position </proc/${pid}/fdinfo/${writer}
  echo "$up $position"
  read -t 0.05 -u 9
done >/dev/virtio-ports/${watchChannel}`;
    await box.run(`systemd-run --quiet --collect --unit=journal-watch bash -c '${loop}'`);
    await box.run(`systemctl is-active journal-watch ${unit}`);
    return new JournalWatch(box, { file, inode });
  }

  /**
   * After the box was started again, and before the line says anything. Starting gives the file another
   * name, and takes a record that was unfinished along into a new one.
   */
  async unsynced(box: Appliance): Promise<Unsynced> {
    await this.#done;
    const size = '-printf "%s\\n"';
    const sizes = await box.run(
      `find /var/log/nectarcollector -inum ${this.#inode} ${size} -o -path ${this.#file} ${size}`,
    );
    const there = sizes.split("\n").reduce((sum, bytes) => sum + Number(bytes), 0);
    const kept = this.#samples.findLastIndex(({ bytes }) => bytes <= there);
    const last = this.#samples.at(-1);
    return {
      bytes: Math.max(0, (last?.bytes ?? 0) - there),
      ms: (last?.atMs ?? 0) - (this.#samples[kept]?.atMs ?? 0),
    };
  }

  get sampleCount(): number {
    return this.#samples.length;
  }

  async #follow(box: Appliance): Promise<void> {
    const channel = box.machine.channel(watchChannel);
    for (;;) {
      const line = await channel.readLine({ what: "the journal's size" }).catch(() => null);
      if (line === null) return;
      const [up, bytes] = line.split(" ").map(Number);
      if (up !== undefined && bytes !== undefined) this.#samples.push({ atMs: up * 1000, bytes });
    }
  }
}
