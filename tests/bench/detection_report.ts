// How well a line's settings are found, and on how much traffic: all framings at all speeds, clocks
// up to 2 % off, calls of all makers, half of the lines without any pause, heard from the middle of
// a character. On the same windows what the original service did. Bytes are those that the sender
// sent until the settings were accepted.
//
//   WINDOWS=20000 SEED=1 MIN_BYTES=50 MAX_BYTES=3000 LATENCY_MS=0 deno task bench:detection

import {
  drawTraffic,
  runWindow,
  sentBaudRates,
  sentFramings,
  type Traffic,
} from "../support/detection_windows.ts";
import { DetectorMethod, isRight, RatioMethod } from "../support/detection_methods.ts";

/** The original's defaults: these speeds in this order, two seconds for each. */
const ratioRates = [9600, 19_200, 4800, 38_400, 115_200, 57_600, 2400, 1200, 300];
const ratioTimeoutUs = 2_000_000;

interface Outcome {
  readonly traffic: Traffic;
  readonly verdict: "right" | "wrong" | "none";
  readonly bytes: number;
  readonly seconds: number;
  /** Settings of the receiver that were tried. */
  readonly tries: number;
}

const count = setting("WINDOWS", 20_000);
const seed = setting("SEED", Math.floor(Math.random() * 2 ** 31));
const minBytes = setting("MIN_BYTES", 50);
const maxBytes = setting("MAX_BYTES", 3000);
const latencyUs = setting("LATENCY_MS", 0) * 1000;

console.log(
  `${count} windows of at most ${maxBytes} bytes, seed ${seed}, at least ${minBytes} bytes, ` +
    `${latencyUs / 1000} ms for a change of the receiver`,
);
const startMs = performance.now();
const traffics = Array.from({ length: count }, (_, number) => drawTraffic(number, seed));
const detected = traffics.map(detect);
const detectedMs = performance.now();
print("Detector", detected);
const guessed = traffics.map(guess);
print("80 % printable (right: the speed; it does not look for the framing)", guessed);
console.log(
  `${Math.round((detectedMs - startMs) / 1000)} s and ` +
    `${Math.round((performance.now() - detectedMs) / 1000)} s of computing`,
);
for (const { traffic } of detected.filter(({ verdict }) => verdict === "wrong").slice(0, 10)) {
  console.log(`wrong: ${JSON.stringify(traffic)}`);
}

function detect(traffic: Traffic): Outcome {
  const method = new DetectorMethod({ baudRates: sentBaudRates, minBytes });
  const { sentBytes, seconds } = runWindow({ traffic, method, maxBytes, latencyUs });
  const { accepted } = method;
  const verdict = accepted === null ? "none" : isRight(accepted, traffic) ? "right" : "wrong";
  return { traffic, verdict, bytes: sentBytes, seconds, tries: method.listened.length };
}

function guess(traffic: Traffic): Outcome {
  const method = new RatioMethod({ baudRates: ratioRates, minBytes, timeoutUs: ratioTimeoutUs });
  const { sentBytes, seconds } = runWindow({ traffic, method, maxBytes, latencyUs });
  const { accepted } = method;
  const verdict = accepted === null ? "none" : accepted === traffic.baud ? "right" : "wrong";
  return { traffic, verdict, bytes: sentBytes, seconds, tries: method.tries };
}

function print(title: string, outcomes: readonly Outcome[]): void {
  console.log(`\n${title}`);
  console.log(
    "line       windows   right   wrong    none   bytes: median  99 %   s: median   99 %   tries",
  );
  for (const framing of Object.keys(sentFramings)) {
    printRow(framing, outcomes.filter(({ traffic }) => traffic.framing === framing));
  }
  for (const baud of sentBaudRates) {
    printRow(`${baud} baud`, outcomes.filter(({ traffic }) => traffic.baud === baud));
  }
  printRow("with pauses", outcomes.filter(({ traffic }) => traffic.hasPauses));
  printRow("no pauses", outcomes.filter(({ traffic }) => !traffic.hasPauses));
  printRow("all", outcomes);
}

function printRow(name: string, outcomes: readonly Outcome[]): void {
  const share = (verdict: Outcome["verdict"]): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  const right = outcomes.filter(({ verdict }) => verdict === "right");
  const bytes = right.map((outcome) => outcome.bytes).sort((a, b) => a - b);
  const seconds = right.map((outcome) => outcome.seconds).sort((a, b) => a - b);
  const tries = outcomes.reduce((sum, outcome) => sum + outcome.tries, 0) / outcomes.length;
  console.log(
    name.padEnd(12) + cell(outcomes.length, 6) + cell(share("right"), 8) +
      cell(share("wrong"), 8) + cell(share("none"), 8) + cell(quantile(bytes, 0.5), 16) +
      cell(quantile(bytes, 0.99), 6) + cell(quantile(seconds, 0.5).toFixed(2), 12) +
      cell(quantile(seconds, 0.99).toFixed(1), 7) + cell(tries.toFixed(1), 8),
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function cell(value: number | string, width: number): string {
  return `${value}`.padStart(width);
}

function setting(name: string, fallback: number): number {
  return Number(Deno.env.get(name) ?? fallback);
}
