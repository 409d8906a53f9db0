// Errors that escape a library and would end the process: kept, as the service keeps them from
// ending it. The NATS client's socket loses a `read ECONNRESET` now and then.

export class StrayErrors implements Disposable {
  readonly messages: string[] = [];
  readonly #keep = (event: ErrorEvent): void => {
    event.preventDefault();
    this.messages.push(event.message);
  };

  constructor() {
    globalThis.addEventListener("error", this.#keep);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("error", this.#keep);
  }
}
