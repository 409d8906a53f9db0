// Memory that was freed and that the C library keeps for later. What V8 needs to read a large program
// stays there for ever otherwise, because a little in use lies behind it.

const symbols = {
  // glibc's; others give back by themselves.
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
} as const;

export class Allocator implements Disposable {
  readonly #library = Deno.dlopen("libc.so.6", symbols);

  /** Gives back to the system what is free, wherever it lies. Takes a few ms. */
  giveBack(): void {
    this.#library.symbols.malloc_trim?.(0n);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}
