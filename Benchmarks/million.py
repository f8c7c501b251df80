"""A store of Tandem's with a million calls of the past three years, always the same ones.

They are written by plain SQL into a store that Tandem itself has made, as the README allows; it counts its days by
triggers of its own. The store is kept in results/ and made anew when Tandem's schema has a newer version.
"""
import contextlib, os, random, shutil, sqlite3, subprocess, sys, tempfile, time, urllib.request
from peers.util import end, free_ports, spawn

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = HERE + "/results/"
CALLS, PEOPLE, CALLERS, SEED = 1_000_000, 50, 200_000, 20
DAY = 86_400_000
STATES = ["completed"] * 7 + ["missed", "no_answer", "busy"]
CITIES = ["Москва", "Саратов", "Казань", "Тверь", "Омск"]
NAMES = ["Иванов", "Петрова", "Сидоров", "Кузнецова", "Смирнов", "Попова", "Орлов", "Зайцева", "Белов", "Громова"]
NOTES = ["перезвонить завтра", "просил счёт", "жалоба на доставку", "заказ оформлен", "не дозвонились", "отправить договор"]
COLUMNS = ("uuid, source, direction, state, caller_number, caller_norm, receiver_number, receiver_norm, extension, call_id, "
           "rk, city, operator_id, assigned_user_id, answered_by_user_id, customer_name, notes, started_at, answered_at, "
           "ended_at, duration")


def program(): return os.environ.get("TANDEM", os.path.join(os.path.dirname(HERE), ".build/release/tandem"))


def environment(folder, port, **more):
    ports = free_ports(3)
    return {"DATA_DIR": folder, "PORT": str(port), "SIP_LISTEN_HOST": "127.0.0.1", "SIP_LISTEN_PORT": str(ports[0]),
            "SIP_TLS_PORT": str(ports[1]), "PUBLIC_IP": "127.0.0.1", "MEDIA_WORKERS": "1", "RTP_PORT_MIN": "10000",
            "RTP_PORT_MAX": "12999", "WEBRTC_PORT": str(ports[2]), "ADMIN_PASSWORD": "benchmark", "RATE_LIMIT_MAX": "10000000",
            "TZ": "UTC", **more}


def wait_ready(process, url, seconds=60):
    for _ in range(seconds * 10):
        if process.poll() is not None: raise RuntimeError("the server ended, see results/")
        try:
            with urllib.request.urlopen(url, timeout=1): return
        except OSError: time.sleep(0.1)
    raise RuntimeError(f"no answer at {url}")


def number(caller): return str(79_000_000_000 + caller * 37)


def row(generator, index, first):
    """One call; they come in the order of time."""
    started = first + index * (3 * 365 * DAY // CALLS) + generator.randrange(60_000)
    state, caller = generator.choice(STATES), number(int(CALLERS * generator.random() ** 2))
    person = 10 + generator.randrange(PEOPLE)
    incoming = generator.random() < 0.7
    answered = started + generator.randrange(2000, 30_000) if state == "completed" else None
    duration = generator.randrange(5, 900) if answered else 0
    ends = caller, str(1000 + person)
    ends = ends if incoming else ends[::-1]
    bits = generator.getrandbits(128)
    text = f"{bits & ~(0xf << 76) & ~(0x3 << 62) | 4 << 76 | 2 << 62:032x}"
    return ("-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]]), "sip", "incoming" if incoming else "outgoing",
            state, ends[0], ends[0], ends[1], ends[1], str(1000 + person), f"million-{index}", "РК1", generator.choice(CITIES),
            person, person, person if answered else None, generator.choice(NAMES) if index % 3 == 0 else None,
            generator.choice(NOTES) + f" {index}" if index % 4 == 0 else None, started, answered,
            (answered or started) + duration * 1000 + 20_000 * (not answered), duration)


def fill(path):
    # The newest call is an hour old, so that today has calls, too.
    first = int(time.time() * 1000) // DAY * DAY - 3 * 365 * DAY
    generator = random.Random(SEED)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as store:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "foreign_keys = ON"):
            store.execute("PRAGMA " + pragma)
        store.execute("BEGIN")
        for person in range(10, 10 + PEOPLE):
            store.execute("INSERT INTO users (id, login, name, role, extension) VALUES (?, ?, ?, 'operator', ?)",
                          (person, f"operator{person}", f"Оператор {person}", str(2000 + person)))
        store.executemany(f"INSERT INTO calls ({COLUMNS}) VALUES ({', '.join('?' * 21)})",
                          (row(generator, index, first) for index in range(CALLS)))
        store.execute("COMMIT")
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def empty_store():
    """A folder with a store of the program's newest schema and nothing in it but its first users."""
    folder = tempfile.mkdtemp(prefix="bench-store-", dir=RESULTS)
    [port] = free_ports(1)
    process = spawn([program(), "serve"], "", RESULTS + "tandem.log", environment(folder, port), folder)
    try: wait_ready(process, f"http://127.0.0.1:{port}/health/ready")
    finally: end(process, 20)
    return folder


def version(folder):
    with contextlib.closing(sqlite3.connect(folder + "/tandem.db")) as store:
        return store.execute("SELECT max(version) FROM schema_migrations").fetchone()[0]


def folder_of_a_million():
    """The kept folder; made when it is not there."""
    fresh = empty_store()
    kept = f"{RESULTS}million-{version(fresh)}"
    if os.path.exists(kept):
        shutil.rmtree(fresh)
        return kept
    print("writing a million calls …", file=sys.stderr, flush=True)
    fill(fresh + "/tandem.db")
    os.rename(fresh, kept)
    return kept


def copy_of_a_million():
    """A copy to be changed; remove it afterwards."""
    folder = tempfile.mkdtemp(prefix="bench-million-", dir=RESULTS)
    subprocess.run(["cp", "-r", "--reflink=auto", folder_of_a_million() + "/.", folder], check=True)
    return folder
