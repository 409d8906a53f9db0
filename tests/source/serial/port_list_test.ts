import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { Libc } from "../../../src/platform/libc.ts";
import { SystemError } from "../../../src/platform/system_error.ts";
import { configNameOf, type ListedPort, listPorts } from "../../../src/source/serial/port_list.ts";
import { PortTree } from "../../support/port_tree.ts";

function portNamed(ports: readonly ListedPort[], name: string): ListedPort {
  const port = ports.find(({ device }) => device.endsWith(`/${name}`));
  assert.ok(port, name);
  return port;
}

Deno.test("listPorts() finds UARTs and USB adapters in the order of their numbers, no consoles", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addVirtual("tty0");
  tree.addVirtual("ptmx");
  tree.addUsb("ttyUSB10", { socket: "1-3" });
  tree.addUsb("ttyUSB2", { socket: "1-2" });
  tree.addUart("ttyS0");
  const { ports, withoutHardware } = listPorts(libc, tree.root);
  assert.deepEqual(
    ports.map(({ device }) => device),
    ["ttyS0", "ttyUSB2", "ttyUSB10"].map((name) => tree.device(name)),
  );
  assert.deepEqual(withoutHardware, []);
});

Deno.test("a UART's name without hardware behind it is no port", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addUart("ttyS0");
  tree.addUart("ttyS1", { place: "platform/serial8250", type: 0 });
  tree.addUart("ttyS2", { place: "platform/serial8250", type: 0, isOld: true });
  const { ports, withoutHardware } = listPorts(libc, tree.root);
  assert.deepEqual(ports.map(({ device }) => device), [tree.device("ttyS0")]);
  assert.deepEqual(withoutHardware, [tree.device("ttyS1"), tree.device("ttyS2")]);
});

Deno.test("the driver is the hardware's, with the kernel's own folders in between and without", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addUart("ttyS0");
  tree.addUart("ttyS1", { place: "pnp0/00:01", isOld: true });
  for (const { hardware } of listPorts(libc, tree.root).ports) {
    assert.deepEqual([hardware.driver, hardware.bus, hardware.usb], ["serial", "pnp", null]);
  }
});

Deno.test("a USB adapter tells what it is, and its hub is not taken for it", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2" });
  tree.addUsb("ttyUSB1", { socket: "1-3", serial: null });
  const { ports } = listPorts(libc, tree.root);
  const { driver, bus, usb } = portNamed(ports, "ttyUSB0").hardware;
  assert.deepEqual([driver, bus], ["ftdi_sio", "usb"]);
  assert.deepEqual(usb, {
    vendorId: "0403",
    productId: "6001",
    manufacturer: "FTDI",
    product: "US232R",
    serialNumber: "FT0A1B2C",
  });
  assert.equal(portNamed(ports, "ttyUSB1").hardware.usb?.serialNumber, null);
});

Deno.test("the name for the configuration is by-id, else by-path, else the device", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2" });
  tree.addUsb("ttyUSB1", { socket: "1-3", serial: "B" });
  tree.addUart("ttyS0");
  const path = tree.addName("by-path/pci-usb-0:2", "ttyUSB0");
  const otherPath = tree.addName("by-path/pci-usb-0:3", "ttyUSB1");
  const id = tree.addName("by-id/usb-FTDI_A-if00-port0", "ttyUSB0");
  const { ports } = listPorts(libc, tree.root);
  const first = portNamed(ports, "ttyUSB0");
  assert.deepEqual([first.configName, first.byId, first.byPath], [id, [id], [path]]);
  assert.equal(portNamed(ports, "ttyUSB1").configName, otherPath);
  assert.equal(portNamed(ports, "ttyS0").configName, tree.device("ttyS0"));
});

Deno.test("adapters that say the same of themselves are configured by their sockets", () => {
  for (const serial of ["0001", null]) {
    using libc = new Libc();
    using tree = new PortTree();
    tree.addUsb("ttyUSB0", { socket: "1-2", serial });
    tree.addUsb("ttyUSB1", { socket: "1-3", serial });
    tree.addUsb("ttyUSB2", { socket: "1-4", serial: "other" });
    // udev makes the name once, for either of them.
    const shared = tree.addName("by-id/usb-clone-if00-port0", "ttyUSB1");
    const third = tree.addName("by-id/usb-other-if00-port0", "ttyUSB2");
    const paths = [2, 3].map((socket) =>
      tree.addName(`by-path/pci-usb-0:${socket}`, `ttyUSB${socket - 2}`)
    );
    const { ports } = listPorts(libc, tree.root);
    assert.deepEqual(ports.map(({ configName }) => configName), [...paths, third]);
    assert.deepEqual(ports.map(({ hasTwin }) => hasTwin), [true, true, false]);
    assert.deepEqual(portNamed(ports, "ttyUSB1").byId, [shared]);
  }
});

Deno.test("the ports of one adapter are told apart by interface and number", () => {
  using libc = new Libc();
  using tree = new PortTree();
  const ids = [[0, 0], [0, 1], [1, 0]].map(([interfaceNumber = 0, portNumber = 0], index) => {
    tree.addUsb(`ttyUSB${index}`, { socket: "1-2", interfaceNumber, portNumber });
    const id = `by-id/usb-FTDI-if0${interfaceNumber}-port${portNumber}`;
    return tree.addName(id, `ttyUSB${index}`);
  });
  const { ports } = listPorts(libc, tree.root);
  assert.deepEqual(ports.map(({ configName }) => configName), ids);
});

Deno.test("ports of one card, which share a by-path name, are configured by their devices", () => {
  using libc = new Libc();
  using tree = new PortTree();
  const place = "pci0000:00/0000:04:00.0";
  tree.addUart("ttyS4", { place });
  tree.addUart("ttyS5", { place });
  tree.addName("by-path/pci-0000:04:00.0", "ttyS5");
  const { ports } = listPorts(libc, tree.root);
  assert.deepEqual(
    ports.map(({ configName }) => configName),
    [tree.device("ttyS4"), tree.device("ttyS5")],
  );
});

Deno.test("the port that the kernel prints to is known", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addUart("ttyS0");
  tree.addUart("ttyS1", { place: "pnp0/00:01" });
  tree.setConsoles("tty0 ttyS1");
  const { ports } = listPorts(libc, tree.root);
  assert.deepEqual(ports.map(({ isConsole }) => isConsole), [false, true]);
});

Deno.test("a machine without ports has none, one without sysfs is an error", () => {
  using libc = new Libc();
  using tree = new PortTree();
  assert.deepEqual(listPorts(libc, tree.root), { ports: [], withoutHardware: [] });
  assert.throws(() => listPorts(libc, tree.device("nowhere")), SystemError);
});

Deno.test("a port is best configured by its lasting name, whatever name it was given by; others by their own", () => {
  using libc = new Libc();
  using tree = new PortTree();
  tree.addUsb("ttyUSB0", { socket: "1-2" });
  const name = tree.addName("by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0", "ttyUSB0");
  const device = tree.device("ttyUSB0");
  assert.equal(configNameOf(libc, device, tree.root), name);
  assert.equal(configNameOf(libc, name, tree.root), name);
  assert.equal(configNameOf(libc, "/dev/null", tree.root), "/dev/null");
  assert.equal(configNameOf(libc, "/dev/nothing", tree.root), "/dev/nothing");
  assert.equal(configNameOf(libc, device, tree.device("nowhere")), device);
});

Deno.test("on this machine every tty with hardware behind it is listed, and nothing else", () => {
  using libc = new Libc();
  const { ports, withoutHardware } = listPorts(libc);
  const listed = [...ports.map(({ device }) => device), ...withoutHardware];
  const ttys = "/sys/class/tty";
  const expected = readdirSync(ttys).filter((name) => existsSync(`${ttys}/${name}/device`));
  assert.deepEqual(listed.sort(), expected.map((name) => `/dev/${name}`).sort());
  for (const { device, hardware } of ports) {
    // The kernel names the driver in the uevent of the folder that it drives.
    const uevent = readFileSync(`${hardware.place}/uevent`, "utf8");
    if (hardware.driver !== null) assert.match(uevent, new RegExp(`DRIVER=${hardware.driver}`));
    const folder = realpathSync(`${ttys}/${basename(device)}/device`);
    assert.ok(folder.startsWith(hardware.place), device);
  }
});
