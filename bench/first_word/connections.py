"""How many connections the calls of a long day take, and how many requests a crowd that is to hear the same."""

from ways import place
from programs import Server, StandIn

IN_A_ROW, RATE, AT_ONCE = 1_000, 25, 100
LOOPS = 2
POOL = {"http": LOOPS * 64, "websocket": LOOPS * 16}  # net::HttpClient, gateway::SpeechSockets
GREETING = "Number {name} hears this."
THE_SAME = "A hundred callers hear this at once."


def in_a_row(transport):
    """Connections that the stand-in has seen after so many calls, each of which asked it for a new sentence."""
    with StandIn("--first-byte-ms", "0", "--plan", "1000") as standin:
        with Server(standin.settings() | {"GREETING": GREETING, "ELEVENLABS_TRANSPORT": transport, "THREADS": LOOPS}) as server:
            place(server, IN_A_ROW, RATE, 0, "?name={n}")
            log = standin.log_of_requests()
            if log["speech_requests"] < IN_A_ROW:
                raise RuntimeError(f"only {log['speech_requests']} requests for {IN_A_ROW} calls")
            return log["connections_seen"]


def at_once(transport):
    """Requests for the speech that so many simultaneous calls want."""
    with StandIn("--first-byte-ms", "225", "--plan", "1000") as standin:
        with Server(standin.settings() | {"GREETING": THE_SAME, "ELEVENLABS_TRANSPORT": transport, "THREADS": LOOPS}) as server:
            place(server, AT_ONCE, 10_000, 0)
            return sum(entry["text"].strip() == THE_SAME for entry in standin.requests_seen())


def measure_connections():
    """[(what, most, found)]"""
    found = []
    for transport, name in (("websocket", "WebSocket"), ("http", "HTTP")):
        found.append((f"{name}: connections that {IN_A_ROW:,} calls in a row open", POOL[transport], in_a_row(transport)))
        found.append((f"{name}: requests for one greeting of {AT_ONCE} calls at once", 1, at_once(transport)))
    return found
