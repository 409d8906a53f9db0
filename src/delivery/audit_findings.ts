// What a comparison of journal and stream has found: how many of each kind, and the first of them.

export type FindingKind =
  /** Delivered, as the cursor says, and not in the stream. */
  | "missing"
  /** In the stream a second time. */
  | "duplicate"
  /** In the stream behind a later one. */
  | "out_of_order"
  /** Bytes or headers that do not match. */
  | "different"
  /** In the stream, and younger than the journal's oldest record, and not in the journal. */
  | "not_in_journal"
  /** The journal itself cannot tell any more what it was. */
  | "unreadable";

export const findingKinds: readonly FindingKind[] = [
  "missing",
  "duplicate",
  "out_of_order",
  "different",
  "not_in_journal",
  "unreadable",
];

export interface Finding {
  readonly kind: FindingKind;
  /** 0 where it cannot be told. */
  readonly sequence: number;
  /** The message id; empty where there is none. */
  readonly id: string;
  /** Of the record, or of the message where there is no record; milliseconds since 1970. */
  readonly timeMs: number;
  /** Of the message; `null` where there is none. */
  readonly streamSequence: number | null;
  /** In words. */
  readonly what: string;
}

/** Enough to see what it is; what it is a thousand times is the same. */
const mostKept = 100;

export class AuditFindings {
  readonly #first: Finding[] = [];
  readonly #counts = new Map<FindingKind, number>();

  /** In the order in which they were found. */
  get first(): readonly Finding[] {
    return this.#first;
  }

  get total(): number {
    return findingKinds.reduce((sum, kind) => sum + this.count(kind), 0);
  }

  count(kind: FindingKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(finding: Finding): void {
    this.#counts.set(finding.kind, this.count(finding.kind) + 1);
    if (this.#first.length < mostKept) this.#first.push(finding);
  }
}
