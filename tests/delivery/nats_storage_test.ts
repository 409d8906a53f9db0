import assert from "node:assert/strict";
import { StorageType } from "@nats-io/jetstream";
import { accountUse, NatsAccount } from "../../src/delivery/nats_storage.ts";

/** An account's numbers; the server writes -1 where there is no limit. */
function numbers(used: number, most: number): Parameters<typeof accountUse>[1] {
  return {
    memory: used,
    storage: used * 10,
    limits: {
      max_memory: most,
      max_storage: most * 10,
      max_streams: -1,
      max_consumers: -1,
      max_ack_pending: -1,
      memory_max_stream_bytes: -1,
      storage_max_stream_bytes: -1,
      max_bytes_required: false,
    },
  };
}

Deno.test("an account's use is of the stream's kind of storage, and of its replicas' tier", () => {
  const file = { storage: StorageType.File, num_replicas: 3 };
  const memory = { storage: StorageType.Memory, num_replicas: 3 };
  assert.deepEqual(accountUse(file, numbers(2, 5)), { bytes: 20, maxBytes: 50 });
  assert.deepEqual(accountUse(memory, numbers(2, 5)), { bytes: 2, maxBytes: 5 });
  assert.deepEqual(accountUse(memory, numbers(2, -1)), { bytes: 2, maxBytes: Infinity });
  const usage = { reserved_memory: 0, reserved_storage: 0, streams: 1, consumers: 0 };
  const tiers = { R3: { ...usage, ...numbers(7, 9) } };
  assert.deepEqual(accountUse(file, { ...numbers(0, 0), tiers }), { bytes: 70, maxBytes: 90 });
});

Deno.test("a server that does not tell of the account is not asked again", async () => {
  let asked = 0;
  const account = new NatsAccount(() => {
    asked += 1;
    return Promise.reject(new Error("permissions violation"));
  });
  assert.equal(await account.stats(), null);
  assert.equal(await account.stats(), null);
  assert.equal(asked, 1);
});
