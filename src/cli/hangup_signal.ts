// SIGHUP, by which a running service is told that its files have changed. Caught from the start: who
// sends it early must not end the capture.

export class HangupSignal implements Disposable {
  /** What to do at each. */
  action: () => void = () => {};
  readonly #listener = (): void => this.action();

  constructor() {
    Deno.addSignalListener("SIGHUP", this.#listener);
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGHUP", this.#listener);
  }
}
