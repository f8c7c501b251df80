#!/usr/bin/env python3
"""What being watched costs: a scrape of /metrics, and the traces of calls.

  telemetry.py scrape [--calls 1000] [--scrapes 200]   CPU of a scrape while calls are up, and how long the control loop is held
  telemetry.py traces [--calls 150]                    instructions a call (callgrind) without traces, at 1 % and with all of them

Calls are SIPp's, between two trunks, as in sip.py. The collector takes every span and forgets it.
"""
import argparse, glob, http.client, http.server, os, re, subprocess, sys, tempfile, threading, time
import layout, sip
from peers.util import end


# A scrape

def thread_seconds(pid):
    """CPU time so far of each thread, by its name."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        name = open(f"/proc/{pid}/task/{task}/comm").read().strip()
        found[name] = found.get(name, 0) + int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0]) / 1e9
    return found


def usage(server):
    return sip.cpu_seconds(server.pids), thread_seconds(server.process.pid)


def difference(before, after):
    return after[0] - before[0], {name: after[1][name] - before[1].get(name, 0) for name in after[1]}


def scrape(connection, coding):
    connection.request("GET", "/metrics", headers={"Accept-Encoding": coding} if coding else {})
    return connection.getresponse().read()


def series(server, name):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    text = scrape(connection, None).decode()
    return float(re.search(rf"^{name}{{[^}}]*}} (\S+)$", text, re.M)[1])


def scrapes(arguments):
    with sip.Tandem({"MEDIA_TIMEOUT_S": "86400", "LOG_LEVEL": "warn"}) as server:
        answering = sip.callee()
        load = sip.caller(server.address, 100, arguments.calls, 3_600_000, "idle.log", 600)
        try:
            for _ in range(120):
                if series(server, "active_calls") == arguments.calls: break
                time.sleep(0.5)
            else: sys.exit("the calls do not come up")
            time.sleep(40)  # past every transaction's end
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            print("| body | bytes | CPU ms a scrape, all | control thread | answer ms median, max |\n|---|---|---|---|---|")
            for coding in (None, "gzip"):
                size = len(scrape(connection, coding))
                start = usage(server)
                time.sleep(arguments.scrapes * 0.05)
                idle, middle, times = difference(start, usage(server)), usage(server), []
                for _ in range(arguments.scrapes):
                    began = time.perf_counter()
                    scrape(connection, coding)
                    times.append((time.perf_counter() - began) * 1e3)
                    time.sleep(max(0, 0.05 - (time.perf_counter() - began)))
                busy = difference(middle, usage(server))
                times.sort()
                all_ms = (busy[0] - idle[0]) * 1e3 / arguments.scrapes
                loop_ms = (busy[1]["control"] - idle[1]["control"]) * 1e3 / arguments.scrapes
                print(f"| {coding or 'plain'} | {size} | {all_ms:.2f} | {loop_ms:.2f} | "
                      f"{times[len(times) // 2]:.2f}, {times[-1]:.2f} |", flush=True)
        finally:
            end(load)
            end(answering)


# Traces

class Collector(http.server.ThreadingHTTPServer):
    """Takes every request for traces and forgets it."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.server.received += len(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_): pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.received = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


def instructions(folder):
    """All that callgrind counted, by the name it gives each thread's file."""
    total = 0
    for path in glob.glob(folder + "/out-*"): total += sum(layout.costs(path).values())
    return total


def traced(program, calls, environment):
    """Instructions a call."""
    with tempfile.TemporaryDirectory(prefix="bench-traces-") as folder:
        os.environ["TANDEM"] = layout.watched(folder, program)
        with sip.Tandem(environment) as server:
            answering = sip.callee()
            try:
                sip.caller(server.address, 5, 20, 100, "warm.log", 60).wait(90)
                time.sleep(3)
                layout.look(server.process, True)
                sip.caller(server.address, 4, calls, 500, "uac.log", 240).wait(300)
                time.sleep(7)  # what was gathered of spans has left
                layout.look(server.process, False)
            finally: end(answering)
        if sip.counted()[0] != calls: sys.exit(f"{sip.counted()[0]} of {calls} calls succeeded")
        return instructions(folder) / calls


def traces(arguments):
    program = os.environ.get("TANDEM", os.path.join(os.path.dirname(sip.HERE), ".build/release/tandem"))
    collector = Collector()
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}", "LOG_LEVEL": "info"}
    settings = [
        ("off", {"OTEL_SDK_DISABLED": "true", "LOG_LEVEL": "info"}),
        ("1 %", {**there, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}),
        ("all", there)]
    print("| traces | thousand instructions a call | against off | bytes to the collector a call |\n|---|---|---|---|")
    base = None
    for name, environment in settings:
        if arguments.only and name not in arguments.only: continue
        collector.received = 0
        cost = traced(program, arguments.calls, environment)
        base = base or cost
        print(f"| {name} | {cost / 1e3:.0f} | {100 * (cost / base - 1):+.1f} % | "
              f"{collector.received / (arguments.calls + 20):.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["scrape", "traces"])
    parser.add_argument("--calls", type=int)
    parser.add_argument("--scrapes", type=int, default=200)
    parser.add_argument("--only", action="append", help="one of the settings of traces: off, 1 %%, all")
    arguments = parser.parse_args()
    arguments.calls = arguments.calls or {"scrape": 1000, "traces": 150}[arguments.what]
    os.makedirs(sip.RESULTS, exist_ok=True)
    {"scrape": scrapes, "traces": traces}[arguments.what](arguments)


if __name__ == "__main__":
    main()
