// A long test told in steps: each stands in the list of tests with its outcome, and at the end all of
// them in a table, with what they came to and how long they took.

interface Told {
  readonly name: string;
  readonly outcome: string;
  readonly seconds: number;
}

export class Story {
  readonly #context: Deno.TestContext;
  /** Whether what takes longest is left out. */
  readonly isShort: boolean;
  readonly #told: Told[] = [];

  constructor(context: Deno.TestContext, { isShort }: { readonly isShort: boolean }) {
    this.#context = context;
    this.isShort = isShort;
  }

  /** A step that a short story leaves out. */
  async longStep(name: string, body: () => Promise<string>): Promise<void> {
    if (!this.isShort) await this.step(name, body);
  }

  /** What `body` resolves to is told in the table. What comes after a step that fails is done all the same. */
  async step(name: string, body: () => Promise<string>): Promise<void> {
    const startMs = performance.now();
    let outcome = "";
    const passed = await this.#context.step({
      name,
      fn: async () => {
        outcome = await body();
        console.error(outcome);
      },
      // What a step begins, others use.
      sanitizeOps: false,
      sanitizeResources: false,
    });
    const seconds = Math.round((performance.now() - startMs) / 1000);
    this.#told.push({ name, outcome: passed ? outcome : "FAILED", seconds });
  }

  get table(): string {
    const width = Math.max(...this.#told.map(({ name }) => name.length));
    return this.#told.map(({ name, outcome, seconds }) =>
      `${name.padEnd(width)}  ${String(seconds).padStart(4)} s  ${outcome}`
    ).join("\n");
  }
}
