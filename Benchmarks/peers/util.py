"""What the peers share: processes on a CPU of their own, and the SIP side's descriptions."""
import os, re, socket, subprocess


def spawn(command, cpu, log, env=None, folder=None, **pipes):
    """Starts a server on `cpu` ('' = any) with the priority of the bench; it writes to `log` what no pipe takes."""
    if cpu: command = ["taskset", "-c", cpu] + command
    command = ["nice", "-n", os.environ.get("BENCH_NICE", "-5")] + command
    environment = {**os.environ, **(env or {})}
    with open(log, "w") as output:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, **pipes}
        return autogroup(subprocess.Popen(command, env=environment, cwd=folder, start_new_session=True, **pipes))


def autogroup(process):
    """Gives the process's session the nice value: with sched_autogroup_enabled it counts only inside a session."""
    try:
        with open(f"/proc/{process.pid}/autogroup", "w") as file: file.write(os.environ.get("BENCH_NICE", "-5"))
    except OSError: pass
    return process


def hurry():
    """Gives this program, which makes the load, and all it starts the priority that servers get by `spawn`."""
    nice = os.environ.setdefault("BENCH_NICE", "-15")
    try:
        os.nice(int(nice))
        with open("/proc/self/autogroup", "w") as file: file.write(nice)
    except OSError: pass


def end(process, seconds=8):
    if process.poll() is not None: return
    process.terminate()
    try: process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(3)


def free_ports(count):
    """Ports of 127.0.0.1 that nobody has, for TCP or UDP."""
    found = []
    while len(found) < count:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.bind(("127.0.0.1", 0))
            port = stream.getsockname()[1]
            try: datagrams.bind(("127.0.0.1", port))
            except OSError: continue
            if port not in found: found.append(port)
    return found


def pin(process, cpu):
    """Moves all threads of a process to `cpu` ('' = any); those they start later follow."""
    if not cpu: return
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        subprocess.run(["taskset", "-cp", cpu, thread], check=True, stdout=subprocess.DEVNULL)


def sip_sdp(ip, port, sid=1):
    """What a trunk says: G.711 and telephone-events, so that nobody has to listen for tones."""
    return "\r\n".join([
        "v=0", f"o=sip {sid} 1 IN IP4 {ip}", "s=-", f"c=IN IP4 {ip}", "t=0 0", f"m=audio {port} RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20",
        "a=sendrecv"]) + "\r\n"


def rtp_addr(sdp):
    media = re.search(r"^m=audio (\d+)", sdp, re.M)
    host = re.search(r"^c=IN IP4 (\S+)", sdp[media.start():], re.M) or re.search(r"^c=IN IP4 (\S+)", sdp, re.M)
    return host[1].strip(), int(media[1])
