"""Profiles a server's busiest thread with perf while it is under load, and draws a flame graph of it."""
import contextlib, os, shutil, subprocess, tempfile
import flamegraph

RATE = 1999  # a second; not in step with timers of a millisecond


def cpu_ticks(pids):
    """User and system time of each thread so far, in clock ticks."""
    ticks = {}
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            try: stat = open(f"/proc/{pid}/task/{thread}/stat").read()
            except FileNotFoundError: continue  # has ended meanwhile
            fields = stat.rsplit(")", 1)[1].split()
            ticks[thread] = int(fields[11]) + int(fields[12])
    return ticks


@contextlib.contextmanager
def recording(svg, name, pids, level):
    """Records all threads while the body runs, then draws the one that had most samples; does nothing without `svg`."""
    if not svg:
        yield
        return
    before = cpu_ticks(pids)
    folder = tempfile.mkdtemp(prefix="bench-perf-")
    data = folder + "/data"
    recorder = subprocess.Popen(
        ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(RATE), "--call-graph", "fp", "-o", data, "-p",
         ",".join(map(str, pids))])
    try:
        yield
        after = cpu_ticks(pids)
        busiest = max(after, key=lambda thread: after[thread] - before.get(thread, 0))
        recorder.terminate()
        recorder.wait()
        draw(svg, data, busiest, f"{name}, busiest thread, {level} calls")
    finally:
        if recorder.poll() is None: recorder.kill()
        shutil.rmtree(folder, ignore_errors=True)


def draw(svg, data, thread, title):
    stacks = subprocess.run(
        ["perf", "script", "-i", data, "--tid", thread, "-F", "comm,tid,ip,sym,dso"], check=True, capture_output=True,
        text=True).stdout
    if shutil.which("swift"):
        demangle = ["swift", "demangle", "--simplified"]
        stacks = subprocess.run(demangle, input=stacks, check=True, capture_output=True, text=True).stdout
    root = flamegraph.tree(flamegraph.stacks(stacks.splitlines()))
    with open(svg, "w") as file: file.write(flamegraph.picture(root, title))
