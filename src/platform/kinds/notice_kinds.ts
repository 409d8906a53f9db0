// Every kind of notice that there is. A kind that is not here does not compile; the table of
// docs/events.md is made from here by `deno task docs`. Names never change: hubs go by them.

import { channelKinds } from "./channel_kinds.ts";
import { deliveryKinds } from "./delivery_kinds.ts";
import { journalKinds } from "./journal_kinds.ts";
import type { Kinds } from "./kind.ts";
import { lineKinds } from "./line_kinds.ts";
import { resourceKinds } from "./resource_kinds.ts";
import { serviceKinds } from "./service_kinds.ts";

/** Under the title that people know them by. */
export const noticeKinds = {
  "The service": serviceKinds,
  "A channel": channelKinds,
  "A serial line": lineKinds,
  "Records on the disk": journalKinds,
  "What the box has": resourceKinds,
  "Delivery": deliveryKinds,
} as const satisfies Readonly<Record<string, Kinds>>;

type NamesOf<Groups> = { [Title in keyof Groups]: keyof Groups[Title] }[keyof Groups];

export type NoticeKind = NamesOf<typeof noticeKinds>;
