// What must be done so that a service that runs one configuration runs another: which ports, which
// sinks, and what takes effect only when the process is started anew. Pure.

import { isDeepStrictEqual } from "node:util";
import { channelName } from "../record.ts";
import { type Config, type EnabledPort, enabledPorts } from "./config.ts";

/** Sections that say where to deliver to. */
export const sinkSections = ["nats", "forwarder"] as const;

export type SinkSection = typeof sinkSections[number];

export interface ConfigDifference {
  /** Ports by what becomes of their channels. Others go on as they are. */
  readonly ports: {
    readonly added: readonly EnabledPort[];
    /** As they were. */
    readonly removed: readonly EnabledPort[];
    /** Their channels are to be opened anew. */
    readonly changed: readonly EnabledPort[];
    /** Only the subject of their records is another. */
    readonly readdressed: readonly EnabledPort[];
  };
  /** Their sinks are to be made anew, or to be made, or to go. */
  readonly sinks: readonly SinkSection[];
  /** The instance is called otherwise: what it tells of itself goes elsewhere. */
  readonly isRenamed: boolean;
  /** Keys, such as `logging.base_path`, that take effect at the next start of the service. */
  readonly needRestart: readonly string[];
}

const restartSections = [
  "logging",
  "journal",
  "recovery",
  "resources",
  "monitoring",
  "evidence",
  "alerts",
] as const;

/** From `before`, which runs, to `after`. */
export function differenceOf(before: Config, after: Config): ConfigDifference {
  const [was, is] = [byName(before), byName(after)];
  const kept = [...is].flatMap(([name, port]) => {
    const former = was.get(name);
    return former === undefined ? [] : [{ former, port }];
  });
  const isRenamed = !isDeepStrictEqual(before.app.instance_id, after.app.instance_id) ||
    before.app.fips_code !== after.app.fips_code;
  const sections = sinkSections.filter((section) =>
    isRenamed || !isDeepStrictEqual(sinkKeys(before, section), sinkKeys(after, section))
  );
  const isOther = ({ former, port }: typeof kept[number]): boolean =>
    !isDeepStrictEqual(channelKeys(former, before), channelKeys(port, after));
  return {
    ports: {
      added: [...is].flatMap(([name, port]) => was.has(name) ? [] : [port]),
      removed: [...was].flatMap(([name, port]) => is.has(name) ? [] : [port]),
      changed: kept.filter(isOther).map(({ port }) => port),
      readdressed: kept
        .filter((each) => !isOther(each) && !isSameAddress(each.former, each.port))
        .map(({ port }) => port),
    },
    sinks: sections,
    isRenamed,
    needRestart: restartSections.flatMap((section) =>
      differentKeys(before[section], after[section]).map((key) =>
        key === "" ? section : `${section}.${key}`
      )
    ),
  };
}

/** Nothing is to be done, now or later. */
export function isNothing({ ports, sinks, needRestart }: ConfigDifference): boolean {
  return [...Object.values(ports), sinks, needRestart].every(({ length }) => length === 0);
}

/** `after`, but for what takes effect at the next start only. */
export function runnable(before: Config, after: Config): Config {
  const { logging, journal, recovery, resources, monitoring, evidence, alerts } = before;
  return { ...after, logging, journal, recovery, resources, monitoring, evidence, alerts };
}

function byName(config: Config): Map<string, EnabledPort> {
  return new Map(
    enabledPorts(config).map((port) => {
      const id = { fips: port.fips_code, side: port.side_designation };
      return [channelName(id), port];
    }),
  );
}

/** What makes a channel what it is. */
function channelKeys(port: EnabledPort, { detection }: Config): unknown {
  const { description: _note, vendor: _vendor, county: _county, ...keys } = port;
  if (keys.type !== "serial" || keys.baud_rate !== 0) return keys;
  const { detection_timeout_sec: _unused, ...found } = detection;
  return { ...keys, detection: found };
}

function isSameAddress(a: EnabledPort, b: EnabledPort): boolean {
  return a.vendor === b.vendor && a.county === b.county;
}

/** The pauses of both sinks are those of the section `nats`. */
function sinkKeys({ nats, forwarder }: Config, section: SinkSection): unknown {
  const { max_reconnects: _unused, ...keys } = nats;
  if (section === "nats") return keys;
  return forwarder.enabled ? { ...forwarder, pause: nats.reconnect_wait_sec } : null;
}

/** Keys whose values differ; `""` when there is no section on one of the sides. */
function differentKeys(before: object | undefined, after: object | undefined): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined || after === undefined) return [""];
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => !isDeepStrictEqual(was.get(key), is.get(key)));
}
