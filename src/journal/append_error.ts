// What a journal throws when it can take nothing.

/** An append that disk and memory refused; the journal is as it was before. */
export class AppendError extends Error {
  override readonly name = "AppendError";
}
