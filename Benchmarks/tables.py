"""What bench.py prints: the measured rows, what a peer costs beside the others, and how many calls a core takes."""
import statistics

HEADER = [
    "peer", "profile", "calls", "reps", "CPU us/pkt median (min-max)", "server % of a core", "loss % (max)",
    "web->sip us min/med/p99/max", "sip->web us min/med/p99/max", "RSS kB/call", "set-up ms", "ICE+DTLS ms",
    "set-up CPU ms/call", "bad SRTP", "gen us/pair", "server/gen"]


def lines(header, rows):
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [header, ["---"] * len(header), *rows])


def spread(values, digits=2):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def generator_cost(row):
    """The generator's CPU for a packet sent and one received, us: how fast the machine was at that moment."""
    return row["gen_cpu_pct"] / 100 * row["secs"] * 1e6 / max(1, row["sent_web"] + row["sent_sip"])


def groups(rows):
    """The repetitions of each peer, profile and level, in that order."""
    keys = sorted({(row["peer"], row["profile"], row["level"]) for row in rows})
    return [(key, [row for row in rows if (row["peer"], row["profile"], row["level"]) == key]) for key in keys]


def measured(rows):
    return lines(HEADER, [list(key) + measured_row(repetitions) for key, repetitions in groups(rows)])


def measured_row(repetitions):
    column = lambda name: [row[name] for row in repetitions]
    middle = lambda values, digits: f"{statistics.median(values):.{digits}f}"
    delay = lambda name: "/".join(middle([row[name][place] for row in repetitions], 0) for place in range(4))
    costs = [generator_cost(row) for row in repetitions]
    memory = [(row["rss_kb"] - row["rss0_kb"]) / row["level"] for row in repetitions]
    return [
        len(repetitions), spread(column("cpu_us_per_pkt")), middle(column("server_cpu_pct"), 0),
        f"{max(column('loss_pct')):.4f}", delay("w2s_us"), delay("s2w_us"), middle(memory, 0),
        middle(column("setup_ms"), 2), middle(column("connect_ms"), 1), middle(column("setup_cpu_ms"), 2),
        max(column("srtp_fail")), middle(costs, 2),
        spread([row["cpu_us_per_pkt"] / cost for row, cost in zip(repetitions, costs)])]


def ratios(rows, bases):
    """CPU per packet of each peer by that of each base, from repetitions that followed each other at once."""
    found = {(row["peer"], row["profile"], row["level"], row["rep"]): row["cpu_us_per_pkt"] for row in rows}
    bases = [base for base in bases if any(key[0] == base for key in found)]
    table = []
    for (peer, profile, level), repetitions in groups(rows):
        cells = []
        for base in bases:
            pairs = [(row["cpu_us_per_pkt"], found.get((base, profile, level, row["rep"]))) for row in repetitions]
            values = [own / other for own, other in pairs if other]
            cells.append(spread(values) if values and peer != base else "")
        table.append([peer, profile, level, *cells])
    return lines(["peer", "profile", "calls", *(f"CPU × {base}" for base in bases)], table) if bases else ""


def limits(rows, stop_loss, stop_median):
    """The highest level of each repetition at which neither loss nor median delay was at its limit."""
    is_good = lambda row: row["loss_pct"] < stop_loss and slowest_median(row) < stop_median
    table = []
    for peer, profile, rep in sorted({(row["peer"], row["profile"], row["rep"]) for row in rows}):
        own = [row for row in rows if (row["peer"], row["profile"], row["rep"]) == (peer, profile, rep)]
        good, last = [row for row in own if is_good(row)], own[-1]
        table.append([
            peer, profile, rep, good[-1]["level"] if good else 0, "" if is_good(last) else last["level"],
            f"{last['loss_pct']:.4f}", slowest_median(last), f"{last['server_cpu_pct']:.0f}",
            f"{last['gen_cpu_pct']:.0f}", f"{last['gen_late_max_us']:.0f}"])
    return lines([
        "peer", "profile", "rep", "calls", "first level that is too much", "its loss %", "its median delay us",
        "server % of a core", "generator % of a core", "generator late us (max)"], table)


def slowest_median(row):
    return max(row["w2s_us"][1], row["s2w_us"][1])
