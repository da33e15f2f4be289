"""From runs to figures: medians over repetitions, and ratios to the bare server of the same level."""

from statistics import median

from runs import failures, holds_up, load_kept_up, perfect


class Figures:
    def __init__(self, runs):
        self._runs = runs

    def commits(self):
        return sorted({run["commit"] for run in self._runs})

    def _reports(self, experiment, kind=None, calls=None, tls=False):
        return [
            run["report"]
            for run in self._runs
            if run["experiment"] == experiment and run["tls"] == tls and kind in (None, run["kind"]) and calls in (None, run["calls"])
        ]

    def median(self, read, *which, **more):
        """`read` takes a report. None when nothing was run."""
        values = [read(report) for report in self._reports(*which, **more)]
        return median(values) if values else None

    def levels(self, experiment, kind, tls=False):
        return sorted({run["calls"] for run in self._runs if (run["experiment"], run["kind"], run["tls"]) == (experiment, kind, tls)})

    def cpu_ms(self, kind, calls, tls=False, experiment="growth"):
        """CPU per call-minute, in milliseconds."""
        return self.median(lambda report: 1000 * report["server_cpu_seconds_per_call_minute"], experiment, kind, calls, tls=tls)

    def memory_kb(self, kind, low, high, tls=False):
        """Resident memory that one more call costs, between two levels."""
        few, many = (self.median(lambda report: report["server_kb"], "growth", kind, calls, tls=tls) for calls in (low, high))
        return None if few is None or many is None else (many - few) / (high - low)

    def held(self, kind, tls=False):
        """(calls, whether it was the load and not the server that ended the search)."""
        by_level = {
            calls: self._reports("held", kind, calls, tls=tls) for calls in self.levels("held", kind, tls)
        }  # fmt: skip
        good = [calls for calls, reports in by_level.items() if any(holds_up(kind, report) for report in reports)]
        if not by_level:
            return None
        beyond = [report for calls, reports in by_level.items() if calls > max(good, default=0) for report in reports]
        return max(good, default=0), not beyond or not any(load_kept_up(report) for report in beyond)

    def buckets(self, name, *which, **more):
        """The histogram `name` over all repetitions."""
        total = {}
        for report in self._reports(*which, **more):
            for edge, count in report[name]["buckets"]:
                total[edge] = total.get(edge, 0) + count
        return sorted(total.items())

    def unclean(self):
        """Runs whose load was late: their figures say nothing about the server."""
        return [run for run in self._runs if "send_lateness_ms" in run["report"] and run["experiment"] != "held" and not load_kept_up(run["report"])]

    def imperfect(self):
        """Growth and latency runs in which a caller of ours heard a gap or was not served."""
        return [
            run for run in self._runs
            if run["experiment"] not in ("held", "webhooks", "instructions") and run["kind"].startswith("mouthpiece")
            and (run["report"]["underruns"] or failures(run["report"]))
        ]  # fmt: skip
