// Remembers, in a file outside of the journal's folder, in which epochs numbers were given out and
// how far. A memory that cannot be saved costs a new epoch, no record.

import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { replaceState } from "../platform/state_file.ts";
import type { JournalState } from "./journal_state.ts";
import type { IndexHeader } from "./segment_index.ts";

export interface NumberingOptions {
  readonly disk: Disk;
  readonly statePath: string;
  readonly boot: string;
  readonly channel: string;
  readonly report: Report;
}

export class Numbering {
  readonly #options: NumberingOptions;
  #epochs: JournalState["epochs"];
  #saved: Promise<boolean> = Promise.resolve(true);
  #isSaved = true;

  /** Goes on where `state` says. */
  constructor(options: NumberingOptions, state: JournalState | undefined) {
    const { disk, statePath, boot, channel, report } = options;
    this.#options = { disk, statePath, boot, channel, report };
    this.#epochs = state?.epochs ?? [];
  }

  /** The last save succeeded. */
  get isSaved(): boolean {
    return this.#isSaved;
  }

  /** Resolves when no save is under way, to whether the last one succeeded. */
  get saved(): Promise<boolean> {
    return this.#saved;
  }

  /** Epochs that are known to be this journal's. */
  get epochs(): readonly string[] {
    return this.#epochs.map(({ epoch }) => epoch);
  }

  /** Takes up the epoch of the active segment, unless it is the last one. */
  begin({ firstSequence, epoch }: IndexHeader): void {
    if (this.#epochs.at(-1)?.epoch === epoch) return;
    this.#epochs = [...this.#epochs, { firstSequence, epoch }];
  }

  /** Saves after the saves before it. Resolves to whether the disk let it. */
  save(reached: Omit<JournalState, "epochs" | "boot" | "opening">): Promise<boolean> {
    const { disk, statePath, channel, report, boot } = this.#options;
    const state = { ...reached, epochs: this.#epochs, boot, opening: false };
    this.#saved = this.#saved
      .then(() => replaceState(disk, statePath, state))
      .then(() => this.#isSaved = true, (error) => {
        const message = `${channel}: save ${statePath}: ${errorText(error)}`;
        if (this.#isSaved) report({ level: "warning", kind: "state_not_saved", message });
        return this.#isSaved = false;
      });
    return this.#saved;
  }
}
