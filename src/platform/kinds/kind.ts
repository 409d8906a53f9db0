// What is known of a kind of notice: enough for a document, and for whoever gets one in the night.

/** How much it matters. What is of level `debug` stands in the operational log only. */
export type NoticeLevel = "debug" | "info" | "warning" | "error";

export interface KindFacts {
  /** One level, or those that it may have. */
  readonly level: NoticeLevel | readonly NoticeLevel[];
  readonly means: string;
  /** What somebody does about it; `nothing` where that is so. */
  readonly toDo: string;
  /** Each figure that may come with it, with its unit. @default {none} */
  readonly details?: Readonly<Record<string, string>>;
}

/** Kinds that belong together, each name as machines know it. */
export type Kinds = Readonly<Record<string, KindFacts>>;
