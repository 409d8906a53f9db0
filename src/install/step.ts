// One thing that installing has to see to. It can be looked at without changing anything, done, and
// taken back.

export interface Step {
  /** What is so afterwards: `the user nectarcollector`. */
  readonly goal: string;
  /** What has to be done for it, a line a change; none where it is so already. */
  look(): readonly string[] | Promise<readonly string[]>;
  /** @throws {StepFailed} */
  apply(): void | Promise<void>;
  /** Takes back what `apply` did, also when that failed half-way. @throws {StepFailed} */
  undo(): void | Promise<void>;
}

/** Why a step cannot be done: `message` is action: value, `hint` the exact fix. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";

  constructor(message: string, readonly hint: string, options?: ErrorOptions) {
    super(message, options);
  }
}
