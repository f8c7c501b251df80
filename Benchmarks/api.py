#!/usr/bin/env python3
"""REST benchmark: requests per second of the server's CPU, beside Express on the same store, and how long single ones take.

  api.py [--secs 4] [--reps 3] [--calls 500] [--peers tandem,express] [--postgres]

The store has 1,000,000 calls (million.py). The server has CPU 0, the load CPU 1. What `wrk` asks: /health, the first page
of 50 calls, and a record a request; 16 connections are kept alive. Then single requests one after another, timed by
the client; the goals are the project's own and hold for Tandem alone. With `--postgres` these alone are asked, of a store
on a PostgreSQL server of the bench's own, into which the million is copied first (minutes).
"""
import argparse, base64, glob, hashlib, hmac, http.client, json, os, random, re, shutil, statistics, subprocess, sys, tempfile, time
import million
from million import RESULTS, environment, number, program, wait_ready
from peers.util import end, free_ports, hurry, spawn

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "a secret of the benchmark, 32 bytes and more"
SERVER_CPU, LOAD_CPU = "0", "1"
RECORD = {"phoneClient": "79991234567", "status": "answered", "duration": 7, "city": "Москва"}


def token(user=1):
    text = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    claims = {"sub": user, "login": "admin", "role": "admin", "exp": int(time.time()) + 86400}
    signed = text({"alg": "HS256", "typ": "JWT"}) + "." + text(claims)
    return signed + "." + base64.urlsafe_b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()).decode().rstrip("=")


class Server:
    """A server on a store of its own, for as long as the context lasts."""
    def __enter__(self):
        self.folder, [self.port] = million.copy_of_a_million(), free_ports(1)
        self.process = spawn(self.command(), SERVER_CPU, f"{RESULTS}{self.name}.log", self.environment(), self.folder)
        try: wait_ready(self.process, f"http://127.0.0.1:{self.port}/health")
        except BaseException: self.__exit__(); raise
        self.headers = {"Authorization": "Bearer " + token(), "Content-Type": "application/json"}
        return self

    def environment(self): return {}

    def cpu_seconds(self): return time.clock_gettime_ns(~self.process.pid << 3 | 2) / 1e9

    def memory(self): return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read())[1]) / 1024

    def __exit__(self, *_):
        end(self.process, 20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Tandem(Server):
    name = "tandem"
    def command(self): return [program(), "serve"]
    def environment(self): return environment(self.folder, self.port, JWT_SECRET=SECRET)


class TandemOnPostgres(Tandem):
    """The same calls on a server of our own (scripts/postgres), whose processes share CPU 0 with Tandem."""
    def environment(self):
        self.database = tempfile.mkdtemp(prefix="bench-postgres-")
        command = ["taskset", "-c", SERVER_CPU, os.path.dirname(HERE) + "/scripts/postgres", self.database]
        self.postgres = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        while not os.path.exists(self.database + "/state"): time.sleep(0.2)
        [psql] = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1:]
        # Letters beyond ASCII are in the index of texts only with a locale that knows them.
        subprocess.run([psql, "-q", "-h", self.database, "-U", "tandem", "postgres", "-c",
                        "CREATE DATABASE bench TEMPLATE template0 LOCALE 'C.UTF-8'"], check=True)
        url = f"postgresql://tandem@/bench?host={self.database}"
        began, own = time.monotonic(), {**os.environ, "DATA_DIR": self.folder}
        subprocess.run([program(), "db", "copy", "sqlite:" + self.folder + "/tandem.db", url], env=own, check=True, stdout=sys.stderr)
        print(f"copied in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        return environment(self.folder, self.port, JWT_SECRET=SECRET, DATABASE_URL=url)

    def __exit__(self, *_):
        super().__exit__()
        self.postgres.stdin.close()
        self.postgres.wait(60)


class Express(Server):
    name = "express"
    def command(self): return ["node", HERE + "/peers/rest.js", str(self.port), self.folder + "/tandem.db", SECRET]


def wrk(server, method, path, secs):
    """One run of the load generator: what it did, and the server's CPU meanwhile."""
    script = RESULTS + "wrk.lua"
    with open(script, "w") as file:
        headers = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in server.headers.items())
        body = f"wrk.body = [[{json.dumps(RECORD, ensure_ascii=False)}]]\n" if method == "POST" else ""
        file.write(f'wrk.method = "{method}"\n{headers}{body}')
    before = server.cpu_seconds()
    heard = subprocess.run(
        ["taskset", "-c", LOAD_CPU, "wrk", "-t1", "-c16", f"-d{secs}s", "-s", script, f"http://127.0.0.1:{server.port}{path}"],
        capture_output=True, text=True, check=True).stdout
    cpu = server.cpu_seconds() - before
    count = int(re.search(r"(\d+) requests in", heard)[1])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", heard)
    if refused: raise RuntimeError(f"{server.name} {path}: {refused[0]}")
    size = re.search(r"requests in [\d.]+\w+, ([\d.]+\w+) read", heard)[1]
    return {"count": count, "cpu": cpu, "seconds": secs, "read": size}


LOADS = [("/health", "GET", "/health"), ("list of 50", "GET", "/api/calls?limit=50"), ("POST record", "POST", "/api/v1/calls")]


def loads(args):
    """Requests per CPU second, the peers in turn."""
    rows = []
    for rep in range(args.reps):
        for kind in (Tandem, Express):
            if kind.name not in args.peers.split(","): continue
            with kind() as server:
                for name, method, path in LOADS:
                    wrk(server, method, path, 1)  # warm
                    row = wrk(server, method, path, args.secs)
                    rows.append({**row, "peer": kind.name, "what": name, "rep": rep, "mib": server.memory()})
                    print(f"{kind.name} {name} rep {rep}: {row['count'] / row['cpu']:.0f} requests a CPU second, "
                          f"{100 * row['cpu'] / row['seconds']:.0f} % of the core", file=sys.stderr, flush=True)
    return rows


def paths(generator):
    """What single requests ask, by name: the path's maker and the goal in ms of its 99th percentile."""
    caller = lambda: number(int(million.CALLERS * generator.random() ** 2))
    date = lambda age: time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400 * age))
    day = lambda: date(generator.randrange(1000))
    year = lambda: (date((age := generator.randrange(700)) + 365), date(age))
    three = lambda: generator.choice(["912", "903", "770", "%D0%B8%D0%B2%D0%B0", "%D1%81%D1%87%D1%91", "%D0%B7%D0%B0%D0%BA"])
    rare = lambda: str(generator.randrange(100_000, 999_999))
    # Groups of three that are in every number, or in very many.
    digits = lambda: generator.choice(["79000000", "79001234", "79003790", "90010000", "79007000", "79000790"])
    return {
        "list, newest 50": (lambda: "/api/calls?limit=50", 20),
        "list, page 2 to 20": (lambda: f"/api/calls?limit=50&page={generator.randrange(2, 21)}", 20),
        "list of 000, 20 of a day": (lambda: f"/api/v1/calls?view=records&limit=20&startDate={(d := day())}&endDate={d}", 20),
        "by phone": (lambda: f"/api/v1/calls/by-phone/{caller()}", 20),
        "by id": (lambda: f"/api/calls/{generator.randrange(1, million.CALLS)}", 20),
        "statistics, month": (lambda: "/api/statistics/overview?period=month", 20),
        "statistics, all time": (lambda: "/api/statistics/overview", 20),
        "statistics of users": (lambda: "/api/statistics/users", 20),
        "statistics of 000, from a day on": (lambda: f"/api/v1/calls/stats?startDate={day()}", 20),
        "search, 3 characters, frequent": (lambda: f"/api/calls?search={three()}", 50),
        "search, 6 digits, rare": (lambda: f"/api/calls?search={rare()}", 50),
        "search, 3 digits that every call has": (lambda: "/api/calls?search=790", 50),
        "search, 8 digits of frequent threes": (lambda: f"/api/calls?search={digits()}", 50),
        "statistics of users, a year": (lambda: "/api/statistics/users?date_from={}&date_to={}".format(*year()), 20),
        "statistics of users, this year": (lambda: "/api/statistics/users?period=year", 20),
    }


def timed(server, method, make, count, budget=20.0):
    """Milliseconds of single requests, until there are enough or the time is up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    taken, end_at = [], time.monotonic() + budget
    while len(taken) < count and time.monotonic() < end_at:
        path, body = make()
        begin = time.perf_counter()
        connection.request(method, path, body, server.headers)
        answer = connection.getresponse()
        text = answer.read()
        taken.append((time.perf_counter() - begin) * 1e3)
        if answer.status not in (200, 201): raise RuntimeError(f"{path}: {answer.status} {text[:200]}")
    return sorted(taken)


def singles(kind, args):
    rows = []
    with kind() as server:
        for name, (make, goal) in paths(random.Random(million.SEED)).items():
            timed(server, "GET", lambda: (make(), None), 5, 5)
            rows.append((name, timed(server, "GET", lambda: (make(), None), args.calls), goal))
        body = json.dumps(RECORD).encode()
        rows.append(("POST record, written when answered", timed(server, "POST", lambda: ("/api/v1/calls", body), args.calls), 10))
    return rows


def at(values, share): return values[min(len(values) - 1, int(len(values) * share))]


def print_loads(rows):
    print("| peer | request | reps | per CPU second, median (min-max) | × express | MiB |\n|---|---|---|---|---|---|")
    rate = lambda row: row["count"] / row["cpu"]
    for name, *_ in LOADS:
        base = {row["rep"]: rate(row) for row in rows if row["what"] == name and row["peer"] == "express"}
        for peer in dict.fromkeys(row["peer"] for row in rows):
            own = [row for row in rows if row["what"] == name and row["peer"] == peer]
            rates = [rate(row) for row in own]
            ratios = [rate(row) / base[row["rep"]] for row in own if row["rep"] in base]
            shown = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})" if ratios and peer != "express" else ""
            print(f"| {peer} | {name} | {len(own)} | {statistics.median(rates):.0f} ({min(rates):.0f}-{max(rates):.0f}) | "
                  f"{shown} | {max(row['mib'] for row in own):.0f} |")


def print_singles(engine, taken):
    print(f"\n| one request over 1,000,000 calls, {engine} | requests | median ms | p99 ms | max ms | goal (p99) | |\n"
          "|---|---|---|---|---|---|---|")
    for name, values, goal in taken:
        verdict = "met" if at(values, 0.99) <= goal else "**not met**"
        print(f"| {name} | {len(values)} | {at(values, 0.5):.2f} | {at(values, 0.99):.2f} | {values[-1]:.2f} | {goal} | {verdict} |",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secs", type=int, default=4, help="of load for each measure")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--calls", type=int, default=500, help="single requests of each kind")
    parser.add_argument("--peers", default="tandem,express")
    parser.add_argument("--postgres", action="store_true", help="ask single requests of an SQLite and a PostgreSQL store, and nothing else")
    args = parser.parse_args()
    hurry()
    taken = singles(Tandem, args)
    if not args.postgres: print_loads(loads(args))
    print_singles("SQLite", taken)
    if args.postgres: print_singles("PostgreSQL", singles(TandemOnPostgres, args))


if __name__ == "__main__": main()
