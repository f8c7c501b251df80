import os, re, signal, subprocess, time
def spawn(cmd, cpu, log, env=None, folder=None):
    if cpu: cmd = ["taskset", "-c", cpu] + cmd
    cmd = ["nice", "-n", os.environ.get("BENCH_NICE", "-5")] + cmd
    return autogroup(subprocess.Popen(cmd, stdout=open(log, "w"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, cwd=folder, start_new_session=True))
def autogroup(p):
    """With sched_autogroup_enabled nice counts only inside a session, so every process gets its own session and the session the nice value."""
    try: open(f"/proc/{p.pid}/autogroup", "w").write(os.environ.get("BENCH_NICE", "-5"))
    except OSError: pass
    return p
def end(p, secs=8):
    if p.poll() is None:
        p.terminate()
        try: p.wait(secs)
        except subprocess.TimeoutExpired: p.kill(); p.wait(3)
def sip_sdp(ip, port, sid=1):
    return f"v=0\r\no=sip {sid} 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
def rtp_addr(sdp):
    m = re.search(r"^m=audio (\d+)", sdp, re.M); c = re.search(r"^c=IN IP4 (\S+)", sdp[m.start():], re.M) or re.search(r"^c=IN IP4 (\S+)", sdp, re.M)
    return c[1].strip(), int(m[1])
