#!/usr/bin/env python3
"""The simulation against queueing theory, and theory against its published values: neither can be wrong without the other saying so."""

import math
import random
import sys
import unittest

import scale
from erlang import blocked, lines_for, slots_for, waiting, waiting_longer
from inputs import Inputs, cell_of, read
from plan import breaking_points, calls_for_slots, plan_for, slots_at
from simulation import Cell, Load, Simulation


def exponential(mean):
    return lambda source: source.expovariate(1 / mean)


def always(seconds):
    return lambda source: seconds


def simulated(cell, load, seconds, seed=1, warm_up=None):
    simulation = Simulation(cell, load, random.Random(seed))
    simulation.run(warm_up or seconds / 5)
    simulation.count_anew()
    simulation.run(seconds)
    return simulation


class ClosedForms(unittest.TestCase):
    def test_erlang_b_is_that_of_the_tables(self):
        # Erlang's tables: traffic that so many lines carry at this loss.
        for lines, loss, offered in ((1, 0.01, 0.0101), (10, 0.01, 4.461), (10, 0.001, 3.092), (50, 0.01, 37.90), (100, 0.01, 84.06)):
            self.assertAlmostEqual(blocked(offered, lines), loss, delta=loss * 0.01)

    def test_erlang_b_is_its_definition(self):
        offered, lines = 7.3, 12
        terms = [offered**line / math.factorial(line) for line in range(lines + 1)]
        self.assertAlmostEqual(blocked(offered, lines), terms[-1] / sum(terms), places=12)

    def test_erlang_c_with_one_slot_is_its_use(self):
        for offered in (0.1, 0.5, 0.9):
            self.assertAlmostEqual(waiting(offered, 1), offered, places=12)

    def test_erlang_c_is_its_definition(self):
        offered, slots = 7.3, 9
        last = offered**slots / math.factorial(slots) * slots / (slots - offered)
        terms = sum(offered**slot / math.factorial(slot) for slot in range(slots))
        self.assertAlmostEqual(waiting(offered, slots), last / (terms + last), places=12)

    def test_more_load_than_slots_waits_for_ever(self):
        self.assertEqual(waiting(5, 5), 1.0)
        self.assertEqual(waiting_longer(6, 5, 1, 100), 1.0)

    def test_what_is_chosen_is_enough_and_no_more(self):
        for offered in (0.5, 20, 900, 20_000):
            lines = lines_for(offered, 1e-4)
            self.assertLessEqual(blocked(offered, lines), 1e-4)
            self.assertGreater(blocked(offered, lines - 1), 1e-4)
            slots = slots_for(offered, 0.4, 0.3, 0.01)
            self.assertLessEqual(waiting_longer(offered, slots, 0.4, 0.3), 0.01)
            self.assertGreater(waiting_longer(offered, slots - 1, 0.4, 0.3), 0.01)


class AgainstErlangB(unittest.TestCase):
    def refused(self, length):
        cell = Cell(servers=4, calls_max=10, slots=1, patience_seconds=0)
        tally = simulated(cell, Load(36 / 60, length, 0, None), 200_000).tally
        return tally.refused / tally.calls

    def test_calls_of_exponential_length(self):
        self.assertAlmostEqual(self.refused(exponential(60)), blocked(36, 40), delta=0.006)

    def test_the_distribution_of_lengths_does_not_matter(self):
        self.assertAlmostEqual(self.refused(always(60)), blocked(36, 40), delta=0.006)


class AgainstErlangC(unittest.TestCase):
    def requests(self, patience=math.inf, calls_per_second=None):
        # Many calls that ask rarely are a Poisson stream of requests: 7.2 at once on 9 slots.
        cell = Cell(servers=1, calls_max=10**9, slots=9, patience_seconds=patience)
        load = Load(calls_per_second or 20, exponential(50), 7.2 / 0.4 / 1000, exponential(0.4))
        return simulated(cell, load, 4_000, warm_up=500).tally

    def test_requests_that_wait(self):
        tally = self.requests()
        self.assertAlmostEqual(tally.waited / tally.requests, waiting(7.2, 9), delta=0.015)
        self.assertEqual(tally.given_up, 0)

    def test_with_too_few_slots_the_rest_is_spoken_by_another_voice(self):
        # Twice the load: what is not served gives up; slots are always taken.
        tally = self.requests(patience=0.3, calls_per_second=40)
        served = 9 / 0.4
        self.assertAlmostEqual(1 - tally.given_up / tally.requests, served / (2 * 7.2 / 0.4), delta=0.02)


class Servers(unittest.TestCase):
    def test_a_dead_servers_calls_go_on_with_the_others(self):
        simulation = simulated(Cell(5, 1_000, 10**6, 1), Load(1_000 / 120, exponential(120), 0.01, always(0.4)), 1_000)
        before = sum(len(server.calls) for server in simulation.servers)
        lost = len(simulation.servers[0].calls)
        simulation.kill(0, back_after_seconds=5)
        self.assertEqual(sum(len(server.calls) for server in simulation.servers), before)
        self.assertEqual((len(simulation.servers[0].calls), simulation.tally.rescued), (0, lost))
        simulation.run(600)
        self.assertGreater(len(simulation.servers[0].calls), 50)

    def test_a_deploy_lasts_as_long_as_the_longest_remaining_call_of_each(self):
        # Without a memory: the longest of n calls of mean m remains m(1 + 1/2 + ... + 1/n). With few new ones elsewhere n stays what it is.
        cell = Cell(4, 10**6, 10**6, 1)
        lasted = []
        for seed in range(60):
            simulation = simulated(cell, Load(400 / 100, exponential(100), 0, None), 600, seed)
            expected = []
            simulation.deploy(drain_seconds_max=10**6)
            for server in simulation.servers[:1]:
                expected.append(sum(100 / number for number in range(1, len(server.calls) + 1)))
            began = simulation.now
            while simulation._drained is simulation.servers[0]:
                simulation.run(1)
            lasted.append((simulation.now - began) / expected[0])
        self.assertAlmostEqual(sum(lasted) / len(lasted), 1, delta=0.08)

    def test_calls_longer_than_the_limit_are_moved_and_counted(self):
        simulation = simulated(Cell(3, 1_000, 10**6, 1), Load(300 / 1_000, always(1_000), 0, None), 5_000)
        on_the_first = len(simulation.servers[0].calls)
        simulation.deploy(drain_seconds_max=100)
        simulation.run(101)
        self.assertAlmostEqual(simulation.tally.cut_at_the_limit, on_the_first * 0.9, delta=on_the_first * 0.15)

    def test_no_call_is_lost_or_counted_twice(self):
        simulation = simulated(Cell(3, 50, 5, 0.2), Load(2, exponential(60), 0.05, exponential(0.5)), 2_000)
        simulation.kill(1, 3)
        simulation.deploy(200)
        simulation.run(3_000)
        placed = [call for server in simulation.servers for call in server.calls]
        self.assertEqual(len(placed), len(set(placed)))
        self.assertEqual(set(placed), set(simulation._place))
        self.assertGreater(simulation.tally.deploy_seconds, 0)


PAGE = """
## Whole calls

Words.

| server | ms |
|---|---|
| Mouthpiece | 35.8 |

## Memory

| server | plain | TLS |
|---|---|---|
| Mouthpiece | 1,024 (200 to 1,500 calls) | - |
"""


class InputsOfPages(unittest.TestCase):
    def test_a_cell_is_found_by_its_section_row_and_column(self):
        self.assertEqual(cell_of(PAGE, "Whole calls", ["Mouthpiece"], "ms"), 35.8)
        self.assertEqual(cell_of(PAGE, "Memory", ["Mouthpiece"], "plain"), 1024)
        self.assertIsNone(cell_of(PAGE, "Memory", ["Mouthpiece"], "TLS"))
        self.assertIsNone(cell_of(PAGE, "Webhooks", ["Mouthpiece"], "plain"))

    def test_what_the_page_no_longer_has_is_an_error_and_no_old_figure(self):
        entry = {"page": "p", "choices": [{"section": "Gone", "row": ["Mouthpiece"], "column": "ms"}]}
        with self.assertRaises(LookupError):
            read(entry, {"p": PAGE})
        entry["choices"].append({"section": "Whole calls", "row": ["Mouthpiece"], "column": "ms"})
        self.assertEqual(read(entry, {"p": PAGE}).value, 35.8)
        with self.assertRaises(LookupError):
            Inputs(changes={"call.minute": 3})


class ThePlan(unittest.TestCase):
    def test_dearer_calls_need_more_servers(self):
        cheap, dear = (plan_for(Inputs(changes={"server.cpu_ms_per_call_minute": ms}), 100_000).servers for ms in (60, 120))
        self.assertAlmostEqual(dear / cheap, 2, delta=0.5)

    def test_slots_and_calls_are_each_others_inverse(self):
        inputs = Inputs()
        for slots in (4, 30, 500):
            calls = calls_for_slots(inputs, slots)
            self.assertLessEqual(slots_at(inputs, calls), slots)
            self.assertGreater(slots_at(inputs, calls + 1), slots)

    def test_what_breaks_first_stands_first(self):
        points = [calls for calls, _, _ in breaking_points(Inputs())]
        self.assertEqual(points, sorted(points))

    def test_a_page_with_other_figures_is_noticed(self):
        page = "<!-- a -->\nold\n<!-- /a -->\nwords\n"
        self.assertEqual(scale.filled(page, {"a": "new"}), "<!-- a -->\n\nnew\n\n<!-- /a -->\nwords\n")
        with self.assertRaises(SystemExit):
            scale.filled(page, {"b": "new"})


if __name__ == "__main__":
    sys.exit(not unittest.main(exit=False).result.wasSuccessful())
