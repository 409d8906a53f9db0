// How much of its memory the process gives up, so that it stays within its budget. Whoever watches
// the memory sets it; whoever has a queue or a feature asks it, at every turn. Capture never asks.

/**
 * `queues`: less is under way to servers, and what can wait, such as packing old files, waits.
 * `features`: what nobody needs for records to be captured and delivered is switched off, too.
 */
export type RestraintLevel = "none" | "queues" | "features";

/** Of the records and bytes that may be under way: what is left of them. */
const queueShare = 1 / 8;

export class Restraint {
  level: RestraintLevel = "none";

  /** Which part of its usual length a queue may have. */
  get queueShare(): number {
    return this.level === "none" ? 1 : queueShare;
  }

  /** Work that costs memory and can be done later, is. */
  get postponesWork(): boolean {
    return this.level !== "none";
  }
}
