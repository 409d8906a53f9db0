// Every network row of the fault matrix, as often as it aims at: what was run, how often, what came of
// it, as a table. `PERCENT=10` runs a tenth of it, `ROWS=26,32` only these rows. Whatever fails is
// printed whole below the table, with its seed.

interface Fault {
  readonly row: number;
  readonly what: string;
  /** Below `tests/`. */
  readonly file: string;
  /** Part of the names of its tests; all of the file without it. */
  readonly filter?: string;
  /** How often each test is run. */
  readonly rounds: number;
  /** Faults of one run. */
  readonly each?: number;
}

const network = "delivery/sink_network_test.ts";
const outage = "delivery/sink_outage_test.ts";
const scenario = "scenarios/network_faults_test.ts";
const refusal = "delivery/sink_refusal_test.ts";

const faults: readonly Fault[] = [
  { row: 19, what: "server killed", file: outage, filter: "killed again", rounds: 200, each: 5 },
  {
    row: 20,
    what: "server frozen, full window",
    file: outage,
    filter: "server frozen",
    rounds: 150,
  },
  { row: 20, what: "the same, 20,000 behind", file: scenario, filter: "is frozen", rounds: 50 },
  { row: 21, what: "server's power cut", file: "scenarios/server_power_cut_test.ts", rounds: 100 },
  { row: 22, what: "stream lost", file: "delivery/sink_stream_loss_test.ts", rounds: 50 },
  { row: 22, what: "purged", file: "delivery/sink_memory_test.ts", filter: "purged", rounds: 50 },
  { row: 23, what: "full, then raised", file: refusal, filter: "full holds", rounds: 50 },
  { row: 23, what: "full, emptied", file: refusal, filter: "emptied", rounds: 50, each: 3 },
  { row: 24, what: "discard old", file: "delivery/sink_discard_old_test.ts", rounds: 20 },
  { row: 25, what: "server's disk full", file: "delivery/sink_server_disk_test.ts", rounds: 50 },
  {
    row: 26,
    what: "outage > duplicate window",
    file: "delivery/sink_duplicate_window_test.ts",
    rounds: 300,
  },
  { row: 27, what: "acknowledgements lost", file: network, filter: "are lost are", rounds: 900 },
  { row: 27, what: "the same, 20,000 behind", file: scenario, filter: "are lost", rounds: 100 },
  { row: 28, what: "cut in a frame", file: network, filter: "cut in the", rounds: 32, each: 32 },
  { row: 28, what: "bytes damaged", file: network, filter: "damaged", rounds: 50, each: 6 },
  { row: 28, what: "4 KB/s", file: network, filter: "narrow", rounds: 20 },
  { row: 28, what: "60 ms more", file: network, filter: "answers late", rounds: 20 },
  { row: 29, what: "black hole, idle", file: network, filter: "falls silent", rounds: 30 },
  { row: 29, what: "black hole, 20,000 behind", file: scenario, filter: "black hole", rounds: 20 },
  { row: 29, what: "link down", file: network, filter: "link that is down", rounds: 20 },
  { row: 29, what: "link down, 20,000 behind", file: scenario, filter: "link is down", rounds: 10 },
  { row: 29, what: "refused", file: network, filter: "refused", rounds: 20 },
  { row: 30, what: "credentials rejected", file: "delivery/sink_credentials_test.ts", rounds: 50 },
  { row: 30, what: "credentials changed", file: "delivery/identity_test.ts", rounds: 25 },
  { row: 30, what: "credentials expired", file: "delivery/identity_expiry_test.ts", rounds: 25 },
  { row: 31, what: "TLS", file: "delivery/identity_tls_test.ts", rounds: 30 },
  {
    row: 32,
    what: "max_payload lowered",
    file: "delivery/sink_payload_limit_test.ts",
    rounds: 50,
  },
  { row: 33, what: "greets and closes", file: outage, filter: "no NATS server", rounds: 20 },
  { row: 33, what: "rude peers", file: "delivery/dial_test.ts", filter: "no NATS", rounds: 20 },
];

interface Outcome {
  readonly tests: number;
  readonly text: string;
  /** All that was printed, where something failed. */
  readonly failure: string | null;
}

async function run({ file, filter }: Fault, rounds: number): Promise<Outcome> {
  const root = new URL("..", import.meta.url).pathname;
  const chosen = filter === undefined ? [] : ["--filter", filter];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", ...chosen, `${root}${file}`],
    env: { ROUNDS: `${rounds}`, NO_COLOR: "1" },
  }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const tests = Number(/\| (\d+) passed/.exec(printed)?.[1] ?? 0);
  const figures = printed.split("\n").filter((line) => /^\d+ [a-z].*: \d/.test(line));
  if (!success || tests === 0) return { tests, text: "**failed**", failure: printed };
  return { tests, text: ["all well", ...figures].join("; "), failure: null };
}

const percent = Number(Deno.env.get("PERCENT") ?? 100);
const rows = Deno.env.get("ROWS")?.split(",").map(Number);
const failures: string[] = [];
console.log("| row | fault | tests | runs of each | faults | outcome | minutes |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const fault of faults) {
  if (rows !== undefined && !rows.includes(fault.row)) continue;
  const rounds = Math.ceil(fault.rounds * percent / 100);
  const startMs = performance.now();
  const { tests, text, failure } = await run(fault, rounds);
  if (failure !== null) failures.push(failure);
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  const count = tests * rounds * (fault.each ?? 1);
  const cells = [fault.row, fault.what, tests, rounds, count, text, minutes];
  console.log(`| ${cells.join(" | ")} |`);
}
for (const failure of failures) console.log(`\n${failure}`);
if (failures.length > 0) Deno.exit(1);
