// The last net: errors that escape whatever should have caught them, as from a library's socket or a
// promise that nobody waits for. They end nothing here; they are named and counted.

import { errorPlace, errorText, type Report } from "../platform/notice.ts";

export class StrayGuard implements Disposable {
  readonly #report: () => Report;
  readonly #onError = (event: ErrorEvent): void => this.#tell(event, event.error);
  readonly #onRejection = (event: PromiseRejectionEvent): void => this.#tell(event, event.reason);
  #count = 0;

  /** Catches from now on. `report` is asked anew each time. */
  constructor(report: () => Report) {
    this.#report = report;
    globalThis.addEventListener("error", this.#onError);
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("error", this.#onError);
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
  }

  #tell(event: Event, error: unknown): void {
    event.preventDefault();
    this.#count += 1;
    const details = { error: errorText(error), where: errorPlace(error), count: this.#count };
    this.#report()({
      level: "error",
      kind: "error",
      message: `stray error, caught: ${details.error} (${details.where})`,
      hint: "capture goes on; send the log to support",
      details,
    });
  }
}
