// What can be wrong with a post, and what is told to whoever sent it.

import type { RecordRefused } from "../record_source.ts";
import type { Fault } from "./http_answer.ts";
import type { BodyFault } from "./request_body.ts";

export const emptyFault: Fault = {
  status: 400,
  error: "the body is empty",
  hint: "send the record as the body: curl --data-binary @FILE",
};

export const brokenFault: Fault = {
  status: 500,
  error: "the service made a mistake, and begins anew",
  hint: "send it again in a few seconds; the service's log says more",
};

/** More posts come than can be taken at once. */
export const busyFault: Fault = {
  status: 503,
  error: "too many posts at once",
  hint: "send it again after a second",
  headers: { "retry-after": "1" },
};

export const bodyFaults: Readonly<Record<BodyFault, Fault>> = {
  too_long: {
    status: 413,
    error: "the body is longer than 50 MB",
    hint: "send it in several posts",
  },
  too_slow: {
    status: 408,
    error: "the body took too long",
    hint: "send it again, whole and without pauses",
  },
  no_room: busyFault,
  aborted: {
    status: 400,
    error: "the body broke off",
    hint: "send it again, whole",
  },
  stopped: {
    status: 503,
    error: "the service stops",
    hint: "send it again in a few seconds",
    headers: { "retry-after": "5" },
  },
};

export function methodFault(method: string): Fault {
  return {
    status: 405,
    error: `${method} is not taken here`,
    hint: "records are sent with POST",
    headers: { allow: "POST" },
  };
}

/** The record waits in memory for a disk that takes nothing. */
export const lateFault: Fault = {
  status: 503,
  error: "the record is not safe yet: the disk takes nothing for now",
  hint: "send it again, unchanged, until it is answered with 200: it is kept once",
  headers: { "retry-after": "10" },
};

export function unsafeFault({ message }: RecordRefused): Fault {
  return {
    status: 503,
    error: `the record is not safe: ${message}`,
    hint: "send it again until it is answered with 200",
    headers: { "retry-after": "10" },
  };
}
