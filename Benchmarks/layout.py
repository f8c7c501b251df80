#!/usr/bin/env python3
"""Finds the functions that calls run through, for the linker to put side by side (scripts/functions.order).

A call takes some three thousand functions, strewn over twenty megabytes of code: side by side they are a few hundred
kilobytes, which stay in the processor's caches. Telephone calls are made through the program under callgrind, one after the
other; the list is of those functions that take part, dearest first. Names that a later program has no more are passed over,
so that the list ages gently: make it again when much has changed.

  layout.py [--calls 200] > scripts/functions.order
"""
import argparse, collections, glob, os, re, stat, subprocess, sys, tempfile, time
import sip
from peers.util import end

# Instructions a call below which a function's place does not matter.
LEAST = 1


def costs(path):
    """Instructions of each function itself, by its mangled name."""
    names, found, function, is_call = {}, collections.Counter(), None, False

    def name(text):
        number, given = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
        if given: names[number] = given.split("'")[0]
        return number

    for line in open(path, errors="replace"):
        if line.startswith("fn="): function = name(line[3:].strip())
        elif line.startswith("cfn="): name(line[4:].strip())
        elif line.startswith("calls="): is_call = True  # the next line is what the callee took
        elif line[:1].isdigit() or line[:1] in "+-*":
            parts = line.split()
            if len(parts) > 1 and not is_call: found[function] += int(parts[1])
            is_call = False
    return collections.Counter({names[number]: cost for number, cost in found.items()})


def watched(folder, program):
    """The program under callgrind, which looks only when told to."""
    small = os.path.join(folder, "tandem")
    subprocess.run(["strip", "-g", "-o", small, program], check=True)
    script = os.path.join(folder, "watched")
    with open(script, "w") as file:
        file.write("#!/bin/sh\nexec valgrind -q --tool=callgrind --demangle=no --instr-atstart=no --separate-threads=yes "
                   f'--callgrind-out-file={folder}/out {small} "$@"\n')
    os.chmod(script, os.stat(script).st_mode | stat.S_IXUSR)
    return script


def look(process, on):
    subprocess.run(["callgrind_control", "-i", "on" if on else "off", str(process.pid)], check=True,
                   stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    count = parser.parse_args().calls
    os.makedirs(sip.RESULTS, exist_ok=True)
    program = os.environ.get("TANDEM", os.path.join(os.path.dirname(sip.HERE), ".build/release/tandem"))
    with tempfile.TemporaryDirectory(prefix="bench-layout-") as folder:
        os.environ["TANDEM"] = watched(folder, program)
        with sip.Tandem() as server:
            answering = sip.callee()
            try:
                sip.caller(server.address, 10, 60, 100, "warm.log", 60).wait(90)
                time.sleep(2)
                look(server.process, True)
                sip.caller(server.address, 15, count, 1000, "uac.log", 120).wait(180)
                time.sleep(2)
                look(server.process, False)
            finally: end(answering)
        if sip.counted()[0] != count: sys.exit(f"{sip.counted()[0]} of {count} calls succeeded")
        total = collections.Counter()
        for path in glob.glob(folder + "/out-*"): total.update(costs(path))
    for name, cost in total.most_common():
        if not name.startswith("0x") and cost >= LEAST * count: print(name)


if __name__ == "__main__":
    main()
