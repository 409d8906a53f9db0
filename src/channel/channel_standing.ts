// How a channel stands, whatever its source brings: its state, what it has counted, whether it is
// silent. It tells of every change.

import type { AppendError } from "../journal/append_error.ts";
import type { Journal } from "../journal/journal.ts";
import type { NoticeKind } from "../platform/kinds/notice_kinds.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { SourceProblem } from "../source/source.ts";
import type { ChannelState, ChannelStatus } from "./channel_status.ts";
import type { FaultGuard } from "./fault_guard.ts";
import { ChannelTally } from "./channel_tally.ts";
import type { Silence } from "./silence.ts";

export interface StandingOptions {
  readonly journal: Journal;
  readonly source: {
    readonly name: string;
    /** Bits a second. @default {null, there are none} */
    readonly baudRate?: number | null;
  };
  /** Tells when nothing is heard for too long. @default {nobody does} */
  readonly silence?: Silence | undefined;
  readonly report: Report;
  /** That of whatever else was opened for the channel. @default {its own} */
  readonly guard?: FaultGuard;
}

export class ChannelStanding {
  readonly tally = new ChannelTally();
  readonly #options: StandingOptions;
  #state: ChannelState = "starting";
  #detail = "";
  #hasSignal = true;
  /** Before disk and memory refused. */
  #former: { readonly state: ChannelState; readonly detail: string } | null = null;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  get status(): ChannelStatus {
    const { journal, source, silence } = this.#options;
    return {
      name: journal.name,
      source: source.name,
      ...this.#stateToTell,
      isSilent: silence?.isSilent ?? false,
      ...this.tally.counts,
      baudRate: source.baudRate ?? null,
      lastSequence: journal.lastSequence,
      syncedSequence: journal.syncedSequence,
      restarts: 0,
    };
  }

  /** So many bytes were read. */
  heard(bytes: number): void {
    this.tally.read(bytes);
    this.#options.silence?.heard();
  }

  opened(detail: string): void {
    this.#open("running", detail, "source_opened");
  }

  detecting(detail: string): void {
    this.#open("detecting", detail, "source_detecting");
  }

  signal(isThere: boolean): void {
    this.#change(() => this.#hasSignal = isThere);
  }

  closed(detail: string): void {
    this.tally.closed();
    this.#enter("reconnecting", detail);
    const { name } = this.#options.source;
    this.say("warning", "source_gone", `${name}: ${detail}; waiting for it`);
  }

  unavailable({ kind, message, hint }: SourceProblem): void {
    this.#enter("reconnecting", message);
    const text = `${this.#options.journal.name}: ${message}`;
    this.#options.report({ level: "warning", kind: `source_${kind}`, message: text, hint });
  }

  /** Disk and memory take nothing, until `resumed` is called; `consequence` is what that means for the source. */
  refused(error: AppendError, consequence: string): void {
    this.#former = { state: this.#state, detail: this.#detail };
    this.#enter("failed", error.message);
    this.#options.report({
      level: "error",
      kind: "append_refused",
      message: `${error.message}; ${consequence}`,
      hint: "make room or mend the disk: df -h, dmesg; capture goes on by itself",
    });
  }

  resumed(): void {
    if (this.#former !== null) this.#enter(this.#former.state, this.#former.detail);
    this.#former = null;
    this.say("info", "append_resumed", "the disk takes records again");
  }

  /** An error that nobody expected: nothing more is done. */
  broke(error: unknown): void {
    this.#enter("failed", errorText(error));
  }

  async stop(): Promise<void> {
    await this.#options.silence?.stop();
  }

  stopped(): void {
    this.#enter("stopped");
  }

  say(level: "info" | "warning", kind: NoticeKind, message: string): void {
    const { journal, report } = this.#options;
    report({ level, kind, message: `${journal.name}: ${message}` });
  }

  get #isOpen(): boolean {
    return this.#state === "running" || this.#state === "detecting";
  }

  /** Without a signal it matters little that the port is open. */
  get #stateToTell(): Pick<ChannelStatus, "state" | "detail"> {
    return this.#isOpen && !this.#hasSignal
      ? { state: "no_signal", detail: "the cable is pulled, or the equipment is off" }
      : { state: this.#state, detail: this.#detail };
  }

  #open(state: ChannelState, detail: string, kind: NoticeKind): void {
    const { source, journal, report } = this.#options;
    const isBack = this.tally.opened();
    this.#enter(state, detail);
    if (!isBack) return this.say("info", kind, `${source.name} open, ${detail}`);
    const message = `${journal.name}: ${source.name} open again, ${detail}`;
    const { reconnects } = this.tally.counts;
    report({ level: "info", kind: "reconnect", message, details: { reconnects } });
  }

  #enter(state: ChannelState, detail = ""): void {
    this.#change(() => {
      this.#state = state;
      this.#detail = detail;
    });
  }

  /** Tells when the state is another one afterwards. */
  #change(action: () => void): void {
    const { state: from } = this.#stateToTell;
    action();
    this.#options.silence?.listen(this.#isOpen && this.#hasSignal);
    const { state: to } = this.#stateToTell;
    if (from === to) return;
    const message = `${this.#options.journal.name}: it is ${to}, was ${from}`;
    this.#options.report({ level: "info", kind: "state_change", message, details: { from, to } });
  }
}
