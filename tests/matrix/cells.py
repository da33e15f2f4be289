"""Where and how often a fault of the stand-in strikes. What each fault is, the stand-in itself says (GET /standin/faults)."""

from dataclasses import dataclass

HTTP, WEBSOCKET = "http", "websocket"
TRANSPORTS = (HTTP, WEBSOCKET)
BEFORE, MIDDLE, BETWEEN = "before the first byte", "in a sentence", "between sentences"
POSITIONS = (BEFORE, MIDDLE, BETWEEN)
ONCE, ALWAYS = "once", "always"
TIMES = (ONCE, ALWAYS)

NO_FAULT = "no fault"  # for control

# Nothing is wrong with the audio of these: no gap may follow, unless the connection had to break first.
HARMLESS = {NO_FAULT, "one_byte_chunks", "odd_sizes", "huge_first_chunk"}


@dataclass(frozen=True)
class Cell:
    fault: str
    transport: str
    position: str
    times: str = ONCE

    def __str__(self):
        return f"{self.fault} / {self.transport} / {self.position} / {self.times}"

    @property
    def harmless(self):
        return self.fault in HARMLESS and (self.fault != "huge_first_chunk" or self.position != MIDDLE)


def all_cells(faults):
    return [Cell(fault, transport, position, times)
            for fault in faults for transport in TRANSPORTS for position in POSITIONS for times in TIMES]  # fmt: skip


CONTROLS = [Cell(NO_FAULT, transport, BEFORE, ONCE) for transport in TRANSPORTS]

# One of every kind, over both transports, at every position.
QUICK = [
    Cell("unknown_voice", WEBSOCKET, BEFORE, ALWAYS), Cell("bad_key_401", HTTP, BEFORE, ALWAYS),
    Cell("quota_401", WEBSOCKET, MIDDLE, ALWAYS), Cell("insufficient_402", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("429_new", HTTP, BETWEEN), Cell("429_new", WEBSOCKET, BEFORE, ALWAYS),
    Cell("500", HTTP, MIDDLE, ALWAYS), Cell("502_html", WEBSOCKET, BETWEEN, ALWAYS),
    Cell("hang_before_headers", HTTP, BETWEEN, ALWAYS), Cell("hang_before_headers", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("hang_after_headers", WEBSOCKET, BETWEEN, ALWAYS), Cell("stall_mid_body", HTTP, MIDDLE, ALWAYS),
    Cell("slow_drip", WEBSOCKET, MIDDLE, ALWAYS), Cell("slow_first_byte", HTTP, BEFORE, ALWAYS),
    Cell("truncate_body", HTTP, MIDDLE), Cell("reset", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("json_as_audio", HTTP, BEFORE, ALWAYS), Cell("other_encoding", WEBSOCKET, BETWEEN),
    Cell("zero_audio", HTTP, BETWEEN), Cell("silence", HTTP, MIDDLE, ALWAYS),
    Cell("one_byte_chunks", WEBSOCKET, MIDDLE, ALWAYS), Cell("beyond_bounds", WEBSOCKET, BEFORE),
    Cell("policy_1008", WEBSOCKET, BETWEEN), Cell("restart_1012", WEBSOCKET, MIDDLE),
]  # fmt: skip

# Fifty callers at once, every one with a text of his own.
CROWD = [
    *CONTROLS,
    Cell("bad_key_401", HTTP, BEFORE, ALWAYS), Cell("429_new", WEBSOCKET, BETWEEN, ALWAYS),
    Cell("500", HTTP, BETWEEN, ALWAYS), Cell("error_1011", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("hang_before_headers", HTTP, BEFORE, ALWAYS), Cell("hang_after_headers", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("stall_mid_body", HTTP, MIDDLE, ALWAYS), Cell("stall_mid_body", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("truncate_body", HTTP, MIDDLE, ALWAYS), Cell("slow_drip", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("json_as_audio", HTTP, BEFORE, ALWAYS), Cell("silence", HTTP, MIDDLE, ALWAYS),
]  # fmt: skip
