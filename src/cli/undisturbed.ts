// What keeps an installation whole while it changes things: whoever loses the terminal ends nothing,
// and whoever ends it gets back what was there.

import { HangupSignal } from "./hangup_signal.ts";
import { StopSignal } from "./stop_signal.ts";

/** Does the work, which is to end soon after `stop`. */
export async function undisturbed<Result>(
  work: (stop: AbortSignal) => Promise<Result>,
): Promise<Result> {
  using stop = new StopSignal();
  using _lostTerminal = new HangupSignal();
  return await work(stop.signal);
}
