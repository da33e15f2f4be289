"""Which faults exist where. The stand-in's table (src/simulator/standin_fault.cpp) as far as it decides that."""

from dataclasses import dataclass

HTTP, WEBSOCKET = "http", "websocket"
TRANSPORTS = (HTTP, WEBSOCKET)
BEFORE, MIDDLE, BETWEEN = "before the first byte", "in a sentence", "between sentences"
POSITIONS = (BEFORE, MIDDLE, BETWEEN)
ONCE, ALWAYS = "once", "always"

# What each fault does over HTTP and over WebSocket. Two faults with the same effect cannot be told apart by a server.
REFUSALS = {
    "unknown_voice": "404 voice", "bad_key_400": "400 key", "bad_key_401": "401 key",
    "missing_permissions": "401 permissions", "unusual_activity": "401 activity", "quota_401": "401 quota",
    "insufficient_402": "402 credits", "payment_402": "402 plan", "format_403": "403 format", "voice_403": "403 voice",
    "model_400": "400 model", "schema_422": "422 schema", "429_old": "429 old", "429_new": "429 new",
    "429_busy": "429 busy", "500": "500", "503": "503", "502_html": "502",
}  # fmt: skip
HTTP_EFFECT = {name: f"status {what}" for name, what in REFUSALS.items()} | {
    "hang_before_headers": "hang silent", "hang_after_headers": "hang after head", "stall_mid_body": "stall",
    "slow_drip": "drip", "slow_first_byte": "slow start", "truncate_body": "cut", "reset": "reset",
    "json_as_audio": "other body json", "wrong_content_type": "other body html", "zero_audio": "no audio",
    "one_byte_chunks": "tiny chunks", "odd_sizes": "odd chunks", "huge_first_chunk": "one chunk",
    "policy_1008": "reset", "error_1011": "reset", "restart_1012": "reset", "input_timeout": "reset",
}  # fmt: skip
SOCKET_EFFECT = {name: f"error frame {what}" for name, what in REFUSALS.items()} | {
    "insufficient_402": "final only", "format_403": "refused upgrade 403", "model_400": "refused upgrade 400",
    "502_html": "refused upgrade 502", "500": "close 1011", "503": "close 1012",
    "hang_before_headers": "stall", "hang_after_headers": "stall", "stall_mid_body": "stall", "slow_drip": "drip",
    "slow_first_byte": "slow start", "truncate_body": "drop", "reset": "drop", "json_as_audio": "other text json",
    "wrong_content_type": "other text html", "zero_audio": "final only", "one_byte_chunks": "tiny frames",
    "odd_sizes": "tiny frames", "huge_first_chunk": "one frame", "policy_1008": "close 1008",
    "error_1011": "close 1011", "restart_1012": "close 1012", "input_timeout": "error frame input timeout",
}  # fmt: skip
EFFECTS = {HTTP: HTTP_EFFECT, WEBSOCKET: SOCKET_EFFECT}

# Nothing is wrong with the audio of these: no gap may follow.
HARMLESS = {"one_byte_chunks", "odd_sizes", "huge_first_chunk"}


@dataclass(frozen=True)
class Cell:
    fault: str
    transport: str
    position: str
    times: str = ONCE

    def __str__(self):
        return f"{self.fault} / {self.transport} / {self.position} / {self.times}"


def why_not(cell):
    """Why the cell does not exist; None when it does."""
    effects = EFFECTS[cell.transport]
    effect = effects[cell.fault]
    twin = next(name for name, other in effects.items() if other == effect)
    if twin != cell.fault:
        return f"the same on the wire as {twin}"
    if cell.position == MIDDLE and cell.transport == HTTP:
        if effect.startswith("status"):
            return "the status has been sent by then"
        if effect.startswith(("hang", "other body", "slow start", "no audio", "one chunk")):
            return "it concerns the beginning of an answer"
    if cell.transport == WEBSOCKET:
        if cell.position != BEFORE and effect.startswith("refused upgrade"):
            return "the socket is open by then"
        if cell.position == MIDDLE and effect in ("slow start", "one frame"):
            return "it concerns the beginning of a sentence"
    return None


def all_cells(faults):
    return [Cell(fault, transport, position) for fault in faults for transport in TRANSPORTS for position in POSITIONS]


# One of every kind, for a look in a minute.
QUICK = [
    Cell("unknown_voice", WEBSOCKET, BEFORE, ALWAYS), Cell("bad_key_401", HTTP, BEFORE, ALWAYS),
    Cell("quota_401", HTTP, BETWEEN, ALWAYS), Cell("quota_401", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("429_new", HTTP, BETWEEN), Cell("429_new", WEBSOCKET, BEFORE, ALWAYS), Cell("500", WEBSOCKET, MIDDLE),
    Cell("503", HTTP, BEFORE), Cell("502_html", WEBSOCKET, BEFORE, ALWAYS), Cell("502_html", HTTP, BETWEEN, ALWAYS),
    Cell("hang_before_headers", HTTP, BETWEEN, ALWAYS), Cell("hang_before_headers", WEBSOCKET, BEFORE, ALWAYS),
    Cell("stall_mid_body", HTTP, MIDDLE, ALWAYS), Cell("stall_mid_body", HTTP, MIDDLE),
    Cell("slow_drip", WEBSOCKET, MIDDLE, ALWAYS), Cell("slow_first_byte", HTTP, BEFORE, ALWAYS),
    Cell("truncate_body", HTTP, MIDDLE), Cell("truncate_body", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("json_as_audio", HTTP, BEFORE, ALWAYS), Cell("zero_audio", HTTP, BETWEEN),
    Cell("one_byte_chunks", HTTP, MIDDLE, ALWAYS), Cell("policy_1008", WEBSOCKET, BETWEEN),
]  # fmt: skip

# Fifty callers at once, every one with a text of his own.
CROWD = [
    Cell("bad_key_401", HTTP, BEFORE, ALWAYS), Cell("429_new", WEBSOCKET, BETWEEN, ALWAYS),
    Cell("500", HTTP, BETWEEN, ALWAYS), Cell("500", WEBSOCKET, MIDDLE, ALWAYS),
    Cell("hang_before_headers", HTTP, BEFORE, ALWAYS), Cell("stall_mid_body", HTTP, MIDDLE, ALWAYS),
    Cell("stall_mid_body", WEBSOCKET, MIDDLE, ALWAYS), Cell("truncate_body", HTTP, MIDDLE, ALWAYS),
    Cell("slow_drip", WEBSOCKET, MIDDLE, ALWAYS), Cell("json_as_audio", HTTP, BEFORE, ALWAYS),
]  # fmt: skip
