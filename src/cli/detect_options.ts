// The options of `nectarcollector detect`, and its help.

import { Command } from "commander";
import { framings, isFramed, type ReceiverSettings } from "../source/serial/framing.ts";
import { parseSettings, parseSpeed } from "../source/serial/line_settings.ts";
import { configOption } from "./config_option.ts";
import { list, named, wholeNumber } from "./option_values.ts";

/** What was chosen. */
export interface DetectOptions {
  readonly seconds?: number;
  readonly baudRates?: readonly number[];
  /** To be judged. */
  readonly settings?: ReceiverSettings;
  readonly json?: boolean;
}

const examples = `Examples:
  nectarcollector detect /dev/ttyUSB0
  nectarcollector detect /dev/ttyS0 --seconds 60
  nectarcollector detect /dev/ttyS0 --settings "9600 7E1"
  nectarcollector detect /dev/ttyUSB0 --baud-rates 1200,31250
  nectarcollector detect /dev/ttyUSB0 --seconds 120 --json 2>progress.txt
`;

const explanation = `
It opens the port as the service does, locks it, raises DTR and RTS, and listens; it sends nothing
and records nothing. A port that any program has open it leaves alone. What arrives meanwhile is gone
for the service: where no record may be missed, run it before the service is set up.

It ends a few records after the settings are found (or found to differ from --settings), at Ctrl-C,
or after --seconds, and then says what it has concluded. Progress goes to standard error, the
conclusion to standard output.

Exit codes: 0 settings found, or the line is as --settings says; 1 not found, not so, or trouble with
            the port; 2 wrong options, or the configuration has problems`;

/** The command; `run` gets the device, the options, and the command for what it shares. */
export function detectOptions(
  run: (device: string, options: DetectOptions, command: Command) => Promise<void>,
): Command {
  return new Command("detect")
    .description("listen to a serial port: its line settings, and why; records nothing")
    .argument("<device>", "the port, such as /dev/ttyUSB0; nectarcollector ports lists them")
    .addHelpText("before", examples)
    .option("--seconds <n>", "listen for so long, whatever is found", wholeNumber())
    .option(
      "--baud-rates <list>",
      "speeds to look for (default: the usual nine)",
      list(named(parseSpeed)),
    )
    .option("--settings <line>", 'only judge these, such as "9600 7E1"', named(parseJudged))
    .addOption(configOption("take speeds to look for, and bytes needed, from this configuration"))
    .option("--json", "print the conclusion as JSON, for programs")
    .addHelpText("after", explanation)
    .action(run);
}

/** @throws {RangeError} that says what is allowed. */
function parseJudged(text: string): ReceiverSettings {
  const settings = parseSettings(text);
  if (framings.some((framing) => isFramed(framing, settings))) return settings;
  const names = new Set(framings.flatMap(({ name, alike }) => [name, ...alike]));
  throw new RangeError(`what arrives tells only of these frames: ${[...names].join(", ")}`);
}
