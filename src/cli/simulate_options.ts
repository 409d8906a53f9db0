// The options of `nectarcollector simulate`, and its help: what there is to choose for a bench.

import { Command } from "commander";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sides } from "../config/sides.ts";
import { type Maker, makerNamed, makers } from "../simulate/makers.ts";
import type { UartSettings } from "../simulate/uart.ts";
import { describeSettings, parseUartSettings } from "../simulate/uart_settings.ts";
import { parseFrame } from "../source/serial/line_settings.ts";
import { list, named, numberBetween, pace, wholeNumber } from "./option_values.ts";

/** What was chosen; times are in seconds, parts in percent. */
export interface SimulateOptions {
  readonly maker?: readonly Maker[];
  readonly ports?: number;
  readonly folder: string;
  readonly link?: readonly string[];
  readonly settings?: UartSettings;
  readonly clockError?: number;
  readonly receiver?: Omit<UartSettings, "baud">;
  /** Calls a second. */
  readonly rate?: number;
  readonly noise?: number;
  readonly breakEvery?: number;
  readonly unplugEvery?: number;
  readonly unplugFor: number;
  readonly then?: readonly UartSettings[];
  readonly thenAfter: number;
  readonly seconds?: number;
  readonly records?: number;
  readonly seed?: number;
  readonly numbered?: boolean;
  readonly writeConfig?: string;
  readonly json?: boolean;
}

const day = 86_400;
const defaultFolder = join(tmpdir(), "nectarcollector-simulate");

const makerList = list(named((text) => text === "all" ? makers : makerNamed(text)));

const examples = `Examples:
  nectarcollector simulate
  nectarcollector simulate --maker mitel,norstar --write-config site.json
  nectarcollector simulate --maker all --rate back-to-back --seconds 60 --json
  nectarcollector simulate --settings "9600 8N1" --then "19200 7E1" --then-after 20
  nectarcollector simulate --maker nortel --noise 1% --unplug-every 60 --break-every 20
`;

const explanation = `
Makers, and the line settings that they have unless --settings says otherwise:
${
  makers.map(({ name, settings }) => `  ${name.padEnd(16)} ${describeSettings(settings)}`).join(
    "\n",
  )
}

A reader that sets another speed than the sender's gets what a real UART would hand it. Data bits
and parity of the reader cannot be seen on a pseudo-terminal: it is taken to read the sender's
characters whole (8N1, with the parity bit on top, where they last ten bits), unless --receiver says
what it is set to. Some 20,000 bytes wait for a reader that is late; the rest is lost, as on a real
line, and counted. Only the user who runs this, and root, can open the ports.

Exit codes: 0 ended as asked, 1 failed, 2 wrong options, 3 the folder is in use by another one`;

/** The command; `run` gets the options. */
export function simulateOptions(run: (options: SimulateOptions) => Promise<void>): Command {
  return new Command("simulate")
    .description("a PBX on pseudo-terminals, for a bench without equipment and for training")
    .addHelpText("before", examples)
    .option("-m, --maker <names>", "one port a maker, or all (default: Toshiba CTX)", makerList)
    .option("-p, --ports <n>", "how many ports; makers take turns", wholeNumber(sides.length))
    .option("-f, --folder <dir>", "where the ports are, ttySim1 and so on", defaultFolder)
    .option("-l, --link <paths>", "names of the first ports instead", list(String))
    .option(
      "-s, --settings <line>",
      'speed and frame, such as "9600 7E1"',
      named(parseUartSettings),
    )
    .option("--clock-error <percent>", "how much too fast the sender is", numberBetween(-10, 10))
    .option("--receiver <frame>", "what the reader is set to, such as 8E1", named(parseFrame))
    .option("-r, --rate <pace>", "2/s, 30/min, 100/h or back-to-back (default: 30/min)", pace)
    .option("--noise <percent>", "how many bits are flipped", numberBetween(0, 50))
    .option("--break-every <seconds>", "send breaks", numberBetween(0.1, day))
    .option("--unplug-every <seconds>", "pull the cable", numberBetween(0.1, day))
    .option("--unplug-for <seconds>", "until it is put back", numberBetween(0.1, day), 5)
    .option("--then <lines>", "settings to change to, one by one", list(named(parseUartSettings)))
    .option("--then-after <records>", "each after so many more records", wholeNumber(), 10)
    .option("--seconds <n>", "end after so many seconds (default: at Ctrl-C)", wholeNumber())
    .option("--records <n>", "end after so many records on each port", wholeNumber())
    .option("--seed <n>", "the same callers and noise as another time", wholeNumber())
    .option("--numbered", "add a number to each line, so that no two are alike")
    .option("--write-config <file>", "write a configuration that reads these ports")
    .option("--json", "print the summary as JSON, for programs")
    .addHelpText("after", explanation)
    .action(run);
}
