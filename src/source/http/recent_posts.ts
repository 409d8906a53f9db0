// The posts that may be sent again, so that a resend is not kept as another record. One that has an
// `Idempotency-Key` may be, for as long as it is among the newest; one without only when its sender
// was told that it is not safe although it is in the journal. It is known by its key, where it was
// sent and what it says: whatever differs in one of these is another record, for two are better than
// none.

import { createHash } from "node:crypto";
import { readPost } from "./http_record.ts";

/** Newest posts that are known. */
const mostPosts = 1000;

export class RecentPosts {
  /** Oldest first; resolves when the post is safe. */
  readonly #safe = new Map<string, Promise<void>>();

  /** When an earlier post of this identity is safe; `undefined` when there was none. */
  find(identity: string): Promise<void> | undefined {
    return this.#safe.get(identity);
  }

  remember(identity: string, safe: Promise<void>): void {
    this.#safe.delete(identity);
    this.#safe.set(identity, safe);
    for (const oldest of this.#safe.keys()) {
      if (this.#safe.size <= mostPosts) return;
      this.#safe.delete(oldest);
    }
  }

  forget(identity: string): void {
    this.#safe.delete(identity);
  }
}

/** `digest` is the body's. */
export function postIdentity(
  { key, target, digest }: {
    readonly key: string | null;
    readonly target: string;
    readonly digest: string;
  },
): string {
  return JSON.stringify([key, target, digest]);
}

/** The identity of a post that its record tells of; `null` when its sender gave it no key. */
export function keyedIdentity(record: Uint8Array): string | null {
  const post = readPost(record);
  if (post === null || post.key === null) return null;
  const digest = createHash("sha256").update(post.body).digest("base64");
  return postIdentity({ ...post, digest });
}
