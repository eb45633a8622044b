"""What every test starts from."""

from __future__ import annotations

import signal

# a shell ignores interrupts for what it starts in the background, and `nohup` hang-ups; what a test starts
# inherits that
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
