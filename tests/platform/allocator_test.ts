import assert from "node:assert/strict";
import { Allocator } from "../../src/platform/allocator.ts";

Deno.test("giveBack() gives back what was freed, and spares what is in use", () => {
  using allocator = new Allocator();
  const library = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  const { malloc, memset, free } = library.symbols;
  const blockBytes = 16 * 1024;
  const blocks = Array.from({ length: 4096 }, () => malloc(BigInt(blockBytes)));
  for (const block of blocks) memset(block, 7, BigInt(blockBytes));
  // The last one keeps the memory before it from being given back by itself.
  const last = blocks.pop() ?? null;
  for (const block of blocks) free(block);
  const before = Deno.memoryUsage().rss;
  allocator.giveBack();
  const givenMb = (before - Deno.memoryUsage().rss) / 2 ** 20;
  assert.ok(givenMb > 40, `${givenMb} MB of 64`);
  assert.ok(last !== null);
  const kept = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(last, blockBytes));
  assert.ok(kept.every((byte) => byte === 7));
  free(last);
  library.close();
});
