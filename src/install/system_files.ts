// What the service needs of the system, as files: each has its name and its text here, for `install`,
// for the Debian package and for the folder systemd/.

import { crc32 } from "node:zlib";
import { unitText } from "./unit.ts";

export const executablePath = "/usr/local/bin/nectarcollector";
export const packagedExecutablePath = "/usr/bin/nectarcollector";
export const unitName = "nectarcollector.service";
export const serviceUser = "nectarcollector";
/** The group that Debian and most others give serial ports. */
export const usualPortsGroup = "dialout";

export interface SystemFile {
  /** Its name in systemd/. */
  readonly name: string;
  /** Where `install` puts it. */
  readonly path: string;
  /** Where a package puts it. */
  readonly packagedPath: string;
  readonly text: string;
}

const udevRule =
  `# ModemManager writes to every serial port that it meets, to see whether a modem answers. Ports of
# adapters are left alone; modems themselves have other drivers.
ACTION=="remove", GOTO="nectarcollector_end"
SUBSYSTEM!="tty", GOTO="nectarcollector_end"
DRIVERS=="ftdi_sio|pl2303|cp210x|ch341|ch341-uart|ark3116|belkin_sa|cypress_m8|digi_acceleport|\
f81232|f81534|io_edgeport|io_ti|keyspan|mct_u232|metro-usb|mos7720|mos7840|mxuport|oti6858|quatech2|\
spcp8x5|ti_usb_3410_5052|upd78f0730|xr_serial|whiteheat", \
ENV{ID_MM_DEVICE_IGNORE}="1", ENV{ID_MM_PORT_IGNORE}="1"
LABEL="nectarcollector_end"
`;

const modules =
  `# Ports are allowed by their class, which is there once its module is: without this the service
# would be refused an adapter that is plugged in after its start.
usbserial
cdc_acm
`;

const users = `u ${serviceUser} - "NectarCollector" /var/lib/nectarcollector
m ${serviceUser} ${usualPortsGroup}
`;

/** All of them, for the executable at that path. */
export function systemFiles(executable = executablePath): readonly SystemFile[] {
  const file = (kind: string, name: string, text: string): SystemFile => ({
    name,
    path: `/etc/${kind}/${name}`,
    packagedPath: `/usr/lib/${kind}/${name}`,
    text: withSum(text),
  });
  return [
    file("sysusers.d", "nectarcollector.conf", users),
    file("modules-load.d", "nectarcollector-modules.conf", modules),
    file("udev/rules.d", "70-nectarcollector.rules", udevRule),
    file("systemd/system", unitName, unitText(executable)),
  ];
}

const sumLine = /^# Sum of what install wrote: ([0-9a-f]{8})\n$/;

/** So that it can be told later whether somebody has edited the file. */
function withSum(text: string): string {
  return `${text}# Sum of what install wrote: ${crc32(text).toString(16).padStart(8, "0")}\n`;
}

/** Whether the text is as a version of ours wrote it. */
export function isAsWritten(text: string): boolean {
  const at = text.lastIndexOf("\n", text.length - 2) + 1;
  return sumLine.test(text.slice(at)) && withSum(text.slice(0, at)) === text;
}
