import assert from "node:assert/strict";
import { assertProblem, configOf, problemsOf, sample, serialPort } from "./sample.ts";

Deno.test("a file with nothing but a port gets every default", () => {
  const { ports, ...rest } = configOf(sample());
  assert.deepEqual(rest, {
    app: { name: "NectarCollector", instance_id: "default" },
    detection: {
      baud_rates: [9600, 19200, 4800, 38400, 115200, 57600, 2400, 1200, 300],
      detection_timeout_sec: 2,
      min_bytes_for_valid: 50,
    },
    nats: {
      url: ["nats://localhost:4222"],
      subject_prefix: "serial",
      max_reconnects: 10,
      reconnect_wait_sec: 5,
      manage_streams: true,
    },
    logging: {
      base_path: "/var/log/nectarcollector",
      max_size_mb: 50,
      max_backups: 10,
      compress: false,
      level: "info",
    },
    journal: { state_path: "/var/lib/nectarcollector", sync: 250, memory_tail_mb: 24 },
    resources: { memory_mb: 256 },
    monitoring: { port: 8080 },
    recovery: { reconnect_delay_sec: 1, max_reconnect_delay_sec: 60, exponential_backoff: true },
    forwarder: { enabled: false, manage_streams: true },
  });
  assert.deepEqual(ports, [{
    type: "serial",
    device: "/dev/ttyS1",
    enabled: true,
    side_designation: "A1",
    fips_code: "1429010002",
    baud_rate: 0,
    data_bits: 8,
    parity: "none",
    stop_bits: 1,
    framing: { mode: "line" },
    idle_flush_ms: 5000,
  }]);
});

Deno.test("an absent `enabled` means disabled", () => {
  const config = configOf(sample({ ports: [serialPort(), { device: "/dev/ttyS2" }] }));
  assert.equal(config.ports[1]?.enabled, false);
});

Deno.test("an empty list of speeds is the default list", () => {
  assert.equal(configOf(sample({ detection: { baud_rates: [] } })).detection.baud_rates.length, 9);
});

Deno.test("0 stands for the default, and for absent where there is none", () => {
  const journal = { sync: 0, max_total_mb: 0, memory_tail_mb: 0 };
  const config = configOf(sample({ journal, ports: [serialPort({ silence_alarm_sec: 0 })] }));
  assert.equal(config.journal.sync, 250);
  assert.equal(config.journal.max_total_mb, undefined);
  assert.equal(config.journal.memory_tail_mb, 24);
  assert.equal(config.ports[0]?.silence_alarm_sec, undefined);
});

Deno.test("how long a silence may be is a number, or learned", () => {
  for (const limit of [600, "learned"]) {
    const config = configOf(sample({ ports: [serialPort({ silence_alarm_sec: limit })] }));
    assert.equal(config.ports[0]?.silence_alarm_sec, limit);
  }
});

Deno.test("no free space at all may be asked for, which is not the same as saying nothing", () => {
  const floor = (journal: Record<string, unknown>): number | undefined =>
    configOf(sample({ journal })).journal.min_free_mb;
  assert.equal(floor({ min_free_mb: 0 }), 0);
  assert.equal(floor({ min_free_mb: 0.5 }), 0.5);
  assert.equal(floor({ min_free_mb: null }), undefined);
  assert.equal(floor({}), undefined);
});

/** Section, key, values that pass, values that do not, and what the message must say. */
const limits: [string, string, unknown[], unknown[], RegExp][] = [
  ["app", "fips_code", ["0123456789"], ["142901000", "14290100021", "142901000x", 1], /ten digits/],
  ["detection", "detection_timeout_sec", [0.5, 86400], [-1, 86401], /from 0\.001 to 86400 seconds/],
  [
    "detection",
    "min_bytes_for_valid",
    [1, 65536],
    [-1, 1.5, 65537],
    /whole number from 1 to 65536/,
  ],
  ["nats", "max_reconnects", [-1, 0, 5], [-2, 1.5], /from -1/],
  ["nats", "reconnect_wait_sec", [0.5], [-1, "5"], /seconds/],
  [
    "nats",
    "subject_prefix",
    ["ut", "ut.cdr.x"],
    ["a..b", ".a", "a.", "a b", "a.*", ">"],
    /subject/,
  ],
  ["nats", "manage_streams", [false], ["no"], /true or false/],
  ["forwarder", "remote_subject", ["a.b"], ["a b", "a.>"], /subject/],
  ["logging", "max_size_mb", [0.5, 50], [-1, "50"], /from 0\.001 to/],
  ["logging", "max_backups", [1, 0], [-1, 1.5], /whole number from 0 to/],
  ["logging", "level", ["debug", "error"], ["trace"], /"debug", "info", "warn" or "error"/],
  ["monitoring", "port", [1, 65535], [-1, 65536, 80.5], /from 1 to 65535/],
  ["recovery", "exponential_backoff", [false], [1], /true or false/],
  [
    "journal",
    "sync",
    ["always", 10, 60000],
    ["never", 9, 60001, 10.5],
    /"always" or .* 10 to 60000/,
  ],
  ["journal", "min_free_mb", [0, 0.5, 500], [-1, "1", 1e10], /from 0 to 1000000000 MB/],
  ["journal", "max_total_mb", [0, 0.5, 500], [-1, "1", 1e10], /from 0\.001 to 1000000000 MB/],
  ["journal", "memory_tail_mb", [0, 1, 4096], [-1, 0.5, 4097], /from 1 to 4096 MB/],
  ["evidence", "enabled", [true], [1], /true or false/],
];

for (const [section, key, good, bad, message] of limits) {
  Deno.test(`${section}.${key} takes what it should and says what it takes`, () => {
    for (const value of good) {
      assert.deepEqual(problemsOf(sample({ [section]: { [key]: value } })), [], String(value));
    }
    for (const value of bad) {
      assertProblem(sample({ [section]: { [key]: value } }), `${section}.${key}`, message);
    }
  });
}

/** The same for keys of a serial port. */
const portLimits: [string, unknown[], unknown[], RegExp][] = [
  ["device", ["/dev/ttyS0"], ["ttyS0", "/", 1], /absolute path/],
  ["side_designation", ["A1", "A16", "B16"], ["A0", "A17", "C1", "a1", "A01", 1], /A1 to A16/],
  ["fips_code", ["0123456789"], ["123", 1429010002], /ten digits/],
  ["vendor", ["acme", "AT&T"], ["a.b", "a b", "*", "a>"], /one token/],
  ["county", ["salt-lake"], ["salt lake", "a.b"], /one token/],
  [
    "baud_rate",
    [0, 50, 300, 115200, 31250, 4000000],
    [49, 4000001, 9600.5, "9600"],
    /19200.*detect/,
  ],
  ["data_bits", [0, 5, 8], [4, 9], /5, 6, 7 or 8/],
  ["parity", ["odd", "even", "mark", "space"], ["N"], /"none", "odd", "even"/],
  ["stop_bits", [0, 1, 1.5, 2], [3], /1, 1\.5 or 2/],
  ["use_flow_control", [true, false], ["yes"], /true or false/],
  ["idle_flush_ms", [10, 3600000], [9, 3600001, 10.5], /from 10 to 3600000 milliseconds/],
  [
    "raw_capture",
    [true, false, {}, { max_mb: 1 }],
    [1, "yes"],
    /true, false or \{ "max_mb": 100 \}/,
  ],
  [
    "silence_alarm_sec",
    [1, 1.5, 600, "learned", 0],
    [-1, 0.5, 31536001, "learn", "600", true],
    /from 1 to 31536000 seconds, or "learned"/,
  ],
  ["type", ["serial"], ["tpc"], /"serial", "http", "tcp" or "websocket"/],
];

for (const [key, good, bad, message] of portLimits) {
  Deno.test(`ports[].${key} takes what it should and says what it takes`, () => {
    for (const value of good) {
      const problems = problemsOf(sample({ ports: [serialPort({ [key]: value })] }));
      assert.deepEqual(problems, [], String(value));
    }
    for (const value of bad) {
      const file = sample({ ports: [serialPort({ [key]: value })] });
      assertProblem(file, `ports[0].${key}`, message);
    }
  });
}

Deno.test("raw_capture is off, or has room", () => {
  const room = (raw_capture: unknown): unknown => {
    const [port] = configOf(sample({ ports: [serialPort({ raw_capture })] })).ports;
    return port?.raw_capture;
  };
  assert.equal(room(undefined), undefined);
  assert.equal(room(false), undefined);
  assert.deepEqual(room(true), { max_mb: 100 });
  assert.deepEqual(room({}), { max_mb: 100 });
  assert.deepEqual(room({ max_mb: 0 }), { max_mb: 100 });
  assert.deepEqual(room({ max_mb: 2.5 }), { max_mb: 2.5 });
  const refused = (raw_capture: unknown, key: string, message: RegExp): void => {
    const file = sample({ ports: [serialPort({ raw_capture })] });
    assertProblem(file, `ports[0].raw_capture${key}`, message);
  };
  refused({ max_mb: 0.5 }, ".max_mb", /from 1 to 1000000 MB/);
  refused({ max_mb: "5" }, ".max_mb", /from 1 to 1000000 MB/);
  refused({ max_size: 5 }, ".max_size", /unknown key "max_size"/);
});

Deno.test("detection.baud_rates points at the one that is out of range", () => {
  const file = sample({ detection: { baud_rates: [9600, 7, 300] } });
  assertProblem(file, "detection.baud_rates[1]", /usually 300, 1200.*; found 7/);
});

Deno.test("several NATS servers may be a list or stand in one text with commas", () => {
  const urls = (url: unknown): string[] => configOf(sample({ nats: { url } })).nats.url;
  assert.deepEqual(urls("nats://a:4222, tls://b"), ["nats://a:4222", "tls://b"]);
  assert.deepEqual(urls(["nats://a:4222", "tls://b"]), ["nats://a:4222", "tls://b"]);
});

for (
  const url of ["http://a", "localhost:4222", "nats://", "nats://a,", ["nats://a", "x"], [], 5]
) {
  Deno.test(`nats.url refuses ${JSON.stringify(url)}`, () => {
    const [problem, ...others] = problemsOf(sample({ nats: { url } }));
    assert.deepEqual(others, []);
    assert.match(problem?.path ?? "", /^nats\.url/);
    assert.match(problem?.message ?? "", /nats:\/\/localhost:4222 or tls:\/\//);
  });
}

Deno.test("a port needs the keys of its type, and the message says which", () => {
  const cases: [Record<string, unknown>, string, RegExp][] = [
    [{ device: undefined }, "ports[0].device", /missing.*\/dev\/ttyS0/],
    [{ type: "http", device: "" }, "ports[0].path", /missing.*beginning with \//],
    [{ type: "http", device: "", path: "cdr" }, "ports[0].path", /beginning with \//],
    [{ type: "websocket", device: "" }, "ports[0].url", /missing.*ws:\/\//],
    [{ type: "websocket", device: "", url: "http://x" }, "ports[0].url", /ws:\/\//],
    [{ type: "tcp", device: "", host: "h", port: 0 }, "ports[0].port", /1 to 65535/],
  ];
  for (const [keys, path, message] of cases) {
    assertProblem(sample({ ports: [serialPort(keys)] }), path, message);
  }
});

Deno.test("keys of a tcp port take what they should and say what they take", () => {
  const feed = (more: Record<string, unknown>): Record<string, unknown> =>
    sample({ ports: [serialPort({ type: "tcp", device: "", host: "h", port: 23, ...more })] });
  const limits: readonly [string, readonly unknown[], readonly unknown[], RegExp][] = [
    ["acknowledge", ["\u0006", "OK\r\n", "\xff"], ["\u0100", "x".repeat(65), 6], /one byte each/],
    ["idle_reconnect_sec", [1, 0.0, 604_800], [0.5, 604_801, "60"], /from 1 to 604800 seconds/],
  ];
  for (const [key, good, bad, message] of limits) {
    for (const value of good) assert.deepEqual(problemsOf(feed({ [key]: value })), [], key);
    for (const value of bad) assertProblem(feed({ [key]: value }), `ports[0].${key}`, message);
  }
});

Deno.test("keys of a websocket port take what they should and say what they take", () => {
  const feed = (more: Record<string, unknown>): Record<string, unknown> =>
    sample({ ports: [serialPort({ type: "websocket", device: "", url: "ws://h/", ...more })] });
  const limits: readonly [string, string, readonly unknown[], readonly unknown[], RegExp][] = [
    ["messages", "", [[], ["one", "{}"]], ["one"], /a list of texts/],
    ["messages", "[0]", [], [[1]], /text/],
    ["stall_sec", "", [1, 0, 3600], [0.5, 604_801], /from 1 to 604800 seconds/],
    ["headers", "", [{}, { "X-Box": "A1" }], ["X-Box: A1"], /names and texts of one line/],
    ["headers", ".X-Box", [], [{ "X-Box": "A1\r\nHost: h" }], /one line/],
  ];
  for (const [key, more, good, bad, message] of limits) {
    for (const value of good) assert.deepEqual(problemsOf(feed({ [key]: value })), [], key);
    for (const value of bad) {
      assertProblem(feed({ [key]: value }), `ports[0].${key}${more}`, message);
    }
  }
});

Deno.test("allow_from takes addresses and networks, and nothing else", () => {
  const web = (allow_from: unknown): Record<string, unknown> =>
    sample({ ports: [serialPort({ type: "http", device: "", path: "/cdr", allow_from })] });
  const good = ["192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "::1"];
  const [port] = configOf(web(good)).ports;
  assert.deepEqual(port?.type === "http" && port.allow_from, good);
  const [open] = configOf(web([])).ports;
  assert.equal(open?.type === "http" && open.allow_from, undefined);
  for (const bad of ["box", "192.0.2.0/33", "192.0.2", "2001:db8::/129", "192.0.2.0/24/8", ""]) {
    assertProblem(web([bad]), "ports[0].allow_from[0]", /an address such as 192\.0\.2\.7/);
  }
});

Deno.test("ports of every type load", () => {
  const { ports } = configOf(sample({
    ports: [
      serialPort(),
      serialPort({ type: "http", device: "", path: "/cdr", side_designation: "A2" }),
      serialPort({ type: "tcp", device: "", host: "h", port: 23, side_designation: "A3" }),
      serialPort({ type: "tcp", device: "", listen_port: 23, side_designation: "A4" }),
      serialPort({ type: "websocket", device: "", url: "wss://h/x", side_designation: "A5" }),
    ],
  }));
  assert.deepEqual(ports.map((port) => port.type), ["serial", "http", "tcp", "tcp", "websocket"]);
  assert.ok(ports[1]?.type === "http");
  assert.equal(ports[1].listen_port, 8080);
});

Deno.test("a key of another type of port is refused unless it is empty", () => {
  const web = { type: "http", device: "", path: "/cdr" };
  assertProblem(
    sample({ ports: [serialPort({ ...web, device: "/dev/ttyS1" })] }),
    "ports[0].device",
    /belongs to a port of type "serial"/,
  );
  assertProblem(
    sample({ ports: [serialPort({ listen_port: 5 })] }),
    "ports[0].listen_port",
    /belongs to a port of type "http"/,
  );
  for (const type of [web, { type: "tcp", device: "", host: "h", port: 23 }]) {
    for (const raw_capture of [true, { max_mb: 5 }]) {
      assertProblem(
        sample({ ports: [serialPort({ ...type, raw_capture })] }),
        "ports[0].raw_capture",
        /belongs to a port of type "serial"/,
      );
    }
    assert.deepEqual(
      problemsOf(sample({ ports: [serialPort({ ...type, raw_capture: false })] })),
      [],
    );
  }
  assert.deepEqual(problemsOf(sample({ ports: [serialPort({ path: "", listen_port: 0 })] })), []);
  assert.deepEqual(problemsOf(sample({ ports: [serialPort({ ...web, baud_rate: 9600 })] })), []);
});

Deno.test("credentials, TLS files and free-form alerts are taken as they stand", () => {
  const tls = { ca_file: "/ca.pem", cert_file: "/cert.pem", key_file: "/key.pem" };
  const config = configOf(sample({
    nats: { user: "u", password_file: "/p", nkey_seed_file: "/n", creds_file: "/c", tls },
    monitoring: { host: "0.0.0.0", username: "u", password_hash: "h", tls },
    alerts: { mail: { to: ["ops@example.org"] } },
  }));
  assert.deepEqual(config.nats.tls, tls);
  assert.equal(config.nats.password_file, "/p");
  assert.equal(config.monitoring.password_hash, "h");
  assert.deepEqual(config.alerts, { mail: { to: ["ops@example.org"] } });
});
