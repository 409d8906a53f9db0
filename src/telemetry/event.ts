// An event: a notice as the hub gets it, in the fields of the original service.

import type { Notice } from "../platform/notice.ts";

/** Behind the time, `ts`, which the journal writes. Without `ch` and `dev` it concerns the box. */
export interface EventFields {
  /** Kind of the notice. */
  readonly type: string;
  readonly instance: string;
  /** Name of the channel. */
  readonly ch?: string;
  readonly dev?: string;
  readonly msg: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** A message that is longer says nothing more to anybody. */
const maxMessage = 4000;

/** Whether whoever watches many boxes should know. */
export function isEvent({ level }: Notice): boolean {
  return level !== "debug";
}

export function eventOf(notice: Notice, instance: string): EventFields {
  const { level, kind, message, hint, channel, device, details } = notice;
  return {
    type: kind,
    instance,
    ...channel === undefined ? {} : { ch: channel },
    ...device === undefined ? {} : { dev: device },
    msg: message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message,
    details: { level, ...hint === undefined ? {} : { hint }, ...details },
  };
}
