// Records that are posted over HTTP. A post is answered with 200 when its record is safe on the disk
// and not before: whoever got another answer, or none, sends it again, and nothing is lost.

import { createHash } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { Report } from "../../platform/notice.ts";
import { type RecordHandler, RecordRefused, type RecordSource } from "../record_source.ts";
import type { HttpAccess } from "./http_access.ts";
import { cutOffAnswer, type Fault, faultAnswer, okAnswer } from "./http_answer.ts";
import type { HttpAddress } from "./http_listener.ts";
import type { HttpListeners } from "./http_listeners.ts";
import { recordHead, requestTarget } from "./http_record.ts";
import type { RemoteAddress } from "./http_route.ts";
import {
  bodyFaults,
  brokenFault,
  busyFault,
  emptyFault,
  lateFault,
  methodFault,
  unsafeFault,
} from "./post_faults.ts";
import { PostRefusals } from "./post_refusals.ts";
import { postIdentity, type RecentPosts } from "./recent_posts.ts";
import { type BodyLimits, readBody } from "./request_body.ts";

/** The original's: 50 MiB. */
export const maxBodyBytes = 50 * 2 ** 20;

/** Posts of one channel that are read or waited for at the same time. */
const mostPosts = 32;

/** How long a sender may pause, may take in all, and waits for the disk. */
export interface PostTimes extends Omit<BodyLimits, "maxBytes"> {
  readonly safeMs: number;
}

const usualTimes: PostTimes = { pauseMs: 15_000, totalMs: 300_000, safeMs: 5000 };

/** Counts and tells a post that is not taken, and answers it. */
type Refuse = (fault: Fault, answer?: (fault: Fault) => Response) => Response;

export interface HttpSourceOptions {
  /** Of the channel, for messages. */
  readonly channel: string;
  readonly listeners: HttpListeners;
  readonly address: HttpAddress;
  readonly path: string;
  readonly access: HttpAccess;
  /** What was posted before the last stop. */
  readonly recent: RecentPosts;
  readonly clock: Clock;
  readonly report: Report;
  /** @default {15 s, 5 min, 5 s} */
  readonly times?: PostTimes | undefined;
}

export class HttpSource implements RecordSource {
  readonly name: string;
  readonly #options: HttpSourceOptions;
  readonly #times: PostTimes;
  readonly #refusals: PostRefusals;
  readonly #stopping = new AbortController();
  readonly #posts = new Set<Promise<Response>>();
  #leave: (() => Promise<void>) | undefined;

  constructor(options: HttpSourceOptions) {
    this.#options = options;
    this.#times = options.times ?? usualTimes;
    this.name = `http port ${options.address.port}, path ${options.path}`;
    this.#refusals = new PostRefusals({ ...options, name: options.channel });
  }

  start(handler: RecordHandler): void {
    const { listeners, address, path } = this.#options;
    this.#leave = listeners.add(address, {
      path,
      answer: async (request, remote) => {
        try {
          return await this.#answer(request, remote, handler);
        } catch (error) {
          handler.broke(error);
          return faultAnswer(brokenFault);
        }
      },
      opened: (detail) => handler.opened(detail),
      closed: (detail) => handler.closed(detail),
      unavailable: (problem) => handler.unavailable(problem),
    });
  }

  /** Bodies that are being read are given up; posts that wait for the disk are answered. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    while (this.#posts.size > 0) await Promise.allSettled(this.#posts);
    await this.#leave?.();
    this.#leave = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #answer(
    request: Request,
    remote: RemoteAddress,
    handler: RecordHandler,
  ): Promise<Response> {
    const timeMs = this.#options.clock.wallMs();
    const refuse: Refuse = (fault, answer = faultAnswer) => {
      handler.failed();
      this.#refusals.note(remote.ip, fault);
      return answer(fault);
    };
    const refusal = this.#options.access.refusal(request, remote);
    if (refusal !== null) return refuse(refusal);
    if (request.method !== "POST") return refuse(methodFault(request.method));
    if (this.#stopping.signal.aborted) return refuse(bodyFaults.stopped);
    if (this.#posts.size >= mostPosts) return refuse(busyFault);
    const answering = this.#take(request, remote, { handler, timeMs, refuse });
    this.#posts.add(answering);
    try {
      return await answering;
    } finally {
      this.#posts.delete(answering);
    }
  }

  async #take(request: Request, remote: RemoteAddress, { handler, timeMs, refuse }: {
    readonly handler: RecordHandler;
    readonly timeMs: number;
    readonly refuse: Refuse;
  }): Promise<Response> {
    const { listeners, recent, clock } = this.#options;
    const head = recordHead(request, remote);
    const hash = createHash("sha256");
    let safe: Promise<void> | undefined;
    let identity: string;
    const key = request.headers.get("idempotency-key");
    {
      using share = listeners.load.share();
      const record = await readBody(request, {
        headBytes: head.length,
        hash,
        limits: { ...this.#times, maxBytes: maxBodyBytes },
        share,
        clock,
        signal: this.#stopping.signal,
      });
      if ("fault" in record) {
        const fault = bodyFaults[record.fault];
        // To who has hung up it does not matter.
        if (record.fault === "aborted") return refuse(fault);
        return refuse(fault, () => cutOffAnswer(fault, record.discard));
      }
      if (record.length === head.length) return refuse(emptyFault);
      identity = postIdentity({
        key,
        target: requestTarget(request),
        digest: hash.digest("base64"),
      });
      safe = recent.find(identity);
      if (safe === undefined) {
        record.set(head);
        safe = handler.take(record, timeMs);
        if (key !== null) recent.remember(identity, safe);
      }
    }
    const outcome = await this.#waitFor(safe);
    // Another of the same that comes later is another record, unless it has a key.
    if (outcome === "late") recent.remember(identity, safe);
    else if (outcome !== "safe" || key === null) recent.forget(identity);
    if (outcome === "safe") return okAnswer();
    return refuse(outcome === "late" ? lateFault : unsafeFault(outcome));
  }

  /** Waits as long as a sender can. */
  async #waitFor(safe: Promise<void>): Promise<"safe" | "late" | RecordRefused> {
    const over = new AbortController();
    const late = this.#options.clock.delay(this.#times.safeMs, over.signal)
      .then(() => "late" as const);
    const settled = safe.then(() => "safe" as const, (error) => {
      if (error instanceof RecordRefused) return error;
      throw error;
    });
    try {
      return await Promise.race([settled, late]);
    } finally {
      over.abort();
    }
  }
}
