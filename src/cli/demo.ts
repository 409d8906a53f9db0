// `nectarcollector demo`: the whole thing on one machine, without hardware and without configuration.
// A simulated exchange prints calls on four pseudo-terminals, the collector captures them as it
// would from real ports, and at the end the books are compared.

import { Command } from "commander";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { mkdtempSync } from "node:fs";
import { Collector } from "../collector.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { Libc } from "../platform/libc.ts";
import { errorText, type Notice } from "../platform/notice.ts";
import { makerNamed } from "../simulate/makers.ts";
import { NatsServer } from "../simulate/nats_server.ts";
import { ProgramMissing } from "../simulate/debian_program.ts";
import { findNatsServer } from "../simulate/nats_server_program.ts";
import { Pbx } from "../simulate/pbx.ts";
import { PseudoTerminal } from "../simulate/pseudo_terminal.ts";
import { Random } from "../simulate/random.ts";
import { auditStream } from "./demo_audit.ts";
import { demoConfig, demoStream } from "./demo_config.ts";
import { DemoScreen } from "./demo_screen.ts";
import { LiveLines } from "./live_lines.ts";
import { wholeNumber } from "./option_values.ts";
import { StopSignal } from "./stop_signal.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

const makers = ["Toshiba CTX", "Mitel SX-200", "Norstar/BCM", "ALI to CAD"];
const callsPerSecond = 1.5;
const screenMs = 250;

/** How long the last records may take to get through at the end. */
const settleMs = 10_000;

export function demoCommand(terminal: Terminal): Command {
  return new Command("demo")
    .description("show it at work: four simulated ports, journals, NATS; needs no configuration")
    .option("-s, --seconds <n>", "end after so many seconds (default: at Ctrl-C)", wholeNumber())
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing lost and nothing twice, 1 otherwise, 2 wrong options",
    )
    .action(async ({ seconds }: { seconds?: number }) => {
      terminal.exit(await demo(terminal, seconds ?? Infinity));
    });
}

async function demo(terminal: Terminal, seconds: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "nectarcollector-demo-"));
  terminal.out(`journals and state are in ${folder}`);
  await using resources = new AsyncDisposableStack();
  const libc = resources.use(new Libc());
  const server = await startServer(folder, terminal);
  if (server !== null) resources.use(server);
  const lines = makers.map((name, i) => {
    const device = new PseudoTerminal({ libc, link: join(folder, `ttyDemo${i + 1}`) });
    resources.use(device);
    return { maker: makerNamed(name), device };
  });
  const devices = lines.map(({ device }) => device.link ?? device.path);
  const screen = new DemoScreen({
    lines: new LiveLines({
      print: (line) => terminal.out(line),
      live: terminal.outInColor,
      clock: systemClock,
    }),
    captions: makers,
  });
  const collector = await Collector.start({
    config: demoConfig({ folder, devices, makers, server: server?.url ?? null }),
    deliver: server !== null,
    libc,
    disk: systemDisk,
    clock: systemClock,
    boot: "demo",
    lastingPrefix: `${folder}/caught-`,
    tailFolder: `${folder}/tail`,
    report: (notice) => tellProblems(notice, screen),
  });
  resources.defer(() => collector.stop());
  const following = new AbortController();
  for (const journal of collector.journals) {
    screen.follow(journal, following.signal).catch((error) => {
      screen.note(`follow ${journal.name}: ${errorText(error)}`);
    });
  }
  const exchanges = lines.map(({ maker, device }, i) =>
    Pbx.start({
      maker,
      write: (bytes, signal) => device.write(bytes, signal),
      random: new Random(Date.now() + i),
      callsPerSecond,
    })
  );
  const redraw = setInterval(() => screen.draw(collector.status), screenMs);
  await untilTold(seconds);
  await Promise.all(exchanges.map((exchange) => exchange.stop()));
  const sent = exchanges.reduce((sum, exchange) => sum + exchange.sent.lines, 0);
  const journaled = (): number =>
    collector.journals.reduce((sum, { syncedSequence }) => sum + syncedSequence, 0);
  const delivered = (): number => collector.status.sinks[0]?.delivered ?? 0;
  await settled(() => journaled() >= sent && (server === null || delivered() >= sent));
  clearInterval(redraw);
  following.abort();
  screen.draw(collector.status);
  screen.close();
  const stream = server === null ? null : await auditStream(server.url, demoStream);
  return summarize(terminal, { folder, sent, journaled: journaled(), stream });
}

async function startServer(folder: string, terminal: Terminal): Promise<NatsServer | null> {
  try {
    const program = await findNatsServer({ report: (message) => terminal.out(message) });
    const server = await NatsServer.start({ program, storeFolder: join(folder, "nats") });
    terminal.out(`nats-server listens on ${server.url}`);
    return server;
  } catch (error) {
    const why = errorText(error);
    terminal.out(`no nats-server: records are kept in the journals only. ${why}`);
    if (!(error instanceof ProgramMissing)) {
      terminal.out("to try one of your own: NATS_SERVER=/path/to/nats-server");
    }
    return null;
  }
}

function tellProblems({ level, message }: Notice, screen: DemoScreen): void {
  if (level === "warning" || level === "error") screen.note(message);
}

/** Resolves after the time, or at Ctrl-C. A second one ends the program as it is. */
async function untilTold(seconds: number): Promise<void> {
  using told = new StopSignal();
  await told.within(seconds * 1000);
}

async function settled(done: () => boolean): Promise<void> {
  const endMs = systemClock.monotonicMs() + settleMs;
  while (!done() && systemClock.monotonicMs() < endMs) await systemClock.delay(50);
}

function summarize(
  terminal: Terminal,
  books: {
    readonly folder: string;
    readonly sent: number;
    readonly journaled: number;
    /** `null` without a nats-server. */
    readonly stream: { readonly messages: number; readonly records: number } | null;
  },
): number {
  const { folder, sent, journaled, stream } = books;
  const arrived = stream?.records ?? journaled;
  const lost = sent - Math.min(arrived, journaled);
  const duplicates = stream === null ? 0 : stream.messages - stream.records;
  terminal.out("");
  terminal.out(`sent        ${sent}`);
  terminal.out(`journaled   ${journaled}`);
  terminal.out(`delivered   ${stream === null ? "0 (no nats-server)" : stream.records}`);
  terminal.out(`lost        ${lost}`);
  terminal.out(`duplicates  ${duplicates}`);
  terminal.out(`the records are in ${join(folder, "log")}`);
  return lost === 0 && duplicates === 0 ? exitCodes.ok : exitCodes.failed;
}
