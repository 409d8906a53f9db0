// A journal's disk, once it could be opened: what was found there, and where the numbering stands.

import { readState, replaceState } from "../platform/state_file.ts";
import { ActiveSegment } from "./active_segment.ts";
import type { JournalOptions } from "./journal_options.ts";
import {
  type JournalState,
  parseJournalState,
  randomEpoch,
  reasonForNewEpoch,
} from "./journal_state.ts";
import { Numbering } from "./numbering.ts";
import { type OpenedSegments, openSegments } from "./opening.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { IndexHeader } from "./segment_index.ts";
import { withoutTwinsOfActive } from "./twin_segments.ts";
import type { HomeSegments } from "./tail_junction.ts";

export class Home implements HomeSegments {
  readonly rotated: readonly RotatedSegment[];
  readonly active: ActiveSegment;
  /** The machine, as far as is known, went down since the last owner. */
  readonly rebooted: boolean;
  /** The last owner had closed the journal. */
  readonly wasClosed: boolean;
  /** What numbers that do not stand on the disk yet go on with. */
  readonly next: IndexHeader;
  readonly reasonForNewEpoch: string | null;
  readonly #numbering: Numbering;

  /** Opens or makes the files of a channel. @throws {Error} what the disk threw */
  static async open(
    options: JournalOptions,
    circumstances: { readonly isInMemory: boolean; readonly isDoubtful: boolean },
  ): Promise<Home> {
    const { disk, folder, name, recordHeader, clock } = options;
    disk.makeFolder(folder);
    const base = `${folder}/${name}`;
    const state = unlessOutdated(
      parseJournalState(readState(disk, options.statePath)),
      disk.size(`${base}.log`),
    );
    await noteOpening(options, state);
    const found = await openSegments({
      disk,
      folder,
      channel: name,
      recordHeader,
      state,
      cutBackTo: options.cutBackTo,
      boot: options.boot,
      feedsInside: options.feedsInside ?? false,
      ...circumstances,
      wallMs: clock.wallMs(),
      report: options.report,
    });
    const isSealed = disk.size(`${base}.log`) !== found.active.extent.logBytes;
    const active = ActiveSegment.open({ disk, base, recordHeader, ...found.active, isSealed });
    try {
      active.syncNow();
      const place = { disk, folder, channel: name };
      const rotated = withoutTwinsOfActive(place, found.rotated, active.header);
      return new Home(options, { ...found, rotated, active }, state);
    } catch (error) {
      active.close();
      throw error;
    }
  }

  private constructor(
    options: JournalOptions,
    found: Omit<OpenedSegments, "active"> & { readonly active: ActiveSegment },
    state: JournalState | undefined,
  ) {
    const { rotated, active, nextSequence, damaged } = found;
    this.rotated = rotated;
    this.active = active;
    this.wasClosed = state?.closed ?? false;
    this.rebooted = state?.boot !== options.boot;
    this.reasonForNewEpoch = reasonForNewEpoch({
      state,
      nextSequence,
      damaged,
      boot: options.boot,
    });
    this.next = {
      firstSequence: Math.max(nextSequence, state?.nextSequence ?? 1),
      epoch: this.reasonForNewEpoch === null ? active.header.epoch : randomEpoch(),
    };
    this.#numbering = new Numbering({ ...options, channel: options.name }, state);
    // A kill between rotating into a new epoch and saving the state.
    this.#numbering.begin(active.header);
  }

  /** The last save succeeded. */
  get isSaved(): boolean {
    return this.#numbering.isSaved;
  }

  /** Resolves when no save is under way. */
  get saved(): Promise<boolean> {
    return this.#numbering.saved;
  }

  get epochs(): readonly string[] {
    return this.#numbering.epochs;
  }

  beginEpoch(header: IndexHeader): void {
    this.#numbering.begin(header);
  }

  /** Resolves to whether the disk let it. */
  save(reached: Parameters<Numbering["save"]>[0]): Promise<boolean> {
    return this.#numbering.save(reached);
  }
}

/**
 * Saves that the files are about to be mended: a kill in the middle leaves files that look sound, and
 * numbers that stood in them would be given out again. A disk that refuses is told of by the save
 * at the end of the opening.
 */
async function noteOpening(
  { disk, statePath }: JournalOptions,
  state: JournalState | undefined,
): Promise<void> {
  if (state === undefined || state.opening) return;
  await replaceState(disk, statePath, { ...state, opening: true }).catch(() => {});
}

/**
 * A state that says that the journal was closed is outdated when the log has changed since, or may
 * have been mended since.
 */
function unlessOutdated(
  state: JournalState | undefined,
  logBytes: number | null,
): JournalState | undefined {
  if (state?.closed !== true) return state;
  return { ...state, closed: !state.opening && state.logBytes === logBytes };
}
