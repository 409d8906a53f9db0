// How a running service goes over to what its file says now. A file that does not check changes
// nothing: it is refused whole, and that is told until one is taken.

import type { Collector } from "../collector.ts";
import type { ConfigDifference } from "../config/difference.ts";
import { isNothing } from "../config/difference.ts";
import { loadConfig } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import type { EnabledPort } from "../config/config.ts";
import { channelName } from "../record.ts";

/** What came of it, as `reload --json` prints it. */
export type ReloadAnswer =
  | { readonly taken: false; readonly file: string; readonly problems: readonly Problem[] }
  | {
    readonly taken: true;
    readonly file: string;
    /** Names of channels: those that are new, are no more, were opened anew, or have another subject. */
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly reopened: readonly string[];
    readonly readdressed: readonly string[];
    /** Sections whose sinks were made anew. */
    readonly sinks: readonly string[];
    /** Keys that take effect at the next start of the service. */
    readonly need_restart: readonly string[];
  };

export class Reloading {
  readonly #file: string;
  readonly #collector: Collector;

  constructor(file: string, collector: Collector) {
    this.#file = file;
    this.#collector = collector;
  }

  /** @throws {Error} when the service is stopping */
  async reload(): Promise<ReloadAnswer> {
    const file = this.#file;
    const loaded = await loadConfig(file);
    if (!loaded.ok) return this.#refuse(loaded.problems);
    const difference = await this.#collector.reload(loaded.config);
    this.#collector.setCondition("reload", null);
    const answer = answerOf(file, difference);
    this.#collector.report({
      level: "info",
      kind: "config_reloaded",
      message: `${file}: ${isNothing(difference) ? "nothing has changed" : sentence(answer)}`,
      ...difference.needRestart.length === 0 ? {} : { hint: restartHint },
      details: { needRestart: difference.needRestart.join(", ") },
    });
    return answer;
  }

  #refuse(problems: readonly Problem[]): ReloadAnswer {
    const file = this.#file;
    const texts = problems.map(({ line, column, message }) =>
      line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`
    );
    const message = `the configuration is not taken, and nothing has changed: ${texts.join("; ")}`;
    this.#collector.setCondition("reload", message);
    this.#collector.report({
      level: "error",
      kind: "config_refused",
      message,
      hint: "nectarcollector check shows the place; mend it, and reload again",
      details: { problems: problems.length },
    });
    return { taken: false, file, problems };
  }
}

export const restartHint = "restart the service for it: systemctl restart nectarcollector";

/** What was done, a line each. */
export function reloadLines(answer: Extract<ReloadAnswer, { taken: true }>): string[] {
  const { added, removed, reopened, readdressed, sinks, need_restart: keys } = answer;
  const line = (names: readonly string[], what: string): string[] =>
    names.length === 0 ? [] : [`${names.join(", ")}: ${what}`];
  return [
    ...line(reopened, "opened anew"),
    ...line(added, "added"),
    ...line(removed, "removed"),
    ...line(readdressed, "records have another subject"),
    ...line(sinks, "delivery begun anew"),
    ...line(keys, "not before the next start of the service"),
  ];
}

function sentence(answer: ReloadAnswer): string {
  return answer.taken ? reloadLines(answer).join("; ") : "";
}

function answerOf(
  file: string,
  { ports, sinks, needRestart }: ConfigDifference,
): ReloadAnswer {
  const names = (all: readonly EnabledPort[]): string[] =>
    all.map((port) => channelName({ fips: port.fips_code, side: port.side_designation }));
  return {
    taken: true,
    file,
    added: names(ports.added),
    removed: names(ports.removed),
    reopened: names(ports.changed),
    readdressed: names(ports.readdressed),
    sinks,
    need_restart: needRestart,
  };
}
