import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { filledScript } from "../../release/install_script.ts";
import { type Ended, OverlayMachine, overlayMachineNeeds } from "../support/overlay_machine.ts";
import { checkoutFolder, ReleaseShelf, TestRelease } from "../support/release_shelf.ts";
import { program, requires } from "../support/requirements.ts";
import { RudePeer, type RudePeerOptions } from "../support/rude_peer.ts";
import { shellcheck, shellcheckProgram } from "../support/shellcheck_program.ts";

const needs = [
  ...overlayMachineNeeds,
  program("openssl"),
  program("dpkg-deb"),
  program("curl"),
  program("wget"),
];
const { test } = requires(...needs);
const release = await TestRelease.make(needs.every((need) => need.isMet()));
const architecture = Deno.build.arch;

const other = architecture === "x86_64" ? "aarch64" : "x86_64";

interface Attempt {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly script?: string;
  readonly user?: string;
}

/** Pipes the script into sh, as curl does. */
async function pipe(
  machine: OverlayMachine,
  shelf: ReleaseShelf,
  { args = [], script = shelf.script, ...options }: Attempt = {},
): Promise<Ended> {
  return await machine.run(["sh", "-s", "--", ...args], { ...options, input: script });
}

/** It ended with that message and a fix, and the machine is as it was. */
function assertRefused({ code, out, err }: Ended, machine: OverlayMachine, message: RegExp): void {
  assert.equal(code, 1, out + err);
  assert.match(err, message);
  const [first, fix, ...others] = err.trimEnd().split("\n");
  assert.match(first ?? "", /^error: /);
  assert.match(fix ?? "", /^→ /);
  assert.deepEqual(others, []);
  assert.doesNotMatch(out, /^install/m, "nothing was run");
  assert.deepEqual(machine.changes(), []);
}

test("install.sh fetches, proves and calls install, with flags or their variables", async () => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  const flags = [
    "--fips",
    "1429010002",
    "--instance",
    "a box",
    "--nats",
    "nats://hub",
    "--dry-run",
  ];
  const byFlags = await pipe(machine, shelf, { args: flags });
  const called = "install --fips 1429010002 --instance a box --nats nats://hub --dry-run\n";
  const name = release.archive(architecture).split("/").at(-1);
  assert.deepEqual(byFlags, { code: 0, out: `fetching ${shelf.url}/${name}\n${called}`, err: "" });
  const byVariables = await pipe(machine, shelf, {
    environment: {
      NECTAR_FIPS: "1429010002",
      NECTAR_INSTANCE: "a box",
      NECTAR_NATS: "nats://hub",
      NECTAR_DRY_RUN: "1",
      NECTAR_BASE_URL: shelf.url,
      NECTAR_VERSION: release.version,
    },
  });
  assert.deepEqual(byVariables, byFlags);
  assert.deepEqual(shelf.requests, [`/${name}`, `/${name}`]);
  assert.deepEqual(machine.changes(), [], "what was fetched is gone");
});

test("install.sh --offline needs no network, also without curl and wget", async () => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  for (const name of ["curl", "wget"]) machine.put(`/usr/bin/${name}`, "#!/bin/sh\nexit 99\n");
  cpSync(release.archive(architecture), machine.path("/media/archive"));
  machine.settle();
  const { code, out, err } = await pipe(machine, shelf, { args: ["--offline", "/media/archive"] });
  assert.deepEqual({ code, out, err }, { code: 0, out: "install\n", err: "" });
  assert.deepEqual(shelf.requests, []);
});

test("install.sh --without-signature needs no OpenSSL, and says what it leaves out", async () => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  machine.put("/usr/bin/openssl", "#!/bin/sh\nexit 99\n");
  machine.settle();
  const { code, out, err } = await pipe(machine, shelf, { args: ["--without-signature"] });
  assert.equal(code, 0, err);
  assert.match(out, /\ninstall\n$/);
  assert.equal(err, "warning: the signature is not looked at\n");
});

test("install.sh refuses what is not what was released, and changes nothing", async (t) => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  const file = machine.path("/media/archive");
  /** Packs the archive anew after `change` was done in a folder with what is in it. */
  const offer = async (change: string): Promise<void> => {
    cpSync(release.archive(architecture), file);
    const script = `cd /media && mkdir in && tar -xzf archive -C in && cd in && ${change} &&
      tar -czf ../archive * && cd .. && rm -rf in`;
    const { code, err } = await machine.run(["sh", "-c", script]);
    assert.equal(code, 0, err);
    machine.settle();
  };
  const attempt = (...args: string[]): Promise<Ended> =>
    pipe(machine, shelf, { args: ["--offline", "/media/archive", ...args] });
  await t.step("an executable that was changed", async () => {
    await offer("echo more >> nectarcollector");
    assertRefused(await attempt(), machine, /SHA-256 sum is wrong/);
    const { err, ...ended } = await attempt("--without-signature");
    const [warning, ...others] = err.split("\n");
    assert.equal(warning, "warning: the signature is not looked at");
    assertRefused({ ...ended, err: others.join("\n") }, machine, /SHA-256 sum is wrong/);
  });
  await t.step("an executable and its sum that were changed", async () => {
    await offer("echo more >> nectarcollector && sha256sum nectarcollector > SHA256SUMS");
    assertRefused(await attempt(), machine, /signature is wrong/);
  });
  await t.step("a signature by another key", async () => {
    await offer(
      "openssl genpkey -algorithm ed25519 -out ../k && openssl pkeyutl -sign -inkey ../k " +
        "-rawin -in SHA256SUMS -out SHA256SUMS.sig && rm ../k",
    );
    assertRefused(await attempt(), machine, /signature is wrong/);
  });
  await t.step("an archive that ends early", async () => {
    cpSync(release.archive(architecture), file);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    machine.settle();
    assertRefused(await attempt(), machine, /is damaged: it cannot be unpacked/);
  });
});

test("install.sh refuses a machine that it is not for, and changes nothing", async (t) => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  const on = async (path: string, text: string, message: RegExp): Promise<void> => {
    const before = readFileSync(machine.path(path));
    machine.put(path, text);
    machine.settle();
    assertRefused(await pipe(machine, shelf), machine, message);
    machine.put(path, before);
  };
  const fake = (program: string, answer: string): [string, string] => [
    `/usr/bin/${program}`,
    `#!/bin/sh\n${answer}\n`,
  ];
  await t.step(
    "another processor",
    () => on(...fake("uname", "[ $1 = -s ] && echo Linux || echo armv7l"), /Linux on armv7l/),
  );
  await t.step(
    "another system",
    () => on(...fake("uname", "[ $1 = -s ] && echo Darwin || echo arm64"), /Darwin on arm64/),
  );
  await t.step(
    "an old C library",
    () => on(...fake("getconf", 'echo "glibc 2.24"'), /glibc is 2\.24; 2\.27 is needed/),
  );
  await t.step("another C library", () => on(...fake("getconf", "exit 1"), /not glibc/));
  await t.step(
    "an OpenSSL that knows no Ed25519",
    () => on(...fake("openssl", 'echo "OpenSSL 1.1.1w"'), /OpenSSL 3 is missing/),
  );
  await t.step("the other kind's archive", async () => {
    cpSync(release.archive(other), machine.path("/media/archive"));
    machine.settle();
    const ended = await pipe(machine, shelf, { args: ["--offline", "/media/archive"] });
    assertRefused(ended, machine, new RegExp(`archive is for ${other}; this machine is`));
  });
  await t.step("no root", async () => {
    assertRefused(await pipe(machine, shelf, { user: "65534:65534" }), machine, /root is needed/);
  });
  await t.step("no network", async () => {
    const args = ["--base-url", "http://127.0.0.1:1"];
    const ended = await pipe(machine, shelf, { args });
    assertRefused(ended, machine, /127\.0\.0\.1:1\/nectar.*could not be fetched/);
  });
  await t.step("a version that is not there", async () => {
    const ended = await pipe(machine, shelf, { args: ["--version", "9.9.9"] });
    assertRefused(ended, machine, /nectarcollector-9\.9\.9-linux-.*not be fetched/);
  });
  await t.step("a name that nobody knows", async () => {
    const before = readFileSync(machine.path("/etc/nsswitch.conf"));
    machine.put("/etc/nsswitch.conf", "hosts: files\n");
    machine.settle();
    const ended = await pipe(machine, shelf, { args: ["--base-url", "http://nowhere.invalid"] });
    assertRefused(ended, machine, /could not be fetched: .*nowhere\.invalid/);
    machine.put("/etc/nsswitch.conf", before);
    machine.settle();
  });
  await t.step("a full disk", async () => {
    machine.leave(0);
    assertRefused(await pipe(machine, shelf), machine, /no folder for temporary files/);
    machine.leave(statSync(release.archive(architecture)).size + 20_000);
    assertRefused(await pipe(machine, shelf), machine, /there is no room in \/tmp/);
    machine.leave(8_000_000);
  });
  await t.step("no systemd", async () => {
    const { code } = await machine.run(["rm", "-r", "/run/systemd"]);
    assert.equal(code, 0);
    machine.settle();
    assertRefused(await pipe(machine, shelf), machine, /systemd does not run here/);
  });
  await t.step("an option that there is not, or without its value", async () => {
    assertRefused(await pipe(machine, shelf, { args: ["--fipps"] }), machine, /no option --fipps/);
    assertRefused(
      await pipe(machine, shelf, { args: ["--fips"] }),
      machine,
      /--fips needs a value/,
    );
  });
});

test("install.sh says what a network does to a download, and changes nothing", async (t) => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  const page = "<html>log in</html>";
  const answer = (bytes: number, body: string): string =>
    `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${bytes}\r\n\r\n${body}`;
  const from = async (peer: RudePeerOptions, message: RegExp): Promise<void> => {
    await using rude = new RudePeer(peer);
    const environment = { NECTAR_TIMEOUT: "1", NECTAR_BASE_URL: rude.url.replace("nats", "http") };
    assertRefused(await pipe(machine, shelf, { environment }), machine, message);
  };
  await t.step("a proxy's page that wants a login", () =>
    from(
      { answer: answer(page.length, page), hangsUp: "after answer" },
      /is no archive but something else/,
    ));
  await t.step(
    "a server that says nothing more",
    () => from({ answer: answer(99_999, ""), hangsUp: "never" }, /could not be fetched: ./),
  );
  const tries = async (fetcher: string): Promise<void> => {
    await t.step(
      `a connection that ends half-way, with ${fetcher}`,
      () =>
        from({ answer: answer(99_999, page), hangsUp: "after answer" }, /could not be fetched: ./),
    );
    await t.step(`a disk without room, with ${fetcher}`, async () => {
      machine.leave(12_000);
      assertRefused(await pipe(machine, shelf), machine, /there is no room in \/tmp/);
      machine.leave(8_000_000);
    });
  };
  await tries("curl");
  const { code } = await machine.run(["rm", "/usr/bin/curl"]);
  assert.equal(code, 0);
  machine.settle();
  await tries("wget");
  assert.equal((await pipe(machine, shelf)).code, 0, "wget fetches as well");
});

test("install.sh runs nothing in a folder that runs no programs, and finds another", async () => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  machine.mountMemory("tmp", "noexec,size=4m");
  machine.settle();
  const { code, out, err } = await pipe(machine, shelf);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /\ninstall\n$/);
  assert.deepEqual(machine.changes(), []);
  assert.deepEqual(readdirSync(machine.path("/tmp")), []);
});

test("install.sh of no release says so", async () => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  const script = readFileSync(`${checkoutFolder}install.sh`, "utf8");
  assertRefused(await pipe(machine, shelf, { script }), machine, /it has no key/);
});

test("install.sh that was cut anywhere runs nothing", async () => {
  await using shelf = new ReleaseShelf(release);
  using machine = new OverlayMachine();
  const { script } = shelf;
  const lineEnds = [...script.matchAll(/\n/g)].map(({ index }) => index + 1);
  const lastLine = script.lastIndexOf("\n", script.length - 2) + 1;
  const inLastLine = Array.from({ length: script.length - 3 - lastLine }, (_, i) => lastLine + i);
  const cuts = [...lineEnds.slice(0, -1), ...inLastLine];
  assert.ok(cuts.length > 200);
  // All in one shell of the machine: each cut is a script of its own.
  cuts.forEach((cut) => machine.put(`/media/${cut}`, script.slice(0, cut)));
  machine.settle();
  const each = 'for f in /media/*; do sh "$f" < /dev/null 2>/dev/null; done';
  const { out } = await machine.run(["sh", "-c", each]);
  assert.equal(out, "");
  assert.deepEqual(shelf.requests, []);
  assert.deepEqual(machine.changes(), []);
});

requires(shellcheck).test("shellcheck has nothing to say about install.sh", async () => {
  const { code, stdout } = await new Deno.Command(shellcheckProgram, {
    args: ["--shell=sh", `${checkoutFolder}install.sh`],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stdout));
});

Deno.test("the script is filled in only at its places, and with nothing that ends their quotes", () => {
  const facts = { version: "1.2.3", url: "https://example.org/x/", key: "K" };
  const script = "#!/bin/sh\nrelease_version=''\nrelease_url=''\nrelease_key=''\nmain\n";
  assert.equal(
    filledScript(script, facts),
    "#!/bin/sh\nrelease_version='1.2.3'\nrelease_url='https://example.org/x'\nrelease_key='K'\nmain\n",
  );
  assert.throws(
    () => filledScript("#!/bin/sh\n", facts),
    /release_version='' must stand there once/,
  );
  assert.throws(() => filledScript(script, { ...facts, url: "a'b" }), /release_url has a quote/);
});
