// `nectarcollector detect DEVICE`: what a technician who stands at a cable wants to know: what comes
// over it, how the port must be set, and why this is believed. Records nothing.

import type { Command } from "commander";
import { resolve } from "node:path";
import { type Config, enabledPorts } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { defaultDetection } from "../config/schema.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { Libc } from "../platform/libc.ts";
import { describeReceiver } from "../source/serial/detection_words.ts";
import { visible } from "../source/serial/device_holder.ts";
import { LineListener, type LineListenerOptions } from "../source/serial/line_listener.ts";
import type { ModemLines } from "../source/serial/modem_lines.ts";
import { openProblem } from "../source/serial/open_problem.ts";
import { configNameOf } from "../source/serial/port_list.ts";
import { SerialLine } from "../source/serial/serial_line.ts";
import type { SourceProblem } from "../source/source.ts";
import { printProblems } from "./check.ts";
import { namedConfig } from "./config_option.ts";
import { counted } from "./counted.ts";
import { type DetectOptions, detectOptions } from "./detect_options.ts";
import {
  detectLines,
  type DetectReport,
  type DetectTrouble,
  reportSurvey,
} from "./detect_report.ts";
import { DetectScreen } from "./detect_screen.ts";
import { listenTo } from "./detect_session.ts";
import { LineSurvey } from "./line_survey.ts";
import { LiveLines } from "./live_lines.ts";
import { StopSignal } from "./stop_signal.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

export interface DetectSurroundings {
  /** Where /sys and /dev are looked for, for the port's lasting name. @default {""} */
  readonly root?: string;
  /** @default {the C library} */
  readonly openLibc?: () => Libc;
  readonly clock?: Clock;
}

/** Builds the command. */
export function detectCommand(terminal: Terminal, surroundings: DetectSurroundings = {}): Command {
  return detectOptions(async (device, options, command) => {
    const file = namedConfig(command);
    const loaded = file === undefined ? null : await loadConfig(file);
    if (file !== undefined && loaded?.ok === false) {
      printProblems(loaded.problems, file, terminal);
      return terminal.exit(exitCodes.badConfig);
    }
    const config = loaded?.ok === true ? loaded.config : null;
    terminal.exit(await detect(device, { options, config, terminal, surroundings }));
  });
}

async function detect(device: string, context: {
  readonly options: DetectOptions;
  readonly config: Config | null;
  readonly terminal: Terminal;
  readonly surroundings: DetectSurroundings;
}): Promise<number> {
  const { options, config, terminal } = context;
  const { root, openLibc = () => new Libc(), clock = systemClock } = context.surroundings;
  const detection = config?.detection ?? defaultDetection();
  const { settings, baudRates = detection.baud_rates, seconds, json = false } = options;
  using libc = openLibc();
  const line = new SerialLine({
    baudRates,
    minBytes: detection.min_bytes_for_valid,
    ...settings && { fixed: { baudRate: settings.baudRate, frame: settings } },
  });
  const opened = await open({ libc, clock, device, line });
  if (!(opened instanceof LineListener)) {
    tellTrouble(device, opened, { terminal, json });
    return exitCodes.failed;
  }
  using listener = opened;
  using told = new StopSignal(["SIGHUP"]);
  terminal.err(`listening to ${device}; nothing is recorded; Ctrl-C ends it`);
  for (const side of sidesOf(device, config, libc)) {
    terminal.err(
      `warning: this is port ${side} of the configuration: what arrives now is not recorded`,
    );
  }
  if (listener.waitedBytes > 0) {
    const waited = counted(listener.waitedBytes, "byte");
    terminal.err(`${waited} had waited, received at other settings: not looked at`);
  }
  const survey = new LineSurvey({ line, isSet: settings !== undefined, clock });
  const report = (isGone: boolean, signals: ModemLines): DetectReport =>
    reportSurvey(survey, {
      device,
      configName: configNameOf(libc, resolve(device), root),
      isGone,
      signals,
      asked: settings === undefined ? null : describeReceiver(settings),
      baudRates,
    });
  const isLive = terminal.errInColor;
  const lines = new LiveLines({ print: (text) => terminal.err(text), live: isLive, clock });
  const { isGone, signals } = await listenTo({
    libc,
    clock,
    listener,
    device,
    survey,
    screen: new DetectScreen({ lines, isLive, survey }),
    told,
    seconds,
    adviceOnSilence: (signals) => report(false, signals).advice,
  });
  const found = report(isGone, signals);
  if (json) terminal.out(JSON.stringify(found, null, 2));
  else for (const text of detectLines(found, terminal.outInColor)) terminal.out(text);
  return found.settings === null ? exitCodes.failed : exitCodes.ok;
}

async function open(options: LineListenerOptions): Promise<LineListener | SourceProblem> {
  try {
    return await LineListener.open(options);
  } catch (error) {
    return openProblem(options.libc, options.device, error);
  }
}

/** Sides of the configured ports that are this device. */
function sidesOf(device: string, config: Config | null, libc: Libc): string[] {
  const target = visible(() => libc.realPath(device));
  return (config === null ? [] : enabledPorts(config)).filter((port) =>
    port.type === "serial" && visible(() => libc.realPath(port.device)) === target
  ).map(({ side_designation }) => side_designation);
}

function tellTrouble(device: string, problem: SourceProblem, { terminal, json }: {
  readonly terminal: Terminal;
  readonly json: boolean;
}): void {
  terminal.err(`error: ${problem.message}`);
  terminal.err(`  → ${problem.hint}`);
  if (problem.kind === "busy") {
    terminal.err(
      "  → if it is the service: its log says what it reads: systemctl status nectarcollector",
    );
    terminal.err("  → to listen here, stop it for so long: sudo systemctl stop nectarcollector");
    terminal.err("a port in use is left alone");
  }
  const trouble: DetectTrouble = { version: 1, device, verdict: "port_trouble", problem };
  if (json) terminal.out(JSON.stringify(trouble, null, 2));
}
