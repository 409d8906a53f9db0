import assert from "node:assert/strict";
import { Command } from "commander";
import { detectCommand, type DetectSurroundings } from "../../src/cli/detect.ts";
import type { DetectReport } from "../../src/cli/detect_report.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { Line } from "../../src/simulate/line.ts";
import { makerNamed } from "../../src/simulate/makers.ts";
import { Pbx } from "../../src/simulate/pbx.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { Random } from "../../src/simulate/random.ts";
import { parseUartSettings, wholeReceiver } from "../../src/simulate/uart_settings.ts";
import { sample, serialPort } from "../config/sample.ts";
import { collectorCommand } from "../support/collector_process.ts";
import { CommandProcess } from "../support/command_process.ts";
import { ModemLibc } from "../support/modem_libc.ts";
import { PortHolder } from "../support/port_holder.ts";
import { PortTree } from "../support/port_tree.ts";
import { program, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";
import { RecordingTerminal } from "./recording_terminal.ts";

/** Runs `nectarcollector detect …args` in this process. */
async function detect(
  args: readonly string[],
  surroundings: DetectSurroundings = {},
  terminal = new RecordingTerminal(),
): Promise<RecordingTerminal> {
  const command = new Command("nectarcollector");
  command.addCommand(detectCommand(terminal, surroundings));
  await command.parseAsync(["detect", ...args], { from: "user" });
  return terminal;
}

/** The same, with an exchange at the other end that prints as soon as it listens. */
async function detectExchange(
  settings: string,
  args: readonly string[] = [],
  surroundings: DetectSurroundings & { readonly maker?: string } = {},
): Promise<RecordingTerminal> {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  const terminal = new RecordingTerminal();
  const ended = detect([device.path, ...args], surroundings, terminal);
  await waitFor("it to listen", () => terminal.errLines.join("\n").includes("listening to"));
  await using _exchange = exchange(device, settings, surroundings.maker);
  return await ended;
}

function exchange(device: PseudoTerminal, settings: string, maker = "Mitel SX-200"): Pbx {
  const sent = parseUartSettings(settings);
  const line = new Line({
    terminal: device,
    settings: sent,
    receiverFraming: () => wholeReceiver(sent),
    paced: true,
  });
  return Pbx.start({
    maker: makerNamed(maker),
    write: (bytes, signal) => line.send(bytes, signal),
    random: new Random(3),
    callsPerSecond: Infinity,
    graceMs: 0,
  });
}

function reportOf({ outLines }: RecordingTerminal): DetectReport {
  return JSON.parse(outLines.join("\n"));
}

Deno.test("detect finds 9600 8N1, says why, shows the records, and what to configure", async () => {
  const { outLines, errLines, exitCode } = await detectExchange("9600 8N1");
  const out = outLines.join("\n");
  assert.match(out, /^the line is 9600 8N1 \(or 8N2, 7S1\), > 99\.9 % sure\n/);
  assert.match(out, /^ {2}because {4}\d+ characters are text at 9600 8N1/m);
  assert.match(
    out,
    /"device": "\/dev\/pts\/\d+",\n {2}"baud_rate": 9600,\n {2}"data_bits": 8,\n {2}"parity": "none",\n {2}"stop_bits": 1,\n/,
  );
  const err = errLines.join("\n");
  assert.match(err, /^listening to \/dev\/pts\/\d+; nothing is recorded; Ctrl-C ends it\n/);
  assert.match(err, /found {4}\d+ characters are text at 9600 8N1/);
  assert.match(err, /record {3}-\d\d\/\d\d \d\d:\d\d \d\d:\d\d:\d\d T/);
  assert.equal(exitCode, 0);
});

Deno.test("detect --json finds 19200 7E1 and prints one object, with its steps and samples", async () => {
  const terminal = await detectExchange("19200 7E1", ["--json"]);
  const report = reportOf(terminal);
  assert.equal(report.version, 1);
  assert.equal(report.verdict, "found");
  assert.deepEqual(report.settings, {
    baud_rate: 19_200,
    data_bits: 7,
    parity: "even",
    stop_bits: 1,
  });
  assert.deepEqual(report.alike, ["7E2"]);
  assert.equal(report.likeliest[0]?.settings, "19200 7E1 (or 7E2)");
  assert.ok(report.steps.some(({ kind }) => kind === "try"), "it began at 9600");
  assert.equal(report.steps.at(-1)?.kind, "accept");
  assert.ok(report.records >= 3 && report.read.good > 100 && report.read.unreadable > 0);
  assert.match(report.samples.at(-1)?.text ?? "", /^-\d\d\/\d\d /);
  assert.equal(terminal.exitCode, 0);
});

Deno.test("detect --settings says that the line is so, or what it looks like instead", async () => {
  const right = await detectExchange("9600 7N2", ["--settings", "9600 7N2"]);
  assert.match(right.outLines.join("\n"), /^the line is as set: .*\n(.*\n)*.*"stop_bits": 2,/);
  assert.equal(right.exitCode, 0);
  const wrong = await detectExchange("9600 7E1", ["--settings", "9600 8N1", "--json"]);
  const { verdict, conclusion, settings, judged } = reportOf(wrong);
  assert.deepEqual([verdict, settings, judged], ["mismatch", null, "9600 8N1"]);
  assert.equal(conclusion, "set to 9600 8N1, the line looks like 9600 7E1 (or 7E2)");
  assert.equal(wrong.exitCode, 1);
});

Deno.test("detect of traffic that is no text says that it fits nothing, and what was tried", async () => {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  const terminal = new RecordingTerminal();
  // Each time that it looks, five seconds seem to have gone by, so that it says how things stand.
  const clock = { ...systemClock, monotonicMs: () => 20 * systemClock.monotonicMs() };
  const ended = detect([device.path, "--baud-rates", "4800,9600"], { clock }, terminal);
  await waitFor("it to listen", () => terminal.errLines.length > 0);
  const random = new Random(5);
  const noise = Uint8Array.from({ length: 3000 }, () => random.integer(0, 255));
  await new Line({ terminal: device, settings: parseUartSettings("9600 8N1") }).send(noise);
  await waitFor("much to be read", () => /\d{4} characters/.test(terminal.errLines.at(-1) ?? ""));
  device.unplug();
  await ended;
  const out = terminal.outLines.join("\n");
  assert.match(out, /^\d+ characters in \d+ s fit no settings\n/);
  assert.match(out, /^ {2}note {7}speeds tried: 4800, 9600; others are tried with --baud-rates$/m);
  assert.doesNotMatch(out, /"device"/);
  assert.equal(terminal.exitCode, 1);
});

Deno.test("detect on a silent line says so, with modem lines as evidence, and fails", async () => {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  const openLibc = (): Libc => Object.assign(new ModemLibc(), { lineBits: 0x100 });
  const terminal = await detect([device.path, "--seconds", "1"], { openLibc });
  const out = terminal.outLines.join("\n");
  assert.match(out, /^no byte in 1 s\n/);
  assert.match(out, /^ {2}arrived {4}0 characters: /m);
  assert.match(out, /^ {2}lines {6}CTS off, DSR on, DCD off, RI off$/m);
  assert.match(out, /^ {2}note {7}DSR is on: something is plugged in and switched on; /m);
  assert.doesNotMatch(out, /likeliest|"device"/, "nothing is known");
  assert.equal(terminal.exitCode, 1);
});

Deno.test("detect leaves a port in use alone, says who has it, and how to go on", async () => {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc, baud: 300 });
  await using holder = await PortHolder.start(device.path);
  const { baud } = device.settings();
  const { errLines, outLines, exitCode } = await detect([device.path, "--json"]);
  const err = errLines.join("\n");
  assert.match(err, new RegExp(`in use by .*deno \\(pid ${holder.pid}\\)`));
  assert.match(err, /sudo systemctl stop nectarcollector/);
  const { version, verdict, problem } = JSON.parse(outLines.join("\n"));
  assert.deepEqual([version, verdict, problem.kind], [1, "port_trouble", "busy"]);
  assert.equal(device.settings().baud, baud);
  assert.equal(exitCode, 1);
});

Deno.test("detect of a device that is none, or no serial port, says what to do", async () => {
  const missing = await detect(["/dev/ttyNothing"]);
  assert.deepEqual(missing.errLines, [
    "error: open /dev/ttyNothing: no such device",
    '  → plug the adapter in, or correct "device"; ports there are: nectarcollector ports',
  ]);
  assert.deepEqual([missing.exitCode, missing.outLines], [1, []]);
  const other = await detect(["/dev/null"]);
  assert.match(other.errLines[0] ?? "", /^error: open \/dev\/null: not a serial port$/);
  assert.equal(other.exitCode, 1);
});

Deno.test("detect ends when the device goes away, with what it has found by then", async () => {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  const terminal = new RecordingTerminal();
  const ended = detect([device.path, "--seconds", "600"], {}, terminal);
  await waitFor("it to listen", () => terminal.errLines.length > 0);
  const pbx = exchange(device, "9600 8N1");
  await waitFor("the settings", () => terminal.errLines.join("\n").includes("  found "));
  device.unplug();
  await ended;
  await pbx.stop();
  assert.match(
    terminal.outLines.join("\n"),
    /^the line is 9600 8N1 .*\n {2}ended {6}the device went/,
  );
  assert.equal(terminal.exitCode, 0);
});

Deno.test("detect offers the lasting name of an adapter for the configuration", async () => {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2", device: device.path });
  const name = tree.addName("by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0", "ttyUSB0");
  const args = [tree.device("ttyUSB0"), "--seconds", "1", "--json"];
  assert.equal(reportOf(await detect(args, { root: tree.root })).config_name, name);
});

Deno.test("detect --config takes the limits from it, and warns of a port that the service reads", async () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  const file = folder.join("site.json");
  const ports = [serialPort({ device: device.path, side_designation: "B3" })];
  const detection = { baud_rates: [1200, 2400] };
  Deno.writeTextFileSync(file, JSON.stringify(sample({ ports, detection })));
  const args = ["--config", file, "--seconds", "1"];
  const { errLines, outLines } = await detect([device.path, ...args, "--json"]);
  assert.match(errLines.join("\n"), /^warning: this is port B3 of the configuration: /m);
  assert.match(errLines.join("\n"), /listening to/);
  assert.equal(JSON.parse(outLines.join("\n")).verdict, "silent");
  const found = await detectExchange("4800 8N1", [...args, "--json"]);
  assert.notEqual(reportOf(found).verdict, "found");
  assert.doesNotMatch(found.errLines.join("\n"), /warning/, "another device");
  Deno.writeTextFileSync(file, "{}");
  const broken = await detect([device.path, "--config", file]);
  assert.match(broken.errLines.join("\n"), /nothing was started/);
  assert.equal(broken.exitCode, 2);
});

Deno.test("detect refuses wrong values with exit code 2 and what is allowed", async () => {
  const refused = async (...args: string[]): Promise<string> => {
    await using process = new CommandProcess("detect", ["/dev/null", ...args]);
    const { code, err } = await process.end();
    assert.equal(code, 2, err);
    return err;
  };
  assert.match(await refused("--settings", "9600 8E2"), /tells only of these frames: 8N1, /);
  assert.match(await refused("--baud-rates", "9600,20"), /a speed from 50 to 4000000/);
  assert.match(await refused("--seconds", "soon"), /a whole number/);
});

Deno.test("detect: help begins with examples, warns, and names the exit codes", () => {
  let help = "";
  detectCommand(new RecordingTerminal())
    .configureOutput({ writeOut: (text) => help += text })
    .outputHelp();
  assert.match(help, /^Examples:\n {2}nectarcollector detect \/dev\/ttyUSB0\n/);
  assert.match(help, /What arrives meanwhile is gone\nfor the service/);
  assert.match(help, /Exit codes: 0 settings found/);
});

Deno.test("detect in a pipe: Ctrl-C ends it with its conclusion, and progress is apart from that", async () => {
  using libc = new Libc();
  using device = new PseudoTerminal({ libc });
  await using process = new CommandProcess("detect", [device.path]);
  await process.says(/^listening to/m);
  process.signal("SIGINT");
  const { code, out, err } = await process.end();
  assert.match(out, /^no byte in \d+ s\n/);
  assert.doesNotMatch(out, /listening/);
  assert.ok(!(out + err).includes("\x1b"));
  assert.equal(code, 1);
});

requires(program("script")).test(
  "detect on a terminal: how things stand is written anew in its place, and Ctrl-C ends it",
  async () => {
    using libc = new Libc();
    using device = new PseudoTerminal({ libc });
    const command = [...collectorCommand(), "detect", device.path].join(" ");
    const child = new Deno.Command("script", {
      args: ["-qec", `stty cols 80; exec ${command}`, "/dev/null"],
      env: { NO_COLOR: "", TERM: "xterm" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    let seen = "";
    const reading = (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) seen += text;
    })();
    await waitFor("lines written anew", () => seen.includes("\x1b[4A\x1b[J"));
    const keyboard = child.stdin.getWriter();
    await keyboard.write(Uint8Array.of(3));
    await keyboard.close();
    const { code } = await child.status;
    await reading;
    assert.match(seen, /no byte in \d+ s/);
    assert.equal(code, 1);
  },
);
