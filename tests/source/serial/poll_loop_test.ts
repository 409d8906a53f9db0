import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { Libc, POLLIN } from "../../../src/platform/libc.ts";
import { PollLoop } from "../../../src/source/serial/poll_loop.ts";
import { waitFor } from "../../support/wait_for.ts";

/** A descriptor that is readable after `ring()`, until it is read. */
class Bell {
  readonly fd: number;
  heard = 0;
  readonly #libc: Libc;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.fd = libc.eventfd();
  }

  ring(): void {
    this.#libc.write(this.fd, new Uint8Array(new BigUint64Array([1n]).buffer));
  }

  readonly hear = (events: number): void => {
    assert.equal(events, POLLIN);
    this.heard += 1;
    this.#libc.read(this.fd, new Uint8Array(8));
  };
}

function unexpected(error: unknown): void {
  throw error;
}

function newLoop(libc: Libc, clock: Clock = systemClock): PollLoop {
  return new PollLoop({ libc, clock, gatherMs: 1 });
}

Deno.test("of a hundred descriptors each is called when it can be read, and no other", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  const bells = Array.from({ length: 100 }, () => new Bell(libc));
  for (const bell of bells) loop.add(bell.fd, bell.hear, unexpected);
  for (const round of [1, 2, 3]) {
    for (const [i, bell] of bells.entries()) if (i % 7 === 0) bell.ring();
    await waitFor(
      "every bell",
      () => bells.every(({ heard }, i) => i % 7 !== 0 || heard === round),
    );
  }
  assert.equal(bells.filter(({ heard }) => heard > 0).length, 15);
  await loop.stop();
  for (const { fd } of bells) libc.close(fd);
});

Deno.test("a paused descriptor is not called, and is called on resume for what came meanwhile", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  const [paused, other] = [new Bell(libc), new Bell(libc)];
  const entry = loop.add(paused.fd, paused.hear, unexpected);
  loop.add(other.fd, other.hear, unexpected);
  entry.pause();
  assert.equal(entry.paused, true);
  paused.ring();
  for (let round = 1; round <= 3; round++) {
    other.ring();
    await waitFor("the other", () => other.heard === round);
  }
  assert.equal(paused.heard, 0);
  entry.resume();
  await waitFor("the resumed one", () => paused.heard === 1);
  await loop.stop();
  libc.close(paused.fd);
  libc.close(other.fd);
});

Deno.test("remove() resolves when the descriptor can be closed, although a poll was waiting on it", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  const bell = new Bell(libc);
  const entry = loop.add(bell.fd, bell.hear, unexpected);
  bell.ring();
  await waitFor("a poll with it", () => bell.heard === 1);
  await entry.remove();
  libc.close(bell.fd);
  // The number is free now. A loop that still polled it would call back for its next owner.
  const next = new Bell(libc);
  assert.equal(next.fd, bell.fd);
  next.ring();
  const other = new Bell(libc);
  loop.add(other.fd, other.hear, unexpected);
  other.ring();
  await waitFor("the other", () => other.heard === 1);
  assert.equal(bell.heard, 1);
  await loop.stop();
  libc.close(next.fd);
  libc.close(other.fd);
});

Deno.test("an entry that removes itself or another one in its call is not called again", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  const bells = [new Bell(libc), new Bell(libc)];
  let calls = 0;
  const removals: Promise<void>[] = [];
  const entries = bells.map(({ fd }) =>
    loop.add(fd, () => {
      calls += 1;
      for (const entry of entries) removals.push(entry.remove());
    }, unexpected)
  );
  for (const bell of bells) bell.ring();
  await waitFor("a call", () => calls > 0);
  await Promise.all(removals);
  assert.equal(calls, 1);
  await loop.stop();
  for (const { fd } of bells) libc.close(fd);
});

/** Knows whether a poll is under way. */
class WatchedLibc extends Libc {
  polling = false;

  override async poll(pollfds: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<number> {
    this.polling = true;
    const ready = await super.poll(pollfds, timeoutMs);
    this.polling = false;
    return ready;
  }
}

Deno.test("after stop() what is removed can be closed: no poll is under way any more", async () => {
  using libc = new WatchedLibc();
  await using loop = newLoop(libc);
  const bell = new Bell(libc);
  const entry = loop.add(bell.fd, bell.hear, unexpected);
  await waitFor("a poll", () => libc.polling);
  const stop = loop.stop();
  assert.equal(libc.polling, true);
  await entry.remove();
  assert.equal(libc.polling, false);
  await stop;
  libc.close(bell.fd);
});

Deno.test("progressMs moves on in silence, for a watchdog", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  const first = loop.progressMs;
  await waitFor("the loop to come round", () => loop.progressMs > first, { timeoutMs: 5000 });
});

Deno.test("a burst wakes the loop a few times, not once a byte", async () => {
  using libc = new Libc();
  await using loop = new PollLoop({ libc, clock: systemClock, gatherMs: 50 });
  const bell = new Bell(libc);
  loop.add(bell.fd, bell.hear, unexpected);
  const startMs = performance.now();
  for (let i = 0; i < 100; i++) {
    bell.ring();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const rounds = Math.ceil((performance.now() - startMs) / 50) + 1;
  assert.ok(bell.heard <= rounds, `${bell.heard} wake-ups in ${rounds} rounds`);
  await loop.stop();
  libc.close(bell.fd);
});

Deno.test("what one descriptor's call throws is told to its owner, and the others have their turns", async () => {
  using libc = new Libc();
  await using loop = newLoop(libc);
  const bells = [new Bell(libc), new Bell(libc), new Bell(libc)];
  const told: unknown[] = [];
  let calls = 0;
  for (const [i, bell] of bells.entries()) {
    loop.add(bell.fd, (events) => {
      if (i === 1) calls += 1;
      if (i === 1) throw new TypeError("planted");
      bell.hear(events);
    }, (error) => told.push(error));
  }
  for (const round of [1, 2, 3]) {
    for (const bell of bells) bell.ring();
    await waitFor("the others", () => bells[0]?.heard === round && bells[2]?.heard === round);
  }
  assert.equal(told.length, 1);
  assert.equal(calls, 1, "it is not called again");
  await loop.stop();
  for (const { fd } of bells) libc.close(fd);
});

/** Whose poll fails once, in a way that nobody expects. */
class FailingLibc extends Libc {
  fails = false;

  override poll(pollfds: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<number> {
    if (!this.fails) return super.poll(pollfds, timeoutMs);
    this.fails = false;
    return Promise.reject(new TypeError("planted"));
  }
}

Deno.test("a poll that fails is told to all who wait, and the loop goes on", async () => {
  using libc = new FailingLibc();
  await using loop = newLoop(libc);
  const [bell, later] = [new Bell(libc), new Bell(libc)];
  const told: unknown[] = [];
  loop.add(bell.fd, bell.hear, (error) => told.push(error));
  bell.ring();
  await waitFor("the bell", () => bell.heard === 1);
  libc.fails = true;
  bell.ring();
  await waitFor("the error", () => told.length === 1);
  loop.add(later.fd, later.hear, unexpected);
  later.ring();
  await waitFor("the next one", () => later.heard === 1);
  assert.deepEqual(told.map(String), ["TypeError: planted"]);
  await loop.stop();
  libc.close(bell.fd);
  libc.close(later.fd);
});
