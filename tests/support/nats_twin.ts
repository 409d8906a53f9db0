// A NATS server that a script can be run against, real or simulated: what an operator does to it,
// beside what a client asks of it.

import { DiscardPolicy, type JetStreamManager } from "@nats-io/jetstream";
import type { StreamServer } from "../../src/delivery/stream_server.ts";
import { NatsStreams } from "../../src/delivery/nats_streams.ts";
import type { NatsServer } from "../../src/simulate/nats_server.ts";
import { neverRenewed } from "./same_identity.ts";
import { SimulatedNats } from "./simulated_nats.ts";
import { type StreamLimits, usualLimits } from "./simulated_stream.ts";
import { manage } from "./stream_contents.ts";

export interface NatsTwin {
  readonly server: StreamServer;
  make(name: string, subjects: readonly string[], limits: Partial<StreamLimits>): Promise<void>;
  limit(name: string, limits: Partial<StreamLimits>): Promise<void>;
  purge(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** SIGKILL, and a new start. */
  kill(): Promise<void>;
  pass(ms: number): Promise<void>;
  /** Waits for what the server has been asked for. */
  settled<Value>(promise: Promise<Value>): Promise<Value>;
}

export class RealTwin implements NatsTwin {
  readonly server: StreamServer;
  readonly #nats: NatsServer;

  constructor(nats: NatsServer) {
    this.#nats = nats;
    this.server = new NatsStreams({
      servers: () => Promise.resolve([{ servers: nats.url }]),
      renewed: neverRenewed,
    });
  }

  async make(name: string, subjects: string[], limits: Partial<StreamLimits>): Promise<void> {
    await this.#manage((manager) =>
      manager.streams.add({ name, subjects, ...configuration({ ...usualLimits, ...limits }) })
    );
  }

  async limit(name: string, limits: Partial<StreamLimits>): Promise<void> {
    await this.#manage(async (manager) => {
      const { config } = await manager.streams.info(name);
      return await manager.streams.update(name, { ...config, ...configuration(limits) });
    });
  }

  async purge(name: string): Promise<void> {
    await this.#manage((manager) => manager.streams.purge(name));
  }

  async delete(name: string): Promise<void> {
    await this.#manage((manager) => manager.streams.delete(name));
  }

  async kill(): Promise<void> {
    await this.#nats.kill();
    await this.#nats.restart();
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  settled<Value>(promise: Promise<Value>): Promise<Value> {
    return promise;
  }

  #manage<Result>(use: (manager: JetStreamManager) => Promise<Result>): Promise<Result> {
    return manage(this.#nats.url, use);
  }
}

function configuration(limits: Partial<StreamLimits>): Record<string, number | DiscardPolicy> {
  const { maxMessages, maxBytes, maxMessageBytes, discard, duplicateWindowMs } = limits;
  const number = (key: string, value: number | undefined): Record<string, number> =>
    value === undefined ? {} : { [key]: Number.isFinite(value) ? value : -1 };
  return {
    ...number("max_msgs", maxMessages),
    ...number("max_bytes", maxBytes),
    ...number("max_msg_size", maxMessageBytes),
    ...discard === undefined
      ? {}
      : { discard: discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old },
    ...duplicateWindowMs === undefined ? {} : { duplicate_window: duplicateWindowMs * 1e6 },
  };
}

export class SimulatedTwin implements NatsTwin {
  readonly server: SimulatedNats;

  constructor(server: SimulatedNats) {
    this.server = server;
  }

  make(name: string, subjects: string[], limits: Partial<StreamLimits>): Promise<void> {
    this.server.limits = { ...usualLimits, ...limits };
    this.server.make({ name, subjects });
    return Promise.resolve();
  }

  limit(name: string, limits: Partial<StreamLimits>): Promise<void> {
    this.server.find(name).limit(limits);
    return Promise.resolve();
  }

  purge(name: string): Promise<void> {
    this.server.find(name).purge();
    return Promise.resolve();
  }

  delete(name: string): Promise<void> {
    this.server.delete(name);
    return Promise.resolve();
  }

  kill(): Promise<void> {
    this.server.kill();
    this.server.start();
    return Promise.resolve();
  }

  pass(ms: number): Promise<void> {
    this.server.timers.tick(ms);
    return Promise.resolve();
  }

  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    while (!settled) {
      this.server.timers.tick(0);
      for (let turn = 0; turn < 20 && !settled; turn++) await null;
    }
    return await promise;
  }
}
