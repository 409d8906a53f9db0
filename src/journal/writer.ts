// Where a journal's records go: to the active segment on the disk, or in memory while the disk takes
// none. Whatever the disk refuses, the turn that read the bytes goes on: what is not known to be
// synced is copied into memory and appended to there, and brought home when the disk takes it again.

import type { Fragment } from "../framer/framer.ts";
import type { NoticeKind } from "../platform/kinds/notice_kinds.ts";
import { errorText } from "../platform/notice.ts";
import type { ActiveSegment } from "./active_segment.ts";
import { bytesToAppend } from "./append_buffer.ts";
import { Fallback } from "./fallback.ts";
import { Homecoming } from "./homecoming.ts";
import { refusalNotice, retreat } from "./retreat.ts";
import { Rotation } from "./rotation.ts";
import { RotationRefuse } from "./rotation_refuse.ts";
import type { IndexHeader } from "./segment_index.ts";
import type { WriterOptions } from "./writer_options.ts";
import type { TailUser } from "./tail_budget.ts";
import type { JoinedSegments } from "./tail_junction.ts";

/** Between two attempts on a disk that refused. */
const retryMs = 250;

export class Writer implements TailUser {
  readonly #options: WriterOptions;
  readonly #homecoming: Homecoming;
  readonly #refuse: RotationRefuse;
  #active: ActiveSegment;
  #inMemory: boolean;
  /** As long as not all names are in order. */
  #rotation: Rotation | null = null;
  /** While what came home from memory is not safe on the disk. */
  #fallback: Fallback | null = null;
  /** Not 0 while a rotation is put off. */
  #nextRotationMs = 0;
  #nextHomecomingMs = 0;
  #refusalIsTold = false;
  /** One at a time: two would copy over each other. */
  #comingHome: Promise<void> | null = null;

  constructor(options: WriterOptions) {
    const { shelf, channel, journal, start } = options;
    this.#options = options;
    this.#active = start.active;
    this.#inMemory = start.inMemory;
    this.#homecoming = new Homecoming({
      ...journal,
      channel,
      shelf,
      wallMs: () => journal.clock.wallMs(),
      floorBytes: () => journal.space.floorBytes,
    });
    this.#refuse = new RotationRefuse({ ...journal, channel });
    journal.tailBudget.join(this);
  }

  get active(): ActiveSegment {
    return this.#active;
  }

  /** Records go to memory, because the disk takes none. */
  get inMemory(): boolean {
    return this.#inMemory;
  }

  /** Something is to be brought to the disk. */
  get hasWork(): boolean {
    const away = ["unsettled", "memory"];
    return this.#inMemory || this.#options.shelf.segments.some(({ place }) => away.includes(place));
  }

  /** All is in its place. */
  get isSettled(): boolean {
    return this.#rotation === null && !this.hasWork;
  }

  /** The active segment stands under its names, as far as can be told. */
  get isHere(): boolean {
    return this.#inMemory || this.#active.files.mayBeHere;
  }

  /** First sequence that is not known to be safe on the disk, but in memory; `Infinity` when none is. */
  get firstInMemory(): number {
    const segment = this.#options.shelf.segments.find(({ place }) => place === "memory");
    const active = this.#inMemory ? this.#active.header : this.#fallback;
    return segment?.firstSequence ?? active?.firstSequence ?? Infinity;
  }

  get tailBytes(): number {
    const active = this.#inMemory ? this.#active : this.#fallback?.segment;
    return this.#options.shelf.bytesInMemory + (active?.bytes ?? 0);
  }

  /** Appends, in memory where the disk refuses. @throws {Error} when memory refuses as well */
  append(fragments: readonly Fragment[], timeMs: number): void {
    this.#rotateWhenFull();
    if (this.#inMemory) this.#makeRoom(fragments);
    const isInFallback = this.#fallback?.append(fragments, timeMs) === true;
    try {
      this.#active.append(fragments, timeMs);
    } catch (cause) {
      if (this.#inMemory) throw cause;
      this.#moveToMemory(cause);
      if (isInFallback) return;
      this.#makeRoom(fragments);
      this.#active.append(fragments, timeMs);
    }
  }

  /** Begins a new segment with this header, safe on the disk if that takes it. */
  beginSegment(header: IndexHeader): void {
    if (!this.#inMemory) {
      try {
        this.#settleNow();
        this.#rotate(header, true);
        return this.#settleNow();
      } catch (error) {
        this.#moveToMemory(error);
      }
    }
    if (this.#active.header.epoch !== header.epoch) this.#rotateInMemory(header);
  }

  /**
   * Makes what was appended before the call safe: on the disk, or else in memory. A disk that refused
   * is tried again after a while, or `atOnce`. @throws {Error} when memory refuses as well
   */
  async keep(atOnce: boolean): Promise<void> {
    if (atOnce) this.#nextHomecomingMs = 0;
    if (!this.#inMemory) {
      try {
        this.#checkPlace();
        // What was appended to until now, also when a rotation comes in between.
        const active = this.#active;
        await this.#settle();
        await active.sync();
      } catch (error) {
        // An append may have been refused meanwhile, and have moved everything already.
        if (!this.#inMemory) this.#moveToMemory(error);
      }
    }
    if (!this.hasWork) return;
    await (this.#comingHome ??= this.#comeHome().finally(() => this.#comingHome = null));
  }

  giveUpOldest(): boolean {
    const { shelf } = this.#options;
    if (shelf.bytesInMemory === 0 && this.#inMemory && this.#active.extent.count > 0) {
      this.#rotateInMemory(this.#nextHeader());
    }
    return shelf.giveUpOldest(this.#homecoming.underWay);
  }

  /** Goes on where these segments end. */
  exchange({ active, inMemory }: JoinedSegments): void {
    this.#active = active;
    this.#inMemory = inMemory;
  }

  close(): void {
    this.#options.journal.tailBudget.leave(this);
    this.#active.close();
    this.#fallback?.close();
    this.#homecoming.close();
    this.#refuse.close();
    if (this.#rotation?.oldRotating === null) this.#rotation.old?.close();
  }

  /** Begins a new segment when the active one is full; put off when the disk does not let it. */
  #rotateWhenFull(): void {
    const { tailBudget, maxSegmentBytes, clock } = this.#options.journal;
    const { logBytes, count } = this.#active.extent;
    const maxBytes = this.#inMemory ? tailBudget.segmentBytes : maxSegmentBytes;
    if (logBytes < maxBytes || count === 0) return;
    if (this.#inMemory) return this.#rotateInMemory(this.#nextHeader());
    if (this.#rotation !== null || clock.monotonicMs() < this.#nextRotationMs) return;
    try {
      this.#rotate(this.#nextHeader(), true);
    } catch (error) {
      const message = `begin a new log: ${errorText(error)}; the old one goes on`;
      if (this.#nextRotationMs === 0) this.#say("warning", "rotation_postponed", message);
      this.#nextRotationMs = clock.monotonicMs() + 4 * retryMs;
    }
  }

  #nextHeader(): IndexHeader {
    const { header, nextSequence } = this.#active;
    return { firstSequence: nextSequence, epoch: header.epoch };
  }

  #makeRoom(fragments: readonly Fragment[]): void {
    const { tailBudget, recordHeader } = this.#options.journal;
    if (tailBudget.makeRoom(bytesToAppend(fragments, recordHeader.length))) return;
    throw new Error("the memory for records is full");
  }

  #checkPlace(): void {
    if (this.#options.journal.space.isClosed) {
      throw new Error("the disk has less free space than must be left");
    }
    if (!this.isHere) throw new Error(`${this.#options.channel}.log was deleted or moved away`);
    if (this.#rotation === null) this.#refuse.sweep();
  }

  #rotate(header: IndexHeader, formerIsHere: boolean): void {
    const { journal, shelf } = this.#options;
    const former = this.#active;
    const wallMs = journal.clock.wallMs();
    const options = { ...this.#options, ...journal };
    this.#refuse.sweep();
    this.#refuse.expect();
    const rotation = new Rotation({ ...options, header, wallMs, former, formerIsHere });
    this.#refuse.forget();
    this.#nextRotationMs = 0;
    if (!formerIsHere) this.#fallback = new Fallback(former, journal);
    this.#rotation = rotation;
    this.#active = rotation.coming;
    this.#inMemory = false;
    if (rotation.oldRotating !== null) shelf.add(rotation.oldRotating);
    this.#options.switched();
  }

  async #settle(): Promise<void> {
    const rotation = this.#rotation;
    await rotation?.settle();
    if (this.#rotation === rotation) this.#rotationSettled();
  }

  #settleNow(): void {
    this.#rotation?.settleNow();
    this.#rotationSettled();
  }

  #rotationSettled(): void {
    if (this.#rotation === null) return;
    const { old, oldRotating, oldRotated } = this.#rotation;
    if (oldRotating === null) old?.close();
    else this.#options.shelf.replace(oldRotating, oldRotated);
    if (this.#fallback !== null) {
      this.#homecoming.finish();
      this.#fallback.discard();
      this.#refusalIsTold = false;
      this.#say("info", "disk_takes_records", "the disk takes records again");
    }
    this.#fallback = null;
    this.#rotation = null;
    this.#options.switched();
  }

  #rotateInMemory(header: IndexHeader): void {
    const { tail, shelf, journal } = this.#options;
    const old = this.#active;
    const next = tail.succeed(old, header, journal.clock.wallMs());
    // Without records its epoch still tells an opening where those of the next one belong.
    const isKept = old.extent.count > 0 || old.header.epoch !== header.epoch;
    if (isKept) shelf.add(tail.complete(old));
    else old.files.discard();
    this.#active = next;
    this.#options.switched();
  }

  #moveToMemory(cause: unknown): void {
    const { journal, shelf, tail } = this.#options;
    const rotation = this.#rotation;
    const wallMs = journal.clock.wallMs();
    const fallback = this.#fallback?.segment ?? null;
    const former = { active: this.#active, rotation, fallback };
    const { active, segments, refuse } = retreat({ tail, wallMs, ...former });
    if (rotation !== null && rotation.oldRotating !== null) {
      shelf.replace(rotation.oldRotating, null);
    }
    for (const segment of segments) shelf.add(segment);
    this.#active = active;
    this.#fallback = null;
    this.#rotation = null;
    this.#inMemory = true;
    this.#refuse.take(refuse);
    this.#options.switched();
    if (this.#refusalIsTold) return;
    this.#refusalIsTold = true;
    journal.report(refusalNotice(this.#options.channel, cause, journal.tailBudget.maxBytes));
  }

  async #comeHome(): Promise<void> {
    const { journal: { clock, space }, shelf } = this.#options;
    if (space.isClosed || clock.monotonicMs() < this.#nextHomecomingMs) return;
    this.#nextHomecomingMs = clock.monotonicMs() + retryMs;
    try {
      await this.#homecoming.bring(this.#active.bytes);
      if (shelf.segments.some(({ place }) => place !== "disk")) return;
      if (this.#inMemory) this.#rotate(this.#active.header, false);
      else if (this.#fallback === null) this.#homecoming.finish();
    } catch {
      // It was told when the disk began to refuse, and is told when it is over.
    }
  }

  #say(level: "info" | "warning", kind: NoticeKind, message: string): void {
    this.#options.journal.report({ level, kind, message: `${this.#options.channel}: ${message}` });
  }
}
