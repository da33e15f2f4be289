"""Calls come, ask ElevenLabs for sentences that no cache has, and go; meanwhile a server dies, or all are replaced. Event by event, in simulated
time. What it cannot know, how much a server can carry, is an input."""

import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Cell:
    """Servers behind one pair of balancers, and the account at ElevenLabs they share."""

    servers: int
    calls_max: int  # of each server
    slots: int
    patience_seconds: float  # a request that has waited so long for a slot is spoken by the embedded voice


@dataclass
class Load:
    """Distributions are functions of the random source; times in seconds."""

    calls_per_second: float
    length: object
    requests_per_second: float  # of one call, those no cache answers
    service: object


@dataclass
class Server:
    calls: set = field(default_factory=set)
    takes_calls: bool = True
    most: int = 0


@dataclass
class Tally:
    calls: int = 0
    refused: int = 0
    rescued: int = 0
    cut_at_the_limit: int = 0
    requests: int = 0
    waited: int = 0
    given_up: int = 0
    most_on_one: int = 0
    deploy_seconds: float = 0.0


class Simulation:
    def __init__(self, cell, load, random):
        self.cell, self.load, self.random = cell, load, random
        self.servers = [Server() for _ in range(cell.servers)]
        self.tally, self.now = Tally(), 0.0
        self._events, self._order = [], itertools.count()
        self._names, self._turn = itertools.count(), itertools.cycle(range(cell.servers))
        self._place = {}  # call -> its server
        self._free, self._line = cell.slots, deque()  # slots; (since when) of each request in line
        self._drained = None
        if load.calls_per_second > 0:
            self.after(self._gap(load.calls_per_second), self._call_comes)

    def after(self, seconds, what, *arguments):
        heapq.heappush(self._events, (self.now + seconds, next(self._order), what, arguments))

    def run(self, seconds):
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, what, arguments = heapq.heappop(self._events)
            what(*arguments)
        self.now = end
        return self.tally

    def begin_with(self, calls):
        """So many are there already. As long as new ones still last: lengths without a memory."""
        for _ in range(calls):
            self._begin(self._next_server(lambda one: True))

    def count_anew(self):
        """What happened so far was the filling up."""
        self.tally = Tally()
        for server in self.servers:
            server.most = len(server.calls)

    def _gap(self, rate):
        return self.random.expovariate(rate)

    # ---- calls

    def _call_comes(self):
        self.after(self._gap(self.load.calls_per_second), self._call_comes)
        self.tally.calls += 1
        server = self._next_server(lambda one: one.takes_calls and len(one.calls) < self.cell.calls_max)
        if server is None:
            self.tally.refused += 1
        else:
            self._begin(server)

    def _begin(self, server):
        call = next(self._names)
        self._put(call, server)
        self.after(self.load.length(self.random), self._call_ends, call)
        if self.load.requests_per_second > 0:
            self.after(self._gap(self.load.requests_per_second), self._call_asks, call)

    def _next_server(self, suits):
        """In turn, as the balancer chooses."""
        for _ in self.servers:
            server = self.servers[next(self._turn)]
            if suits(server):
                return server
        return None

    def _put(self, call, server):
        self._place[call] = server
        server.calls.add(call)
        server.most = max(server.most, len(server.calls))
        self.tally.most_on_one = max(self.tally.most_on_one, server.most)

    def _call_ends(self, call):
        server = self._place.pop(call)
        server.calls.discard(call)
        if server is self._drained and not server.calls:
            self._replaced(server)

    def _move(self, server):
        """Its calls go on elsewhere: such a call is never turned away. Each asks for its sentence again, as if no cache had it."""
        calls, server.calls = sorted(server.calls), set()
        for call in calls:
            self._put(call, self._next_server(lambda one: one is not server and one.takes_calls))
            if self.load.requests_per_second > 0:
                self._request()
        return len(calls)

    # ---- requests

    def _call_asks(self, call):
        if call not in self._place:
            return
        self.after(self._gap(self.load.requests_per_second), self._call_asks, call)
        self._request()

    def _request(self):
        self.tally.requests += 1
        if self._free > 0:
            self._serve()
        else:
            self.tally.waited += 1
            self._line.append(self.now)

    def _serve(self):
        self._free -= 1
        self.after(self.load.service(self.random), self._served)

    def _served(self):
        self._free += 1
        while self._line:
            waited = self.now - self._line.popleft()
            if waited <= self.cell.patience_seconds:
                return self._serve()
            self.tally.given_up += 1

    # ---- what happens to servers

    def kill(self, index, back_after_seconds):
        server = self.servers[index]
        server.takes_calls = False
        self.tally.rescued += self._move(server)
        self.after(back_after_seconds, self._back, server)

    def _back(self, server):
        server.takes_calls = True

    def deploy(self, drain_seconds_max):
        """One server after the other: no new calls, until the last one is over or the limit is reached."""
        self._deploy = (self.now, drain_seconds_max, iter(self.servers))
        self._next_deployed()

    def _next_deployed(self):
        began, limit, rest = self._deploy
        self._drained = next(rest, None)
        if self._drained is None:
            self.tally.deploy_seconds = self.now - began
            return
        self._drained.takes_calls = False
        self.after(limit, self._drain_limit, self._drained)
        if not self._drained.calls:
            self._replaced(self._drained)

    def _drain_limit(self, server):
        if server is self._drained:
            self.tally.cut_at_the_limit += self._move(server)
            self._replaced(server)

    def _replaced(self, server):
        server.takes_calls = True
        self._next_deployed()
