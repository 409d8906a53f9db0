// The product's serial modules on a real 16550A, emulated, under a real kernel's 8250 driver: what a
// pseudo-terminal lacks. Parity and framing errors cannot be had: qemu hands a UART characters, not
// the levels of a line. One machine serves all; see serial_site.ts.

import "./receiving_tests.ts";
import "./signal_tests.ts";
import "./sharing_tests.ts";
import "./setting_tests.ts";
